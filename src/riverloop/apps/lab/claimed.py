"""What was claimed elsewhere, beside what the model says of it in the claim's own unit: of a difference too.

Pages and reports say the same. It needs neither a database nor the simulator.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from riverloop.apps.clearance.formats import share_text
from riverloop.apps.lab.figures import duration, language, number, own

Json = Mapping[str, Any]
_UNITS: dict[str, float] = {"seconds": 1.0, "minutes": 60.0}
_EXACT_SECONDS = 10
_FINELY = 2  # digits
_TIMES = frozenset({"journey_seconds", "journey_p95_seconds"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """The design that a difference is claimed from, as it stands beside ours.

    Args:
        told: ours less it, by measure: ``mean``, ``ci95`` and ``sure``; None where they cannot be compared.
        drains: whether the queues of both drain.
    """

    told: Json | None
    drains: bool = True


def model_says(claim: Json, result: Json, passengers_a_day: float, beside: Beside | None = None) -> str:
    """Return what an answer says of a claim; nothing where it says nothing.

    Args:
        claim: ``measure`` and ``unit``, and of a difference ``against`` and ``against_title``.
        result: the JSON of the answer.
        passengers_a_day: that are expected.
        beside: the design that it is claimed against, if that was simulated as well.
    """
    measure, unit = claim["measure"], claim.get("unit", "")
    if claim.get("against"):
        return _difference(claim, beside)
    if measure == "passengers_per_day":
        return _("{number} a day are simulated here").format(number=number(passengers_a_day, 0))
    if measure not in _TIMES and measure != "share_within":
        return ""
    if not result["drains"]:
        return _("nothing that counts: a queue does not drain here")
    if measure == "share_within":
        pledge = result["pledge"]
        return _("{share} within {minutes} minutes").format(
            share=_percent(pledge["share_within"]), minutes=number(pledge["minutes"])
        )
    times = result["journey_seconds"]
    return _("{mean} on average; 95% no longer than {most}").format(
        mean=in_unit(times["mean"], unit), most=in_unit(times["p95"], unit)
    )


def _difference(claim: Json, beside: Beside | None) -> str:
    """Return how far a design differs from another, as a claim says that it does."""
    other = own(claim.get("against_title"), claim["against"])
    if beside is None:
        return _('A comparison with "{other}" tells it.').format(other=other)
    if not beside.drains:
        return _('no difference from "{other}" that counts: a queue of one of the two does not drain').format(
            other=other
        )
    if beside.told is None:
        return _(
            'no difference from "{other}": the two did not see the same passengers, or one replication only'
        ).format(other=other)
    one = beside.told.get(claim["measure"])
    if one is None:
        return _("nothing to compare: hardly anybody came")
    form = _form(claim["measure"], claim.get("unit", ""))
    bounds = one["ci95"]
    if not one["sure"]:
        low, high = (_signed(form, bound) for bound in bounds)
        said = _('no sure difference from "{other}": {low} to {high}')
        return said.format(other=other, low=low, high=high)
    low, high = sorted(abs(bound) for bound in bounds)
    said = (
        _('{value} less than "{other}" (sure to 95%: {low} to {high})')
        if one["mean"] < 0
        else _('{value} more than "{other}" (sure to 95%: {low} to {high})')
    )
    return said.format(value=form(abs(one["mean"])), other=other, low=form(low), high=form(high))


def _form(measure: str, unit: str) -> Callable[[float], str]:
    """Return how values of a measure are told."""
    if measure == "share_within":
        return lambda value: _("{number} points").format(number=number(value * 100, 2))
    return lambda value: in_unit(value, unit, _FINELY)


def _signed(form: Callable[[float], str], value: float) -> str:
    return ("+" if value > 0 else "−" if value < 0 else "") + form(abs(value))


def in_unit(seconds: float | None, unit: str, digits: int = 1) -> str:
    """Return a time in the unit that a claim is made in; in another than these, as times are told elsewhere."""
    if seconds is None or unit not in _UNITS:
        return duration(seconds, digits)
    if unit == "minutes":
        return _("{number} min").format(number=number(seconds / _UNITS[unit], digits))
    return _("{number} s").format(number=number(seconds, digits if abs(seconds) < _EXACT_SECONDS else 0))


def _percent(share: float | None) -> str:
    return "–" if share is None else share_text(round(share, 4), language())
