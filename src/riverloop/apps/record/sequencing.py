"""The sequencer: what happened gets its place in its side's log, in the order in which it arrived.

It takes *the rows that are present*, and never "those with a number above the last": on PostgreSQL a transaction that
began earlier may commit later, and its row would be passed over. Rows become leaves and stop being pending in one
transaction, so that a process that is killed leaves either.
"""

from __future__ import annotations

from django.db import connection, transaction

from riverloop.apps.record.folders import one_at_a_time
from riverloop.apps.record.models import Leaf, LogState, PendingRecord
from riverloop.apps.record.places import log_lock, tell
from riverloop.apps.record.places import on_sequenced as on_sequenced  # noqa: PLC0414 - where one looks for it
from riverloop.apps.record.restoring import check

LIMIT = 10_000  # rows in one transaction: on SQLite others wait for it


def sequence(side: str, limit: int = LIMIT) -> int:
    """Make leaves of what waits, and return how many; call it again while it returns ``limit``.

    Two at once take turns: on PostgreSQL by an advisory lock, on SQLite since one transaction writes at a time.

    Args:
        side: whose log.
        limit: most rows to take.

    Raises:
        RiverloopError: the database lacks or contradicts what was published, so that a place might be given twice.
    """
    if not PendingRecord.objects.filter(owner_side=side).exists():  # a look that lets others write
        return 0
    with one_at_a_time(side):
        check(side)
        return _sequence(side, limit)


def _sequence(side: str, limit: int) -> int:
    with transaction.atomic():
        log_lock(side)
        state, _ = LogState.objects.get_or_create(owner_side=side)
        taken = _move(side, state.size, limit)
        if taken:
            LogState.objects.filter(pk=side).update(size=state.size + taken)
            tell(side, state.size)
    return taken


def _move(side: str, first: int, limit: int) -> int:
    """Move the oldest rows that are present from pending to leaves, within the database."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(_POSTGRESQL, {"side": side, "first": first, "limit": limit})
            return int(cursor.rowcount)
        cursor.execute(_SQLITE_INSERT, {"side": side, "first": first, "limit": limit})
        taken = int(cursor.rowcount)
        if taken:
            cursor.execute(_SQLITE_DELETE, {"side": side, "limit": limit})
        return taken


_LEAF, _PENDING = Leaf._meta.db_table, PendingRecord._meta.db_table  # noqa: SLF001 - Django's own
_KEPT = "owner_side, kind, subject, payload, salt, commitment, created_at"
# `arrived` is PostgreSQL's own count of rows (migration 0002). One statement sees one state of the table: what it
# deletes it inserts, and what arrives meanwhile it does not see.
_POSTGRESQL = f"""
    WITH taken AS (
        DELETE FROM {_PENDING} WHERE ctid = ANY (ARRAY(
            SELECT ctid FROM {_PENDING} WHERE owner_side = %(side)s ORDER BY arrived LIMIT %(limit)s
        )) RETURNING arrived, id, {_KEPT}
    )
    INSERT INTO {_LEAF} (record, {_KEPT}, "index")
    SELECT id, {_KEPT}, %(first)s + row_number() OVER (ORDER BY arrived) - 1 FROM taken ORDER BY arrived
"""  # noqa: S608 - names of our own columns
# SQLite's transaction is IMMEDIATE: nothing arrives before it ends.
_PRESENT = f"FROM {_PENDING} WHERE owner_side = %(side)s ORDER BY rowid LIMIT %(limit)s"
_SQLITE_INSERT = f"""
    INSERT INTO {_LEAF} (record, {_KEPT}, "index")
    SELECT id, {_KEPT}, %(first)s + row_number() OVER (ORDER BY rowid) - 1 FROM (SELECT rowid, * {_PRESENT})
"""  # noqa: S608 - names of our own columns
_SQLITE_DELETE = f"DELETE FROM {_PENDING} WHERE rowid IN (SELECT rowid {_PRESENT})"  # noqa: S608 - the same
