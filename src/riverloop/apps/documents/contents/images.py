"""PNG (ISO/IEC 15948) and JPEG (ITU-T T.81): whole, of a size that can be shown, and nothing after their end."""

from __future__ import annotations

import re
import zlib

from riverloop.apps.documents.contents.refusing import damaged, refused
from riverloop.apps.parties.words import N_
from riverloop.core.kernel.errors import InputError

_MOST_PIXELS = 150_000_000  # a phone's best camera makes 108 million
_MOST_PARTS = 100_000

_PNG_HEAD = 8
_CHUNK_FRAME = 12  # length, kind, checksum

_END_OF_IMAGE = 0xD9
_START_OF_SCAN = 0xDA
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_ALONE = frozenset({0x01, *range(0xD0, 0xD8)})  # markers without a length
_NEXT_MARKER = re.compile(rb"\xff+([^\x00\xff\xd0-\xd7])", re.DOTALL)


def check_png(data: bytes) -> None:
    """Refuse a PNG that is not whole, too large to show, or followed by something else."""
    place, kind, seen_pixels = _PNG_HEAD, b"", False
    for _ in range(_MOST_PARTS):
        length = int.from_bytes(data[place : place + 4], "big")
        kind, end = data[place + 4 : place + 8], place + _CHUNK_FRAME + length
        if len(kind) != 4 or end > len(data):  # noqa: PLR2004 - letters of a chunk's name
            raise damaged()
        if zlib.crc32(data[place + 4 : end - 4]) != int.from_bytes(data[end - 4 : end], "big"):
            raise damaged()
        if place == _PNG_HEAD:
            _check_head(kind, data[place + 8 : end - 4])
        seen_pixels |= kind == b"IDAT"
        place = end
        if kind == b"IEND":
            break
    if kind != b"IEND" or not seen_pixels:
        raise damaged()
    if place != len(data):
        raise _followed()


def _check_head(kind: bytes, head: bytes) -> None:
    if kind != b"IHDR" or len(head) != 13:  # noqa: PLR2004 - bytes of IHDR
        raise damaged()
    _check_pixels(int.from_bytes(head[:4], "big"), int.from_bytes(head[4:8], "big"))


def check_jpeg(data: bytes) -> None:
    """Refuse a JPEG that is not whole, too large to show, or followed by something else than another JPEG."""
    place = 0
    for _ in range(_MOST_PARTS):  # a phone puts a preview or a depth image behind the first
        place = _end_of_jpeg(data, place)
        place = len(data) if not data[place:].strip(b"\0\r\n ") else place
        if place == len(data):
            return
        if data[place : place + 3] != b"\xff\xd8\xff":
            raise _followed()
    raise damaged()


def _end_of_jpeg(data: bytes, start: int) -> int:
    """Return where the image that begins at ``start`` ends."""
    place, framed, scanned = start + 2, False, False
    for _ in range(_MOST_PARTS):
        found = _NEXT_MARKER.search(data, place)
        if found is None or (not scanned and found.start() != place):
            raise damaged()
        marker, place = found[1][0], found.end()
        if marker == _END_OF_IMAGE:
            if not (framed and scanned):
                raise damaged()
            return place
        if marker in _ALONE:
            continue
        length = int.from_bytes(data[place : place + 2], "big")
        if length < 2 or place + length > len(data):  # noqa: PLR2004 - the length counts itself
            raise damaged()
        if marker in _FRAMES:
            _check_pixels(
                int.from_bytes(data[place + 5 : place + 7], "big"), int.from_bytes(data[place + 3 : place + 5], "big")
            )
            framed = True
        scanned |= marker == _START_OF_SCAN
        place += length
    raise damaged()


def _check_pixels(width: int, height: int) -> None:
    if not width or not height:
        raise damaged()
    if width * height > _MOST_PIXELS:
        raise refused("pixels", N_("The image has too many pixels. Make it smaller, for instance half as wide."))


def _followed() -> InputError:
    return refused(
        "followed", N_("Something is hidden behind the end of the image. Save it anew, or print it to a PDF.")
    )
