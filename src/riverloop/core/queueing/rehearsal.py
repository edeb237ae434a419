"""The same days over and over, with other channels at some stations: what sizing tries its guesses on.

What comes before the first of these stations is simulated once, and every draw is kept, so that a guess costs little
more than the queues it changes.
"""

from __future__ import annotations

import hashlib
import pickle
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from threading import Lock

import numpy as np

from riverloop.core.queueing.compiled import Floats, Integers
from riverloop.core.queueing.drawing import failures_of, services_of
from riverloop.core.queueing.engine import Day, begin_day, go_on
from riverloop.core.queueing.intervals import lower_bound
from riverloop.core.queueing.network import Scenario
from riverloop.core.queueing.plan import Group, Plan, make_plan
from riverloop.core.queueing.rosters import DAY_SECONDS, HOURS, Shift
from riverloop.core.queueing.running import Progress
from riverloop.core.queueing.spreading import Spread, in_turn
from riverloop.core.queueing.streams import Streams

_HOUR = 3600.0
HourByHour = tuple[int, ...]
"""Channels in each hour of the day."""


@dataclass(frozen=True, slots=True)
class Target:
    """When a pledge counts as met.

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
        met: whether it is met with the confidence asked for.
        share: of passengers within the time.
        sure: what the share exceeds with that confidence; of the worst hour, if every hour counts.
        late_by_hour: passengers beyond the time, by hour of arrival, over all days.
    """

    met: bool
    share: float
    sure: float
    late_by_hour: tuple[int, ...]


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
    """

    recipe: Recipe
    streams: Streams
    day: Day
    came: Integers
    late: Integers

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
    return KeptDay(recipe, streams, tried, came, late)


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
        plenty = dict.fromkeys(self.stations, (_PLENTY,) * HOURS)
        plan = make_plan(self.with_channels(plenty))
        number = [one.name for one in self.scenario.stations].index(name)
        hours = np.zeros(HOURS)
        for kept in self._days:
            day = kept.day.branch()
            go_on(plan, day, kept.streams, _those(plan, self._halls, among=True))
            visits = day.visits[number]
            clock = (visits.joined // _HOUR).astype(np.int64) % HOURS
            hours += np.bincount(clock, visits.released - visits.started, HOURS)
        return hours / (len(self._days) * _HOUR * max(self.scenario.horizon_seconds / DAY_SECONDS, 1))

    def _try(self, scenario: Scenario) -> Answer:
        plan = make_plan(scenario)
        came = np.zeros((scenario.replications, HOURS), dtype=np.int64)
        late = np.zeros((scenario.replications, HOURS), dtype=np.int64)
        tasks = [(plan, kept, self._halls) for kept in self._days]
        for kept, then in zip(self._days, self.spread(_late_by_hour, tasks), strict=True):
            came[kept.recipe.replication] += kept.came
            late[kept.recipe.replication] += kept.late + then
        return self._judge(came, late, scenario.pledge.share)

    def _judge(self, came: Integers, late: Integers, pledged: float) -> Answer:
        shares = 1 - late.sum(axis=1) / np.maximum(came.sum(axis=1), 1)
        sure = lower_bound(shares.tolist(), self.target.confidence)
        if self.target.every_hour:
            hourly = 1 - late / np.maximum(came, 1)
            sure = min(lower_bound(hourly[:, hour].tolist(), self.target.confidence) for hour in range(HOURS))
        share = 1 - float(late.sum()) / max(float(came.sum()), 1.0)
        return Answer(sure >= pledged, share, sure, tuple(late.sum(axis=0).tolist()))


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


def _late_by_hour(plan: Plan, kept: KeptDay, halls: frozenset[int]) -> Integers:
    """Go through a day from the first tried station on; return who was late, by hour of arrival."""
    day = kept.day.branch()
    go_on(plan, day, kept.streams, _those(plan, halls, among=True))
    late = _times(plan.scenario, day) > plan.scenario.pledge.minutes * 60
    return _by_hour(plan.scenario, day.arrivals[late])


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
