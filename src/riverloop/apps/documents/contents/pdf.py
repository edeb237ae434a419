"""PDF (ISO 32000): whole, and nothing in it that runs, hides a file or is locked.

Names are looked for in the file as it stands and in its object streams, however they are spelt. A stream of pictures
or text cannot act, and is not opened. This is no proof that a reader program has no fault: files are given out as
downloads and never shown by a page.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator

from riverloop.apps.documents.contents.refusing import MOST_INFLATED_BYTES, damaged, refused, too_complex
from riverloop.apps.parties.words import N_
from riverloop.core.kernel.errors import InputError

_MOST_STREAMS = 100_000
_TAIL_BYTES = 1_024
_LOOK_BACK_BYTES = 4_096
_PEEK_BYTES = 256
_CHUNK_BYTES = 65_536

_RUNS = (b"JavaScript", b"Launch", b"RichMedia", b"ImportData", b"SubmitForm", b"Rendition", b"GoToE", b"XFA")
_HIDES = (b"EmbeddedFile", b"EmbeddedFiles", b"FileAttachment", b"Collection")
_LOCKS = (b"Encrypt",)
_REGULAR = rb"[^\x00\t\n\x0c\r ()<>\[\]{}/%]"
_WANTED = re.compile(rb"/(" + b"|".join((*_RUNS, *_HIDES, *_LOCKS)) + rb")(?!" + _REGULAR + rb")")
_ESCAPED = re.compile(rb"/(" + _REGULAR + rb"{0,60}#[0-9A-Fa-f]{2}" + _REGULAR + rb"{0,60})")
_STREAM = re.compile(rb"(?<!end)stream[ \t]*(?:\r\n|\n|\r)")
_LOOKS_LIKE_OBJECTS = re.compile(rb"\s*(?:%[^\r\n]*[\r\n]\s*)*\d+\s+\d+\s")
_NUMBER_OF_OBJECTS = re.compile(rb"/N(?!" + _REGULAR + rb")")
_FIRST_OBJECT = re.compile(rb"/First(?!" + _REGULAR + rb")")
_SCRAMBLED = re.compile(
    rb"/(?:Predictor|DecodeParms|DP|ASCIIHexDecode|AHx|ASCII85Decode|A85|LZWDecode|LZW|RunLengthDecode|RL|Crypt)"
)


def check(data: bytes) -> None:
    """Refuse a PDF that is not whole, runs something, hides a file or is locked."""
    _check_whole(data)
    _check_names(data)
    left = MOST_INFLATED_BYTES
    for number, (about, start) in enumerate(_streams(data)):
        if number > _MOST_STREAMS:
            raise too_complex()
        packed = _is_packed(data, start)
        if _holds_objects(about) and (b"/Filter" in about or packed) and (not packed or _SCRAMBLED.search(about)):
            raise too_complex()
        if packed and _LOOKS_LIKE_OBJECTS.match(_inflated(data, start, _PEEK_BYTES)):
            objects = _inflated(data, start, left + 1)
            left -= len(objects)
            if left < 0:
                raise too_complex()
            _check_names(objects)


def _check_whole(data: bytes) -> None:
    end = data.rfind(b"%%EOF")
    if end < max(0, len(data) - _TAIL_BYTES) or b"startxref" not in data[-2 * _TAIL_BYTES :]:
        raise damaged()
    if data[end + 5 :].strip(b"\0\t\r\n \x1a"):
        raise refused("followed_pdf", N_("Something is hidden behind the end of the PDF. Print it to a new PDF."))


def _check_names(text: bytes | bytearray) -> None:
    for name in _names(text):
        if name in _LOCKS:
            raise refused("locked_pdf", N_("A password or a lock is on this PDF. Save it without one."))
        if name in _HIDES:
            raise refused(
                "hides",
                N_("Other files are hidden in this PDF. Print it to a new PDF, and hand them in by themselves."),
            )
        if name in _RUNS:
            raise _runs()


def _names(text: bytes | bytearray) -> Iterator[bytes]:
    """Give the names that matter, in plain spelling."""
    for found in _WANTED.finditer(text):
        yield found[1]
    for found in _ESCAPED.finditer(text):
        plain = _plain(found[1])
        if plain in _RUNS or plain in _HIDES or plain in _LOCKS:
            yield plain


def _plain(name: bytes) -> bytes:
    return re.sub(rb"#([0-9A-Fa-f]{2})", lambda code: bytes([int(code[1], 16)]), name)


def _streams(data: bytes) -> Iterator[tuple[bytes, int]]:
    """Give what is said of each stream, and where it begins."""
    before = 0
    for found in _STREAM.finditer(data):
        about = data[max(before, found.start() - _LOOK_BACK_BYTES) : found.start()]
        yield _plain(about.rpartition(b" obj")[2]), found.end()
        before = found.end()


def _holds_objects(about: bytes) -> bool:
    return bool(_FIRST_OBJECT.search(about) and _NUMBER_OF_OBJECTS.search(about))


def _is_packed(data: bytes, start: int) -> bool:
    """Say whether a zlib stream (RFC 1950) begins here."""
    head = data[start : start + 2]
    return len(head) == 2 and head[0] & 15 == 8 and int.from_bytes(head, "big") % 31 == 0  # noqa: PLR2004


def _inflated(data: bytes, start: int, most: int) -> bytearray:
    """Return up to ``most`` bytes of what is packed; as much as can be read where it is damaged."""
    opener, out, view = zlib.decompressobj(), bytearray(), memoryview(data)
    place = start
    try:
        while len(out) < most and place < len(data) and not opener.eof:
            part = view[place : place + _CHUNK_BYTES]
            out += opener.decompress(part, most - len(out))
            place += len(part) - len(opener.unconsumed_tail)
    except zlib.error:
        pass
    return out


def _runs() -> InputError:
    return refused("runs_pdf", N_("This PDF runs something when it is opened. Print it to a new PDF."))
