"""One day of one replication: passengers go through hall after hall.

Since nobody comes back, a hall is worked out for the whole day before the next one, over sorted arrays. Passengers are
numbered in the order in which they arrive; who comes to a hall at the same instant as another goes by that number.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

import numpy as np

from riverloop.core.queueing import kernels
from riverloop.core.queueing.arrivals import draw_all
from riverloop.core.queueing.compiled import Floats, Integers
from riverloop.core.queueing.drawing import NOBODY, failures_of, mean_seconds, services_of
from riverloop.core.queueing.hall import OUTSIDE, hall
from riverloop.core.queueing.network import Station
from riverloop.core.queueing.plan import Group, Plan
from riverloop.core.queueing.rooms import Room
from riverloop.core.queueing.streams import Streams


@dataclass(slots=True)
class Visits:
    """Those who came to one station, in the order in which they joined.

    Args:
        passengers: their numbers.
        joined: seconds.
        started: seconds; infinity is never.
        released: seconds at which the channel fell free.
    """

    passengers: Integers
    joined: Floats
    started: Floats
    released: Floats


@dataclass(slots=True)
class Day:
    """One day as it went.

    Args:
        arrivals: seconds, by passenger.
        kinds: class, by passenger.
        leaves: seconds at which each left the last hall; infinity is never. Ask ``left`` for it.
        waited: seconds of waiting in all, by passenger; empty where the pledge is not of them.
        visits: by station.
        bound: by passenger, the station to which a failure sends them next, or -1; empty while nobody has failed.
        order: where all went through the last hall, passengers in the order in which they left it, or nearly so.
        times: seconds at which they did, which are not yet in ``leaves``.
        lines: by classes that went through their last hall together and alone: passengers and times, likewise.
        drawn: services by station, where they are kept for another go.
        failing: failures by station, likewise.
        classes: ask ``present`` for them.
        room: where its arrays come from.
    """

    arrivals: Floats
    kinds: Integers
    leaves: Floats
    waited: Floats
    visits: dict[int, Visits]
    bound: Integers = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    order: Integers | None = None
    times: Floats | None = None
    lines: dict[frozenset[int], tuple[Integers, Floats]] = field(default_factory=dict)
    drawn: dict[str, Floats] = field(default_factory=dict)
    failing: dict[str, Integers | None] = field(default_factory=dict)
    classes: Integers = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    room: Room = field(default_factory=lambda: Room(reused=False))

    def left(self) -> Floats:
        """Return the seconds at which each left the last hall, by passenger."""
        if self.order is not None and self.times is not None:
            self.leaves = np.empty(self.times.size)  # not from the room: visits may hold the one before
            self.leaves[self.order] = self.times
            self.order = self.times = None
        return self.leaves

    def only(self, chosen: Integers) -> Day:
        """Return the day of some passengers, who keep the draws they had.

        It holds no visits, and is right only where the others meet none of them any more.
        """
        leaves = self.left()
        return Day(
            self.arrivals[chosen],
            self.kinds[chosen],
            leaves[chosen],
            self.waited[chosen] if self.waited.size else self.waited,
            {},
            self.bound[chosen] if self.bound.size else self.bound,
            drawn={name: np.ascontiguousarray(drawn[:, chosen]) for name, drawn in self.drawn.items()},
            failing={name: None if fails is None else fails[chosen] for name, fails in self.failing.items()},
        )

    def present(self) -> Integers:
        """Return the classes of which there are passengers."""
        if self.classes.size == 0:
            self.classes = np.flatnonzero(np.bincount(self.kinds))
        return self.classes

    def branch(self) -> Day:
        """Return a copy from which the same day can go on in another way."""
        leaves = self.leaves if self.order is not None else self.leaves.copy()  # ``left`` makes these anew
        visits, lines = dict(self.visits), dict(self.lines)
        return replace(
            self, leaves=leaves, waited=self.waited.copy(), bound=self.bound.copy(), visits=visits, lines=lines
        )

    def line_up(self) -> None:
        """Keep all in the order in which they come to the next hall, for one to which all come."""
        self.times, self.order = kernels.in_order(self.left(), np.arange(self.arrivals.size))


@dataclass(frozen=True, slots=True)
class _Coming:
    """Those who come to a hall, sorted by time, then by number.

    Args:
        plan: of the scenario.
        group: the hall.
        day: so far.
        streams: of random numbers.
        passengers: their numbers.
        times: seconds at which they come.
    """

    plan: Plan
    group: Group
    day: Day
    streams: Streams
    passengers: Integers
    times: Floats

    @property
    def station(self) -> Station:
        """The first station, which is mostly the only one."""
        return self.plan.scenario.stations[self.group.stations[0]]

    def services(self, station: Station) -> Floats:
        """Return their services there, by stage."""
        drawn = self.day.drawn.get(station.name)
        if drawn is None:
            drawn = services_of(self.plan, station, self.day.kinds, self.streams, self.day.room)
        if self.in_number:
            return drawn
        taken = self.day.room.floats(drawn.shape[0] * self.times.size, station.name, "taken")
        return np.take(drawn, self.passengers, axis=1, out=taken.reshape(drawn.shape[0], -1), mode="clip")

    def fails(self, station: Station) -> Integers | None:
        """Return the stage at which each would fail there; -1 for none."""
        kept = self.day.failing
        fails = kept[station.name] if station.name in kept else failures_of(station, self.day.kinds.size, self.streams)
        return None if fails is None else fails[self.passengers]

    @property
    def in_number(self) -> bool:
        """Whether everybody comes, as numbered: so it is at the first hall."""
        return self.times is self.day.arrivals

    def in_order_of(self, leaving: _Leaving) -> tuple[Integers, Floats]:
        """Return passengers and times in the order in which they leave, or nearly so."""
        if leaving.ordered is None:
            return self.passengers, leaving.times
        times, leavers = leaving.ordered
        if self.in_number:
            return leavers, times
        order = self.day.room.integers(leavers.size, self.station.name, "order")
        return np.take(self.passengers, leavers, out=order, mode="clip"), times

    def note(self, visits: Visits, station: int | None = None) -> None:
        """Note who came to a station."""
        self.day.visits[self.group.stations[0] if station is None else station] = visits
        if self.plan.scenario.pledge.of == "waiting":
            waits = visits.started - visits.joined
            self.day.waited += np.bincount(visits.passengers, waits, self.day.arrivals.size)


def simulate_day(plan: Plan, streams: Streams, room: Room | None = None) -> Day:
    """Draw the passengers of a day and take them through every hall.

    Args:
        plan: of the scenario.
        streams: of random numbers.
        room: where its arrays come from; the next day from the same room overwrites this one.
    """
    day = begin_day(plan, streams, room)
    go_on(plan, day, streams, plan.groups)
    return day


def begin_day(plan: Plan, streams: Streams, room: Room | None = None) -> Day:
    """Draw the passengers of a day, who stand before the first hall."""
    room = room or Room(reused=False)
    arrivals, kinds = draw_all(plan.scenario.arrivals, streams, room)
    waited = np.zeros(arrivals.size if plan.scenario.pledge.of == "waiting" else 0)
    day = Day(arrivals, kinds, arrivals, waited, {}, room=room)
    if len(plan.scenario.classes) == 1:
        day.classes = np.zeros(min(arrivals.size, 1), dtype=np.int64)
    return day


def go_on(plan: Plan, day: Day, streams: Streams, halls: tuple[Group, ...]) -> None:
    """Take the passengers of a day through some halls, in the order of the plan."""
    for group in halls:
        coming = _Coming(plan, group, day, streams, *_who_comes(group, day))
        if coming.passengers.size:
            _move_on(coming, _go_through(coming))
        else:
            nothing = np.empty(0)
            nobody = Visits(coming.passengers, nothing, nothing, nothing)
            day.visits.update(dict.fromkeys(group.stations, nobody))


def _who_comes(group: Group, day: Day) -> tuple[Integers, Floats]:
    """Return who comes to a hall and when, sorted by time, then by number."""
    came = _classes(group, day)
    everyone = len(came) == day.present().size and day.bound.size == 0
    if everyone and day.order is not None and day.times is not None:
        passengers, times = day.order, day.times
    elif came in day.lines and day.bound.size == 0:
        passengers, times = day.lines[came]
    else:
        passengers = np.arange(day.arrivals.size)
        if not everyone:
            comes = group.wanted[day.kinds] > 0
            if day.bound.size:
                comes = np.where(day.bound == NOBODY, comes, np.isin(day.bound, group.stations))
            passengers = passengers[comes]
        leaves = day.left()
        times = leaves if passengers.size == leaves.size else leaves[passengers]
    times, passengers = kernels.in_order(times, passengers)
    served = int(np.searchsorted(times, np.inf))
    return (passengers, times) if served == times.size else (passengers[:served], times[:served])


def _classes(group: Group, day: Day) -> frozenset[int]:
    """Return the classes of the day's passengers that come to a hall unless they are sent elsewhere."""
    present = day.present()
    return frozenset(present[group.wanted[present] > 0].tolist())


@dataclass(frozen=True, slots=True)
class _Leaving:
    """How those who came to a hall leave it.

    Args:
        times: seconds at which each leaves, in the order of coming.
        left_by: the station (by its place in the hall) that each left by failing, or -1; None if nobody can fail.
        ordered: the same times sorted, and the place (in the order of coming) of whoever leaves then, if that is known.
    """

    times: Floats
    left_by: Integers | None = None
    ordered: tuple[Floats, Integers] | None = None


def _go_through(coming: _Coming) -> _Leaving:
    station = coming.station
    if coming.group.plain and station.kind == "walk":
        leaves = coming.times + coming.services(station)[0]
        coming.day.visits[coming.group.stations[0]] = Visits(coming.passengers, coming.times, coming.times, leaves)
        return _Leaving(leaves)
    if coming.group.plain and station.kind == "shuttle":
        return _ride(coming)
    if coming.group.plain and not station.by_priority and len(station.service) == 1:
        return _one_queue(coming)
    return _whole_hall(coming)


def _move_on(coming: _Coming, leaving: _Leaving) -> None:
    """Note when each left, and where those who failed are bound."""
    day, passengers, left_by = coming.day, coming.passengers, leaving.left_by
    came = _classes(coming.group, day)
    day.lines = {classes: line for classes, line in day.lines.items() if not classes & came}
    if passengers.size == day.arrivals.size:
        day.order, day.times = coming.in_order_of(leaving)
    else:
        day.leaves = day.left().copy() if day.leaves is day.arrivals else day.left()
        day.leaves[passengers] = leaving.times
        day.lines[came] = coming.in_order_of(leaving)
    if day.bound.size:
        day.bound[passengers] = NOBODY
    failed = np.flatnonzero(left_by != NOBODY) if left_by is not None else np.empty(0, dtype=np.int64)
    if left_by is None or failed.size == 0:
        return
    if not day.bound.size:
        day.bound = np.full(day.arrivals.size, NOBODY)
    targets = np.array(coming.group.diverts_to, dtype=np.int64)
    day.bound[passengers[failed]] = targets[left_by[failed]]


def _one_queue(coming: _Coming) -> _Leaving:
    station, opening = coming.station, coming.plan.openings[coming.group.stations[0]]
    services, times = coming.services(station)[0], coming.times
    fails = coming.fails(station)
    if fails is not None and station.failure is not None:
        services = services + np.where(fails == NOBODY, 0.0, station.failure.blocks_seconds)
    room, name = coming.day.room, station.name
    starts, ends, leaves = (room.floats(times.size, name, which) for which in ("starts", "ends", "leaves"))
    ordered = (leaves, room.integers(times.size, name, "leavers"))
    if opening.constant and opening.channels[0] > 0:
        kernels.fifo(times, services, int(opening.channels[0]), starts, ends, *ordered)
    else:
        roster = (opening.changes, opening.channels, opening.pauses)
        kernels.fifo_roster(times, services, *roster, starts, ends, *ordered)
    coming.note(Visits(coming.passengers, times, starts, ends))
    return _Leaving(ends, fails, ordered)


def _ride(coming: _Coming) -> _Leaving:
    """Board vehicles; all aboard one of them take as long as it does."""
    station, times = coming.station, coming.times
    shuttle = station.shuttle
    if shuttle is None:
        raise TypeError(station.name)  # the reader of scenarios gives every station of this kind one
    starts = np.empty(times.size)
    if shuttle.headway_seconds:
        departures = shuttle.departures(coming.plan.scenario.horizon_seconds)
        kernels.shuttle(times, departures, shuttle.capacity, starts)
    else:
        most, back = shuttle.wait_at_most_seconds, shuttle.round_trip_seconds
        kernels.shuttle_when_full(times, shuttle.capacity, most, shuttle.vehicles, back, starts)
    rides = np.concatenate([[0], np.cumsum(starts[1:] > starts[:-1])])
    stream = coming.streams.of("service", station.stream or station.name, "0")
    took: Floats = station.service[0].draw(stream, int(rides[-1]) + 1)
    ends = starts + np.take(took, rides)
    coming.note(Visits(coming.passengers, times, starts, ends))
    return _Leaving(ends)


def _whole_hall(coming: _Coming) -> _Leaving:
    group, plan, times, passengers = coming.group, coming.plan, coming.times, coming.passengers
    stations = [plan.scenario.stations[number] for number in group.stations]
    openings = [plan.openings[number] for number in group.stations]
    stages = np.array([len(station.service) for station in stations])
    services = np.zeros((len(stations), int(stages.max()), times.size))
    fails = np.full((len(stations), times.size), NOBODY)
    for place, station in enumerate(stations):
        services[place, : stages[place]] = coming.services(station)
        failing = coming.fails(station)
        if failing is not None:
            fails[place] = failing
    kinds = coming.day.kinds[passengers]
    wanted = group.wanted[kinds]
    for place, number in enumerate(group.stations if coming.day.bound.size else ()):
        wanted[coming.day.bound[passengers] == number] = 1 << place
    rows = times.size * (1 if (group.diverts == OUTSIDE).all() else len(stations))
    visits, instants = np.empty((rows, 2), dtype=np.int64), np.empty((rows, 4))
    leaves, left_by = np.empty(times.size), np.empty(times.size, dtype=np.int64)
    count = hall(
        times,
        wanted,
        plan.levels[kinds],
        services,
        fails,
        _rows(opening.changes.size for opening in openings),
        np.concatenate([opening.changes for opening in openings]),
        np.concatenate([opening.channels for opening in openings]),
        np.concatenate([opening.pauses for opening in openings]),
        _rows(len(opening.pauses) for opening in openings),
        stages,
        np.array([mean_seconds(station) for station in stations]),
        np.array([station.failure.blocks_seconds if station.failure else 0.0 for station in stations]),
        group.diverts,
        np.array([station.by_priority for station in stations]),
        visits,
        instants,
        leaves,
        left_by,
    )
    for place, number in enumerate(group.stations):
        here = np.flatnonzero(visits[:count, 1] == place)
        joined, started, released = (np.ascontiguousarray(instants[here, column]) for column in range(3))
        coming.note(Visits(passengers[visits[here, 0]], joined, started, released), number)
    return _Leaving(leaves, left_by)


def _rows(sizes: Iterable[int]) -> Integers:
    return np.cumsum([0, *sizes], dtype=np.int64)
