"""A mirror looked through: its leaves, held to the checkpoint that was countersigned; what is spoilt is fetched again.

A mirror has no tiles: the hashes of the right edge say in which complete subtrees leaves were changed, and the other
side, whose log it is, still has them. What it gives counts only if it leads to the hash that is held here.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

import structlog
from django.db import transaction

from riverloop.apps.nodes import keys
from riverloop.apps.nodes.calling import call
from riverloop.apps.record.inspecting import STEP, Inspected, Step, entry_of, kept
from riverloop.apps.record.models import Mirror, MirrorLeaf
from riverloop.apps.record.places import mirror_lock
from riverloop.apps.record.published import opened
from riverloop.apps.record.rows import lines_insert
from riverloop.apps.record.words import N_
from riverloop.core.kernel.canonical import canonical_json
from riverloop.core.kernel.errors import ConflictError, RiverloopError
from riverloop.core.tlog import (
    ENTRIES,
    HASH_BYTES,
    CompactRange,
    LogError,
    Tile,
    VerifierKey,
    decode_bundle,
    leaf_hashes,
)
from riverloop.core.tlog.tree import subtrees

_MOST_MENDED = 50_000  # leaves in one pass: some megabytes; what is more waits for the next
_ENTRY_BYTES = 2 + HASH_BYTES
_COLUMNS = ("owner_side", "of_side", "index", "commitment")

_logger: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(__name__)


def mirror_inspect(side: str, of_side: str, step: Step = lambda _: None) -> Inspected:
    """Look through a side's mirror of the other's log, fetch again what is spoilt, and keep what was found.

    Args:
        side: who keeps the mirror.
        of_side: whose log it is of.
        step: see ``inspecting.Step``.
    """
    held = Mirror.objects.filter(owner_side=side, of_side=of_side).first()
    if held is None or not held.note:
        return Inspected()
    try:
        known = keys.log_verifiers(of_side)
    except RiverloopError:  # whom it is of is not known here any more; what lies here waits
        return Inspected()
    found = _inspected(held, known, step)
    Mirror.objects.filter(pk=held.pk).update(**kept(found))
    if found.mistake:
        _logger.error("a mirror was not what was countersigned", side=of_side, why=found.mistake)
    return found


def _inspected(held: Mirror, known: tuple[VerifierKey, ...], step: Step) -> Inspected:
    try:
        root = opened(held.note.encode(), known).checkpoint.root
    except LogError as error:
        return Inspected(held.size, 1, _note_spoilt(held, error))
    tree = CompactRange()
    for first in range(0, held.size, STEP):
        rows = _rows(held, first, min(first + STEP, held.size))
        tree = tree.appended(leaf_hashes(rows))
        step(len(rows))
    if tree.root() != root:
        return _mended(held, root, tree, step)
    if tree.stored() != bytes(held.range):
        return Inspected(held.size, 1, _edge_mended(held, tree))
    return Inspected(held.size)


def _rows(held: Mirror, first: int, end: int) -> list[bytes]:
    rows = MirrorLeaf.objects.filter(
        owner_side=held.owner_side, of_side=held.of_side, index__gte=first, index__lt=end
    ).values_list("index", "commitment")
    there = dict(rows)
    return [entry_of(there.get(index)) for index in range(first, end)]


@dataclass(frozen=True, slots=True)
class _Part:
    """Leaves of a mirror among which some are spoilt, and the root that they have to have."""

    first: int
    end: int
    root: bytes


def _parts(held: Mirror, root: bytes, tree: CompactRange) -> list[_Part]:
    with contextlib.suppress(LogError):
        edge = CompactRange.read(held.size, bytes(held.range))
        if edge.root() == root:
            spans = [(index << level, (index + 1) << level) for level, index in subtrees(0, held.size)]
            pairs = zip(spans, edge.hashes, tree.hashes, strict=True)
            return [_Part(*span, wanted) for span, wanted, there in pairs if wanted != there]
    return [_Part(0, held.size, root)]  # the edge is spoilt as well


def _mended(held: Mirror, root: bytes, tree: CompactRange, step: Step) -> Inspected:
    """Fetch again what is spoilt of a mirror, part by part."""
    parts = _parts(held, root, tree)
    apart: list[int] = []
    try:
        for part in parts:
            apart += _part_mended(held, part, step)
    except RiverloopError as error:
        mistake = ConflictError(
            "record.mirror_leaf_spoilt",
            N_(
                "Of the entries {first} to {last} of the mirror of the log of {of_side} some are lost, or not what was "
                "countersigned, and they could not be fetched again: {why}"
            ),
            of_side=held.of_side,
            first=parts[0].first,
            last=parts[-1].end - 1,
            why=error,
        )
        return Inspected(held.size, max(1, len(apart)), mistake)
    mistake = ConflictError(
        "record.mirror_leaf_mended",
        N_(
            "Entry {index} of the mirror of the log of {of_side} was lost, or not what was countersigned ({count} "
            "entries in all), and was fetched again. Look after the database of this node."
        ),
        of_side=held.of_side,
        index=apart[0],
        count=len(apart),
    )
    return Inspected(held.size, len(apart), mistake)


def _part_mended(held: Mirror, part: _Part, step: Step) -> list[int]:
    """Fetch a part again, keep those leaves of it that differ, and return which these were.

    Raises:
        RiverloopError: it cannot be fetched, or what came is not what was countersigned.
    """
    tree = CompactRange()
    apart: dict[int, bytes] = {}
    for first, entries in _fetched(held.of_side, part):
        tree = tree.appended(leaf_hashes(entries))
        here = _rows(held, first, first + len(entries))
        for index, (entry, row) in enumerate(zip(entries, here, strict=True), first):
            if entry != row and len(apart) < _MOST_MENDED:
                apart[index] = entry
        step(0)
    if tree.root() != part.root:
        raise LogError(
            "record.entries_apart",
            N_("The log of {of_side} has other entries there than those that were countersigned."),
            of_side=held.of_side,
        )
    _replace(held, apart)
    return list(apart)


def _fetched(of_side: str, part: _Part) -> Iterator[tuple[int, list[bytes]]]:
    for first in range(part.first, part.end, STEP):
        count = min(STEP, part.end - first)
        content = call(of_side, "log.entries", canonical_json({"first": first, "count": count}))
        if len(content) != count * _ENTRY_BYTES:
            raise LogError("record.entries_form", N_("The node of {of_side} sent other than asked."), of_side=of_side)
        yield first, decode_bundle(content, Tile(ENTRIES, 0, count), where=f"{of_side}: log.entries")


def _replace(held: Mirror, apart: dict[int, bytes]) -> None:
    side, of_side, places = held.owner_side, held.of_side, list(apart)
    with transaction.atomic():
        mirror_lock(side, of_side)
        for start in range(0, len(places), 500):
            some = places[start : start + 500]
            MirrorLeaf.objects.filter(owner_side=side, of_side=of_side, index__in=some).delete()
            lines_insert(MirrorLeaf, _COLUMNS, [(side, of_side, index, apart[index]) for index in some])


def _edge_mended(held: Mirror, tree: CompactRange) -> ConflictError:
    """Put right the hashes of a mirror's right edge: with others, the next push would be taken for a fork."""
    with transaction.atomic():
        mirror_lock(held.owner_side, held.of_side)
        Mirror.objects.filter(pk=held.pk, size=held.size).update(range=tree.stored())
    return ConflictError(
        "record.mirror_edge_mended",
        N_(
            "The right edge of the mirror of the log of {of_side} was not what was countersigned, and was made again "
            "from its {size} entries. Look after the database of this node."
        ),
        of_side=held.of_side,
        size=held.size,
    )


def _note_spoilt(held: Mirror, error: RiverloopError) -> ConflictError:
    return ConflictError(
        "record.mirror_note_spoilt",
        N_(
            "The checkpoint of the mirror of the log of {of_side} is not what was countersigned: {why} Restore a "
            "backup of this node; the other side sends again what is newer."
        ),
        of_side=held.of_side,
        why=error,
    )
