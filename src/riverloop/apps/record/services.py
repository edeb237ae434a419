"""Writes of the record."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone

from riverloop.apps.record.commitments import SALT_BYTES, commitment_of
from riverloop.apps.record.models import PendingRecord
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
    if not transaction.get_connection().in_atomic_block:
        raise transaction.TransactionManagementError(
            f"{kind} is recorded outside a transaction. Call record_append inside the atomic block of what it records."
        )
    canonical, salt = canonical_json(dict(payload)), secrets.token_bytes(SALT_BYTES)
    return PendingRecord.objects.create(
        owner_side=side,
        kind=kind,
        payload=canonical.decode(),
        salt=salt,
        commitment=commitment_of(canonical, salt),
        created_at=timezone.now(),
    )
