"""XLSX (ECMA-376) inside ZIP (APPNOTE 6.3): values and nothing that runs, reaches out or swells."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Iterator

from riverloop.apps.documents.contents.refusing import MOST_INFLATED_BYTES, damaged, refused
from riverloop.apps.parties.words import N_
from riverloop.core.kernel.errors import InputError

_MOST_PARTS = 2_000
_MOST_SWELLING = 300  # times; sheets of one repeated value reach a hundred
_SMALL_BYTES = 1_000_000
_CHUNK = 65_536
_END_BYTES = 22
_WORKBOOK = b"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
_NEEDED = ("[Content_Types].xml", "xl/workbook.xml")
_RUNS = re.compile(
    r"vba|macro|activex|embeddings|externallinks|connections\.xml|querytables|ctrlprops|webextensions|customui"
    r"|oleobject|\.(bin|exe|dll|js|vbs|ps1|bat|cmd|scr|lnk|hta)$",
    re.IGNORECASE,
)
_PRINTER = re.compile(r"xl/printerSettings/printerSettings\d+\.bin", re.IGNORECASE)
_DECLARES = re.compile(rb"<!(DOCTYPE|ENTITY)", re.IGNORECASE)
_ENCODED = re.compile(rb"^\s*<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([A-Za-z0-9_.-]{1,40})[\"']")
_RELATION = re.compile(rb"<[\w:]{0,20}Relationship\b[^>]{0,4000}>")
_DDE = re.compile(rb"<[\w:]{0,20}(ddeLink|oleLink|oleObject)\b")


def opens_as_archive(data: bytes) -> bool:
    """Say whether a program would find an archive in a file of another kind."""
    if b"PK\x05\x06" not in data[-(65_535 + _END_BYTES) :]:
        return False
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return bool(archive.namelist())
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError):
        return False


def check(data: bytes) -> None:
    """Refuse what is no workbook, is locked, runs something, reaches out, or swells beyond measure."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            _check_outside(data, archive)
            _check_inside(archive)
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, NotImplementedError, OSError, RuntimeError):
        raise damaged() from None


def _check_outside(data: bytes, archive: zipfile.ZipFile) -> None:
    parts = archive.infolist()
    names = [part.filename for part in parts]
    if len(parts) > _MOST_PARTS:
        raise _too_complex()
    if data[-_END_BYTES:-18] != b"PK\x05\x06" or len({name.casefold() for name in names}) != len(names):
        raise damaged()
    if any(part.flag_bits & 1 for part in parts):
        raise refused("locked", N_("A password locks the file. Save it without one."))
    if any(_leads_elsewhere(name) for name in names) or _overlaps(parts):
        raise damaged()
    if not all(name in names for name in _NEEDED):
        raise refused("no_workbook", N_("This archive is no Excel workbook. Save the table as XLSX or CSV."))
    if any(_RUNS.search(name) and not _PRINTER.fullmatch(name) for name in names):
        raise _runs()
    if any(_swells(part) for part in parts) or sum(part.file_size for part in parts) > MOST_INFLATED_BYTES:
        raise _too_complex()


def _too_complex() -> InputError:
    return refused(
        "complex_workbook",
        N_("The workbook holds more than can be checked here. Save its values as CSV, or in a new, plain XLSX."),
    )


def _leads_elsewhere(name: str) -> bool:
    return name.startswith("/") or "\\" in name or ":" in name or ".." in name.split("/") or not name.isprintable()


def _overlaps(parts: list[zipfile.ZipInfo]) -> bool:
    """Say whether two parts share bytes, as those of a bomb do."""
    ordered = sorted(parts, key=lambda part: part.header_offset)
    ends = [part.header_offset + 30 + len(part.filename.encode()) + part.compress_size for part in ordered]
    return bool(ordered and ordered[0].header_offset) or any(
        end > following.header_offset for end, following in zip(ends, ordered[1:], strict=False)
    )


def _swells(part: zipfile.ZipInfo) -> bool:
    return part.file_size > _SMALL_BYTES and part.file_size > _MOST_SWELLING * max(1, part.compress_size)


def _check_inside(archive: zipfile.ZipFile) -> None:
    left = MOST_INFLATED_BYTES
    for part in archive.infolist():
        text = bytearray()
        for chunk in _chunks(archive, part):
            left -= len(chunk)
            if left < 0:  # the archive may lie about sizes
                raise _too_complex()
            text += chunk
        if part.filename.casefold().endswith((".xml", ".rels", ".vml")):
            _check_markup(bytes(text), part.filename)


def _chunks(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> Iterator[bytes]:
    with archive.open(part) as file:
        while chunk := file.read(_CHUNK):
            yield chunk


def _check_markup(text: bytes, name: str) -> None:
    encoded = _ENCODED.match(text.removeprefix(b"\xef\xbb\xbf"))
    if text[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\0" in text[:64]:
        raise damaged()
    if encoded and encoded[1].lower() not in (b"utf-8", b"us-ascii"):
        raise damaged()
    if _DECLARES.search(text):
        raise refused("entities", N_("The workbook declares entities, which none needs. Save it anew from Excel."))
    if name == "[Content_Types].xml" and (b"macroEnabled" in text or _WORKBOOK not in text):
        raise _runs() if b"macroEnabled" in text else damaged()
    if _DDE.search(text):
        raise _runs()
    for relation in _RELATION.findall(text):
        external = re.search(rb"TargetMode\s*=\s*[\"']External", relation, re.IGNORECASE)
        if external and not re.search(rb"Type\s*=\s*[\"'][^\"']*/hyperlink[\"']", relation):
            raise _runs()


def _runs() -> InputError:
    return refused(
        "runs", N_("The workbook holds macros, objects or links to elsewhere. Save the values only, as XLSX.")
    )
