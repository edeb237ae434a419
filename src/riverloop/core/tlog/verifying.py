"""A whole log, from its signatures down to each entry: it holds, or the first thing that does not is named.

Checkpoint and cosignatures come first, then the right edge of the tiles, then bundle after bundle with the tiles
above it. So the first wrong thing that is met is wrong beyond doubt: all above it was signed.

Source: C2SP signed-note, tlog-checkpoint, tlog-cosignature, tlog-tiles; RFC 6962, section 2.1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from riverloop.core.tlog.checkpoints import SignedCheckpoint, open_checkpoint
from riverloop.core.tlog.growth import edge_root, read_edge
from riverloop.core.tlog.hashing import HASH_BYTES, joined_root, leaf_hashes
from riverloop.core.tlog.keys import VerifierKey, read_vkey_file, shown, to_base64
from riverloop.core.tlog.notes import MOST_NOTE_BYTES
from riverloop.core.tlog.reading import TiledTree, first_difference, wrong_leaf
from riverloop.core.tlog.refusals import LogError, TileError
from riverloop.core.tlog.tiles import (
    CHECKPOINT,
    ENTRIES,
    MOST_ENTRY_BYTES,
    VKEY,
    WIDTH,
    Read,
    Tile,
    missing,
    read_bundle,
    read_tile,
    where_of,
)
from riverloop.core.tlog.tree import Tree

Progress = Callable[[int, int], None]
"""Told after each bundle: leaves verified, leaves in all."""


@dataclass(frozen=True, slots=True)
class VerifiedLog:
    """A log of which everything holds.

    Attributes:
        key: of the log.
        signed: its checkpoint, with when it was cosigned and who else signed.
    """

    key: VerifierKey
    signed: SignedCheckpoint


def verify_log(
    read: Read,
    *,
    key: VerifierKey | None = None,
    cosigners: Iterable[VerifierKey] = (),
    only_known: bool = False,
    latest_seconds: int | None = None,
    most_entry_bytes: int = MOST_ENTRY_BYTES,
    progress: Progress | None = None,
    each: Callable[[int, bytes], None] | None = None,
    where: str = "",
) -> VerifiedLog:
    """Verify every file that a log of its checkpoint's size has.

    Args:
        read: gives files by their path below the log's folder; it need not give more than ``most_bytes(path)``
            and one byte.
        key: of the log, from where one trusts it. Without it the folder's own ``vkey`` counts, so that the
            folder only proves to be in itself what whoever made it signed.
        cosigners: who must have cosigned the checkpoint.
        only_known: refuse signatures by any other key, so that not a byte of the checkpoint can change unseen.
        latest_seconds: seconds since 1970; a cosignature of a later time is refused.
        most_entry_bytes: longer entries are refused.
        progress: told after each bundle.
        each: given the index of each entry and the entry, once it is verified.
        where: name of the folder, for messages.

    Raises:
        LogError: something does not hold. ``where`` is the file, and the line names the first wrong leaf if one
            entry or its hash is wrong.
    """
    known = _key(read, key, where)
    note = _file(read, CHECKPOINT, where)
    signed = open_checkpoint(
        note,
        known,
        cosigners,
        latest_seconds=latest_seconds,
        only_known=only_known,
        where=where_of(where, CHECKPOINT),
    )
    size, root = signed.checkpoint.size, signed.checkpoint.root
    below = _Below(read, most_entry_bytes, where)
    try:
        tree = TiledTree(read, size, root, most_entry_bytes=most_entry_bytes, where=where)
    except TileError:
        raise below.wrong_edge(size, root) from None
    for index in range(-(-size // WIDTH)):
        try:
            entries = tree.entries(index)
        except TileError as error:
            raise below.refined(error, tree) from None
        if each:
            for place, entry in enumerate(entries, index * WIDTH):
                each(place, entry)
        if progress:
            progress(min((index + 1) * WIDTH, size), size)
    return VerifiedLog(known, signed)


def _key(read: Read, key: VerifierKey | None, where: str) -> VerifierKey:
    content = read(VKEY)
    if content is None and key is not None:
        return key
    name = where_of(where, VKEY)
    found = read_vkey_file(_file(read, VKEY, where), where=name)
    if key is not None and found != key:
        raise LogError(
            "tlog.other_key",
            "This is the log of {found}, and that of {wanted} is wanted. Give the right folder, or the right key.",
            where=name,
            found=f"{shown(found.name)}+{found.id.hex()}",
            wanted=f"{shown(key.name)}+{key.id.hex()}",
        )
    return found


def _file(read: Read, path: str, where: str) -> bytes:
    content = read(path)
    if content is None:
        raise missing(path, where)
    return content[: MOST_NOTE_BYTES + 1]


@dataclass(frozen=True, slots=True)
class _Below:
    """Makes a tile again from what stands below it, to say which of its hashes is wrong."""

    read: Read
    most_entry_bytes: int
    where: str

    def remade(self, tile: Tile) -> bytes | None:
        """Return what the tile should hold by the files below it, or None where those are no help."""
        try:
            if tile.level == 0:
                bundle = tile._replace(level=ENTRIES)
                entries = read_bundle(self.read, bundle, most_entry_bytes=self.most_entry_bytes)
                return b"".join(leaf_hashes(entries))
            first = tile.number * WIDTH
            lower = (Tile(tile.level - 1, index) for index in range(first, first + tile.width))
            return b"".join(joined_root(read_tile(self.read, one)) for one in lower)
        except LogError:
            return None

    def refined(self, error: TileError, tree: TiledTree) -> LogError:
        """Return the error about a full tile, told as exactly as the files allow."""
        tile = error.tile
        if not isinstance(tile, Tile):
            return error
        remade, held = self.remade(tile), read_tile(self.read, tile)
        if remade is None or remade == held:
            return error
        fits = joined_root(remade) == tree.parent_of(tile)
        return self._wrong_hash(tile, first_difference(held, remade), fits=fits)

    def wrong_edge(self, size: int, root: bytes) -> LogError:
        """Return the error about a right edge that does not give the root, told as exactly as the files allow."""
        edge = read_edge(size, self.read)
        suspect: LogError | None = None
        for level, row in enumerate(edge):
            tile = Tile(level, (size >> 8 * level) // WIDTH, len(row))
            remade = self.remade(tile) if row else None
            held = b"".join(row)
            if remade is None or remade == held:
                continue
            cuts = range(0, len(remade), HASH_BYTES)
            mended = [*edge[:level], [remade[at : at + HASH_BYTES] for at in cuts], *edge[level + 1 :]]
            fits = edge_root(mended) == root
            wrong = self._wrong_hash(tile, first_difference(held, remade), fits=fits)
            if fits:
                return wrong
            suspect = suspect or wrong
        return suspect or self._other_tree(size, edge_root(edge), root)

    def _wrong_hash(self, tile: Tile, place: int, *, fits: bool) -> LogError:
        first = Tile(tile.level, tile.number, place).leaves[1]
        last = Tile(tile.level, tile.number, place + 1).leaves[1] - 1
        if fits and tile.level == 0:  # with what stands below it, the tile would be what was signed
            return LogError(
                "tlog.leaf_hash",
                "In this tile the hash of leaf {index} is wrong: the entry itself is the one that was signed. Copy the "
                "tile again.",
                where=where_of(self.where, tile.path),
                index=first,
            )
        if fits:
            return LogError(
                "tlog.hash",
                "In this tile the hash over leaves {first} to {last} is wrong: the tile below gives the one that was "
                "signed. Copy the tile again.",
                where=where_of(self.where, tile.path),
                first=first,
                last=last,
            )
        if tile.level == 0:
            return wrong_leaf(tile._replace(level=ENTRIES), place, self.where)
        return LogError(
            "tlog.hash_or_below",
            "In this tile the hash over leaves {first} to {last} and what stands below it disagree, and neither is "
            "what was signed. Copy the log again.",
            where=where_of(self.where, tile.path),
            first=first,
            last=last,
        )

    def _other_tree(self, size: int, found: bytes, root: bytes) -> LogError:
        return LogError(
            "tlog.other_tree",
            "The {size} leaves hash to {found}, but the checkpoint was signed over {wanted}. Tiles and checkpoint are "
            "not of one log, or leaves near its end were changed with their tiles: copy both again.",
            where=where_of(self.where, CHECKPOINT),
            size=size,
            found=to_base64(found),
            wanted=to_base64(root),
        )


def memory_tree(read: Read, size: int, root: bytes, *, where: str = "") -> Tree:
    """Return a published log's tree in memory, verified: for those who need many proofs at once.

    Raises:
        LogError: something does not hold.
    """
    tiled, tree = TiledTree(read, size, root, where=where), Tree()
    for index in range(-(-size // WIDTH)):
        hashes = tiled.tile(0, index)
        tree.extend_hashes([hashes[at : at + HASH_BYTES] for at in range(0, len(hashes), HASH_BYTES)])
    return tree
