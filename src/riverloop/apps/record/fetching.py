"""Fetching a published log from its address, as any client of C2SP tlog-tiles would: every file of its checkpoint.

Nothing is asked for because a stranger names a size: the checkpoint has to be signed, and of no more than is wanted.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import requests

from riverloop.apps.record.words import N_
from riverloop.core.kernel.errors import InputError
from riverloop.core.tlog import (
    CHECKPOINT,
    HASH_BYTES,
    VKEY,
    LogError,
    Progress,
    VerifierKey,
    most_bytes,
    open_checkpoint,
    read_vkey_file,
    tiles_of,
)
from riverloop.core.tlog.keys import ED25519

MOST_ENTRIES = 20_000_000
"""Fetched without being asked for more: 1.4 GB of files, and years of two sides."""

_SECONDS = (5, 30)  # to connect, and between two packets
_CHUNK = 65_536


def log_fetch(
    address: str,
    target: Path,
    *,
    trusted: Collection[VerifierKey] = (),
    most_entries: int = MOST_ENTRIES,
    progress: Progress | None = None,
) -> int:
    """Write the files of a published log into a folder, and return how many leaves they hold.

    Of these files the checkpoint's signature alone is verified, before any tile is asked for.

    Args:
        address: what stands before ``/checkpoint``.
        target: a folder that is not there yet.
        trusted: keys from where one trusts them; without that of the log, the one at the address counts.
        most_entries: a longer log is refused.
        progress: told how many leaves are fetched.

    Raises:
        InputError: the address gives no log, or that of another key; it is longer than wanted, an answer is too long,
            or the folder is there.
    """
    base = address.rstrip("/")
    if urlsplit(base).scheme not in ("http", "https"):
        raise InputError("record.fetch_address", N_("Give the address of a log: https://…/log/<side>"), where=address)
    if target.exists():
        raise InputError(
            "record.export_there", N_("This folder exists already. Give one that does not."), where=str(target)
        )
    with requests.Session() as session:
        note = _get(session, base, CHECKPOINT)
        vkey = _get(session, base, VKEY)
        size = _signed_size(note, vkey, trusted, base)
        if size > most_entries:
            raise _too_many(size, most_entries, base)
        _keep(target, VKEY, vkey)
        for path, last in _paths(size):
            _keep(target, path, _get(session, base, path))
            if progress:
                progress(last, size)
        _keep(target, CHECKPOINT, note)
    return size


def _signed_size(note: bytes, vkey: bytes, trusted: Collection[VerifierKey], base: str) -> int:
    """Return how many leaves were signed, by a key that was given or else by the one at the address."""
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
    return open_checkpoint(note, found, where=f"{base}/{CHECKPOINT}").checkpoint.size


def _too_many(size: int, most: int, base: str) -> InputError:
    return InputError(
        "record.fetch_many",
        N_("This log has {size} entries, more than the {most} that are fetched. If you want them all: --most {size}"),
        where=base,
        size=size,
        most=most,
    )


def _paths(size: int) -> Iterator[tuple[str, int]]:
    for tile in tiles_of(size):
        yield tile.path, min(tile.leaves[1], size)


def _get(session: requests.Session, base: str, path: str) -> bytes:
    most = most_bytes(path, most_entry_bytes=HASH_BYTES)
    where = f"{base}/{path}"
    try:
        with session.get(where, timeout=_SECONDS, stream=True, allow_redirects=False) as answer:
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
            if answer.status_code == requests.codes.ok:
                return content
            why = str(answer.status_code)
    except requests.RequestException as error:
        why = type(error).__name__
    raise InputError(
        "record.fetch",
        N_("This file could not be fetched ({why}). Check the address, and try again."),
        where=where,
        why=why,
    )


def _keep(target: Path, path: str, content: bytes) -> None:
    place = target / path
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(content)
