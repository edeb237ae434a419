"""Taking what is due from an outbox, so that two workers never send the same."""

from __future__ import annotations

from datetime import timedelta
from typing import TypeVar

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from riverloop.apps.notices.models import Delivery, Mail

_CLAIM = timedelta(minutes=5)  # longer than a round of sending can last

Row = TypeVar("Row", Mail, Delivery)


def claim(rows: QuerySet[Row], related: str, limit: int) -> list[Row]:
    """Return what is due, oldest first, having put it off for others: a worker that dies leaves it due again.

    Args:
        rows: all mails, or all deliveries.
        related: what to read with each row.
        limit: how many at most.
    """
    now = timezone.now()
    due = rows.filter(state="queued", next_try_at__lte=now).order_by("next_try_at", "id")
    if not due.exists():  # a look that lets others write
        return []
    with transaction.atomic():
        taken = list(due.select_for_update(skip_locked=True, of=("self",)).select_related(related)[:limit])
        rows.filter(pk__in=[row.pk for row in taken]).update(next_try_at=now + _CLAIM)
    return taken
