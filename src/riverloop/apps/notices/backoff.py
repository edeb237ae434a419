"""How long to wait before trying again."""

from __future__ import annotations

from datetime import datetime, timedelta

_MESSAGE_SECONDS = (5, 30, 120, 600, 1_800, 3_600)
_MAIL_SECONDS = (30, 300, 1_800, 7_200, 21_600, 43_200, 86_400, 86_400)
_CALL_SECONDS = (5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)  # as Standard Webhooks has it: 3 days


def message_tried_again(now: datetime, attempts: int) -> datetime:
    """Return when a message is tried again after so many attempts: it never gives up, since a side must know."""
    return now + timedelta(seconds=_MESSAGE_SECONDS[min(attempts, len(_MESSAGE_SECONDS)) - 1])


def mail_tried_again(now: datetime, attempts: int) -> datetime | None:
    """Return when a mail is tried again after so many attempts, or None: after some three days it is given up."""
    return _next(now, attempts, _MAIL_SECONDS)


def call_tried_again(now: datetime, attempts: int) -> datetime | None:
    """Return when a webhook is called again after so many attempts, or None: after some three days it is given up."""
    return _next(now, attempts, _CALL_SECONDS)


def _next(now: datetime, attempts: int, seconds: tuple[int, ...]) -> datetime | None:
    return now + timedelta(seconds=seconds[attempts - 1]) if attempts <= len(seconds) else None
