"""Proofs that a leaf is in a tree, and that one tree is the beginning of another: made and verified.

Everything here takes bytes and whole numbers. Making a proof needs a function that gives hashes of complete
subtrees, from memory (``Tree.hash_at``) or from tiles (``TiledTree.hash_at``); verifying needs nothing else.

Source: RFC 6962, sections 2.1.1 and 2.1.2 (making); RFC 9162, sections 2.1.3.2 and 2.1.4.2 (verifying).
"""

from __future__ import annotations

from collections.abc import Sequence
from hmac import compare_digest

from riverloop.core.tlog.hashing import HASH_BYTES, node_hash
from riverloop.core.tlog.refusals import LogError
from riverloop.core.tlog.tree import MOST_LEAVES, HashAt, check_size, range_root

MOST_PROOF_HASHES = 2 * MOST_LEAVES.bit_length()
"""No tree needs a longer proof; a longer one is refused unread."""


def inclusion_proof(index: int, size: int, hash_at: HashAt) -> list[bytes]:
    """Return the hashes that lead from a leaf to the root, lowest first.

    Args:
        index: of the leaf, from 0.
        size: leaves of the tree.
        hash_at: gives the hash of a complete subtree.

    Raises:
        LogError: the tree has no such leaf.
    """
    if not 0 <= index < size:
        raise _no_such_leaf(index, size)
    start, end, spans = 0, size, []
    while end - start > 1:
        middle = start + _widest_below(end - start)
        if index < middle:
            spans.append((middle, end))
            end = middle
        else:
            spans.append((start, middle))
            start = middle
    return [range_root(*span, hash_at) for span in reversed(spans)]


def consistency_proof(first: int, second: int, hash_at: HashAt) -> list[bytes]:
    """Return the hashes that lead from the root at size ``first`` to the root at size ``second``.

    Args:
        first: leaves of the earlier tree; from 0 leads no proof, and none is needed.
        second: leaves of the later tree.
        hash_at: gives the hash of a complete subtree of the later tree.

    Raises:
        LogError: the later tree is smaller than the earlier one.
    """
    check_size(first, second)
    if first in (0, second):
        return []
    start, end, spans = 0, second, []
    while end != first:
        middle = start + _widest_below(end - start)
        if first <= middle:
            spans.append((middle, end))
            end = middle
        else:
            spans.append((start, middle))
            start = middle
    if start:  # else the verifier holds this hash: it is the earlier root
        spans.append((start, end))
    return [range_root(*span, hash_at) for span in reversed(spans)]


def verify_inclusion(
    *, leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes, where: str = ""
) -> None:
    """Return if the proof shows that a leaf is in the tree with this root.

    Args:
        leaf: its 32-byte hash.
        index: of the leaf, from 0.
        size: leaves of the tree.
        proof: hashes of 32 bytes, lowest first.
        root: 32 bytes, from a checkpoint that was verified.
        where: name of the proof, for messages.

    Raises:
        LogError: the proof does not show it.

    Source: RFC 9162, section 2.1.3.2.
    """
    if not 0 <= index < size <= MOST_LEAVES:
        raise _no_such_leaf(index, size, where)
    _check_hashes([leaf, *proof], where)
    place, last, hashed = index, size - 1, leaf
    for sibling in proof:
        if not last:
            break
        if place & 1 or place == last:
            hashed = node_hash(sibling, hashed)
            while not place & 1:
                place, last = place >> 1, last >> 1
        else:
            hashed = node_hash(hashed, sibling)
        place, last = place >> 1, last >> 1
    if last or len(proof) != _inclusion_length(index, size) or not compare_digest(hashed, root):
        raise LogError(
            "tlog.inclusion",
            "This does not prove that leaf {index} is in the tree of {size} leaves with this root. Compare index, size "
            "and root with the checkpoint, and ask the log for the proof again.",
            where=where,
            index=index,
            size=size,
        )


def verify_consistency(
    *, first: int, second: int, first_root: bytes, second_root: bytes, proof: Sequence[bytes], where: str = ""
) -> None:
    """Return if the proof shows that the later tree begins with the earlier one.

    Args:
        first: leaves of the earlier tree, >= 1: every tree begins with the empty one, so that nothing proves it.
        second: leaves of the later tree.
        first_root: 32 bytes, from a checkpoint that was verified.
        second_root: the same of the later tree.
        proof: hashes of 32 bytes; none where both sizes are one.
        where: name of the proof, for messages.

    Raises:
        LogError: the proof does not show it. That alone is no fork: the proof may be spoilt.

    Source: RFC 9162, section 2.1.4.2.
    """
    if not 1 <= first <= second <= MOST_LEAVES:
        raise LogError(
            "tlog.sizes",
            "No proof leads from {first} leaves to {second}. Give the smaller tree first; it has at least one leaf.",
            where=where,
            first=first,
            second=second,
        )
    _check_hashes(proof, where)
    if not _is_consistent(first, second, first_root, second_root, proof):
        raise LogError(
            "tlog.consistency",
            "This does not prove that the tree of {second} leaves begins with that of {first}. Ask the log for the "
            "proof again; if it stays so, compare both checkpoints with the tiles.",
            where=where,
            first=first,
            second=second,
        )


def _is_consistent(first: int, second: int, first_root: bytes, second_root: bytes, proof: Sequence[bytes]) -> bool:
    if first == second:
        return not proof and compare_digest(first_root, second_root)
    if not proof:
        return False
    path = [first_root, *proof] if not first & (first - 1) else proof
    place, last = first - 1, second - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    earlier = later = path[0]
    for sibling in path[1:]:
        if not last:
            return False
        if place & 1 or place == last:
            earlier, later = node_hash(sibling, earlier), node_hash(sibling, later)
            while place and not place & 1:
                place, last = place >> 1, last >> 1
        else:
            later = node_hash(later, sibling)
        place, last = place >> 1, last >> 1
    return not last and compare_digest(earlier, first_root) and compare_digest(later, second_root)


def _widest_below(width: int) -> int:
    """Return the largest power of two below ``width``, which is where RFC 6962 splits a tree."""
    return 1 << ((width - 1).bit_length() - 1)


def _inclusion_length(index: int, size: int) -> int:
    """Return how many hashes lead from a leaf to the root: one a level up to where it parts from the last leaf."""
    inner = (index ^ (size - 1)).bit_length()
    return inner + (index >> inner).bit_count()


def _check_hashes(hashes: Sequence[bytes], where: str) -> None:
    if len(hashes) > MOST_PROOF_HASHES:
        raise LogError(
            "tlog.proof_length",
            "A proof of {count} hashes is longer than any tree needs ({most}). Ask the log for the proof again.",
            where=where,
            count=len(hashes),
            most=MOST_PROOF_HASHES,
        )
    for number, one in enumerate(hashes):
        if len(one) != HASH_BYTES:
            raise LogError(
                "tlog.proof_hash",
                "Hash {number} of the proof has {bytes} bytes, not 32. Ask the log for the proof again.",
                where=where,
                number=number,
                bytes=len(one),
            )


def _no_such_leaf(index: int, size: int, where: str = "") -> LogError:
    return LogError(
        "tlog.index",
        "A tree of {size} leaves has no leaf {index}: they are numbered from 0. Give an index below the size.",
        where=where,
        index=index,
        size=size,
    )
