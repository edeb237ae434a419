"""A table handed in as CSV or XLSX, as rows of text. Effort is bounded, and each refusal says how to mend it."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from riverloop.apps.clearance.sentences import N_
from riverloop.apps.documents.contents import workbook
from riverloop.core.kernel.errors import InputError

MOST_BYTES = 10_000_000
MOST_ROWS = 10_000
MOST_COLUMNS = 300
LONGEST_CELL = 1_000
NOTE = "#"  # a row that begins with it says something to people
ENCODINGS = {
    "utf-8": "UTF-8",
    "utf-16": "UTF-16",
    "gb18030": "GB18030",
    "big5": "Big5",
}

_MOST_INFLATED_BYTES = 60_000_000
_MOST_EMPTY_ROWS = 2_000  # in a sheet, one after another: beyond them there is nothing
_SEPARATORS = ",;\t"
_SAMPLE = 4_096
_OLD_OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Line:
    """One row of a table.

    Args:
        number: as a spreadsheet shows it, from 1.
        cells: as texts; what lies beyond the header is left out.
    """

    number: int
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A table as it was handed in.

    Args:
        kind: csv or xlsx.
        encoding: of a CSV, as people call it; empty for a workbook.
        header: names of the columns.
        lines: the rows below it that hold something, notes left out.
    """

    kind: str
    encoding: str
    header: tuple[str, ...]
    lines: tuple[Line, ...]


def read_table(data: bytes, *, encoding: str = "") -> Table:
    """Read a table.

    Args:
        data: the whole file.
        encoding: one of ``ENCODINGS``; found out if it is empty.

    Raises:
        InputError: it is no table, too large, damaged, or holds formulas.
    """
    if not data:
        raise _refused("empty", N_("The file is empty. Choose the one that you mean."))
    if len(data) > MOST_BYTES:
        raise _refused(
            "size",
            N_("The file has more than {most} megabytes. Split it into several."),
            most=MOST_BYTES // 1_000_000,
        )
    if data.startswith(b"PK\x03\x04"):
        return _table("xlsx", "", _sheet(data))
    if data.startswith(_OLD_OFFICE):
        raise _refused(
            "old_office", N_("This is an old Excel file, or a password locks it. Save it as XLSX without one.")
        )
    text, found = decode(data, encoding)
    if _CONTROL.search(text):
        raise _refused("kind", N_("This is no table. Hand in a CSV or XLSX file, such as the template."))
    return _table("csv", ENCODINGS[found], _records(text))


def _refused(code: str, message: str, **parameters: Any) -> InputError:
    return InputError(f"import.{code}", message, **parameters)


# Letters


def decode(data: bytes, encoding: str = "") -> tuple[str, str]:
    """Return the text of a CSV file and the name of its encoding.

    Raises:
        InputError: its letters cannot be read.
    """
    wanted = [encoding] if encoding in ENCODINGS else _likely(data)
    for name in wanted:
        try:
            text = data.decode({"utf-8": "utf-8-sig", "big5": "big5hkscs"}.get(name, name))
        except (UnicodeDecodeError, UnicodeError):
            continue
        return text.removeprefix("\ufeff"), name
    raise _refused(
        "encoding",
        N_("The letters of this file cannot be read as {tried}. Save it as CSV UTF-8, or as XLSX."),
        tried=", ".join(ENCODINGS[name] for name in wanted),
    )


def _likely(data: bytes) -> list[str]:
    """Return the encodings to try, the likeliest first."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return ["utf-16"]
    if data.startswith(b"\xef\xbb\xbf"):
        return ["utf-8"]
    sample = data[:_SAMPLE]
    if sample.count(0) > len(sample) // 4:
        return ["utf-16"]  # without its mark
    chinese = ["gb18030", "big5"]
    if _share(data, range(0xA4, 0xC7), low=True) > _share(data, range(0xB0, 0xD8), low=False):
        chinese.reverse()
    return ["utf-8", *chinese]


def _share(data: bytes, leads: range, *, low: bool) -> float:
    """Return how many of the pairs of bytes are among an encoding's most frequent characters.

    Source: GB 2312 keeps them in rows B0 to D7, Big5 in A4 to C6; only Big5 has second bytes below A1.
    """
    place = frequent = pairs = 0
    sample = data[: 16 * _SAMPLE]
    while place < len(sample) - 1:
        if sample[place] < 0x80:  # noqa: PLR2004 - ASCII
            place += 1
            continue
        second = sample[place + 1]
        fits = second >= 0xA1 or (low and 0x40 <= second <= 0x7E)  # noqa: PLR2004 - bytes of both encodings
        frequent += sample[place] in leads and fits
        pairs += 1
        place += 2
    return frequent / pairs if pairs else 0.0


# Rows


def _records(text: str) -> Iterator[list[str]]:
    first = text.split("\n", 1)[0]
    separator = max(_SEPARATORS, key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    try:
        yield from reader
    except csv.Error:
        raise _refused("csv", N_("The quotes of this CSV do not match. Save it anew from a spreadsheet.")) from None


def _sheet(data: bytes) -> Iterator[list[str]]:
    """Yield the rows of a workbook's first sheet."""
    workbook.check(data)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        if sum(part.file_size for part in archive.infolist()) > _MOST_INFLATED_BYTES:
            raise _refused("swells", N_("The workbook holds far more than a table. Save its values in a new one."))
    from openpyxl import load_workbook  # noqa: PLC0415 - slow to import, and few requests need it

    try:
        book = load_workbook(io.BytesIO(data), read_only=True, data_only=False, keep_links=False)
        sheet = book.worksheets[0]
        sheet.reset_dimensions()
        empty = 0
        for number, row in enumerate(sheet.iter_rows(max_col=MOST_COLUMNS + 1), 1):
            cells = [_cell(cell, number) for cell in row]
            empty = 0 if any(cells) else empty + 1
            if empty > _MOST_EMPTY_ROWS:
                break
            yield cells
    except InputError:
        raise
    except Exception:  # noqa: BLE001 - a crafted workbook may trip the library anywhere
        raise _refused("workbook", N_("The workbook cannot be read. Save it anew as XLSX, or as CSV UTF-8.")) from None
    finally:
        if "book" in locals():
            book.close()


def _cell(cell: Any, number: int) -> str:
    """Return a cell as somebody would have typed it."""
    value = cell.value
    if value is None:
        return ""
    if cell.data_type == "f":
        raise _refused("formula", N_("Row {row} holds a formula. Copy the column and paste its values."), row=number)
    if cell.data_type == "e":
        raise _refused("error_value", N_("Row {row} holds an error of the spreadsheet. Mend that cell."), row=number)
    return as_text(value)


def as_text(value: Any) -> str:
    """Return a cell's value as text."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time(0) else f"{value:%Y-%m-%d %H:%M}"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, time):
        return f"{value:%H:%M}"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)  # noqa: PLR2004 - exact
    return str(value)


def _table(kind: str, encoding: str, records: Iterable[list[str]]) -> Table:
    header: tuple[str, ...] = ()
    lines: list[Line] = []
    for number, record in enumerate(records, 1):
        cells = [cell.strip() for cell in record]
        if not any(cells) or cells[0].startswith(NOTE):
            continue
        _check_cells(cells, number)
        if not header:
            header = tuple(_without_tail(cells))
            continue
        if len(lines) >= MOST_ROWS:
            raise _refused("rows", N_("The table has more than {most} rows. Split it into several."), most=MOST_ROWS)
        if any(cells[len(header) :]):
            raise _refused(
                "ragged",
                N_("Row {row} has more cells than the header has columns. Remove them, or name their columns."),
                row=number,
            )
        padded = [*cells, *[""] * (len(header) - len(cells))]
        lines.append(Line(number, tuple(padded[: len(header)])))
    if not header:
        raise _refused("no_header", N_("The table has no header row. Begin with the template."))
    if not lines:
        raise _refused("no_rows", N_("The table has no rows below its header. Fill in at least one."))
    return Table(kind, encoding, header, tuple(lines))


def _check_cells(cells: list[str], number: int) -> None:
    if len(_without_tail(cells)) > MOST_COLUMNS:
        raise _refused("columns", N_("Row {row} has more than {most} cells."), row=number, most=MOST_COLUMNS)
    if any(len(cell) > LONGEST_CELL for cell in cells):
        raise _refused(
            "long_cell",
            N_("Row {row} has a cell of more than {most} characters. Shorten it."),
            row=number,
            most=LONGEST_CELL,
        )


def _without_tail(cells: list[str]) -> list[str]:
    last = max((place for place, cell in enumerate(cells) if cell), default=-1)
    return cells[: last + 1]
