"""The page on which an officer states what they found of an item: a form of the facts that their authority may hold."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from riverloop.apps.clearance import law, services
from riverloop.apps.clearance.asking import Question, fields_of
from riverloop.apps.clearance.declared import Declared
from riverloop.apps.clearance.declared import Item as Typed
from riverloop.apps.clearance.language import active_language
from riverloop.apps.clearance.models import Item, Movement
from riverloop.apps.clearance.movement_pages import findable, movement_or_404, record_names
from riverloop.apps.clearance.movement_parts import head
from riverloop.apps.clearance.selectors import facts_shown, rulebook, zone
from riverloop.apps.clearance.stated import OFFICER, Asserted, subjects_of
from riverloop.apps.clearance.steps import LONGEST_REASON, stated_mark
from riverloop.apps.clearance.typed import as_typed, read_typed, say
from riverloop.apps.desk.selectors import matters
from riverloop.apps.parties.models import User
from riverloop.apps.parties.views import account_of
from riverloop.apps.parties.words import N_
from riverloop.core.kernel.errors import InputError, RiverloopError
from riverloop.core.rules.decide import decide
from riverloop.core.rules.facts import as_json

_ANYBODYS = ("applicant", "register", "computed", OFFICER)  # sources of facts that an officer may find to be otherwise
_REFUSED, _CONFLICT = 400, 409
_PLACE = re.compile(r"[1-9]\d{0,3}", re.ASCII)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def findings(request: HttpRequest, movement_id: str) -> HttpResponse:
    """State what an officer found of one item; nothing of it leaves this side."""
    user = account_of(request)
    found = movement_or_404(user, movement_id)
    names = findable(user, found)
    if not names:
        raise PermissionDenied
    asked = request.POST if request.method == "POST" else request.GET
    back = _back(user, found, asked.get("matter", ""))
    if found.withdrawn_at or found.crossed_at or found.erased_at:
        return back
    (subject,) = subjects_of([found])
    place = _place(asked.get("item", ""), len(subject.items))
    before = {name: one for name, one in subject.officers_facts(subject.items[place]).items() if name in names}
    seen = stated_mark(subject, OFFICER)
    typed = _typed(request, place, names) if request.method == "POST" else _as_typed(before)
    reason, error, status = request.POST.get("reason", ""), "", 200
    if "save" in request.POST and not typed.errors:
        try:
            _save(user, found, place, typed=typed, before=before, reason=reason, seen=request.POST.get("seen", seen))
        except RiverloopError as refusal:
            error, status = say(refusal, _), _REFUSED if isinstance(refusal, InputError) else _CONFLICT
        else:
            return back
    if typed.errors:
        error, status = _("Something needs mending"), _REFUSED
    context = {
        **head(found),
        **_form(user, found, subject.items[place], names, typed),
        "item": {"place": place},
        "number": place + 1,
        "count": len(subject.items),
        "seen": request.POST.get("seen", seen),
        "matter": asked.get("matter", "")[:26],
        "reason": reason,
        "longest": LONGEST_REASON,
        "error": error,
    }
    return render(request, "clearance/movement_findings.html", context, status=status)


def _save(
    user: User,
    found: Movement,
    place: int,
    *,
    typed: Typed,
    before: Mapping[str, Any],
    reason: str,
    seen: str,
) -> None:
    if not reason.strip():
        raise InputError("clearance.no_reason", N_("Say how you found it: others of your authority rest on it."))
    now = {name: as_json(value) for name, value in typed.values.items()}
    facts = {name: value for name, value in now.items() if before.get(name) != value}
    facts |= {name: None for name in before if name not in now}
    services.officer_state(by=user, movement=found, place=place, facts=facts, reason=reason, seen=seen)


def _back(user: User, found: Movement, matter: str) -> HttpResponse:
    """Lead back to the matter from which one came, or to the movement."""
    if matter and matters(visible_to=user).filter(pk=matter, subject=found.pk).exists():
        return redirect("desk:matter", matter)
    return redirect("clearance:movement", found.pk)


def _place(text: str, count: int) -> int:
    """Return the place of the item that is asked for by its number; the first if there is none of it."""
    number = int(text) if _PLACE.fullmatch(text) else 1
    return number - 1 if number <= count else 0


def _as_typed(facts: Mapping[str, Any]) -> Typed:
    """Return what officers stated before, as the form would have it typed."""
    words = rulebook().packs.dictionary.facts
    return Typed(typed={name: as_typed(words[name].read(value)) for name, value in facts.items()})


def _typed(request: HttpRequest, place: int, names: Iterable[str]) -> Typed:
    """Read what was posted of the facts that the officer may state; whatever else is posted is no field of theirs."""
    words, typed = rulebook().packs.dictionary.facts, Typed()
    forgotten = request.POST.get("do", "")
    for name in names:
        texts = [text[:200] for text in request.POST.getlist(f"f-{place}-{name}")[:200] if text.strip()]
        if not texts or forgotten == f"forget:{place}:{name}":
            continue
        typed.typed[name] = texts
        try:
            value = read_typed(words[name], texts)
        except InputError as error:
            typed.errors[name] = error
        else:
            if value is not None:
                typed.values[name] = value
    return typed


def _form(user: User, found: Movement, item: Item, names: list[str], typed: Typed) -> dict[str, Any]:
    """Return the fields: first those that are an officer's alone, stated or found; the others folded away."""
    words, shown = rulebook().packs.dictionary.facts, facts_shown(found, user).get(item.id, {})
    own = [one for one in names if words[one].source == OFFICER]
    first = [*own, *(one for one in names if one not in own and (one in shown or one in typed.typed))]
    people = record_names(user, found, [item], "clearance:movement_findings")
    questions = {question.name: question for question in _questions(found, item.place, names, typed)}
    for question in questions.values():
        question.help, question.from_register = _stated(question.name, shown) or question.help, False
    return {
        "person": people.get(item.id, ""),
        "questions": [questions[name] for name in first],
        "others": [questions[name] for name in names if name not in first],
    }


def _questions(found: Movement, place: int, names: list[str], typed: Typed) -> list[Question]:
    items = [Typed() for _number in range(place)] + [typed]
    declared = Declared(found.flow, found.direction, found.crossing_at, "", None, items)
    nothing = Declared(found.flow, found.direction, found.crossing_at, "", None, [Typed()])
    decision = decide(rulebook(), nothing.movement(zone(), rulebook().packs.dictionary))
    fields = fields_of(
        declared,
        names,
        decision,
        rulebook=rulebook(),
        zone=zone(),
        language=active_language(),
        _=_,
        sources=_ANYBODYS,
    )
    return fields[place]


def _stated(name: str, shown: Mapping[str, Asserted]) -> str:
    """Return what somebody else stated of a fact, in words; an officer needs no help for whoever files."""
    one = shown.get(name)
    if one is None or one.asserted_as == OFFICER:
        return ""
    return _("Stated: {value}").format(value=law.said(name, one.value))
