"""What is kept of a day: a tally for each station, of the journeys, and of what is pledged."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from riverloop.core.queueing.compiled import Floats, Integers
from riverloop.core.queueing.drawing import mean_seconds
from riverloop.core.queueing.engine import Day, Visits, simulate_day
from riverloop.core.queueing.plan import Plan
from riverloop.core.queueing.rooms import Room
from riverloop.core.queueing.streams import Streams
from riverloop.core.queueing.tallies import Tally, longest_queue, work


@dataclass(slots=True)
class Tallies:
    """What is kept of some days.

    Args:
        stations: in the order of the scenario.
        journeys: from arriving to leaving.
        waits: all waits of a passenger added up; only where the pledge is of them.
        days: how many.
        arrived: passengers, those of the warm-up too.
    """

    stations: list[Tally]
    journeys: Tally
    waits: Tally | None
    days: int = 0
    arrived: int = 0

    @classmethod
    def empty(cls, plan: Plan) -> Tallies:
        """Return the tallies of no day."""
        classes = len(plan.scenario.classes)
        waits = Tally.empty(classes) if plan.scenario.pledge.of == "waiting" else None
        return cls([Tally.empty(classes) for _ in plan.scenario.stations], Tally.empty(classes), waits)

    @property
    def pledged(self) -> Tally:
        """The tally of what the pledge is of."""
        return self.waits or self.journeys

    def add(self, other: Tallies) -> None:
        """Add other days to these."""
        for own, more in zip(self.stations, other.stations, strict=True):
            own.add(more)
        self.journeys.add(other.journeys)
        if self.waits and other.waits:
            self.waits.add(other.waits)
        self.days += other.days
        self.arrived += other.arrived


Part = tuple[int, range]
"""Some days of one replication, by their numbers from 0."""


def simulate_parts(plan: Plan, parts: tuple[Part, ...]) -> list[Tallies]:
    """Simulate some days of some replications, one after the other.

    Args:
        plan: of the scenario.
        parts: what to simulate; each day begins empty.

    Returns:
        The tallies of each part.
    """
    room, found = Room(reused=True), []
    for replication, days in parts:
        tallies = Tallies.empty(plan)
        for number in days:
            tally_day(plan, simulate_day(plan, Streams(plan.scenario.seed, replication, number), room), tallies)
        found.append(tallies)
    return found


def tally_day(plan: Plan, day: Day, tallies: Tallies) -> None:
    """Add a day to the tallies."""
    scenario = plan.scenario
    limit = scenario.pledge.minutes * 60
    window = (scenario.warm_up_seconds, scenario.horizon_seconds)
    for number, tally in enumerate(tallies.stations):
        visits = day.visits[number]
        tally.take(visits.joined, visits.started, _kinds_at(plan, number, day), window, limit)
        _measure_queue(visits, tally, window[0])
        if scenario.stations[number].kind == "channels":
            _measure_work(plan, number, visits, tally, window)
        elif scenario.stations[number].kind == "shuttle":
            _measure_places(plan, number, visits, tally, window[0])
    kinds = day.present() if day.present().size == 1 else day.kinds
    tallies.journeys.take(day.arrivals, day.left(), kinds, window, limit)
    if tallies.waits:
        tallies.waits.take(day.arrivals, day.arrivals + day.waited, kinds, window, limit)
    tallies.days += 1
    tallies.arrived += day.arrivals.size


def _kinds_at(plan: Plan, number: int, day: Day) -> Integers:
    """Return the class of each who came to a station; a single one where nobody else can have come."""
    present = day.present()
    if day.bound.size == 0:
        present = present[plan.groups[plan.group_of[number]].wanted[present] > 0]
    return present if present.size == 1 else day.kinds[day.visits[number].passengers]


def _measure_queue(visits: Visits, tally: Tally, begins: float) -> None:
    starts = visits.started
    in_line = starts if bool((starts[1:] >= starts[:-1]).all()) else np.sort(starts)
    longest_queue(visits.joined, in_line, begins, tally.queue)


def _measure_places(plan: Plan, number: int, visits: Visits, tally: Tally, begins: float) -> None:
    """Add how many found no place in a shuttle that still ran; without a timetable there is always one more."""
    shuttle = plan.scenario.stations[number].shuttle
    if shuttle is None or not shuttle.headway_seconds:
        return
    last = shuttle.departures(plan.scenario.horizon_seconds)[-1]
    waits = (visits.joined >= begins) & (visits.joined <= last)
    tally.late += int(np.count_nonzero(waits & (visits.started == np.inf)))


def _measure_work(plan: Plan, number: int, visits: Visits, tally: Tally, window: tuple[float, float]) -> None:
    """Add how long channels were open, busy and asked for, and what was left when they closed."""
    asked, _, late, overtime = asked_of(plan, number, visits, window, tally.busy)
    tally.late += late
    tally.overtime = max(tally.overtime, overtime)
    tally.offered += asked
    tally.open += plan.scheduled[number].open_seconds(*window)


def asked_of(
    plan: Plan, number: int, visits: Visits, window: tuple[float, float], busy: Floats
) -> tuple[float, int, int, float]:
    """Return what was asked of a station with channels.

    Args:
        plan: of the scenario.
        number: of the station.
        visits: who came there.
        window: seconds between which is measured.
        busy: by hour of the day, seconds in which channels were busy; added to.

    Returns:
        Seconds of service asked for; how many were never served; how many were waiting when it closed; seconds for
        which it served on after that.
    """
    closes = plan.closes[number]
    asked, never, late, last = work(visits.joined, visits.started, visits.released, *window, closes, busy)
    return asked + never * mean_seconds(plan.scenario.stations[number]), never, late, max(last - closes, 0.0)
