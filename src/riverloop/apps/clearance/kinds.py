"""What the desk's queues hold for clearance: referrals, refusals to sign, remedies, and permits to verify."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db.models import Count
from django.utils import timezone
from django.utils.translation import gettext as _

from riverloop.apps.clearance import exchange, sentences
from riverloop.apps.clearance.consequences import REFERRAL, REFUSAL, REMEDY, questions_close
from riverloop.apps.clearance.deciding import movements_decide
from riverloop.apps.clearance.language import active_language
from riverloop.apps.clearance.models import Item, Movement, Notice
from riverloop.apps.clearance.questions import question_ask
from riverloop.apps.clearance.selectors import rulebook, zone
from riverloop.apps.clearance.telling import notice_give, notice_of, places_of, places_told
from riverloop.apps.desk.kinds import Act, Kind, register
from riverloop.apps.desk.models import Matter
from riverloop.apps.documents.models import Permit
from riverloop.apps.documents.services import permit_verify
from riverloop.apps.parties.models import Person, User
from riverloop.apps.parties.words import N_

REFUSING_A_PERSON = "refuse_person"
"""What the zone file calls the act under ``two_officers``."""


def register_kinds() -> None:
    """Tell the desk of every kind of matter about movements and permits."""
    for kind in (_referral(), _refusal(), _remedy(), _permit()):
        register(kind)


def _referral() -> Kind:
    return Kind(
        name=REFERRAL,
        label=N_("Referral"),
        acts={
            "allow": Act(N_("Allow"), needs_reason=False, wants_until=True),
            "refuse": Act(N_("Refuse"), two_officers=_refuses_a_person),
        },
        describe=_describe,
        panel=_panel,
        on_asked=_on_asked,
        on_decided=_on_decided,
        people=_people,
        askable=_askable,
    )


def _refusal() -> Kind:
    return Kind(
        name=REFUSAL,
        label=N_("Refusal that a rule proposes"),
        acts={
            "refuse": Act(N_("Sign the refusal"), two_officers=_refuses_a_person),
            "allow": Act(N_("Do not sign it")),
        },
        describe=_describe,
        panel=_panel,
        on_asked=_on_asked,
        on_decided=_on_decided,
        people=_people,
        askable=_askable,
    )


def _remedy() -> Kind:
    return Kind(
        name=REMEDY,
        label=N_("Objection to a refusal"),
        acts={
            "allow": Act(N_("Lift the refusal")),
            "refuse": Act(N_("Let the refusal stand"), two_officers=_refuses_a_person),
        },
        describe=_describe,
        panel=_panel,
        on_asked=_on_asked,
        on_decided=_on_remedy_decided,
        on_interim=_on_interim,
        people=_people,
        askable=_askable,
    )


def _permit() -> Kind:
    return Kind(
        name="permit",
        label=N_("Permit to verify"),
        acts={"accept": Act(N_("It is as stated"), needs_reason=False), "reject": Act(N_("It is not"))},
        describe=_describe_permits,
        panel=_permit_panel,
        on_decided=_on_permit_decided,
    )


# What they are about -----------------------------------------------------------------------------------------------


def movement_of(matter: Matter) -> Movement:
    """Return the movement that a matter is about, in its side's copy."""
    return Movement.objects.get(pk=matter.subject, owner_side=matter.owner_side)


def _refuses_a_person(matter: Matter) -> bool:
    return matter.flow == "person" and zone().needs_two_officers(REFUSING_A_PERSON)


def _describe(matters: list[Matter], user: User) -> dict[str, str]:
    language = active_language()
    rows = Movement.objects.filter(pk__in={matter.subject for matter in matters}).in_bulk()
    counts = _counts({matter.subject for matter in matters if matter.item is not None})
    titles = {}
    for matter in matters:
        movement = rows.get(matter.subject)
        if movement is not None:
            parts = [
                movement.number,
                _(sentences.FLOW_WORDS[movement.flow]),
                sentences.direction_text(movement.direction, zone(), language, _),
            ]
            if matter.item is not None and counts[matter.subject] > 1:
                words = {"number": matter.item + 1, "count": counts[matter.subject]}
                parts.append(_("Item %(number)s of %(count)s") % words)
            titles[matter.id] = " · ".join(parts)
    return titles


def _counts(movements: set[str]) -> dict[str, int]:
    """Return how many items each movement has."""
    if not movements:
        return {}
    counted = Item.objects.filter(movement__in=movements).values_list("movement").annotate(Count("id"))
    return dict(counted.order_by())


def _people(matter: Matter) -> Sequence[Person]:
    items = Item.objects.filter(movement=matter.subject, person__isnull=False).select_related("person")
    items = items if matter.item is None else items.filter(place=matter.item)
    return [item.person for item in items if item.person is not None]


def _askable(matter: Matter) -> list[tuple[str, str]]:
    """Return what an authority may ask for: the facts and papers that it may be told, and that its side may know."""
    words, language = rulebook().packs.dictionary, active_language()
    told = exchange.fields_told(matter.flow, matter.owner_side)
    facts = [fact for fact in words.of_flow(matter.flow) if fact.name in told and not fact.document]
    asked = [(fact.name, sentences.own(fact.label, language)) for fact in facts if fact.source == "applicant"]
    papers = [one for one in words.documents.values() if f"has_{one.name}" in told and matter.flow in one.flows]
    return asked + [(one.name, sentences.own(one.label, language)) for one in papers]


def _panel(matter: Matter, user: User) -> tuple[str, dict[str, Any]] | None:
    from riverloop.apps.clearance.panels import matter_panel  # noqa: PLC0415 - pages stand on this module

    return matter_panel(matter, user)


# What follows ------------------------------------------------------------------------------------------------------


def _locked(matter: Matter) -> Movement:
    return Movement.objects.select_for_update().get(pk=matter.subject, owner_side=matter.owner_side)


def _is_over(movement: Movement) -> bool:
    return bool(movement.withdrawn_at or movement.crossed_at or movement.erased_at)


def _on_asked(matter: Matter, by: User, text: str, facts: list[str], due_at: datetime) -> None:
    question_ask(movement=_locked(matter), matter=matter, text=text, facts=facts, due_at=due_at)


def _on_decided(matters: list[Matter], by: User) -> None:
    """Decide the movement again with what the officer answered, and tell a refusal with its remedy."""
    movement = _locked(matters[0])
    questions_close(matters)
    if _is_over(movement):
        return
    movements_decide([movement], cause="authority")
    refused = [matter for matter in matters if matter.act == "refuse"]
    items = list(Item.objects.filter(movement=movement).order_by("place")) if refused else []
    for matter in refused:
        for place in _places_refused(matter, movement, items):
            _tell(matter, movement, "refused", matter.reason, place)


def _places_refused(matter: Matter, movement: Movement, items: Sequence[Item]) -> list[int | None]:
    if matter.item is not None:
        return [matter.item]
    return places_told(movement.flow, items, places_of(movement, matter.rule)) or [None]


def _on_remedy_decided(matters: list[Matter], by: User) -> None:
    movement = _locked(matters[0])
    questions_close(matters)
    if not _is_over(movement):
        movements_decide([movement], cause="remedy")
    for matter in matters:
        act = "remedy_allowed" if matter.act == "allow" else "remedy_refused"
        _tell(matter, movement, act, matter.reason, _place_objected_to(matter))


def _on_interim(matter: Matter, act: str, by: User) -> None:
    movement = _locked(matter)
    if not _is_over(movement):
        movements_decide([movement], cause="remedy")
    step = matter.steps.filter(act=act).order_by("-number").first()
    _tell(matter, movement, act, step.text if step else "", _place_objected_to(matter))


def _place_objected_to(matter: Matter) -> int | None:
    """Return the place of the item whose refusal a remedy is against."""
    notice = Notice.objects.filter(owner_side=matter.owner_side, movement=matter.subject, remedy=matter.id).first()
    return notice.place if notice else None


def _tell(matter: Matter, movement: Movement, act: str, reason: str, place: int | None) -> None:
    at = matter.closed_at or timezone.now()
    notice_give(
        notice_of(movement, matter.authority, act, at, matter.rule, reason=reason, matter=matter.id, place=place)
    )


# Permits -----------------------------------------------------------------------------------------------------------


def _describe_permits(matters: list[Matter], user: User) -> dict[str, str]:
    language, words = active_language(), rulebook().packs.dictionary.documents
    rows = Permit.objects.filter(pk__in={matter.subject for matter in matters}).in_bulk()
    return {
        matter.id: sentences.own(words[rows[matter.subject].document].label, language)
        for matter in matters
        if matter.subject in rows and rows[matter.subject].document in words
    }


def _permit_panel(matter: Matter, user: User) -> tuple[str, dict[str, Any]] | None:
    permit = Permit.objects.filter(pk=matter.subject, owner_side=matter.owner_side).first()
    if permit is None:
        return None
    words = rulebook().packs.dictionary.documents
    label = sentences.own(words[permit.document].label, active_language()) if permit.document in words else ""
    return "clearance/permit_panel.html", {"permit": permit, "label": label}


def _on_permit_decided(matters: list[Matter], by: User) -> None:
    for matter in matters:
        permit = Permit.objects.get(pk=matter.subject, owner_side=matter.owner_side)
        permit_verify(by=by, permit=permit, accepted=matter.act == "accept", reason=matter.reason)
