"""Publishing: tiles first, each on the disk, then the checkpoint that speaks for them is renamed into its place.

Whatever happens in between, the folder holds a checkpoint and all that it was signed over: tiles only grow, and the
checkpoint is the last to change.
"""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime

from riverloop.apps.nodes import keys
from riverloop.apps.record.folders import files_write, folder_of, one_at_a_time, partials_drop, reader_of
from riverloop.apps.record.models import LogState
from riverloop.apps.record.published import commitments_of, published
from riverloop.apps.record.restoring import check, check_signed
from riverloop.apps.record.words import N_
from riverloop.core.tlog import (
    CHECKPOINT,
    VKEY,
    Checkpoint,
    Growth,
    LogError,
    parse_note,
    sign_checkpoint,
    tiles_of_growth,
    vkey_file,
)


def publish(side: str) -> int:
    """Publish what is numbered and not published yet, and return how many leaves that were.

    Args:
        side: whose log.

    Raises:
        ConflictError: the disk is full.
        RiverloopError: database, tiles and the other side's mirror contradict each other: nothing is signed.
    """
    with one_at_a_time(side):
        check(side)
        state = LogState.objects.filter(pk=side).first()
        if state is None or not state.size or not _is_behind(state):
            return 0
        return _publish(side, state)


def checkpoint_replace(side: str, size: int, note: bytes) -> bool:
    """Put a countersigned checkpoint in the place of the one of the same size, and say whether it is still that."""
    with one_at_a_time(side):
        if not LogState.objects.filter(pk=side, published_size=size).exists():
            return False
        files_write(folder_of(side), [(CHECKPOINT, note)])
        LogState.objects.filter(pk=side).update(note=note.decode())
        return True


def _is_behind(state: LogState) -> bool:
    """Say whether there is anything to sign: new leaves, a lost folder, or a key that was replaced."""
    if state.published_size < state.size or not state.note:
        return True
    today = keys.log_verifiers(state.owner_side)[0]
    signed = {(one.name, one.key_id) for one in parse_note(state.note.encode()).signatures}
    there = published(state.owner_side)
    return (today.name, today.id) not in signed or there is None or there.size < state.published_size


def _publish(side: str, state: LogState) -> int:
    folder, signer = folder_of(side), keys.log_signer(side)
    growth = _growth(side, state)
    begun = growth.start
    files_write(folder, growth.extend(commitments_of(side, begun, state.size)))
    if growth.size != state.size:
        raise LogError(
            "record.gap",
            N_(
                "The database says that this log has {size} entries, and holds {found}. Restore a backup that is whole."
            ),
            where=side,
            size=state.size,
            found=growth.size,
        )
    files_write(folder, growth.partials())
    note = sign_checkpoint(Checkpoint(signer.name, growth.size, growth.root()), signer)
    files_write(folder, [(VKEY, vkey_file(signer.log_key))])
    files_write(folder, [(CHECKPOINT, note)])
    LogState.objects.filter(pk=side).update(
        published_size=growth.size, published_root=growth.root(), note=note.decode(), published_at=datetime.now(UTC)
    )
    full = [tile.path for tile in tiles_of_growth(begun, growth.size) if tile == tile.full]
    partials_drop(folder, full)
    return growth.size - state.published_size


def _growth(side: str, state: LogState) -> Growth:
    """Return what goes on where the folder ends, or begins anew if the folder is not what was signed."""
    there = published(side)
    if there is not None and there.size == state.published_size and there.size:
        with contextlib.suppress(LogError):
            growth = Growth(there.size, reader_of(folder_of(side)))
            if growth.root() == bytes(state.published_root):
                return growth
    check_signed(state)
    return Growth()
