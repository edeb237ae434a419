"""Reads of parties. Every list begins at ``visible_to(user)``; who holds no role sees nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from django.db.models import Prefetch, Q, QuerySet

from riverloop.apps.nodes import keys
from riverloop.apps.nodes.here import hosted_sides
from riverloop.apps.parties.held import held_about
from riverloop.apps.parties.here import told, zone
from riverloop.apps.parties.models import IdentityNumber, Organisation, Person, Role, User, ViewRecord
from riverloop.apps.parties.numbers import readings
from riverloop.apps.parties.permissions import SIDE_READERS
from riverloop.apps.parties.words import ROLE_OF_WORDS
from riverloop.core.kernel.sides import Text

__all__ = [
    "account_text",
    "accounts",
    "demo_cast",
    "held_about",
    "list_purpose_of",
    "organisations",
    "own_person_ids",
    "people",
    "people_found",
    "people_listed",
    "purpose_of",
    "role_text",
    "roles",
    "view_records",
]


def _held(user: Any, *kinds: str) -> list[Role]:
    if not isinstance(user, User) or not user.is_active:
        return []
    return [role for role in user.held_roles if role.kind in kinds]


def _sides(user: Any, *kinds: str) -> set[str]:
    return {role.owner_side for role in _held(user, *kinds)}


def organisations(*, visible_to: Any) -> QuerySet[Organisation]:
    """Return the organisations that an account may see: its own, those of its park, or those of its side."""
    may = Q(owner_side__in=_sides(visible_to, *SIDE_READERS, "treasurer"))
    may |= Q(pk__in={role.organisation_id for role in _held(visible_to, "coordinator")})
    for role in _held(visible_to, "operator"):
        may |= Q(owner_side=role.owner_side, park=role.park)
    return Organisation.objects.filter(may).order_by("name_latin", "name", "id")


def people(*, visible_to: Any) -> QuerySet[Person]:
    """Return the people an account may see: itself, its organisation's, or its side's. Showing them is recorded."""
    may = Q(owner_side__in=_sides(visible_to, *SIDE_READERS))
    may |= Q(pk__in={role.person_id for role in _held(visible_to, "holder")})
    may |= Q(left_at=None, organisation__in={role.organisation_id for role in _held(visible_to, "coordinator")})
    return Person.objects.filter(may).select_related("organisation").order_by("name_latin", "name", "id")


def people_found(*, visible_to: Any, text: str, most: int = 20) -> list[Person]:
    """Return the people whose whole name or document number this is.

    Part of a name finds nobody: a list to browse is more than a case needs.

    Args:
        visible_to: the officer who asks.
        text: a name in either script, or a document number, as it was typed.
        most: how many at most.
    """
    wanted = " ".join(text.split())
    if not wanted:
        return []
    found = people(visible_to=visible_to)
    by_name = found.filter(Q(name__iexact=wanted) | Q(name_latin__iexact=wanted))
    return list(found.filter(Q(pk__in=by_name.values("pk")) | Q(pk__in=_numbered(visible_to, wanted)))[:most])


def _numbered(user: Any, text: str) -> set[str]:
    """Return the ids of those who hold this number, as any kind of document, at the sides that the account reads."""
    indexes = {
        keys.finding_index(side, kind, number)
        for side in _sides(user, *SIDE_READERS)
        for kind, number in readings(text)
    }
    return set(IdentityNumber.objects.filter(finding_index__in=indexes).values_list("person_id", flat=True))


def roles(*, visible_to: Any) -> QuerySet[Role]:
    """Return the roles an account may read of, ended ones too: its own, those it looks after, or its side's audit."""
    may = Q(user=visible_to.pk) if isinstance(visible_to, User) else Q(pk__in=())
    may |= Q(owner_side__in=_sides(visible_to, "auditor"))
    own = {role.organisation_id for role in _held(visible_to, "coordinator")}
    may |= Q(kind="coordinator", organisation__in=own)
    may |= Q(kind="holder", person__organisation__in=own, person__left_at=None)
    for role in _held(visible_to, "operator"):
        may |= Q(kind="coordinator", organisation__owner_side=role.owner_side, organisation__park=role.park)
    return Role.objects.filter(may).select_related("user", "organisation", "person").order_by("-granted_at", "id")


def accounts(*, visible_to: Any) -> QuerySet[User]:
    """Return the accounts that an account may read of: itself, or its side's if it audits."""
    own = Q(pk=visible_to.pk) if isinstance(visible_to, User) else Q(pk__in=())
    return User.objects.filter(own | Q(owner_side__in=_sides(visible_to, "auditor"))).order_by("name", "id")


def _told_apart(accounts: Iterable[dict[str, str]]) -> list[dict[str, str]]:
    """Number those who may do the same, from the second on."""
    seen: Counter[str] = Counter()
    listed = []
    for one in accounts:
        seen[one["text"]] += 1
        count = seen[one["text"]]
        listed.append(one | {"text": f"{one['text']} {count}"} if count > 1 else one)
    return listed


def demo_cast(_: Any) -> list[dict[str, Any]]:
    """Return the accounts of the demo as its sign-in page shows them: side by side, each by what it may do.

    Args:
        _: translates into the active language.
    """
    held = Prefetch("roles", Role.objects.filter(ended_at=None).select_related("organisation", "person__organisation"))
    cast = User.objects.filter(is_demo=True, is_active=True).order_by("created_at", "id").prefetch_related(held)
    return [
        {
            "side": told(side.title),
            "accounts": _told_apart(
                {"id": user.id, "text": ", ".join(role_text(role, _) for role in user.roles.all())}
                for user in cast
                if user.owner_side == side.id
            ),
        }
        for side in map(zone().side, hosted_sides())
    ]


def view_records(*, visible_to: Any) -> QuerySet[ViewRecord]:
    """Return who looked at whom, newest first: at oneself, or at anyone of the side that one audits."""
    may = Q(subject__in={role.person_id for role in _held(visible_to, "holder")})
    may |= Q(owner_side__in=_sides(visible_to, "auditor"))
    return (
        ViewRecord.objects.filter(may).select_related("role__organisation", "viewer", "subject").order_by("-at", "id")
    )


def own_person_ids(user: Any) -> set[str]:
    """Return the ids of the people whom an account stands for."""
    return {role.person_id for role in _held(user, "holder") if role.person_id}


def role_text(role: Role, _: Any) -> str:
    """Return a role with what it is held for, in the active language.

    Args:
        role: with its organisation, if it has one.
        _: translates into that language.
    """
    here = zone()
    parks: dict[str, Text] = {park.id: park.title for park in here.parks}
    side = here.side(role.owner_side)
    authority = next((one.title for one in side.side.authorities if one.id == role.authority), None)
    organisation = role.organisation or (role.person.organisation if role.person else None)
    park = parks.get(organisation.park if organisation else role.park)
    point = here.control_point(role.control_point).title if role.control_point else None
    return str(_(ROLE_OF_WORDS[role.kind])).format(
        organisation=organisation.shown_name if organisation else "",
        authority=told(authority) if authority else role.authority,
        control_point=told(point) if point else "",
        park=told(park) if park else told(side.title),
        side=told(side.title),
    )


def people_listed(*, visible_to: Any) -> QuerySet[Person]:
    """Return those whom an account may browse: a coordinator's own, an auditor's side. An officer has to search."""
    may = Q(left_at=None, organisation__in={role.organisation_id for role in _held(visible_to, "coordinator")})
    may |= Q(owner_side__in=_sides(visible_to, "auditor"))
    return people(visible_to=visible_to).filter(may)


def purpose_of(user: User, person: Person) -> str:
    """Return what an account looks at a person for, by its roles; nothing if it is the person."""
    if person.id in own_person_ids(user):
        return ""
    kinds = {role.kind for role in user.held_roles if role.organisation_id in (None, person.organisation_id)}
    if "coordinator" in kinds and person.left_at is None:
        return "own_staff"
    return "case" if "officer" in kinds else "audit"


def list_purpose_of(user: User, person: Person) -> str:
    """Return what a list shows a person to an account for: as one's own staff before as one audited."""
    if person.id in own_person_ids(user):
        return ""
    own = {role.organisation_id for role in _held(user, "coordinator")}
    return "own_staff" if person.organisation_id in own and person.left_at is None else "audit"


def account_text(user: User) -> str:
    """Return how an account is called on pages."""
    return user.name
