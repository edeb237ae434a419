"""Mail: that something happened and where to read it, in the reader's language, and nothing more.

What waits for one reader goes in one mail, so that an import of five thousand movements fills nobody's mailbox.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from itertools import groupby
from typing import Any

import structlog
from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.utils import timezone
from django.utils.translation import gettext, override

from riverloop.apps.notices.backoff import mail_tried_again
from riverloop.apps.notices.models import Mail
from riverloop.apps.notices.outbox import claim
from riverloop.apps.notices.words import MAIL_CLOSING, MAIL_SUBJECT, MAIL_SUBJECT_MANY, MAIL_WORDS, OTHERWISE
from riverloop.apps.parties.models import User

_PATH = re.compile(r"/[A-Za-z0-9/_.-]*")  # a page by its ids: no query, and nobody's name
_MOST_LINES = 10
_logger: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(__name__)
_kinds = dict(MAIL_WORDS)


def mail_kind(kind: str, line: str) -> None:
    """Add a kind of mail.

    Args:
        kind: a dotted name.
        line: what happened, in one line marked for translation that tells nothing about anyone.
    """
    _kinds[kind] = line


def mail_queue(*, to: Iterable[User], kind: str, path: str) -> int:
    """Queue a mail to each account, in the transaction of what happened, and return how many.

    Whoever has the same mail waiting gets no second one; an account that was closed gets none.

    Args:
        to: whom.
        kind: what happened, as ``words.MAIL_WORDS`` or ``mail_kind`` has it.
        path: of the page to open, of ids alone; or empty.

    Raises:
        ValueError: the path might hold what a mail must not.
    """
    if path and not _PATH.fullmatch(path):
        raise ValueError("A mail's path is one of this site, made of ids, without a query.")
    readers = {user.pk: user for user in to if user.is_active}
    waiting = Mail.objects.filter(to__in=readers, kind=kind, path=path, state="queued").values_list("to_id", flat=True)
    for reader in waiting:
        readers.pop(reader, None)
    now = timezone.now()
    mails = [
        Mail(owner_side=user.owner_side, to=user, kind=kind, path=path, next_try_at=now, created_at=now)
        for user in readers.values()
    ]
    return len(Mail.objects.bulk_create(mails))


def mails_send(limit: int = 500) -> int:
    """Send the mails that are due, and return to how many readers."""
    mails = sorted(claim(Mail.objects.all(), "to", limit), key=lambda mail: (mail.to_id, mail.created_at, mail.id))
    if not mails:
        return 0
    readers = 0
    with get_connection() as backend:
        for _, group in groupby(mails, key=lambda mail: mail.to_id):
            readers += _send(list(group), backend)
    return readers


def _send(mails: list[Mail], backend: Any) -> bool:
    """Send one reader what waits for them."""
    now = timezone.now()
    reader = mails[0].to
    if not reader.is_active:
        _settle(mails, state="failed", at=None)
        return False
    message = _written(reader, mails)
    message.connection = backend
    try:
        message.send()
    except OSError as error:  # what smtplib raises is one, and its text may hold an address
        _logger.warning("a mail waits", error=type(error).__name__)
        _try_again(mails, now)
        return False
    _settle(mails, state="sent", at=now)
    return True


def _settle(mails: list[Mail], *, state: str, at: datetime | None) -> None:
    Mail.objects.filter(pk__in=[mail.pk for mail in mails]).update(state=state, sent_at=at)


def _try_again(mails: list[Mail], now: datetime) -> None:
    for mail in mails:
        mail.attempts += 1
        again = mail_tried_again(now, mail.attempts)
        mail.state, mail.next_try_at = ("queued", again) if again else ("failed", now)
    Mail.objects.bulk_update(mails, ["attempts", "state", "next_try_at"])


def _written(reader: User, mails: list[Mail]) -> EmailMessage:
    """Write a mail in its reader's language."""
    with override(reader.language):
        whats = list(dict.fromkeys(gettext(_kinds.get(mail.kind, OTHERWISE)) for mail in mails))
        subject = gettext(MAIL_SUBJECT).format(what=whats[0].rstrip(".。"))
        if len(mails) > 1:
            subject = gettext(MAIL_SUBJECT_MANY).format(count=len(mails))
        body = "\n\n".join([*_lines(mails), gettext(MAIL_CLOSING)])
    return EmailMessage(subject, body + "\n", to=[reader.email])


def _lines(mails: list[Mail]) -> list[str]:
    """Return a paragraph a kind: what happened, and the pages to open, each once."""
    lines = []
    by_kind = sorted(mails, key=lambda mail: mail.kind)
    for kind, group in groupby(by_kind, key=lambda mail: mail.kind):
        paths = list(dict.fromkeys(mail.path for mail in group if mail.path))
        shown = [f"{settings.RIVERLOOP_URL}{path}" for path in paths[:_MOST_LINES]]
        if len(paths) > _MOST_LINES:
            shown.append(f"(+ {len(paths) - _MOST_LINES})")
        lines.append("\n".join([gettext(_kinds.get(kind, OTHERWISE)), *shown]))
    return lines
