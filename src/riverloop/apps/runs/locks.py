"""Taking turns within a transaction, where the database lets two write at once."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from django.db import connection

_BUCKETS = 1_024  # no more locks than these for any number of names: PostgreSQL's table of locks is small


def take_turns(topic: str, names: Iterable[str] = ("",)) -> None:
    """Make whoever else takes turns at the same topic and names wait until this transaction ends.

    SQLite lets one transaction write at a time, so there everyone waits already.

    Args:
        topic: what is to be done by one at a time.
        names: of what; two of them may share a lock, which costs time and nothing else.
    """
    if connection.vendor != "postgresql":
        return
    first = int.from_bytes(hashlib.sha256(topic.encode()).digest()[:4], signed=True)
    seconds = sorted({int.from_bytes(hashlib.sha256(name.encode()).digest()[:4]) % _BUCKETS for name in names})
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, one) FROM unnest(%s::int[]) AS one", [first, seconds])
