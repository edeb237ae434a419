"""Writes of the record."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db import DEFAULT_DB_ALIAS, transaction
from django.utils import timezone

from riverloop.apps.record.commitments import SALT_BYTES, commitment_of
from riverloop.apps.record.models import PendingRecord
from riverloop.apps.record.rows import lines_insert
from riverloop.core.kernel.canonical import canonical_json
from riverloop.core.kernel.ids import new_id

_MOST_SUBJECT = 26  # characters: an id
_COLUMNS = ("id", "owner_side", "kind", "subject", "payload", "salt", "commitment", "created_at")

Entry = tuple[str, Mapping[str, Any]] | tuple[str, Mapping[str, Any], str]


def record_append(*, side: str, kind: str, payload: Mapping[str, Any], subject: str = "") -> PendingRecord:
    """Hand what happens to its side's log, in the transaction in which it happens: both are kept, or neither.

    Args:
        side: whose log it is for.
        kind: a dotted name, such as ``role.granted``.
        payload: JSON; ids rather than names, since it cannot be changed later.
        subject: id of what it is about, to find it by; without it the payload's ``movement`` or ``subject``.

    Raises:
        TransactionManagementError: no transaction is open, so the record could outlive what it is about.
        InputError: the payload has no canonical JSON form.
    """
    now = timezone.now()
    (line,) = _append(side, [(kind, payload, subject)], now)
    kept = PendingRecord(**dict(zip(_COLUMNS, line, strict=True)) | {"created_at": now})
    kept._state.adding, kept._state.db = False, DEFAULT_DB_ALIAS  # noqa: SLF001 - Django's own, public in all but name
    return kept


def records_append(side: str, entries: Iterable[Entry]) -> list[bytes]:
    """Hand many things to a side's log at once; what holds of ``record_append`` holds of each.

    Args:
        side: whose log they are for.
        entries: kind and payload of each, and subject if there is one, in the order in which they happened.

    Returns:
        the salt of each, by which somebody who knows the payload finds its commitment.
    """
    return [line[_COLUMNS.index("salt")] for line in _append(side, list(entries), timezone.now())]


def _append(side: str, given: list[Entry], now: datetime) -> list[tuple[Any, ...]]:
    database = transaction.get_connection()
    if not database.in_atomic_block:
        kinds = ", ".join(dict.fromkeys(kind for kind, *_ in given)) or "nothing"
        raise transaction.TransactionManagementError(
            f"{kinds} is recorded outside a transaction. Call record_append inside the atomic block of what it records."
        )
    instant, salts = database.ops.adapt_datetimefield_value(now), secrets.token_bytes(SALT_BYTES * len(given))
    lines = []
    for place, (kind, payload, *subject) in enumerate(given):
        canonical, salt = canonical_json(dict(payload)), salts[place * SALT_BYTES : (place + 1) * SALT_BYTES]
        about = subject[0] if subject and subject[0] else _subject_of(payload)
        lines.append((new_id(), side, kind, about, canonical.decode(), salt, commitment_of(canonical, salt), instant))
    lines_insert(PendingRecord, _COLUMNS, lines)
    return lines


def _subject_of(payload: Mapping[str, Any]) -> str:
    for name in ("movement", "subject"):
        about = payload.get(name)
        if isinstance(about, str) and about:
            return about[:_MOST_SUBJECT]
    return ""
