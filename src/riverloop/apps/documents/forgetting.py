"""How files and permits go when they are kept no longer."""

from __future__ import annotations

from datetime import datetime

from django.db.models import DateTimeField, F, Q
from django.db.models.functions import Coalesce

from riverloop.apps.documents.models import Draw, File, Permit
from riverloop.apps.documents.services import files_forget
from riverloop.apps.parties import retention

_COUNTING = ("stated", "verified")


def files_go(before: datetime, side: str) -> int:
    """Erase files that were handed in before an instant, but for those on which a permit that counts rests."""
    old = File.objects.filter(owner_side=side, uploaded_at__lt=before, erased_at=None)
    return files_forget(old.exclude(permits__state__in=_COUNTING)[: retention.BATCH])


def permits_go(before: datetime, side: str) -> int:
    """Delete permits that expired, or were ended or rejected, before an instant, and what was drawn from them.

    One without a last day counts until it is ended. What was ended is dated by what happened to it last.
    """
    expired = Q(expires_on__lt=before.date())
    over = ~Q(state__in=_COUNTING) & Q(over_at__lt=before)
    old = Permit.objects.filter(owner_side=side).annotate(
        over_at=Coalesce(F("ended_at"), F("verified_at"), F("added_at"), output_field=DateTimeField())
    )
    gone = list(old.filter(expired | over).values_list("pk", flat=True)[: retention.BATCH])
    Draw.objects.filter(permit__in=gone).delete()
    Permit.objects.filter(pk__in=gone).delete()
    return len(gone)


retention.register("files", files_go)
retention.register("permits", permits_go)
