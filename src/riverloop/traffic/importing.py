"""Rows of a newer file are taken into the data folder: all of them or, where something is wrong, none.

What is wrong is told row by row. Who has read it may leave the wrong rows out (``skip_wrong``), and may take a row that
says otherwise than a kept one as the newer (``replace``).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import polars as pl

from riverloop.core.kernel.words import N_
from riverloop.traffic.reading import Imported, read_csv
from riverloop.traffic.refusals import TrafficError
from riverloop.traffic.stored import Origin, Stored, merged, one_at_a_time, packaged, read_stored, write_stored

__all__ = ["Done", "Imported", "WrongRowsError", "read_csv", "traffic_import", "traffic_package"]

_KEY = ["date", "control_point", "direction"]


class WrongRowsError(TrafficError):
    """Rows of a file are wrong, so nothing of it was taken.

    Args:
        problems: one a row, with its line, in the order of the file.
    """

    def __init__(self, name: str, problems: tuple[TrafficError, ...]) -> None:
        super().__init__(
            "traffic.wrong_rows",
            N_("{count} rows cannot be taken as they are, so nothing was imported; the first is told in line {line}."),
            where=name,
            count=len(problems),
            line=problems[0].where.rpartition(":")[2],
        )
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Done:
    """What an import did.

    Args:
        added: rows that were new.
        replaced: rows that took the place of others.
        known: rows that were there already, and say the same.
        left_out: rows that were not taken, each with its line.
        first: the first day of the file.
        last: the last one.
        gaps: spans of days of which nothing is known, between the first and the last day of all that is.
    """

    added: int
    replaced: int
    known: int
    left_out: tuple[TrafficError, ...]
    first: date | None
    last: date | None
    gaps: tuple[tuple[date, date], ...]


def traffic_import(
    folder: Path, imported: Imported, *, at: datetime, skip_wrong: bool = False, replace: bool = False
) -> Done:
    """Take the rows of a file into a folder, which ``DailyTraffic.load`` reads.

    Args:
        folder: for imported rows; made if it is not there.
        imported: see ``read_csv``.
        at: now.
        skip_wrong: whether to leave out what is wrong, and take the rest.
        replace: whether a row that says otherwise than a kept one takes its place.

    Raises:
        WrongRowsError: rows are wrong, or say otherwise than kept ones. Nothing was changed.
        TrafficError: the folder cannot be read or written. Nothing was changed.
    """
    with one_at_a_time(folder):
        kept = read_stored(folder, imported.source)
        before = merged([packaged(imported.source).rows, kept.rows])
        new = imported.rows.join(before, on=_KEY, how="anti")
        other = _contradicting(imported, before)
        problems = imported.problems if replace else _in_order(imported.problems, _contradictions(imported, other))
        if problems and not skip_wrong:
            raise WrongRowsError(imported.name, problems)
        taken = [new, other.select(new.columns)] if replace else [new]
        added, replaced = new.height, other.height if replace else 0
        if added or replaced:
            origin = Origin(imported.name, imported.sha256, at.isoformat(timespec="seconds"), added, replaced)
            write_stored(folder, imported.source, Stored(merged([kept.rows, *taken]), (*kept.origins, origin)))
    dates = imported.rows["date"]
    return Done(
        added=added,
        replaced=replaced,
        known=imported.rows.height - new.height - other.height,
        left_out=problems,
        first=dates.min(),  # type: ignore[arg-type]
        last=dates.max(),  # type: ignore[arg-type]
        gaps=tuple(gaps_of(merged([before, *taken])["date"])),
    )


def traffic_package(folder: Path, imported: Imported, *, at: datetime) -> Done:
    """Write the rows of a file as the package holds them: of this file alone, and only if every row is right.

    Args:
        folder: where the file is written, such as ``src/riverloop/traffic/data``.
        imported: see ``read_csv``.
        at: now.

    Raises:
        WrongRowsError: a row is wrong.
        TrafficError: the folder cannot be written.
    """
    if imported.problems:
        raise WrongRowsError(imported.name, imported.problems)
    rows = imported.rows
    origin = Origin(imported.name, imported.sha256, at.isoformat(timespec="seconds"), rows.height, 0)
    write_stored(folder, imported.source, Stored(rows, (origin,)))
    dates = rows["date"]
    return Done(rows.height, 0, 0, (), dates.min(), dates.max(), tuple(gaps_of(dates)))  # type: ignore[arg-type]


def gaps_of(dates: pl.Series) -> Iterator[tuple[date, date]]:
    """Give the first and last day of each span that lacks in a column of dates."""
    one_day = timedelta(days=1)
    known = dates.unique().sort().to_list()
    for before, after in pairwise(known):
        if after - before > one_day:
            yield before + one_day, after - one_day


def _contradicting(imported: Imported, before: pl.DataFrame) -> pl.DataFrame:
    """Return the rows of a file that say otherwise than kept ones, and beside them what those say."""
    classes = list(imported.source.classes)
    both = imported.rows.join(before, on=_KEY, how="inner", suffix="_kept")
    return both.filter(pl.any_horizontal(pl.col(name) != pl.col(f"{name}_kept") for name in classes))


def _contradictions(imported: Imported, other: pl.DataFrame) -> Iterator[TrafficError]:
    classes = list(imported.source.classes)
    for row in other.iter_rows(named=True):
        line = imported.lines[row["date"], row["control_point"], row["direction"]]
        yield TrafficError(
            "traffic.otherwise",
            N_(
                "The row says {new}, and {kept} are kept of that day, control point and direction. Take the row as the "
                "newer (--replace), or leave it out."
            ),
            where=f"{imported.name}:{line}",
            new=" + ".join(str(row[name]) for name in classes),
            kept=" + ".join(str(row[f"{name}_kept"]) for name in classes),
        )


def _in_order(*problems: tuple[TrafficError, ...] | Iterator[TrafficError]) -> tuple[TrafficError, ...]:
    return tuple(sorted((one for some in problems for one in some), key=lambda one: int(one.where.rpartition(":")[2])))
