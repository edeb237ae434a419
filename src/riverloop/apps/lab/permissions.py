"""Who may do what in the lab. What a list shows, ``visible_to`` of the selectors decides alike."""

from __future__ import annotations

from typing import Any

import rules

from riverloop.apps.lab.models import Experiment, SavedScenario
from riverloop.apps.parties.models import User
from riverloop.apps.parties.permissions import predicate


def sides_planned(user: Any) -> set[str]:
    """Return the sides that an account plans for."""
    if not isinstance(user, User) or not user.is_active:
        return set()
    return {role.owner_side for role in user.held_roles if role.kind == "planner"}


@predicate
def plans(user: Any) -> bool:
    return bool(sides_planned(user))


@predicate
def plans_for_its_side(user: Any, what: SavedScenario | Experiment) -> bool:
    return what.owner_side in sides_planned(user)


@predicate
def began_it(user: Any, what: SavedScenario | Experiment) -> bool:
    return isinstance(user, User) and what.created_by_id == user.pk


rules.add_perm("lab.experiment", plans)
rules.add_perm("lab.view_savedscenario", plans_for_its_side)
rules.add_perm("lab.view_experiment", plans_for_its_side)
rules.add_perm("lab.change_savedscenario", plans_for_its_side & began_it)
rules.add_perm("lab.change_experiment", plans_for_its_side & began_it)
