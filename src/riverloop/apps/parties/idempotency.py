"""A write that is asked for twice under one key happens once, and is answered alike.

A key is taken in a transaction of its own, so that a second request sees at once that a first one is under way. The
answer is kept in the transaction of what it answers: both are there, or neither.
"""

from __future__ import annotations

import contextlib
import re
from collections import deque
from dataclasses import dataclass
from datetime import timedelta

from django.db import Error as DatabaseTroubleError
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from riverloop.apps.parties.models import ApiToken, IdempotencyKey
from riverloop.apps.parties.words import N_
from riverloop.core.kernel.errors import ConflictError, InputError

KEPT = timedelta(hours=24)
ABANDONED = timedelta(seconds=40)
"""After this a request that never ended, as when its process was killed alone, is forgotten, if no node was started
before that. None waits as long for its turn."""
_FORM = re.compile(r"[\x21-\x7e]{1,100}")


@dataclass(frozen=True, slots=True)
class Asked:
    """What a program asks for, so that the same can be told from something else.

    Args:
        key: the program's own.
        request: method and path.
        body_sha256: of what was sent.
    """

    key: str
    request: str
    body_sha256: str

    def same_as(self, row: IdempotencyKey) -> bool:
        return (row.request, row.body_sha256) == (self.request, self.body_sha256)


def key_take(*, token: ApiToken, asked: Asked) -> IdempotencyKey:
    """Take a key, or return the row of whoever had it before: its ``status`` says which.

    Raises:
        InputError: no key, or one that was used for something else.
        ConflictError: the first request under this key is still under way.
    """
    if not _FORM.fullmatch(asked.key):
        raise InputError("api.key", N_("An Idempotency-Key has 1 to 100 visible ASCII characters. Use a new UUID."))
    _give_back()
    now = timezone.now()
    IdempotencyKey.objects.filter(token=token, key=asked.key, at__lt=now - KEPT).delete()
    IdempotencyKey.objects.filter(token=token, key=asked.key, status=None, at__lt=now - ABANDONED).delete()
    new = IdempotencyKey(
        owner_side=token.owner_side,
        token=token,
        key=asked.key,
        request=asked.request,
        body_sha256=asked.body_sha256,
        at=now,
    )
    try:
        with transaction.atomic():
            new.save(force_insert=True)
            return new
    except IntegrityError:
        row = IdempotencyKey.objects.filter(token=token, key=asked.key).first()
    except DatabaseTroubleError:  # it may be there all the same
        key_release(row=new)
        raise
    if row is not None and not asked.same_as(row):
        raise InputError(
            "api.key_reused", N_("This Idempotency-Key was used for another request. Use a new key for a new request.")
        )
    if row is None or row.status is None:
        raise ConflictError(
            "api.key_in_use", N_("A request with this Idempotency-Key is still being answered. Ask again in a second.")
        )
    return row


def key_settle(*, row: IdempotencyKey, status: int, answer: str) -> None:
    """Keep the answer, in the transaction of what it answers.

    Raises:
        ConflictError: it took so long that the key was given to another request; nothing may be kept then.
    """
    kept = IdempotencyKey.objects.filter(pk=row.pk, status=None).update(status=status, answer=answer)
    if not kept:
        raise ConflictError("api.key_lost", N_("This took too long, and was undone. Ask again."))


def keys_abandon() -> int:
    """Forget every request that is under way, and return how many: called before a node serves, when nothing is.

    If one were answered after all, its key would not be there to keep the answer, and what it did would be undone.
    """
    return IdempotencyKey.objects.filter(status=None).delete()[0]


def key_release(*, row: IdempotencyKey) -> None:
    """Give a key back, since nothing was done.

    If the database is away, that is made up for with the next write under a key in this process, or by ``ABANDONED``.
    """
    _owed.append(row.pk)
    held = connection.connection
    if _give_back() or connection.in_atomic_block:
        return
    if not connection.is_usable():
        connection.close()
    if connection.connection is not held:  # it was cut, and a new one may serve
        _give_back()


_owed: deque[str] = deque()
"""Keys of requests that ended in this process, and could not be given back."""


def _give_back() -> bool:
    """Give back the keys that are owed, in one attempt, and say whether the database took it.

    One whose request took effect after all has its answer, and stays. One whose end the database has not noticed yet
    is still locked: nobody waits for it, and it stays owed.
    """
    owed = tuple(_owed)
    if not owed:
        return True
    rows = IdempotencyKey.objects.filter(pk__in=owed, status=None)
    try:
        with transaction.atomic():
            free = list(rows.select_for_update(skip_locked=True).values_list("pk", flat=True))
            rows.filter(pk__in=free).delete()
            locked = set(rows.values_list("pk", flat=True))
    except DatabaseTroubleError:
        return False
    for key in owed:
        if key not in locked:
            with contextlib.suppress(ValueError):  # another thread was first
                _owed.remove(key)
    return True
