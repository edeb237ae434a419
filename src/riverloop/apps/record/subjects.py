"""Finding leaves by what they are about, without slowing the sequencer down.

An index in random order costs a page of the disk for each leaf. So the newest leaves are looked through one by one, and
older ones are indexed in large parts, sorted, where many fall into the same page.
"""

from __future__ import annotations

from django.db import connection, transaction
from django.db.models import QuerySet

from riverloop.apps.record.models import Leaf, LeafSubject, LogState
from riverloop.apps.record.places import log_lock

PART = 50_000
"""Leaves that are indexed at once, and at most looked through: tens of milliseconds."""


def subjects_index(side: str) -> int:
    """Index the next part of a side's leaves if it is whole, and return how many leaves that were."""
    state = LogState.objects.filter(pk=side).first()
    if state is None or state.size - state.indexed_size < PART:
        return 0
    with transaction.atomic():
        log_lock(side)
        first = LogState.objects.values_list("indexed_size", flat=True).get(pk=side)
        with connection.cursor() as cursor:
            cursor.execute(_INSERT, [side, first, first + PART])
        LogState.objects.filter(pk=side).update(indexed_size=first + PART)
    return PART


def leaves_about(side: str, subjects: list[str]) -> QuerySet[Leaf]:
    """Return a side's leaves about any of some things, in their order."""
    named = [subject for subject in subjects if subject]
    first = LogState.objects.filter(pk=side).values_list("indexed_size", flat=True).first() or 0
    own = Leaf.objects.filter(owner_side=side)
    found = LeafSubject.objects.filter(owner_side=side, subject__in=named).values_list("index", flat=True)
    late = own.filter(index__gte=first, subject__in=named).values_list("index", flat=True)
    return own.filter(index__in=[*found, *late]).order_by("index")


_INSERT = f"""
    INSERT INTO {LeafSubject._meta.db_table} (owner_side, subject, "index")
    SELECT owner_side, subject, "index" FROM {Leaf._meta.db_table}
    WHERE owner_side = %s AND "index" >= %s AND "index" < %s AND subject <> '' ORDER BY subject
"""  # noqa: S608, SLF001 - names of our own columns; Django's own
