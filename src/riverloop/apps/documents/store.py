"""Where sealed files lie: in the data folder, outside what the web server gives out, by side and random id."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from django.conf import settings


def path_of(side: str, file_id: str) -> Path:
    """Return where a file lies; a folder holds those whose ids begin alike."""
    return _root() / side / file_id[:2] / file_id


def write(side: str, file_id: str, parts: Iterable[bytes]) -> None:
    """Write a file as a whole or not at all; once this returns, a power cut does not lose it."""
    path = path_of(side, file_id)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, written = tempfile.mkstemp(dir=path.parent, prefix=".part-")  # with mode 0600
    try:
        with os.fdopen(handle, "wb") as file:
            for part in parts:
                file.write(part)
            file.flush()
            os.fsync(file.fileno())
        Path(written).replace(path)
        _sync(path.parent)
    finally:
        Path(written).unlink(missing_ok=True)


def remove(side: str, file_id: str) -> None:
    """Remove a file, if it is there."""
    with contextlib.suppress(FileNotFoundError):
        path_of(side, file_id).unlink()


def stored(side: str) -> Iterator[Path]:
    """Give every file of a side, half-written ones too."""
    for path in (_root() / side).glob("*/*"):
        if path.is_file():
            yield path


def _root() -> Path:
    root: Path = settings.RIVERLOOP_DATA / "files"
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    return root


def _sync(folder: Path) -> None:
    """Have the folder's own list of names reach the disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
