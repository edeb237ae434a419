"""The page of one movement: its sentence, both sides' columns, what is stated, asked, told and to be done."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from riverloop.apps.clearance import law, outcomes, sentences
from riverloop.apps.clearance.deciding import latest_of, rulebook_of
from riverloop.apps.clearance.formats import instant_text
from riverloop.apps.clearance.language import active_language
from riverloop.apps.clearance.models import Item, Movement, Notice, Question, SideDecision
from riverloop.apps.clearance.movement_words import ASSERTED_WORDS, NOTICE_WORDS, shown_outcome
from riverloop.apps.clearance.selectors import facts_shown, movements, rulebook, timeline, zone
from riverloop.apps.clearance.stated import Asserted
from riverloop.apps.clearance.stored import Column, Reading, Stored, read_again, read_stored
from riverloop.apps.desk.models import Obligation
from riverloop.apps.documents.files_of import panel as papers_panel
from riverloop.apps.parties.models import Person, User
from riverloop.apps.parties.services import view_record
from riverloop.apps.parties.views import account_of

PURPOSES = {"coordinator": "own_staff", "officer": "case", "auditor": "audit"}
DAY_SECONDS = 86_400


@never_cache
@require_safe
def movement(request: HttpRequest, movement_id: str) -> HttpResponse:
    """Show one movement to whoever may see it, as far as they may."""
    user = account_of(request)
    found = movement_or_404(user, movement_id)
    reading = reading_of(user, found)
    items = list(Item.objects.filter(movement=found).select_related("person").order_by("place"))
    names = record_names(user, found, items, "clearance:movement")
    newest = newest_of(found)
    stored = stored_of(found, newest, reading)
    outcome = outcomes.outcome_of(found)
    questions, notices = questions_of(found, reading), notices_of(found, user, reading)
    context = {
        **head(found),
        "explained": stored.explained,
        "columns": [column_view(column) for column in stored.columns],
        "state": state_text(found),
        "symbol": shown_outcome(found, outcome),
        "filed_now": "filed" in request.GET,
        "people": list(names.values()) if found.flow == "person" else [],
        "items": [item_view(found, item, facts, names) for item, facts in facts_of(found, items, user)],
        "questions": questions,
        "notices": notices,
        "questions_open": any(not (one["answered_at"] or one["closed_at"]) for one in questions),
        "remedies_open": any(one["may_file"] for one in notices),
        "obligations": obligations_of(found) if reading.kind != "gate" else [],
        "timeline": [event_view(event) for event in timeline(found, user)],
        "papers": papers_panel(found.id, user) if reading.kind != "gate" else None,
        "versions": newest[found.owner_side].number if found.owner_side in newest else 0,
        "packs_sha256": newest[found.owner_side].packs_sha256 if found.owner_side in newest else "",
        "lists": any(role.kind in ("coordinator", "officer", "gate", "auditor") for role in user.held_roles),
        "is_holder": any(role.kind == "holder" for role in user.held_roles),
        "earliest_url": _earliest(found, reading),
        **acts(user, found),
    }
    return render(request, "clearance/movement.html", context)


def movement_or_404(user: User, movement_id: str) -> Movement:
    """Return a movement that an account may see; to anyone else it is not there."""
    return get_object_or_404(movements(visible_to=user).select_related("organisation"), pk=movement_id)


def reading_of(user: User, found: Movement) -> Reading:
    """Return as whom an account reads a movement: the nearest to it of what the account is."""
    roles = user.held_roles
    if any(role.kind == "coordinator" and role.organisation_id == found.organisation_id for role in roles):
        return Reading("applicant")
    people = {role.person_id for role in roles if role.kind == "holder"}
    if people and Item.objects.filter(movement=found, person__in=people).exists():
        return Reading("applicant")
    kinds = {role.kind for role in roles if role.owner_side == found.owner_side}
    if "officer" in kinds:
        return Reading("officer", frozenset(role.authority for role in roles if role.kind == "officer"))
    return Reading("auditor" if "auditor" in kinds else "gate")


def newest_of(found: Movement) -> dict[str, SideDecision]:
    """Return the newest decision of each side that is held of a movement."""
    both = (latest_of([found.id], side.id).get(found.id) for side in zone().sides)
    return {decided.side: decided for decided in both if decided}


def stored_of(found: Movement, newest: Mapping[str, SideDecision], reading: Reading) -> Stored:
    """Return a movement laid out in the language of the page; of one whose facts are erased, outcomes alone."""
    own = newest.get(found.owner_side)
    book, inputs = rulebook(), {}
    if own is not None and own.inputs:
        book, inputs = rulebook_of(own.packs_sha256, tuple(own.inputs["assume"])), own.inputs
    else:
        at = (found.crossed_at or found.crossing_at).isoformat()
        inputs = {"movement": {"flow": found.flow, "direction": found.direction, "at": at, "facts": {}}}
        reading = Reading("gate")
    decision = read_again(inputs, book, found.owner_side)
    return read_stored(
        found, decision, newest, reading, _, zone=zone(), language=active_language(), now=timezone.now()
    )


def head(found: Movement) -> dict[str, Any]:
    """Return what the head of every page of a movement shows."""
    language, here = active_language(), zone()
    point = here.control_point(found.control_point).title if found.control_point else None
    return {
        "movement": found,
        "flow_title": _(sentences.FLOW_WORDS[found.flow]),
        "direction_title": sentences.direction_text(found.direction, here, language, _),
        "control_point": sentences.own(point, language) if point else "",
        "organisation": found.organisation.shown_name if found.organisation else "",
    }


def state_text(found: Movement) -> str:
    """Return that a movement has crossed or was withdrawn, and when; or nothing."""
    clock = zone().side(found.owner_side).side.time_zone
    if found.withdrawn_at:
        return _("Withdrawn on {instant}.").format(instant=instant_text(found.withdrawn_at, active_language(), clock))
    if found.crossed_at:
        return _("Crossed on {instant}.").format(instant=instant_text(found.crossed_at, active_language(), clock))
    return ""


def record_names(user: User, found: Movement, items: Sequence[Item], page: str) -> dict[str, str]:
    """Return the names of the people in a movement that an account may read, by item, having recorded the view."""
    people = {item.id: item.person for item in items if item.person is not None}
    purpose = _purpose(user, found)
    own = {role.person_id for role in user.held_roles if role.kind == "holder"}
    shown = {item: person for item, person in people.items() if purpose or person.id in own}
    others: list[Person] = [person for person in shown.values() if person.id not in own]
    if others:
        view_record(viewer=user, subjects=others, purpose=purpose, page=page, case=found.number)
    return {item: person.shown_name for item, person in shown.items()}


def _purpose(user: User, found: Movement) -> str:
    """Return what an account looks at the people of a movement for; nothing if it may not."""
    for kind, purpose in PURPOSES.items():
        for role in user.held_roles:
            fits = role.organisation_id == found.organisation_id if kind == "coordinator" else True
            if role.kind == kind and role.owner_side == found.owner_side and fits:
                return purpose
    return ""


def facts_of(found: Movement, items: Sequence[Item], user: User) -> Iterable[tuple[Item, Mapping[str, Asserted]]]:
    """Return each item with the facts of it that an account may see."""
    shown = facts_shown(found, user)
    return [(item, shown.get(item.id, {})) for item in items]


def item_view(
    found: Movement, item: Item, facts: Mapping[str, Asserted], names: Mapping[str, str]
) -> dict[str, Any]:
    """Return an item with its facts in words, in the order in which they are asked."""
    words = rulebook().packs.dictionary
    known = words.in_order(name for name in facts if name in words.facts)
    return {
        "place": item.place,
        "person": names.get(item.id, ""),
        "facts": [
            {
                "label": law.label(name),
                "value": law.said(name, facts[name].value),
                "who": _who(facts[name]),
                "at": facts[name].at,
                "number": facts[name].number,
            }
            for name in known
        ],
    }


def _who(fact: Asserted) -> str:
    if fact.authority:
        return authority_text(fact.authority)
    return _(ASSERTED_WORDS.get(fact.asserted_as, fact.asserted_as))


def authority_text(name: str) -> str:
    """Return what an authority is called."""
    return sentences.authority_title(name, zone(), active_language(), _)


def column_view(column: Column) -> dict[str, Any]:
    """Return a side's column with a line that says where its reasons come from."""
    clock = zone().boundary.side(column.view.id).time_zone
    when = instant_text(column.decided_at, active_language(), clock) if column.decided_at else ""
    notes = {
        "signed": _("Decided and signed on {instant}.").format(instant=when) if when else "",
        "public": _("The word is this side’s own answer. The reasons are worked out here from its public rules."),
        "": "",
    }
    if not column.answered:
        notes["public"] = _("Worked out here from the public rules, until this side answers.")
    return {"view": column.view, "note": notes[column.reasons], "alone": not column.reasons}


def questions_of(found: Movement, reading: Reading) -> list[dict[str, Any]]:
    """Return what authorities asked of whoever filed, the open ones first."""
    if reading.kind == "gate":
        return []
    asked = Question.objects.filter(movement=found).order_by("asked_at", "id")
    if reading.kind == "officer":
        asked = asked.filter(authority__in=reading.authorities)
    return sorted(map(question_view, asked), key=lambda one: bool(one["answered_at"] or one["closed_at"]))


def question_view(question: Question) -> dict[str, Any]:
    """Return a question in words."""
    return {
        "id": question.id,
        "accent": zone().side(question.side).accent,
        "authority": authority_text(question.authority),
        "text": question.text,
        "facts": [asked_label(name) for name in question.facts],
        "due_at": question.due_at,
        "left": left_text(question.due_at, timezone.now()),
        "answer": question.answer,
        "answered_at": question.answered_at,
        "closed_at": question.closed_at,
    }


def asked_label(name: str) -> str:
    """Return what a fact or a paper that is asked for is called."""
    paper = rulebook().packs.dictionary.documents.get(name)
    return sentences.own(paper.label, active_language()) if paper else law.label(name)


def left_text(until: datetime, now: datetime) -> str:
    """Return how long is left, in whole days; or that it is over."""
    seconds = (until - now).total_seconds()
    if seconds < 0:
        return _("That is past.")
    days = int(seconds // DAY_SECONDS)
    if days == 0:
        return _("Less than a day is left.")
    return ngettext("{count} day is left.", "{count} days are left.", days).format(count=days)


def notices_of(found: Movement, user: User, reading: Reading) -> list[dict[str, Any]]:
    """Return what authorities told whoever filed, newest first."""
    if reading.kind == "gate":
        return []
    told = Notice.objects.filter(movement=found).order_by("-at", "id")
    if reading.kind == "officer":
        told = told.filter(authority__in=reading.authorities)
    return [notice_view(notice, user, applicant=reading.kind == "applicant") for notice in told]


def notice_view(notice: Notice, user: User, *, applicant: bool) -> dict[str, Any]:
    """Return a notice in words, with the remedy and its clock."""
    now = timezone.now()
    over = notice.remedy_until is not None and notice.remedy_until < now
    open_still = bool(notice.remedy_body) and notice.remedy_filed_at is None and not over
    return {
        "id": notice.id,
        "movement": notice.movement,
        "accent": zone().side(notice.side).accent,
        "title": _(NOTICE_WORDS.get(notice.act, notice.act)),
        "authority": authority_text(notice.authority),
        "reason": notice.reason,
        "at": notice.at,
        "remedy_body": authority_text(notice.remedy_body) if notice.remedy_body else "",
        "until": notice.remedy_until,
        "left": left_text(notice.remedy_until, now) if notice.remedy_until else "",
        "filed_at": notice.remedy_filed_at,
        "may_file": applicant and open_still and user.has_perm("clearance.file_remedy", notice),
    }


def obligations_of(found: Movement) -> list[dict[str, Any]]:
    """Return what both laws want done about a movement, soonest first."""
    kept = Obligation.objects.filter(subject=found.id, owner_side=found.owner_side, dropped_at=None)
    return [obligation_view(one) for one in kept.order_by("due_at", "id")]


def obligation_view(one: Obligation) -> dict[str, Any]:
    """Return a duty in words."""
    language, here = active_language(), zone()
    words, clock = rulebook().packs.dictionary, here.boundary.side(one.law_side).time_zone
    due = one.due_on or one.due_at
    return {
        "id": one.id,
        "accent": here.side(one.law_side).accent,
        "symbol": "cleared" if one.done_at else "incomplete",
        "act": sentences.own(words.acts[one.act].label, language) if one.act in words.acts else one.act,
        "done": one.done_at is not None,
        "due": sentences.due_text(
            due, "crossing", provisional=one.provisional, zone_name=clock, words=words, language=language, _=_
        ),
        "side": sentences.own(here.side(one.law_side).title, language),
    }


def event_view(event: Any) -> dict[str, Any]:
    """Return a line of the timeline with the colour of its side."""
    accent = zone().side(event.side).accent if event.side else 0
    return {"accent": accent, "title": event.title, "text": event.text, "at": event.at, "who": event.who}


def acts(user: User, found: Movement) -> dict[str, Any]:
    """Return what an account may do with a movement now."""
    open_still = found.withdrawn_at is None and found.crossed_at is None and found.erased_at is None
    return {
        "may_change": open_still and user.has_perm("clearance.change_movement", found),
        "may_cross": open_still and user.has_perm("clearance.cross_movement", found),
    }


def _earliest(found: Movement, reading: Reading) -> str:
    if reading.kind != "applicant" or found.withdrawn_at or found.crossed_at:
        return ""
    try:
        return reverse("clearance:movement_earliest", args=[found.id])
    except NoReverseMatch:
        return ""
