"""What a side decides of one movement, before it is stored, and with which levels that counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from riverloop.apps.clearance.models import Movement, SideDecision
from riverloop.apps.clearance.selectors import rulebook
from riverloop.apps.clearance.stated import Subject
from riverloop.core.rules import decisions as core
from riverloop.core.rules.decide import decide_side
from riverloop.core.rules.packs import INCOMPLETE, REFERRED, REFUSED


@dataclass(slots=True)
class Decided:
    """What this side decides of one movement, before it is stored."""

    subject: Subject
    asked: core.Movement
    decision: core.SideDecision
    inputs: dict[str, Any]
    low: int
    high: int
    number: int = 1
    last: SideDecision | None = None  # this side's decision before it
    public: core.SideDecision | None = None  # without what officers found, where they found anything

    @property
    def movement(self) -> Movement:
        return self.subject.movement

    @property
    def as_stated(self) -> core.SideDecision:
        """What the rules say of what was stated, which is all that leaves the officers' hands."""
        return self.public or self.decision


def levels_of(decision: core.SideDecision, flow: str) -> tuple[int, int]:
    """Return the levels that a side's decision counts with.

    Against a person a rule only proposes to refuse, so until an officer signs it counts as a referral (rule
    semantics 22).
    """
    if not proposals_of(decision, flow):
        return decision.low, decision.high
    if any(decision.answer_to(hit) is False for hit in decision.rules):
        return REFUSED, REFUSED
    return REFERRED, max(REFERRED, INCOMPLETE if decision.missing_documents else REFERRED)


def item_levels(one: Decided) -> list[tuple[int, int]]:
    """Return the levels that a side's decision of each item counts with, alone."""
    flow, levels = one.movement.flow, list(one.decision.item_levels)
    for place in {hit.item for hit in proposals_of(one.decision, flow)}:
        levels[place] = levels_of(decide_side(rulebook(), one.decision.side, one.asked.of_items([place])), flow)
    return levels


def proposals_of(decision: core.SideDecision, flow: str) -> tuple[core.Hit, ...]:
    """Return the refusals of a person that wait for an officer's signature."""
    if flow != "person":
        return ()
    return tuple(hit for hit in decision.rules if hit.rule.effect.kind == "refuse" and decision.answer_to(hit) is None)
