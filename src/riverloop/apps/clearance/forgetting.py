"""How movements go when they are kept no longer: names and facts are erased, the commitments in the record stay."""

from __future__ import annotations

from datetime import datetime

from django.db.models import DateTimeField, F
from django.db.models.functions import Coalesce
from django.utils import timezone

from riverloop.apps.clearance.models import Item, Movement, Notice, Question, SideDecision, Statement
from riverloop.apps.parties import retention


def movements_go(before: datetime, side: str) -> int:
    """Erase what movements that ended before an instant say of anyone; that they were, and how decided, stays.

    A movement ends when it crosses or is withdrawn; one that did neither, on the day on which it was to cross.
    """
    over = Movement.objects.filter(owner_side=side, erased_at=None).annotate(
        over_at=Coalesce(F("crossed_at"), F("withdrawn_at"), F("crossing_at"), output_field=DateTimeField())
    )
    gone = list(over.filter(over_at__lt=before).order_by("pk").values_list("pk", flat=True)[: retention.BATCH])
    Statement.objects.filter(item__movement__in=gone).delete()
    Item.objects.filter(movement__in=gone).update(person=None)
    SideDecision.objects.filter(movement__in=gone).update(inputs={}, result={"missing_documents": [], "draws": {}})
    Question.objects.filter(movement__in=gone).update(text="", answer="", facts=[])
    Notice.objects.filter(movement__in=gone).update(reason="", remedy_text="")
    Movement.objects.filter(pk__in=gone).update(
        erased_at=timezone.now(), reference="", fingerprint="", filed_by=None, papers=[]
    )
    return len(gone)


retention.register("movements", movements_go)
