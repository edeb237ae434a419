"""What a side does with the other's log: it verifies each push, keeps entries and checkpoint, and countersigns.

What contradicts the checkpoint that it holds, it refuses, keeps as evidence and names in one line; its mirror stays on
the one tree that it has.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256

from django.db import transaction

from riverloop.apps.nodes import keys
from riverloop.apps.nodes.endpoints import on_call
from riverloop.apps.nodes.models import error_as_json
from riverloop.apps.record.evidence import evidence_keep
from riverloop.apps.record.mirroring import PUSH_ENTRIES
from riverloop.apps.record.models import LogState, Mirror, MirrorLeaf
from riverloop.apps.record.places import mirror_lock
from riverloop.apps.record.published import commitments_of, key_of, opened
from riverloop.apps.record.refusals import REFUSALS, UNKNOWN_KEY
from riverloop.apps.record.rows import lines_insert
from riverloop.apps.record.words import N_
from riverloop.core.kernel.canonical import canonical_json, read_json
from riverloop.core.kernel.errors import InputError, RiverloopError
from riverloop.core.tlog import (
    ENTRIES,
    HASH_BYTES,
    MOST_NOTE_BYTES,
    Checkpoint,
    CompactRange,
    LogError,
    SignedCheckpoint,
    StaleError,
    Tile,
    cosign_checkpoint,
    decode_bundle,
    encode_bundle,
    leaf_hashes,
    parse_checkpoint,
    parse_note,
)
from riverloop.core.tlog.tree import MOST_LEAVES

_ENTRY_BYTES = 2 + HASH_BYTES
MOST_PUSH_BYTES = MOST_NOTE_BYTES + 4_096 + PUSH_ENTRIES * _ENTRY_BYTES
_ROWS = 4_096
_MOST_SHOWN = 3  # ids of keys in one line
_COLUMNS = ("owner_side", "of_side", "index", "commitment")


@dataclass(frozen=True, slots=True)
class _Push:
    first: int
    note: bytes
    entries: bytes


def mirror_add(of_side: str, side: str, body: bytes) -> bytes:
    """Take a push of another side's log into the mirror, and answer with the next index, the root, a countersignature.

    Args:
        of_side: whose log; the link vouches for it.
        side: who keeps the mirror.
        body: as ``mirroring`` makes it.
    """
    note = ""
    try:
        push = _read(body, of_side)
        note = push.note.decode("utf-8", "replace")
        answer = _take(side, of_side, push)
    except RiverloopError as error:
        held = Mirror.objects.filter(owner_side=side, of_side=of_side).first()
        evidence_keep(side, of_side, error, note=note, held_note=held.note if held else "")
        answer = {**_told_of(_tree_of(held)), "mistake": error.text(), "error": error_as_json(error)}
    return canonical_json(answer)


def mirror_state(of_side: str, side: str, body: bytes) -> bytes:
    """Answer with what a mirror holds: the next index, and the newest checkpoint."""
    held = Mirror.objects.filter(owner_side=side, of_side=of_side).first()
    return canonical_json({"next": held.size if held else 0, "note": held.note if held else ""})


def mirror_entries(of_side: str, side: str, body: bytes) -> bytes:
    """Answer with entries of a mirror, as a bundle holds them.

    Raises:
        InputError: the mirror does not hold them, or more are asked than one answer holds.
    """
    first, end = _asked(body)
    rows = _commitments(side, of_side, first, end)
    if not rows or len(rows) != end - first:
        raise _range_refused()
    return encode_bundle(rows)


def log_entries(of_side: str, side: str, body: bytes) -> bytes:
    """Answer with published entries of a side's own log, as a bundle holds them: its mirror lost some.

    Raises:
        InputError: they are not published, or more are asked than one answer holds.
    """
    first, end = _asked(body)
    if not LogState.objects.filter(pk=side, published_size__gte=end).exists():
        raise _range_refused()
    return encode_bundle(commitments_of(side, first, end))


def _asked(body: bytes) -> tuple[int, int]:
    """Return which entries are asked for: the first, and the one just past the last."""
    try:
        asked = read_json(body.decode(), where="entries")
        first, count = asked["first"], asked["count"]
        if type(first) is type(count) is int and 0 <= first < MOST_LEAVES and 0 < count <= PUSH_ENTRIES:
            return first, first + count
    except (RiverloopError, ValueError, KeyError, TypeError):
        pass
    raise _range_refused()


def _range_refused() -> InputError:
    return InputError(
        "record.mirror_range",
        N_("The mirror has no such entries: ask for 1 to {most} of those that it holds."),
        most=PUSH_ENTRIES,
    )


def mirror_range(side: str, of_side: str) -> list[bytes]:
    """Return every commitment that a side's mirror holds, in order."""
    held = Mirror.objects.filter(owner_side=side, of_side=of_side).first()
    return _commitments(side, of_side, 0, held.size) if held else []


def _commitments(side: str, of_side: str, first: int, end: int) -> list[bytes]:
    rows = MirrorLeaf.objects.filter(owner_side=side, of_side=of_side, index__gte=first, index__lt=end)
    return [bytes(one) for one in rows.order_by("index").values_list("commitment", flat=True).iterator(_ROWS)]


def _read(body: bytes, of_side: str) -> _Push:
    """Take a push apart, verifying nothing but its own checksum."""
    if len(body) > MOST_PUSH_BYTES:
        raise InputError(
            "record.push_size",
            REFUSALS["record.push_size"],
            where=of_side,
            bytes=len(body),
            most=MOST_PUSH_BYTES,
        )
    head, _, entries = body.partition(b"\n")
    try:
        told = read_json(head.decode(), where="mirror.add")
        first, note, digest = told["first"], told["note"].encode(), told["sha256"]
        if type(first) is not int or first < 0 or not isinstance(digest, str):
            raise TypeError(first)  # noqa: TRY301 - told as any other push that is none
    except (RiverloopError, ValueError, KeyError, TypeError, AttributeError):
        raise InputError(
            "record.push_form",
            REFUSALS["record.push_form"],
            where=of_side,
        ) from None
    if sha256(entries).hexdigest() != digest:
        raise InputError(
            "record.push_cut",
            REFUSALS["record.push_cut"],
            where=of_side,
        )
    return _Push(first, note, entries)


def _take(side: str, of_side: str, push: _Push) -> dict[str, object]:
    _check_origin(push.note, of_side)
    signed = _opened(push.note, of_side)
    with transaction.atomic():
        mirror_lock(side, of_side)
        held, _ = Mirror.objects.get_or_create(owner_side=side, of_side=of_side)
        new = signed.checkpoint
        if new.size < held.size:
            raise _older(held, new)
        if push.first > held.size:  # a gap: the log goes back to what is missing
            return _told_of(_tree_of(held))
        grown = _grown(held, new, push)
        if grown.root() != new.root:
            raise _fork(held, new)
        seconds = max(int(time.time()), held.cosigned_seconds)  # a clock that was set back takes nothing back
        note = cosign_checkpoint(
            push.note, key_of(push.note, keys.log_verifiers(of_side)), keys.cosigner(side), seconds
        )
        Mirror.objects.filter(pk=held.pk).update(
            size=grown.size,
            range=grown.stored(),
            note=note.decode(),
            cosigned_seconds=seconds,
            taken_at=datetime.now(UTC),
        )
        return {**_told_of(grown), "signature": parse_note(note).signatures[-1].line}


def _opened(note: bytes, of_side: str) -> SignedCheckpoint:
    """Return a checkpoint that is signed by a key that is trusted here.

    Raises:
        LogError: it is signed by another, as after the log's key was replaced.
    """
    known = keys.log_verifiers(of_side)
    signers = {(one.name, one.key_id) for one in parse_note(note, where=of_side).signatures}
    if not signers & {(key.name, key.id) for key in known}:
        ids = sorted({key_id.hex() for _, key_id in signers})[:_MOST_SHOWN]
        raise LogError(UNKNOWN_KEY, REFUSALS[UNKNOWN_KEY], of_side=of_side, key="+".join(ids))
    return opened(note, known, where=of_side)


def _tree_of(held: Mirror | None) -> CompactRange:
    return CompactRange.read(held.size, bytes(held.range)) if held else CompactRange()


def _told_of(tree: CompactRange) -> dict[str, object]:
    """Return what an answer says of the mirror: its next index, and of which tree it is."""
    return {"next": tree.size, "root": tree.root().hex()}


def _grown(held: Mirror, new: Checkpoint, push: _Push) -> CompactRange:
    """Return the right edge after a push, whose new entries are stored; the caller compares its root.

    Raises:
        InputError: the push does not reach up to its checkpoint.
    """
    known = _tree_of(held)
    count = new.size - push.first
    if count < 0 or len(push.entries) != count * _ENTRY_BYTES:
        raise InputError(
            "record.push_entries",
            REFUSALS["record.push_entries"],
            where=held.of_side,
            first=push.first,
            size=new.size,
        )
    entries = decode_bundle(push.entries, Tile(ENTRIES, 0, count), where=held.of_side) if count else []
    if any(len(entry) != HASH_BYTES for entry in entries):
        raise InputError(
            "record.push_entry",
            REFUSALS["record.push_entry"],
            where=held.of_side,
        )
    fresh = entries[held.size - push.first :]
    lines = [(held.owner_side, held.of_side, index, one) for index, one in enumerate(fresh, held.size)]
    lines_insert(MirrorLeaf, _COLUMNS, lines)
    return known.appended(leaf_hashes(fresh))


def _check_origin(note: bytes, of_side: str) -> None:
    """Refuse a log of another zone or side by its name, before any key is tried."""
    origin = parse_checkpoint(parse_note(note, where=of_side).text, where=of_side).origin
    if origin != keys.origin_of(of_side):
        raise LogError(
            "record.other_log",
            REFUSALS["record.other_log"],
            where=of_side,
            origin=origin[:200],
            wanted=keys.origin_of(of_side),
        )


def _older(held: Mirror, new: Checkpoint) -> LogError:
    """Say whether a smaller tree than the one held is merely old, or of another tree."""
    entries = _commitments(held.owner_side, held.of_side, 0, new.size)
    if CompactRange.of(entries).root() != new.root:
        return _fork(held, new)
    return StaleError(
        "record.stale",
        REFUSALS["record.stale"],
        of_side=held.of_side,
        size=new.size,
        held=held.size,
    )


def _fork(held: Mirror, new: Checkpoint) -> LogError:
    return LogError(
        "record.fork",
        REFUSALS["record.fork"],
        of_side=held.of_side,
        size=new.size,
        held=held.size,
    )


on_call("mirror.add", mirror_add)
on_call("mirror.state", mirror_state)
on_call("mirror.entries", mirror_entries)
on_call("log.entries", log_entries)
