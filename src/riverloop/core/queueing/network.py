"""A scenario: who comes, the stations, the routes between them, and what is asked of the whole."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from riverloop.core.queueing.arrivals import HOUR_SECONDS, Arrivals
from riverloop.core.queueing.compiled import Floats
from riverloop.core.queueing.distributions import Distribution
from riverloop.core.queueing.rosters import DAY_SECONDS, Opening, Outage, Shift, always, opening

Text = Mapping[str, str]
"""Language to text; a text that is in no language stands under ``""``."""

Step = tuple[str, ...]
"""The stations from which a passenger takes one: mostly a single one."""


@dataclass(frozen=True, slots=True)
class Failure:
    """What happens to those whom an automated gate does not clear.

    Args:
        shares: probability of failing, by stage.
        divert_to: the station to which they go instead of the next step's wait; after it they go on.
        blocks_seconds: seconds for which the lane stays blocked after a failure, >= 0.
    """

    shares: tuple[float, ...]
    divert_to: str
    blocks_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Shuttle:
    """A vehicle that takes many at once.

    Args:
        capacity: passengers, > 0.
        headway_seconds: seconds between departures by timetable; 0 where it leaves when full.
        first_seconds: seconds of the day of the first departure of a timetable.
        last_seconds: seconds of the day of the last one.
        wait_at_most_seconds: without a timetable, how long the first aboard waits for others.
        vehicles: without a timetable, how many there are.
        round_trip_seconds: without a timetable, seconds until a vehicle is back.
    """

    capacity: int
    headway_seconds: float = 0.0
    first_seconds: float = 0.0
    last_seconds: float = DAY_SECONDS
    wait_at_most_seconds: float = 0.0
    vehicles: int = 1
    round_trip_seconds: float = 0.0

    def departures(self, horizon_seconds: float) -> Floats:
        """Return the timetable over a run, in seconds: the same every day."""
        of_a_day = np.arange(self.first_seconds, self.last_seconds + 1e-6, self.headway_seconds)
        days = np.arange(max(math.ceil(horizon_seconds / DAY_SECONDS), 1)) * DAY_SECONDS
        return np.unique((days[:, None] + of_a_day).ravel())


@dataclass(frozen=True, slots=True)
class Station:
    """One place where passengers are served, walk or ride.

    Args:
        name: of the station, and of its random numbers.
        kind: ``channels`` (counters, gates, lanes), ``walk`` (as long as it takes, nobody waits) or ``shuttle``.
        service: time of each stage; a plain channel has one, a lane with three doors two.
        service_by_class: where a class takes another time.
        channels: how many, where there is no roster.
        shifts: the roster of a day.
        outages: when channels are out of order.
        by_priority: whether classes are served by their priority; if not, first come, first served.
        eligible: classes that may use it; empty for all.
        failure: of an automated gate.
        shuttle: of kind ``shuttle``.
        stream: what its random numbers are named by, if not by its name.
        sides: whose staff it takes; none where nobody is named.
        staff_per_channel: people of each of these sides for each open channel.
        area_m2_per_channel: square metres that a channel takes.
        title: for people, by language; empty where the name will do.
    """

    name: str
    kind: Literal["channels", "walk", "shuttle"] = "channels"
    service: tuple[Distribution, ...] = ()
    service_by_class: Mapping[str, tuple[Distribution, ...]] = field(default_factory=dict)
    channels: int = 1
    shifts: tuple[Shift, ...] = ()
    outages: tuple[Outage, ...] = ()
    by_priority: bool = False
    eligible: tuple[str, ...] = ()
    failure: Failure | None = None
    shuttle: Shuttle | None = None
    stream: str = ""
    sides: tuple[str, ...] = ()
    staff_per_channel: float = 1.0
    area_m2_per_channel: float = 0.0
    title: Text = field(default_factory=dict)

    def serves(self, passenger_class: str) -> bool:
        """Whether a class may use it."""
        return not self.eligible or passenger_class in self.eligible

    def service_of(self, passenger_class: str) -> tuple[Distribution, ...]:
        """Return the service of a class, stage by stage."""
        return self.service_by_class.get(passenger_class, self.service)

    @property
    def side(self) -> str:
        """Whose staff it takes, in one word: ``cn+hk`` where it takes both."""
        return "+".join(self.sides)

    @property
    def most_channels(self) -> int:
        """Channels at the busiest time of the roster; 0 of a walk or a shuttle."""
        if self.kind != "channels":
            return 0
        return max((shift.channels for shift in self.shifts), default=self.channels)

    def opening(self, horizon_seconds: float, *, stays_open: bool) -> Opening:
        """Return which channels are open when."""
        if not self.shifts:
            return always(self.channels, self.outages)
        return opening(self.shifts, self.outages, horizon_seconds, stays_open=stays_open)

    def closes(self, horizon_seconds: float) -> float:
        """Return the seconds at which the last shift of the run ends."""
        if not self.shifts:
            return horizon_seconds
        last_day = max(math.ceil(horizon_seconds / DAY_SECONDS) - 1, 0) * DAY_SECONDS
        return last_day + self.shifts[-1].until_seconds


@dataclass(frozen=True, slots=True)
class PassengerClass:
    """Passengers who are served alike.

    Args:
        name: of the class.
        route: steps in order.
        priority: 1 is served first, where a station serves by priority.
        title: for people, by language; empty where the name will do.
    """

    name: str
    route: tuple[Step, ...]
    priority: int = 1
    title: Text = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Pledge:
    """What is promised: a share of passengers within a time.

    Args:
        minutes: of time.
        share: of passengers, between 0 and 1.
        of: ``journey`` (from arriving to leaving) or ``waiting`` (all waits added up).
    """

    minutes: float = 30.0
    share: float = 0.95
    of: Literal["journey", "waiting"] = "journey"


@dataclass(frozen=True, slots=True)
class Scenario:
    """Everything that a run needs.

    Args:
        arrivals: streams of passengers.
        classes: of passengers, in the order of the arrivals' shares.
        stations: in the order of the file.
        horizon_seconds: seconds in which passengers arrive: a day, or one long run.
        days: how many days of that horizon, each of which begins empty.
        seed: of all random numbers.
        replications: how often all days are run, with other random numbers.
        warm_up_seconds: seconds after which measuring begins.
        pledge: what is promised.
        stays_open: whether the last shift serves whoever is still there at its end.
        name: for people.
        area_per_waiting_m2: square metres for each who waits; None where the hall's area is not asked for.
    """

    arrivals: tuple[Arrivals, ...]
    classes: tuple[PassengerClass, ...]
    stations: tuple[Station, ...]
    horizon_seconds: float
    days: int = 1
    seed: int = 0
    replications: int = 10
    warm_up_seconds: float = 0.0
    pledge: Pledge = Pledge()
    stays_open: bool = True
    name: str = ""
    area_per_waiting_m2: float | None = None

    @property
    def steady(self) -> bool:
        """Whether nothing changes with time, so that one long run has a steady state."""
        still = all(not station.shifts and not station.outages for station in self.stations)
        vehicles = any(station.kind == "shuttle" for station in self.stations)
        return still and not vehicles and self.days == 1 and all(one.steady for one in self.arrivals)

    @property
    def outages(self) -> bool:
        """Whether anything is ever out of order."""
        return any(station.outages for station in self.stations)

    @property
    def hours(self) -> float:
        """The horizon in hours."""
        return self.horizon_seconds / HOUR_SECONDS

    def expected(self, day: int) -> float:
        """Return how many passengers to expect in a day."""
        return sum(one.expected(day) for one in self.arrivals)

    def station(self, name: str) -> Station:
        """Return a station by its name."""
        return next(station for station in self.stations if station.name == name)

    def with_station(self, changed: Station) -> Scenario:
        """Return the scenario with another station of the same name."""
        return replace(self, stations=tuple(changed if one.name == changed.name else one for one in self.stations))

    def with_demand(self, factor: float) -> Scenario:
        """Return the scenario with ``factor`` times as many passengers."""
        scaled = (replace(one, factors=tuple(factor * own for own in one.factors)) for one in self.arrivals)
        return replace(self, arrivals=tuple(scaled))


def without_outages(scenario: Scenario) -> Scenario:
    """Return the scenario in which nothing is ever out of order.

    Both see the same passengers, so that their difference is what the outages do.
    """
    return replace(scenario, stations=tuple(replace(station, outages=()) for station in scenario.stations))


def in_one_language(text: Text) -> str:
    """Return a text for those who see one language only: English, or whatever there is."""
    return text.get("en") or text.get("") or next(iter(text.values()), "")
