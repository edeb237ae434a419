"""Movements are filed: many at once, decided here, and told to the other side."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from riverloop.apps.clearance import exchange, papers
from riverloop.apps.clearance.deciding import decide_subjects
from riverloop.apps.clearance.models import Item, Movement, Statement
from riverloop.apps.clearance.receiving import subjects_store
from riverloop.apps.clearance.selectors import rulebook, zone
from riverloop.apps.clearance.stated import APPLICANT, STATED_BY_APPLICANT, Subject
from riverloop.apps.parties.models import Organisation, Person, User
from riverloop.apps.parties.words import N_
from riverloop.apps.record.services import records_append
from riverloop.core.kernel.errors import ConflictError, InputError, did_you_mean
from riverloop.core.kernel.ids import new_id
from riverloop.core.kernel.sides import FLOWS
from riverloop.core.rules.decisions import MAX_ITEMS
from riverloop.core.rules.facts import as_json

LONGEST_REFERENCE = 80
_CHUNK = 2000


@dataclass(frozen=True, slots=True)
class DraftItem:
    """A person, a lot of samples or a data set to be filed.

    Args:
        facts: as JSON carries them, or in their types.
        person: whom it is about; needed where people cross.
    """

    facts: Mapping[str, Any]
    person: Person | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    """A movement to be filed.

    Args:
        flow: person, goods or data.
        direction: ``from-to``.
        crossing_at: when it is to cross; aware.
        items: 1 to 1,000.
        control_point: id in the zone file, if it is known.
        reference: the tenant's own.
    """

    flow: str
    direction: str
    crossing_at: datetime
    items: Sequence[DraftItem]
    control_point: str = ""
    reference: str = ""


@transaction.atomic
def movements_declare(
    *, by: User, organisation: Organisation, drafts: Iterable[Draft], twice: bool = False
) -> list[Movement]:
    """File movements: they are decided here at once, and the other side is told as soon as this is kept.

    Args:
        by: a coordinator of the organisation.
        organisation: for which it is filed.
        drafts: what is filed; all of it, or nothing.
        twice: whether one that was filed already may be filed once more.

    Raises:
        ConflictError: one was filed already and was not withdrawn.
        InputError: a draft is malformed.
        PermissionDenied: ``by`` does not file for the organisation.
    """
    if not by.has_perm("clearance.file_for", organisation):
        raise PermissionDenied
    now = timezone.now()
    subjects = [
        _subject(by, organisation, draft, now, where=f"movements[{place}]") for place, draft in enumerate(drafts)
    ]
    if not twice:
        _check_once(organisation, [subject.movement for subject in subjects])
    if not subjects:
        return []
    papers.draw_for(subjects)
    decide_subjects(subjects, cause="declared", before=exchange.declared_tell)
    subjects_store(subjects)
    entries = [("movement.declared", _payload(subject.movement, by)) for subject in subjects]
    records_append(organisation.owner_side, entries)
    return [subject.movement for subject in subjects]


def _payload(movement: Movement, by: User) -> dict[str, Any]:
    return {
        "movement": movement.id,
        "organisation": movement.organisation_id,
        "by": by.id,
        "fingerprint": movement.fingerprint,
    }


# One draft ---------------------------------------------------------------------------------------------------------


def _subject(by: User, organisation: Organisation, draft: Draft, now: datetime, *, where: str) -> Subject:
    _check_draft(draft, where)
    facts = [
        facts_read(
            draft.flow, {**placed(draft.flow, draft.control_point), **item.facts}, where=f"{where}.items[{place}]"
        )
        for place, item in enumerate(draft.items)
    ]
    for place, item in enumerate(draft.items):
        _check_person(organisation, draft.flow, item.person, f"{where}.items[{place}]")
    movement = Movement(
        owner_side=organisation.owner_side,
        ref=new_id(),
        filed_side=organisation.owner_side,
        flow=draft.flow,
        direction=draft.direction,
        crossing_at=draft.crossing_at,
        control_point=draft.control_point,
        organisation=organisation,
        filed_by=by,
        reference=draft.reference,
        declared_at=now,
        facts_at=now,
    )
    rows = [
        Item(owner_side=movement.owner_side, movement=movement, place=place, person=item.person)
        for place, item in enumerate(draft.items)
    ]
    movement.fingerprint = fingerprint_of(movement, rows, facts)
    statements = {
        row.id: [
            Statement(
                owner_side=row.owner_side,
                item=row,
                number=1,
                facts=stated,
                asserted_as=APPLICANT,
                by=by,
                side=row.owner_side,
                at=now,
            )
        ]
        for row, stated in zip(rows, facts, strict=True)
    }
    return Subject(movement, rows, statements, fresh=True)


def placed(flow: str, control_point: str) -> dict[str, Any]:
    """Return the fact that says where it crosses, for a flow whose rules ask it."""
    fact = rulebook().packs.dictionary.facts.get("control_point")
    return {"control_point": control_point} if control_point and fact and flow in fact.flows else {}


def facts_read(flow: str, facts: Mapping[str, Any], *, where: str) -> dict[str, Any]:
    """Return what an applicant states, checked, as JSON carries it.

    Raises:
        InputError: no such fact, a bad value, or a fact that is not the applicant's to state.
    """
    words = rulebook().packs.dictionary
    read = words.read(flow, facts, where=where)
    for name in read:
        if words.facts[name].source not in STATED_BY_APPLICANT:
            raise InputError(
                "clearance.officers_fact",
                N_('Only an officer may state "{fact}". Leave it out.'),
                where=where,
                fact=name,
            )
    return {name: as_json(value) for name, value in read.items()}


def fingerprint_of(movement: Movement, items: Sequence[Item], facts: Sequence[Mapping[str, Any]]) -> str:
    """Return the hash by which a movement that is filed twice is noticed."""
    whole = [
        movement.organisation_id,
        movement.flow,
        movement.direction,
        movement.crossing_at.timestamp(),
        movement.control_point,
        movement.reference,
        [[item.person_id, stated] for item, stated in zip(items, facts, strict=True)],
    ]
    return hashlib.sha256(json.dumps(whole, sort_keys=True).encode()).hexdigest()


# Checks ------------------------------------------------------------------------------------------------------------


def _check_draft(draft: Draft, where: str) -> None:
    if draft.flow not in FLOWS:
        raise InputError(
            "clearance.flow",
            N_('There is no flow "{flow}".{hint} Choose {known}.'),
            where=f"{where}.flow",
            flow=str(draft.flow)[:60],
            hint=did_you_mean(str(draft.flow)[:60], FLOWS),
            known=", ".join(FLOWS),
        )
    zone().boundary.check_direction(draft.direction, where=f"{where}.direction")
    check_crossing(draft.crossing_at, where=f"{where}.crossing_at")
    if draft.control_point:
        zone().control_point(draft.control_point)
    if not 1 <= len(draft.items) <= MAX_ITEMS:
        raise InputError(
            "clearance.items", N_("A movement has 1 to {most} items."), where=f"{where}.items", most=MAX_ITEMS
        )
    if len(draft.reference) > LONGEST_REFERENCE:
        raise InputError(
            "clearance.reference",
            N_("The reference has more than {most} characters. Shorten it."),
            where=f"{where}.reference",
            most=LONGEST_REFERENCE,
        )
    if not draft.reference.isprintable():
        raise InputError(
            "clearance.reference",
            N_("The reference holds a character that cannot be seen. Type it anew."),
            where=f"{where}.reference",
        )


def check_crossing(at: datetime, *, where: str = "") -> None:
    """Check an instant of a crossing.

    Raises:
        InputError: it names no time zone.
    """
    if at.tzinfo is None:
        raise InputError("clearance.crossing_at", N_("Give the time of the crossing with its time zone."), where=where)


def _check_person(organisation: Organisation, flow: str, person: Person | None, where: str) -> None:
    if person is None:
        if flow == "person":
            raise InputError("clearance.person", N_("Choose the person who crosses."), where=where)
    elif person.left_at is not None:
        raise InputError(
            "clearance.person_left", N_("That person has left the organisation. Choose another."), where=where
        )
    elif person.organisation_id != organisation.id:
        raise InputError(
            "clearance.other_person",
            N_("That person does not belong to the organisation. Choose another."),
            where=where,
        )


def _check_once(organisation: Organisation, movements: Sequence[Movement]) -> None:
    Organisation.objects.select_for_update(no_key=True).get(pk=organisation.pk)  # so that two at once see each other
    seen: set[str] = set()
    for place, movement in enumerate(movements):
        if movement.fingerprint in seen:
            raise ConflictError(
                "clearance.twice_here",
                N_("This movement is filed twice here. Leave one out, or give each its own reference."),
                where=f"movements[{place}]",
            )
        seen.add(movement.fingerprint)
    every = list(seen)
    for start in range(0, len(every), _CHUNK):
        part = every[start : start + _CHUNK]
        found = Movement.objects.filter(organisation=organisation, fingerprint__in=part, withdrawn_at=None).first()
        if found:
            raise ConflictError(
                "clearance.twice",
                N_("This was filed already, as movement {number}. Open that one, or say that it crosses once more."),
                number=found.number,
                movement=found.id,
            )
