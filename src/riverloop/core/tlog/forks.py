"""Whether one checkpoint extends another, and the evidence when it does not.

A log that signs two trees of which neither begins with the other shows different things to different people. Both
signed notes together prove it to anyone who has the log's verifier key: the log cannot take them back.

Source: C2SP tlog-checkpoint, section "Signatures" (what is inconsistent); RFC 6962, section 2.1.2.
"""

from __future__ import annotations

from riverloop.core.tlog.checkpoints import SignedCheckpoint, open_checkpoint
from riverloop.core.tlog.keys import VerifierKey, shown, to_base64
from riverloop.core.tlog.reading import TiledTree
from riverloop.core.tlog.refusals import ForkError, LogError, StaleError
from riverloop.core.tlog.tiles import Read
from riverloop.core.tlog.tree import subtrees

_FORK = (
    "{origin} signed two trees that contradict each other: {first} leaves with root {first_root}, and {second} leaves "
    "with root {second_root}. Trust neither, keep both notes as evidence and tell the auditors of both sides."
)
_FORK_AT = (
    "{origin} signed two trees that contradict each other from leaf {leaf} on: {first} leaves with root {first_root}, "
    "and {second} leaves with root {second_root}. Trust neither, keep both notes as evidence and tell the auditors of "
    "both sides."
)


def verify_extends(
    first: bytes,
    second: bytes,
    *,
    key: VerifierKey,
    read: Read,
    read_first: Read | None = None,
    where: str = "",
) -> list[bytes]:
    """Return the proof that a log which signed ``first`` and then ``second`` only grew in between.

    Args:
        first: signed checkpoint that is known already.
        second: signed checkpoint that is new.
        key: of the log.
        read: gives the files of the second tree by their path.
        read_first: gives those of the first, if somebody kept them: then the first leaf that differs is named.
        where: name of the log, for messages.

    Raises:
        ForkError: the log signed both, and the second does not begin with the first. It holds both notes.
        StaleError: the second is of a smaller tree: an old answer, or a fork; asked with both the other way
            round and the tiles of the larger one, this function tells which.
        LogError: a note is not the log's, or its tiles are spoilt; that proves nothing against the log.
    """
    old = open_checkpoint(first, key, where=where or "first checkpoint")
    new = open_checkpoint(second, key, where=where or "second checkpoint")
    if new.checkpoint.size < old.checkpoint.size:
        raise StaleError(
            "tlog.stale",
            "The checkpoint is of {second} leaves, and one of {first} is known already. Ask for the newest one.",
            where=where,
            first=old.checkpoint.size,
            second=new.checkpoint.size,
        )
    if new.checkpoint.size == old.checkpoint.size:
        if new.checkpoint.root != old.checkpoint.root:
            raise _fork(old, new, _parting(old, new, read, read_first), where)
        return []
    tree = TiledTree(read, new.checkpoint.size, new.checkpoint.root, where=where)
    if tree.root(old.checkpoint.size) != old.checkpoint.root:
        raise _fork(old, new, _parting(old, new, read, read_first), where)
    return tree.consistency_proof(old.checkpoint.size)


def first_leaf_apart(one: TiledTree, other: TiledTree) -> int | None:
    """Return the first leaf in which two trees differ, or None if the smaller is the beginning of the larger.

    It reads O(log n) tiles of each.

    Raises:
        LogError: a tile is missing or spoilt.
    """
    for level, index in subtrees(0, min(one.size, other.size)):
        if one.hash_at(level, index) != other.hash_at(level, index):
            while level:
                level, index = level - 1, 2 * index  # noqa: PLW2901 - down to the side that differs
                if one.hash_at(level, index) == other.hash_at(level, index):
                    index += 1  # noqa: PLW2901
            return index
    return None


def _parting(old: SignedCheckpoint, new: SignedCheckpoint, read: Read, read_first: Read | None) -> int | None:
    """Return the first leaf that differs, if both trees can still be read."""
    if read_first is None:
        return None
    try:
        trees = (
            TiledTree(files, one.checkpoint.size, one.checkpoint.root)
            for files, one in ((read_first, old), (read, new))
        )
        return first_leaf_apart(*trees)
    except LogError:
        return None


def _fork(old: SignedCheckpoint, new: SignedCheckpoint, leaf: int | None, where: str) -> ForkError:
    error = ForkError(
        "tlog.fork" if leaf is None else "tlog.fork_at",
        _FORK if leaf is None else _FORK_AT,
        where=where,
        origin=shown(old.checkpoint.origin),
        leaf=leaf,
        first=old.checkpoint.size,
        first_root=to_base64(old.checkpoint.root),
        second=new.checkpoint.size,
        second_root=to_base64(new.checkpoint.root),
    )
    error.first, error.second = old.note, new.note
    return error
