"""What an officer reads beside a matter: the movement, the rule that asks, and what they may see of the rest."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from riverloop.apps.clearance.models import Item, Movement
from riverloop.apps.clearance.movement_pages import acts, facts_of, newest_of, questions_of, reading_of, stored_of
from riverloop.apps.clearance.movement_parts import column_view, head, item_view
from riverloop.apps.clearance.selectors import rulebook, zone
from riverloop.apps.desk.models import Matter
from riverloop.apps.parties.models import User


def matter_panel(matter: Matter, user: User) -> tuple[str, dict[str, Any]] | None:
    """Return what is shown of the movement that a matter is about, or of its one item; None if it is gone."""
    found = Movement.objects.filter(pk=matter.subject, owner_side=matter.owner_side).first()
    if found is None:
        return None
    reading = reading_of(user, found)
    if matter.item is not None and reading.items is None:
        reading = replace(reading, items=frozenset({matter.item}))
    stored = stored_of(found, newest_of(found), reading)
    column = next(one for one in stored.columns if one.view.id == matter.owner_side)
    items = list(Item.objects.filter(movement=found).order_by("place"))
    known = rulebook().packs.rules.get(matter.rule)
    context = {
        **head(found),
        "time_zone": zone().side(matter.owner_side).side.time_zone,
        "explained": stored.explained,
        "rule": next((rule for rule in column.view.rules if rule.id == matter.rule), None),
        "rule_text": known.sql if known else "",
        "uncovered": known is None,
        "items": [item_view(item, facts, {}) for item, facts in facts_of(found, items, user, reading)],
        "columns": [column_view(one) for one in stored.columns],
        "answers": questions_of(found, reading),
        "may_find": acts(user, found)["may_find"],
        "matter_id": matter.id,
        "item_number": None if matter.item is None else matter.item + 1,
    }
    return "clearance/matter_panel.html", context
