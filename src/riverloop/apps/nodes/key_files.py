"""Files of keys: a folder a side in the data folder, readable by its owner alone; each whole, or not there."""

from __future__ import annotations

import contextlib
import fcntl
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

from riverloop.apps.nodes.here import check_hosted, zone


def folder(owner: str) -> Path:
    """Return the folder of a side's keys, or of ``accounts``; it is made if it is not there.

    Raises:
        InputError: the side does not live here, so nothing of its keys may either.
    """
    if any(side.id == owner for side in zone().sides):
        check_hosted(owner)
    path: Path = settings.RIVERLOOP_DATA / "keys" / owner
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def read(owner: str, name: str, first: str) -> str:
    """Return the text of a key file; the first reader makes it, with ``first`` in it."""
    path = folder(owner) / name
    with contextlib.suppress(FileNotFoundError):
        return path.read_text("ascii").strip()
    with contextlib.suppress(FileExistsError):  # another process was first, and its key counts
        _write(path, first, replace=False)
    return path.read_text("ascii").strip()


def read_held(owner: str, name: str) -> str:
    """Return the text of a key file; nothing if there is none."""
    with contextlib.suppress(FileNotFoundError):
        return (folder(owner) / name).read_text("ascii").strip()
    return ""


def write(owner: str, name: str, text: str) -> None:
    """Put a text in the place of what a key file held."""
    _write(folder(owner) / name, text, replace=True)


@contextlib.contextmanager
def alone(owner: str) -> Iterator[None]:
    """Let one process at a time change a side's keys: of two that read and then write, one would lose its key."""
    lock = os.open(folder(owner).with_suffix(".lock"), os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)  # which lets go of it


def _write(path: Path, text: str, *, replace: bool) -> None:
    """Write a file as a whole or not at all, readable by its owner alone."""
    handle, written = tempfile.mkstemp(dir=path.parent)  # mkstemp makes it with mode 0600
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(text + "\n")
            file.flush()
            os.fsync(file.fileno())
        if replace:
            Path(written).replace(path)
        else:
            os.link(written, path)
    finally:
        Path(written).unlink(missing_ok=True)
