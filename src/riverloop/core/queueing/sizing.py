"""The least that keeps a pledge: channels, and a roster hour by hour out of shifts.

More channels never make anybody later at a station served first come, first served, so that the least number of one
station is found by halving. For several stations, and for a roster, "least" means that nothing can be taken away: no
channel, no hour of one, no shift. Every guess is tried on the same days. The last shift stays until everybody is
through, and that is paid: what saves an hour and takes more of overtime is no saving.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from riverloop.core.kernel.words import N_
from riverloop.core.queueing.arrivals import HOUR_SECONDS
from riverloop.core.queueing.intervals import FEWEST
from riverloop.core.queueing.network import Scenario
from riverloop.core.queueing.refusals import ScenarioError
from riverloop.core.queueing.rehearsal import Answer, AtStation, HourByHour, Rehearsal, Target
from riverloop.core.queueing.rosters import DAY_SECONDS, HOURS, Shift, opening
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
        then: by station, how it goes there with them.
        now: by station, how it goes there as the scenario stands.
    """

    channels: dict[str, int]
    answer: Answer
    tried: int
    then: dict[str, AtStation]
    now: dict[str, AtStation]

    def as_json(self) -> dict[str, Any]:
        """Return what ``riverloop simulate --json`` says of it."""
        return {
            "channels": self.channels,
            "met": self.answer.met,
            "share_within": self.answer.share,
            "sure": _sure(self.answer),
            "short": list(self.answer.short),
            "stations": {name: at_json(then) | {"now": at_json(self.now[name])} for name, then in self.then.items()},
        }


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
        then: how it goes at the station with them.
        now: how it goes there as the scenario stands.
        outside_hours: channel-hours of the shifts outside of the hours in which the scenario opens the station.
    """

    station: str
    needed: HourByHour
    duties: tuple[Duty, ...]
    open: HourByHour
    answer: Answer
    tried: int
    then: AtStation
    now: AtStation
    outside_hours: float = 0.0

    @property
    def shift_hours(self) -> int:
        """Hours of all shifts."""
        return sum(duty.hours * duty.channels for duty in self.duties)

    @property
    def paid_hours(self) -> float:
        """Hours of all shifts, and of the last one's channels until everybody is through."""
        return self.shift_hours + self.then.overtime_hours

    def as_json(self) -> dict[str, Any]:
        """Return what ``riverloop simulate --json`` says of it."""
        return {
            "station": self.station,
            "met": self.answer.met,
            "share_within": self.answer.share,
            "sure": _sure(self.answer),
            "short": list(self.answer.short),
            "needed": list(self.needed),
            "channels": list(self.open),
            "shifts": [{"from": one.begins, "hours": one.hours, "channels": one.channels} for one in self.duties],
            "shift_hours": self.shift_hours,
            "outside_hours": round(self.outside_hours, 6),
            **at_json(self.then),
            "now": at_json(self.now),
        }


def at_json(one: AtStation) -> dict[str, Any]:
    """Return how it goes at a station as JSON."""
    waits = {"mean": one.wait_seconds, "p95": one.wait_p95_seconds}
    return {
        "paid_hours": round(one.paid_hours, 6),
        "overtime_hours": round(one.overtime_hours, 6),
        "wait_seconds": {name: round(value, 6) if math.isfinite(value) else None for name, value in waits.items()},
        "share_within_at_station": round(one.share_within, 6),
        "worst_class": {"name": one.worst_class, "share_within": round(one.worst_share, 6)},
    }


def _sure(answer: Answer) -> float | None:
    return round(answer.sure, 6) if math.isfinite(answer.sure) else None


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
        ScenarioError: a name is of no station with channels, or there is but one replication.
    """
    check_sizing(scenario, stations)
    rehearsal = Rehearsal(scenario, stations, target, spread, progress)
    found = dict.fromkeys(stations, 1)
    while not rehearsal.answer(_constant(found)).met:
        if max(found.values()) >= MOST_CHANNELS:
            return _channels(rehearsal, found)
        found = {name: count * 2 for name, count in found.items()}
    before: dict[str, int] = {}
    while found != before:
        before = dict(found)
        for name in stations:
            meets = partial(_meets_with, rehearsal, found, name)
            found[name] = _halve(found[name], meets)
    return _channels(rehearsal, found)


def _channels(rehearsal: Rehearsal, found: dict[str, int]) -> Channels:
    answer, names = rehearsal.answer(_constant(found)), rehearsal.stations
    then, now = rehearsal.at(_constant(found)), rehearsal.at()
    told = [dict(zip(names, rows, strict=True)) for rows in (then, now)]
    return Channels(found, answer, rehearsal.tried, *told)


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
    one channel stays open. Nothing is taken away that costs more overtime than it saves.

    Args:
        scenario: whose other stations stay as they are.
        station: to be rostered.
        shift_hours: lengths that a shift may have, in hours.
        target: when the pledge counts as met.
        spread: how to run the days of a guess.
        progress: told after each guess; whatever it raises stops the rest.

    Raises:
        ScenarioError: the name is of no station with channels, there is but one replication, or no number of channels
            keeps the pledge.
    """
    check_sizing(scenario, (station,))
    rehearsal = Rehearsal(scenario, (station,), target, spread, progress)
    load = [float(one) for one in rehearsal.load_by_hour(station)]
    some = _SOME if scenario.stays_open else 0.0
    open_at_all = tuple(int(one > some) for one in load)

    def meets(hourly: HourByHour) -> bool:
        return rehearsal.answer({station: hourly}).met

    def paid(hourly: HourByHour) -> float:
        return sum(hourly) + rehearsal.answer({station: hourly}).overtime_hours[0]

    def spares(fewer: HourByHour, hourly: HourByHour) -> bool:
        mans = all(map(operator.ge, fewer, open_at_all))
        return mans and meets(fewer) and paid(fewer) <= paid(hourly)

    needed = _trim(_with_margin(load, open_at_all, meets, station), load, spares)
    duties = _drop_shifts(cover(needed, shift_hours), spares)
    opened = manned(duties)
    (then,), (now,) = rehearsal.at({station: opened}), rehearsal.at()
    answer, outside = rehearsal.answer({station: opened}), _outside(opened, scenario.station(station).shifts)
    return Roster(station, needed, duties, opened, answer, rehearsal.tried, then, now, outside)


def _outside(opened: HourByHour, shifts: tuple[Shift, ...]) -> float:
    """Return the channel-hours outside of those in which a roster has the station open."""
    hours = np.ones(HOURS)
    if shifts:
        manned_once = tuple(replace(one, channels=min(one.channels, 1)) for one in shifts)
        opens = opening(manned_once, (), shifts[-1].until_seconds, stays_open=False)
        hours = opens.open_seconds(0.0, DAY_SECONDS) / HOUR_SECONDS
    return float(np.dot(opened, 1 - hours))


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


def _with_margin(
    load: list[float], open_at_all: HourByHour, meets: Callable[[HourByHour], bool], station: str
) -> HourByHour:
    """Return the load of each hour and as many roots of it as will do."""

    def staffed(steps: int) -> HourByHour:
        margin = (steps - _STEPS_BELOW) / _STEPS_A_ROOT
        return tuple(
            max(math.ceil(one + margin * math.sqrt(one)), 1) if opens else 0
            for one, opens in zip(load, open_at_all, strict=True)
        )

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

Spares = Callable[[HourByHour, HourByHour], bool]
"""Whether the first, which is less, does as well as the second."""


def _trim(hourly: HourByHour, load: list[float], spares: Spares) -> HourByHour:
    """Take channels away one by one, from the hours that have most to spare first, until none can be missed."""
    changed = True
    while changed:
        changed = False
        for hour in sorted(range(HOURS), key=lambda one: load[one] / max(hourly[one], 1)):
            while hourly[hour]:
                fewer = (*hourly[:hour], hourly[hour] - 1, *hourly[hour + 1 :])
                if not spares(fewer, hourly):
                    break
                hourly, changed = fewer, True
    return hourly


def _drop_shifts(duties: tuple[Duty, ...], spares: Spares) -> tuple[Duty, ...]:
    """Take away shifts one by one, the longest first, until none can be missed."""
    for duty in sorted(duties, key=lambda one: (-one.hours, one.begins)):
        for _ in range(duty.channels):
            fewer = _without_one(duties, duty.begins, duty.hours)
            if not spares(manned(fewer), manned(duties)):
                break
            duties = fewer
    return duties


def _without_one(duties: tuple[Duty, ...], begins: int, hours: int) -> tuple[Duty, ...]:
    left = (
        Duty(one.begins, one.hours, one.channels - 1) if (one.begins, one.hours) == (begins, hours) else one
        for one in duties
    )
    return tuple(one for one in left if one.channels)


def check_sizing(scenario: Scenario, stations: Iterable[str]) -> None:
    """Refuse what cannot be sized.

    Raises:
        ScenarioError: a name is of no station with channels, or there is but one replication.
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
    if scenario.replications < FEWEST:
        raise ScenarioError(
            "scenario.sizing",
            N_("One replication does not tell how sure an answer is. Give at least two `replications`."),
        )
