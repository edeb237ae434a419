"""The restore trap: a log whose database is older than what was published must not sign a fork.

Before anything is numbered or signed, the database is compared with the side's own published tiles, and, once after
each start and whenever it is not what it was, only longer, with the mirror that the other side keeps. Leaves that the
database lacks are taken back from there, as commitments without payload; those that it holds differently stop the log.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice

import structlog
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from riverloop.apps.nodes import keys
from riverloop.apps.nodes.calling import PeerError, call
from riverloop.apps.nodes.here import hosts, other_side
from riverloop.apps.nodes.models import Link, error_kept
from riverloop.apps.nodes.peers import peer_known
from riverloop.apps.record.folders import folder_of, reader_of
from riverloop.apps.record.inspecting import NOT_SIGNED_OVER
from riverloop.apps.record.models import Leaf, LogState, Mirror, PendingRecord
from riverloop.apps.record.places import log_lock, tell
from riverloop.apps.record.published import Published, commitments_of, opened, published, tree_of
from riverloop.apps.record.words import N_
from riverloop.core.kernel.canonical import canonical_json, read_json
from riverloop.core.kernel.errors import ConflictError, RiverloopError
from riverloop.core.tlog import (
    CHECKPOINT,
    ENTRIES,
    WIDTH,
    CompactRange,
    LogError,
    Tile,
    TiledTree,
    decode_bundle,
    leaf_hashes,
    parse_note,
)

MOST_ENTRIES = 8_192  # asked of a mirror at once

_logger: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a log was when the mirror had last been asked and agreed: leaves, and the tree that was published."""

    size: int
    published_size: int
    published_root: bytes


_asked: dict[str, _Asked] = {}  # by side, in this process


def check(side: str) -> None:
    """Return when the database holds all that was published, after taking back what it lacked.

    Call it while holding ``folders.one_at_a_time``.

    Raises:
        ConflictError: it holds something else, or nobody can say so yet: nothing may be numbered or signed.
    """
    state = LogState.objects.filter(pk=side).first() or LogState(owner_side=side)
    _check_inspected(state)
    there = published(side)
    if there is not None:
        state = _compare_with_folder(state, there)
    if _extends(state, _asked.pop(side, None)):
        _remember(state)
        return
    other = other_side(side)
    if not hosts(other) and peer_known(other) is None:
        _check_alone(state, other)
        return
    _compare_with_mirror(state, other)
    _remember(LogState.objects.filter(pk=side).first() or state)


def _check_inspected(state: LogState) -> None:
    if not state.spoilt_mistake:
        return
    found = error_kept(state.spoilt_mistake)
    if found.code in NOT_SIGNED_OVER:
        raise ConflictError(found.code, found.message, where=found.where, **found.parameters)


def _check_alone(state: LogState, other: str) -> None:
    """Return if there never was another node, and so no mirror; it is asked as soon as there is one.

    Raises:
        ConflictError: there was one, and nobody knows it here any more: this may be a backup that lost whom it trusted.
    """
    side = state.owner_side
    mirrored = state.cosigned_size or state.mirrored_size or Mirror.objects.filter(owner_side=side).exists()
    if mirrored or _is_cosigned(state, other) or Link.objects.filter(_MET, owner_side=side).exists():
        raise ConflictError(
            "record.mirror_unknown",
            N_(
                "The node of {other} has copies of the log of {side}, and is not known here any more. Nothing is "
                "signed before its mirror has said how far it is, so that a restored copy cannot fork. What happens is "
                "kept. Run: riverloop node trust FILE"
            ),
            side=side,
            other=other,
        )


_MET = Q(answered_at__isnull=False) | Q(heard_at__isnull=False)


def _is_cosigned(state: LogState, other: str) -> bool:
    """Say whether a checkpoint that lies here bears a line in the name of the other side, whoever wrote it."""
    folder, wanted = reader_of(folder_of(state.owner_side)), keys.cosigner_name(other)
    notes = (state.note.encode(), folder(CHECKPOINT) or b"")
    return any(one.name == wanted for note in notes if note for one in parse_note(note).signatures)


def _remember(state: LogState) -> None:
    _asked[state.owner_side] = _Asked(state.size, state.published_size, bytes(state.published_root))


def _extends(state: LogState, asked: _Asked | None) -> bool:
    """Say whether a log only grew since: as long as it was, and of the same tree, whatever its size is."""
    if asked is None or state.size < asked.size or state.published_size < asked.published_size:
        return False
    if state.published_size == asked.published_size:
        return bytes(state.published_root) == asked.published_root
    return not asked.published_size or _root_at(state, asked.published_size) == asked.published_root


def check_signed(state: LogState) -> None:
    """Return when the leaves are those that were signed last; ask before tiles are made anew from them.

    Raises:
        ConflictError: they are others, and whoever signed over them would fork the log.
    """
    side, size = state.owner_side, state.published_size
    if size:
        _insist(CompactRange.of(commitments_of(side, 0, size)).root() == bytes(state.published_root), side, 0, size)


def ask_again(side: str | None = None) -> None:
    """Have the mirror asked anew before the next signature: of one log, or of all."""
    for one in [side] if side else list(_asked):
        _asked.pop(one, None)


def _compare_with_folder(state: LogState, there: Published) -> LogState:
    """Return the state after the database was brought to what the side's own folder shows."""
    side, known = state.owner_side, state.published_size
    if there.size < known:  # the folder is older, or was lost in part: it is made anew from the database
        _insist(CompactRange.of(commitments_of(side, 0, there.size)).root() == there.root, side, 0, there.size)
        return state
    if there.size == known:
        _insist(there.root == bytes(state.published_root), side, 0, known)
        return state
    tree = tree_of(side, there.size, there.root)
    _insist(not known or tree.root(known) == bytes(state.published_root), side, 0, known)
    _compare(side, known, min(state.size, there.size), _entries_of(tree, known))
    if there.size > state.size:
        _take_back(side, state.size, there, _entries_of(tree, state.size))
    LogState.objects.filter(pk=side).update(
        published_size=there.size, published_root=there.root, note=there.note, published_at=datetime.now(UTC)
    )
    return LogState.objects.get(pk=side)


def _compare_with_mirror(state: LogState, other: str) -> None:
    """Compare with what the other side's mirror holds, or say that it must be reached first."""
    side = state.owner_side
    try:
        answer = read_json(call(other, "mirror.state", b"{}").decode(), where="mirror.state")
        note = answer["note"]
        content = note.encode()
    except PeerError as error:
        raise ConflictError(
            "record.mirror_not_asked",
            N_(
                "After a start the log of {side} goes on only when the mirror at {other} has said how far it is, so "
                "that a restored copy cannot fork. {why} What happens meanwhile is kept, and gets its place then."
            ),
            side=side,
            other=other,
            why=error,
        ) from None
    except (RiverloopError, ValueError, KeyError, TypeError, AttributeError):
        raise ConflictError(
            "record.mirror_answer",
            N_("The mirror at {other} did not say how far the log of {side} is. Look after the node of {other}."),
            side=side,
            other=other,
        ) from None
    if not note:
        return
    signed = opened(content, keys.log_verifiers(side), where=f"{other}: mirror").checkpoint
    mirrored = Published(signed.size, signed.root, note)
    if mirrored.size > state.size:
        entries = list(_mirror_entries(other, state.size, mirrored.size))
        _take_back(side, state.size, mirrored, entries)
    elif _root_at(state, mirrored.size) != mirrored.root:
        raise _first_apart(side, mirrored.size, list(_mirror_entries(other, 0, mirrored.size)))


def _root_at(state: LogState, size: int) -> bytes:
    """Return the root at an earlier size: from the published tiles in a few steps, where they reach so far."""
    there = published(state.owner_side)
    if there is not None and there.size >= size:
        with contextlib.suppress(LogError):  # a tile is missing: it is made anew, from leaves that are compared first
            return tree_of(state.owner_side, there.size, there.root).root(size)
    return CompactRange.of(commitments_of(state.owner_side, 0, size)).root()


def _take_back(side: str, first: int, whole: Published, entries: Iterable[bytes]) -> None:
    """Append leaves that the database lacks, if they lead to the root that the log itself signed.

    Records that wait and are among them get their places back, payload and all; the others remain commitments.
    """
    with transaction.atomic():
        log_lock(side)
        grown = CompactRange.of(commitments_of(side, 0, first))
        waiting = {bytes(row.commitment): row for row in PendingRecord.objects.filter(owner_side=side)}
        index, back = first, iter(entries)
        while chunk := list(islice(back, MOST_ENTRIES)):
            grown = grown.appended(leaf_hashes(chunk))
            _keep(side, index, chunk, waiting)
            index += len(chunk)
        _insist((grown.size, grown.root()) == (whole.size, whole.root), side, first, whole.size)
        LogState.objects.update_or_create(owner_side=side, defaults={"size": whole.size})
        tell(side, first)
    _logger.warning("a database was older than its log; leaves were taken back", side=side, count=whole.size - first)


def _keep(side: str, index: int, chunk: list[bytes], waiting: dict[bytes, PendingRecord]) -> None:
    now, lines, found = timezone.now(), [], []
    for place, commitment in enumerate(chunk, index):
        row = waiting.get(commitment)
        if row is not None:
            found.append(row.pk)
            what = (row.id, row.kind, row.subject, row.payload, bytes(row.salt), row.created_at)
        else:
            what = ("", Leaf.RESTORED, "", "", b"", now)
        lines.append(
            Leaf(
                owner_side=side, index=place, commitment=commitment, record=what[0], kind=what[1], subject=what[2],
                payload=what[3], salt=what[4], created_at=what[5],
            )
        )  # fmt: skip
    Leaf.objects.bulk_create(lines, batch_size=1_000)
    PendingRecord.objects.filter(pk__in=found).delete()


def _compare(side: str, first: int, end: int, entries: Iterable[bytes]) -> None:
    """Compare leaves that are numbered but, as the database has it, not published with those that are."""
    held = commitments_of(side, first, end)
    for index, (own, there) in enumerate(zip(held, entries, strict=False), first):
        if own != there:
            raise _differs(side, index, end)


def _first_apart(side: str, size: int, entries: Iterable[bytes]) -> ConflictError:
    held = commitments_of(side, 0, size)
    apart = (index for index, (own, there) in enumerate(zip(held, entries, strict=False)) if own != there)
    return _differs(side, next(apart, 0), size)


def _entries_of(tree: TiledTree, first: int) -> Iterator[bytes]:
    """Yield the entries of a published tree from one on, each hashed up to the root."""
    for bundle in range(first // WIDTH, -(-tree.size // WIDTH)):
        entries = tree.entries(bundle)
        yield from entries[max(0, first - bundle * WIDTH) :]


def _mirror_entries(other: str, first: int, end: int) -> Iterator[bytes]:
    """Yield entries from the mirror; they prove nothing before they lead to a root that is known."""
    while first < end:
        count = min(MOST_ENTRIES, end - first)
        content = call(other, "mirror.entries", canonical_json({"first": first, "count": count}))
        if len(content) > count * 34:
            raise LogError("record.mirror_long", N_("The mirror at {other} sent more than was asked."), other=other)
        yield from decode_bundle(content, Tile(ENTRIES, 0, count), where=f"{other}: mirror.entries")
        first += count


def _insist(holds: bool, side: str, index: int, size: int) -> None:  # noqa: FBT001 - it reads as a sentence
    if not holds:
        raise _differs(side, index, size)


def _differs(side: str, index: int, size: int) -> ConflictError:
    return ConflictError(
        "record.would_fork",
        N_(
            "The database of {side} contradicts what its log signed, from entry {index} on (of {size}, counted from "
            "0). Nothing is signed, so that the log does not fork. Restore a backup that was made before the "
            "contradiction; what is newer is taken back from the published tiles or the mirror."
        ),
        side=side,
        index=index,
        size=size,
    )
