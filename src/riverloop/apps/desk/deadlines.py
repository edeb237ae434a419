"""By when an authority is to answer: working days of its own side, as the zone file gives them."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from riverloop.apps.parties.here import zone
from riverloop.apps.parties.law import rulebook
from riverloop.core.kernel.instants import date_in, end_of_day
from riverloop.core.rules.facts import WorkingCalendar
from riverloop.core.rules.obligations import add_days, is_working_day


def calendar_of(side: str) -> WorkingCalendar | None:
    """Return the working calendar of a side, or None where nobody has declared one: then every day counts."""
    return rulebook().packs.dictionary.calendars.get(zone().side(side).side.calendar)


def due_after(side: str, days: int, since: datetime) -> datetime:
    """Return the last second of the day that many working days of a side after an instant's own day."""
    clock = zone().side(side).side.time_zone
    day, _ = add_days(date_in(since, clock), days, calendar_of(side))
    return end_of_day(day, clock)


def due_for(kind: str, side: str, authority: str, since: datetime) -> datetime:
    """Return by when an authority is to answer a kind of matter that was opened at an instant.

    Raises:
        ZoneError: the zone file says nothing of this kind.
    """
    return due_after(side, zone().due_days(kind, authority), since)


def due_after_waiting(side: str, due: datetime, asked: datetime, answered: datetime) -> datetime:
    """Return a due time moved on by the wait for an answer: the working days that were left are left again.

    What was late already when more was asked stays late.
    """
    clock = zone().side(side).side.time_zone
    if asked >= due:
        return due
    left = working_days(side, date_in(asked, clock), date_in(due, clock))
    return max(due, due_after(side, left, answered))


def working_days(side: str, first: date, last: date) -> int:
    """Return how many working days of a side lie after ``first`` and not after ``last``."""
    calendar = calendar_of(side)
    days = [first + timedelta(days=number) for number in range(1, (last - first).days + 1)]
    return len(days) if calendar is None else sum(is_working_day(day, calendar) for day in days)
