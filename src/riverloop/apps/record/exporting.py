"""Logs as folders that are handed over and verified: DIR/<side>/ with checkpoint, vkey, cosigner_vkey, tiles."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from riverloop.apps.nodes import keys
from riverloop.apps.nodes.here import hosts, other_side, zone
from riverloop.apps.record.folders import folder_of, one_at_a_time, reader_of
from riverloop.apps.record.mirrors import mirror_range
from riverloop.apps.record.models import Mirror
from riverloop.apps.record.published import key_of, opened
from riverloop.apps.record.words import N_
from riverloop.core.kernel.errors import InputError
from riverloop.core.tlog import (
    CHECKPOINT,
    ENTRIES,
    HASH_BYTES,
    VKEY,
    Growth,
    LogError,
    Progress,
    Read,
    VerifiedLog,
    VerifierKey,
    parse_note,
    read_vkey_file,
    tiles_of,
    verify_log,
    vkey_file,
)
from riverloop.core.tlog.keys import COSIGNATURE, ED25519

COSIGNER_VKEY = "cosigner_vkey"
"""Beside ``vkey``: the key of the side that countersigned, so that not a byte of the checkpoint can change unseen."""

_ENTRY_BYTES = 2 + HASH_BYTES
_OF_A_LOG = (CHECKPOINT, VKEY, COSIGNER_VKEY, "tile")  # whatever holds one of them is a log, or what is left of one


@dataclass(frozen=True, slots=True)
class Exported:
    """A log that was written to a folder.

    Attributes:
        side: whose.
        folder: where.
        size: leaves.
        is_mirror: whether it is what the other side's mirror holds of it.
    """

    side: str
    folder: Path
    size: int
    is_mirror: bool


def logs_export(target: Path) -> list[Exported]:
    """Write every log that this node has: those of its own sides, and the mirror of the other's; all of them or none.

    Args:
        target: a folder; below it nothing may be named like a side.

    Raises:
        InputError: there is something already, nothing was published yet, or it cannot be written there.
    """
    for side in zone().sides:
        if (target / side.id).exists():
            raise InputError(
                "record.export_there",
                N_("This folder exists already. Give one that does not."),
                where=str(target / side.id),
            )
    with _written_beside(target) as folder:
        done = [one for side in zone().sides if (one := _export(side.id, folder, target)) is not None]
        if not done:
            raise InputError(
                "record.nothing_published",
                N_(
                    "Nothing was published yet. The worker publishes within seconds of the first record: riverloop work"
                ),
                where=str(target),
            )
        for one in done:
            (folder / one.side).rename(one.folder)
    return done


@contextlib.contextmanager
def _written_beside(target: Path) -> Iterator[Path]:
    """Give a folder in the target to write to. It goes again, and so does what was made for it and stayed empty."""
    made = [one for one in (target, *target.parents) if not one.exists()]
    try:
        target.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".export-", dir=target) as folder:
            yield Path(folder)
    except OSError as error:
        raise InputError(
            "record.export_failed",
            N_("The logs could not be written there ({why}), and nothing was left. Mend that, or give another folder."),
            where=str(target),
            why=error.strerror or type(error).__name__,
        ) from None
    finally:
        for one in made:
            with contextlib.suppress(OSError):
                one.rmdir()


def logs_verify(
    folder: Path, *, trusted: Collection[VerifierKey] = (), progress: Progress | None = None
) -> dict[str, VerifiedLog]:
    """Verify a folder of logs, or the folder of one, and return what holds by side.

    Args:
        folder: as ``logs_export`` writes it, or as a log is published.
        trusted: keys of logs and of who countersigned, from where one trusts them. A log of whose key none is given
            is verified by the key beside it, which proves no more than that all of it is of one hand.
        progress: told how many leaves are verified.

    Raises:
        InputError: there is no log, it is of another zone, something in it does not hold (the first is named), or a
            key that was given is of nothing here.
    """
    found = [folder] if _is_log(folder) else [one for one in _below(folder) if _is_log(one) or _is_of_side(one)]
    if not found:
        raise InputError(
            "record.no_log",
            N_("There is no log here. Give a folder with checkpoint, vkey and tile/, or one with such folders."),
            where=str(folder),
        )
    done = {}
    for one in found:
        verified = files_verify(reader_of(one, COSIGNER_VKEY), trusted=trusted, where=str(one), progress=progress)
        side = verified.key.name.rpartition("/")[2]
        if one != folder and one.name != side:
            raise InputError(
                "record.log_misplaced",
                N_('This folder is named "{name}" and holds the log of side {side}. Name it by its side.'),
                where=str(one),
                name=one.name,
                side=side,
            )
        done[side] = verified
    _check_used(trusted, done.values(), str(folder))
    return done


def passed_over(folder: Path) -> list[str]:
    """Return the names of what lies beside the logs in a folder of logs, and of which nothing was verified."""
    return [] if _is_log(folder) else [one.name for one in _below(folder) if not (_is_log(one) or _is_of_side(one))]


def _below(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.is_dir() else []


def _is_log(folder: Path) -> bool:
    """Say whether a folder is a log, or what is left of one: what was taken away must not make it none."""
    return any(os.path.lexists(folder / name) for name in _OF_A_LOG)


def _is_of_side(folder: Path) -> bool:
    return any(folder.name == side.id for side in zone().sides)


def files_verify(
    read: Read, *, trusted: Collection[VerifierKey] = (), where: str = "", progress: Progress | None = None
) -> VerifiedLog:
    """Verify one log by its files.

    Args:
        read: gives files by their path, ``cosigner_vkey`` among them if there is one.
        trusted: as of :func:`logs_verify`.
        where: name of its folder, for messages.
        progress: told how many leaves are verified.

    Raises:
        InputError: it is of another zone, or something does not hold.
    """
    own = _key_in(read, VKEY, where) or _key_given(read, trusted, where)
    if own is not None:
        _check_zone(own.name, where)
    cosigners = _cosigners(read, own, trusted, where)
    return verify_log(
        read,
        key=key_trusted(own, trusted),
        cosigners=cosigners,
        only_known=bool(cosigners),
        most_entry_bytes=HASH_BYTES,
        progress=progress,
        where=where,
    )


def _key_in(read: Read, path: str, where: str) -> VerifierKey | None:
    content = read(path)
    return None if content is None else read_vkey_file(content, where=f"{where}/{path}")


def _key_given(read: Read, trusted: Collection[VerifierKey], where: str) -> VerifierKey | None:
    """Return which of the keys that were given signed a log that has no key beside it."""
    note = read(CHECKPOINT) if trusted else None
    if note is None:
        return None
    signed = {(one.name, one.key_id) for one in parse_note(note, where=f"{where}/{CHECKPOINT}").signatures}
    return next((key for key in trusted if key.algorithm == ED25519 and (key.name, key.id) in signed), None)


def key_trusted(beside: VerifierKey | None, trusted: Collection[VerifierKey]) -> VerifierKey | None:
    """Return which of the keys that were given is meant for what another key, of unknown hand, is named for."""
    if beside is None or beside in trusted:
        return beside
    return next((key for key in trusted if (key.name, key.algorithm) == (beside.name, beside.algorithm)), None)


def _cosigners(read: Read, own: VerifierKey | None, trusted: Collection[VerifierKey], where: str) -> list[VerifierKey]:
    """Return whose countersignature must hold: the key's beside the log, or else the one that was given for it."""
    beside = _key_in(read, COSIGNER_VKEY, where)
    if beside is not None:
        wanted = key_trusted(beside, trusted) or beside
        if wanted != beside:
            raise _other_key(beside, wanted, f"{where}/{COSIGNER_VKEY}")
        return [beside]
    names = {keys.cosigner_name(side.id) for side in zone().sides if own is None or keys.origin_of(side.id) != own.name}
    given = tuple(key for key in trusted if key.algorithm == COSIGNATURE and key.name in names)
    return [key_of(read(CHECKPOINT) or b"", given, where=where)] if given else []


def _other_key(found: VerifierKey, wanted: VerifierKey, where: str) -> InputError:
    return InputError(
        "record.other_cosigner",
        N_("The key beside this log is {found}, and {wanted} was given. Give the right key, or fetch the log again."),
        where=where,
        found=found.line,
        wanted=wanted.line,
    )


def _check_used(trusted: Collection[VerifierKey], done: Iterable[VerifiedLog], where: str) -> None:
    used = {key.name for one in done for key in (one.key, *one.signed.cosigned)}  # one that it replaced does no harm
    for key in trusted:
        if key.name not in used:
            raise InputError(
                "record.vkey_unused",
                N_("Nothing here is signed by the key that was given, {key}. Give the folder of its log, or leave it."),
                where=where,
                key=key.line,
            )


def _check_zone(origin: str, where: str) -> None:
    sides = {keys.origin_of(side.id) for side in zone().sides}
    if origin not in sides:
        raise InputError(
            "record.other_zone",
            N_(
                "This is the log {origin}, which is not of the zone {zone} (its logs: {sides}). Give the folder of a "
                "log of this zone, or name the other zone: RIVERLOOP_ZONE=…"
            ),
            where=where,
            origin=origin[:200],
            zone=zone().id,
            sides=", ".join(sorted(sides)),
        )


def _export(side: str, folder: Path, target: Path) -> Exported | None:
    mirror = None if hosts(side) else Mirror.objects.filter(owner_side=other_side(side), of_side=side).first()
    read = reader_of(folder_of(side))
    with one_at_a_time(side):
        note = (read(CHECKPOINT) or b"") if hosts(side) else (mirror.note.encode() if mirror else b"")
        if not note:
            return None
        size = opened(note, keys.log_verifiers(side), where=side).checkpoint.size
        files = _published_files(read, size) if mirror is None else _grown(mirror_range(mirror.owner_side, side))
        for path, content in chain(_keys(side, note), files, [(CHECKPOINT, note)]):
            place = folder / side / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)
    return Exported(side, target / side, size, mirror is not None)


def _keys(side: str, note: bytes) -> Iterator[tuple[str, bytes]]:
    yield VKEY, vkey_file(key_of(note, keys.log_verifiers(side)))
    cosigner = key_of(note, keys.cosigner_verifiers(other_side(side)))
    if (cosigner.name, cosigner.id) in {(one.name, one.key_id) for one in parse_note(note).signatures}:
        yield COSIGNER_VKEY, vkey_file(cosigner)


def _published_files(read: Read, size: int) -> Iterator[tuple[str, bytes]]:
    for tile in tiles_of(size):
        content = read(tile.path)
        if content is None:  # the partial one went when the full one came
            width = _ENTRY_BYTES if tile.level == ENTRIES else HASH_BYTES
            content = (read(tile.full.path) or b"")[: tile.width * width]
        if not content:
            raise LogError("tlog.missing", "This file of the log is missing.", where=tile.path)
        yield tile.path, content


def _grown(entries: Iterable[bytes]) -> Iterator[tuple[str, bytes]]:
    growth = Growth()
    yield from growth.extend(entries)
    yield from growth.partials()
