"""Charts of what decides an answer: which assumption moves it most, and at what demand it changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from riverloop.apps.lab.draining import counts_all, lacking, lacking_end, worth, worth_of_ends
from riverloop.apps.lab.figures import Chart, Table, both_sizes, line, nothing, number, own, scale
from riverloop.apps.lab.words import sentences

Json = Mapping[str, Any]
ENDS = ("low", "high")


def tornado_bars(bars: Sequence[Json], *, measure: str = "", most: int = 12) -> Chart:
    """Return how far a measure moves with each thing that is uncertain.

    Times that leave out whoever is never served are told, and not drawn.

    Args:
        bars: ``name``, ``low`` and ``high`` (each a difference from the answer as asked, or null), perhaps ``label``,
            and ``low_value`` and ``high_value``, which were tried; the widest first.
        measure: by its name in the answer.
        most: how many to show; the table has all.
    """
    unit, told = measure_unit(measure)
    title = _("What moves the answer most: {measure}").format(measure=told)
    if not bars:
        return nothing("tornado", title, "", _("Nothing here is uncertain: no parameter has a low and a high value."))
    shown = [one for one in bars if one["low"] or one["high"]][:most]
    drawn = [{end: one[end] for end in ENDS if one[end] and counts_all(one[end], measure)} for one in shown]
    if not any(drawn):
        why = _("Nowhere everybody is served, so that no change of times can be told.")
        return Chart(
            "tornado", title, None, Table(*_tornado_table(bars, unit, measure)), worth_of_ends(bars, measure), why
        )
    ends = [value / unit for both in drawn for end in both.values() for value in _values(end)]
    rows = [
        {"name": own(one.get("label"), one["name"]), "told": _range(one)}
        | {end: _end(both[end], unit) if end in both else None for end in ENDS}
        for one, both in zip(shown, drawn, strict=True)
    ]
    axis = scale(min([*ends, 0.0]), max([*ends, 0.0]))
    description = sentences(
        *(
            _("{label}: {low}, {high}.").format(
                label=own(one.get("label"), one["name"]),
                low=_change(one["low"], unit),
                high=_change(one["high"], unit),
            )
            for one in shown
        )
    )
    picture = both_sizes("both_ways", {"x": axis, "rows": rows}, title, description, rows=len(rows))
    source = _(
        "Hollow: at the low value. Filled: at the high value. Thin line: sure to 95%. Change from the answer as asked."
    )
    return Chart(
        "tornado",
        title,
        picture,
        Table(*_tornado_table(bars, unit, measure)),
        sentences(source, worth_of_ends(bars, measure)),
    )


def _tornado_table(
    bars: Sequence[Json], unit: float, measure: str
) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    head = ("", _("Tried"), _("At its low value"), _("Sure to 95%"), _("At its high value"), _("Sure to 95%"))
    return head, tuple(
        (
            own(one.get("label"), one["name"]),
            _range(one),
            *(text for end in ENDS for text in (_change(one[end], unit), _sure_end(one[end], unit, measure))),
        )
        for one in bars
    )


def _range(one: Json) -> str:
    low, high = one.get("low_value"), one.get("high_value")
    return "" if low is None or high is None else f"{_value(low)} – {_value(high)}"


def _value(value: float | str) -> str:
    return value if isinstance(value, str) else number(value, 4)


def _values(one: Json) -> tuple[float, float, float]:
    low, high = one["ci95"]
    return one["mean"], low, high


def _end(end: Json, unit: float) -> dict[str, Any]:
    low, high = end["ci95"]
    return {"value": end["mean"] / unit, "from": low / unit, "to": high / unit}


def _change(end: Json | None, unit: float) -> str:
    if end is None:
        return "–"
    value = round(end["mean"] / unit, 2) + 0.0
    return f"+{number(value, 2)}" if value > 0 else number(value, 2)


def _sure(end: Json | None, unit: float) -> str:
    if end is None:
        return "–"
    low, high = end["ci95"]
    return _("{low} to {high}").format(low=number(low / unit, 2), high=number(high / unit, 2))


def _sure_end(end: Json | None, unit: float, measure: str) -> str:
    if end is None:
        return "–"
    return lacking_end(end, measure) or _sure(end, unit)


def measure_unit(measure: str) -> tuple[float, str]:
    """Return what a measure is divided by to be read, and what it is called then."""
    units = {
        "journey_seconds": (60.0, _("mean time from arriving to leaving (minutes)")),
        "journey_p95_seconds": (60.0, _("time that 95% need from arriving to leaving (minutes)")),
        "share_within": (0.01, _("share within the pledge (percentage points)")),
    }
    return units.get(measure, (1.0, measure))


def break_even_line(answer: Json, *, ours: str, theirs: str, measure: str = "") -> Chart:
    """Return how the difference between two designs moves with demand, and where it changes its sign.

    Times that leave out whoever is never served are told, and not drawn.

    Args:
        answer: ``factor`` (or null), and ``points``: each a ``factor`` with its difference.
        ours: what the first design is called.
        theirs: the other.
        measure: by its name in the answer.
    """
    unit, told = measure_unit(measure)
    title = _("{ours} less {theirs}, by demand").format(ours=ours, theirs=theirs)
    tried = sorted(answer.get("points", ()), key=lambda one: one["factor"])
    source = sentences(_("The band is sure to 95%. Both designs saw the same passengers."), worth(tried, measure))
    head = (_("Demand"), told, _("Sure to 95%"))
    cells = tuple(
        (
            f"×\N{NO-BREAK SPACE}{number(one['factor'], 3)}",
            _change(one, unit),
            lacking(one, ours, theirs, measure) or _sure(one, unit),
        )
        for one in tried
    )
    points = [one for one in tried if counts_all(one, measure)]
    if len(points) < 2:  # noqa: PLR2004 - a line needs two points
        why = _("Everybody is served in both designs at fewer than two of the demands that were tried.")
        return Chart("break_even", title, None, Table(head, cells), source, why if tried else _("No demand was tried."))
    ends = [value / unit for one in points for value in _values(one)]
    xs = [one["factor"] for one in points]
    band = [[one["factor"], *(bound / unit for bound in one["ci95"])] for one in points]
    series = line(0, [(one["factor"], one["mean"] / unit) for one in points], band=band) | {"letter": ""}
    x = scale(xs[0], xs[-1], _("Demand, as a multiple of what the scenario states"))
    rules: list[dict[str, Any]] = [{"y": 0.0, "label": ""}]
    if answer.get("factor") is not None and xs[0] <= answer["factor"] <= xs[-1]:
        rules.append({"x": answer["factor"], "label": f"×\N{NO-BREAK SPACE}{number(answer['factor'], 3)}"})
    data = {"x": x, "y": scale(min([*ends, 0.0]), max([*ends, 0.0]), told), "series": [series], "rules": rules}
    description = sentences(
        *(
            _("{label}: {value}.").format(
                label=f"×\N{NO-BREAK SPACE}{number(one['factor'], 3)}",
                value=lacking(one, ours, theirs, measure) or _change(one, unit),
            )
            for one in tried
        )
    )
    return Chart("break_even", title, both_sizes("lines", data, title, description), Table(head, cells), source)
