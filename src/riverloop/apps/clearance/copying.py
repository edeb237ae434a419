"""What a person's copy of everything that is held about them says of their movements."""

from __future__ import annotations

from typing import Any

from riverloop.apps.clearance.models import Item, Notice
from riverloop.apps.parties.models import Person


def movements_of(person: Person) -> list[dict[str, Any]]:
    """Return the movements of a person with the facts that were stated of them and what they were told.

    What officers found stays with their authority, as it does on every page.
    """
    items = Item.objects.filter(person=person).select_related("movement").prefetch_related("statements")
    told = _told({item.movement_id for item in items})
    return [
        {
            "number": item.movement.number,
            "flow": item.movement.flow,
            "direction": item.movement.direction,
            "declared_at": item.movement.declared_at.isoformat(),
            "crossing_at": item.movement.crossing_at.isoformat(),
            "crossed_at": item.movement.crossed_at.isoformat() if item.movement.crossed_at else None,
            "withdrawn_at": item.movement.withdrawn_at.isoformat() if item.movement.withdrawn_at else None,
            "stated": [
                {"at": one.at.isoformat(), "by": one.asserted_as, "facts": one.facts}
                for one in sorted(item.statements.all(), key=lambda one: one.number)
                if one.asserted_as != "officer"
            ],
            "told": told.get(item.movement_id, []),
        }
        for item in items.order_by("movement__declared_at", "place")
    ]


def _told(movements: set[str]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for notice in Notice.objects.filter(movement__in=movements).order_by("at", "id"):
        said = {"at": notice.at.isoformat(), "authority": notice.authority, "act": notice.act}
        found.setdefault(notice.movement_id, []).append({**said, "reason": notice.reason or None})
    return found
