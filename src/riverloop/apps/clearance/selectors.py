"""Reads of clearance. Every list begins at ``visible_to(user)``; who holds no role sees nothing."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from riverloop.apps.clearance.models import Item, Movement, PackText
from riverloop.apps.clearance.stated import OFFICER, Asserted, asserted, subjects_of
from riverloop.apps.clearance.timeline import Event, timeline
from riverloop.apps.clearance.whose import as_applicant, facts_held_by, flows_led, shared_with_others
from riverloop.apps.desk.models import Matter
from riverloop.apps.documents.subjects import Title
from riverloop.apps.parties.here import zone
from riverloop.apps.parties.law import pack_texts, rulebook
from riverloop.apps.parties.models import Role, User

__all__ = ["Event", "facts_shown", "flows_led", "is_stored", "movements", "pack_texts", "rulebook", "timeline", "zone"]

_GATE_WINDOW = timedelta(days=1)


def is_stored(sha256: str) -> bool:
    """Say whether the text of a pack set is stored."""
    return PackText.objects.filter(sha256=sha256).exists()


# Movements ---------------------------------------------------------------------------------------------------------


def movements(*, visible_to: Any) -> QuerySet[Movement]:
    """Return the movements that an account may see, those that cross last first.

    A coordinator's organisation's; those that a holder is in; those that an officer's authority leads or has a matter
    on; an auditor's side's; those that may cross at the gate's own control point within a day: of those for which no
    control point is named, the flows for which the zone file states its opening hours.
    """
    return _seen(visible_to, _SEEN_AS.keys())


def _seen(visible_to: Any, kinds: Collection[str]) -> QuerySet[Movement]:
    roles = visible_to.held_roles if isinstance(visible_to, User) and visible_to.is_active else []
    may = [_seen_as(role) for role in roles if role.kind in kinds]
    found = Movement.objects.order_by("-crossing_at", "id")
    if not may:
        return found.none()
    either = may[0]
    for one in may[1:]:
        either |= one
    return found.filter(either, owner_side=visible_to.owner_side)


def numbers_of(ids: list[str]) -> dict[str, str]:
    """Return the numbers of movements by their ids; a number tells nothing about anyone."""
    return {movement.id: movement.number for movement in Movement.objects.filter(pk__in=ids).only("ref")}


def movements_read(user: Any) -> QuerySet[Any]:
    """Return the ids of the movements whose papers an account may read.

    A gate reads none, nor does a person those of a movement in which others are, too: whose they are, none says.
    """
    return _seen(user, _SEEN_AS.keys() - {"gate"}).exclude(shared_with_others(user)).order_by().values("pk")


def item_titles(ids: Collection[str], user: Any) -> dict[str, Title]:
    """Return what items are called to whom may see their movement: by its number, and where it stands."""
    items = Item.objects.filter(pk__in=ids, movement__in=movements(visible_to=user).order_by().values("pk"))
    return {
        item.id: Title(item.movement.number, f"/movements/{item.movement_id}/")
        for item in items.select_related("movement")
    }


def movement_titles(ids: Collection[str], user: Any) -> dict[str, Title]:
    """Return what movements are called to whom may see them."""
    found = movements(visible_to=user).order_by().filter(pk__in=ids).only("ref")
    return {movement.id: Title(movement.number, f"/movements/{movement.id}/") for movement in found}


def movements_alone(person: str) -> QuerySet[Any]:
    """Return the ids of the movements in which one person is, and nobody else."""
    own = Item.objects.filter(movement=OuterRef("pk"), person=person)
    others = Item.objects.filter(movement=OuterRef("pk")).exclude(person=person)
    return Movement.objects.filter(Exists(own), ~Exists(others)).values("pk")


def organisation_of(movement: str) -> str:
    """Return the id of the organisation that filed a movement; nothing if that is not known here."""
    return Movement.objects.filter(pk=movement).values_list("organisation", flat=True).first() or ""


def _seen_as(role: Role) -> Q:
    return _SEEN_AS[role.kind](role)


def _as_holder(role: Role) -> Q:
    return Q(pk__in=Item.objects.filter(person=role.person_id).values("movement"))


def _as_officer(role: Role) -> Q:
    before = Q(Exists(matters_about(role.owner_side, {role.authority})))
    flows = flows_led(role.authority)
    return Q(flow__in=flows) | before if flows else before


def matters_about(side: str, authorities: Collection[str]) -> QuerySet[Matter]:
    """Return what some authorities have had before them about the movement of the outer query, to be asked row by row.

    The authority is compared as an expression, so that the database finds the few matters about one movement first
    and not the thousands of one authority.
    """
    own = Matter.objects.annotate(asked=Coalesce("authority", Value("")))
    return own.filter(owner_side=side, kind__in=_KINDS, subject=OuterRef("pk"), asked__in=authorities)


def _as_gate(role: Role) -> Q:
    now = timezone.now()
    there = Q(control_point=role.control_point)
    unnamed = Q(control_point="", flow__in=zone().flows_through(role.control_point))
    return (there | unnamed) & Q(crossing_at__gte=now - _GATE_WINDOW, crossing_at__lte=now + _GATE_WINDOW)


_KINDS = ("referral", "refusal", "remedy")
_SEEN_AS = {
    "coordinator": lambda role: Q(organisation=role.organisation_id),
    "holder": _as_holder,
    "officer": _as_officer,
    "auditor": lambda _: Q(),
    "gate": _as_gate,
}


# Facts -------------------------------------------------------------------------------------------------------------


def facts_shown(movement: Movement, user: User) -> dict[str, dict[str, Asserted]]:
    """Return the facts of each item that an account may see, by item id.

    Whoever filed sees what was stated, and a person what was stated of them, whatever else they are; an officer what
    their authority may hold, and what its officers found; an auditor all that their side holds.

    Args:
        movement: one that the account may see.
        user: the account.
    """
    own = as_applicant(user, movement)
    if own is not None:
        held = held_facts(movement, officers=False)
        places = dict(Item.objects.filter(movement=movement).values_list("id", "place"))
        return {item: facts if own.reads(places[item]) else {} for item, facts in held.items()}
    wanted = _fields(movement, user)
    return {
        item: {name: one for name, one in facts.items() if wanted(name, one)}
        for item, facts in held_facts(movement).items()
    }


def held_facts(movement: Movement, *, officers: bool = True) -> dict[str, dict[str, Asserted]]:
    """Return every fact that this side holds of each item, and who said so, by item id.

    Args:
        movement: in this side's copy.
        officers: whether with what its officers found, which may stand in the place of what was stated.
    """
    from riverloop.apps.clearance.providers import fill  # noqa: PLC0415 - registers stand on this module

    (subject,) = subjects_of([movement])
    fill([subject])
    found = {}
    for item in subject.items:
        statements = subject.statements.get(item.id, ())
        facts = asserted(one for one in statements if officers or one.asserted_as != OFFICER)
        for name, (value, as_) in subject.register.get(item.id, {}).items():
            before = facts.get(name)
            if before is None or before.asserted_as != OFFICER:
                facts[name] = Asserted(value, as_, movement.owner_side, "", timezone.now(), 0)
        found[item.id] = facts
    return found


def _fields(movement: Movement, user: User) -> Any:
    """Return a predicate of name and assertion: whether the account may see that fact."""
    roles = [role for role in user.held_roles if role.owner_side == movement.owner_side]
    kinds = {role.kind for role in roles}
    if "auditor" in kinds:
        return lambda *_: True
    authorities = {role.authority for role in roles if role.kind == "officer"}
    named = {name for authority in authorities for name in facts_held_by(authority, movement.flow)}
    return lambda name, one: name in named or (one.asserted_as == OFFICER and one.authority in authorities)
