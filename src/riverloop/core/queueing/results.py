"""What came out: as numbers with their confidence, and as the JSON that the command prints."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from riverloop.core.queueing.arrivals import Arrivals
from riverloop.core.queueing.intervals import Interval, lower_bound, over_batches, over_replications
from riverloop.core.queueing.measuring import Tallies
from riverloop.core.queueing.network import PassengerClass, Scenario, Shuttle, Station
from riverloop.core.queueing.rosters import HOURS
from riverloop.core.queueing.tallies import Tally

_WORST = 0.95
QUANTILES = {"p50": 0.5, "p95": 0.95, "p99": 0.99}


@dataclass(frozen=True, slots=True)
class Replication:
    """What is kept of one replication, for intervals and for comparing designs pair by pair.

    Args:
        number: from 0.
        wait_seconds: mean wait, by station.
        wait_p95_seconds: likewise.
        journey_seconds: mean journey.
        journey_p95_seconds: likewise.
        share_within: share of passengers within the pledge.
        queue_max: the most who waited at once, by station.
        served: passengers, by station, who were served there.
        through: passengers who came through.
        passengers: all that were measured.
    """

    number: int
    wait_seconds: tuple[float, ...]
    wait_p95_seconds: tuple[float, ...]
    journey_seconds: float
    journey_p95_seconds: float
    share_within: float
    queue_max: tuple[int, ...] = ()
    served: tuple[int, ...] = ()
    through: int = 0
    passengers: int = 0

    @classmethod
    def of(cls, number: int, tallies: Tallies) -> Replication:
        """Return what is kept of the tallies of one replication."""
        return cls(
            number,
            tuple(tally.mean for tally in tallies.stations),
            tuple(tally.quantile(0.95)[0] for tally in tallies.stations),
            tallies.journeys.mean,
            tallies.journeys.quantile(0.95)[0],
            tallies.pledged.share_within,
            tuple(int(tally.queue.max()) for tally in tallies.stations),
            tuple(tally.served for tally in tallies.stations),
            tallies.journeys.served,
            tallies.pledged.passengers,
        )


@dataclass(frozen=True, slots=True)
class Shortfall:
    """A station that cannot serve all who come to it.

    Args:
        station: its name.
        passengers: a day (or a run), who were waiting when it closed, or when the last passenger had come.
        never: of them, those who were never served.
        channel_hours: a day (or a run), by which the service asked for exceeds what was open.
        channels: that would have to be open throughout, at the least, for the queue not to grow for ever.
        places: of a shuttle instead, a day (or a run): those who came while it ran and found no place, or only after
            the day; all others who were left came after its last departure.
    """

    station: str
    passengers: float
    never: float
    channel_hours: float = 0.0
    channels: int = 0
    places: float | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """What came out of a run.

    Args:
        scenario: what was run.
        tallies: of all replications together.
        replications: each by itself.
    """

    scenario: Scenario
    tallies: Tallies
    replications: tuple[Replication, ...]

    def tally(self, station: str) -> Tally:
        """Return the tally of a station."""
        names = [one.name for one in self.scenario.stations]
        return self.tallies.stations[names.index(station)]

    @property
    def passengers(self) -> int:
        """How many came, over all replications and days."""
        return self.tallies.arrived

    @property
    def share_within(self) -> float:
        """Share of passengers within the pledge."""
        return self.tallies.pledged.share_within

    def wait(self, station: str) -> Interval | None:
        """Return the interval of the mean wait; None where one run gives none."""
        place = [one.name for one in self.scenario.stations].index(station)
        means = [(one.wait_seconds[place], one.served[place]) for one in self.replications]
        return self._interval(means, self.tallies.stations[place])

    @property
    def journey(self) -> Interval | None:
        """The interval of the mean journey."""
        return self._interval([(one.journey_seconds, one.through) for one in self.replications], self.tallies.journeys)

    @property
    def within(self) -> Interval | None:
        """The interval of the share within the pledge; None of a single replication."""
        shares, passengers = self._shares()
        return _within_unit(over_replications(shares, weights=passengers))

    def meets(self, confidence: float) -> bool:
        """Whether the pledge is met, with this one-sided confidence; a single replication never tells."""
        shares, passengers = self._shares()
        return lower_bound(shares, confidence, weights=passengers) >= self.scenario.pledge.share

    def _shares(self) -> tuple[list[float], list[int]]:
        """Return the share within the pledge of each replication, and of how many it is."""
        return [one.share_within for one in self.replications], [one.passengers for one in self.replications]

    @property
    def shortfalls(self) -> tuple[Shortfall, ...]:
        """The stations whose queue cannot drain."""
        found = (
            _shortfall(self, station, tally)
            for station, tally in zip(self.scenario.stations, self.tallies.stations, strict=True)
        )
        return tuple(one for one in found if one is not None)

    @property
    def serves_all(self) -> bool:
        """Whether everybody was served, if after closing."""
        return not any(tally.never.any() for tally in self.tallies.stations)

    @property
    def bottleneck(self) -> str | None:
        """The station at which passengers wait longest in all; None if nobody waits."""
        waits = {
            station.name: math.inf if tally.never.any() else float(tally.sums.sum())
            for station, tally in zip(self.scenario.stations, self.tallies.stations, strict=True)
        }
        name = max(waits, key=waits.__getitem__)
        return name if waits[name] > 0 else None

    def staff_hours(self) -> dict[str, float]:
        """Return the rostered hours of staff a day, or of the run, by side.

        Who is rostered is paid while a channel is out of order too; overtime is not among them.
        """
        hours: dict[str, float] = {}
        window = (self.scenario.warm_up_seconds, self.scenario.horizon_seconds)
        for station in self.scenario.stations:
            if station.kind == "channels":
                rostered = replace(station, outages=()).opening(window[1], stays_open=False)
                staffed = float(rostered.open_seconds(*window).sum()) / 3600 * station.staff_per_channel
                for side in station.sides or ("",):
                    hours[side] = hours.get(side, 0.0) + staffed
        return hours

    def area_m2(self, station: str) -> float | None:
        """Return the square metres that a station takes: who waits there at its worst, and its channels.

        At its worst is the greatest queue of a replication that 95 % of replications do not exceed. None where nobody
        said how much room a waiting passenger takes.
        """
        per_waiting = self.scenario.area_per_waiting_m2
        if per_waiting is None:
            return None
        place = [one.name for one in self.scenario.stations].index(station)
        longest = float(np.quantile([one.queue_max[place] for one in self.replications], _WORST))
        one = self.scenario.stations[place]
        return longest * per_waiting + one.most_channels * one.area_m2_per_channel

    @property
    def hall_m2(self) -> float | None:
        """The square metres of all stations together; their greatest queues need not be at one time."""
        areas = [self.area_m2(one.name) for one in self.scenario.stations]
        known = [one for one in areas if one is not None]
        return math.fsum(known) if known else None

    def _interval(self, means: Sequence[tuple[float, int]], tally: Tally) -> Interval | None:
        """Return the interval of a mean time over all; a time is not negative, and its lower bound is not either.

        Args:
            means: of each replication, and of how many it is.
            tally: of all of them together.
        """
        if len(means) > 1:
            found = over_replications([mean for mean, _ in means], weights=[count for _, count in means])
        else:
            found = over_batches(tally.batch_sums, tally.batch_counts) if self.scenario.steady else None
        return found and replace(found, mean=tally.mean, low=max(found.low, 0.0))  # sums differ in a last bit

    def as_json(self) -> dict[str, Any]:
        """Return the answer of ``riverloop simulate --json``."""
        scenario, pledge = self.scenario, self.scenario.pledge
        answer: dict[str, Any] = {
            "name": scenario.name,
            "passengers": self.passengers,
            "measured": self.tallies.journeys.passengers,
            "replications": scenario.replications,
            "days": scenario.days,
            "hours": scenario.hours,
            "warm_up_hours": scenario.warm_up_seconds / 3600,
            "seed": scenario.seed,
            "drains": not self.shortfalls,
            "shortfalls": [_shortfall_json(one) for one in self.shortfalls],
            "bottleneck": self.bottleneck,
            "stations": {
                station.name: self._station_json(station, tally)
                for station, tally in zip(scenario.stations, self.tallies.stations, strict=True)
            },
            "journey_seconds": _times_json(self.tallies.journeys, self.journey),
            "pledge": {
                "minutes": pledge.minutes,
                "share": pledge.share,
                "of": pledge.of,
                "share_within": _number(self.share_within),
                "ci95": _bounds(self.within),
                "met": self.share_within >= pledge.share,
                "met_with_95_confidence": self.meets(0.95) if len(self.replications) > 1 else None,
                "replications_that_meet_it": sum(one.share_within >= pledge.share for one in self.replications),
            },
            "staff_hours": {side or "unnamed": _number(hours) for side, hours in self.staff_hours().items()},
            "area_m2": _area(self.hall_m2),
            "arrivals": {one.name: _arrivals_json(one, scenario.days) for one in scenario.arrivals},
        }
        if len(scenario.classes) > 1:
            answer["classes"] = {
                one.name: _titled(one)
                | {
                    "passengers": self.tallies.journeys.part(kind=kind).passengers,
                    "journey_seconds": _times_json(self.tallies.journeys.part(kind=kind)),
                    "share_within": _number(self.tallies.pledged.part(kind=kind).share_within),
                }
                for kind, one in enumerate(scenario.classes)
            }
        if not scenario.steady:
            answer["by_hour"] = [self._journeys_json(hour) for hour in range(HOURS)]
            for kind, one in enumerate(scenario.classes if "classes" in answer else ()):
                answer["classes"][one.name]["by_hour"] = [self._journeys_json(hour, kind) for hour in range(HOURS)]
        return answer

    def _journeys_json(self, hour: int, kind: int | None = None) -> dict[str, Any]:
        """Return the journeys of those who arrive in an hour of the day, of one class or of all."""
        part = self.tallies.journeys.part(kind=kind, hour=hour)
        return {
            "hour": hour,
            "passengers": _number(part.passengers / self._days),
            "journey_seconds": _times_json(part),
            "share_within": (
                _number(self.tallies.pledged.part(kind=kind, hour=hour).share_within) if part.passengers else None
            ),
        }

    def _station_json(self, station: Station, tally: Tally) -> dict[str, Any]:
        opened = float(tally.open.sum())
        answer: dict[str, Any] = {
            **_titled(station),
            "kind": station.kind,
            "sides": list(station.sides),
            "passengers": tally.passengers,
            "wait_seconds": _times_json(tally, self.wait(station.name)),
            "utilisation": _number(float(tally.busy.sum()) / opened) if opened else None,
            "queue_max": int(tally.queue.max()),
            "queue_mean": _number(float(tally.sums.sum()) / self._window_seconds),
            "never_served": int(tally.never.sum()),
            "overtime_seconds": _number(tally.overtime),
            "area_m2": _area(self.area_m2(station.name)),
        }
        if len(self.scenario.classes) > 1:
            answer["classes"] = {
                one.name: _times_json(tally.part(kind=kind)) for kind, one in enumerate(self.scenario.classes)
            }
        if not self.scenario.steady:
            answer["by_hour"] = [self._hour_json(tally, hour) for hour in range(HOURS)]
        return answer

    def _hour_json(self, tally: Tally, hour: int) -> dict[str, Any]:
        part = tally.part(hour=hour)
        days = self._days
        opened = float(tally.open[hour])
        return {
            "hour": hour,
            "passengers": _number(part.passengers / days),
            "wait_seconds": _times_json(part),
            "queue_max": int(tally.queue[hour]),
            "channels": _number(opened / 3600 / days),
            "utilisation": _number(float(tally.busy[hour]) / opened) if opened else None,
        }

    @property
    def _days(self) -> int:
        """How often an hour of the day was simulated."""
        return self.tallies.days * max(math.ceil(self.scenario.hours / HOURS), 1)

    @property
    def _window_seconds(self) -> float:
        return (self.scenario.horizon_seconds - self.scenario.warm_up_seconds) * self.tallies.days


def _shortfall(result: Result, station: Station, tally: Tally) -> Shortfall | None:
    """Return what a station lacks: some were never served, or more is asked for than is open and a queue was left."""
    scenario, days, never = result.scenario, result.tallies.days, int(tally.never.sum())
    if station.shuttle:
        lacking = tally.late if never else _places_lacking(result, station.shuttle, tally)
        return (
            Shortfall(station.name, max(never, lacking) / days, never / days, places=lacking / days)
            if lacking or never
            else None
        )
    if station.kind != "channels":
        return None
    load, opened = _load(result, station, tally), float(tally.open.sum())
    lacks = cannot_drain(never, tally.late, (tally.offered, opened), (load, station.channels), steady=scenario.steady)
    if not lacks:
        return None
    return Shortfall(
        station.name,
        max(tally.late, never) / days,
        never / days,
        max(tally.offered - opened, 0.0) / 3600 / days,
        math.floor(load) + 1,
    )


def _places_lacking(result: Result, shuttle: Shuttle, tally: Tally) -> float:
    """Return how many more come than a shuttle without a timetable has places for: it takes them later and later."""
    if shuttle.headway_seconds or not shuttle.round_trip_seconds:
        return 0.0
    window = result.scenario.horizon_seconds - result.scenario.warm_up_seconds
    trips = shuttle.vehicles * (1 + window / shuttle.round_trip_seconds)
    return max(tally.passengers - trips * shuttle.capacity * result.tallies.days, 0.0)


def cannot_drain(
    never: int, late: int, seconds: tuple[float, float], channels: tuple[float, int], *, steady: bool
) -> bool:
    """Whether the queue of a station with channels cannot drain.

    Args:
        never: passengers who were never served.
        late: passengers who were waiting when it closed.
        seconds: of service asked for, and of channels open.
        channels: that would be busy on average, and that there are.
        steady: whether nothing changes with time, so that the latter two decide and not chance.
    """
    asked, opened = channels if steady else seconds
    return bool(never or (late and asked >= opened))


def _load(result: Result, station: Station, tally: Tally) -> float:
    """Return the load of a station by those who came to it."""
    journeys = result.tallies.journeys
    came = [journeys.part(kind=kind).passengers for kind in range(len(result.scenario.classes))]
    here = [tally.part(kind=kind).passengers for kind in range(len(result.scenario.classes))]
    return load_of(result.scenario, station, came, here)


def load_of(scenario: Scenario, station: Station, came: Sequence[int], here: Sequence[int]) -> float:
    """Return the service asked for on average over the whole time, in channels.

    By the means of what was stated where a class must pass here, so that chance does not decide; where it had a choice
    or was diverted, by the share that came.

    Args:
        scenario: of the station.
        station: with channels.
        came: passengers in all, by class.
        here: passengers who came to the station, by class.
    """
    work = 0.0
    for kind, one in enumerate(scenario.classes):
        share = 1.0 if (station.name,) in one.route else here[kind] / max(came[kind], 1)
        expected = sum(
            stream.shares[kind] * stream.expected(day) for stream in scenario.arrivals for day in range(scenario.days)
        )
        work += share * expected * max(stage.mean_seconds for stage in station.service_of(one.name))
    return work / (scenario.horizon_seconds * scenario.days) + _ROUNDING


_ROUNDING = 1e-9


def _shortfall_json(one: Shortfall) -> dict[str, Any]:
    left = {
        "station": one.station,
        "passengers_left": _number(one.passengers),
        "never_served": _number(one.never),
    }
    if one.places is not None:
        return left | {
            "places_lacking": _number(one.places),
            "after_the_last": _number(max(one.never - one.places, 0.0)),
        }
    return left | {"channel_hours": _number(one.channel_hours), "channels_needed": one.channels}


def _arrivals_json(one: Arrivals, days: int) -> dict[str, Any]:
    expected = math.fsum(one.expected(day) for day in range(days)) / days
    return {"expected": _number(expected), "sources": [dict(text) for text in one.sources]}


def _titled(one: Station | PassengerClass) -> dict[str, Any]:
    return {"title": dict(one.title)} if one.title else {}


def _area(area_m2: float | None) -> float | None:
    return None if area_m2 is None else _number(area_m2)


def _times_json(tally: Tally, interval: Interval | None = None) -> dict[str, Any]:
    values = tally.quantile(*QUANTILES.values())
    mean = interval.mean if interval is not None else tally.mean
    return {
        "mean": _number(mean),
        **{name: _number(value) for name, value in zip(QUANTILES, values, strict=True)},
        "max": _number(float(tally.greatest.max())),
        "ci95": _bounds(interval),
    }


def _bounds(interval: Interval | None) -> list[float | None] | None:
    return [_number(interval.low), _number(interval.high)] if interval else None


def _within_unit(interval: Interval | None) -> Interval | None:
    return interval and Interval(interval.mean, max(interval.low, 0.0), min(interval.high, 1.0))


def _number(value: float) -> float | None:
    """Return a number that JSON has; what is not one is null."""
    return round(value, 6) if math.isfinite(value) else None
