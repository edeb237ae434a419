"""Everything that is held about a person, as a copy for them. Each app registers how its own part is gathered."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django.db import transaction

from riverloop.apps.desk.models import Matter, Obligation
from riverloop.apps.documents import copying
from riverloop.apps.parties.law import rulebook
from riverloop.apps.parties.models import Person, User, ViewRecord
from riverloop.apps.record.services import record_append

Gather = Callable[[Person], list[dict[str, Any]]]

_PARTS: dict[str, Gather] = {}


def register(name: str, function: Gather) -> None:
    """Say how one part of the copy is gathered.

    Args:
        name: heading of the part in the copy, such as ``movements``.
        function: takes a person, and returns rows of plain JSON values; of what is the person's to read, and no more.
    """
    known = _PARTS.setdefault(name, function)
    if known is not function:
        raise RuntimeError(f'Two functions gather "{name}". Register one.')


@transaction.atomic
def copy_give(*, to: User, people: Iterable[Person]) -> list[dict[str, Any]]:
    """Return everything held about people whom an account stands for, and record that it was given."""
    given = []
    for person in people:
        given.append({name: function(person) for name, function in sorted(_PARTS.items())})
        record_append(side=person.owner_side, kind="copy.given", payload={"person": person.id, "to": to.id})
    return given


def _person(person: Person) -> list[dict[str, Any]]:
    organisation = person.organisation
    return [
        {
            "id": person.id,
            "name": person.name,
            "name_latin": person.name_latin,
            "organisation": organisation.name if organisation else None,
            "held_since": person.created_at.isoformat(),
        }
    ]


def _numbers(person: Person) -> list[dict[str, Any]]:
    return [
        {"kind": number.kind, "number": number.opened(), "held_since": number.created_at.isoformat()}
        for number in person.identity_numbers.order_by("kind", "id")
    ]


def _accounts(person: Person) -> list[dict[str, Any]]:
    roles = person.roles.filter(kind="holder").select_related("user").order_by("granted_at")
    return [
        {"email": role.user.email, "name": role.user.name, "since": role.granted_at.isoformat(), "until": _iso(role)}
        for role in roles
    ]


def _iso(role: Any) -> str | None:
    return role.ended_at.isoformat() if role.ended_at else None


def _views(person: Person) -> list[dict[str, Any]]:
    views = ViewRecord.objects.filter(subject=person).select_related("role").order_by("at")
    return [
        {
            "at": view.at.isoformat(),
            "as": view.role.kind,
            "authority": view.role.authority or None,
            "purpose": view.purpose,
            "case": view.case or None,
        }
        for view in views
    ]


_TOLD = ("request",)  # their answers are written for whom they are about; what else is told, stands in a notice


def _matters(person: Person) -> list[dict[str, Any]]:
    """Return what was asked about a person and that it was closed; how officers came to it stays theirs.

    Of a matter that a rule opened which is its authority's alone, not even that it was is told.
    """
    concealed = [rule.id for rule in rulebook().packs.rules.values() if rule.disclose == "authority"]
    return [
        {
            "number": matter.number,
            "kind": matter.kind,
            "topic": matter.topic or None,
            "authority": matter.authority,
            "opened_at": matter.opened_at.isoformat(),
            "text": matter.text or None,
            "closed_at": matter.closed_at.isoformat() if matter.closed_at else None,
            "act": matter.act or None if matter.kind in _TOLD else None,
            "reason": matter.reason or None if matter.closed_at and matter.kind in _TOLD else None,
        }
        for matter in Matter.objects.filter(person=person).exclude(rule__in=concealed).order_by("opened_at", "id")
    ]


def _obligations(person: Person) -> list[dict[str, Any]]:
    return [
        {
            "act": row.act,
            "rule": row.rule,
            "due_at": row.due_at.isoformat() if row.due_at else None,
            "done_at": row.done_at.isoformat() if row.done_at else None,
        }
        for row in Obligation.objects.filter(person=person).order_by("created_at", "id")
    ]


register("person", _person)
register("document_numbers", _numbers)
register("accounts", _accounts)
register("who_looked", _views)
register("matters", _matters)
register("obligations", _obligations)
register("files", copying.files_of)
register("permits", copying.permits_of)
