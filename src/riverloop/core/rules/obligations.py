"""When an obligation falls due: calendar days, working days of a calendar, or minutes before a crossing.

Mainland make-up workdays count as working days. Hong Kong's general holidays include Sundays but not Saturdays
(General Holidays Ordinance, Cap. 149), so a Saturday counts there: the stricter reading.

Source: the ``holidays`` package, which follows the State Council's and the Hong Kong Government's notices.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

from riverloop.core.kernel.instants import date_in, time_zone
from riverloop.core.kernel.sides import Side
from riverloop.core.rules.facts import Dictionary, WorkingCalendar


@dataclass(frozen=True, slots=True)
class Obligation:
    """Something that must be done.

    Args:
        act: name of the act.
        due: last day, or instant for one counted in minutes; None while it is not known.
        provisional: whether it lies beyond the holidays a government has announced.
        rule: id of the rule that asks it.
        item: place of the item, from 0.
    """

    act: str
    due: date | datetime | None
    provisional: bool
    rule: str
    item: int

    def as_json(self) -> dict[str, Any]:
        """Return it as the decision's JSON shows it."""
        due = self.due.isoformat() if self.due is not None else None
        return {
            "act": self.act,
            "due": due,
            "provisional": self.provisional,
            "rule": self.rule,
            "item": self.item,
        }


def obligation(
    rule: str,
    effect: Mapping[str, Any],
    *,
    side: Side,
    words: Dictionary,
    values: Mapping[str, Any],
    at: datetime,
    crossing_at: datetime | None,
    item: int,
) -> Obligation:
    """Work out when an ``oblige`` effect falls due.

    Args:
        rule: id of the rule.
        effect: its ``oblige`` argument, with parameters resolved.
        side: whose rule it is; its time zone and, for ``own``, its calendar count.
        words: the dictionary, for the calendars.
        values: the facts known.
        at: instant of the decision.
        crossing_at: instant of the crossing, if it is known.
        item: place of the item, from 0.
    """
    start = _start(effect.get("from", "at"), values, at, crossing_at)
    if "minutes" in effect:
        instant = start if isinstance(start, datetime) else None
        due = instant and instant.astimezone(time_zone(side.time_zone)) + timedelta(minutes=effect["minutes"])
        return Obligation(effect["act"], due, provisional=False, rule=rule, item=item)
    day = date_in(start, side.time_zone) if isinstance(start, datetime) else start
    if day is None or "days" not in effect:
        return Obligation(effect["act"], None, provisional=False, rule=rule, item=item)
    name = effect.get("calendar", "all")
    calendar = words.calendars.get(side.calendar if name == "own" else name)
    if calendar is None and name != "all":  # a side whose working days nobody has declared
        return Obligation(effect["act"], None, provisional=True, rule=rule, item=item)
    due_day, provisional = add_days(day, effect["days"], calendar)
    return Obligation(effect["act"], due_day, provisional, rule, item)


def _start(name: str, values: Mapping[str, Any], at: datetime, crossing_at: datetime | None) -> date | datetime | None:
    if name == "at":
        return at
    return crossing_at if name == "crossing" else values.get(name)


def add_days(day: date, days: int, calendar: WorkingCalendar | None) -> tuple[date, bool]:
    """Return the day that many days after ``day`` (which itself is not counted), and whether it is provisional.

    Args:
        day: the day of the event.
        days: how many, may be 0 or negative.
        calendar: working days of this calendar count; every day counts if None.
    """
    if calendar is None:
        return day + timedelta(days=days), False
    due = _nth_working_day(calendar.country, day, days)
    return due, max(due, day) > calendar.published_until


@lru_cache(maxsize=4096)
def _nth_working_day(country: str, day: date, days: int) -> date:
    due: date = _holidays(country).get_nth_working_day(day, days) if days else day
    return due


@lru_cache(maxsize=16)
def _holidays(country: str) -> Any:
    import holidays  # noqa: PLC0415 - slow to import, and few decisions count working days

    return holidays.country_holidays(country)


def is_working_day(day: date, calendar: WorkingCalendar) -> bool:
    """Say whether people work on ``day`` by this calendar."""
    return bool(_holidays(calendar.country).is_working_day(day))
