"""A growing tree: as a compact range of O(log n) hashes, or with every hash in memory.

Subtrees are named by level and index: level 0 holds the leaves, and the subtree ``index`` of ``level`` is
complete and spans the leaves from ``index * 2**level`` to just before ``(index + 1) * 2**level``.

Source: RFC 6962, section 2.1; "compact range" is the word of transparency-dev/merkle, docs/compact_ranges.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256

from riverloop.core.tlog.hashing import HASH_BYTES, LEAF_PREFIX, NODE_PREFIX, folded, leaf_hashes, node_hashes
from riverloop.core.tlog.refusals import LogError

MOST_LEAVES = 2**63 - 1
"""A tree has no more leaves than a signed 64-bit integer counts, as in Go's sumdb/tlog."""

HashAt = Callable[[int, int], bytes]
"""Gives the hash of a complete subtree by its level and index."""


@dataclass(frozen=True, slots=True)
class CompactRange:
    """The least one must keep of a tree to append to it: its size and the roots of its complete subtrees.

    A sequencer that holds one appends k leaves by k + O(log n) hashes without reading any earlier leaf.

    Attributes:
        size: leaves.
        hashes: 32 bytes each, one for each bit that is set in ``size``, widest subtree first.
    """

    size: int = 0
    hashes: tuple[bytes, ...] = ()

    def __post_init__(self) -> None:
        whole = 0 <= self.size <= MOST_LEAVES and len(self.hashes) == self.size.bit_count()
        if not whole or any(len(one) != HASH_BYTES for one in self.hashes):
            raise LogError(
                "tlog.range",
                "{hashes} hashes do not stand for a tree of {size} leaves. Make the range from the log's tiles again.",
                hashes=len(self.hashes),
                size=self.size,
            )

    @classmethod
    def of(cls, entries: Iterable[bytes]) -> CompactRange:
        """Return the range of a tree that holds just these entries."""
        return cls().appended(leaf_hashes(entries))

    @classmethod
    def read(cls, size: int, stored: bytes) -> CompactRange:
        """Return the range that :meth:`stored` was made from.

        Args:
            size: leaves.
            stored: the hashes end to end.

        Raises:
            LogError: the bytes are not those of a range of this size.
        """
        cuts = range(0, len(stored), HASH_BYTES)
        return cls(size, tuple(stored[at : at + HASH_BYTES] for at in cuts))

    def stored(self) -> bytes:
        """Return the hashes end to end: 32 bytes each, at most 63 of them."""
        return b"".join(self.hashes)

    def appended(self, hashes: Sequence[bytes]) -> CompactRange:
        """Return the range after more leaves.

        Args:
            hashes: leaf hashes (:func:`~riverloop.core.tlog.hashing.leaf_hashes`), in order.
        """
        left, kept, row = list(self.hashes), [], list(hashes)
        size = self.size
        while row or size:
            if size & 1:
                row.insert(0, left.pop())
            if len(row) & 1:
                kept.append(row.pop())
            row = node_hashes(row)
            size >>= 1
        return CompactRange(self.size + len(hashes), tuple(reversed(kept)))

    def root(self) -> bytes:
        """Return the 32 bytes of the root."""
        return folded(self.hashes)


class Tree:
    """A tree that keeps the hash of every complete subtree in memory: about 64 bytes and two objects a leaf."""

    def __init__(self, entries: Iterable[bytes] = ()) -> None:
        self._levels: list[list[bytes]] = [[]]
        self.extend(entries)

    @property
    def size(self) -> int:
        """Leaves."""
        return len(self._levels[0])

    def append(self, entry: bytes) -> int:
        """Append one entry and return its index, from 0."""
        hashed = sha256(LEAF_PREFIX + entry).digest()
        for level in self._levels:
            level.append(hashed)
            if len(level) & 1:
                break
            hashed = sha256(NODE_PREFIX + level[-2] + hashed).digest()
        else:
            self._levels.append([hashed])
        return len(self._levels[0]) - 1

    def extend(self, entries: Iterable[bytes]) -> None:
        """Append many entries, level by level: the quickest way."""
        self.extend_hashes(leaf_hashes(entries))

    def extend_hashes(self, hashes: Sequence[bytes]) -> None:
        """Append many leaves of which only the hashes are known."""
        row, level = hashes, 0
        while row:
            if level == len(self._levels):
                self._levels.append([])
            known = self._levels[level]
            odd = len(known) & 1
            known.extend(row)
            row = node_hashes([known[-len(row) - 1], *row] if odd else row)
            level += 1

    def hash_at(self, level: int, index: int) -> bytes:
        """Return the hash of a complete subtree.

        Raises:
            IndexError: there is none, or it is not complete yet.
        """
        if level < 0 or index < 0:
            raise IndexError(index)
        return self._levels[level][index]

    def root(self, size: int | None = None) -> bytes:
        """Return the root, today's or that of an earlier size.

        Raises:
            LogError: the tree never had that many leaves.
        """
        return root_of(self.size if size is None else check_size(size, self.size), self.hash_at)


def check_size(size: int, largest: int) -> int:
    """Return ``size`` if a tree of ``largest`` leaves once had it.

    Raises:
        LogError: it is negative or larger.
    """
    if not 0 <= size <= largest:
        raise LogError(
            "tlog.size",
            "The tree has {largest} leaves, and never had {size}. Ask for a size from 0 to {largest}.",
            size=size,
            largest=largest,
        )
    return size


def subtrees(start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield level and index of the fewest complete subtrees that cover a range of leaves, leftmost first.

    Args:
        start: first leaf.
        end: the leaf just past the last one.
    """
    while start < end:
        level = (end - start).bit_length() - 1
        if start:
            level = min(level, (start & -start).bit_length() - 1)
        yield level, start >> level
        start += 1 << level


def root_of(size: int, hash_at: HashAt) -> bytes:
    """Return the root of the first ``size`` leaves."""
    return range_root(0, size, hash_at)


def range_root(start: int, end: int, hash_at: HashAt) -> bytes:
    """Return MTH(D[start:end]) for a range that stands somewhere in an RFC 6962 tree.

    Args:
        start: first leaf; the range is a node of some tree, so complete subtrees in it only get smaller.
        end: the leaf just past the last one.
        hash_at: gives the hash of a complete subtree.
    """
    return folded([hash_at(level, index) for level, index in subtrees(start, end)])


def compact_range_of(size: int, hash_at: HashAt) -> CompactRange:
    """Return what a sequencer must hold to append to a tree of this size, read from where its hashes are kept."""
    return CompactRange(size, tuple(hash_at(level, index) for level, index in subtrees(0, size)))
