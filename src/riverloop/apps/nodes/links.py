"""Whether the other side's node is reached: kept where the pages read it, and asked before it is called again.

A node that does not answer is tried again after a second, then further apart, but at least every half minute: what
waits goes within a minute of the link's return, however long it was cut.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog
from django.utils import timezone

from riverloop.apps.nodes.models import Link, error_as_json, error_kept
from riverloop.core.kernel.errors import RiverloopError

LONGEST_PAUSE_SECONDS = 30
_PAUSE_SECONDS = (1, 2, 5, 10, 20, LONGEST_PAUSE_SECONDS)
_WRITTEN_EVERY = timedelta(seconds=30)
_CALLED = ["up", "since", "attempts", "next_try_at", "trouble"]  # what the worker writes; the listener writes the rest

_logger: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(__name__)


def link_of(side: str) -> Link | None:
    """Return how the link from a side that lives here stands; None if it was never tried."""
    return Link.objects.filter(owner_side=side).first()


def link_code(side: str) -> str:
    """Return why the other node is not reached, as a code such as ``nodes.unreachable``; empty if it is."""
    link = link_of(side)
    return "" if link is None or link.up or not link.trouble else error_kept(link.trouble).code


def why_not_now(side: str, *, now: datetime | None = None) -> RiverloopError | None:
    """Return why the other node is not to be called yet, or None if it may be.

    Args:
        side: who would call.
        now: the present instant without it.
    """
    link = link_of(side)
    if link is None or link.up or link.next_try_at is None:
        return None
    now = now or timezone.now()
    # A clock that was put back makes the next try no later than the longest pause.
    if link.next_try_at <= now or link.next_try_at > now + timedelta(seconds=2 * LONGEST_PAUSE_SECONDS):
        return None
    return error_kept(link.trouble)


def link_answered(side: str, other: str) -> None:
    """Write down that the other node answered."""
    now = timezone.now()
    link = _link(side, other, now)
    if link.up and link.answered_at is not None and timedelta() <= now - link.answered_at < _WRITTEN_EVERY:
        return
    if not link.up:
        link.up, link.since, link.attempts, link.next_try_at, link.trouble = True, now, 0, None, ""
        _logger.warning("the link to the other side is up", side=other)
    link.answered_at = now
    link.save(update_fields=[*_CALLED, "answered_at"])


def link_failed(side: str, other: str, error: RiverloopError) -> None:
    """Write down that the other node was not reached, and when to try again."""
    now = timezone.now()
    link = _link(side, other, now)
    if link.up or not link.trouble:
        link.up, link.since, link.attempts = False, now, 0
    kept = error_as_json(error)
    if kept != link.trouble:
        _logger.error("the link to the other side is down", side=other, why=error)
    pause = _PAUSE_SECONDS[min(link.attempts, len(_PAUSE_SECONDS) - 1)]
    link.attempts += 1
    link.next_try_at, link.trouble = now + timedelta(seconds=pause), kept
    link.save(update_fields=_CALLED)


def link_heard(side: str, other: str) -> None:
    """Write down that the other node called, and let what waits for it go at once."""
    now = timezone.now()
    link = _link(side, other, now)
    if link.heard_at is not None and timedelta() <= now - link.heard_at < _WRITTEN_EVERY and link.next_try_at is None:
        return
    link.heard_at, link.next_try_at = now, None
    link.save(update_fields=["heard_at", "next_try_at"])


def link_refused(side: str, other: str, error: RiverloopError) -> None:
    """Write down what was refused of something that called itself the other node, or came from it."""
    kept, now = error_as_json(error), timezone.now()
    link = _link(side, other, now)
    if kept == link.refused and link.refused_at is not None and timedelta() <= now - link.refused_at < _WRITTEN_EVERY:
        return
    _logger.error("something of the other side was refused", side=other, why=error)
    link.refused, link.refused_at = kept, now
    link.save(update_fields=["refused", "refused_at"])


def _link(side: str, other: str, now: datetime) -> Link:
    link, _ = Link.objects.get_or_create(owner_side=side, side=other, defaults={"since": now})
    return link
