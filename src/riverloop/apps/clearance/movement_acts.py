"""What is done with a movement on pages: filed, stated anew, withdrawn, recorded as crossed, answered, objected to.

Each shows a form, keeps what was typed if something has to be mended, and leads back to the movement when it is done.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from riverloop.apps.clearance import outcomes, services, views
from riverloop.apps.clearance.asking import ask, fields_of
from riverloop.apps.clearance.declared import Declared, read_declared
from riverloop.apps.clearance.effect import why_not_yet
from riverloop.apps.clearance.explain import explain
from riverloop.apps.clearance.language import active_language
from riverloop.apps.clearance.models import Movement, Notice, Question
from riverloop.apps.clearance.movement_pages import movement_or_404, newest_of, reading_of, record_view, stored_of
from riverloop.apps.clearance.movement_parts import as_posted, head, notice_view, question_view, stated_of
from riverloop.apps.clearance.movement_words import outcome_word
from riverloop.apps.clearance.selectors import rulebook, zone
from riverloop.apps.clearance.typed import read_when, say
from riverloop.apps.parties.models import User
from riverloop.apps.parties.views import account_of
from riverloop.core.kernel.errors import InputError, RiverloopError
from riverloop.core.kernel.instants import time_zone
from riverloop.core.kernel.sides import origin
from riverloop.core.rules.decide import decide as decide_movement
from riverloop.core.rules.decisions import Decision
from riverloop.core.rules.facts import as_json

REFUSED, CONFLICT = 400, 409
FORMS = ["GET", "HEAD", "POST"]


# Stated anew -------------------------------------------------------------------------------------------------------


@never_cache
@require_http_methods(FORMS)
def restate(request: HttpRequest, movement_id: str) -> HttpResponse:
    """State facts of a movement anew, in the form in which they were declared."""
    found = _changeable(account_of(request), movement_id)
    if request.method != "POST":
        record_view(account_of(request), found, "clearance:movement_restate")
    stated, seen = stated_of(found)
    post = request.POST.copy() if request.method == "POST" else as_posted(found, stated)
    post["flow"], post["direction"], post["items"] = found.flow, found.direction, str(len(stated))
    try:
        declared = read_declared(post, zone(), rulebook().packs.dictionary, now=timezone.now())
    except InputError as mistake:
        return render(request, "clearance/start.html", views.start_context(say(mistake, _)), status=REFUSED)
    error = ""
    if "save" in request.POST and not declared.has_mistakes:
        try:
            _save(request, found, declared, stated, seen)
        except RiverloopError as refusal:
            error = say(refusal, _)
        else:
            return _done(found, "stated")
    return _restating(request, found, declared, error=error, seen=request.POST.get("seen", seen))


def _save(request: HttpRequest, found: Movement, declared: Declared, stated: list[dict[str, Any]], seen: str) -> None:
    services.movement_restate(
        by=account_of(request),
        movement=found,
        items=changed_items(declared, stated),
        crossing_at=declared.at,
        seen=request.POST.get("seen", seen),
    )


def changed_items(declared: Declared, stated: list[dict[str, Any]]) -> dict[int, dict[str, Any]]:
    """Return what is typed otherwise than it was stated, by place; None where it was taken back."""
    changes = {}
    for place, before in enumerate(stated):
        now = {name: as_json(value) for name, value in declared.items[place].values.items()}
        gone = {name: None for name in before if name not in now}
        other = {name: value for name, value in now.items() if before.get(name) != value}
        if gone or other:
            changes[place] = {**gone, **other}
    return changes


def _restating(request: HttpRequest, found: Movement, declared: Declared, *, error: str, seen: str) -> HttpResponse:
    decision = _decided(declared)
    asking = ask(declared, decision, rulebook(), zone(), active_language(), _)
    context = {
        **head(found),
        "declared": declared,
        "departure": zone().boundary.side(origin(declared.direction)),
        "hidden": [*declared.hidden(), ("seen", seen)],
        "seen": seen,
        "explained": explain(decision, zone(), active_language(), _, now=timezone.now()),
        "asking": asking,
        "most_items": len(declared.items),
        "items_fixed": True,
        "form_url": reverse("clearance:movement_restate", args=[found.id]),
        "error": error,
    }
    live = bool(getattr(request, "htmx", False))
    template = "clearance/live.html" if live else "clearance/movement_restate.html"
    return render(request, template, context, status=CONFLICT if error else 200)


def _decided(declared: Declared) -> Decision:
    return decide_movement(rulebook(), declared.movement(zone(), rulebook().packs.dictionary))


# Withdrawn, crossed ------------------------------------------------------------------------------------------------


@never_cache
@require_http_methods(FORMS)
def withdraw(request: HttpRequest, movement_id: str) -> HttpResponse:
    """Withdraw a movement, once it is said that one is sure."""
    user = account_of(request)
    found = _changeable(user, movement_id)
    error = ""
    if request.method == "POST" and "sure" not in request.POST:
        error = _("Tick the box first: a withdrawn movement cannot be taken up again.")
    elif request.method == "POST":
        try:
            services.movement_withdraw(by=user, movement=found)
        except RiverloopError as refusal:
            error = say(refusal, _)
        else:
            return redirect("clearance:movement", found.id)
    return _form(request, "clearance/movement_withdraw.html", found, error)


@never_cache
@require_http_methods(FORMS)
def cross(request: HttpRequest, movement_id: str) -> HttpResponse:
    """Record that a movement has crossed."""
    user = account_of(request)
    found = movement_or_404(user, movement_id)
    if not user.has_perm("clearance.cross_movement", found):
        raise PermissionDenied
    if found.withdrawn_at or found.crossed_at:
        return redirect("clearance:movement", found.id)
    clock = zone().side(found.owner_side).side.time_zone
    typed = request.POST.get("at", "")[:60]
    error = ""
    if request.method == "POST":
        try:
            services.movement_cross(by=user, movement=found, at=read_when(typed, clock))
        except RiverloopError as refusal:
            error = say(refusal, _)
        else:
            return redirect("clearance:movement", found.id)
    outcome = outcomes.outcome_of(found)
    context = {
        "symbol": outcome,
        "word": outcome_word(found, outcome, _),
        "cleared": outcome == "cleared",
        "pending": say(pending, _) if outcome == "cleared" and (pending := why_not_yet(found)) else "",
        "explained": stored_of(found, newest_of(found), reading_of(user, found)).explained,
        "at_typed": typed or f"{timezone.now().astimezone(time_zone(clock)):%Y-%m-%dT%H:%M}",
    }
    return _form(request, "clearance/movement_cross.html", found, error, context)


# Answered, objected to ---------------------------------------------------------------------------------------------


@never_cache
@require_http_methods(FORMS)
def answer(request: HttpRequest, movement_id: str, question_id: str) -> HttpResponse:
    """Answer what an authority asks, with the facts that it asks for."""
    user = account_of(request)
    found = _changeable(user, movement_id)
    question = get_object_or_404(Question, pk=question_id, movement=found)
    if question.answered_at or question.closed_at:
        return redirect("clearance:movement", found.id)
    record_view(user, found, "clearance:question_answer")
    declared = _answering(request, found, question)
    error = ""
    if "send" in request.POST and not declared.has_mistakes:
        facts = _stated_now(declared, stated_of(found)[0])
        try:
            services.question_answer(by=user, question=question, text=request.POST.get("text", ""), facts=facts)
        except RiverloopError as refusal:
            error = say(refusal, _)
        else:
            return _done(found, "answered")
    fields = fields_of(
        declared,
        question.facts,
        _decided(declared),
        rulebook=rulebook(),
        zone=zone(),
        language=active_language(),
        _=_,
    )
    asked = [(place, _("Item {number}").format(number=place + 1), each) for place, each in enumerate(fields) if each]
    context = {
        "question": question_view(question),
        "asked": asked,
        "typed": request.POST.get("text", ""),
    }
    return _form(
        request, "clearance/question_answer.html", found, error or (_mend() if declared.has_mistakes else ""), context
    )


def _stated_now(declared: Declared, before: list[dict[str, Any]]) -> dict[int, dict[str, Any]]:
    """Return what an answer states otherwise than it was stated, by place."""
    facts = {}
    for place, item in enumerate(declared.items):
        now = {name: as_json(value) for name, value in item.values.items()}
        other = {name: value for name, value in now.items() if before[place].get(name) != value}
        if other:
            facts[place] = other
    return facts


def _mend() -> str:
    return _("Something needs mending")


def _answering(request: HttpRequest, found: Movement, question: Question) -> Declared:
    """Return what was typed of the facts asked for; at first, what is stated of them."""
    stated, _seen = stated_of(found)
    words = rulebook().packs.dictionary
    papers = [words.documents[name] for name in question.facts if name in words.documents]
    wanted = {*question.facts, *(fact.name for paper in papers for fact in paper.facts())}
    post = as_posted(found, [{name: value for name, value in facts.items() if name in wanted} for facts in stated])
    if request.method == "POST":
        post["do"] = request.POST.get("do", "")
        for key in request.POST:
            if key.startswith("f-") and key.rpartition("-")[2] in wanted:
                post.setlist(key, request.POST.getlist(key))
    try:
        return read_declared(post, zone(), words, now=timezone.now())
    except InputError as error:
        raise Http404 from error


@never_cache
@require_http_methods(FORMS)
def remedy(request: HttpRequest, movement_id: str, notice_id: str) -> HttpResponse:
    """Ask for a refusal to be looked at again."""
    user = account_of(request)
    found = movement_or_404(user, movement_id)
    notice = get_object_or_404(Notice.objects.select_related("movement"), pk=notice_id, movement=found)
    if not user.has_perm("clearance.file_remedy", notice):
        raise Http404
    if notice.remedy_filed_at:
        return redirect("clearance:movement", found.id)
    typed, error = request.POST.get("text", ""), ""
    if request.method == "POST":
        try:
            services.remedy_file(by=user, notice=notice, text=typed)
        except RiverloopError as refusal:
            error = say(refusal, _)
        else:
            return _done(found, "objected")
    context = {"notice": notice_view(notice, applicant=True), "typed": typed}
    return _form(request, "clearance/remedy_file.html", found, error, context)


# Shared ------------------------------------------------------------------------------------------------------------


def _changeable(user: User, movement_id: str) -> Movement:
    """Return a movement that an account may change now; one that it only sees is not for it to change."""
    found = movement_or_404(user, movement_id)
    if not user.has_perm("clearance.change_movement", found):
        raise PermissionDenied
    return found


def _done(found: Movement, said: str) -> HttpResponse:
    """Lead back to a movement, which says what was done."""
    return redirect(f"{reverse('clearance:movement', args=[found.id])}?{urlencode({'said': said})}")


def _form(
    request: HttpRequest, template: str, found: Movement, error: str, context: Mapping[str, Any] | None = None
) -> HttpResponse:
    every = {**head(found), **(context or {}), "error": error}
    return render(request, template, every, status=CONFLICT if error else 200)
