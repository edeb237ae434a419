"""How far two designs differ, replication by replication, on the same passengers.

Compared so, their difference is far surer than either of them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from riverloop.core.kernel.words import N_
from riverloop.core.queueing.intervals import Interval, difference
from riverloop.core.queueing.network import Scenario
from riverloop.core.queueing.refusals import ScenarioError
from riverloop.core.queueing.results import Replication, Result

Better = Literal["ours", "theirs", ""]
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

    Where queues do not drain, it depends on how long that lasts. Where not everybody is served, times are only of
    those who were, and less than they would be of all.

    Args:
        of_share: whether it is of the share within the pledge, which counts everybody, and is the better the greater.
        ours_drains: whether our queues drain.
        theirs_drains: likewise.
        ours_serves_all: whether everybody is served in ours, if after closing.
        theirs_serves_all: likewise.
    """

    of_share: bool = False
    ours_drains: bool = True
    theirs_drains: bool = True
    ours_serves_all: bool = True
    theirs_serves_all: bool = True

    @property
    def sure(self) -> bool:
        """Whether zero lies outside, and all queues drain."""
        return self.ours_drains and self.theirs_drains and (self.low > 0 or self.high < 0)

    @property
    def tells(self) -> bool:
        """Whether it tells which is better: a time that leaves people out does if even so it is the longer one."""
        if self.of_share or (self.ours_serves_all and self.theirs_serves_all):
            return True
        if not (self.ours_serves_all or self.theirs_serves_all):
            return False
        return self.mean > 0 if self.theirs_serves_all else self.mean < 0

    @property
    def leans(self) -> Better:
        """Which design its mean speaks for; none if they do the same, or it does not tell."""
        if not self.tells or not self.mean:
            return ""
        return "ours" if (self.mean > 0) == self.of_share else "theirs"

    @property
    def better(self) -> Better:
        """Which design it speaks for by more than chance: zero lies outside."""
        return self.leans if self.low > 0 or self.high < 0 else ""

    def as_json(self) -> dict[str, Any]:
        """Return it for answers and pages."""
        return {
            "mean": self.mean,
            "ci95": [self.low, self.high],
            "sure": self.sure,
            "tells": self.tells,
            "better": self.better,
            "ours_drains": self.ours_drains,
            "theirs_drains": self.theirs_drains,
            "ours_serves_all": self.ours_serves_all,
            "theirs_serves_all": self.theirs_serves_all,
        }


def compare(ours: Result, theirs: Result, measure: Measure, confidence: float = 0.95) -> Difference | None:
    """Return how much greater a measure is in our design than in theirs, with its interval, to a millionth.

    Args:
        ours: a result.
        theirs: of another design with the same seed and as many replications.
        measure: what to compare.
        confidence: two-sided.

    Raises:
        ScenarioError: seed, replications or days differ.
    """
    own, other = ours.scenario, theirs.scenario
    if (own.seed, own.replications, own.days) != (other.seed, other.replications, other.days):
        raise _unlike()
    found = difference(
        [measure(one) for one in ours.replications], [measure(one) for one in theirs.replications], confidence
    )
    if found is None:
        return None
    mean, low, high = (round(value, 6) + 0.0 for value in (found.mean, found.low, found.high))
    return Difference(  # rounded, since sums in another order are the same
        mean,
        low,
        high,
        of_share=measure is share_within,
        ours_drains=not ours.shortfalls,
        theirs_drains=not theirs.shortfalls,
        ours_serves_all=ours.serves_all,
        theirs_serves_all=theirs.serves_all,
    )


def passengers_mark(scenario: Scenario) -> str:
    """Return a mark that two scenarios share if the same passengers come at the same instants."""
    streams = [(one.name, one.rates_per_hour, one.factors, one.platoons) for one in scenario.arrivals]
    told = (streams, scenario.horizon_seconds, scenario.days, scenario.seed, scenario.replications)
    return hashlib.sha256(repr(told).encode()).hexdigest()[:16]


def check_same_passengers(own: Scenario, other: Scenario) -> None:
    """Refuse to compare what is not run on the same passengers.

    Raises:
        ScenarioError: arrivals, seed, replications or days differ.
    """
    if passengers_mark(own) != passengers_mark(other):
        raise _unlike()


def _unlike() -> ScenarioError:
    return ScenarioError(
        "scenario.compare",
        N_("The designs did not see the same passengers. Give both the same arrivals, seed, replications and days."),
    )


def check_several(scenario: Scenario) -> None:
    """Refuse to tell differences of a single replication.

    Raises:
        ScenarioError: there is only one.
    """
    if scenario.replications < 2:  # noqa: PLR2004 - a difference needs two
        raise ScenarioError("scenario.compare", N_("One replication tells no difference apart. Give at least two."))
