"""The folder that a side's log is published from: DATA/log/<side>/checkpoint, vkey and tile/… (C2SP tlog-tiles).

Every file appears whole or not at all: it is written beside its place, brought to the disk and renamed, and the folder
that names it is brought to the disk as well. A process may end anywhere in between.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

from django.conf import settings

from riverloop.apps.record.words import N_
from riverloop.core.kernel.errors import ConflictError
from riverloop.core.tlog import HASH_BYTES, VKEY, LogError, Read, most_bytes

_BESIDE = ".new"  # what ends so was never finished
_NOT_THERE = (FileNotFoundError, NotADirectoryError, IsADirectoryError)
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def folder_of(side: str) -> Path:
    """Return the folder of a side's own log."""
    path: Path = settings.RIVERLOOP_DATA / "log" / side
    return path


def reader_of(folder: Path, *others: str) -> Read:
    """Return a function that gives files of a log by their path, and none that has no place in it.

    It raises a ``LogError`` for what is no file or cannot be read: missing is only what is not there.

    Args:
        folder: of the log.
        others: names of further files that it gives, each as small as a vkey.
    """

    def read(path: str) -> bytes | None:
        most = most_bytes(VKEY if path in others else path, most_entry_bytes=HASH_BYTES)
        try:
            return _read(folder / path, most + 1)
        except OSError as error:
            raise LogError(
                "record.unreadable",
                N_("This file of the log cannot be read ({why}). Mend that, or copy the file again."),
                where=str(folder / path),
                why=error.strerror or type(error).__name__,
            ) from None

    return read


def _read(place: Path, most: int) -> bytes | None:
    """Return how a file begins, or None where none is; of a pipe nothing, into which nobody may ever write."""
    try:
        with open(place, "rb", opener=_open_at_once) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise LogError(
                    "record.no_file", N_("This is no file. Put the log's own file in its place."), where=str(place)
                )
            return file.read(most)
    except _NOT_THERE:
        return None


def _open_at_once(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK)


@contextlib.contextmanager
def one_at_a_time(side: str) -> Iterator[None]:
    """Let one process or thread at a time publish a side's log."""
    lock = folder_of(side).with_suffix(".lock")
    _make(lock.parent)
    handle = os.open(lock, os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)  # which lets go of it


def files_write(folder: Path, files: Iterable[tuple[str, bytes]]) -> None:
    """Write files of a log, each whole, and return when all are on the disk.

    Args:
        folder: of the log.
        files: path and content of each.

    Raises:
        ConflictError: the disk is full. What was there before is as it was.
    """
    touched: set[Path] = set()
    with _told_when_full(folder):
        for path, content in files:
            place = folder / path
            if place.parent not in touched:
                _make(place.parent)
                touched.add(place.parent)
            _write(place, content)
        for one in touched:
            _bring_to_disk(one)


def partials_drop(folder: Path, paths: Iterable[str]) -> None:
    """Remove partial tiles whose full ones are published: `tile/0/003.p/` once there is `tile/0/003`."""
    for path in paths:
        partial = folder / f"{path}.p"
        with contextlib.suppress(FileNotFoundError):
            for one in partial.iterdir():
                one.unlink()
            partial.rmdir()


def _write(place: Path, content: bytes) -> None:
    beside = place.with_name(place.name + _BESIDE)
    try:
        handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
        try:
            _write_all(handle, content)
            os.fsync(handle)
        finally:
            os.close(handle)
        os.replace(beside, place)  # noqa: PTH105 - the tests stand in for it
    except OSError:
        with contextlib.suppress(OSError):
            beside.unlink(missing_ok=True)
        raise


def _write_all(handle: int, content: bytes) -> None:
    left = memoryview(content)
    while left:
        left = left[os.write(handle, left) :]


def _make(folder: Path) -> None:
    """Make a folder and those above it; each is on the disk before the next is made."""
    if folder.is_dir():
        return
    _make(folder.parent)
    with contextlib.suppress(FileExistsError):
        os.mkdir(folder, 0o755)  # noqa: PTH102 - the tests stand in for it
        _bring_to_disk(folder.parent)


def _bring_to_disk(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextlib.contextmanager
def _told_when_full(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno not in _FULL:
            raise
        raise ConflictError(
            "record.disk_full",
            N_(
                "The disk is full, so the log is not published further. What was published holds, and nothing is lost. "
                "Make room; it goes on by itself."
            ),
            where=str(folder),
        ) from None


def is_in_log(path: str) -> bool:
    """Say whether a path is one of a log's files."""
    try:
        most_bytes(path)
    except LogError:
        return False
    return True
