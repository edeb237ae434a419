"""What a file is by its content; whatever may do harm, or cannot be told, is refused."""

from __future__ import annotations

import re
import unicodedata

from riverloop.apps.parties.words import N_
from riverloop.core.kernel.errors import InputError

MOST_BYTES = 20_000_000

_ENDINGS = {
    "application/pdf": ".pdf",
    "image/png": ".png",
    "image/jpeg": ".jpg",
    "text/csv": ".csv",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
}
_STARTS = {b"%PDF-": "application/pdf", b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg"}


def media_type_of(data: bytes) -> str:
    """Return what a file is.

    Raises:
        InputError: it is of no kind that is taken, or holds what may do harm.
    """
    for start, media_type in _STARTS.items():
        if data.startswith(start):
            return media_type
    if data.startswith(b"PK\x03\x04"):
        return "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    if data and b"\0" not in data and not data.startswith((b"MZ", b"\x7fELF", b"#!")):
        return "text/csv"
    raise InputError("documents.kind", N_("This is none of PDF, PNG, JPEG, CSV and XLSX. Save it as one of them."))


def harmless_name(name: str, media_type: str) -> str:
    """Return a name that is safe in any folder and shows what it is; its ending is that of the content."""
    plain = unicodedata.normalize("NFC", name.replace("\\", "/").rpartition("/")[2])
    plain = "".join(one for one in plain if unicodedata.category(one)[0] != "C")
    stem = re.sub(r'[<>:"/\\|?*]', " ", plain.rpartition(".")[0] or plain)
    ending = _ENDINGS[media_type]
    return (" ".join(stem.split()).strip(". ")[: 120 - len(ending)] or "file") + ending
