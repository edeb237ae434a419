"""What decides the answer: designs side by side, a tornado of what is uncertain, and the demand at which it turns.

Designs are compared replication by replication, on the same passengers, so that their difference is far surer than
either of them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from riverloop.core.kernel.words import N_
from riverloop.core.queueing.intervals import Interval, difference
from riverloop.core.queueing.network import Scenario
from riverloop.core.queueing.refusals import ScenarioError
from riverloop.core.queueing.results import Replication, Result
from riverloop.core.queueing.running import Progress, run
from riverloop.core.queueing.spreading import Spread, in_turn

Measure = Callable[[Replication], float]
"""A number of one replication."""


def journey_seconds(replication: Replication) -> float:
    """Return the mean journey."""
    return replication.journey_seconds


def journey_p95_seconds(replication: Replication) -> float:
    """Return what 95% of journeys do not exceed."""
    return replication.journey_p95_seconds


def share_within(replication: Replication) -> float:
    """Return the share of passengers within the pledge."""
    return replication.share_within


MEASURES: dict[str, Measure] = {
    "journey_seconds": journey_seconds,
    "journey_p95_seconds": journey_p95_seconds,
    "share_within": share_within,
}


@dataclass(frozen=True, slots=True)
class Difference(Interval):
    """How much greater a measure is in our design than in theirs, and what it is worth.

    Args:
        ours_drains: whether our queues drain. Where they do not, times are only of those who were served.
        theirs_drains: likewise.
        of_all: whether the measure counts those who were never served.
    """

    ours_drains: bool = True
    theirs_drains: bool = True
    of_all: bool = False

    @property
    def sure(self) -> bool:
        """Whether zero lies outside, and all queues drain."""
        return self.ours_drains and self.theirs_drains and (self.low > 0 or self.high < 0)

    @property
    def tells(self) -> bool:
        """Whether it tells which is better: the times of those few who were served in neither tell nothing."""
        return self.of_all or self.ours_drains or self.theirs_drains

    @property
    def lean(self) -> float:
        """The mean; infinite where the queues of one alone do not drain, and those never served are not counted."""
        if self.of_all or self.ours_drains == self.theirs_drains:
            return self.mean
        return -math.inf if self.ours_drains else math.inf

    def as_json(self) -> dict[str, Any]:
        """Return it for answers and pages."""
        return {
            "mean": round(self.mean, 6),
            "ci95": [round(self.low, 6), round(self.high, 6)],
            "sure": self.sure,
            "ours_drains": self.ours_drains,
            "theirs_drains": self.theirs_drains,
        }


def compare(ours: Result, theirs: Result, measure: Measure, confidence: float = 0.95) -> Difference | None:
    """Return how much greater a measure is in our design than in theirs, with its interval.

    Args:
        ours: a result.
        theirs: of another design with the same seed and as many replications.
        measure: what to compare.
        confidence: two-sided.

    Raises:
        ScenarioError: the designs did not see the same passengers.
    """
    check_same_passengers(ours.scenario, theirs.scenario)
    found = difference(
        [measure(one) for one in ours.replications], [measure(one) for one in theirs.replications], confidence
    )
    if found is None:
        return None
    return Difference(
        found.mean,
        found.low,
        found.high,
        ours_drains=not ours.shortfalls,
        theirs_drains=not theirs.shortfalls,
        of_all=measure is share_within,
    )


def check_same_passengers(own: Scenario, other: Scenario) -> None:
    """Refuse to compare what is not run on the same passengers.

    Raises:
        ScenarioError: seed, replications or days differ.
    """
    if (own.seed, own.replications, own.days) != (other.seed, other.replications, other.days):
        raise ScenarioError(
            "scenario.compare",
            N_("The designs did not see the same passengers. Give both the same seed, replications and days."),
        )


def check_several(scenario: Scenario) -> None:
    """Refuse to tell differences of a single replication.

    Raises:
        ScenarioError: there is only one.
    """
    if scenario.replications < 2:  # noqa: PLR2004 - a difference needs two
        raise ScenarioError("scenario.compare", N_("One replication tells no difference apart. Give at least two."))


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
        low: change of the measure from the scenario as asked ("theirs") to the low value ("ours"); None of a single
            replication.
        high: likewise at the high value.
    """

    name: str
    low: Difference | None
    high: Difference | None

    @property
    def width(self) -> float:
        """How far apart the two ends and the middle are; infinite if it decides whether queues drain."""
        ends = [one.lean for one in (self.low, self.high) if one is not None]
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
    """
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


@dataclass(frozen=True, slots=True)
class BreakEven:
    """The demand at which one design stops being better than another.

    Args:
        factor: of the demand; None if the answer is the same everywhere between the bounds, as far as there is one.
        neither_from: the least demand tried from which on the queues of neither drain, so that there is no answer; None
            if there is one everywhere.
        tried: every demand that was tried, with its difference (ours less theirs), the lowest first; at least two.
    """

    factor: float | None
    neither_from: float | None
    tried: tuple[tuple[float, Difference], ...]

    @property
    def at_low(self) -> Difference:
        """The difference at the lowest demand."""
        return self.tried[0][1]

    @property
    def at_high(self) -> Difference:
        """The difference at the highest demand."""
        return self.tried[-1][1]

    @property
    def sure_below(self) -> float | None:
        """Up to which demand that was tried the answer at the lowest is sure; None if not even there."""
        return _sure_until(self.tried)

    @property
    def sure_above(self) -> float | None:
        """From which demand that was tried on the answer at the highest is sure; None if not even there."""
        return _sure_until(self.tried[::-1])

    def as_json(self) -> dict[str, Any]:
        """Return it for answers and pages."""
        return {
            "factor": self.factor,
            "neither_drains_from": self.neither_from,
            "sure_below": self.sure_below,
            "sure_above": self.sure_above,
            "points": [{"factor": factor} | one.as_json() for factor, one in self.tried],
        }


def _sure_until(tried: Sequence[tuple[float, Difference]]) -> float | None:
    """Return the last demand of an unbroken line of sure differences with the sign of the first."""
    last = None
    for factor, one in tried:
        if not one.sure or one.mean * tried[0][1].mean <= 0:
            break
        last = factor
    return last


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
    """Return the demand at which the difference between two designs changes its sign.

    It is found by halving, and taken to change once; where the difference is not sure, on either side of it, is told.
    Unless the measure counts those who were never served: where the queues of one alone drain, it is taken for the
    better, and where those of neither do, there is no answer, and it is sought below.

    Args:
        ours: a design.
        theirs: another one, of the same arrivals, seed and replications (at least two).
        measure: what to compare.
        between: factors of demand, low and high.
        precision: of the factor.
        spread: how to run tasks.
        progress: told while scenarios run, and after each, of how many at the most; whatever it raises stops the rest.

    Raises:
        ScenarioError: a single replication tells nothing of a difference, nor do days on which nobody comes.
    """
    check_several(ours)
    halvings = max(math.ceil(math.log2((between[1] - between[0]) / precision)), 0)
    steps = _Steps(2 * (2 + halvings), spread, progress)

    tried: dict[float, Difference] = {}

    def lean(factor: float) -> float:
        own, other = (steps.run(one.with_demand(factor)) for one in (ours, theirs))
        found = compare(own, other, measure)
        if found is None:
            raise ScenarioError(
                "scenario.nobody",
                N_(
                    "At {factor} times the demand, hardly anybody comes: two replications in which both designs serve "
                    "somebody are needed to tell a difference. Raise the demand."
                ),
                factor=f"{factor:g}",
            )
        tried[factor] = found
        return found.lean if found.tells else 0.0

    low, high = between
    at_low, at_high = lean(low), lean(high)
    while at_low and (at_low * at_high < 0 or not tried[high].tells) and high - low > precision:
        middle = (low + high) / 2
        at_middle = lean(middle)
        if at_middle * at_low > 0:
            low = middle
        else:
            high, at_high = middle, at_middle
    untold = [factor for factor, found in tried.items() if not found.tells]
    return BreakEven(
        (low + high) / 2 if at_low * at_high < 0 else None,
        min(untold, default=None),
        tuple(sorted(tried.items())),
    )
