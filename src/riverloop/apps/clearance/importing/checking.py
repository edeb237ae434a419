"""Rows of a table, read one by one: each is an item of a movement, or has mistakes that say how to mend them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from riverloop.apps.clearance.importing import columns as names
from riverloop.apps.clearance.importing.cells import read_cell, read_crossing, read_direction, read_point
from riverloop.apps.clearance.importing.columns import Column
from riverloop.apps.clearance.importing.reading import Line
from riverloop.apps.clearance.sentences import N_
from riverloop.core.kernel.errors import InputError
from riverloop.core.rules.decisions import MAX_ITEMS
from riverloop.core.rules.facts import as_json

if TYPE_CHECKING:
    from riverloop.zones import Zone

LONGEST_REFERENCE = 80
_MOST_MISTAKES = 20  # of one row


@dataclass(frozen=True, slots=True)
class Mistake:
    """What is wrong in a row.

    Args:
        column: title of the column; empty if it is the row's.
        error: says how to mend it.
    """

    column: str
    error: InputError

    def as_json(self) -> dict[str, Any]:
        """Return it as it is stored, to be said in the reader's language."""
        told = {name: str(value) for name, value in self.error.parameters.items()}
        return {"column": self.column, "code": self.error.code, "message": self.error.message, "params": told}


@dataclass(slots=True)
class Row:
    """One row as read.

    Args:
        number: as a spreadsheet shows it.
        movement: what the column "movement" says; empty if nothing.
        direction: of the movement.
        crossing_at: of the movement.
        control_point: id, or empty.
        reference: the tenant's own.
        person: what the column "person" says; never kept.
        facts: stated, as JSON carries them.
        mistakes: in the order of the columns.
    """

    number: int
    movement: str = ""
    direction: str = ""
    crossing_at: datetime | None = None
    control_point: str = ""
    reference: str = ""
    person: str = ""
    facts: dict[str, Any] = field(default_factory=dict)
    mistakes: list[Mistake] = field(default_factory=list)

    def wrong(self, column: str, error: InputError) -> None:
        """Note a mistake."""
        if len(self.mistakes) < _MOST_MISTAKES:
            self.mistakes.append(Mistake(column, error))

    @property
    def head(self) -> tuple[Any, ...]:
        """What all rows of one movement have in common."""
        return self.direction, self.crossing_at, self.control_point, self.reference


def read_line(line: Line, columns: Iterable[Column | None], zone: Zone) -> Row:
    """Read one row; what cannot be read is noted and left out."""
    row = Row(line.number)
    head: dict[str, tuple[str, str]] = {}
    for column, text in zip(columns, line.cells, strict=False):
        if column is None:
            if text:
                row.wrong("", InputError("import.untitled", N_("A cell stands under no column title. Remove it.")))
        elif column.fact is None:
            head[column.name] = (column.title, text)
        else:
            _read_fact(row, column, text)
    _read_head(row, head, zone)
    return row


def _read_fact(row: Row, column: Column, text: str) -> None:
    assert column.fact is not None  # noqa: S101 - for the type checker; the caller has looked
    try:
        value = read_cell(column.fact, text)
    except InputError as error:
        row.wrong(column.title, error)
    else:
        if value is not None:
            row.facts[column.fact.name] = as_json(value)


def _read_head(row: Row, head: Mapping[str, tuple[str, str]], zone: Zone) -> None:
    def take(name: str, read: Callable[[str], Any], empty: Any = "") -> Any:
        title, text = head.get(name, (name, ""))
        try:
            return read(text) if text else empty
        except InputError as error:
            row.wrong(title, error)
            return empty

    row.movement = take(names.MOVEMENT, lambda text: text[:200])
    row.direction = take(names.DIRECTION, lambda text: read_direction(text, zone))
    row.control_point = take(names.POINT, lambda text: read_point(text, zone))
    row.reference = take(names.REFERENCE, _reference)
    row.person = take(names.PERSON, str)
    way = row.direction or zone.boundary.directions[0]
    row.crossing_at = take(names.CROSSING, lambda text: read_crossing(text, way, zone), None)


def _reference(text: str) -> str:
    if len(text) > LONGEST_REFERENCE:
        raise InputError(
            "import.reference",
            N_("The reference has more than {most} characters. Shorten it."),
            most=LONGEST_REFERENCE,
        )
    return text


def grouped(rows: Iterable[Row]) -> list[list[Row]]:
    """Return the rows of each movement, in the order of their first; a row without a name is one of its own.

    Later rows of a movement may leave out what its first says. What is still lacking, or differs, is noted.
    """
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(row.movement or f"\0{row.number}", []).append(row)
    for group in groups.values():
        _join(group)
    return list(groups.values())


def _join(group: list[Row]) -> None:
    first = group[0]
    for row in group:
        row.direction = row.direction or first.direction
        row.crossing_at = row.crossing_at or first.crossing_at
        row.control_point = row.control_point or first.control_point
        row.reference = row.reference or first.reference
        _check_head(row)
        if row.head != first.head:
            row.wrong(
                names.MOVEMENT,
                InputError(
                    "import.differs",
                    N_(
                        "Row {first} names the same movement with another direction, time, control point or "
                        "reference. Make them alike, or give another name."
                    ),
                    first=first.number,
                ),
            )
    if len(group) > MAX_ITEMS:
        first.wrong(
            names.MOVEMENT,
            InputError(
                "import.items", N_("A movement has at most {most} items. Split this one into several."), most=MAX_ITEMS
            ),
        )


def _check_head(row: Row) -> None:
    blamed = {mistake.column for mistake in row.mistakes}
    for name, value in ((names.DIRECTION, row.direction), (names.CROSSING, row.crossing_at)):
        if not value and name not in blamed:
            row.wrong(name, InputError("import.lacks", N_('"{column}" is empty. Fill it in.'), column=name))
