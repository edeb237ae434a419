"""Permits as facts: what a tenant's papers say of an item, and how much of them is drawn for it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from threading import local
from typing import Any

from django.db.models import Q

from riverloop.apps.clearance.models import Item, Movement
from riverloop.apps.clearance.selectors import rulebook, zone
from riverloop.apps.clearance.stated import Subject
from riverloop.apps.documents.models import Permit
from riverloop.apps.documents.selectors import draws_of, permits_held
from riverloop.apps.documents.services import draw, draw_release
from riverloop.core.kernel.instants import date_in

_here = local()
_CHUNK = 2000


def permits_facts(items: list[Item]) -> dict[str, dict[str, Any]]:
    """Return what the permits of whoever filed say of items: held, until when, and how much is left."""
    shelves = _shelves(items)
    drawn = _drawn([item.id for item in items]) if shelves else {}
    found: dict[str, dict[str, Any]] = {}
    for item in items:
        for permit in _best(item, shelves, drawn):
            facts = found.setdefault(item.id, {})
            facts[f"has_{permit.document}"] = True
            if permit.expires_on:
                facts[f"{permit.document}_expires_on"] = permit.expires_on.isoformat()
            if permit.quantity is not None:
                facts[f"{permit.document}_quantity_left"] = float(_left(permit, item, drawn))
    return found


def papers_of(subject: Subject) -> list[dict[str, Any]]:
    """Return the permits that a movement's facts stand on, as the other side may be told of them."""
    shelves = _shelves(subject.items)
    drawn = _drawn([item.id for item in subject.items]) if shelves else {}
    every = {permit.id: permit for item in subject.items for permit in _best(item, shelves, drawn)}
    return [
        {
            "document": permit.document,
            "number": permit.number,
            "issuer": permit.issuer,
            "issued_on": permit.issued_on.isoformat(),
            "expires_on": permit.expires_on.isoformat() if permit.expires_on else None,
            "quantity": float(permit.quantity) if permit.quantity is not None else None,
            "unit": permit.unit or None,
        }
        for permit in every.values()
    ]


Shelf = dict[str, list[Permit]]
Drawn = dict[tuple[str, str], Decimal]


def _shelves(items: Iterable[Item]) -> dict[tuple[str, date], Shelf]:
    """Return the permits that count, by organisation and day, each shelf by document; empty if there are none."""
    filed = {item.movement_id: item.movement for item in items if item.movement.organisation_id}
    organisations = {one.organisation_id: one.organisation for one in filed.values()}
    holding = set(
        Permit.objects.filter(organisation__in=organisations, state__in=("stated", "verified")).values_list(
            "organisation", flat=True
        )
    )
    found: dict[tuple[str, date], Shelf] = {}
    for movement in filed.values():
        key = _key(movement)
        if movement.organisation_id in holding and key not in found:
            shelf: Shelf = {}
            for permit in permits_held(organisations[movement.organisation_id], key[1]):
                shelf.setdefault(permit.document, []).append(permit)
            found[key] = shelf
    return found


def _key(movement: Movement) -> tuple[str, date]:
    side = zone().side(movement.owner_side).side
    return (movement.organisation_id or "", date_in(movement.crossed_at or movement.crossing_at, side.time_zone))


def _drawn(items: list[str]) -> Drawn:
    found: Drawn = {}
    for start in range(0, len(items), _CHUNK):
        found |= {(one.permit_id, one.subject): one.quantity for one in draws_of(items[start : start + _CHUNK])}
    return found


def _best(item: Item, shelves: dict[tuple[str, date], Shelf], drawn: Drawn) -> list[Permit]:
    """Return the permit of each kind that speaks for an item: what is drawn for it, or the best there is."""
    movement = item.movement
    shelf = shelves.get(_key(movement), {})
    words = rulebook().packs.dictionary.documents
    best = []
    for document, permits in shelf.items():
        if document not in words or movement.flow not in words[document].flows:
            continue
        fitting = [one for one in permits if one.person_id in (None, item.person_id)]
        own = [one for one in fitting if (one.id, item.id) in drawn]
        if own or fitting:
            best.append((own or fitting)[0])
    return best


def _left(permit: Permit, item: Item, drawn: Drawn) -> Decimal:
    left: Decimal = getattr(permit, "left", None) or Decimal(0)
    return left + drawn.get((permit.id, item.id), Decimal(0))


def draw_for(subjects: Iterable[Subject]) -> None:
    """Placeholder until what is required is known."""
    del subjects


def release(movement: Movement) -> None:
    """Give back all that was drawn for a movement."""
    for item in movement.items.all():
        draw_release(subject=item.id)


__all__ = ["Q", "draw", "draw_for", "papers_of", "permits_facts", "release"]
