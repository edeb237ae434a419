"""Instants are aware; a law that names only a date means the date in its own side's time zone."""

from __future__ import annotations

import calendar
import re
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from riverloop.core.kernel.errors import InputError

FIRST_DAY = date(1900, 1, 1)
LAST_DAY = date(2199, 12, 31)
"""Days that a person may state lie between these, so that adding a term never leaves the calendar."""

_RFC3339 = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2})", re.ASCII)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def read_instant(text: object, *, where: str = "") -> datetime:
    """Read an RFC 3339 date-time.

    Raises:
        InputError: wrong form, a date that does not exist, or no offset from UTC.

    Source: RFC 3339, section 5.6.
    """
    if isinstance(text, str) and _RFC3339.fullmatch(text):
        try:
            read = datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", text.upper()))
        except ValueError:
            pass
        else:
            if FIRST_DAY < read.date() < LAST_DAY:
                return read
    raise InputError(
        "instants.form",
        '"{text}" is not an instant between 1900 and 2199. Give a date that exists, a time and an offset, such as '
        "2026-11-22T09:00:00+08:00.",
        where=where,
        text=str(text)[:60],
    )


def read_date(text: object, *, where: str = "") -> date:
    """Read a date as YYYY-MM-DD.

    Raises:
        InputError: wrong form, or a date that does not exist.
    """
    if isinstance(text, str) and _DATE.fullmatch(text):
        try:
            read = date.fromisoformat(text)
        except ValueError:
            pass
        else:
            if FIRST_DAY <= read <= LAST_DAY:
                return read
    raise InputError(
        "instants.date",
        '"{text}" is not a date between 1900 and 2199. Give one that exists, as year-month-day, such as 2026-11-22.',
        where=where,
        text=str(text)[:60],
    )


@lru_cache(maxsize=64)
def time_zone(name: str) -> ZoneInfo:
    """Return the time zone of an IANA name.

    Raises:
        InputError: there is no such zone.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise InputError(
            "instants.zone", '"{name}" is not an IANA time zone. Give one such as Asia/Hong_Kong.', name=name
        ) from None


def date_in(at: datetime, zone: str) -> date:
    """Return the date that ``at`` falls on in the time zone named ``zone``."""
    return at.astimezone(time_zone(zone)).date()


def start_of_day(day: date, zone: str) -> datetime:
    """Return the first instant of ``day`` in the time zone named ``zone``."""
    return datetime.combine(day, time(0), tzinfo=time_zone(zone))


def end_of_day(day: date, zone: str) -> datetime:
    """Return the last second of ``day`` in the time zone named ``zone``."""
    return datetime.combine(day, time(23, 59, 59), tzinfo=time_zone(zone))


def add_months(day: date, months: int) -> date:
    """Return ``day`` moved by whole months; the 31st falls back to the last day a month has."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def shift(day: date, *, months: int = 0, days: int = 0) -> date:
    """Return ``day`` moved by months, then by days."""
    return add_months(day, months) + timedelta(days=days)
