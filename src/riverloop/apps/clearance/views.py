"""Pages on which a movement is declared and decided. Facts travel in posted forms, never in an address."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.http import require_http_methods, require_POST

from riverloop.apps.clearance import law, sentences, services
from riverloop.apps.clearance.asking import ask
from riverloop.apps.clearance.declared import LONGEST_AT, MOST_ITEMS, Declared, default_at_typed, read_declared
from riverloop.apps.clearance.earliest import EarliestView, explain_earliest, find, stated_control_point
from riverloop.apps.clearance.explain import explain
from riverloop.apps.clearance.language import active_language
from riverloop.apps.clearance.selectors import is_stored, pack_texts, rulebook, zone
from riverloop.apps.clearance.typed import say
from riverloop.apps.parties.models import User
from riverloop.core.kernel.errors import InputError
from riverloop.core.kernel.sides import FLOWS
from riverloop.core.rules.decide import decide as decide_movement
from riverloop.core.rules.decisions import Decision
from riverloop.core.rules.facts import as_json

# Kept by nobody on the way; by the reader's own browser only, so that its back button shows the answers again.
_OWN_BROWSER_ONLY = cache_control(private=True, no_cache=True)


def start_context(error: str = "", typed: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Return what the form that begins a declaration shows, with what was typed into it."""
    kept = typed or {}
    here, language = zone(), active_language()
    directions = here.boundary.directions
    return {
        "flows": [(flow, _(sentences.FLOW_WORDS[flow])) for flow in FLOWS],
        "directions": [(one, sentences.direction_text(one, here, language, _)) for one in directions],
        "at_default": kept.get("at", "")[:LONGEST_AT] or default_at_typed(timezone.now(), directions[0], here),
        "flow_chosen": kept.get("flow", ""),
        "direction_chosen": kept.get("direction", ""),
        "start_error": error,
    }


@_OWN_BROWSER_ONLY
@require_http_methods(["GET", "HEAD", "POST"])
def decide(request: HttpRequest) -> HttpResponse:
    """Ask what can still change the outcome, with the outcome so far beside it."""
    if request.method != "POST":
        return render(request, "clearance/start.html", start_context())
    try:
        declared, decision = _decided(request)
    except InputError as error:
        return _refused(request, error)
    asking = ask(declared, decision, rulebook(), zone(), active_language(), _)
    context = {**_context(declared, decision), "asking": asking, "most_items": MOST_ITEMS}
    live = bool(getattr(request, "htmx", False))
    return render(request, "clearance/live.html" if live else "clearance/decide.html", context)


@_OWN_BROWSER_ONLY
@require_POST
def result(request: HttpRequest) -> HttpResponse:
    """Say what both sides' laws say, and why."""
    try:
        declared, decision = _decided(request)
    except InputError as error:
        return _refused(request, error)
    if declared.has_mistakes:
        return decide(request)
    stated = [
        [(law.label(name), law.said(name, as_json(value))) for name, value in item.values.items()]
        for item in declared.items
    ]
    context = {
        **_context(declared, decision),
        "stated": stated,
        "earliest": _earliest(decision),
        "may_file": _may_file(request),
    }
    return render(request, "clearance/result.html", context)


def _earliest(decision: Decision) -> EarliestView:
    """Reckon the earliest lawful crossing from now, whatever instant was decided for."""
    movement, here, now = decision.movement, zone(), timezone.now()
    point = stated_control_point(movement, here)
    found = find(rulebook(), movement, here, now=now, wanted=movement.crossing_at, control_point=point)
    return explain_earliest(found, movement, here, active_language(), _, packs=decision.packs, control_point=point)


@never_cache
@require_POST
def download(request: HttpRequest, what: str) -> HttpResponse:
    """Give the declaration, or the decision, as the JSON that ``riverloop decide`` reads and writes."""
    try:
        declared, decision = _decided(request)
    except InputError as error:
        return _refused(request, error)
    if declared.has_mistakes:  # a file without what could not be read would say less than was typed
        return decide(request)
    value = declared.as_raw() if what == "movement" else decision.as_json(conceal=True)
    text = json.dumps(value, ensure_ascii=False, indent=2) + "\n"
    response = HttpResponse(text, content_type="application/json; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{what}.json"'
    return response


def _may_file(request: HttpRequest) -> bool:
    return isinstance(request.user, User) and any(role.kind == "coordinator" for role in request.user.held_roles)


def _refused(request: HttpRequest, error: InputError) -> HttpResponse:
    return render(request, "clearance/start.html", start_context(say(error, _), request.POST), status=400)


def _decided(request: HttpRequest) -> tuple[Declared, Decision]:
    book = rulebook()
    post = request.POST.copy()
    if "again" in post:
        post["at"] = ""
    declared = read_declared(post, zone(), book.packs.dictionary, now=timezone.now())
    decision = decide_movement(book, declared.movement(zone(), book.packs.dictionary))
    if not is_stored(book.packs.sha256):
        services.pack_text_store(sha256=book.packs.sha256, files=pack_texts())
    return declared, decision


def _context(declared: Declared, decision: Decision) -> dict[str, Any]:
    here, language = zone(), active_language()
    return {
        "declared": declared,
        "hidden": list(declared.hidden()),
        "flow_title": _(sentences.FLOW_WORDS[declared.flow]),
        "direction_title": sentences.direction_text(declared.direction, here, language, _),
        "departure": here.boundary.side(declared.direction.split("-")[0]),
        "explained": explain(decision, here, language, _, now=timezone.now()),
        "packs": decision.packs.packs.values(),
        "packs_sha256": decision.packs.sha256,
    }
