"""Hashes of leaves and nodes, one by one and many at once.

Source: RFC 6962, section 2.1 (Merkle hash trees), with SHA-256.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import sha256

HASH_BYTES = 32
EMPTY_ROOT = sha256(b"").digest()
"""The root of a tree without leaves."""

# The first byte tells a leaf from a node, so that nobody can pass one off as the other.
LEAF_PREFIX = b"\x00"
NODE_PREFIX = b"\x01"


def leaf_hash(entry: bytes) -> bytes:
    """Return the 32 bytes that stand for an entry at the foot of the tree."""
    return sha256(LEAF_PREFIX + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the 32 bytes that stand for two subtrees side by side."""
    return sha256(NODE_PREFIX + left + right).digest()


def leaf_hashes(entries: Iterable[bytes]) -> list[bytes]:
    """Return the hash of each entry, in order."""
    return [sha256(LEAF_PREFIX + entry).digest() for entry in entries]


def node_hashes(hashes: Sequence[bytes]) -> list[bytes]:
    """Return the hash above each pair of neighbours; an odd last one has no neighbour and is left out."""
    one_by_one = iter(hashes)
    pairs = zip(one_by_one, one_by_one, strict=False)
    return [sha256(NODE_PREFIX + left + right).digest() for left, right in pairs]


def joined_root(hashes: bytes) -> bytes:
    """Return the root above hashes of complete subtrees of one height, given end to end as a tile holds them.

    Args:
        hashes: 32 bytes each; how many is a power of two.
    """
    width = 2 * HASH_BYTES
    row = [sha256(NODE_PREFIX + hashes[at : at + width]).digest() for at in range(0, len(hashes) - HASH_BYTES, width)]
    while len(row) > 1:
        row = node_hashes(row)
    return row[0] if row else hashes


def folded(subtrees: Sequence[bytes]) -> bytes:
    """Return the root above complete subtrees of falling height, widest and leftmost first.

    Args:
        subtrees: 32 bytes each; none for the empty tree.
    """
    if not subtrees:
        return EMPTY_ROOT
    root = subtrees[-1]
    for left in reversed(subtrees[:-1]):
        root = node_hash(left, root)
    return root
