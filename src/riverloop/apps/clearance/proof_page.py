"""The proof of a movement, for auditors of the side: every step that was recorded of it, opened, with its file."""

from __future__ import annotations

import json
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from riverloop.apps.clearance.models import Item, Movement
from riverloop.apps.clearance.movement_pages import movement_or_404, record_view
from riverloop.apps.clearance.movement_parts import head
from riverloop.apps.clearance.record_words import RECORD_WORDS
from riverloop.apps.parties.here import mistake_text
from riverloop.apps.parties.models import User
from riverloop.apps.parties.views import account_of
from riverloop.apps.record.models import Leaf, PendingRecord
from riverloop.apps.record.proving import proof_file
from riverloop.apps.record.selectors import leaf_at, log_state, records_about, state_of
from riverloop.apps.record.words import STATE_WORDS
from riverloop.core.kernel.errors import RiverloopError


@never_cache
@require_safe
def movement_proof(request: HttpRequest, movement_id: str) -> HttpResponse:
    """Show an auditor every step that this side recorded of a movement."""
    user, found = _audited(request, movement_id)
    record_view(user, found, "clearance:movement_proof")
    state = log_state(found.owner_side)
    records = records_about(side=found.owner_side, subjects=_subjects(found))
    context = {
        **head(found),
        "steps": [_step(one, state_of(one, state)) for one in records],
        "refusal": state.refusal_text(),
        "trouble": state.mirror_trouble_text(),
    }
    return render(request, "clearance/movement_proof.html", context)


@never_cache
@require_safe
def movement_proof_file(request: HttpRequest, movement_id: str, index: int) -> HttpResponse:
    """Give the proof of one step as a file that ``riverloop log check`` and any client of C2SP verify."""
    user, found = _audited(request, movement_id)
    leaf = leaf_at(side=found.owner_side, index=index)
    if leaf is None or leaf.subject not in _subjects(found):
        raise Http404
    record_view(user, found, "clearance:movement_proof_file")
    try:
        content = proof_file(leaf)
    except RiverloopError as error:
        return HttpResponse(mistake_text(error), status=409, content_type="text/plain; charset=utf-8")
    response = HttpResponse(content, content_type="application/json")
    response["Content-Disposition"] = f'attachment; filename="proof-{leaf.owner_side}-{leaf.index}.json"'
    return response


def _audited(request: HttpRequest, movement_id: str) -> tuple[User, Movement]:
    """Return who asks and the movement, if they audit the side whose log it is in."""
    user = account_of(request)
    found = movement_or_404(user, movement_id)
    if not any(role.kind == "auditor" and role.owner_side == found.owner_side for role in user.held_roles):
        raise PermissionDenied
    return user, found


def _subjects(found: Movement) -> list[str]:
    """Return what records about a movement name: it, its number that both sides share, and its items."""
    return [found.id, found.ref, *Item.objects.filter(movement=found).values_list("id", flat=True)]


def _step(record: Leaf | PendingRecord, state: str) -> dict[str, Any]:
    index = record.index if isinstance(record, Leaf) else None
    return {
        "kind": record.kind,
        "word": _(RECORD_WORDS[record.kind]) if record.kind in RECORD_WORDS else "",
        "at": record.created_at,
        "index": index,
        "state": STATE_WORDS[state],
        "proof": state != "pending",
        "payload": json.dumps(json.loads(record.payload), ensure_ascii=False, indent=1) if record.payload else "",
        "commitment": bytes(record.commitment).hex(),
        "opens": record.opens if record.payload else True,
    }
