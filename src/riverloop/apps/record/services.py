"""Writes of the record."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone

from riverloop.apps.record.commitments import SALT_BYTES, commitment_of
from riverloop.apps.record.models import PendingRecord
from riverloop.apps.record.rows import rows_insert
from riverloop.core.kernel.canonical import canonical_json


def record_append(*, side: str, kind: str, payload: Mapping[str, Any]) -> PendingRecord:
    """Hand what happens to its side's log, in the transaction in which it happens: both are kept, or neither.

    Args:
        side: whose log it is for.
        kind: a dotted name, such as ``role.granted``.
        payload: JSON; ids rather than names, since it cannot be changed later.

    Raises:
        TransactionManagementError: no transaction is open, so the record could outlive what it is about.
        InputError: the payload has no canonical JSON form.
    """
    return records_append(side, [(kind, payload)])[0]


def records_append(side: str, entries: Iterable[tuple[str, Mapping[str, Any]]]) -> list[PendingRecord]:
    """Hand many things to a side's log at once; what holds of ``record_append`` holds of each.

    Args:
        side: whose log they are for.
        entries: kind and payload of each, in the order in which they happened.
    """
    given = list(entries)
    if not transaction.get_connection().in_atomic_block:
        kinds = ", ".join(dict.fromkeys(kind for kind, _ in given)) or "nothing"
        raise transaction.TransactionManagementError(
            f"{kinds} is recorded outside a transaction. Call record_append inside the atomic block of what it records."
        )
    now = timezone.now()
    return rows_insert(
        PendingRecord(owner_side=side, kind=kind, created_at=now, **_committed(payload)) for kind, payload in given
    )


def _committed(payload: Mapping[str, Any]) -> dict[str, Any]:
    canonical, salt = canonical_json(dict(payload)), secrets.token_bytes(SALT_BYTES)
    return {"payload": canonical.decode(), "salt": salt, "commitment": commitment_of(canonical, salt)}
