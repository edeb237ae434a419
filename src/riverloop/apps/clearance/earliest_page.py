"""When a filed movement may cross at the earliest, and by when each paper is to be asked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from riverloop.apps.clearance.earliest import explain_earliest, find
from riverloop.apps.clearance.language import active_language
from riverloop.apps.clearance.models import Movement as Filed
from riverloop.apps.clearance.movement_pages import reading_of, record_view
from riverloop.apps.clearance.providers import fill
from riverloop.apps.clearance.selectors import movements, rulebook, zone
from riverloop.apps.clearance.stated import subjects_of
from riverloop.apps.clearance.stored import Reading
from riverloop.apps.parties.views import account_of
from riverloop.core.rules.decisions import Movement, read_movement
from riverloop.core.rules.rulebook import Rulebook


@never_cache
@require_safe
def movement_earliest(request: HttpRequest, movement_id: str) -> HttpResponse:
    """Say when a filed movement may cross at the earliest, and by when each paper is to be asked for."""
    user = account_of(request)
    filed = get_object_or_404(movements(visible_to=user), pk=movement_id)
    book, here = rulebook(), zone()
    inputs = newest_inputs(filed)
    if inputs is None:
        raise Http404
    movement = as_read(inputs, filed, book, reading_of(user, filed))
    record_view(user, filed, "clearance:movement_earliest")
    view = None
    if filed.withdrawn_at is None and filed.crossed_at is None:
        now = timezone.now()
        found = find(book, movement, here, now=now, wanted=filed.crossing_at, control_point=filed.control_point)
        view = explain_earliest(
            found, movement, here, active_language(), _, packs=book.packs, control_point=filed.control_point
        )
    context = {"movement": filed, "earliest": view, "many_items": len(movement.items) > 1}
    return render(request, "clearance/movement_earliest.html", context)


def newest_inputs(filed: Filed) -> Mapping[str, Any] | None:
    """Return what the newest decision of the movement's own side was decided from."""
    decision = filed.decisions.filter(side=filed.owner_side).order_by("-number").first()
    return decision.inputs["movement"] if decision and decision.inputs else None


def as_read(raw: Mapping[str, Any], filed: Filed, book: Rulebook, reading: Reading) -> Movement:
    """Return a filed movement as the rules read it, without what officers found; of several people the own part."""
    (subject,) = subjects_of([filed])
    fill([subject])
    own = [item for item in subject.items if reading.items is None or item.place in reading.items]
    items = [subject.facts(item, own=False) for item in own]
    return read_movement({**raw, "items": items}, book.boundary, book.packs.dictionary)
