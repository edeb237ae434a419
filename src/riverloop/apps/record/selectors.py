"""Reads of the record. Who may read what, the apps that record it know."""

from __future__ import annotations

from django.db.models import QuerySet

from riverloop.apps.record.models import PendingRecord


def records_of(*, side: str, kind: str = "") -> QuerySet[PendingRecord]:
    """Return what awaits a side's log, oldest first.

    Args:
        side: whose log.
        kind: only records of this kind.
    """
    found = PendingRecord.objects.filter(owner_side=side).order_by("created_at", "id")
    return found.filter(kind=kind) if kind else found
