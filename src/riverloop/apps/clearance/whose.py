"""Whose of a movement is what: whom a row concerns, which items are an account's own, what an authority may hold."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any, cast

from django.db.models import Exists, OuterRef, Q

from riverloop.apps.clearance.models import Item, Movement
from riverloop.apps.parties.here import zone
from riverloop.apps.parties.law import rulebook
from riverloop.apps.parties.models import User
from riverloop.core.kernel.sides import FLOWS, Flow


@dataclass(frozen=True, slots=True)
class Applicant:
    """Whoever filed a movement, or crosses in it.

    Args:
        items: places of the items that are the account's own; None if the whole movement is.
    """

    items: frozenset[int] | None = None

    def reads(self, place: int | None) -> bool:
        """Say whether what concerns one item is theirs to read; without a place it concerns every item."""
        return self.items is None or place in self.items


def coordinated(user: Any) -> set[str | None]:
    """Return the ids of the organisations that an account coordinates."""
    return _held_for(user, "coordinator", "organisation_id")


def own_people(user: Any) -> set[str | None]:
    """Return the ids of the people whom an account stands for."""
    return _held_for(user, "holder", "person_id")


def _held_for(user: Any, kind: str, column: str) -> set[str | None]:
    roles = user.held_roles if isinstance(user, User) and user.is_active else []
    return {getattr(role, column) for role in roles if role.kind == kind} - {None}


def as_applicant(user: Any, movement: Movement) -> Applicant | None:
    """Return which part of a movement is an account's own; None if it neither filed it nor crosses in it."""
    if movement.organisation_id in coordinated(user):
        return Applicant()
    people = own_people(user)
    if not people:
        return None
    items = dict(Item.objects.filter(movement=movement).values_list("place", "person"))
    own = frozenset(place for place, person in items.items() if person in people)
    if not own:
        return None
    return Applicant(None if len(own) == len(items) else own)


def applied_for(user: Any) -> Q:
    """Return the condition that an account filed a movement, or crosses in it."""
    condition, people = Q(organisation__in=coordinated(user)), own_people(user)
    if people:
        condition |= Q(Exists(Item.objects.filter(movement=OuterRef("pk"), person__in=people)))
    return condition


def shared_with_others(user: Any) -> Q:
    """Return the condition that an account crosses in a movement in which others' items are, and did not file it."""
    people, items = own_people(user), Item.objects.filter(movement=OuterRef("pk"))
    if not people:
        return Q(pk__in=())
    crosses = Q(Exists(items.filter(person__in=people)), Exists(items.exclude(person__in=people)))
    return crosses & ~Q(organisation__in=coordinated(user), organisation__isnull=False)


_TOLD_OF_CROSSINGS = ("officer", "auditor", "gate")


def crossings_concealed(user: Any, movements: Iterable[Movement]) -> list[Movement]:
    """Take from rows to be shown that, and when, people crossed, where an account is only their coordinator.

    An employer files where its people are to go; where they went is theirs, and the authorities'.

    Source: design.md, who uses it: a coordinator never sees crossings.
    """
    listed = list(movements)
    roles = user.held_roles if isinstance(user, User) and user.is_active else []
    if any(role.kind in _TOLD_OF_CROSSINGS for role in roles):
        return listed
    crossed = [one for one in listed if one.flow == "person" and one.crossed_at is not None]
    people = own_people(user)
    own = (
        set(
            Item.objects.filter(movement__in=[one.id for one in crossed], person__in=people).values_list(
                "movement", flat=True
            )
        )
        if crossed and people
        else set()
    )
    for one in crossed:
        if one.id not in own:
            one.crossed_at, one.crossing_concealed = None, True
    return listed


def crossing_told(user: Any) -> Q:
    """Return the condition that an account is told of a movement's crossing."""
    roles = user.held_roles if isinstance(user, User) and user.is_active else []
    if any(role.kind not in ("coordinator", "holder") for role in roles):
        return Q()
    own = Item.objects.filter(movement=OuterRef("pk"), person__in=own_people(user))
    return ~Q(flow="person") | Q(Exists(own))


def concerns(people: Collection[str | None]) -> Q:
    """Return the condition that a question or a notice concerns these people, to be asked row by row.

    What names no item concerns them only where nobody else's is in the movement.
    """
    items = Item.objects.filter(movement=OuterRef("movement"))
    own = items.filter(person__in=people)
    alone = Q(place=None) & Q(Exists(own)) & ~Q(Exists(items.exclude(person__in=people)))
    return Q(Exists(own.filter(place=OuterRef("place")))) | alone


# What authorities may hold -----------------------------------------------------------------------------------------


def flows_led(authority: str) -> list[str]:
    """Return the flows of which an authority is told what crosses, and which way: it leads them at its side."""
    return [flow for flow in FLOWS if "flow" in zone().disclosed("declare", authority, flow)]


def facts_held_by(authority: str, flow: str) -> frozenset[str]:
    """Return the names of the facts that an authority may read, and state: those that the disclosure table names.

    What officers alone know of a flow is for the authority that leads it.
    """
    return _facts_held_by(authority, flow, rulebook().packs.sha256)


@cache
def _facts_held_by(authority: str, flow: str, _packs: str) -> frozenset[str]:
    told = zone().disclosed("declare", authority, cast("Flow", flow))
    side = authority.partition(".")[0]
    return frozenset(
        fact.name
        for fact in rulebook().packs.dictionary.of_flow(flow)
        if fact.is_visible_to(side)
        and ("flow" in told if fact.source == "officer" else (fact.document or fact.name) in told)
    )
