"""Who uses the data folder: those who serve and work share it, and a restore wants it for itself."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

from riverloop.core.kernel.errors import ConflictError

_held: list[int] = []  # open until this process ends, however it does


def hold() -> None:
    """Use the data folder together with others until this process ends.

    Raises:
        ConflictError: a restore is under way, or was cut off.
    """
    _held.append(_shared())


@contextlib.contextmanager
def together() -> Iterator[None]:
    """Use the data folder together with others.

    Raises:
        ConflictError: a restore is under way, or was cut off.
    """
    handle = _shared()
    try:
        yield
    finally:
        os.close(handle)  # which lets go of it


def _shared() -> int:
    handle = _open()
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        check_whole()
    except BlockingIOError:
        os.close(handle)
        raise ConflictError(
            "restore.running", "A backup is being restored there. Wait for it.", where=_where()
        ) from None
    except ConflictError:
        os.close(handle)
        raise
    return handle


def check_whole() -> None:
    """Refuse a folder into which a restore was cut off: half of it is of one day and half of another.

    Raises:
        ConflictError: it is such a folder.
    """
    if unfinished().exists():
        raise ConflictError(
            "restore.unfinished",
            "A restore was cut off here. Run it again: riverloop restore FILE --replace. What was here: {aside}.",
            where=_where(),
            aside=" and ".join(unfinished().read_text("utf-8").split("\n")[:-1]),
        )


@contextlib.contextmanager
def alone() -> Iterator[None]:
    """Use the data folder alone.

    Raises:
        ConflictError: somebody serves or works there.
    """
    handle = _open()
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise ConflictError("restore.in_use", "Riverloop runs there. Stop it first.", where=_where()) from None
    finally:
        os.close(handle)


def unfinished() -> Path:
    """Return the file that is there while a restore puts things in their places."""
    path: Path = settings.RIVERLOOP_DATA / "restore_unfinished"
    return path


def _open() -> int:
    folder: Path = settings.RIVERLOOP_DATA
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return os.open(folder / "in_use", os.O_RDWR | os.O_CREAT, 0o600)


def _where() -> str:
    return str(settings.RIVERLOOP_DATA)
