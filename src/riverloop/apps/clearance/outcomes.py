"""The outcome of a movement, derived from what both sides said; it is stored nowhere."""

from __future__ import annotations

from django.db.models import Q

from riverloop.apps.clearance.models import Movement
from riverloop.core.rules.decisions import UNDETERMINED, outcome
from riverloop.core.rules.packs import OUTCOMES, REFUSED

WORDS = (*OUTCOMES, UNDETERMINED)
"""Every outcome, in a word."""

_COLUMNS = ("own_low", "own_high", "other_low", "other_high")


def levels_of(movement: Movement) -> tuple[int, int]:
    """Return the level that is certain and the one that is possible; a side that is silent may say anything."""
    own_low, own_high, other_low, other_high = (getattr(movement, column) for column in _COLUMNS)
    low = max(own_low or 0, other_low or 0)
    high = max(REFUSED if own_high is None else own_high, REFUSED if other_high is None else other_high)
    return low, high


def outcome_of(movement: Movement) -> str:
    """Return what both sides' decisions come to (rule semantics 12)."""
    return outcome(*levels_of(movement))


def outcome_filter(word: str) -> Q:
    """Return the condition that a movement's outcome is this word.

    Args:
        word: one of ``WORDS``.
    """
    if word == UNDETERMINED:
        return ~_settled()
    return _at(OUTCOMES.index(word))


def _at(level: int) -> Q:
    """Both the greatest low and the greatest high are this level."""
    if level == REFUSED:
        return Q(own_low=REFUSED) | Q(other_low=REFUSED)
    at_most = Q(own_high__lte=level, other_high__lte=level)
    return at_most & (Q(own_low=level) | Q(other_low=level))


def _settled() -> Q:
    found = Q(pk__in=())
    for level in range(len(OUTCOMES)):
        found |= _at(level)
    return found
