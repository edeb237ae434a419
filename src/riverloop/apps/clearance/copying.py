"""What a person's copy of everything that is held about them says of their movements."""

from __future__ import annotations

from typing import Any

from riverloop.apps.clearance.models import Item, Notice
from riverloop.apps.clearance.whose import concerns
from riverloop.apps.parties.models import Person


def movements_of(person: Person) -> list[dict[str, Any]]:
    """Return the movements of a person with the facts that were stated of them and what they were told.

    What officers found stays with their authority, as it does on every page, and what others who cross in the same
    movement were told stays with them.
    """
    items = Item.objects.filter(person=person).select_related("movement").prefetch_related("statements")
    told = _told(person)
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
            "told": [one for place, one in told.get(item.movement_id, ()) if place in (None, item.place)],
        }
        for item in items.order_by("movement__declared_at", "place")
    ]


def _told(person: Person) -> dict[str, list[tuple[int | None, dict[str, Any]]]]:
    """Return what concerned a person, by movement, each with the place of the item."""
    found: dict[str, list[tuple[int | None, dict[str, Any]]]] = {}
    for notice in Notice.objects.filter(concerns([person.id])).order_by("at", "id"):
        said = {
            "at": notice.at.isoformat(),
            "authority": notice.authority,
            "act": notice.act,
            "reason": notice.reason or None,
            "objected_at": notice.remedy_filed_at.isoformat() if notice.remedy_filed_at else None,
            "objection": notice.remedy_text or None,
        }
        found.setdefault(notice.movement_id, []).append((notice.place, said))
    return found
