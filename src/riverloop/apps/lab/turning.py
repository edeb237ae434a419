"""What is said of a demand at which one design overtakes another: on the page and in the report alike."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from riverloop.apps.clearance.formats import list_text
from riverloop.apps.lab.draining import worth
from riverloop.apps.lab.figures import language, number

Json = Mapping[str, Any]


def times(factor: float) -> str:
    """Return a multiple of the demand."""
    return number(factor, 3)


def headline(one: Json, ours: str, theirs: str) -> str:
    """Return at which demand the answer turns, or what else was found.

    Args:
        one: the JSON of a break-even.
        ours: what the first design is called.
        theirs: the other.
    """
    first, other = (theirs, ours) if one["better_below"] == "theirs" else (ours, theirs)
    texts = {
        "turns": _("Up to {factor} times the demand {first} is better; above it, {other}.")
        if one["everywhere"]
        else _("Up to {factor} times the demand {first} is better; above it, {other}, wherever a difference shows."),
        "turns_between": _(
            "Up to {below} times the demand {first} is better, from {above} times on {other}; between them they do the "
            "same, or it cannot be told."
        ),
        "begins": _(
            "From {begins} times the demand on, {first} is better; below, no difference shows, or it cannot be told."
        ),
        "holds": _("Of the demands that were tried, {first} is better at {better} times."),
        "same": _("{first} and {other} do the same at {tried} times the demand."),
        "chance": _(
            "At {tried} times the demand, no difference between {first} and {other} shows that chance would not make."
        ),
        "untold": _("At none of the demands that were tried can it be told which is better."),
    }
    known = {key: times(one[key]) for key in ("factor", "begins") if one[key] is not None}
    known |= {name: times(one[key]) for name, key in _ENDS if one[key] is not None}
    better, tried = (_list([at for at in one["points"] if at[key]]) for key in ("better", "tells"))
    return texts[one["finding"]].format(first=first, other=other, better=better, tried=tried, **known)


_ENDS = (("below", "last_below"), ("above", "first_above"))


def more(one: Json) -> Iterator[str]:
    """Yield how sure that is, and what else is known.

    Args:
        one: the JSON of a break-even.
    """
    if one["first_above"] is None:
        yield _("Nothing is said of any other demand.")
    elif one["turns_again"]:
        yield _("Further up it turns again: look at each demand that was tried.")
    else:
        below, above = one["sure_below"], one["sure_above"]
        known = {name: times(at) for name, at in (("below", below), ("above", above)) if at is not None}
        yield {
            (True, True): _("Nearest to that the first is sure at {below} times, and the other at {above} times."),
            (True, False): _(
                "Nearest to that the first is sure at {below} times; the other is sure at no demand tried."
            ),
            (False, True): _(
                "Nearest to that the other is sure at {above} times; the first is sure at no demand tried."
            ),
            (False, False): _("Neither is sure at any demand that was tried."),
        }[below is not None, above is not None].format(**known)
        yield _("It is taken to turn once between the demands that were tried.")
    none = [point for point in one["points"] if point["tells"] and not point["better"]]
    if none and one["finding"] not in {"same", "chance"}:
        yield _("No difference shows, or none that chance would not make, at {tried} times.").format(tried=_list(none))
    untold = [point for point in one["points"] if not point["tells"]]
    if untold and one["finding"] != "untold":
        yield _("It cannot be told which is better at {tried} times.").format(tried=_list(untold))
    yield worth(one["points"], one["measure"])


def better(point: Json, ours: str, theirs: str) -> str:
    """Return which is better at a demand."""
    if point["better"]:
        return ours if point["better"] == "ours" else theirs
    if not point["tells"]:
        return _("cannot be told")
    return _("the same") if point["ci95"] == [0, 0] else _("no difference shows")


def _list(points: Sequence[Json]) -> str:
    return list_text([times(point["factor"]) for point in points], language())
