"""A file of daily traffic, read row by row: what is wrong is told with its line, and nothing is guessed.

What published files have taught: a byte order mark, an empty column at the end, days before months, names that change,
control points that stop. What a file may hold besides: rows that do not add up or stand there twice, a file of another
table, one that was saved anew by a spreadsheet, an archive that unpacks without end.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import re
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime

import polars as pl

from riverloop.core.kernel.errors import did_you_mean
from riverloop.core.kernel.words import N_
from riverloop.traffic.refusals import TrafficError
from riverloop.traffic.sources import Source, load_source

MOST_BYTES = 32_000_000  # unpacked; a year of sixteen control points is 0.6 MB
MOST_PROBLEMS = 1_000
_PACKED = b"\x1f\x8b"
_NUMBER = re.compile(r"[0-9]{1,9}")
_FIRST_DATE = date(1990, 1, 1)
_LONGEST_SHOWN = 60
_KEY = ("date", "control_point", "direction")

Key = tuple[date, str, str]
"""Date, control point, direction: what a row is known by."""


@dataclass(frozen=True, slots=True)
class Imported:
    """What a file says.

    Args:
        source: whose table it is.
        name: of the file.
        sha256: of its bytes as they were given, in hexadecimal.
        rows: the right ones: date, control_point, direction, and the passengers of each class; sorted.
        lines: the line of each of these rows, by its key.
        problems: one for each wrong row, in the order of the file, with its line.
    """

    source: Source
    name: str
    sha256: str
    rows: pl.DataFrame
    lines: Mapping[Key, int]
    problems: tuple[TrafficError, ...] = ()


def read_csv(data: bytes, *, name: str, source: Source | None = None, today: date | None = None) -> Imported:
    """Read a file of daily traffic.

    Args:
        data: CSV, packed by gzip or not.
        name: of the file, for messages.
        source: whose table it is; without one, the first that is bundled.
        today: no row is of a later day; without it, any day goes.

    Raises:
        TrafficError: the file as a whole cannot be read: it is too large, no UTF-8, of another table, or hardly a row
            of it is right. Rows that are wrong are told in ``problems``.
    """
    source = source or load_source()
    text = _decoded(_unpacked(data, name), name)
    reading = _Reading(source, name, today)
    reading.read(text)
    return Imported(
        source=source,
        name=name,
        sha256=hashlib.sha256(data).hexdigest(),
        rows=frame_of(reading.rows, source),
        lines=reading.lines,
        problems=tuple(reading.problems),
    )


def frame_of(rows: Mapping[Key, tuple[int, ...]], source: Source) -> pl.DataFrame:
    """Return rows as a sorted frame: date, control_point, direction, and the passengers of each class."""
    columns: dict[str, list[object]] = {name: [] for name in (*_KEY, *source.classes)}
    for key, counts in rows.items():
        for name, value in zip(columns, (*key, *counts), strict=True):
            columns[name].append(value)
    return pl.DataFrame(columns, schema=schema_of(source)).sort(_KEY)


def schema_of(source: Source) -> dict[str, pl.DataType]:
    """Return the columns that rows are kept in."""
    return {"date": pl.Date(), "control_point": pl.String(), "direction": pl.String()} | {
        name: pl.Int32() for name in source.classes
    }


# The file as a whole ---------------------------------------------------------------------------------------------


def _unpacked(data: bytes, name: str) -> bytes:
    if data.startswith(_PACKED):
        data = _gunzip(data, name)
    if len(data) > MOST_BYTES:
        raise TrafficError(
            "traffic.size", N_("It holds more than {most} MB. Split it by years."), where=name, most=MOST_BYTES // 10**6
        )
    return data


def _gunzip(data: bytes, name: str) -> bytes:
    """Unpack, but never more than may be read, and a byte to tell that there is more."""
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as file:
            return file.read(MOST_BYTES + 1)
    except (EOFError, OSError, zlib.error):
        raise TrafficError(
            "traffic.gzip", N_("It is packed by gzip, and damaged or cut off. Fetch it again."), where=name
        ) from None


def _decoded(data: bytes, name: str) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise TrafficError(
            "traffic.encoding",
            N_("This is not UTF-8 text. Take the file as it was published, or save it as CSV in UTF-8."),
            where=f"{name}:{line}",
        ) from None


class _Reading:
    """Reads one text, collecting rows and what is wrong."""

    def __init__(self, source: Source, name: str, today: date | None) -> None:
        self.source, self.name, self.today = source, name, today
        self.rows: dict[Key, tuple[int, ...]] = {}
        self.lines: dict[Key, int] = {}
        self.problems: list[TrafficError] = []
        self.spoilt: set[Key] = set()
        self.names = {name: point.key for point in source.control_points.values() for name in point.names}
        self.words = {word: key for key, word in source.directions.items()}

    def read(self, text: str) -> None:
        lines = self.lines_of(text)
        line, head = next(lines, (1, []))
        columns = self.columns_of(head, line)
        for line, cells in lines:
            try:
                self.keep(line, self.row_of(cells, columns, len(head)))
            except TrafficError as error:
                self.note(line, error)
        for key in self.spoilt:
            del self.rows[key], self.lines[key]
        if not (self.rows or self.problems):
            raise TrafficError(
                "traffic.empty", N_("It has a head and no rows. Take another file."), where=f"{self.name}:{line}"
            )

    def lines_of(self, text: str) -> Iterator[tuple[int, list[str]]]:
        """Give the cells of each row that is not blank, with the line at which it begins."""
        reader = csv.reader(io.StringIO(text, newline=""), strict=True)
        begins = 1
        try:
            for cells in reader:
                if any(cell.strip() for cell in cells):
                    yield begins, [cell.strip() for cell in cells]
                begins = reader.line_num + 1
        except csv.Error:
            raise TrafficError(
                "traffic.csv",
                N_("From here on it is no CSV: a quotation mark is open, or a cell without end. Mend the line."),
                where=f"{self.name}:{begins}",
            ) from None

    def columns_of(self, head: list[str], line: int) -> dict[str, int]:
        """Return where each column stands; what stands under no head has to be empty."""
        wanted = dict(self.source.columns) | dict(self.source.classes)
        known = list(wanted.values())
        for name, times in Counter(one for one in head if one).items():
            if name not in known:
                raise self.other_table(
                    line,
                    N_('This table has no column "{name}".{hint} Take a file of "{title}"; its head is {known}.'),
                    name,
                )
            if times > 1:
                raise self.other_table(
                    line,
                    N_('The column "{name}" stands there twice. Take a file of "{title}"; its head is {known}.'),
                    name,
                )
        for name in known:
            if name not in head:
                raise self.other_table(
                    line, N_('The column "{name}" is lacking. Take a file of "{title}"; its head is {known}.'), name
                )
        return {key: head.index(name) for key, name in wanted.items()}

    def other_table(self, line: int, message: str, name: str) -> TrafficError:
        known = [*self.source.columns.values(), *self.source.classes.values()]
        return TrafficError(
            "traffic.head",
            message,
            where=f"{self.name}:{line}",
            name=_shown(name),
            hint=did_you_mean(name, known),
            title=self.source.title["en"],
            known=", ".join(known),
        )

    # One row -----------------------------------------------------------------------------------------------------

    def row_of(self, cells: list[str], columns: Mapping[str, int], width: int) -> tuple[Key, tuple[int, ...]]:
        named = set(columns.values())
        if len(cells) <= max(named):
            raise _wrong(
                "cells", N_("The row has {found} cells of {wanted}. Complete it."), found=len(cells), wanted=width
            )
        over = [cell for place, cell in enumerate(cells) if place not in named and cell]
        if over:
            raise _wrong("cells", N_('"{cell}" stands under no head. Take it out.'), cell=_shown(over[0]))
        given = {key: cells[place] for key, place in columns.items()}
        key = (self.date_of(given["date"]), self.point_of(given["control_point"]), self.way_of(given["direction"]))
        counts = tuple(_number(given[name], head) for name, head in self.source.classes.items())
        total = _number(given["total"], self.source.columns["total"])
        if sum(counts) != total:
            raise _wrong(
                "sum",
                N_("The row does not add up: {parts} make {sum}, and {head} says {total}. Ask the publisher."),
                parts=" + ".join(map(str, counts)),
                sum=sum(counts),
                head=self.source.columns["total"],
                total=total,
            )
        return key, counts

    def date_of(self, text: str) -> date:
        form = self.source.date_format
        found = _date(text, form)
        if found is None and _date(text, form.replace("%d", "%_").replace("%m", "%d").replace("%_", "%m")):
            raise TrafficError(
                "traffic.month_first",
                N_(
                    '"{text}" is a date only with the month first, so all dates of the file may be turned around. Take '
                    "the file as it was published."
                ),
                text=_shown(text),
            )
        if found is None:
            raise _wrong(
                "date",
                N_('"{text}" is no date of the form {form}. Mend it.'),
                text=_shown(text),
                form=_told(form),
            )
        if found < _FIRST_DATE or (self.today and found > self.today):
            raise _wrong(
                "date", N_("{date} is not a day that can have been counted. Mend the date."), date=found.isoformat()
            )
        return found

    def point_of(self, name: str) -> str:
        if name not in self.names:
            raise _wrong(
                "control_point",
                N_('There is no control point "{name}".{hint} Mend the name, or leave the row out.'),
                name=_shown(name),
                hint=did_you_mean(name, self.names),
            )
        return self.names[name]

    def way_of(self, word: str) -> str:
        if word not in self.words:
            raise _wrong(
                "direction",
                N_('"{word}" is no direction.{hint} Give {known}.'),
                word=_shown(word),
                hint=did_you_mean(word, self.words),
                known=" or ".join(self.words),
            )
        return self.words[word]

    def keep(self, line: int, row: tuple[Key, tuple[int, ...]]) -> None:
        key, counts = row
        if key not in self.rows:
            self.rows[key], self.lines[key] = counts, line
            return
        if self.rows[key] == counts:
            raise _wrong("twice", N_("The row repeats line {first}. Take one out."), first=self.lines[key])
        self.spoilt.add(key)  # nobody knows which of the two is right
        raise _wrong(
            "twice",
            N_(
                "The row is of the same day, control point and direction as line {first}, and says otherwise. Ask the "
                "publisher which is right."
            ),
            first=self.lines[key],
        )

    def note(self, line: int, error: TrafficError) -> None:
        error.where = f"{self.name}:{line}"
        if error.code == "traffic.month_first":
            raise error
        self.problems.append(error)
        if len(self.problems) > MOST_PROBLEMS:
            raise TrafficError(
                "traffic.problems",
                N_(
                    "More than {most} rows are wrong; the first is that of line {line}: {first} Take the file as it "
                    "was published."
                ),
                where=error.where,
                most=MOST_PROBLEMS,
                line=self.problems[0].where.rpartition(":")[2],
                first=_without_place(self.problems[0]),
            )


def _wrong(code: str, message: str, **parameters: object) -> TrafficError:
    return TrafficError(f"traffic.{code}", message, where="", **parameters)


def _shown(text: str) -> str:
    """Return a cell as one line that a terminal shows as it is."""
    return "".join(one if one.isprintable() else "�" for one in " ".join(text.split()))[:_LONGEST_SHOWN]


def _without_place(error: TrafficError) -> str:
    return error.message.format(**error.parameters)


def _number(text: str, head: str) -> int:
    if not _NUMBER.fullmatch(text):
        raise _wrong(
            "number",
            N_('{head} is "{text}". Give a whole number of passengers, without separators.'),
            head=head,
            text=_shown(text),
        )
    return int(text)


def _date(text: str, form: str) -> date | None:
    """Return the date of a text that is written exactly so."""
    try:
        found = datetime.strptime(text, form).date()  # noqa: DTZ007 - a date has no time zone
    except ValueError:
        return None
    return found if found.strftime(form) == text else None


def _told(form: str) -> str:
    return form.replace("%d", "DD").replace("%m", "MM").replace("%Y", "YYYY")
