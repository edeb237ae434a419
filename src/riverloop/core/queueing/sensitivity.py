"""What decides the answer: designs side by side, a tornado of what is uncertain, and the demand at which it turns.

Designs are compared replication by replication, on the same passengers, so that their difference is far surer than
either of them.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

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


def compare(ours: Result, theirs: Result, measure: Measure, confidence: float = 0.95) -> Interval | None:
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
    return difference(
        [measure(one) for one in ours.replications], [measure(one) for one in theirs.replications], confidence
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
        low: change of the measure at the low value; None of a single replication.
        high: likewise at the high value.
    """

    name: str
    low: Interval | None
    high: Interval | None

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
        factor: of the demand; None if the answer is the same everywhere between the bounds.
        sure_below: up to this factor the first answer is sure.
        sure_above: from this factor on the other answer is sure.
        at_low: difference at the lowest demand (ours less theirs).
        at_high: difference at the highest.
        tried: every demand that was tried, with its difference, the lowest first.
    """

    factor: float | None
    sure_below: float
    sure_above: float
    at_low: Interval
    at_high: Interval
    tried: tuple[tuple[float, Interval], ...] = ()


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

    tried: list[tuple[float, Interval]] = []

    def at(factor: float) -> Interval:
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
        tried.append((factor, found))
        return found

    low, high = between
    at_low, at_high = at(low), at(high)
    if at_low.mean * at_high.mean >= 0:
        return BreakEven(None, high, low, at_low, at_high, tuple(tried))
    sure_below, sure_above, rising = low, high, at_low.mean < 0
    while high - low > precision:
        middle = (low + high) / 2
        found = at(middle)
        if (found.mean < 0) == rising:
            low = middle
            sure_below = max(sure_below, middle) if found.sure else sure_below
        else:
            high = middle
            sure_above = min(sure_above, middle) if found.sure else sure_above
    in_order = tuple(sorted(tried, key=lambda pair: pair[0]))
    return BreakEven((low + high) / 2, sure_below, sure_above, at_low, at_high, in_order)
