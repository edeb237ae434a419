"""What decides the answer: a tornado of what is uncertain, and the demand at which one design overtakes another."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import Any, Literal

from riverloop.core.kernel.words import N_
from riverloop.core.queueing.differences import (
    Better,
    Difference,
    Measure,
    check_same_passengers,
    check_several,
    compare,
)
from riverloop.core.queueing.network import Scenario
from riverloop.core.queueing.refusals import ScenarioError
from riverloop.core.queueing.results import Result
from riverloop.core.queueing.running import Progress, run
from riverloop.core.queueing.spreading import Spread, in_turn

_PARTS = 4
"""Into how many the demands are cut before one of the parts is halved: designs often do the same at both ends."""


@dataclass(frozen=True, slots=True)
class Swing:
    """Something uncertain, and the scenario at either end of it.

    Args:
        name: for people.
        low: the scenario with the low value.
        high: the scenario with the high value.
    """

    name: str
    low: Scenario
    high: Scenario


@dataclass(frozen=True, slots=True)
class Bar:
    """How far a measure moves with something uncertain.

    Args:
        name: of what is uncertain.
        low: change of the measure from the scenario as asked ("theirs") to the low value ("ours"); None if nobody is
            served at either.
        high: likewise at the high value.
    """

    name: str
    low: Difference | None
    high: Difference | None

    @property
    def width(self) -> float:
        """How far apart the two ends and the middle are."""
        ends = [one.mean for one in (self.low, self.high) if one is not None]
        return max([*ends, 0.0]) - min([*ends, 0.0])


def tornado(
    scenario: Scenario,
    swings: list[Swing],
    measure: Measure,
    *,
    spread: Spread = in_turn,
    progress: Progress | None = None,
) -> list[Bar]:
    """Return how far a measure moves with each thing that is uncertain, the widest first.

    Args:
        scenario: with everything as expected; at least two replications.
        swings: each by itself at its ends.
        measure: what to watch.
        spread: how to run tasks.
        progress: told while scenarios run, and after each; whatever it raises stops the rest.

    Raises:
        ScenarioError: a single replication tells nothing of a difference.
    """
    check_several(scenario)
    steps = _Steps(2 * len(swings) + 1, spread, progress)
    base = steps.run(scenario)
    bars = [
        Bar(swing.name, *(compare(steps.run(end), base, measure) for end in (swing.low, swing.high)))
        for swing in swings
    ]
    return sorted(bars, key=lambda bar: -bar.width)


class _Steps:
    """Runs scenarios one after the other, and tells how many of how many are done."""

    def __init__(self, total: int, spread: Spread, progress: Progress | None) -> None:
        self.done, self.total, self.spread, self.progress = 0, total, spread, progress

    def run(self, scenario: Scenario) -> Result:
        result = run(scenario, spread=self.spread, progress=lambda _done, _of: self._tell())
        self.done += 1
        self._tell()
        return result

    def _tell(self) -> None:
        if self.progress is not None:
            self.progress(self.done, self.total)


Finding = Literal["turns", "turns_between", "begins", "holds", "same", "chance", "untold"]


@dataclass(frozen=True, slots=True)
class BreakEven:
    """The demand at which one design stops being better than another.

    Only differences that are more than chance say which is better; where they change their sign, those between them
    are taken at their means.

    Args:
        tried: every demand that was tried, with its difference (ours less theirs), the lowest first; at least two.
    """

    tried: tuple[tuple[float, Difference], ...]

    @property
    def better_below(self) -> Better:
        """Which is better at the lowest demand at which one is."""
        return next((one.better for _, one in self.tried if one.better), "")

    @property
    def first_above(self) -> float | None:
        """The lowest demand tried at which the other is better; None if it is nowhere."""
        return next((at for at, one in self._within if one.leans not in {"", self.better_below}), None)

    @property
    def last_below(self) -> float | None:
        """The highest demand tried, below that, at which the first is better; None if the other is nowhere."""
        below = [at for at, one in self._within if self.first_above is None or at < self.first_above]
        firsts = [at for at in below if dict(self.tried)[at].leans == self.better_below]
        return max(firsts, default=None)

    @property
    def factor(self) -> float | None:
        """The demand at which the answer turns; None if it does not, or if neither is better between the two."""
        if self.first_above is None or self.last_below is None:
            return None
        if any(self.last_below < at < self.first_above for at, _ in self.tried):
            return None
        return (self.last_below + self.first_above) / 2

    @property
    def begins(self) -> float | None:
        """The lowest demand tried at which one is better, if neither is below it."""
        found = next((at for at, one in self.tried if one.better), None)
        return None if found == self.tried[0][0] else found

    @property
    def finding(self) -> Finding:
        """What was found: it turns, or between two demands; begins at one; holds where it shows; or nothing shows."""
        if self.first_above is not None:
            return "turns" if self.factor is not None else "turns_between"
        if self.better_below:
            return "begins" if self.begins is not None and self.everywhere else "holds"
        told = [one for _, one in self.tried if one.tells]
        if not told:
            return "untold"
        return "chance" if any(one.mean or one.low or one.high for one in told) else "same"

    @property
    def everywhere(self) -> bool:
        """Whether one is better at every demand tried, but for those at the turn or below where a difference begins."""
        at_turn = {at for at, _ in self._within}
        since = 0.0 if self.begins is None or at_turn else self.begins
        return all(one.better for at, one in self.tried if at >= since and at not in at_turn)

    @property
    def turns_again(self) -> bool:
        """Whether the first is better again at a higher demand."""
        above = [one for at, one in self.tried if self.first_above is not None and at > self.first_above]
        return any(one.better == self.better_below for one in above)

    @property
    def sure_below(self) -> float | None:
        """Of the demands tried at which the first is surely better, the nearest below the turn."""
        return max((at for at, one in self._sure if one.better == self.better_below and at < self._turn), default=None)

    @property
    def sure_above(self) -> float | None:
        """Of the demands tried at which the other is surely better, the nearest above the turn."""
        return min((at for at, one in self._sure if one.better != self.better_below), default=None)

    @property
    def untold_from(self) -> float | None:
        """From which demand on, of those tried, it cannot be told which is better; None if it can be at the highest."""
        untold = itertools.takewhile(lambda pair: not pair[1].tells, reversed(self.tried))
        return min((at for at, _ in untold), default=None)

    @property
    def next_demand(self) -> float | None:
        """The demand to try next: halfway to where it turns, begins, or can no longer be told; None if it does not."""
        end = next((at for at in (self.first_above, self.begins, self.untold_from) if at is not None), None)
        before = [at for at, _ in self.tried if end is not None and at < end]
        return (before[-1] + end) / 2 if end is not None and before else None

    @property
    def _sure(self) -> list[tuple[float, Difference]]:
        return [(at, one) for at, one in self.tried if one.sure]

    @property
    def _turn(self) -> float:
        return math.inf if self.first_above is None else self.first_above

    @property
    def _within(self) -> list[tuple[float, Difference]]:
        """Return what was tried from the last demand at which the first is better to that at which the other is."""
        better = [(at, one.better) for at, one in self.tried if one.better]
        until = next((at for at, which in better if which != self.better_below), None)
        if until is None:
            return []
        since = max(at for at, which in better if at < until)
        return [(at, one) for at, one in self.tried if since <= at <= until]

    def as_json(self) -> dict[str, Any]:
        """Return it for answers and pages."""
        names = "finding", "factor", "better_below", "last_below", "first_above", "begins", "everywhere", "turns_again"
        told = {name: getattr(self, name) for name in (*names, "sure_below", "sure_above")}
        return told | {"points": [{"factor": factor} | one.as_json() for factor, one in self.tried]}


def break_even(
    ours: Scenario,
    theirs: Scenario,
    measure: Measure,
    *,
    between: tuple[float, float] = (0.5, 2.0),
    precision: float = 0.01,
    spread: Spread = in_turn,
    progress: Progress | None = None,
) -> BreakEven:
    """Return the demand at which another design begins to be the better one.

    A few demands between the bounds are tried, then the part is halved in which that happens; if it happens nowhere,
    that in which either begins to be better, or from which on it cannot be told.

    Args:
        ours: a design.
        theirs: another one, of the same arrivals, seed and replications (at least two).
        measure: what to compare.
        between: factors of demand, low and high.
        precision: of the factor.
        spread: how to run tasks.
        progress: told while scenarios run, and after each, of how many at the most; whatever it raises stops the rest.

    Raises:
        ScenarioError: other passengers come; a single replication tells nothing of a difference, nor do days on which
            nobody comes or is served.
    """
    check_several(ours)
    check_same_passengers(ours, theirs)
    low, high = between
    part = (high - low) / _PARTS
    halvings = max(math.ceil(math.log2(part / precision)), 0)
    steps = _Steps(2 * (_PARTS + 1 + halvings), spread, progress)
    tried: dict[float, Difference] = {}

    def so_far() -> BreakEven:
        return BreakEven(tuple(sorted(tried.items())))

    for place in range(_PARTS + 1):
        factor = low + place * part if place < _PARTS else high
        tried[factor] = _at(factor, ours, theirs, measure, steps)
    for _ in range(halvings):
        middle = so_far().next_demand
        if middle is None:
            break
        tried[middle] = _at(middle, ours, theirs, measure, steps)
    return so_far()


def _at(factor: float, ours: Scenario, theirs: Scenario, measure: Measure, steps: _Steps) -> Difference:
    """Return the difference at a demand."""
    own, other = (steps.run(one.with_demand(factor)) for one in (ours, theirs))
    found = compare(own, other, measure)
    if found is not None:
        return found
    words = {"factor": f"{factor:g}"}
    if own.passengers > own.scenario.replications:
        raise ScenarioError(
            "scenario.unserved",
            N_(
                "At {factor} times the demand, one of the designs serves nobody in some replications, so that there is "
                "no time to compare. Look at its opening hours, or compare shares within the pledge."
            ),
            **words,
        )
    raise ScenarioError(
        "scenario.nobody",
        N_(
            "At {factor} times the demand, hardly anybody comes: two replications in which both designs serve somebody "
            "are needed to tell a difference. Raise the demand."
        ),
        **words,
    )
