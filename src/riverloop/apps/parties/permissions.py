"""Who may do what to one thing, as predicates. What a list shows, ``visible_to`` of the selectors decides alike."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import rules

from riverloop.apps.parties.models import Organisation, Person, Role, User, ViewRecord

SIDE_READERS = ("officer", "auditor")  # they read all of their side; officers for a purpose, which is recorded


def predicate(function: Callable[..., bool]) -> Any:
    """Make a predicate that can be joined to others by ``|``, ``&`` and ``~``."""
    return rules.predicate(function)


def _roles(user: Any, *kinds: str) -> list[Role]:
    """Return the roles of these kinds that an account holds; none for nobody, or an account that was closed."""
    if not isinstance(user, User) or not user.is_active:
        return []
    return [role for role in user.held_roles if role.kind in kinds]


@predicate
def is_officer(user: Any) -> bool:
    return bool(_roles(user, "officer"))


@predicate
def reads_side_of(user: Any, what: Any) -> bool:
    return any(role.owner_side == what.owner_side for role in _roles(user, *SIDE_READERS))


@predicate
def audits_side_of(user: Any, what: Any) -> bool:
    return any(role.owner_side == what.owner_side for role in _roles(user, "auditor"))


@predicate
def is_treasurer_of_side_of(user: Any, what: Any) -> bool:
    return any(role.owner_side == what.owner_side for role in _roles(user, "treasurer"))


@predicate
def coordinates(user: Any, organisation: Organisation) -> bool:
    return any(role.organisation_id == organisation.id for role in _roles(user, "coordinator"))


@predicate
def operates_park_of(user: Any, organisation: Organisation) -> bool:
    return any(
        (role.owner_side, role.park) == (organisation.owner_side, organisation.park)
        for role in _roles(user, "operator")
    )


@predicate
def is_the_person(user: Any, person: Person) -> bool:
    return any(role.person_id == person.id for role in _roles(user, "holder"))


@predicate
def coordinates_employer_of(user: Any, person: Person) -> bool:
    """Whoever left their organisation is no longer its coordinators' to look after."""
    return (
        person.organisation_id is not None
        and person.left_at is None
        and any(role.organisation_id == person.organisation_id for role in _roles(user, "coordinator"))
    )


@predicate
def operates_park(user: Any, park: str) -> bool:
    return any(role.park == park for role in _roles(user, "operator"))


@predicate
def looks_after_role(user: Any, role: Role) -> bool:
    """An operator looks after coordinators of the park's tenants, a coordinator after holders among their people."""
    if role.kind == "coordinator" and role.organisation is not None:
        return bool(operates_park_of(user, role.organisation) or coordinates(user, role.organisation))
    if role.kind == "holder" and role.person is not None:
        return bool(coordinates_employer_of(user, role.person))
    return False


@predicate
def may_end_role(user: Any, role: Role) -> bool:
    """A coordinator ends holders' roles and their own, and not a colleague's; nobody but holders and those gives up."""
    if role.ended_at is not None or not isinstance(user, User):
        return False
    if role.user_id == user.id:
        return role.kind in ("holder", "coordinator") and bool(_roles(user, role.kind))
    if role.kind == "coordinator" and role.organisation is not None:
        return bool(operates_park_of(user, role.organisation))
    return role.kind == "holder" and looks_after_role(user, role)


@predicate
def is_the_subject(user: Any, view: ViewRecord) -> bool:
    return any(role.person_id == view.subject_id for role in _roles(user, "holder"))


@predicate
def is_the_account(user: Any, role: Role) -> bool:
    return isinstance(user, User) and role.user_id == user.id


rules.add_perm("parties.view_organisation", coordinates | operates_park_of | reads_side_of | is_treasurer_of_side_of)
rules.add_perm("parties.view_person", is_the_person | coordinates_employer_of | reads_side_of)
rules.add_perm("parties.search_people", is_officer)
rules.add_perm("parties.view_viewrecord", is_the_subject | audits_side_of)
rules.add_perm("parties.view_role", is_the_account | audits_side_of | looks_after_role)
rules.add_perm("parties.add_organisation", operates_park)
rules.add_perm("parties.invite_coordinator", operates_park_of)
rules.add_perm("parties.add_person", coordinates)
rules.add_perm("parties.change_person", coordinates_employer_of)
rules.add_perm("parties.invite_holder", coordinates_employer_of)
rules.add_perm("parties.end_role", may_end_role)
