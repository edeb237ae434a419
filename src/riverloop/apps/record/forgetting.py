"""How payloads go when their time is over: the entry stays in the log for ever, and opens to nothing then."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from riverloop.apps.record.models import Leaf, LogState

_BATCH = 500  # leaves in one call, so that others can write in between


@transaction.atomic
def payloads_forget(before: datetime, side: str) -> int:
    """Erase payload and salt of a side's oldest leaves, and return how many: commitment and place stay.

    Without its salt a commitment is as good as random: nobody can try payloads on it any more.
    """
    state = LogState.objects.select_for_update().filter(pk=side).first()
    if state is None:
        return 0
    rows = Leaf.objects.filter(owner_side=side, index__gte=state.erased_size).order_by("index")
    end = state.erased_size
    for index, created_at in rows.values_list("index", "created_at")[:_BATCH]:
        if created_at >= before:
            break
        end = index + 1
    Leaf.objects.filter(owner_side=side, index__gte=state.erased_size, index__lt=end).update(payload="", salt=b"")
    LogState.objects.filter(pk=side).update(erased_size=end)
    return end - state.erased_size
