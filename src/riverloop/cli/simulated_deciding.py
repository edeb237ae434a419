"""What ``riverloop simulate`` prints of what decides an answer: assumptions, and the demand at which it turns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from riverloop.cli.printing import print_table

if TYPE_CHECKING:
    from riverloop.core.queueing.differences import Difference
    from riverloop.core.queueing.parameters import Parameter
    from riverloop.core.queueing.sensitivity import Bar, BreakEven

_MOST_BARS = 12
_DEPENDS = "Where a queue does not drain, the difference depends on how long that lasts, and none is called sure."
_LEFT_OUT = "Where not everybody is served, times are only of those who were"
_NAMES = {"ours": "the first", "theirs": "the other", "": ""}


def told(one: Mapping[str, Any]) -> str:
    """Return a difference as text.

    Args:
        one: its JSON.
    """
    low, high = one["ci95"]
    if low == high == 0:
        return "no difference"
    bounds = f"{low:.4g} to {high:.4g}"
    return f"{one['mean']:.4g} " + (f"(95% sure: {bounds})" if one["sure"] else f"({bounds}, not sure)")


def _lacking(one: Difference, ours: str, theirs: str) -> str:
    """Return what a difference lacks, to be put after it."""
    sides = ((ours, one.ours_drains, one.ours_serves_all), (theirs, one.theirs_drains, one.theirs_serves_all))
    told = [f"; a queue {where} does not drain" for where, drains, all_served in sides if not drains and all_served]
    return "".join([*told, *(f"; not everybody is served {where}" for where, _, all_served in sides if not all_served)])


def print_bars(bars: Sequence[tuple[Bar, Parameter]], measure: str) -> None:
    """Print what moves a measure most: each bar with its parameter, the widest first."""
    print(f"\nWhat moves {measure} most, each by itself at its low and its high value:")
    rows: list[tuple[str, ...]] = [("parameter", "low", "moves it by", "high", "moves it by")]
    for bar, of in bars[:_MOST_BARS]:
        low, high = (
            told(one.as_json()) + _lacking(one, "there", "as it stands") if one else "" for one in (bar.low, bar.high)
        )
        rows.append((bar.name, str(of.low), low, str(of.high), high))
    print_table(rows)
    if len(bars) > _MOST_BARS:
        print(f"{len(bars) - _MOST_BARS} others move it less; --json lists them.")
    _print_worth([one for bar, _ in bars for one in (bar.low, bar.high) if one], f"{_LEFT_OUT}.")


def _print_worth(differences: Iterable[Difference], of_times: str) -> None:
    """Say what differences are worth where queues do not drain, if they do not anywhere."""
    lacking = [one for one in differences if not (one.ours_drains and one.theirs_drains)]
    if lacking:
        print(_DEPENDS)
    if any(not one.of_share and not (one.ours_serves_all and one.theirs_serves_all) for one in lacking):
        print(of_times)


def print_even(found: BreakEven, measure: str, name: str, between: tuple[float, float]) -> None:
    """Print at which demand another design overtakes.

    Args:
        found: where.
        measure: of what.
        name: of the other design.
        between: where it was looked for.
    """
    other = f'"{name}"' if name else "the other"
    print(f"\n{measure} beside that of {other}, {between[0]:g} to {between[1]:g} times the demand:")
    print_table([("demand", "the first less the other", "better"), *_tried_rows(found)])
    for line in _turn(found):
        print(line)
    rule = (
        "If the design that leaves people out takes longer even so, the other is better; otherwise it cannot be told."
    )
    _print_worth([one for _, one in found.tried], f"{_LEFT_OUT}. {rule}")


def _turn(found: BreakEven) -> Iterator[str]:
    """Yield where the answer turns, how sure that is, and what else was found."""
    first, other = ("the other", "the first") if found.better_below == "theirs" else ("the first", "the other")
    shows = ", wherever a difference shows"
    yield {
        "turns": f"Up to {_at(found.factor)} {first} is better; above it, {other}{'' if found.everywhere else shows}.",
        "turns_between": f"Up to {_at(found.last_below)} {first} is better, from {_at(found.first_above)} on {other}.",
        "begins": f"From {_at(found.begins)} on, {first} is better; below, no difference shows, or it cannot be told.",
        "holds": f"Wherever a difference shows at the demands tried, {first} is better.",
        "same": "Wherever it can be told at the demands tried, they do the same.",
        "chance": "Wherever it can be told at the demands tried, no difference shows that chance would not make.",
        "untold": "At none of the demands tried can it be told which is better.",
    }[found.finding]
    if found.turns_again:
        yield "Further up it turns again."
    elif found.first_above is not None:
        nearest = [
            f"{name} at {_at(factor)}"
            for name, factor in ((first, found.sure_below), (other, found.sure_above))
            if factor is not None
        ]
        yield f"Nearest to that it is sure of {' and of '.join(nearest)}." if nearest else "It is sure of neither."


def _at(factor: float | None) -> str:
    return "" if factor is None else f"{factor:.4g} times the demand"


def _tried_rows(found: BreakEven) -> Iterator[tuple[str, ...]]:
    for factor, one in found.tried:
        better = _NAMES[one.better] or ("no difference shows" if one.tells else "cannot be told")
        yield f"{factor:.4g} times", told(one.as_json()) + _lacking(one, "in the first", "in the other"), better
