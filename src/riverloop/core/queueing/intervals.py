"""How sure a simulated mean is: confidence intervals over replications, or over batches of one long run."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import starmap

from riverloop.core.queueing.compiled import Floats, Integers

FEWEST = 2
"""Replications that it takes to tell how sure a mean is."""


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


def over_replications(
    values: Sequence[float], confidence: float = 0.95, *, weights: Sequence[float] | None = None
) -> Interval | None:
    """Return the two-sided interval of a mean over independent replications; None of fewer than two.

    With weights it is that of a ratio: everybody counts alike, whichever replication they came in, so that a
    replication of eight passengers says less than one of twenty. Replications that have no mean are left out.

    Args:
        values: mean of each replication.
        confidence: two-sided.
        weights: how many each is the mean of; without them, all are the mean of as many.

    Source: Law, Simulation Modeling and Analysis, 5th ed. (2015), section 9.4.1; of ratios, Cochran, Sampling
    Techniques, 3rd ed. (1977), section 6.3.
    """
    weighed = zip(values, weights if weights is not None and any(weights) else [1.0] * len(values), strict=True)
    known = [(value, weight) for value, weight in weighed if math.isfinite(value)]
    count, total = len(known), math.fsum(weight for _, weight in known)
    if count < FEWEST or not total:
        return None
    mean = math.fsum(value * weight for value, weight in known) / total
    squares = math.fsum((weight * (value - mean)) ** 2 for value, weight in known)
    half = student(0.5 + confidence / 2, count - 1) * math.sqrt(squares * count / (count - 1)) / total
    return Interval(mean, mean - half, mean + half)


def over_batches(sums: Floats, counts: Integers, confidence: float = 0.95) -> Interval | None:
    """Return the interval of a mean over equal parts of one long steady run; None if a part is empty.

    Source: Law (2015), section 9.5.3.
    """
    if not counts.all():
        return None
    return over_replications((sums / counts).tolist(), confidence, weights=counts.tolist())


def lower_bound(values: Sequence[float], confidence: float, *, weights: Sequence[float] | None = None) -> float:
    """Return what the mean over replications exceeds with this confidence (one-sided).

    Of a single replication nothing is sure, so that it exceeds nothing: minus infinity.

    Args:
        values: mean of each replication.
        confidence: one-sided.
        weights: as in ``over_replications``.
    """
    interval = over_replications(values, 2 * confidence - 1, weights=weights)
    return interval.low if interval else -math.inf


def difference(ours: Sequence[float], theirs: Sequence[float], confidence: float = 0.95) -> Interval | None:
    """Return the interval of a difference between two designs that saw the same passengers.

    Args:
        ours: by replication.
        theirs: by the same replications.
        confidence: two-sided.
    """
    return over_replications(list(starmap(lambda one, other: one - other, zip(ours, theirs, strict=True))), confidence)
