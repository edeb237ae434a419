"""A filed movement laid out for whoever reads it: one sentence, then each side's column, as far as they may see it.

What a side decided is taken as it stands; its reasons are worked out again from the law it was decided by. For the
other side's reasons that is the public law and the applicant's own statements, and the page says so. An officer
reads the other side's outcome and nothing else of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from riverloop.apps.clearance.decided import levels_of as counted_levels
from riverloop.apps.clearance.explain import Explained, SideView, concealed_view, explain
from riverloop.apps.clearance.sentences import Gettext
from riverloop.apps.clearance.stated import with_found
from riverloop.core.rules.decide import decide_side
from riverloop.core.rules.decisions import Decision, SideDecision, read_movement
from riverloop.core.rules.decisions import Movement as Asked
from riverloop.core.rules.packs import CLEARED, REFERRED, REFUSED
from riverloop.core.rules.rulebook import Rulebook

if TYPE_CHECKING:
    from riverloop.apps.clearance.models import Movement
    from riverloop.zones import Zone

Levels = tuple[int, int] | None


@dataclass(frozen=True, slots=True)
class Reading:
    """As whom a movement is read.

    Args:
        kind: applicant, officer, auditor or gate.
        authorities: an officer's.
        items: places of the items that are the reader's own, where others' are in the movement; None: all of them.
    """

    kind: str
    authorities: frozenset[str] = frozenset()
    items: frozenset[int] | None = None

    @property
    def authority_of_own(self) -> bool:
        """Whether reasons that are disclosed to authorities alone may be read, at the reader's own side."""
        return self.inside

    @property
    def inside(self) -> bool:
        """Whether what officers of the reader's own side found may be read, and when they found it."""
        return self.kind in ("officer", "auditor")


@dataclass(slots=True)
class Column:
    """One side's column.

    Args:
        view: its reasons, papers and duties; empty lists where only the outcome may be read.
        answered: whether this side has answered.
        reasons: signed (decided by this side), public (worked out here from the public rules), or empty.
        decided_at: since when its newest answer stands, as far as the reader was told; None for one of several people.
        number: of its newest answer, of those that the reader was told; 0 for one of several people.
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


_ALL = Reading("auditor")


def read_again(inputs: Mapping[str, Any], book: Rulebook, own: str, reading: Reading = _ALL) -> Decision:
    """Decide once more, by the law given, what a stored decision was decided from.

    What officers of this side found counts for this side alone, and for those alone who may read it; of a movement
    of several people each reads what is decided of their own items.

    Args:
        inputs: of a ``SideDecision``.
        book: the law it was decided by.
        own: the side whose copy it is.
        reading: as whom it is read.
    """
    words = book.packs.dictionary
    stated = read_movement(inputs["movement"], book.boundary, words)
    items = tuple(
        {name: value for name, value in item.items() if words.facts[name].source != "officer"} for item in stated.items
    )
    public = _own_items(replace(stated, items=items), reading)
    whole = _own_items(_as_found(inputs, book), reading) if reading.inside else public
    sides = {side.id: decide_side(book, side.id, whole if side.id == own else public) for side in book.boundary.sides}
    return Decision(whole, sides, book.packs)


def _as_found(inputs: Mapping[str, Any], book: Rulebook) -> Asked:
    return read_movement(with_found(inputs), book.boundary, book.packs.dictionary)


def _own_items(movement: Asked, reading: Reading) -> Asked:
    if reading.items is None:
        return movement
    return movement.of_items(sorted(reading.items))


def levels_read(
    inputs: Mapping[str, Any],
    book: Rulebook,
    reading: Reading,
    decision: Decision,
    whole: Mapping[str, Levels],
    *,
    rows: Mapping[str, Any],
) -> Mapping[str, Levels]:
    """Return what each side has answered of what a reader reads, as (low, high); None if it has not.

    Of one person among others this side's answer is known, and the other side tells its own. Of goods and data it
    answers for all at once: of one item that is certain as far as the public rules say the same of it.

    Args:
        inputs: of a ``SideDecision``.
        book: the law it was decided by.
        reading: as whom it is read.
        decision: by ``read_again``, for this reader.
        whole: what each side answered of the whole movement, that of the copy's own side first.
        rows: the ``SideDecision`` of each side that has answered.
    """
    if reading.items is None:
        return whole
    asked = _own_items(_as_found(inputs, book), reading)
    found: dict[str, Levels] = {}
    own = next(iter(whole))
    for side, levels in whole.items():
        if levels is None:
            found[side] = None
        elif side == own:
            found[side] = counted_levels(decide_side(book, side, asked), asked.flow)
        elif side in rows and rows[side].result.get("item_levels"):
            found[side] = _greatest([rows[side].result["item_levels"][place] for place in sorted(reading.items)])
        else:
            found[side] = min(decision.sides[side].low, levels[0]), levels[1]
    return found


def _greatest(levels: Sequence[Sequence[int]]) -> tuple[int, int]:
    return max(low for low, _ in levels), max(high for _, high in levels)


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
    levels: Mapping[str, Levels] | None = None,
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
        levels: what each side answered of what is read, by ``levels_read``; of the whole movement if it is not given.
    """
    levels = levels if levels is not None else levels_of(movement)
    sides = {
        name: _as_read(said, movement, levels[name], newest.get(name), reading) for name, said in decision.sides.items()
    }
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
    if reading.items is not None:
        _number_as_filed(explained.sides, sorted(reading.items))
    columns = [_column(view, newest.get(view.id), movement, reading, unanswered, _) for view in explained.sides]
    if reading.kind == "applicant" and _is_unexplained(decision.sides[own], levels[own], movement.flow):
        view = next(view for view in explained.sides if view.id == own)
        view.rules.append(concealed_view(language))
    return Stored(explained, columns)


def _number_as_filed(views: Iterable[SideView], places: Sequence[int]) -> None:
    """Let rules name own items by the places that they have in the whole movement."""
    for view in views:
        for rule in (*view.rules, *view.displaced, *view.undetermined, *view.announced):
            rule.items = [places[number - 1] + 1 for number in rule.items]


def _is_unexplained(said: SideDecision, levels: Levels, flow: str) -> bool:
    """Say whether a side's answer is graver than what the rules say of what was stated."""
    return levels is not None and levels[0] > counted_levels(said, flow)[0]


def levels_of(movement: Movement) -> dict[str, Levels]:
    """Return what each side has answered, as (low, high); None if it has not."""
    first, second = movement.direction.split("-")
    other = second if first == movement.owner_side else first
    return {
        movement.owner_side: _bounds(movement.own_low, movement.own_high),
        other: _bounds(movement.other_low, movement.other_high),
    }


def _bounds(low: int | None, high: int | None) -> Levels:
    return None if low is None or high is None else (low, high)


def _as_read(said: SideDecision, movement: Movement, levels: Levels, row: Any, reading: Reading) -> SideDecision:
    low, high = levels or (CLEARED, REFUSED)
    if not is_proposed(said, movement, levels, row, reading):
        said = replace(said, low=low, high=high)
    hidden = reading.kind == "gate" or (reading.kind != "applicant" and said.side != movement.owner_side)
    return _outcome_alone(replace(said, low=low, high=high)) if hidden else said


def is_proposed(said: SideDecision, movement: Movement, levels: Levels, row: Any, reading: Reading) -> bool:
    """Say whether a side proposes to refuse a person: that counts as a referral, and is told as what it is.

    Args:
        said: what its rules say, by ``read_again``.
        movement: in the copy of the reader's side.
        levels: what it answered.
        row: its ``SideDecision``; the other side tells with it whom it proposes to refuse, as officers left it.
        reading: as whom it is read.
    """
    if movement.flow != "person" or levels is None or levels[0] != REFERRED or said.low != REFUSED:
        return False
    if row is None or row.side == movement.owner_side:
        return True
    places = row.result.get("proposed", [])
    return bool(places if reading.items is None else reading.items.intersection(places))


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
    if decided is None or reading.items is not None:
        return Column(view, answered, reasons, None, 0)
    if reading.inside:
        return Column(view, answered, reasons, decided.decided_at, decided.number)
    return Column(view, answered, reasons, decided.said_at or decided.decided_at, decided.said_number)
