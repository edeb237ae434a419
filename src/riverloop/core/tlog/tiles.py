"""Tiles and bundles: the files that a log is published as.

Source: C2SP tlog-tiles, sections "Merkle Tree", "Partial Tiles" and "Log entries".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from riverloop.core.tlog.hashing import HASH_BYTES
from riverloop.core.tlog.keys import MOST_VKEY_BYTES
from riverloop.core.tlog.notes import MOST_NOTE_BYTES
from riverloop.core.tlog.refusals import BundleError, LogError

WIDTH = 256
"""Hashes of a full tile, entries of a full bundle."""

HEIGHT = 8
"""Levels of the tree that a tile spans."""

ENTRIES = -1
"""The "level" of a bundle of entries."""

MOST_ENTRY_BYTES = 0xFFFF
"""As many as the two bytes in front of an entry can count."""

CHECKPOINT = "checkpoint"
VKEY = "vkey"

Read = Callable[[str], bytes | None]
"""Gives the content of a file of the log by its path, or None if there is none."""

_PREFIX_BYTES = 2
_PATH = re.compile(r"tile/(entries|0|[1-9][0-9]?)/((?:x[0-9]{3}/)*[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?", re.ASCII)
_MOST_PATH = 64  # characters; the longest path of the largest tree has 45
_MOST_LEVEL = 63
_GROUP = 1000


class Tile(NamedTuple):
    """One file of hashes or entries.

    Attributes:
        level: of tiles, from 0 for leaf hashes; ``ENTRIES`` for a bundle.
        number: its index within its level, from 0.
        width: hashes or entries in it, from 1 to ``WIDTH``.
    """

    level: int
    number: int
    width: int = WIDTH

    @property
    def path(self) -> str:
        """Where it is published, such as ``tile/0/x001/067.p/12``."""
        groups = [f"{self.number % _GROUP:03}"]
        rest = self.number // _GROUP
        while rest:
            groups.append(f"x{rest % _GROUP:03}")
            rest //= _GROUP
        level = "entries" if self.level == ENTRIES else self.level
        partial = f".p/{self.width}" if self.width < WIDTH else ""
        return f"tile/{level}/{'/'.join(reversed(groups))}{partial}"

    @property
    def full(self) -> Tile:
        """The tile that this one grows into."""
        return self._replace(width=WIDTH)

    @property
    def leaves(self) -> tuple[int, int]:
        """The first leaf that it spans, and the one just past the last."""
        span = HEIGHT * max(self.level, 0)
        first = self.number * WIDTH
        return first << span, (first + self.width) << span


def parse_path(path: str) -> Tile:
    """Read the path of a tile or bundle.

    Raises:
        LogError: it is none, or not the one way to write it.
    """
    found = _PATH.fullmatch(path) if len(path) <= _MOST_PATH else None
    if found:
        level = ENTRIES if found[1] == "entries" else int(found[1])
        tile = Tile(level, int(re.sub("[x/]", "", found[2])), int(found[3] or WIDTH))
        if tile.path == path and level <= _MOST_LEVEL:
            return tile
    raise LogError(
        "tlog.path",
        "No tile is published there. Paths look like tile/0/x001/067, tile/1/000.p/4 or tile/entries/003.",
        where=path[:_MOST_PATH],
    )


def tiles_of(size: int) -> Iterator[Tile]:
    """Yield every tile and bundle that a log of this size is published as: entries first, then level by level."""
    return tiles_of_growth(0, size)


def tiles_of_growth(old: int, new: int) -> Iterator[Tile]:
    """Yield the tiles and bundles that a log of ``new`` leaves has and one of ``old`` leaves has not.

    Args:
        old: leaves before.
        new: leaves now, >= ``old``.
    """
    yield from _grown(ENTRIES, old, new)
    level = 0
    while new:
        yield from _grown(level, old, new)
        old, new, level = old >> HEIGHT, new >> HEIGHT, level + 1


def _grown(level: int, old: int, new: int) -> Iterator[Tile]:
    """Yield what one level gains when it goes from ``old`` hashes to ``new``."""
    for index in range(old // WIDTH, new // WIDTH):
        yield Tile(level, index)
    if new % WIDTH and new != old:
        yield Tile(level, new // WIDTH, new % WIDTH)


def tile_at(level: int, index: int, size: int) -> Tile:
    """Return the tile or bundle of this level and index in a log of this size.

    Raises:
        LogError: a log of this size has none there.
    """
    width = min((size >> (HEIGHT * max(level, 0))) - index * WIDTH, WIDTH)
    if width <= 0 or index < 0:
        raise LogError(
            "tlog.no_tile",
            "A log of {size} leaves has no tile {index} at level {level}. Ask for one that it has.",
            size=size,
            index=index,
            level=level,
        )
    return Tile(level, index, width)


def most_bytes(path: str, *, most_entry_bytes: int = MOST_ENTRY_BYTES) -> int:
    """Return how many bytes a file of a log may have at most: whoever reads more may stop, and refuse it.

    Args:
        path: ``checkpoint``, ``vkey``, or that of a tile or bundle.
        most_entry_bytes: of one entry; where all entries are known to be short, a bundle is too.

    Raises:
        LogError: no file of a log has such a path.
    """
    if path in (CHECKPOINT, VKEY):
        return MOST_NOTE_BYTES if path == CHECKPOINT else MOST_VKEY_BYTES
    tile = parse_path(path)
    return tile.width * (most_entry_bytes + _PREFIX_BYTES if tile.level == ENTRIES else HASH_BYTES)


def encode_bundle(entries: Iterable[bytes]) -> bytes:
    """Return entries as a bundle holds them: two bytes of length, most significant first, before each.

    Raises:
        LogError: an entry is longer than two bytes can count.
    """
    parts: list[bytes] = []
    for place, entry in enumerate(entries):
        if len(entry) > MOST_ENTRY_BYTES:
            raise LogError(
                "tlog.entry_size",
                "Entry {place} has {bytes} bytes, more than {most}. Record the hash of it.",
                place=place,
                bytes=len(entry),
                most=MOST_ENTRY_BYTES,
            )
        parts += (len(entry).to_bytes(_PREFIX_BYTES, "big"), entry)
    return b"".join(parts)


def decode_bundle(content: bytes, tile: Tile, *, where: str = "") -> list[bytes]:
    """Return the entries of a bundle.

    Args:
        content: as it was read.
        tile: which bundle.
        where: name of its file, for messages.

    Raises:
        BundleError: it ends early, or holds more than its entries. A leaf before the one that is named may be wrong:
            its length is what counts where the next one begins.
    """
    entries: list[bytes] = []
    at, end = 0, len(content)
    first, last = tile.leaves[0], tile.leaves[1] - 1
    while len(entries) < tile.width:
        begin = at + _PREFIX_BYTES
        at = begin + int.from_bytes(content[at:begin], "big")
        if at > end or begin > end:
            error = BundleError(
                "tlog.bundle_short",
                "The bundle ends within leaf {index}, of leaves {first} to {last}. Copy it again.",
                where=where or tile.path,
                index=first + len(entries),
                first=first,
                last=last,
            )
            error.entries = entries
            raise error
        entries.append(content[begin:at])
    if at != end:
        error = BundleError(
            "tlog.bundle_long",
            "The bundle goes on for {bytes} bytes after leaf {last}, its last one. Copy it again.",
            where=where or tile.path,
            bytes=end - at,
            last=last,
        )
        error.entries = entries
        raise error
    return entries


def read_tile(read: Read, tile: Tile, *, where: str = "") -> bytes:
    """Return the hashes of a tile, end to end. They prove nothing yet.

    A log may drop a partial tile once it has the full one; then that one's beginning is taken.

    Args:
        read: gives files by their path.
        tile: which.
        where: name of the log, for messages.

    Raises:
        LogError: the file is missing or not as long as it must be.
    """
    content, found = _content(read, tile, where)
    if len(content) != found.width * HASH_BYTES:
        raise LogError(
            "tlog.tile_size",
            "This tile has {bytes} bytes, not {wanted}. Copy it again.",
            where=where_of(where, found.path),
            bytes=len(content),
            wanted=found.width * HASH_BYTES,
        )
    return content[: tile.width * HASH_BYTES]


def read_bundle(
    read: Read, tile: Tile, *, most_entry_bytes: int = MOST_ENTRY_BYTES, where: str = ""
) -> Sequence[bytes]:
    """Return the entries of a bundle. They prove nothing yet.

    Args:
        read: gives files by their path.
        tile: which bundle.
        most_entry_bytes: a bundle that is longer than so many bytes an entry is refused.
        where: name of the log, for messages.

    Raises:
        LogError: the file is missing, too long, or does not hold its entries.
    """
    content, found = _content(read, tile, where)
    if len(content) > found.width * (most_entry_bytes + _PREFIX_BYTES):
        raise LogError(
            "tlog.bundle_size",
            "This bundle has {bytes} bytes, more than {width} entries can have. Copy it again.",
            where=where_of(where, found.path),
            bytes=len(content),
            width=found.width,
        )
    return decode_bundle(content, found, where=where_of(where, found.path))[: tile.width]


def _content(read: Read, tile: Tile, where: str) -> tuple[bytes, Tile]:
    for found in dict.fromkeys((tile, tile.full)):
        content = read(found.path)
        if content is not None:
            return content, found
    raise missing(tile.path, where)


def missing(path: str, where: str) -> LogError:
    """Return the error about a file that is not there."""
    return LogError(
        "tlog.missing",
        "This file of the log is missing. Copy it from the log or its mirror.",
        where=where_of(where, path),
    )


def where_of(where: str, path: str) -> str:
    """Return the name of a log's file for messages."""
    return f"{where.rstrip('/')}/{path}" if where else path
