"""How long a service, a walk or a ride takes.

Each draws standard numbers and scales them, so that two designs that differ only in the mean stretch the same draws.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from riverloop.core.queueing.compiled import Floats


@dataclass(frozen=True, slots=True)
class Deterministic:
    """Always the same.

    Args:
        mean_seconds: seconds, >= 0.
    """

    mean_seconds: float

    @property
    def squared_variation(self) -> float:
        """Variance over squared mean."""
        return 0.0

    def draw(self, generator: np.random.Generator, count: int) -> Floats:
        """Return ``count`` times the mean; the stream is not touched."""
        del generator
        return np.full(count, self.mean_seconds)


@dataclass(frozen=True, slots=True)
class Exponential:
    """Memoryless.

    Args:
        mean_seconds: seconds, > 0.
    """

    mean_seconds: float

    @property
    def squared_variation(self) -> float:
        """Variance over squared mean."""
        return 1.0

    def draw(self, generator: np.random.Generator, count: int) -> Floats:
        """Return ``count`` draws in seconds."""
        drawn = generator.standard_exponential(count)
        drawn *= self.mean_seconds
        return drawn


@dataclass(frozen=True, slots=True)
class LogNormal:
    """The logarithm is normal: skewed to the right, as service times mostly are.

    Args:
        mean_seconds: seconds, > 0; of the times themselves, not of their logarithm.
        sd_seconds: seconds, > 0; likewise.
    """

    mean_seconds: float
    sd_seconds: float

    @property
    def squared_variation(self) -> float:
        """Variance over squared mean."""
        return (self.sd_seconds / self.mean_seconds) ** 2

    def draw(self, generator: np.random.Generator, count: int) -> Floats:
        """Return ``count`` draws in seconds."""
        variance = math.log1p(self.squared_variation)
        drawn = generator.standard_normal(count)
        drawn *= math.sqrt(variance)
        np.exp(drawn, out=drawn)
        drawn *= self.mean_seconds * math.exp(-variance / 2)
        return drawn


@dataclass(frozen=True, slots=True)
class Gamma:
    """A sum of exponential stages, also for a broken number of them.

    Args:
        mean_seconds: seconds, > 0.
        shape: > 0; 1 is exponential, more is steadier.
    """

    mean_seconds: float
    shape: float

    @property
    def squared_variation(self) -> float:
        """Variance over squared mean."""
        return 1 / self.shape

    def draw(self, generator: np.random.Generator, count: int) -> Floats:
        """Return ``count`` draws in seconds."""
        drawn = generator.standard_gamma(self.shape, count)
        drawn *= self.mean_seconds / self.shape
        return drawn


@dataclass(frozen=True, slots=True)
class Empirical:
    """Observed values, each drawn as often as its weight says.

    Args:
        seconds: observed values, sorted, >= 0.
        weights: share of each; they sum to one.
    """

    seconds: tuple[float, ...]
    weights: tuple[float, ...]

    @property
    def mean_seconds(self) -> float:
        """Seconds on average."""
        return math.fsum(value * weight for value, weight in zip(self.seconds, self.weights, strict=True))

    @property
    def squared_variation(self) -> float:
        """Variance over squared mean."""
        mean = self.mean_seconds
        squares = math.fsum(value**2 * weight for value, weight in zip(self.seconds, self.weights, strict=True))
        return squares / mean**2 - 1 if mean else 0.0

    def draw(self, generator: np.random.Generator, count: int) -> Floats:
        """Return ``count`` draws in seconds, by inversion."""
        bounds = np.cumsum(self.weights)
        bounds[-1] = 1.0
        return np.asarray(self.seconds, dtype=np.float64)[np.searchsorted(bounds, generator.random(count), "right")]


Distribution = Deterministic | Exponential | LogNormal | Gamma | Empirical
