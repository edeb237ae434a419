"""How sure a simulated mean is: confidence intervals over replications, or over batches of one long run."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import starmap

from riverloop.core.queueing.compiled import Floats, Integers


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean and how far off it may be.

    Args:
        mean: of what was observed.
        low: lower bound.
        high: upper bound.
    """

    mean: float
    low: float
    high: float

    @property
    def sure(self) -> bool:
        """Whether zero lies outside."""
        return self.low > 0 or self.high < 0


def student(share: float, freedom: int) -> float:
    """Return the quantile of Student's t distribution.

    Args:
        share: probability below it, between 0 and 1.
        freedom: degrees of freedom, >= 1.
    """
    from scipy.special import stdtrit  # noqa: PLC0415 - slow to import, and most who read scenarios never need it

    return float(stdtrit(freedom, share))


def over_replications(values: Sequence[float], confidence: float = 0.95) -> Interval | None:
    """Return the two-sided interval of a mean over independent replications; None of fewer than two.

    Source: Law, Simulation Modeling and Analysis, 5th ed. (2015), section 9.4.1.
    """
    known = [value for value in values if math.isfinite(value)]
    count = len(known)
    if count < _FEWEST:
        return None
    mean = math.fsum(known) / count
    variance = math.fsum((value - mean) ** 2 for value in known) / (count - 1)
    half = student(0.5 + confidence / 2, count - 1) * math.sqrt(variance / count)
    return Interval(mean, mean - half, mean + half)


def over_batches(sums: Floats, counts: Integers, confidence: float = 0.95) -> Interval | None:
    """Return the interval of a mean over equal parts of one long steady run; None if a part is empty.

    Source: Law (2015), section 9.5.3.
    """
    if not counts.all():
        return None
    return over_replications([float(one) for one in sums / counts], confidence)


def lower_bound(values: Sequence[float], confidence: float) -> float:
    """Return what the mean over replications exceeds with this confidence (one-sided).

    Of a single replication nothing is sure: its value is returned as it is.
    """
    if len(values) < _FEWEST:
        return values[0]
    interval = over_replications(values, 2 * confidence - 1)
    return interval.low if interval else math.nan


def difference(ours: Sequence[float], theirs: Sequence[float], confidence: float = 0.95) -> Interval | None:
    """Return the interval of a difference between two designs that saw the same passengers.

    Args:
        ours: by replication.
        theirs: by the same replications.
        confidence: two-sided.
    """
    return over_replications(list(starmap(lambda one, other: one - other, zip(ours, theirs, strict=True))), confidence)


_FEWEST = 2
