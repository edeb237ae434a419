"""Fetching a published log from its address, as any client of C2SP tlog-tiles would: every file of its checkpoint."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import requests

from riverloop.apps.record.words import N_
from riverloop.core.kernel.errors import InputError
from riverloop.core.tlog import (
    CHECKPOINT,
    HASH_BYTES,
    VKEY,
    Progress,
    most_bytes,
    parse_checkpoint,
    parse_note,
    tiles_of,
)

_SECONDS = (5, 30)  # to connect, and between two packets
_CHUNK = 65_536


def log_fetch(address: str, target: Path, *, progress: Progress | None = None) -> int:
    """Write the files of a published log into a folder, and return how many leaves they hold; nothing is verified.

    Args:
        address: what stands before ``/checkpoint``.
        target: a folder that is not there yet.
        progress: told how many leaves are fetched.

    Raises:
        InputError: the address gives no log, an answer is too long, or the folder is there.
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
        size = parse_checkpoint(parse_note(note, where=base).text, where=base).size
        _keep(target, VKEY, _get(session, base, VKEY))
        for path, last in _paths(size):
            _keep(target, path, _get(session, base, path))
            if progress:
                progress(last, size)
        _keep(target, CHECKPOINT, note)
    return size


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
