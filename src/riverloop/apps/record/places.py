"""Places in a side's log: one at a time gives them, and whoever asked is told of them in the same transaction."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

from django.db import connection

from riverloop.apps.record.models import Leaf

OnSequenced = Callable[[str, Sequence[Leaf]], object]

_told: dict[str, OnSequenced] = {}


def on_sequenced(kind: str, function: OnSequenced) -> None:
    """Have a function called for each batch with records of a kind, in the transaction in which they get their places.

    Args:
        kind: of the records, such as ``message.sent``.
        function: takes the side and the new leaves of that kind in their order. If it raises, nothing gets a place.
    """
    known = _told.setdefault(kind, function)
    if known is not function:
        raise RuntimeError(f'Two functions are told of "{kind}". Register one.')


def log_lock(side: str) -> None:
    """Make whoever else changes a side's log wait until this transaction ends."""
    _lock(f"log {side}")


def mirror_lock(side: str, of_side: str) -> None:
    """Make whoever else changes a mirror wait until this transaction ends."""
    _lock(f"mirror {side} {of_side}")


def _lock(name: str) -> None:
    """Wait for an advisory lock on PostgreSQL; on SQLite one transaction writes at a time anyway."""
    if connection.vendor == "postgresql":
        number = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], signed=True)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [number])


def tell(side: str, first: int) -> None:
    """Call what was registered for the kinds among the leaves from ``first`` on."""
    if not _told:
        return
    kinds = set(_told)
    new = list(Leaf.objects.filter(owner_side=side, index__gte=first, kind__in=kinds).order_by("index"))
    for kind in sorted(kinds & {leaf.kind for leaf in new}):
        _told[kind](side, [leaf for leaf in new if leaf.kind == kind])
