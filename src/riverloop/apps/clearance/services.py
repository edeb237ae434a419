"""Writes of clearance: what may be done with a movement, each in one transaction with what follows from it."""

from __future__ import annotations

from riverloop.apps.clearance.deciding import pack_text_store
from riverloop.apps.clearance.filing import Draft, DraftItem, movements_declare
from riverloop.apps.clearance.questions import question_answer
from riverloop.apps.clearance.remedies import remedy_file
from riverloop.apps.clearance.steps import movement_cross, movement_restate, movement_withdraw, officer_state

__all__ = [
    "Draft",
    "DraftItem",
    "movement_cross",
    "movement_restate",
    "movement_withdraw",
    "movements_declare",
    "officer_state",
    "pack_text_store",
    "question_answer",
    "remedy_file",
]
