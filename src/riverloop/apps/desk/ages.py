"""How old something is and when it is due, in words: nothing is told by colour alone."""

from __future__ import annotations

from datetime import date, datetime

from django.utils.translation import gettext, ngettext

from riverloop.core.kernel.instants import date_in


def age_text(since: datetime, now: datetime, clock: str) -> str:
    """Return how many days ago something was, by the calendar of the time zone named ``clock``."""
    days = _days(date_in(since, clock), date_in(now, clock))
    if days <= 0:
        return gettext("today")
    if days == 1:
        return gettext("yesterday")
    return ngettext("{days} day ago", "{days} days ago", days).format(days=days)


def due_text(due: datetime, now: datetime, clock: str) -> str:
    """Return when something is due: today, in some days, or late by some."""
    days = _days(date_in(now, clock), date_in(due, clock))
    if due < now:
        late = max(-days, 0)
        return ngettext("{days} day late", "{days} days late", late).format(days=late) if late else gettext("late")
    if days == 0:
        return gettext("due today")
    if days == 1:
        return gettext("due tomorrow")
    return ngettext("due in {days} day", "due in {days} days", days).format(days=days)


def is_late(due: datetime | None, now: datetime) -> bool:
    """Say whether the time for something is past."""
    return due is not None and due < now


def _days(first: date, last: date) -> int:
    return (last - first).days
