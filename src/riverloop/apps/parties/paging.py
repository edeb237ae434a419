"""Long lists in parts that begin after a row: as quick at the end as at the beginning, and nothing is counted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.db.models import Model, Q, QuerySet

Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True, slots=True)
class Part(Generic[Row]):
    """A part of a list.

    Args:
        rows: its rows.
        after: id of the row that the next part begins after; empty if this is the last.
        is_first: whether it begins the list.
    """

    rows: list[Row]
    after: str
    is_first: bool


def part_of(found: QuerySet[Row], after: str, size: int) -> Part[Row]:
    """Return the part of a list that begins after a row; the first one if that row is not in the list.

    Args:
        found: ordered by columns that are never null, the last of them unique.
        after: id of a row in it, or nothing.
        size: rows at most, > 0.
    """
    last = found.filter(pk=after).first() if after else None
    rows = list((found.filter(_beyond(found, last)) if last else found)[: size + 1])
    return Part(rows[:size], rows[size - 1].pk if len(rows) > size else "", last is None)


def _beyond(found: QuerySet[Row], last: Any) -> Q:
    """Return what comes after a row in the list's own order."""
    columns = [str(column) for column in found.query.order_by]
    beyond, same, bound = Q(pk__in=()), Q(), Q()
    for column in columns:
        name, way = column.removeprefix("-"), "lt" if column.startswith("-") else "gt"
        value = getattr(last, name)
        beyond |= same & Q(**{f"{name}__{way}": value})
        same &= Q(**{name: value})
        bound = bound or Q(**{f"{name}__{way}e": value})  # said once more alone, so that an index begins there
    return bound & beyond
