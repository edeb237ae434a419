"""How a log's files are made: entries go in, tiles and bundles come out, and only the right edge is remembered.

Source: C2SP tlog-tiles, sections "Merkle Tree" and "Log entries".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from riverloop.core.tlog.hashing import HASH_BYTES, folded, joined_root, leaf_hashes
from riverloop.core.tlog.refusals import LogError
from riverloop.core.tlog.tiles import (
    ENTRIES,
    HEIGHT,
    WIDTH,
    Read,
    Tile,
    encode_bundle,
    read_bundle,
    read_tile,
    tiles_of_growth,
)
from riverloop.core.tlog.tree import subtrees


class Growth:
    """Grows a log's files from one size to another.

    Full tiles come out as soon as they are full, each once; partial ones when the caller asks, at a size for
    which a checkpoint is to be signed. Write all of them durably before that checkpoint. Held in memory are at
    most 256 entries and 256 hashes for each eight levels, however long the log is.

    Args:
        size: leaves that are published already.
        read: gives the published files; needed unless ``size`` is 0.

    Raises:
        LogError: a file of the right edge is missing or spoilt. Compare :meth:`root` with the checkpoint of that
            size before going on: the hashes that were read prove nothing by themselves.
    """

    def __init__(self, size: int = 0, read: Read | None = None) -> None:
        self.start = size
        self.size = size
        self._entries: list[bytes] = []
        self._levels: list[list[bytes]] = []
        if size and read is None:
            raise LogError("tlog.no_files", "To grow a log of {size} leaves its files are needed.", size=size)
        if read is not None:
            self._resume(read)

    def extend(self, entries: Iterable[bytes]) -> Iterator[tuple[str, bytes]]:
        """Append entries, and yield path and content of each bundle and tile that is full now.

        Nothing is appended before the iterator is used; use it to its end.
        """
        one_by_one = iter(entries)
        while chunk := list(islice(one_by_one, WIDTH - len(self._entries))):
            self._entries += chunk
            self.size += len(chunk)
            index = (self.size - 1) // WIDTH
            if len(self._entries) == WIDTH:
                yield Tile(ENTRIES, index).path, encode_bundle(self._entries)
                self._entries = []
            yield from self._push(0, leaf_hashes(chunk), self.size)

    def partials(self) -> Iterator[tuple[str, bytes]]:
        """Yield path and content of each partial bundle and tile that a log of this size has and did not have."""
        for tile in tiles_of_growth(self.start, self.size):
            if tile.width < WIDTH:
                bundle = tile.level == ENTRIES
                yield tile.path, encode_bundle(self._entries) if bundle else b"".join(self._levels[tile.level])

    def root(self) -> bytes:
        """Return the root at the present size: what a checkpoint says of it."""
        return edge_root(self._levels)

    def _push(self, level: int, hashes: Sequence[bytes], count: int) -> Iterator[tuple[str, bytes]]:
        """Add hashes, which do not overfill the tile of their level; ``count`` is how many the level has then."""
        if level == len(self._levels):
            self._levels.append([])
        row = self._levels[level]
        row.extend(hashes)
        if len(row) == WIDTH:
            content = b"".join(row)
            row.clear()
            yield Tile(level, count // WIDTH - 1).path, content
            yield from self._push(level + 1, [joined_root(content)], count // WIDTH)

    def _resume(self, read: Read) -> None:
        if self.size % WIDTH:
            self._entries = list(read_bundle(read, Tile(ENTRIES, self.size // WIDTH, self.size % WIDTH)))
        self._levels = read_edge(self.size, read)


def read_edge(size: int, read: Read, *, where: str = "") -> list[list[bytes]]:
    """Return the hashes of the partial tile of each level, from level 0; an empty list where there is none.

    Raises:
        LogError: one of them is missing or has the wrong length.
    """
    levels = []
    count, level = size, 0
    while count:
        row: list[bytes] = []
        if count % WIDTH:
            content = read_tile(read, Tile(level, count // WIDTH, count % WIDTH), where=where)
            row = [content[at : at + HASH_BYTES] for at in range(0, len(content), HASH_BYTES)]
        levels.append(row)
        count, level = count >> HEIGHT, level + 1
    return levels


def edge_root(levels: Sequence[Sequence[bytes]]) -> bytes:
    """Return the root of a tree from the hashes of its partial tiles, from level 0."""
    parts: list[bytes] = []
    for row in reversed(levels):
        joined = b"".join(row)
        for height, index in subtrees(0, len(row)):
            first = index << height
            parts.append(joined_root(joined[first * HASH_BYTES : (first + (1 << height)) * HASH_BYTES]))
    return folded(parts)
