"""How matters and obligations go when they have been kept long enough."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models.functions import Coalesce

from riverloop.apps.desk.models import Feed, Matter, Obligation
from riverloop.apps.parties import retention


@transaction.atomic
def matters_go(before: datetime, side: str) -> int:
    """Delete matters that were closed, with their steps, and obligations that were settled or due.

    What a remedy was sought against goes after the remedy.
    """
    closed = Matter.objects.filter(owner_side=side, closed_at__lt=before, remedies=None)
    part = list(closed.values_list("pk", flat=True)[: retention.BATCH])
    Matter.objects.filter(pk__in=part).delete()
    settled = Obligation.objects.annotate(last=Coalesce("done_at", "dropped_at", "due_at", "created_at"))
    rows = list(settled.filter(owner_side=side, last__lt=before).values_list("pk", flat=True)[: retention.BATCH])
    Obligation.objects.filter(pk__in=rows).delete()
    feeds = list(
        Feed.objects.filter(owner_side=side, ended_at__lt=before).values_list("pk", flat=True)[: retention.BATCH]
    )
    Feed.objects.filter(pk__in=feeds).delete()
    return len(part) + len(rows) + len(feeds)


retention.register("matters", matters_go)
