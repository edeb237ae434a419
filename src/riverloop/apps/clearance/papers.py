"""Permits as facts: what a tenant's papers say of an item, and how much of them is drawn for it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from threading import local
from typing import Any, NamedTuple

from django.utils import timezone

from riverloop.apps.clearance.models import Item, Movement
from riverloop.apps.clearance.selectors import rulebook, zone
from riverloop.apps.clearance.stated import REGISTER, Subject
from riverloop.apps.desk.models import Matter
from riverloop.apps.desk.services import NewMatter, matters_close, matters_open
from riverloop.apps.documents.models import Permit
from riverloop.apps.documents.selectors import draws_of, permits_counting
from riverloop.apps.documents.services import draw, draw_release
from riverloop.core.kernel.instants import date_in
from riverloop.core.rules import decisions as core
from riverloop.core.rules.decide import decide_side

_here = local()
_CHUNK = 2000
Shelf = dict[str, list[Permit]]
Shelves = dict[tuple[str, date], Shelf]  # by organisation and day
Drawn = dict[str, dict[str, Decimal]]  # by item, then by permit


def permits_fill(subjects: Sequence[Subject]) -> None:
    """Let the permits of whoever filed say of items what is held, until when, and how much is left of it."""
    shelves = _shelves(subjects)
    if not shelves:
        return
    drawn = _drawn(subjects)
    for subject in subjects:
        every: dict[str, Permit] = {}
        for item in subject.items:
            unit = subject.facts(item, own=False).get("quantity_unit")
            best = [one for one in _best(subject.movement, item, shelves, drawn) if counts_in(one, unit)]
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


def _shelves(subjects: Sequence[Subject]) -> Shelves:
    """Return the permits that count, by organisation and day, each shelf by document; empty if there are none."""
    filed = [subject.movement for subject in subjects if subject.movement.organisation_id]
    if not filed:
        return {}
    keys = [_key(movement) for movement in filed]
    days = sorted(day for _, day in keys)
    every: dict[str, list[Permit]] = {}
    for permit in permits_counting({organisation for organisation, _ in keys}, days[0], days[-1]):
        every.setdefault(permit.organisation_id, []).append(permit)
    found: Shelves = {}
    for key in keys:
        organisation, day = key
        if organisation in every and key not in found:
            found[key] = {}
            for permit in every[organisation]:
                if permit.issued_on <= day and (permit.expires_on is None or permit.expires_on >= day):
                    found[key].setdefault(permit.document, []).append(permit)
    return found


def _key(movement: Movement) -> tuple[str, date]:
    side = zone().side(movement.owner_side).side
    return (movement.organisation_id or "", date_in(movement.crossed_at or movement.crossing_at, side.time_zone))


def _drawn(subjects: Iterable[Subject]) -> Drawn:
    items = [item.id for subject in subjects for item in subject.items]
    found: Drawn = {}
    for start in range(0, len(items), _CHUNK):
        for one in draws_of(items[start : start + _CHUNK]):
            found.setdefault(one.subject, {})[one.permit_id] = one.quantity
    return found


def _best(movement: Movement, item: Item, shelves: Shelves, drawn: Drawn) -> list[Permit]:
    """Return the permit of each kind that speaks for an item: what is drawn for it, or the best there is."""
    shelf = shelves.get(_key(movement), {})
    words = rulebook().packs.dictionary.documents
    best = []
    for document, permits in shelf.items():
        if document not in words or movement.flow not in words[document].flows:
            continue
        fitting = [one for one in permits if one.person_id in (None, item.person_id) and _lasts(one, item, drawn)]
        own = [one for one in fitting if one.id in drawn.get(item.id, {})]
        if own or fitting:
            best.append((own or fitting)[0])
    return best


def _lasts(permit: Permit, item: Item, drawn: Drawn) -> bool:
    """Say whether anything is left of a permit for an item: what is drawn for it already is its own."""
    return permit.quantity is None or _left(permit, item, drawn) > 0


def _left(permit: Permit, item: Item, drawn: Drawn) -> Decimal:
    left: Decimal = getattr(permit, "left", None) or Decimal(0)
    return left + drawn.get(item.id, {}).get(permit.id, Decimal(0))


# Drawn -------------------------------------------------------------------------------------------------------------


def draw_for(subjects: Sequence[Subject]) -> None:
    """Draw what each item needs from the permits of whoever filed, as far as they reach.

    What a law requires is worked out from what is stated alone. Where too little is left nothing is drawn, and the
    rules say so.
    """
    shelves = _shelves(subjects)
    if not any(
        permit.quantity is not None for shelf in shelves.values() for every in shelf.values() for permit in every
    ):
        return
    drawn = _drawn(subject for subject in subjects if not subject.fresh)
    with drawing():
        for subject in subjects:
            for item in subject.items:
                wanted = _wanted(subject, item) if _may_draw(subject.movement, shelves) else ()
                _draw(subject, item, wanted, shelves, drawn)


def _may_draw(movement: Movement, shelves: Shelves) -> bool:
    """Say whether a tenant holds any paper for a quantity of what crosses."""
    documents = rulebook().packs.dictionary.documents
    return any(
        name in documents and documents[name].quantity and movement.flow in documents[name].flows
        for name in shelves.get(_key(movement), {})
    )


def _wanted(subject: Subject, item: Item) -> tuple[tuple[str, ...], ...]:
    """Return the papers for a quantity that either side's rules require of an item, by what is stated of it."""
    law, movement = rulebook(), subject.movement
    at = max(timezone.now(), movement.crossing_at)
    days = tuple(date_in(at, side.time_zone) for side in law.boundary.sides)
    facts = json.dumps(subject.facts(item, own=False), sort_keys=True)
    key = _Case(law.packs.sha256, law.boundary.assume, movement.flow, movement.direction, days, facts)
    found = _KNOWN.get(key)
    if found is None:
        if len(_KNOWN) >= _MOST_KNOWN:
            _KNOWN.clear()
        found = _KNOWN[key] = _required(subject, item, at)
    return found


class _Case(NamedTuple):
    """All that the papers which are required of an item depend on."""

    packs: str
    assume: frozenset[str]
    flow: str
    direction: str
    days: tuple[date, ...]
    facts: str


# What is drawn, what bears on an item and what a preview says ask the same within moments of each other.
_KNOWN: dict[_Case, tuple[tuple[str, ...], ...]] = {}
_MOST_KNOWN = 5_000


def _required(subject: Subject, item: Item, at: datetime) -> tuple[tuple[str, ...], ...]:
    law, movement = rulebook(), subject.movement
    words = law.packs.dictionary
    asked = core.Movement(
        flow=movement.flow,
        direction=movement.direction,
        at=at,
        items=(words.read(movement.flow, subject.facts(item, own=False)),),
    )
    required = {one: None for side in law.boundary.sides for one in decide_side(law, side.id, asked).requires}
    return tuple(one for one in required if any(words.documents[name].quantity for name in one))


def _draw(
    subject: Subject,
    item: Item,
    wanted: Iterable[tuple[str, ...]],
    shelves: Shelves,
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
