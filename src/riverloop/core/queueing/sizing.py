"""The least that keeps a pledge: channels, and a roster hour by hour out of shifts.

More channels never make anybody later at a station served first come, first served, so that the least number of one
station is found by halving. For several stations, and for a roster, "least" means that nothing can be taken away: no
channel, no hour of one, no shift. Every guess is tried on the same days.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial

from riverloop.core.kernel.words import N_
from riverloop.core.queueing.network import Scenario
from riverloop.core.queueing.refusals import ScenarioError
from riverloop.core.queueing.rehearsal import Answer, HourByHour, Rehearsal, Target
from riverloop.core.queueing.rosters import HOURS
from riverloop.core.queueing.running import Progress
from riverloop.core.queueing.shifts import Duty, cover, manned
from riverloop.core.queueing.spreading import Spread, in_turn

MOST_CHANNELS = 4096
DAY_AS_A_WHOLE = Target()
_SOME = 0.02
"""Channels of load below which an hour may be closed: the last who come late in the evening."""


@dataclass(frozen=True, slots=True)
class Channels:
    """The least channels, open throughout.

    Args:
        channels: by station; where the pledge cannot be kept, as many as were tried.
        answer: how the pledge fares with them.
        tried: how many guesses it took.
    """

    channels: dict[str, int]
    answer: Answer
    tried: int


@dataclass(frozen=True, slots=True)
class Roster:
    """The least roster of one station.

    Args:
        station: its name.
        needed: channels hour by hour that keep the pledge, before shifts.
        duties: shifts that keep it.
        open: channels that they man, hour by hour.
        answer: how the pledge fares with them.
        tried: how many guesses it took.
    """

    station: str
    needed: HourByHour
    duties: tuple[Duty, ...]
    open: HourByHour
    answer: Answer
    tried: int

    @property
    def paid_hours(self) -> int:
        """Hours of all shifts."""
        return sum(duty.hours * duty.channels for duty in self.duties)


def least_channels(
    scenario: Scenario,
    stations: tuple[str, ...],
    *,
    target: Target = DAY_AS_A_WHOLE,
    spread: Spread = in_turn,
    progress: Progress | None = None,
) -> Channels:
    """Return the least channels, open throughout, with which the pledge is kept.

    Args:
        scenario: whose other stations stay as they are.
        stations: to be sized; those named first are cut first.
        target: when the pledge counts as met.
        spread: how to run the days of a guess.
        progress: told after each guess; whatever it raises stops the rest.

    Raises:
        ScenarioError: a name is of no station with channels.
    """
    check_stations(scenario, stations)
    rehearsal = Rehearsal(scenario, stations, target, spread, progress)
    found = dict.fromkeys(stations, 1)
    while not rehearsal.answer(_constant(found)).met:
        if max(found.values()) >= MOST_CHANNELS:
            return Channels(found, rehearsal.answer(_constant(found)), rehearsal.tried)
        found = {name: count * 2 for name, count in found.items()}
    before: dict[str, int] = {}
    while found != before:
        before = dict(found)
        for name in stations:
            meets = partial(_meets_with, rehearsal, found, name)
            found[name] = _halve(found[name], meets)
    return Channels(found, rehearsal.answer(_constant(found)), rehearsal.tried)


def least_roster(
    scenario: Scenario,
    station: str,
    *,
    shift_hours: tuple[int, ...] = (8,),
    target: Target = DAY_AS_A_WHOLE,
    spread: Spread = in_turn,
    progress: Progress | None = None,
) -> Roster:
    """Return the least roster, hour by hour and in shifts, with which the pledge is kept.

    First the load of each hour and a margin, as small as will do; then channel after channel is taken away, where
    channels are idle first; then shifts cover what is left, and shifts that are not needed go. While passengers come,
    one channel stays open.

    Args:
        scenario: whose other stations stay as they are.
        station: to be rostered.
        shift_hours: lengths that a shift may have, in hours.
        target: when the pledge counts as met.
        spread: how to run the days of a guess.
        progress: told after each guess; whatever it raises stops the rest.

    Raises:
        ScenarioError: the name is of no station with channels, or no number of channels keeps the pledge.
    """
    check_stations(scenario, (station,))
    rehearsal = Rehearsal(scenario, (station,), target, spread, progress)
    load = [float(one) for one in rehearsal.load_by_hour(station)]

    def meets(hourly: HourByHour) -> bool:
        return rehearsal.answer({station: hourly}).met

    needed = _trim(_with_margin(load, meets, station), load, meets)
    open_at_all = tuple(min(channels, 1) for channels in needed)

    def mans(hourly: HourByHour) -> bool:
        return all(map(operator.ge, hourly, open_at_all)) and meets(hourly)

    duties = _drop_shifts(cover(needed, shift_hours), mans)
    opened = manned(duties)
    return Roster(station, needed, duties, opened, rehearsal.answer({station: opened}), rehearsal.tried)


def _meets_with(rehearsal: Rehearsal, channels: dict[str, int], name: str, count: int) -> bool:
    return rehearsal.answer(_constant({**channels, name: count})).met


def _constant(channels: dict[str, int]) -> dict[str, HourByHour]:
    return {name: (count,) * HOURS for name, count in channels.items()}


def _halve(meets_with: int, meets: Callable[[int], bool]) -> int:
    """Return the least number that meets, given one that does."""
    fails_with = 0
    while meets_with - fails_with > 1:
        middle = (meets_with + fails_with) // 2
        if meets(middle):
            meets_with = middle
        else:
            fails_with = middle
    return meets_with


def _with_margin(load: list[float], meets: Callable[[HourByHour], bool], station: str) -> HourByHour:
    """Return the load of each hour and as many roots of it as will do."""

    def staffed(steps: int) -> HourByHour:
        margin = (steps - _STEPS_BELOW) / _STEPS_A_ROOT
        return tuple(max(math.ceil(one + margin * math.sqrt(one)), 1) if one > _SOME else 0 for one in load)

    if not meets(staffed(_MOST_STEPS)):
        raise ScenarioError(
            "scenario.sizing",
            N_(
                'No roster of "{station}" keeps the pledge: others hold passengers up, or it is tighter than the '
                "service itself. Size those first, or change the pledge."
            ),
            station=station,
        )
    return staffed(_halve(_MOST_STEPS, lambda steps: meets(staffed(steps))))


_STEPS_A_ROOT = 4
_STEPS_BELOW = 40
_MOST_STEPS = 100


def _trim(hourly: HourByHour, load: list[float], meets: Callable[[HourByHour], bool]) -> HourByHour:
    """Take channels away one by one, from the hours that have most to spare first, until none can be missed."""
    changed = True
    while changed:
        changed = False
        for hour in sorted(range(HOURS), key=lambda one: load[one] / max(hourly[one], 1)):
            while hourly[hour] > (1 if load[hour] > _SOME else 0):
                fewer = (*hourly[:hour], hourly[hour] - 1, *hourly[hour + 1 :])
                if not meets(fewer):
                    break
                hourly, changed = fewer, True
    return hourly


def _drop_shifts(duties: tuple[Duty, ...], meets: Callable[[HourByHour], bool]) -> tuple[Duty, ...]:
    """Take away shifts one by one, the longest first, until none can be missed."""
    for duty in sorted(duties, key=lambda one: (-one.hours, one.begins)):
        for _ in range(duty.channels):
            fewer = _without_one(duties, duty.begins, duty.hours)
            if not meets(manned(fewer)):
                break
            duties = fewer
    return duties


def _without_one(duties: tuple[Duty, ...], begins: int, hours: int) -> tuple[Duty, ...]:
    left = (
        Duty(one.begins, one.hours, one.channels - 1) if (one.begins, one.hours) == (begins, hours) else one
        for one in duties
    )
    return tuple(one for one in left if one.channels)


def check_stations(scenario: Scenario, stations: Iterable[str]) -> None:
    """Refuse what cannot be sized.

    Raises:
        ScenarioError: a name is of no station with channels.
    """
    known = [one.name for one in scenario.stations if one.kind == "channels"]
    for name in stations:
        if name not in known:
            raise ScenarioError(
                "scenario.unknown_station",
                N_('There is no station "{name}" with channels. There are {known}.'),
                name=name,
                known=", ".join(known),
            )
