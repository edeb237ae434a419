"""What is stated of an item: by whom, and which of it holds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from riverloop.apps.clearance.models import Item, Movement, Statement

APPLICANT, REGISTER, COMPUTED, OFFICER = "applicant", "register", "computed", "officer"
# What a register holds is no longer the applicant's to say; what an officer found, nobody else's.
_RANKS = {APPLICANT: 0, COMPUTED: 1, REGISTER: 1, OFFICER: 2}
STATED_BY_APPLICANT = (APPLICANT, REGISTER)
"""Sources of facts that whoever files may state; a register that knows better replaces them."""


@dataclass(frozen=True, slots=True)
class Asserted:
    """A fact as it holds, and who said so."""

    value: Any
    asserted_as: str
    side: str
    authority: str
    at: datetime
    number: int


@dataclass(slots=True)
class Subject:
    """A movement to decide, with its items and their statements in order; rows may be unsaved yet."""

    movement: Movement
    items: list[Item]
    statements: dict[str, list[Statement]]  # by item id
    fresh: bool = False  # nothing of it is stored yet
    register: dict[str, dict[str, tuple[Any, str]]] = field(default_factory=dict)  # by item id: value, asserted_as
    papers: list[dict[str, Any]] = field(default_factory=list)  # the permits that the register's facts stand on

    def facts(self, item: Item, *, own: bool = True) -> dict[str, Any]:
        """Return what holds of an item.

        Args:
            item: one of its items.
            own: whether with the facts of this side's officers, which never leave it.
        """
        held: tuple[dict[str, Any], ...] = ({}, {}, {})
        for statement in self.statements.get(item.id, ()):
            held[_RANKS[statement.asserted_as]].update(statement.facts)
        registered = {name: value for name, (value, _) in self.register.get(item.id, {}).items()}
        merged = {**_known(held[0]), **_known(held[1]), **registered}
        return {**merged, **_known(held[2])} if own else merged

    def officers_facts(self, item: Item) -> dict[str, Any]:
        """Return what this side's officers alone know of an item."""
        held: dict[str, Any] = {}
        for statement in self.statements.get(item.id, ()):
            if statement.asserted_as == OFFICER:
                held.update(statement.facts)
        return _known(held)


def _known(facts: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in facts.items() if value is not None}


def asserted(statements: Iterable[Statement]) -> dict[str, Asserted]:
    """Return each fact that holds, with who said so; statements are given in their order."""
    held: dict[str, Asserted] = {}
    for statement in statements:
        for name, value in statement.facts.items():
            before = held.get(name)
            if before and _RANKS[before.asserted_as] > _RANKS[statement.asserted_as]:
                continue
            held[name] = Asserted(
                value, statement.asserted_as, statement.side, statement.authority, statement.at, statement.number
            )
    return {name: one for name, one in held.items() if one.value is not None}


def with_found(inputs: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the movement that a decision was decided from, with what officers found of each item in its place.

    Args:
        inputs: of a ``SideDecision``.
    """
    movement: Mapping[str, Any] = inputs["movement"]
    if "found" not in inputs:
        return movement
    pairs = zip(movement["items"], inputs["found"], strict=True)
    return {**movement, "items": [{**stated, **found} for stated, found in pairs]}


def subjects_of(movements: Iterable[Movement]) -> list[Subject]:
    """Read movements with their items and statements, in three queries."""
    listed = list(movements)
    by_id = {movement.id: movement for movement in listed}
    items: dict[str, list[Item]] = {movement.id: [] for movement in listed}
    for item in Item.objects.filter(movement__in=listed).order_by("movement", "place"):
        item.movement = by_id[item.movement_id]
        items[item.movement_id].append(item)
    statements: dict[str, list[Statement]] = {}
    for statement in Statement.objects.filter(item__movement__in=listed).order_by("item", "number"):
        statements.setdefault(statement.item_id, []).append(statement)
    return [Subject(movement, items[movement.id], statements) for movement in listed]
