"""Obligations as a calendar that any program reads (RFC 5545), once as a file or by an address with a secret in it."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from datetime import timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext, override
from icalendar import Alarm, Calendar, Event

from riverloop.apps.desk import about
from riverloop.apps.desk.models import Feed, Obligation
from riverloop.apps.desk.selectors import obligations_for_calendar
from riverloop.apps.parties.here import told, zone
from riverloop.apps.parties.law import rulebook
from riverloop.apps.parties.models import User
from riverloop.apps.record.services import record_append
from riverloop.core.kernel.instants import time_zone

SECRET_BYTES = 32
_READ_EVERY = timedelta(hours=1)  # when a feed was last read is kept no finer


def act_text(act: str) -> str:
    """Return what is to be done, in the active language."""
    named = rulebook().packs.dictionary.acts.get(act)
    return told(named.label) if named and named.label else act


def calendar_of(user: User, address: str) -> bytes:
    """Return the calendar of what an account has to see to, in its own language.

    It names acts, days and rules, and nobody.

    Args:
        user: whose.
        address: of the page of obligations.
    """
    with override(user.language):
        return _calendar(obligations_for_calendar(user), address)


def _calendar(obligations: Iterable[Obligation], address: str) -> bytes:
    calendar = Calendar()
    calendar.add("prodid", "-//Riverloop//Obligations//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", gettext("Riverloop: what is due"))
    calendar.add("refresh-interval", timedelta(hours=6), parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", "PT6H")
    listed = list(obligations)
    numbers = about.numbers(one.subject for one in listed)
    for obligation in listed:
        calendar.add_component(_event(obligation, address, numbers.get(obligation.subject, "")))
    return bytes(calendar.to_ical())


def _event(obligation: Obligation, address: str, number: str) -> Event:
    side = zone().side(obligation.law_side)
    event = Event()
    event.add("uid", f"{obligation.id}@riverloop")
    event.add("dtstamp", obligation.created_at)
    event.add("summary", f"{act_text(obligation.act)} ({told(side.title)})")
    if obligation.due_on is not None:
        event.add("dtstart", obligation.due_on)
        event.add("dtend", obligation.due_on + timedelta(days=1))
    elif obligation.due_at is not None:
        event.add("dtstart", obligation.due_at.astimezone(time_zone(side.side.time_zone)))
    event.add("description", _description(obligation, number))
    event.add("url", address)
    event.add("transp", "TRANSPARENT")
    event.add_component(_alarm(event))
    return event


def _description(obligation: Obligation, number: str) -> str:
    lines = [gettext("Movement {number}").format(number=number)] if number else []
    lines += [gettext("Rule {rule}").format(rule=obligation.rule)]
    if obligation.provisional:
        lines.append(gettext("Provisional: the holidays of that year are not announced yet."))
    return "\n".join(lines)


def _alarm(event: Event) -> Alarm:
    alarm = Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("description", event["summary"])
    alarm.add("trigger", timedelta(days=-1))
    return alarm


# Feeds -----------------------------------------------------------------------------------------------------------


@transaction.atomic
def feed_make(*, by: User) -> str:
    """Make the secret of an account's feed, which ends the one before; it is shown once and kept as its hash."""
    _end(by)
    secret = secrets.token_urlsafe(SECRET_BYTES)
    feed = Feed.objects.create(owner_side=by.owner_side, user=by, secret_sha256=_hash(secret), made_at=timezone.now())
    record_append(side=by.owner_side, kind="feed.made", payload={"feed": feed.id, "by": by.id})
    return secret


@transaction.atomic
def feed_end(*, by: User) -> None:
    """End an account's feed: its address opens nothing any longer."""
    _end(by)


def _end(by: User) -> None:
    for feed in Feed.objects.select_for_update().filter(user=by, ended_at=None):
        feed.ended_at = timezone.now()
        feed.save(update_fields=["ended_at"])
        record_append(side=by.owner_side, kind="feed.ended", payload={"feed": feed.id, "by": by.id})


def feed_reader(secret: str) -> User | None:
    """Return the account whose feed a secret opens; None for any other, or if the account was closed."""
    feed = (
        Feed.objects.filter(secret_sha256=_hash(secret), ended_at=None, user__is_active=True)
        .select_related("user")
        .first()
    )
    if feed is None:
        return None
    now = timezone.now()
    if feed.last_read_at is None or now - feed.last_read_at > _READ_EVERY:
        Feed.objects.filter(pk=feed.pk).update(last_read_at=now)
    return feed.user


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
