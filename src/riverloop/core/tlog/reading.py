"""A published log read through its tiles, of which nothing is believed before it hashes to the root.

Source: C2SP tlog-tiles; reading tiles downwards from what is known already is the way of Go's
golang.org/x/mod/sumdb/tlog, ``TileHashReader``.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from hmac import compare_digest

from riverloop.core.tlog.growth import edge_root, read_edge
from riverloop.core.tlog.hashing import HASH_BYTES, joined_root, leaf_hashes
from riverloop.core.tlog.proofs import consistency_proof, inclusion_proof
from riverloop.core.tlog.refusals import BundleError, LogError, TileError
from riverloop.core.tlog.tiles import (
    ENTRIES,
    HEIGHT,
    MOST_ENTRY_BYTES,
    WIDTH,
    Read,
    Tile,
    read_bundle,
    read_tile,
    tile_at,
    where_of,
)
from riverloop.core.tlog.tree import MOST_LEAVES, CompactRange, check_size, compact_range_of, root_of

_TILES_KEPT = 64  # of 8 KiB: a proof needs one of each level, and neighbours share all but the lowest


class TiledTree:
    """The tree of a published log. Every hash that it gives has been hashed up to the root.

    Args:
        read: gives files by their path.
        size: leaves, from a checkpoint that was verified.
        root: 32 bytes, from the same.
        most_entry_bytes: longer entries are refused.
        where: name of the log, for messages.

    Raises:
        TileError: the tiles at the right edge do not give the root.
        LogError: one of them is missing or has the wrong length.
    """

    def __init__(
        self, read: Read, size: int, root: bytes, *, most_entry_bytes: int = MOST_ENTRY_BYTES, where: str = ""
    ) -> None:
        check_size(size, MOST_LEAVES)
        self.size = size
        self._read = read
        self._where = where
        self._most_entry_bytes = most_entry_bytes
        edge = read_edge(size, read, where=where)
        if not compare_digest(edge_root(edge), root):
            raise TileError(
                "tlog.edge",
                "The last tiles of {size} leaves do not give the root that was signed. Copy the log again.",
                where=where,
                size=size,
            )
        self._edge = [b"".join(row) for row in edge]
        self._kept: OrderedDict[Tile, bytes] = OrderedDict()

    def tile(self, level: int, index: int) -> bytes:
        """Return the hashes of a tile, end to end.

        Raises:
            TileError: the file is not what was signed.
            LogError: the log has no such tile, or its file is missing or has the wrong length.
        """
        tile = tile_at(level, index, self.size)
        if tile.width < WIDTH:
            return self._edge[level]
        if tile in self._kept:
            self._kept.move_to_end(tile)
            return self._kept[tile]
        above = self.parent_of(tile)
        content = read_tile(self._read, tile, where=self._where)
        if not compare_digest(joined_root(content), above):
            first, end = tile.leaves
            error = TileError(
                "tlog.tile",
                "This tile, over leaves {first} to {last}, is not what was signed. Copy it again.",
                where=where_of(self._where, tile.path),
                first=first,
                last=end - 1,
            )
            error.tile = tile
            raise error
        self._kept[tile] = content
        if len(self._kept) > _TILES_KEPT:
            self._kept.popitem(last=False)
        return content

    def parent_of(self, tile: Tile) -> bytes:
        """Return the hash that a full tile must have."""
        place = tile.number % WIDTH * HASH_BYTES
        return self.tile(tile.level + 1, tile.number // WIDTH)[place : place + HASH_BYTES]

    def hash_at(self, level: int, index: int) -> bytes:
        """Return the hash of a complete subtree, for ``root_of`` and the making of proofs.

        Raises:
            IndexError: there is none, or it is not complete yet.
            LogError: as of :meth:`tile`.
        """
        if index < 0 or (index + 1) << level > self.size:
            raise IndexError(index)
        row, inside = divmod(level, HEIGHT)
        place, width = index << inside, HASH_BYTES << inside
        start = place % WIDTH * HASH_BYTES
        return joined_root(self.tile(row, place // WIDTH)[start : start + width])

    def leaf_hash(self, index: int) -> bytes:
        """Return the hash of one leaf.

        Raises:
            LogError: as of :meth:`tile`.
        """
        return self.hash_at(0, index)

    def entries(self, index: int) -> Sequence[bytes]:
        """Return the entries of one bundle, each hashed up to the root.

        Args:
            index: of the bundle: that of its first leaf by 256.

        Raises:
            LogError: the log has no such bundle, its file is missing or spoilt; a wrong leaf is named.
        """
        bundle = tile_at(ENTRIES, index, self.size)
        hashes = self.tile(0, index)
        try:
            entries = read_bundle(self._read, bundle, most_entry_bytes=self._most_entry_bytes, where=self._where)
        except BundleError as error:  # a wrong length spoils what follows it, so the first wrong leaf may be earlier
            self._compare(bundle, error.entries, hashes)
            raise
        self._compare(bundle, entries, hashes)
        return entries

    def _compare(self, bundle: Tile, entries: Sequence[bytes], hashes: bytes) -> None:
        given = b"".join(leaf_hashes(entries[: bundle.width]))
        if given != hashes[: len(given)]:
            raise wrong_leaf(bundle, first_difference(given, hashes), self._where)

    def root(self, size: int) -> bytes:
        """Return the root at an earlier size.

        Raises:
            LogError: the log never had it, or as of :meth:`tile`.
        """
        return root_of(check_size(size, self.size), self.hash_at)

    def compact_range(self) -> CompactRange:
        """Return what a sequencer must hold to append to this log."""
        return compact_range_of(self.size, self.hash_at)

    def inclusion_proof(self, index: int, size: int | None = None) -> list[bytes]:
        """Return the proof that a leaf is in the log, today's or that of an earlier size.

        Raises:
            LogError: there is no such leaf, or as of :meth:`tile`.
        """
        return inclusion_proof(index, self.size if size is None else check_size(size, self.size), self.hash_at)

    def consistency_proof(self, first: int) -> list[bytes]:
        """Return the proof that the log begins with what it was at an earlier size.

        Raises:
            LogError: it never had that size, or as of :meth:`tile`.
        """
        return consistency_proof(first, self.size, self.hash_at)


def first_difference(one: bytes, other: bytes) -> int:
    """Return the place of the first hash in which two tiles differ."""
    differing = (
        at for at in range(0, len(one), HASH_BYTES) if one[at : at + HASH_BYTES] != other[at : at + HASH_BYTES]
    )
    return next(differing) // HASH_BYTES


def wrong_leaf(bundle: Tile, place: int, where: str) -> LogError:
    """Return the error that names a leaf whose entry is not the one that was signed."""
    return LogError(
        "tlog.leaf",
        "Leaf {index} is not the one that was signed: its hash in {tile} is another. Copy the bundle again; if it "
        "stays so, keep it as evidence.",
        where=where_of(where, bundle.path),
        index=bundle.leaves[0] + place,
        tile=bundle._replace(level=0).path,
    )
