"""What a side's own log is, as its folder and as the database have it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from riverloop.apps.nodes import keys
from riverloop.apps.record.folders import folder_of, reader_of
from riverloop.apps.record.models import Leaf
from riverloop.core.tlog import (
    CHECKPOINT,
    SignedCheckpoint,
    TiledTree,
    VerifierKey,
    open_checkpoint,
    parse_note,
)

_ROWS = 4_096  # leaves read at a time


@dataclass(frozen=True, slots=True)
class Published:
    """A side's own log as its folder has it; its checkpoint was verified.

    Attributes:
        size: leaves.
        root: 32 bytes.
        note: the checkpoint with its signatures.
    """

    size: int
    root: bytes
    note: str


def published(side: str) -> Published | None:
    """Return what the folder of a side's own log says, or nothing if there is none.

    Raises:
        LogError: there is a checkpoint, and none of the side's own keys signed it.
    """
    content = reader_of(folder_of(side))(CHECKPOINT)
    if content is None:
        return None
    signed = opened(content, keys.log_verifiers(side), where=str(folder_of(side) / CHECKPOINT))
    return Published(signed.checkpoint.size, signed.checkpoint.root, content.decode())


def opened(note: bytes, known: tuple[VerifierKey, ...], *, where: str = "checkpoint") -> SignedCheckpoint:
    """Return a checkpoint that one of a log's keys signed, today's or one that it replaced.

    Raises:
        LogError: none of them did.
    """
    return open_checkpoint(note, key_of(note, known, where=where), where=where)


def key_of(note: bytes, known: tuple[VerifierKey, ...], *, where: str = "") -> VerifierKey:
    """Return which of some keys signed a note, by name and id alone; the first if none did.

    Raises:
        LogError: it is no note.
    """
    signers = {(one.name, one.key_id) for one in parse_note(note, where=where).signatures}
    return next((key for key in known if (key.name, key.id) in signers), known[0])


def tree_of(side: str, size: int, root: bytes) -> TiledTree:
    """Return a side's published tree, of which no hash is believed that does not lead to the root."""
    folder = folder_of(side)
    return TiledTree(reader_of(folder), size, root, where=str(folder))


def commitments_of(side: str, first: int, end: int) -> Iterator[bytes]:
    """Yield the entries of a side's own log as the database has them, in order."""
    for start in range(first, end, _ROWS):
        rows = Leaf.objects.filter(owner_side=side, index__gte=start, index__lt=min(start + _ROWS, end))
        yield from (bytes(one) for one in rows.order_by("index").values_list("commitment", flat=True))
