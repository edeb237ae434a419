"""Who may do what to a file or a permit. What a list shows, ``visible_to`` of the selectors decides alike."""

from __future__ import annotations

from typing import Any

import rules

from riverloop.apps.documents.models import File, Permit
from riverloop.apps.parties.here import zone
from riverloop.apps.parties.law import documents
from riverloop.apps.parties.models import Organisation, Role, User
from riverloop.apps.parties.permissions import coordinates, predicate


def held(user: Any, *kinds: str) -> list[Role]:
    """Return the roles of these kinds that an account holds; none for nobody, or an account that was closed."""
    if not isinstance(user, User) or not user.is_active:
        return []
    return [role for role in user.held_roles if role.kind in kinds]


def documents_of(authority: str) -> frozenset[str]:
    """Return the documents that the disclosure table lets an authority see when a movement is declared."""
    return frozenset(
        name
        for name, document in documents().items()
        if any(name in zone().disclosed("declare", authority, flow) for flow in document.flows)  # type: ignore[arg-type]
    )


@predicate
def is_officer_for(user: Any, permit: Permit) -> bool:
    return any(
        role.owner_side == permit.owner_side and permit.document in documents_of(role.authority)
        for role in held(user, "officer")
    )


@predicate
def audits_side_of(user: Any, what: Permit | File) -> bool:
    return any(role.owner_side == what.owner_side for role in held(user, "auditor"))


@predicate
def coordinates_its_organisation(user: Any, what: Permit | File) -> bool:
    return any(role.organisation_id == what.organisation_id for role in held(user, "coordinator"))


@predicate
def is_its_holder(user: Any, permit: Permit) -> bool:
    return permit.person_id is not None and any(role.person_id == permit.person_id for role in held(user, "holder"))


@predicate
def handed_it_in(user: Any, file: File) -> bool:
    """What was handed in for an organisation is the organisation's, also once its coordinator is another."""
    return isinstance(user, User) and user.is_active and file.organisation_id is None and file.uploaded_by_id == user.id


@predicate
def did_not_add_it(user: Any, permit: Permit) -> bool:
    return isinstance(user, User) and permit.added_by_id != user.id


@predicate
def is_of_side(user: Any, organisation: Organisation) -> bool:
    return isinstance(user, User) and user.owner_side == organisation.owner_side


rules.add_perm("documents.add_permit", coordinates & is_of_side)
rules.add_perm("documents.view_permit", coordinates_its_organisation | is_officer_for | audits_side_of | is_its_holder)
rules.add_perm("documents.verify_permit", is_officer_for & did_not_add_it)
rules.add_perm("documents.end_permit", coordinates_its_organisation | is_officer_for)
rules.add_perm("documents.erase_file", coordinates_its_organisation | handed_it_in)
