"""Who may do what at the desk, as predicates. What a list shows, ``visible_to`` of the selectors decides alike."""

from __future__ import annotations

from typing import Any

import rules
from django.db.models import Q

from riverloop.apps.desk.models import Matter, Obligation, StandingAnswer
from riverloop.apps.parties.models import User
from riverloop.apps.parties.permissions import audits_side_of, predicate


def officer_of(user: Any, side: str, authority: str) -> bool:
    """Say whether an account acts for an authority."""
    return (
        isinstance(user, User)
        and user.is_active
        and any(
            (role.kind, role.owner_side, role.authority) == ("officer", side, authority) for role in user.held_roles
        )
    )


@predicate
def is_officer_of_its_authority(user: Any, what: Matter | StandingAnswer) -> bool:
    return officer_of(user, what.owner_side, what.authority)


@predicate
def had_no_hand_in_what_it_is_against(user: Any, matter: Matter) -> bool:
    """Whoever decided something does not decide the remedy against it; a standing answer decides as well."""
    before = matter.of
    if before is not None:
        return user.pk not in {before.proposed_by_id, before.decided_by_id, before.confirmed_by_id}
    if matter.kind != "remedy":
        return True
    given = StandingAnswer.objects.filter(owner_side=matter.owner_side, rule=matter.rule, allow=False)
    return not given.filter(Q(given_by=user.pk) | Q(confirmed_by=user.pk)).exists()


@predicate
def is_no_party(user: Any, matter: Matter) -> bool:
    """Nobody decides what is about themselves, or what an organisation filed that they coordinate."""
    return not any(
        (role.kind == "holder" and role.person_id == matter.person_id)
        or (role.kind == "coordinator" and role.organisation_id == matter.organisation_id)
        for role in getattr(user, "held_roles", ())
    )


@predicate
def has_to_see_to_it(user: Any, obligation: Obligation) -> bool:
    if not isinstance(user, User) or not user.is_active:
        return False
    return any(
        (
            role.kind == "coordinator"
            and (role.organisation_id, None) == (obligation.organisation_id, obligation.person_id)
        )
        or (role.kind == "holder" and role.person_id == obligation.person_id)
        for role in user.held_roles
    )


rules.add_perm("desk.view_matter", is_officer_of_its_authority | audits_side_of)
rules.add_perm("desk.act_on_matter", is_officer_of_its_authority)
rules.add_perm("desk.decide_matter", is_officer_of_its_authority & is_no_party & had_no_hand_in_what_it_is_against)
rules.add_perm("desk.act_on_standinganswer", is_officer_of_its_authority)
rules.add_perm("desk.do_obligation", has_to_see_to_it)
