"""How long an authority takes, and when a control point is open."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

from riverloop.core.kernel.errors import InputError
from riverloop.core.kernel.instants import date_in, start_of_day, time_zone

ASSUMED = "assumed"
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_WEEK = len(WEEKDAYS)
_HOURS, _MINUTES = 24, 60


@dataclass(frozen=True, slots=True)
class LeadTime:
    """How long somebody takes to give a paper or an answer.

    Args:
        by: the authority that gives it, or the side by whose working days it counts; empty if whoever files makes it.
        working_days: at most so many, not counting the day on which it is asked for; 0 is at once.
        basis: where that comes from: ``assumed``, a reference of the zone file or a measure.
    """

    by: str
    working_days: int
    basis: str = ASSUMED

    @property
    def side(self) -> str:
        """The side whose working days count; empty if nobody's do."""
        return self.by.split(".")[0]

    @property
    def is_assumed(self) -> bool:
        """Whether nothing states it."""
        return self.basis == ASSUMED


@dataclass(frozen=True, slots=True)
class OpeningHours:
    """When a control point is open for some flows, on some days of the week.

    Args:
        flows: what may cross then.
        weekdays: 0 for Monday to 6 for Sunday.
        opens: minute of the day from which it is open.
        closes: minute of the day from which it is closed; 1440 is midnight.
        basis: where that comes from, as of a lead time.
    """

    flows: tuple[str, ...]
    weekdays: frozenset[int]
    opens: int
    closes: int
    basis: str = ASSUMED

    @property
    def is_assumed(self) -> bool:
        """Whether nothing states it."""
        return self.basis == ASSUMED

    def on(self, day: date, zone: str) -> tuple[datetime, datetime] | None:
        """Return from when until when it is open on a day, in UTC; None if it is closed all day."""
        if day.weekday() not in self.weekdays:
            return None
        return _instant(day, self.opens, zone), _instant(day, self.closes, zone)


def _instant(day: date, minute: int, zone: str) -> datetime:
    if minute == _HOURS * _MINUTES:
        return start_of_day(day + timedelta(days=1), zone).astimezone(UTC)
    clock = time(minute // _MINUTES, minute % _MINUTES)
    return datetime.combine(day, clock, tzinfo=time_zone(zone)).astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Schedule:
    """What is stated of time, for one control point.

    Args:
        papers: how long each document takes.
        answers: how long each authority takes to answer a referral.
        hours: of the control point; None if none are stated, or nothing passes one.
        time_zone: IANA name in which the hours are given.
    """

    papers: Mapping[str, LeadTime]
    answers: Mapping[str, LeadTime] = field(default_factory=dict)
    hours: tuple[OpeningHours, ...] | None = None
    time_zone: str = "UTC"


def next_open(hours: Iterable[OpeningHours], flow: str, at: datetime, zone: str) -> datetime | None:
    """Return the first instant, from ``at`` on, at which a flow may cross; None if it never may.

    Args:
        hours: of one control point.
        flow: person, goods or data.
        at: aware instant.
        zone: IANA time zone in which the hours are given.
    """
    at = at.astimezone(UTC)
    first = date_in(at, zone)
    for days in range(_WEEK + 1):
        spans = (row.on(first + timedelta(days=days), zone) for row in hours if flow in row.flows)
        starts = [max(at, span[0]) for span in spans if span and at < span[1]]
        if starts:
            return min(starts)
    return None


def read_minute(text: str, *, where: str = "") -> int:
    """Read a clock time such as 06:30 as a minute of the day; 24:00 is the end of it.

    Raises:
        InputError: no such time.
    """
    hours, _, minutes = text.partition(":")
    if len(text) == len("06:30") and hours.isdecimal() and minutes.isdecimal():
        minute = int(hours) * _MINUTES + int(minutes)
        if int(minutes) < _MINUTES and minute <= _HOURS * _MINUTES:
            return minute
    raise InputError(
        "schedules.clock", '"{text}" is not a time of day. Give one such as 06:30, or 24:00.', where=where, text=text
    )


def clock_text(minute: int) -> str:
    """Write a minute of the day as a clock time."""
    return f"{minute // _MINUTES:02}:{minute % _MINUTES:02}"
