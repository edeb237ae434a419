"""How long a service, a walk or a ride takes.

Each draws standard numbers and scales them, so that two designs that differ only in the mean stretch the same draws.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from riverloop.core.queueing.compiled import Floats


class _Drawn:
    """Something that fills arrays."""

    __slots__ = ()

    def fill(self, generator: np.random.Generator, drawn: Floats) -> None:
        """Fill an array with draws in seconds."""
        raise NotImplementedError

    def draw(self, generator: np.random.Generator, count: int) -> Floats:
        """Return ``count`` draws in seconds."""
        drawn = np.empty(count)
        self.fill(generator, drawn)
        return drawn


@dataclass(frozen=True, slots=True)
class Deterministic(_Drawn):
    """Always the same.

    Args:
        mean_seconds: seconds, >= 0.
    """

    mean_seconds: float

    @property
    def squared_variation(self) -> float:
        """Variance over squared mean."""
        return 0.0

    def fill(self, generator: np.random.Generator, drawn: Floats) -> None:
        """Fill an array with the mean; the stream is not touched."""
        del generator
        drawn[:] = self.mean_seconds


@dataclass(frozen=True, slots=True)
class Exponential(_Drawn):
    """Memoryless.

    Args:
        mean_seconds: seconds, > 0.
    """

    mean_seconds: float

    @property
    def squared_variation(self) -> float:
        """Variance over squared mean."""
        return 1.0

    def fill(self, generator: np.random.Generator, drawn: Floats) -> None:
        """Fill an array with draws in seconds."""
        generator.standard_exponential(out=drawn)
        drawn *= self.mean_seconds


@dataclass(frozen=True, slots=True)
class LogNormal(_Drawn):
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

    def fill(self, generator: np.random.Generator, drawn: Floats) -> None:
        """Fill an array with draws in seconds."""
        variance = math.log1p(self.squared_variation)
        generator.standard_normal(out=drawn)
        drawn *= math.sqrt(variance)
        np.exp(drawn, out=drawn)
        drawn *= self.mean_seconds * math.exp(-variance / 2)


@dataclass(frozen=True, slots=True)
class Gamma(_Drawn):
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

    def fill(self, generator: np.random.Generator, drawn: Floats) -> None:
        """Fill an array with draws in seconds."""
        generator.standard_gamma(self.shape, out=drawn)
        drawn *= self.mean_seconds / self.shape


@dataclass(frozen=True, slots=True)
class Empirical(_Drawn):
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

    def fill(self, generator: np.random.Generator, drawn: Floats) -> None:
        """Fill an array with draws in seconds, by inversion."""
        bounds = np.cumsum(self.weights)
        bounds[-1] = 1.0
        generator.random(out=drawn)
        drawn[:] = np.asarray(self.seconds, dtype=np.float64)[np.searchsorted(bounds, drawn, "right")]


Distribution = Deterministic | Exponential | LogNormal | Gamma | Empirical
