"""A filed movement laid out for whoever reads it: one sentence, then each side's column, as far as they may see it.

What a side decided is taken as it stands; its reasons are worked out again from the law it was decided by. For the
other side's reasons that is the public law and the applicant's own statements, and the page says so. An officer
reads the other side's outcome and nothing else of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from riverloop.apps.clearance.explain import Explained, SideView, explain
from riverloop.apps.clearance.sentences import Gettext
from riverloop.core.rules.decide import decide_side
from riverloop.core.rules.decisions import Decision, SideDecision, read_movement
from riverloop.core.rules.packs import CLEARED, REFERRED, REFUSED
from riverloop.core.rules.rulebook import Rulebook

if TYPE_CHECKING:
    from riverloop.apps.clearance.models import Movement
    from riverloop.zones import Zone


@dataclass(frozen=True, slots=True)
class Reading:
    """As whom a movement is read.

    Args:
        kind: applicant, officer, auditor or gate.
        authorities: an officer's.
    """

    kind: str
    authorities: frozenset[str] = frozenset()

    @property
    def authority_of_own(self) -> bool:
        """Whether reasons that are disclosed to authorities alone may be read, at the reader's own side."""
        return self.kind in ("officer", "auditor")


@dataclass(slots=True)
class Column:
    """One side's column.

    Args:
        view: its reasons, papers and duties; empty lists where only the outcome may be read.
        answered: whether this side has answered.
        reasons: signed (decided by this side), public (worked out here from the public rules), or empty.
        decided_at: when its newest answer was given.
        number: of its newest answer.
    """

    view: SideView
    answered: bool
    reasons: str
    decided_at: datetime | None
    number: int


@dataclass(slots=True)
class Stored:
    """A filed movement in one language."""

    explained: Explained
    columns: list[Column]


def read_again(inputs: Mapping[str, Any], book: Rulebook, own: str) -> Decision:
    """Decide once more, by the law given, what a stored decision was decided from.

    The other side is decided for without what officers of this one found.

    Args:
        inputs: of a ``SideDecision``.
        book: the law it was decided by.
        own: the side whose copy it is.
    """
    words = book.packs.dictionary
    movement = read_movement(inputs["movement"], book.boundary, words)
    items = tuple(
        {name: value for name, value in item.items() if words.facts[name].source != "officer"}
        for item in movement.items
    )
    public = replace(movement, items=items)
    sides = {
        side.id: decide_side(book, side.id, movement if side.id == own else public) for side in book.boundary.sides
    }
    return Decision(movement, sides, book.packs)


def read_stored(
    movement: Movement,
    decision: Decision,
    newest: Mapping[str, Any],
    reading: Reading,
    _: Gettext,
    *,
    zone: Zone,
    language: str,
    now: datetime | None = None,
) -> Stored:
    """Lay a filed movement out for one reader.

    Args:
        movement: in the copy of the reader's side.
        decision: what the rules say of it, by ``read_again``.
        newest: the newest ``SideDecision`` of each side that has answered.
        reading: as whom it is read.
        _: translates into the language.
        zone: names the sides and their authorities.
        language: en, zh-Hant or zh-Hans.
        now: tells which duties are past.
    """
    levels = levels_of(movement)
    sides = {name: _as_read(said, movement, levels[name], reading) for name, said in decision.sides.items()}
    unanswered = frozenset(name for name, bounds in levels.items() if bounds is None)
    own = movement.owner_side
    explained = explain(
        replace(decision, sides=sides),
        zone,
        language,
        _,
        authority_of=frozenset({own}) if reading.authority_of_own else frozenset(),
        authorities=reading.authorities if reading.kind == "officer" else None,
        unanswered=unanswered,
        signed=frozenset(name for name, bounds in levels.items() if bounds and bounds[0] == REFUSED),
        now=now,
    )
    columns = [_column(view, newest.get(view.id), movement, reading, unanswered, _) for view in explained.sides]
    return Stored(explained, columns)


def levels_of(movement: Movement) -> dict[str, tuple[int, int] | None]:
    """Return what each side has answered, as (low, high); None if it has not."""
    first, second = movement.direction.split("-")
    other = second if first == movement.owner_side else first
    return {
        movement.owner_side: _bounds(movement.own_low, movement.own_high),
        other: _bounds(movement.other_low, movement.other_high),
    }


def _bounds(low: int | None, high: int | None) -> tuple[int, int] | None:
    return None if low is None or high is None else (low, high)


def _as_read(said: SideDecision, movement: Movement, levels: tuple[int, int] | None, reading: Reading) -> SideDecision:
    low, high = levels or (CLEARED, REFUSED)
    proposed = movement.flow == "person" and low == REFERRED and said.low == REFUSED
    if not proposed:  # a proposal to refuse a person counts as a referral, and is told as what it is
        said = replace(said, low=low, high=high)
    hidden = reading.kind == "gate" or (reading.kind != "applicant" and said.side != movement.owner_side)
    return _outcome_alone(replace(said, low=low, high=high)) if hidden else said


def _outcome_alone(said: SideDecision) -> SideDecision:
    none_open = tuple(0 for _ in said.item_levels)
    return SideDecision(
        side=said.side, low=said.low, high=said.high, item_levels=said.item_levels, route=None, requires=(),
        missing_documents=(), obliges=(), inspects=(), missing_facts=tuple(() for _ in none_open),
        deciding_facts=none_open, rules=(), displaced=(), undetermined=(), announced=(), answered={},
        valid_until=None,
    )  # fmt: skip


def _column(
    view: SideView, decided: Any, movement: Movement, reading: Reading, unanswered: frozenset[str], _: Gettext
) -> Column:
    answered = view.id not in unanswered
    if not answered:
        view.word = _("Not answered yet")
    if reading.kind == "gate":
        reasons = ""
    elif view.id == movement.owner_side:
        reasons = "signed"
    else:
        reasons = "public" if reading.kind == "applicant" else ""
    return Column(view, answered, reasons, decided.decided_at if decided else None, decided.number if decided else 0)
