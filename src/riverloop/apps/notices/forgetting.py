"""How what this app keeps goes, once the zone file's table says so: messages, mails, calls of webhooks."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from riverloop.apps.notices.models import Delivery, Mail, Message
from riverloop.apps.parties import retention


def messages_go(before: datetime, side: str) -> int:
    """Delete messages that were settled; one that still waits stays, however old it is."""
    return _delete(Message.objects.filter(owner_side=side, settled_at__lt=before))


def mails_go(before: datetime, side: str) -> int:
    """Delete mails, sent or given up."""
    return _delete(Mail.objects.filter(owner_side=side, created_at__lt=before))


def deliveries_go(before: datetime, side: str) -> int:
    """Delete calls of webhooks, taken or given up."""
    return _delete(Delivery.objects.filter(owner_side=side, created_at__lt=before))


def _delete(rows: QuerySet[Any]) -> int:
    part = list(rows.values_list("pk", flat=True)[: retention.BATCH])
    return rows.filter(pk__in=part).delete()[0]


retention.register("messages", messages_go)
retention.register("mails", mails_go)
retention.register("deliveries", deliveries_go)
