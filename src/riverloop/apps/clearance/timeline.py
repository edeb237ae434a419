"""What happened to a movement, in order: who did what, and when, as far as a reader may know it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from riverloop.apps.clearance import sentences
from riverloop.apps.clearance.language import active_language
from riverloop.apps.clearance.models import Item, Movement, Notice, Question, SideDecision, Statement
from riverloop.apps.clearance.movement_words import act_told
from riverloop.apps.clearance.stated import OFFICER
from riverloop.apps.clearance.whose import as_applicant
from riverloop.apps.desk.models import Step
from riverloop.apps.documents.selectors import draws_of
from riverloop.apps.parties.here import told, zone
from riverloop.apps.parties.models import User
from riverloop.apps.parties.selectors import role_text, view_records
from riverloop.apps.parties.words import N_
from riverloop.core.rules.decisions import outcome

Places = Collection[int] | None
"""Of items; None where all are read."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened.

    Args:
        at: when.
        kind: filed, stated, decided, asked, answered, told, objected, stepped, inspection, drawn, crossed, withdrawn
            or looked.
        side: where.
        who: in which role it was done, in the active language.
        title: what was done.
        text: in what words; may be empty.
    """

    at: datetime
    kind: str
    side: str
    who: str
    title: str
    text: str = ""


NOTICE_TITLES = {
    "refused": N_("Refused by an officer"),
    "refused_by_law": N_("Refused by law"),
    "refused_once": N_("Refused"),
    "remedy_allowed": N_("Objection upheld: the refusal was lifted"),
    "remedy_refused": N_("Objection dismissed: the refusal stands"),
    "interim_release": N_("Released until the objection is decided"),
    "interim_end": N_("The release was ended"),
}
STEP_TITLES = {
    "opened": N_("Put before the authority"),
    "claimed": N_("Taken up by an officer"),
    "released": N_("Given back to the queue"),
    "handed_over": N_("Handed over to another authority"),
    "proposed": N_("Proposed to a second officer"),
    "not_confirmed": N_("Not confirmed by the second officer"),
    "confirmed": N_("Confirmed by a second officer"),
    "decided": N_("Decided by an officer"),
    "closed": N_("Closed: it is no longer needed"),
}


def timeline(movement: Movement, user: User) -> list[Event]:
    """Return what happened to a movement, oldest first, as far as an account may know it.

    Args:
        movement: one that the account may see.
        user: the account.
    """
    roles = [role.kind for role in user.held_roles if role.owner_side == movement.owner_side]
    applicant = as_applicant(user, movement)
    places = applicant.items if applicant else None
    inside = not applicant and ("officer" in roles or "auditor" in roles)
    own = {role.authority for role in user.held_roles if role.kind == "officer"}
    authorities = own if inside and "auditor" not in roles else None
    events = [*_filed(movement, places, officers=inside, authorities=authorities)]
    events += _decided(movement, officers=inside, gate="gate" in roles, several=places is not None)
    if inside or applicant:
        events += _asked(movement, authorities, places)
        events += _told(movement, authorities, places)
        events += _looked(movement, user)
    if applicant or (inside and "auditor" in roles):
        events += _drawn(movement, places)
    if inside:
        events += _steps(movement, authorities)
    return sorted(events, key=lambda event: event.at)


def _filer(movement: Movement) -> str:
    if movement.organisation is None:
        return _("Whoever filed, on the other side")
    return _("For {organisation}").format(organisation=movement.organisation.shown_name)


def _authority(name: str) -> str:
    return sentences.authority_title(name, zone(), active_language(), _)


def _side(name: str) -> str:
    return told(zone().side(name).title)


def _filed(movement: Movement, places: Places, *, officers: bool, authorities: set[str] | None) -> Iterator[Event]:
    yield Event(movement.declared_at, "filed", movement.filed_side, _filer(movement), _("Filed"))
    later = Statement.objects.filter(item__movement=movement, number__gt=1).order_by("at")
    for one in later if places is None else later.filter(item__place__in=places):
        if one.asserted_as == OFFICER:
            if officers:
                why = one.reason if authorities is None or one.authority in authorities else ""
                yield Event(one.at, "stated", one.side, _authority(one.authority), _("Stated what was found"), why)
        else:
            yield Event(one.at, "stated", one.side, _filer(movement), _("Stated anew"))
    if movement.withdrawn_at:
        yield Event(movement.withdrawn_at, "withdrawn", movement.filed_side, _filer(movement), _("Withdrawn"))
    if movement.crossed_at:
        point = zone().control_point(movement.control_point).title if movement.control_point else None
        yield Event(movement.crossed_at, "crossed", "", told(point) if point else "", _("Crossed"))


def _decided(movement: Movement, *, officers: bool, gate: bool, several: bool) -> Iterator[Event]:
    """Yield what was decided: to officers all of it, to whoever filed what told them something new.

    Args:
        movement: whose decisions they are.
        officers: whether an officer or an auditor reads.
        gate: whether the gate does.
        several: whether somebody reads who crosses with others: of those they read that the outcome became another.
    """
    rows = SideDecision.objects.filter(movement=movement).order_by("decided_at").defer("inputs", "told")
    if movement.crossing_concealed:
        rows = rows.exclude(cause="crossed")
    known: set[str] = set()
    before: dict[str, Any] = {}
    for one in rows:
        news: Any = one.number if officers else (one.low, one.high) if several else one.said_number
        if before.get(one.side) == news:
            continue
        before[one.side] = news
        word = sentences.outcome_word(outcome(one.low, one.high), _)
        yield Event(one.decided_at, "decided", one.side, _side(one.side), word)
        draws = one.result.get("draws", {}) if (officers or gate) and one.side == movement.owner_side else {}
        for rule, drawn in draws.items():
            if rule not in known:
                known.add(rule)
                said = _("Drawn for inspection") if drawn["inspect"] else _("Not drawn for inspection")
                yield Event(one.decided_at, "inspection", one.side, _side(one.side), said)


def _asked(movement: Movement, authorities: Collection[str] | None, places: Places) -> Iterator[Event]:
    for one in _by(authorities, places, Question.objects.filter(movement=movement)):
        yield Event(one.asked_at, "asked", one.side, _authority(one.authority), _("Asked for more"), one.text)
        if one.answered_at:
            yield Event(one.answered_at, "answered", movement.filed_side, _filer(movement), _("Answered"), one.answer)


def _by(authorities: Collection[str] | None, places: Places, found: QuerySet[Any]) -> QuerySet[Any]:
    """Narrow rows to what these authorities said of these items; without them, to nothing less."""
    found = found if places is None else found.filter(place__in=places)
    return found if authorities is None else found.filter(authority__in=authorities)


def _told(movement: Movement, authorities: Collection[str] | None, places: Places) -> Iterator[Event]:
    for one in _by(authorities, places, Notice.objects.filter(movement=movement).select_related("movement")):
        title = _(NOTICE_TITLES.get(act_told(one), one.act))
        yield Event(one.at, "told", one.side, _authority(one.authority), title, one.reason)
        if one.remedy_filed_at:
            yield Event(one.remedy_filed_at, "objected", movement.filed_side, _filer(movement), _("Objected"))


def _drawn(movement: Movement, places: Places) -> Iterator[Event]:
    items = Item.objects.filter(movement=movement).values_list("id", flat=True)
    for one in draws_of(list(items if places is None else items.filter(place__in=places))):
        amount = f"{one.quantity.normalize():f} {one.permit.unit}".strip()
        yield Event(one.drawn_at, "drawn", one.owner_side, _filer(movement), _("Drawn from a permit"), amount)


def _steps(movement: Movement, authorities: Collection[str] | None) -> Iterator[Event]:
    found = Step.objects.filter(
        matter__owner_side=movement.owner_side,
        matter__subject=movement.id,
        matter__kind__in=("referral", "refusal", "remedy"),
        act__in=STEP_TITLES,
    ).select_related("matter")
    if authorities is not None:
        found = found.filter(matter__authority__in=list(authorities))
    for one in found:
        who = _authority(one.matter.authority)
        yield Event(one.at, "stepped", one.owner_side, who, _(STEP_TITLES[one.act]), one.text)


def _looked(movement: Movement, user: User) -> Iterator[Event]:
    for one in view_records(visible_to=user).filter(case=movement.number)[:200]:
        yield Event(one.at, "looked", one.owner_side, role_text(one.role, _), _("Looked at the person's data"))
