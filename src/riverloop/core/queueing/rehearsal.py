"""The same days over and over, with other channels at some stations: what sizing tries its guesses on.

What comes before the first of these stations is simulated once, and every draw is kept, so that a guess costs little
more than the queues it changes.
"""

from __future__ import annotations

import hashlib
import math
import pickle
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from threading import Lock
from typing import NamedTuple

import numpy as np

from riverloop.core.queueing.compiled import Floats, Integers
from riverloop.core.queueing.drawing import failures_of, services_of
from riverloop.core.queueing.engine import Day, Visits, begin_day, go_on
from riverloop.core.queueing.intervals import lower_bound
from riverloop.core.queueing.measuring import asked_of
from riverloop.core.queueing.network import Scenario
from riverloop.core.queueing.plan import Group, Plan, make_plan
from riverloop.core.queueing.results import cannot_drain, load_of
from riverloop.core.queueing.rosters import DAY_SECONDS, HOURS, Shift
from riverloop.core.queueing.running import Progress
from riverloop.core.queueing.spreading import Spread, in_turn
from riverloop.core.queueing.streams import Streams
from riverloop.core.queueing.tallies import Tally

_HOUR = 3600.0
HourByHour = tuple[int, ...]
"""Channels in each hour of the day."""


@dataclass(frozen=True, slots=True)
class Target:
    """When a pledge counts as met: by everybody, and by those who pass each of the tried stations.

    Args:
        confidence: one-sided, that the share over all days is as pledged; between 0.5 and 1.
        every_hour: whether the pledge must hold for those who arrive in each hour, and not only for the day.
    """

    confidence: float = 0.95
    every_hour: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """How the pledge fares.

    Args:
        met: whether it is met with the confidence asked for, and no queue is left that cannot drain.
        share: of all passengers within the time.
        sure: what the share exceeds with that confidence; of those who pass a tried station, or of an hour if every
            hour counts, where that is less.
        late_by_hour: passengers beyond the time, by hour of arrival, over all days.
        short: stations whose queue cannot drain; others than the tried ones only if more channels there would help.
        overtime_hours: a day, by tried station, of the last shift's channels until everybody is through.
    """

    met: bool
    share: float
    sure: float
    late_by_hour: tuple[int, ...]
    short: tuple[str, ...] = ()
    overtime_hours: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class AtStation:
    """How it goes at one tried station.

    Args:
        wait_seconds: mean of those who were served; nan if there are none.
        wait_p95_seconds: likewise.
        share_within: of those who pass it, how many are within the pledge.
        worst_class: of them, the class of which the least share is; empty if nobody comes.
        worst_share: that share.
        roster_hours: channel-hours a day by roster.
        overtime_hours: channel-hours a day after it, until everybody is through.
    """

    wait_seconds: float
    wait_p95_seconds: float
    share_within: float
    worst_class: str
    worst_share: float
    roster_hours: float
    overtime_hours: float

    @property
    def paid_hours(self) -> float:
        """All hours that are paid."""
        return self.roster_hours + self.overtime_hours


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a kept day is made from.

    Args:
        key: of scenario and stations together.
        scenario: whose other stations stay as they are.
        stations: whose channels are tried.
        replication: from 0.
        number: of the day, from 0.
    """

    key: str
    scenario: Scenario
    stations: tuple[str, ...]
    replication: int
    number: int


@dataclass(frozen=True, slots=True, eq=False)
class KeptDay:
    """A day up to the first tried station, with every draw from there on.

    To another process it travels as its recipe: whoever receives it works it out, once.

    Args:
        recipe: what it is made from.
        streams: of random numbers.
        day: those whom the tried channels can concern.
        came: how many came, by hour of arrival.
        late: of the others, how many were late, by hour of arrival.
        classes: how many came, by class.
        cells: of each passenger of the day, class and hour of arrival in one number; those not measured have the last.
    """

    recipe: Recipe
    streams: Streams
    day: Day
    came: Integers
    late: Integers
    classes: Integers
    cells: Integers

    def __reduce__(self) -> tuple[Callable[[Recipe], KeptDay], tuple[Recipe]]:
        return received, (self.recipe,)


_received: OrderedDict[tuple[str, int, int], KeptDay] = OrderedDict()
_receiving = Lock()
_MOST_RECEIVED = 4_000_000
"""Passengers of the days that a worker keeps: each takes some hundred bytes."""


def received(recipe: Recipe) -> KeptDay:
    """Return the day of a recipe, as a process keeps it that was sent one."""
    key = (recipe.key, recipe.replication, recipe.number)
    with _receiving:
        if key in _received:
            _received.move_to_end(key)
            return _received[key]
    made = keep_day(recipe)
    with _receiving:
        _received[key] = made
        while len(_received) > 1 and sum(one.day.arrivals.size for one in _received.values()) > _MOST_RECEIVED:
            _received.popitem(last=False)
    return made


def keep_day(recipe: Recipe) -> KeptDay:
    """Work a day out up to the first tried station, and draw what comes after it.

    Keep those whom the tried channels can concern, with their draws, and how the others fared.
    """
    scenario, plan = recipe.scenario, make_plan(recipe.scenario)
    streams = Streams(scenario.seed, recipe.replication, recipe.number)
    halls = plan.after(recipe.stations)
    day = begin_day(plan, streams)
    go_on(plan, day, streams, _those(plan, halls, among=False))
    tried_halls = _those(plan, halls, among=True)
    concerned = np.zeros(day.arrivals.size, dtype=np.bool_)
    for group in tried_halls:
        concerned |= group.wanted[day.kinds] > 0
        if day.bound.size:
            concerned |= np.isin(day.bound, group.stations)
        for station in (scenario.stations[number] for number in group.stations):
            if station.kind != "shuttle":  # a ride is drawn when it is known who is aboard
                day.drawn[station.name] = services_of(plan, station, day.kinds, streams, day.room)
                day.failing[station.name] = failures_of(station, day.kinds.size, streams)
    came = _by_hour(scenario, day.arrivals)
    others = day.only(np.flatnonzero(~concerned))
    late = _by_hour(scenario, others.arrivals[_times(scenario, others) > scenario.pledge.minutes * 60])
    tried = day.only(np.flatnonzero(concerned))
    if tried_halls[0].wanted[tried.present()].all() and not tried.bound.size:
        tried.line_up()
    measured = day.kinds[day.arrivals >= scenario.warm_up_seconds]
    classes = np.bincount(measured, minlength=len(scenario.classes))
    return KeptDay(recipe, streams, tried, came, late, classes, _cells(scenario, tried))


def _cells(scenario: Scenario, day: Day) -> Integers:
    """Return class and hour of arrival in one number, by passenger; one more for those who are not measured."""
    cells = day.kinds * HOURS + (day.arrivals // _HOUR).astype(np.int64) % HOURS
    cells[day.arrivals < scenario.warm_up_seconds] = len(scenario.classes) * HOURS
    return cells


class Went(NamedTuple):
    """How a kept day went on from the first tried station.

    Args:
        late: how many were late, by hour of arrival.
        here: by tried station, how many passed it, by class and hour of arrival.
        late_here: likewise, how many of them were late.
        work: by station with channels that the tried ones can concern: seconds of service asked for, passengers never
            served, passengers waiting when it closed, and seconds of its last service after that.
        waits: by tried station, where they are asked for.
    """

    late: Integers
    here: Integers
    late_here: Integers
    work: dict[int, tuple[float, int, int, float]]
    waits: list[Tally]


@dataclass(frozen=True, slots=True)
class _All:
    """How all kept days went on, added up.

    Args:
        late: by replication and hour of arrival.
        here: by replication, tried station, class and hour of arrival, how many passed it.
        late_here: likewise, how many of them were late.
        work: by station, as in ``Went``; the time after closing is of all days.
        waits: by tried station.
    """

    late: Integers
    here: Integers
    late_here: Integers
    work: dict[int, Floats]
    waits: list[Tally]


class Rehearsal:
    """Tries channels at some stations on the same days.

    Args:
        scenario: whose other stations stay as they are.
        stations: whose channels are tried.
        target: when the pledge counts as met.
        spread: how to run the days of a guess; threads share what is kept, and other processes work it out once.
        progress: told after each day that is kept and after each guess; whatever it raises stops the rest.
    """

    def __init__(
        self,
        scenario: Scenario,
        stations: tuple[str, ...],
        target: Target,
        spread: Spread = in_turn,
        progress: Progress | None = None,
    ) -> None:
        self.scenario, self.stations, self.target = scenario, stations, target
        self.spread, self.progress = spread, progress
        self.tried = 0
        self._halls = make_plan(scenario).after(stations)
        self._days: list[KeptDay] = []
        key = hashlib.sha256(pickle.dumps((scenario, stations))).hexdigest()
        for replication in range(scenario.replications):
            for number in range(scenario.days):
                self._days.append(keep_day(Recipe(key, scenario, stations, replication, number)))
                self._tell()
        self._came = np.zeros((scenario.replications, HOURS), dtype=np.int64)
        for kept in self._days:
            self._came[kept.recipe.replication] += kept.came
        self._classes: list[int] = np.sum([kept.classes for kept in self._days], axis=0).tolist()
        self._numbers = tuple([one.name for one in scenario.stations].index(name) for name in stations)
        self._answers: dict[tuple[HourByHour, ...], Answer] = {}

    def with_channels(self, channels: Mapping[str, HourByHour]) -> Scenario:
        """Return the scenario with these channels hour by hour."""
        scenario = self.scenario
        for name, hourly in channels.items():
            scenario = scenario.with_station(
                replace(scenario.station(name), channels=max(hourly), shifts=as_shifts(hourly))
            )
        return scenario

    def answer(self, channels: Mapping[str, HourByHour]) -> Answer:
        """Return how the pledge fares with these channels, hour by hour, at each of the stations."""
        key = tuple(channels[name] for name in self.stations)
        if key not in self._answers:
            self._answers[key] = self._try(self.with_channels(channels))
            self.tried += 1
            self._tell()
        return self._answers[key]

    def _tell(self) -> None:
        """Tell how many guesses were tried, of how many it may take: nobody knows, so that there is always one more."""
        if self.progress is not None:
            self.progress(self.tried, max(_FEW_GUESSES, self.tried + 1))

    def load_by_hour(self, name: str) -> Floats:
        """Return the mean work that comes to a station in each hour of the day, in channels.

        It is taken as it comes in from before, with as many channels at the tried stations as anybody could want.
        """
        plan = make_plan(self._with_plenty)
        number = [one.name for one in self.scenario.stations].index(name)
        hours = np.zeros(HOURS)
        for kept in self._days:
            day = kept.day.branch()
            go_on(plan, day, kept.streams, _those(plan, self._halls, among=True))
            visits = day.visits[number]
            clock = (visits.joined // _HOUR).astype(np.int64) % HOURS
            hours += np.bincount(clock, visits.released - visits.started, HOURS)
        return hours / (len(self._days) * _HOUR * max(self.scenario.horizon_seconds / DAY_SECONDS, 1))

    @property
    def _with_plenty(self) -> Scenario:
        return self.with_channels(dict.fromkeys(self.stations, (_PLENTY,) * HOURS))

    def at(self, channels: Mapping[str, HourByHour] | None = None) -> tuple[AtStation, ...]:
        """Return how it goes at each of the stations with these channels, or as the scenario has them."""
        scenario = self.with_channels(channels) if channels is not None else self.scenario
        plan = make_plan(scenario)
        went = self._go_through(plan, waits=True)
        overtime = self._overtime(plan, went)
        return tuple(self._at(scenario, place, went, hours) for place, hours in enumerate(overtime))

    def _at(self, scenario: Scenario, place: int, went: _All, overtime_hours: float) -> AtStation:
        here, late = (counts[:, place].sum(axis=(0, 2)) for counts in (went.here, went.late_here))
        shares = {
            one.name: 1 - float(beyond) / float(came)
            for one, came, beyond in zip(scenario.classes, here, late, strict=True)
            if came
        }
        worst = min(shares, key=shares.__getitem__, default="")
        return AtStation(
            went.waits[place].mean,
            went.waits[place].quantile(0.95)[0],
            1 - float(late.sum()) / max(float(here.sum()), 1.0),
            worst,
            shares.get(worst, 1.0),
            rostered_hours(scenario, self.stations[place]),
            overtime_hours,
        )

    def _try(self, scenario: Scenario) -> Answer:
        plan = make_plan(scenario)
        went = self._go_through(plan)
        share = 1 - float(went.late.sum()) / max(float(self._came.sum()), 1.0)
        sure = min(self._sure(late, came) for late, came in self._judged(went))
        short = self._short(plan, went)
        met = sure >= scenario.pledge.share and not short
        overtime = tuple(self._overtime(plan, went))
        return Answer(met, share, sure, tuple(went.late.sum(axis=0).tolist()), short, overtime)

    def _go_through(self, plan: Plan, *, waits: bool = False) -> _All:
        """Go through all kept days from the first tried station on."""
        scenario = plan.scenario
        cells = (scenario.replications, len(self.stations), len(scenario.classes), HOURS)
        late = np.zeros((scenario.replications, HOURS), dtype=np.int64)
        here, late_here = np.zeros(cells, dtype=np.int64), np.zeros(cells, dtype=np.int64)
        work: dict[int, Floats] = {}
        tallies = [Tally.empty(1) for _ in self.stations if waits]
        tasks = [(plan, kept, self._halls, self._numbers, waits) for kept in self._days]
        for kept, went in zip(self._days, self.spread(_went, tasks), strict=True):
            number = kept.recipe.replication
            late[number] += kept.late + went.late
            here[number] += went.here.reshape(cells[1:])
            late_here[number] += went.late_here.reshape(cells[1:])
            for station, done in went.work.items():
                work[station] = work.get(station, np.zeros(4)) + done
            for tally, one in zip(tallies, went.waits, strict=True):
                tally.add(one)
        return _All(late, here, late_here, work, tallies)

    def _judged(self, went: _All) -> Iterator[tuple[Integers, Integers]]:
        """Yield how many were late of how many, by replication: of all, and of those who pass each tried station."""
        groups = [(went.late, self._came)]
        groups += [
            (went.late_here[:, place].sum(axis=1), went.here[:, place].sum(axis=1))
            for place in range(len(self.stations))
        ]
        for late, came in groups:
            if self.target.every_hour:
                yield from zip(late.T, came.T, strict=True)
            else:
                yield late.sum(axis=1), came.sum(axis=1)

    def _sure(self, late: Integers, came: Integers) -> float:
        shares = 1 - late / np.maximum(came, 1)
        return lower_bound(shares.tolist(), self.target.confidence, weights=came.tolist())

    def _short(self, plan: Plan, went: _All) -> tuple[str, ...]:
        """Return the stations whose queue cannot drain."""
        found = self._all_short(plan, went)
        if found - set(self._numbers):  # not by these channels alone, perhaps
            found -= self._always_short - set(self._numbers)
        return tuple(self.scenario.stations[number].name for number in sorted(found))

    @cached_property
    def _always_short(self) -> set[int]:
        """The stations that lack channels of their own, whatever is tried elsewhere."""
        plan = make_plan(self._with_plenty)
        return self._all_short(plan, self._go_through(plan))

    def _all_short(self, plan: Plan, went: _All) -> set[int]:
        scenario, window = plan.scenario, (plan.scenario.warm_up_seconds, plan.scenario.horizon_seconds)
        found = set()
        for number, (asked, never, late, _) in went.work.items():
            if not (never or late):
                continue
            station = scenario.stations[number]
            opened = float(plan.scheduled[number].open_seconds(*window).sum()) * len(self._days)
            steady = self.scenario.steady and number in self._numbers
            load = self._load(scenario, number, went) if steady else 0.0
            seconds, channels = (asked, opened), (load, station.channels)
            if cannot_drain(int(never), int(late), seconds, channels, steady=steady):
                found.add(number)
        return found

    def _load(self, scenario: Scenario, number: int, went: _All) -> float:
        """Return the load of a tried station in the long run, in channels."""
        here = went.here[:, self._numbers.index(number)].sum(axis=(0, 2))
        return load_of(scenario, scenario.stations[number], self._classes, here.tolist())

    def _overtime(self, plan: Plan, went: _All) -> Iterator[float]:
        """Yield the channel-hours of the last shift after its end, a day, at each tried station."""
        runs = len(self._days) * days_of(plan.scenario)
        for number in self._numbers:
            shifts = plan.scenario.stations[number].shifts
            round_the_clock = not shifts or shifts[-1].until_seconds - shifts[0].from_seconds == DAY_SECONDS
            if number not in went.work or round_the_clock:
                yield 0.0  # nobody comes, or the next shift is there
            else:
                yield float(went.work[number][3]) * shifts[-1].channels / _HOUR / runs


def days_of(scenario: Scenario) -> int:
    """Return how many days a run covers, each with the same roster."""
    return max(math.ceil(scenario.horizon_seconds / DAY_SECONDS), 1)


def rostered_hours(scenario: Scenario, name: str) -> float:
    """Return the channel-hours a day by the roster of a station; one without any is open throughout."""
    station = scenario.station(name)
    if not station.shifts:
        return station.channels * min(scenario.horizon_seconds, DAY_SECONDS) / _HOUR
    return sum(one.channels * (one.until_seconds - one.from_seconds) for one in station.shifts) / _HOUR


def _those(plan: Plan, halls: frozenset[int], *, among: bool) -> tuple[Group, ...]:
    """Return the groups whose places are among some, or those whose are not, in order."""
    return tuple(group for place, group in enumerate(plan.groups) if (place in halls) == among)


def _by_hour(scenario: Scenario, arrivals: Floats) -> Integers:
    """Count those who are measured by the hour of the day at which they arrived."""
    measured = arrivals[arrivals >= scenario.warm_up_seconds]
    return np.bincount((measured // _HOUR).astype(np.int64) % HOURS, minlength=HOURS)


def _times(scenario: Scenario, day: Day) -> Floats:
    """Return what is pledged of each passenger, in seconds."""
    return day.waited if scenario.pledge.of == "waiting" else day.left() - day.arrivals


def _went(plan: Plan, kept: KeptDay, halls: frozenset[int], tried: tuple[int, ...], waits: bool) -> Went:  # noqa: FBT001
    """Go through a day from the first tried station on."""
    scenario, day = plan.scenario, kept.day.branch()
    window = (scenario.warm_up_seconds, scenario.horizon_seconds)
    groups = _those(plan, halls, among=True)
    go_on(plan, day, kept.streams, groups)
    late = _times(scenario, day) > scenario.pledge.minutes * 60
    cells = len(scenario.classes) * HOURS
    here, late_here = np.zeros((2, len(tried), cells), dtype=np.int64)
    tallies = []
    for place, number in enumerate(tried):
        visits = day.visits[number]
        beyond = visits.passengers[late[visits.passengers]]
        here[place] = np.bincount(kept.cells[visits.passengers], minlength=cells + 1)[:cells]
        late_here[place] = np.bincount(kept.cells[beyond], minlength=cells + 1)[:cells]
        if waits:
            tallies.append(Tally.empty(1))
            nobody_else = np.zeros(1, dtype=np.int64)
            tallies[-1].take(visits.joined, visits.started, nobody_else, window, scenario.pledge.minutes * 60)
    done = {
        number: _work(plan, number, day.visits[number], window)
        for group in groups
        for number in group.stations
        if scenario.stations[number].kind == "channels" and day.visits[number].joined.size
    }
    return Went(_by_hour(scenario, day.arrivals[late]), here, late_here, done, tallies)


def _work(plan: Plan, number: int, visits: Visits, window: tuple[float, float]) -> tuple[float, int, int, float]:
    """Return what was asked of a station; never served are those too who came when it had closed."""
    asked, _, late, overtime = asked_of(plan, number, visits, window, np.zeros(HOURS))
    never = int(np.count_nonzero((visits.started == np.inf) & (visits.joined >= window[0])))
    return asked, never, late, overtime


_PLENTY = 10_000
_FEW_GUESSES = 40


def as_shifts(hourly: HourByHour) -> tuple[Shift, ...]:
    """Return channels hour by hour as a roster; hours of the same number are joined, closed ends are left out."""
    open_hours = [hour for hour, channels in enumerate(hourly) if channels]
    if not open_hours:
        return (Shift(0.0, DAY_SECONDS, 0),)
    shifts: list[Shift] = []
    for hour in range(open_hours[0], open_hours[-1] + 1):
        end = (hour + 1) * _HOUR
        if shifts and shifts[-1].channels == hourly[hour]:
            shifts[-1] = replace(shifts[-1], until_seconds=end)
        else:
            shifts.append(Shift(hour * _HOUR, end, hourly[hour]))
    return tuple(shifts)
