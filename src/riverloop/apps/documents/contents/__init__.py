"""What a file is by its content; whatever may do harm, or cannot be told, is refused.

Effort is bounded: a file is read a few times at most, and of what is compressed in it no more than
``MOST_INFLATED_BYTES`` is ever opened.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

import puremagic

from riverloop.apps.documents.contents import images, pdf, tables, workbook
from riverloop.apps.documents.contents.refusing import refused
from riverloop.apps.parties.words import N_

MOST_BYTES = 20_000_000
PDF, PNG, JPEG, CSV = "application/pdf", "image/png", "image/jpeg", "text/csv"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
ENDINGS = {PDF: ".pdf", PNG: ".png", JPEG: ".jpg", CSV: ".csv", XLSX: ".xlsx"}

_MOST_NAME = 120
_CHECKS: dict[bytes, tuple[str, Callable[[bytes], None]]] = {
    b"%PDF-": (PDF, pdf.check),
    b"\x89PNG\r\n\x1a\n": (PNG, images.check_png),
    b"\xff\xd8\xff": (JPEG, images.check_jpeg),
    b"PK\x03\x04": (XLSX, workbook.check),
}
_OLD_OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # OLE: .xls, and any workbook that a password locks


def media_type_of(data: bytes) -> str:
    """Return what a file is: one of ``ENDINGS``.

    Raises:
        InputError: it is of no kind that is taken, is damaged, or holds what may do harm.
    """
    if not data:
        raise refused("empty", N_("The file is empty. Choose the one that you mean."))
    for start, (media_type, check) in _CHECKS.items():
        if data.startswith(start):
            _refuse_two_kinds(data, media_type)
            check(data)
            return media_type
    if data.startswith(_OLD_OFFICE):
        raise refused(
            "old_office", N_("This is an old Excel file, or a password locks it. Save it as XLSX without one.")
        )
    if not tables.is_text(data):
        raise refused(
            "kind",
            N_("This is none of PDF, PNG, JPEG, CSV and XLSX{found}. Save it as one of them."),
            found=_seems(data),
        )
    _refuse_two_kinds(data, CSV)
    tables.check(data)
    return CSV


def harmless_name(name: str, media_type: str) -> str:
    """Return a name that is safe in any folder and shows what it is; its ending is that of the content."""
    plain = unicodedata.normalize("NFC", name.replace("\\", "/").rpartition("/")[2])
    plain = "".join(one for one in plain if unicodedata.category(one)[0] != "C")  # no control, no turned writing
    stem = re.sub(r'[<>:"|?*]', " ", plain.rpartition(".")[0] or plain)
    ending = ENDINGS[media_type]
    return (" ".join(stem.split()).strip(". ")[: _MOST_NAME - len(ending)] or "file") + ending


def _seems(data: bytes) -> str:
    """Return in brackets how files like this one end, or nothing."""
    try:
        ending = puremagic.from_string(data[:4096])
    except (puremagic.PureError, ValueError):
        return ""
    return f" ({ending})" if re.fullmatch(r"\.\w{1,8}", ending) else ""


def _refuse_two_kinds(data: bytes, media_type: str) -> None:
    """Refuse a file that another program would take for something else."""
    other = (
        (media_type != PDF and b"%PDF-" in data[:1024])
        or data[257:262] == b"ustar"
        or data[0x8001:0x8006] == b"CD001"
        or (media_type != XLSX and workbook.opens_as_archive(data))
    )
    if other:
        raise refused("two_kinds", N_("The file is two kinds of file in one. Save it anew, or print it to a PDF."))
