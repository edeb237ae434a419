"""When passengers come: a Poisson process whose rate varies, or platoons."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from riverloop.core.kernel.words import N_
from riverloop.core.queueing.compiled import Floats, Integers
from riverloop.core.queueing.kernels import accumulate, in_order
from riverloop.core.queueing.rooms import Room
from riverloop.core.queueing.streams import Streams

HOUR_SECONDS = 3600.0
DAY_MINUTES = 1440
PROFILE_PARTS = N_(
    "A profile of {count} shares cuts the day into parts that are not whole minutes. Give 24 shares, one an hour, or "
    "another number that divides 1,440 minutes, such as 48 or 96."
)


@dataclass(frozen=True, slots=True)
class Platoons:
    """Passengers who come together: a train, a coach.

    Args:
        every_seconds: seconds between two of them, > 0.
        spread_seconds: seconds over which those of one come in, evenly; 0 is all at once.
        size: passengers in each; 0 is as many as the rate lets gather since the one before.
    """

    every_seconds: float
    spread_seconds: float = 0.0
    size: int = 0

    def count(self, horizon_seconds: float) -> int:
        """Return how many of them come in a run."""
        return math.ceil(horizon_seconds / self.every_seconds)


@dataclass(frozen=True, slots=True)
class Arrivals:
    """One stream of passengers.

    Args:
        name: what its random numbers are named by.
        rates_per_hour: passengers/hour in each of the equal parts of the horizon, for a day whose factor is 1.
        horizon_seconds: seconds.
        factors: by day, what the rates are multiplied with; one for every day where there is but one.
        shares: probability of each class, in the order of the scenario's classes; they sum to one.
        platoons: how they come together, if they do.
        sources: where the numbers are from, by language; empty if nothing says.
    """

    name: str
    rates_per_hour: tuple[float, ...]
    horizon_seconds: float
    factors: tuple[float, ...]
    shares: tuple[float, ...]
    platoons: Platoons | None = None
    sources: tuple[Mapping[str, str], ...] = ()

    @property
    def steady(self) -> bool:
        """Whether the rate never changes."""
        return len(set(self.rates_per_hour)) == 1 and self.platoons is None

    def factor(self, day: int) -> float:
        """Return what the rates of a day are multiplied with."""
        return self.factors[day % len(self.factors)]

    def expected(self, day: int) -> float:
        """Return how many passengers to expect in a day."""
        if self.platoons is not None and self.platoons.size:
            return self._fixed(day) * float(self.platoons.count(self.horizon_seconds))
        part_hours = self.horizon_seconds / len(self.rates_per_hour) / HOUR_SECONDS
        return sum(self.rates_per_hour) * part_hours * self.factor(day)

    def draw(self, streams: Streams, room: Room) -> tuple[Floats, Integers]:
        """Return the instants in seconds, sorted, and the class of each."""
        times = self._times(streams, room)
        if max(self.shares) == 1.0:
            kinds = room.integers(times.size, self.name, "kinds")
            kinds[:] = self.shares.index(1.0)
            return times, kinds
        bounds = np.cumsum(self.shares)
        bounds[-1] = 1.0
        drawn = streams.of("class", self.name).random(times.size)
        return times, np.searchsorted(bounds, drawn, "right").astype(np.int64)

    def _times(self, streams: Streams, room: Room) -> Floats:
        platoons = self.platoons
        if platoons is None:
            return self._poisson(streams, room)
        if platoons.size:
            times = np.repeat(self._instants(), self._fixed(streams.day))
        else:
            times = self._poisson(streams, room)
            times = np.ceil(times / platoons.every_seconds) * platoons.every_seconds
        if platoons.spread_seconds:
            times = times + platoons.spread_seconds * streams.of("platoons", self.name).random(times.size)
            times, _ = in_order(times, np.arange(times.size))
        return times

    def _fixed(self, day: int) -> int:
        return round((self.platoons.size if self.platoons else 0) * self.factor(day))

    def _instants(self) -> Floats:
        every = self.platoons.every_seconds if self.platoons else self.horizon_seconds
        return np.arange(0.0, self.horizon_seconds, every)

    def _poisson(self, streams: Streams, room: Room) -> Floats:
        """Invert the cumulative rate: exact, sorted, and a busier day keeps the passengers of a quieter one closer."""
        part_seconds = self.horizon_seconds / len(self.rates_per_hour)
        per_part = np.array(self.rates_per_hour) * (part_seconds / HOUR_SECONDS * self.factor(streams.day))
        hazards = np.concatenate([[0.0], np.cumsum(per_part)])
        reached = _unit_poisson(streams.of("arrivals", self.name), float(hazards[-1]), room, self.name)
        if self.steady:
            reached *= self.horizon_seconds / hazards[-1] if reached.size else 1.0
            return reached
        instants = np.linspace(0.0, self.horizon_seconds, len(self.rates_per_hour) + 1)
        return np.interp(reached, hazards, instants)


def _unit_poisson(generator: np.random.Generator, until: float, room: Room, name: str) -> Floats:
    """Return the points of a Poisson process of rate one from 0 to ``until``."""
    parts: list[Floats] = []
    reached = 0.0
    while reached < until:
        left = until - reached
        gaps = room.floats(int(left + 4 * left**0.5) + 16, name, f"gaps {len(parts)}")
        generator.standard_exponential(out=gaps)
        accumulate(gaps, reached)
        parts.append(gaps)
        reached = float(gaps[-1])
    points = parts[0] if len(parts) == 1 else np.concatenate([np.empty(0), *parts])
    return points[: int(np.searchsorted(points, until))]


def draw_all(streams_of_passengers: tuple[Arrivals, ...], streams: Streams, room: Room) -> tuple[Floats, Integers]:
    """Return the instants of all streams together, sorted, and the class of each passenger.

    Passengers of one instant come in the order of the streams.
    """
    drawn = [one.draw(streams, room) for one in streams_of_passengers]
    if len(drawn) == 1:
        return drawn[0]
    times = np.concatenate([times for times, _ in drawn])
    order = np.argsort(times, kind="stable")
    return times[order], np.concatenate([kinds for _, kinds in drawn])[order]
