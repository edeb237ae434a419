"""CSV (RFC 4180, in the encodings that spreadsheets write): text in columns, without formulas."""

from __future__ import annotations

import csv
import re

from riverloop.apps.documents.contents.refusing import damaged, refused
from riverloop.apps.parties.words import N_

_ENCODINGS = ("utf-8-sig", "gb18030", "big5hkscs")  # the last two: what older spreadsheets of either side write
_NO_TEXT = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_OTHER_STARTS = (b"#!", b"<", b"{\\rtf", b"MZ", b"%!", b"@echo", b"-----BEGIN")
_FORMULA = re.compile(r"\s*(?:[=@]|[+-](?![\s\d.,()+/-]*$))")
_MOST_CELL = 32_768  # what a spreadsheet's cell holds
_MOST_COLUMNS = 1_000
_SEPARATORS = ",;\t"


def is_text(data: bytes) -> bool:
    """Say whether this can be a table written as text."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")) or _NO_TEXT.search(data):
        return False
    return (
        not data.removeprefix(b"\xef\xbb\xbf").lstrip().lower().startswith(tuple(one.lower() for one in _OTHER_STARTS))
    )


def check(data: bytes) -> None:
    """Refuse a text that is no table, or holds what a spreadsheet would run."""
    text = _decoded(data)
    reader = csv.reader(text.splitlines(keepends=True), delimiter=_separator(text))
    try:
        for row in reader:
            if len(row) > _MOST_COLUMNS or any(len(cell) > _MOST_CELL for cell in row):
                raise refused("table", N_("This is no table: a row is too long. Save it as CSV from a spreadsheet."))
            if any(_FORMULA.match(cell) for cell in row):
                raise refused(
                    "formula",
                    N_("Row {row} holds a formula, or a text that begins like one. Save the values only."),
                    row=reader.line_num,
                )
    except csv.Error:
        raise damaged() from None


def _decoded(data: bytes) -> str:
    for encoding in _ENCODINGS:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise refused("encoding", N_("The letters of this table cannot be read. Save it as CSV in UTF-8."))


def _separator(text: str) -> str:
    """Return what most often parts the cells of the first line."""
    first = text.split("\n", 1)[0]
    return max(_SEPARATORS, key=first.count)
