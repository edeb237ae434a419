"""Parts of a movement in the words of the page's language: its head, items, columns, questions, notices, duties."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from riverloop.apps.clearance import law, sentences
from riverloop.apps.clearance.formats import instant_text
from riverloop.apps.clearance.language import active_language
from riverloop.apps.clearance.models import Item, Movement, Notice, Question
from riverloop.apps.clearance.movement_words import ASSERTED_WORDS, NOTICE_WORDS, act_told
from riverloop.apps.clearance.selectors import Event, rulebook, zone
from riverloop.apps.clearance.stated import APPLICANT, Asserted, subjects_of
from riverloop.apps.clearance.steps import stated_mark
from riverloop.apps.clearance.stored import Column
from riverloop.apps.clearance.typed import as_typed
from riverloop.apps.desk.models import Obligation
from riverloop.core.kernel.instants import time_zone
from riverloop.core.kernel.sides import origin

DAY_SECONDS = 86_400


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


def item_view(item: Item, facts: Mapping[str, Asserted], names: Mapping[str, str]) -> dict[str, Any]:
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
        "public": _("The word is this side's own answer. The reasons are worked out here from its public rules."),
        "": "",
    }
    if not column.answered:
        notes["public"] = _("Worked out here from the public rules, until this side answers.")
    return {"view": column.view, "note": notes[column.reasons], "alone": not column.reasons}


def question_view(question: Question) -> dict[str, Any]:
    """Return a question in words."""
    return {
        "id": question.id,
        "number": 0 if question.place is None else question.place + 1,
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


def notice_view(notice: Notice, *, applicant: bool) -> dict[str, Any]:
    """Return a notice in words, with the remedy and its clock.

    Args:
        notice: what is told.
        applicant: whether it is told to whoever reads it.
    """
    now = timezone.now()
    over = notice.remedy_until is not None and notice.remedy_until < now
    open_still = bool(notice.remedy_body) and notice.remedy_filed_at is None and not over
    return {
        "id": notice.id,
        "number": 0 if notice.place is None else notice.place + 1,
        "movement": notice.movement,
        "accent": zone().side(notice.side).accent,
        "title": _(NOTICE_WORDS.get(act_told(notice), notice.act)),
        "authority": authority_text(notice.authority),
        "reason": notice.reason,
        "at": notice.at,
        "remedy_body": authority_text(notice.remedy_body) if notice.remedy_body else "",
        "until": notice.remedy_until,
        "left": left_text(notice.remedy_until, now) if notice.remedy_until else "",
        "filed_at": notice.remedy_filed_at,
        "may_file": applicant and open_still,
    }


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


def event_view(event: Event) -> dict[str, Any]:
    """Return a line of the timeline with the colour of its side."""
    accent = zone().side(event.side).accent if event.side else 0
    title = _("Decided: {outcome}").format(outcome=event.title) if event.kind == "decided" else event.title
    return {"accent": accent, "title": title, "text": event.text, "at": event.at, "who": event.who}


def stated_of(found: Movement) -> tuple[list[dict[str, Any]], str]:
    """Return what the applicant states of each item now, and a mark that changes when anything is stated."""
    (subject,) = subjects_of([found])
    stated = []
    for item in subject.items:
        held: dict[str, Any] = {}
        for statement in subject.statements.get(item.id, ()):
            if statement.asserted_as == APPLICANT:
                held.update(statement.facts)
        stated.append({name: value for name, value in held.items() if value is not None})
    return stated, stated_mark(subject, APPLICANT)


def as_posted(found: Movement, stated: list[dict[str, Any]]) -> QueryDict:
    """Return what is stated of a movement as the form would post it."""
    words = rulebook().packs.dictionary
    post = QueryDict(mutable=True)
    local = found.crossing_at.astimezone(time_zone(zone().boundary.side(origin(found.direction)).time_zone))
    post.update({"flow": found.flow, "direction": found.direction, "at": f"{local:%Y-%m-%dT%H:%M}"})
    post["items"] = str(len(stated))
    for place, facts in enumerate(stated):
        for name, value in facts.items():
            if name in words.facts:
                post.setlist(f"f-{place}-{name}", as_typed(words.facts[name].read(value)))
    return post
