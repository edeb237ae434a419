"""Who may do what with a movement. What a list shows, ``selectors.movements`` decides alike."""

from __future__ import annotations

from typing import Any

import rules

from riverloop.apps.clearance.models import Movement, Notice, Question
from riverloop.apps.clearance.whose import as_applicant
from riverloop.apps.parties.here import zone
from riverloop.apps.parties.models import Organisation, Role, User
from riverloop.apps.parties.permissions import coordinates, predicate


def _held(user: Any, *kinds: str) -> list[Role]:
    if not isinstance(user, User) or not user.is_active:
        return []
    return [role for role in user.held_roles if role.kind in kinds]


@predicate
def coordinates_filer(user: Any, movement: Movement) -> bool:
    return movement.organisation_id is not None and any(
        role.organisation_id == movement.organisation_id for role in _held(user, "coordinator")
    )


@predicate
def may_see(user: Any, movement: Movement) -> bool:
    from riverloop.apps.clearance.selectors import movements  # noqa: PLC0415 - it stands on this module

    return movements(visible_to=user).filter(pk=movement.pk).exists()


@predicate
def is_officer_of_side(user: Any, movement: Movement) -> bool:
    return any(role.owner_side == movement.owner_side for role in _held(user, "officer"))


@predicate
def is_no_party(user: Any, movement: Movement) -> bool:
    """Nobody states as an officer what is about themselves, or what an organisation filed that they coordinate."""
    return as_applicant(user, movement) is None


@predicate
def stands_at_its_gate(user: Any, movement: Movement) -> bool:
    own = [role.control_point for role in _held(user, "gate") if role.owner_side == movement.owner_side]
    if movement.control_point:
        return movement.control_point in own
    return any(movement.flow in zone().flows_through(point) for point in own)


@predicate
def coordinates_asked(user: Any, question: Question) -> bool:
    return bool(coordinates_filer(user, question.movement))


@predicate
def is_told(user: Any, notice: Notice) -> bool:
    own = as_applicant(user, notice.movement)
    return own is not None and own.reads(notice.place)


@predicate
def coordinates_it(user: Any, organisation: Organisation) -> bool:
    return bool(coordinates(user, organisation))


rules.add_perm("clearance.file_for", coordinates_it)
rules.add_perm("clearance.view_movement", may_see)
rules.add_perm("clearance.change_movement", coordinates_filer)
rules.add_perm("clearance.cross_movement", (stands_at_its_gate | is_officer_of_side) & may_see)
rules.add_perm("clearance.state_officers_facts", is_officer_of_side & may_see & is_no_party)
rules.add_perm("clearance.answer_question", coordinates_asked)
rules.add_perm("clearance.file_remedy", is_told)
