"""The page of one movement: its sentence, both sides' columns, what is stated, asked, told and to be done."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from riverloop.apps.clearance import outcomes
from riverloop.apps.clearance.deciding import latest_of, rulebook_of
from riverloop.apps.clearance.language import active_language
from riverloop.apps.clearance.models import Item, Movement, Notice, Question, SideDecision
from riverloop.apps.clearance.movement_parts import (
    as_posted,
    column_view,
    event_view,
    head,
    item_view,
    notice_view,
    obligation_view,
    question_view,
    state_text,
    stated_of,
)
from riverloop.apps.clearance.movement_words import SAID, outcome_word, shown_outcome
from riverloop.apps.clearance.selectors import facts_shown, movements, rulebook, timeline, zone
from riverloop.apps.clearance.stated import Asserted
from riverloop.apps.clearance.stored import Reading, Stored, levels_of, levels_read, read_again, read_stored
from riverloop.apps.clearance.whose import (
    as_applicant,
    coordinated,
    crossings_concealed,
    facts_held_by,
    own_people,
)
from riverloop.apps.desk.models import Obligation
from riverloop.apps.desk.selectors import obligations_of
from riverloop.apps.documents.files_of import Panel
from riverloop.apps.documents.files_of import panel as papers_panel
from riverloop.apps.parties.models import Person, User
from riverloop.apps.parties.services import view_record
from riverloop.apps.parties.views import account_of

Said = TypeVar("Said", Question, Notice)
PURPOSES = {"coordinator": "own_staff", "officer": "case", "auditor": "audit"}


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
    questions, notices = questions_of(found, reading), notices_of(found, reading)
    context = {
        **head(found),
        "reference": found.reference if reading.kind == "applicant" else "",
        "explained": stored.explained,
        "together": together_text(found, outcome, reading),
        "columns": [column_view(column) for column in stored.columns],
        "is_applicant": reading.kind == "applicant",
        "state": state_text(found),
        "symbol": shown_outcome(found, outcome),
        "told": _(SAID[said]) if (said := request.GET.get("said", "")) in SAID else "",
        "people": list(names.values()) if found.flow == "person" else [],
        "items": _items(found, items, user, names, reading) if reading.kind != "gate" else [],
        "questions": questions,
        "notices": notices,
        "questions_open": any(not (one["answered_at"] or one["closed_at"]) for one in questions),
        "remedies_open": any(one["may_file"] for one in notices),
        "obligations": duties(user, found, reading) if reading.kind != "gate" else [],
        "timeline": [event_view(event) for event in timeline(found, user)],
        "papers": _papers(found, user) if reading.kind != "gate" else None,
        "versions": _versions(newest.get(found.owner_side), reading),
        "packs_sha256": newest[found.owner_side].packs_sha256 if found.owner_side in newest else "",
        "hidden": _like_it(found) if user.has_perm("clearance.change_movement", found) else [],
        "lists": any(role.kind in ("coordinator", "officer", "gate", "auditor") for role in user.held_roles),
        "may_prove": any(role.kind == "auditor" and role.owner_side == found.owner_side for role in user.held_roles),
        "is_holder": any(role.kind == "holder" for role in user.held_roles),
        "earliest_url": _earliest(found, reading),
        **acts(user, found),
    }
    return render(request, "clearance/movement.html", context)


def movement_or_404(user: User, movement_id: str) -> Movement:
    """Return a movement that an account may see; to anyone else it is not there."""
    found = get_object_or_404(movements(visible_to=user).select_related("organisation"), pk=movement_id)
    return crossings_concealed(user, [found])[0]


def reading_of(user: User, found: Movement) -> Reading:
    """Return as whom an account reads a movement: the nearest to it of what the account is."""
    applicant, roles = as_applicant(user, found), user.held_roles
    if applicant is not None:
        return Reading("applicant", items=applicant.items)
    kinds = {role.kind for role in roles if role.owner_side == found.owner_side}
    if "officer" in kinds:
        return Reading("officer", frozenset(role.authority for role in roles if role.kind == "officer"))
    return Reading("auditor" if "auditor" in kinds else "gate")


def newest_of(found: Movement) -> dict[str, SideDecision]:
    """Return the newest decision of each side that is held of a movement."""
    return newest_of_all([found])[found.id]


def newest_of_all(found: Sequence[Movement]) -> dict[str, dict[str, SideDecision]]:
    """Return the newest decision of each side, by the id of each movement."""
    newest: dict[str, dict[str, SideDecision]] = {movement.id: {} for movement in found}
    for side in zone().sides:
        for movement, decided in latest_of(list(newest), side.id).items():
            newest[movement][side.id] = decided
    for one in found:
        own = newest[one.id].get(one.owner_side)
        if one.crossing_concealed and own is not None and own.cause == "crossed":
            before = SideDecision.objects.filter(movement=one, side=own.side, number__lt=own.number)
            newest[one.id][own.side] = before.exclude(cause="crossed").order_by("-number").first() or own
    return newest


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
    decision = read_again(inputs, book, found.owner_side, reading)
    levels = levels_read(inputs, book, reading, decision, levels_of(found), rows=newest)
    return read_stored(
        found,
        decision,
        newest,
        reading,
        _,
        zone=zone(),
        language=active_language(),
        now=timezone.now(),
        levels=levels,
    )


def record_names(user: User, found: Movement, items: Sequence[Item], page: str) -> dict[str, str]:
    """Return the names of the people in a movement that an account may read, by item, having recorded the view."""
    people = {item.id: item.person for item in items if item.person is not None}
    own = own_people(user)
    crosses = any(person.id in own for person in people.values()) and found.organisation_id not in coordinated(user)
    purpose = "" if crosses else _purpose(user, found)  # who crosses with others reads of no colleague as an officer
    shown = {item: person for item, person in people.items() if purpose or person.id in own}
    others: list[Person] = [person for person in shown.values() if person.id not in own]
    if others:
        view_record(viewer=user, subjects=others, purpose=purpose, page=page, case=found.number)
    return {item: person.shown_name for item, person in shown.items()}


def record_view(user: User, found: Movement, page: str) -> None:
    """Record that what is held of the people in a movement is about to be shown, though not their names."""
    record_names(user, found, list(Item.objects.filter(movement=found).select_related("person")), page)


def _purpose(user: User, found: Movement) -> str:
    """Return what an account looks at the people of a movement for; nothing if it may not."""
    for kind, purpose in PURPOSES.items():
        for role in user.held_roles:
            fits = role.organisation_id == found.organisation_id if kind == "coordinator" else True
            if role.kind == kind and role.owner_side == found.owner_side and fits:
                return purpose
    return ""


def facts_of(
    found: Movement, items: Sequence[Item], user: User, reading: Reading
) -> Iterable[tuple[Item, Mapping[str, Asserted]]]:
    """Return each item that is read with the facts of it that an account may see."""
    shown, places = facts_shown(found, user), reading.items
    return [(item, shown.get(item.id, {})) for item in items if places is None or item.place in places]


def questions_of(found: Movement, reading: Reading) -> list[dict[str, Any]]:
    """Return what authorities asked of whoever filed, the open ones first."""
    asked = Question.objects.filter(movement=found).order_by("asked_at", "id")
    return sorted(
        map(question_view, said_to(asked, reading)), key=lambda one: bool(one["answered_at"] or one["closed_at"])
    )


def said_to(found: QuerySet[Said], reading: Reading) -> QuerySet[Said]:
    """Narrow questions or notices to those of a reader: an officer's authorities', or of a person's own items."""
    if reading.kind == "gate":
        return found.none()
    if reading.items is not None:
        found = found.filter(place__in=reading.items)
    return found.filter(authority__in=reading.authorities) if reading.kind == "officer" else found


def notices_of(found: Movement, reading: Reading) -> list[dict[str, Any]]:
    """Return what authorities told whoever filed, newest first."""
    told = Notice.objects.filter(movement=found).select_related("movement").order_by("-at", "id")
    return [notice_view(notice, applicant=reading.kind == "applicant") for notice in said_to(told, reading)]


def duties(user: User, found: Movement, reading: Reading) -> list[dict[str, Any]]:
    """Return what both laws want done about a movement, soonest first; to whoever filed it, what is theirs to do."""
    every = Obligation.objects.filter(dropped_at=None)
    kept = obligations_of(user) if reading.kind == "applicant" else every
    kept = kept.filter(subject=found.id, owner_side=found.owner_side)
    if reading.items is not None:
        kept = kept.filter(item__in=reading.items)
    return [obligation_view(one) for one in kept.order_by("due_at", "id")]


def findable(user: User, found: Movement) -> list[str]:
    """Return the names of the facts that an officer may state of a movement, in the order in which they are asked."""
    if not user.has_perm("clearance.state_officers_facts", found):
        return []
    own = [role.authority for role in user.held_roles if role.kind == "officer"]
    words = rulebook().packs.dictionary
    return words.in_order({name for authority in own for name in facts_held_by(authority, found.flow)})


def acts(user: User, found: Movement) -> dict[str, Any]:
    """Return what an account may do with a movement now."""
    open_still = found.withdrawn_at is None and found.crossed_at is None and found.erased_at is None
    return {
        "may_change": open_still and user.has_perm("clearance.change_movement", found),
        "may_cross": open_still and user.has_perm("clearance.cross_movement", found),
        "may_find": open_still and bool(findable(user, found)),
    }


def together_text(found: Movement, outcome: str, reading: Reading) -> str:
    """Return how the whole movement stands, to somebody who crosses with others and reads what concerns them."""
    if reading.items is None:
        return ""
    text = _("Others cross in the same movement. This says what concerns you; the whole movement: {outcome}.")
    return text.format(outcome=outcome_word(found, outcome, _))


def _versions(newest: SideDecision | None, reading: Reading) -> int:
    if newest is None or reading.kind == "gate":  # who reads outcomes alone has nothing to compare
        return 0
    return newest.number if reading.inside else newest.said_number


def _items(
    found: Movement, items: Sequence[Item], user: User, names: Mapping[str, str], reading: Reading
) -> list[dict[str, Any]]:
    return [item_view(item, facts, names) for item, facts in facts_of(found, items, user, reading)]


def _like_it(found: Movement) -> list[tuple[str, str]]:
    """Return the fields of a form that declares the same once more, at a time yet to be said."""
    stated, _seen = stated_of(found)
    return [(name, str(text)) for name, texts in as_posted(found, stated).lists() if name != "at" for text in texts]


def _papers(found: Movement, user: User) -> Panel:
    return papers_panel(user=user, subject=found.id, back=reverse("clearance:movement", args=[found.id]) + "#papers")


def _earliest(found: Movement, reading: Reading) -> str:
    if reading.kind != "applicant" or found.withdrawn_at or found.crossed_at:
        return ""
    try:
        return reverse("clearance:movement_earliest", args=[found.id])
    except NoReverseMatch:
        return ""
