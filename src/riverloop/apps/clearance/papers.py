"""Permits as facts: what a tenant's papers say of an item, and how much of them is drawn for it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from threading import local
from typing import Any

from django.utils import timezone

from riverloop.apps.clearance.models import Item, Movement
from riverloop.apps.clearance.selectors import rulebook, zone
from riverloop.apps.clearance.stated import REGISTER, Subject
from riverloop.apps.desk.models import Matter
from riverloop.apps.desk.services import NewMatter, matters_close, matters_open
from riverloop.apps.documents.models import Permit
from riverloop.apps.documents.selectors import draws_of, permits_held
from riverloop.apps.documents.services import draw, draw_release
from riverloop.core.kernel.instants import date_in
from riverloop.core.rules import decisions as core
from riverloop.core.rules.decide import decide_side

_here = local()
_CHUNK = 2000
Shelf = dict[str, list[Permit]]
Drawn = dict[str, dict[str, Decimal]]  # by item, then by permit


def permits_fill(subjects: Sequence[Subject]) -> None:
    """Let the permits of whoever filed say of items what is held, until when, and how much is left of it."""
    items = [item for subject in subjects for item in subject.items]
    shelves = _shelves(items)
    if not shelves:
        return
    drawn = _drawn([item.id for item in items])
    for subject in subjects:
        every: dict[str, Permit] = {}
        for item in subject.items:
            unit = subject.facts(item, own=False).get("quantity_unit")
            best = [permit for permit in _best(item, shelves, drawn) if counts_in(permit, unit)]
            best = _bearing(subject, item, best, drawn)
            every |= {permit.id: permit for permit in best}
            told = subject.register.setdefault(item.id, {})
            told |= {name: (value, REGISTER) for name, value in _facts(item, best, drawn).items()}
        subject.papers = [_paper(permit) for permit in every.values()]


def _bearing(subject: Subject, item: Item, permits: list[Permit], drawn: Drawn) -> list[Permit]:
    """Leave out permits for a quantity that no rule asks of this item: that little is left of them is no matter."""
    idle = [one for one in permits if one.quantity is not None and one.id not in drawn.get(item.id, {})]
    if not idle:
        return permits
    asked = {name for alternatives in _wanted(subject, item) for name in alternatives}
    return [one for one in permits if one not in idle or one.document in asked]


def _facts(item: Item, permits: Iterable[Permit], drawn: Drawn) -> dict[str, Any]:
    facts: dict[str, Any] = {}
    for permit in permits:
        facts[f"has_{permit.document}"] = True
        if permit.expires_on:
            facts[f"{permit.document}_expires_on"] = permit.expires_on.isoformat()
        if permit.quantity is not None:
            facts[f"{permit.document}_quantity_left"] = float(_left(permit, item, drawn))
    return facts


def _paper(permit: Permit) -> dict[str, Any]:
    """Return a permit as the other side may be told of it."""
    return {
        "document": permit.document,
        "number": permit.number,
        "issuer": permit.issuer,
        "issued_on": permit.issued_on.isoformat(),
        "expires_on": permit.expires_on.isoformat() if permit.expires_on else None,
        "quantity": float(permit.quantity) if permit.quantity is not None else None,
        "unit": permit.unit or None,
    }


def _shelves(items: Iterable[Item]) -> dict[tuple[str, date], Shelf]:
    """Return the permits that count, by organisation and day, each shelf by document; empty if there are none."""
    filed = {item.movement_id: item.movement for item in items if item.movement.organisation_id}
    organisations = {one.organisation_id: one.organisation for one in filed.values() if one.organisation}
    holding = set(
        Permit.objects.filter(organisation__in=organisations, state__in=("stated", "verified")).values_list(
            "organisation", flat=True
        )
    )
    found: dict[tuple[str, date], Shelf] = {}
    once: dict[str, Permit] = {}  # a permit that counts on several days is one, and so is what is left of it
    for movement in filed.values():
        key = _key(movement)
        if movement.organisation_id in holding and key not in found:
            shelf: Shelf = {}
            for permit in permits_held(organisations[movement.organisation_id], key[1]):
                shelf.setdefault(permit.document, []).append(once.setdefault(permit.id, permit))
            found[key] = shelf
    return found


def _key(movement: Movement) -> tuple[str, date]:
    side = zone().side(movement.owner_side).side
    return (movement.organisation_id or "", date_in(movement.crossed_at or movement.crossing_at, side.time_zone))


def _drawn(items: list[str]) -> Drawn:
    found: Drawn = {}
    for start in range(0, len(items), _CHUNK):
        for one in draws_of(items[start : start + _CHUNK]):
            found.setdefault(one.subject, {})[one.permit_id] = one.quantity
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
        own = [one for one in fitting if one.id in drawn.get(item.id, {})]
        if own or fitting:
            best.append((own or fitting)[0])
    return best


def _left(permit: Permit, item: Item, drawn: Drawn) -> Decimal:
    left: Decimal = getattr(permit, "left", None) or Decimal(0)
    return left + drawn.get(item.id, {}).get(permit.id, Decimal(0))


# Drawn -------------------------------------------------------------------------------------------------------------


def draw_for(subjects: Sequence[Subject]) -> None:
    """Draw what each item needs from the permits of whoever filed, as far as they reach.

    What a law requires is worked out from what is stated alone. Where too little is left nothing is drawn, and the
    rules say so.
    """
    shelves = _shelves([item for subject in subjects for item in subject.items])
    if not any(
        permit.quantity is not None for shelf in shelves.values() for every in shelf.values() for permit in every
    ):
        return
    drawn = _drawn([item.id for subject in subjects for item in subject.items])
    with drawing():
        for subject in subjects:
            for item in subject.items:
                _draw(subject, item, _wanted(subject, item), shelves, drawn)


def _wanted(subject: Subject, item: Item) -> list[tuple[str, ...]]:
    """Return the papers for a quantity that either side's rules require of an item, by what is stated of it."""
    law, movement = rulebook(), subject.movement
    words = law.packs.dictionary
    asked = core.Movement(
        flow=movement.flow,
        direction=movement.direction,
        at=max(timezone.now(), movement.crossing_at),
        items=(words.read(movement.flow, subject.facts(item, own=False)),),
    )
    required = {one for side in law.boundary.sides for one in decide_side(law, side.id, asked).requires}
    return [one for one in required if any(words.documents[name].quantity for name in one)]


def _draw(
    subject: Subject,
    item: Item,
    wanted: list[tuple[str, ...]],
    shelves: dict[tuple[str, date], Shelf],
    drawn: Drawn,
) -> None:
    facts = subject.facts(item, own=False)
    shelf = shelves.get(_key(subject.movement), {})
    quantity, unit = _quantity(facts.get("quantity")), facts.get("quantity_unit")
    before = drawn.get(item.id, {})
    chosen = (
        _chosen(item, wanted=wanted, shelf=shelf, quantity=quantity, unit=unit, before=before)
        if quantity is not None
        else {}
    )
    if before == dict.fromkeys(chosen, quantity):
        return
    if before:
        draw_release(subject=item.id)
        for permit_id, amount in drawn.pop(item.id).items():
            _returned(permit_id, amount, shelf)
    for permit in chosen.values():
        amount = quantity or Decimal(0)
        draw(permit=permit, subject=item.id, quantity=amount)
        drawn.setdefault(item.id, {})[permit.id] = amount
        _returned(permit.id, -amount, shelf)


def _returned(permit_id: str, amount: Decimal, shelf: Shelf) -> None:
    """Keep count of what is left within the batch."""
    for every in shelf.values():
        for permit in every:
            if permit.id == permit_id and permit.quantity is not None:
                permit.left = (permit.left or Decimal(0)) + amount  # type: ignore[attr-defined]


def _quantity(stated: Any) -> Decimal | None:
    if isinstance(stated, bool) or not isinstance(stated, int | float) or stated <= 0:
        return None
    return round(Decimal(str(stated)), 6) or None


def _chosen(
    item: Item,
    *,
    wanted: Iterable[Iterable[str]],
    shelf: Shelf,
    quantity: Decimal,
    unit: Any,
    before: dict[str, Decimal],
) -> dict[str, Permit]:
    """Return, for each paper wanted, the first permit of which enough is left, by its id."""

    def fits(permit: Permit) -> bool:
        if permit.quantity is None or permit.person_id not in (None, item.person_id):
            return False
        left = (permit.left or Decimal(0)) + before.get(permit.id, Decimal(0))  # type: ignore[attr-defined]
        return counts_in(permit, unit) and left >= quantity

    chosen: dict[str, Permit] = {}
    for alternatives in wanted:
        found = next((one for name in alternatives for one in shelf.get(name, ()) if fits(one)), None)
        if found is not None:
            chosen[found.id] = found
    return chosen


def counts_in(permit: Permit, unit: Any) -> bool:
    """Say whether a permit counts in the unit that an item is stated in."""
    return permit.quantity is None or unit is None or unit == permit.unit


def release(movement: Movement) -> None:
    """Give back all that was drawn for a movement that does not cross after all."""
    items = list(movement.items.values_list("id", flat=True))
    held = {one.subject for one in draws_of(items)}
    with drawing():
        for item in held:
            draw_release(subject=item)


@contextmanager
def drawing() -> Iterator[None]:
    """Mark that this app itself draws and gives back, so that it does not answer to its own doing."""
    before = getattr(_here, "drawing", False)
    _here.drawing = True
    try:
        yield
    finally:
        _here.drawing = before


# A permit changed --------------------------------------------------------------------------------------------------


def on_permit_changed(sender: object, permit: Permit, **_: object) -> None:
    """Have a stated permit verified where its issuer sits here, and decide again what it bears on."""
    from riverloop.apps.clearance import law_changes  # noqa: PLC0415 - it stands on this module

    if getattr(_here, "drawing", False):
        return
    _ask_to_verify(permit)
    law_changes.permit_decide(permit)


def _ask_to_verify(permit: Permit) -> None:
    document = rulebook().packs.dictionary.documents.get(permit.document)
    here = [authority.id for authority in zone().side(permit.owner_side).side.authorities]
    if document is None or document.issuer not in here:
        return
    if permit.state == "stated":
        new = NewMatter(
            authority=document.issuer,
            kind="permit",
            subject=permit.id,
            flow=document.flows[0],
            organisation=permit.organisation,
            person=permit.person,
        )
        matters_open(side=permit.owner_side, new=[new])
        return
    open_ones = Matter.objects.filter(owner_side=permit.owner_side, kind="permit", subject=permit.id, closed_at=None)
    if open_ones:
        matters_close(matters=open_ones, act=permit.state, reason="")
