"""Fetching a published log from its address, as any client of C2SP tlog-tiles would: every file of its checkpoint.

Nothing is asked for because a stranger names a size: the checkpoint has to be signed, and of no more than is wanted.
Each file has its time, whatever the server does. What was cut off goes on in its folder, where the last file that is
written is the checkpoint; then all of it is verified, since somebody may have changed what lay there.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from threading import Thread
from time import monotonic
from urllib.parse import urlsplit

import requests

from riverloop.apps.record.exporting import COSIGNER_VKEY
from riverloop.apps.record.folders import reader_of
from riverloop.apps.record.words import N_
from riverloop.core.kernel.errors import ConflictError, InputError
from riverloop.core.tlog import (
    CHECKPOINT,
    ENTRIES,
    HASH_BYTES,
    VKEY,
    LogError,
    Progress,
    Read,
    SignedCheckpoint,
    Tile,
    VerifierKey,
    encode_bundle,
    most_bytes,
    open_checkpoint,
    parse_note,
    read_bundle,
    read_tile,
    read_vkey_file,
    tiles_of,
    verify_log,
)
from riverloop.core.tlog.keys import ED25519

MOST_ENTRIES = 20_000_000
"""Fetched without being asked for more: 1.4 GB of files, and years of two sides."""

FILE_SECONDS = 60.0
"""For one file, from the name of the server being looked up to the last byte; the longest of them has 1 MB."""

UNFINISHED = "unfinished"
"""A file in a folder that is being fetched: its one line is the address."""

_SECONDS = (5, 30)  # to connect, and between two packets
_CHUNK = 65_536
_GONE = (requests.codes.not_found, requests.codes.gone)
_MOST_ADDRESS = 4_096


@dataclass(frozen=True, slots=True)
class Fetched:
    """A log that was fetched.

    Attributes:
        size: leaves.
        countersigned: whether the key of who countersigned it came with it, and that signature holds.
        verified: whether all of it was verified, since it was begun earlier.
    """

    size: int
    countersigned: bool
    verified: bool


def log_fetch(
    address: str,
    target: Path,
    *,
    trusted: Collection[VerifierKey] = (),
    most_entries: int = MOST_ENTRIES,
    progress: Progress | None = None,
) -> Fetched:
    """Write the files of a published log into a folder.

    Of these files the signatures of the checkpoint alone are verified, before any tile is asked for.

    Args:
        address: what stands before ``/checkpoint``.
        target: a folder that is not there yet, or into which this address was being fetched.
        trusted: keys from where one trusts them; without that of the log, the one at the address counts.
        most_entries: a longer log is refused.
        progress: told how many leaves are fetched.

    Raises:
        InputError: the address gives no log, or that of another key; it is longer than wanted, an answer is too long
            or too slow, something else is there, or what was fetched earlier does not belong to it.
        ConflictError: it is being fetched there at this moment.
    """
    base = address.rstrip("/")
    if urlsplit(base).scheme not in ("http", "https"):
        raise InputError("record.fetch_address", N_("Give the address of a log: https://…/log/<side>"), where=address)
    goes_on = _check_free(target, base)
    with requests.Session() as session:
        given = partial(_get, session, base)
        note, vkey, cosigner_vkey = _needed(given, base, CHECKPOINT), _needed(given, base, VKEY), given(COSIGNER_VKEY)
        signed = _signed(note, vkey, cosigner_vkey, trusted, base)
        size = signed.checkpoint.size
        if size > most_entries:
            raise _too_many(size, most_entries, base)
        with _unfinished(target, base):
            small = {VKEY: vkey, **({COSIGNER_VKEY: cosigner_vkey} if signed.cosigned and cosigner_vkey else {})}
            if goes_on:
                _drop_others(target, {*small, *(tile.path for tile in tiles_of(size))})
            for path, content in small.items():
                _keep(target, path, content)
            for tile in tiles_of(size):
                if not (goes_on and _is_there(target, tile)):
                    _keep(target, tile.path, _content(given, tile, base))
                if progress:
                    progress(min(tile.leaves[1], size), size)
            if goes_on:
                _verify(target, {**small, CHECKPOINT: note})
            _keep(target, CHECKPOINT, note)
    return Fetched(size, bool(signed.cosigned), goes_on)


# What is at the address


def _needed(given: Read, base: str, path: str) -> bytes:
    content = given(path)
    if content is None:
        raise _unfetched(f"{base}/{path}", str(requests.codes.not_found))
    return content


def _signed(
    note: bytes, vkey: bytes, cosigner_vkey: bytes | None, trusted: Collection[VerifierKey], base: str
) -> SignedCheckpoint:
    """Return what was signed, by a key that was given or else by the one at the address, and by who countersigned."""
    found = read_vkey_file(vkey, where=f"{base}/{VKEY}")
    given = [key for key in trusted if key.algorithm == ED25519]
    if given and found not in given:
        raise LogError(
            "record.fetch_key",
            N_("The key of the log at this address is {found}, and {wanted} was given. Give its key, or the address."),
            where=f"{base}/{VKEY}",
            found=found.line,
            wanted=", ".join(key.line for key in given),
        )
    cosigners = _cosigners(note, cosigner_vkey, base)
    return open_checkpoint(note, found, cosigners, where=f"{base}/{CHECKPOINT}")


def _cosigners(note: bytes, cosigner_vkey: bytes | None, base: str) -> list[VerifierKey]:
    """Return the key that countersigned; none where it has not yet, as happens within seconds of each signature."""
    if cosigner_vkey is None:
        return []
    key = read_vkey_file(cosigner_vkey, where=f"{base}/{COSIGNER_VKEY}")
    signers = {(one.name, one.key_id) for one in parse_note(note, where=f"{base}/{CHECKPOINT}").signatures}
    return [key] if (key.name, key.id) in signers else []


def _too_many(size: int, most: int, base: str) -> InputError:
    return InputError(
        "record.fetch_many",
        N_("This log has {size} entries, more than the {most} that are fetched. If you want them all: --most {size}"),
        where=base,
        size=size,
        most=most,
    )


def _content(read: Read, tile: Tile, where: str) -> bytes:
    """Return a tile or a bundle: its beginning in the full one, where the log has grown and dropped the partial one."""
    if tile.level == ENTRIES:
        return encode_bundle(read_bundle(read, tile, most_entry_bytes=HASH_BYTES, where=where))
    return read_tile(read, tile, where=where)


def _get(session: requests.Session, base: str, path: str) -> bytes | None:
    """Return a file, or None where the server says that there is none.

    It is asked for in a thread of its own: while a name is looked up or a line of an answer drips, nothing else would
    look at the clock. A thread that is late ends by itself, or with this process.
    """
    where, until = f"{base}/{path}", monotonic() + FILE_SECONDS
    most = most_bytes(VKEY if path == COSIGNER_VKEY else path, most_entry_bytes=HASH_BYTES)
    done: list[bytes | Exception | None] = []

    def ask() -> None:
        try:
            done.append(_asked(session, where, most, until))
        except Exception as error:  # noqa: BLE001 - it is raised below, where somebody waits for it
            done.append(error)

    asking = Thread(target=ask, daemon=True)
    asking.start()
    asking.join(max(0.0, until - monotonic()))
    if not done:
        raise _too_slow(where)
    if isinstance(done[0], Exception):
        raise done[0]
    return done[0]


def _asked(session: requests.Session, where: str, most: int, until: float) -> bytes | None:
    try:
        with session.get(where, timeout=_SECONDS, stream=True, allow_redirects=False) as answer:
            if answer.status_code in _GONE:
                return None  # whatever a page says about that
            content = b""
            for chunk in answer.iter_content(_CHUNK):
                content += chunk
                if len(content) > most:
                    raise InputError(
                        "record.fetch_long",
                        N_("This file is longer than the {most} bytes that it can have. It is no file of a log."),
                        where=where,
                        most=most,
                    )
                if monotonic() > until:
                    raise _too_slow(where)
            if answer.status_code == requests.codes.ok:
                return content
            why = str(answer.status_code)
    except requests.RequestException as error:
        why = type(error).__name__
    raise _unfetched(where, why)


def _unfetched(where: str, why: str) -> InputError:
    return InputError(
        "record.fetch",
        N_("This file could not be fetched ({why}). Check the address, and try again."),
        where=where,
        why=why,
    )


def _too_slow(where: str) -> InputError:
    return InputError(
        "record.fetch_slow",
        N_("This file did not come within {seconds} seconds. Run the same again: it goes on where it ended."),
        where=where,
        seconds=round(FILE_SECONDS),
    )


# The folder


def _check_free(target: Path, base: str) -> bool:
    """Return whether an earlier try into this folder goes on; False where nothing is there."""
    if not target.exists() or (target.is_dir() and not any(target.iterdir())):
        return False
    begun = _begun(target)
    if begun is None:
        raise InputError(
            "record.export_there", N_("This folder exists already. Give one that does not."), where=str(target)
        )
    if begun != base:
        raise InputError(
            "record.fetch_other",
            N_("Here the log at {other} is being fetched. Give its address, or another folder."),
            where=str(target),
            other=begun[:200],
        )
    return True


def _begun(target: Path) -> str | None:
    place = target / UNFINISHED
    if place.is_symlink() or not place.is_file():
        return None
    with place.open("rb") as file:
        return file.read(_MOST_ADDRESS).decode("utf-8", "replace").removesuffix("\n")


@contextlib.contextmanager
def _unfinished(target: Path, base: str) -> Iterator[None]:
    """Mark the folder as one that is being fetched, until all has ended well; for one process at a time."""
    if _begun(target) is None:
        _keep(target, UNFINISHED, f"{base}\n".encode())
    handle = os.open(target / UNFINISHED, os.O_RDWR | os.O_NOFOLLOW)
    try:
        _lock(handle, target)
        yield
        (target / UNFINISHED).unlink(missing_ok=True)
    finally:
        os.close(handle)


def _lock(handle: int, target: Path) -> None:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise ConflictError(
            "record.fetch_running", N_("This log is being fetched there already. Wait for it."), where=str(target)
        ) from None


def _drop_others(target: Path, wanted: Collection[str]) -> None:
    """Remove what an earlier try wrote of a smaller log, and what it had not finished; nothing that is no log's."""
    for place in [target / CHECKPOINT, target / COSIGNER_VKEY, *(target / "tile").rglob("*")]:
        if place.relative_to(target).as_posix() not in wanted and (place.is_symlink() or place.is_file()):
            place.unlink()


def _is_there(target: Path, tile: Tile) -> bool:
    """Say whether a tile was fetched by an earlier try, and is as long as it must be."""
    read = reader_of(target)
    only: Callable[[str], bytes | None] = lambda path: read(path) if path == tile.path else None  # noqa: E731
    try:
        _content(only, tile, str(target))
    except LogError:
        return False
    return True


def _verify(target: Path, small: dict[str, bytes]) -> None:
    """Verify what was fetched in several tries, before the checkpoint says that it is whole."""
    read = reader_of(target)
    try:
        verify_log(lambda path: small.get(path) or read(path), most_entry_bytes=HASH_BYTES, where=str(target))
    except LogError as error:
        raise InputError(
            "record.fetch_mixed",
            N_(
                "What an earlier try left here and what came now do not make up one log. {why} Remove the folder, and "
                "fetch the log again."
            ),
            where=str(target),
            why=error,
        ) from None


def _keep(target: Path, path: str, content: bytes) -> None:
    """Write a file that is there as a whole or not at all, also when this process is killed."""
    place = target / path
    beside = place.with_name(f"{place.name}.new")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        beside.write_bytes(content)
        beside.replace(place)
    except OSError as error:
        raise InputError(
            "record.fetch_keep",
            N_("This file could not be written ({why}). Mend that, and run the same again: it goes on where it ended."),
            where=str(place),
            why=error.strerror or type(error).__name__,
        ) from None
