"""The file of a backup: a tar, not compressed, whose last member lists all others with their SHA-256.

It gets its name only once it is whole and on disk, and without its list it is none: half a backup is never taken for
one. What is read from it is compared with the list before anything is done with it.
"""

from __future__ import annotations

import errno
import hashlib
import io
import json
import os
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath
from typing import IO, Any

from riverloop.core.kernel.errors import InputError
from riverloop.core.kernel.ids import new_id

FORMAT = 1  # of this file; a program that reads it refuses a higher one
_LIST = "riverloop-backup.json"
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_NO_PLACE = (errno.EEXIST, errno.ENOTDIR, errno.EISDIR, errno.ENAMETOOLONG)
_CHUNK_BYTES = 1 << 20
_MOST_LIST_BYTES = 1 << 30


class Writer:
    """A backup being written."""

    def __init__(self, file: IO[bytes], path: Path) -> None:
        self._file, self._path = file, path
        self._tar = tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT)  # noqa: SIM115 - closed by finish
        self.members: dict[str, dict[str, Any]] = {}

    def add(self, name: str, path: Path) -> None:
        """Add a file as it is at this moment."""
        with path.open("rb") as file, _told_when_full(self._path):
            state, entry, hashed = os.fstat(file.fileno()), tarfile.TarInfo(name), _Hashed(file)
            entry.size, entry.mtime, entry.mode = state.st_size, int(state.st_mtime), 0o600
            self._tar.addfile(entry, hashed)
        self.members[name] = {"bytes": entry.size, "sha256": hashed.digest.hexdigest()}

    def finish(self, about: Mapping[str, Any]) -> None:
        """Write the list, which makes a backup of it, and bring all of it to the disk."""
        text = json.dumps({**about, "format": FORMAT, "members": self.members}, ensure_ascii=False, indent=1)
        entry = tarfile.TarInfo(_LIST)
        entry.size, entry.mode = len(text.encode()), 0o600
        with _told_when_full(self._path):
            self._tar.addfile(entry, io.BytesIO(text.encode()))
            self._tar.close()
            self._file.flush()
            os.fsync(self._file.fileno())


class _Hashed:
    """A file that is hashed as it is read."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self.digest = file, hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        part = self._file.read(size)
        self.digest.update(part)
        return part


@contextmanager
def written(path: Path) -> Iterator[Writer]:
    """Write a backup, which is there as a whole when the body has ended well, and not at all otherwise.

    Raises:
        InputError: a file of this name is there, or its folder is not.
    """
    if path.exists():
        raise InputError("backup.exists", "There is a file already. Choose another name.", where=str(path))
    part = path.with_name(f".{path.name}.{new_id()}.part")
    try:
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)  # it names people
    except OSError as error:
        raise InputError(
            "backup.folder", "No file can be made there: {why}.", where=str(path), why=error.strerror
        ) from error
    try:
        with _told_when_full(path):
            with os.fdopen(handle, "wb") as file:
                yield Writer(file, path)
            os.link(part, path)  # unlike a rename it replaces nothing
            _sync(path.parent)
    finally:
        with suppress(FileNotFoundError):
            part.unlink()


@contextmanager
def _told_when_full(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno not in _FULL:
            raise
        raise InputError(
            "backup.full", "There is no room for it ({why}), and nothing was left there.", where=str(path),
            why=error.strerror,
        ) from None  # fmt: skip


def unpacked(path: Path, into: Path | None, *, allowed: tuple[str, ...]) -> dict[str, Any]:
    """Unpack a backup, or only read it, and return its list, to which everything in it has been compared.

    Args:
        path: the backup.
        into: an empty folder; None to write nothing.
        allowed: the first parts of names that may stand in it.

    Raises:
        InputError: it is no backup, not whole, damaged, or of a later form. What was unpacked is to be thrown away.
    """
    found: dict[str, dict[str, Any]] = {}
    about: dict[str, Any] | None = None
    _check_file(path)
    try:
        with path.open("rb") as file, tarfile.open(fileobj=file, mode="r:") as tar:
            for entry in tar:
                if about is not None or not entry.isreg() or entry.name in found:
                    raise _damaged(path, f'"{entry.name}" has no place in it')
                content = tar.extractfile(entry)
                if content is None:
                    raise _damaged(path, f'"{entry.name}" cannot be read')
                if entry.name == _LIST:
                    about = _list_of(path, content.read(_MOST_LIST_BYTES))
                else:
                    found[entry.name] = _copied(path, entry, content, into, allowed)
    except FileNotFoundError:
        raise InputError("backup.missing", "There is no such file.", where=str(path)) from None
    except (tarfile.TarError, EOFError) as error:
        raise _damaged(path, "it is no whole tar file") from error
    except OSError as error:
        if error.errno not in _NO_PLACE:
            raise
        raise _damaged(path, "two of its files would lie in one place, or a name is too long") from error
    if about is None:
        raise _damaged(path, "it ends before its list of contents")
    _compare(path, about["members"], found)
    return about


def _check_file(path: Path) -> None:
    """Refuse a pipe: it might never give anything."""
    if path.exists() and not path.is_file():
        raise InputError("backup.no_file", "This is no file. Give the file of a backup.", where=str(path))


def _copied(
    path: Path, entry: tarfile.TarInfo, content: IO[bytes], into: Path | None, allowed: tuple[str, ...]
) -> dict[str, Any]:
    parts = PurePosixPath(entry.name).parts
    if not parts or parts[0] not in allowed or ".." in parts or entry.name.startswith("/") or "\0" in entry.name:
        raise _damaged(path, f'"{entry.name}" has no place in it')
    hashed = _Hashed(content)
    if into is None:
        while hashed.read(_CHUNK_BYTES):
            pass
    else:
        target = into.joinpath(*parts)
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            while part := hashed.read(_CHUNK_BYTES):
                file.write(part)
            file.flush()
            os.fsync(file.fileno())
        os.utime(target, (entry.mtime, entry.mtime))
    return {"bytes": entry.size, "sha256": hashed.digest.hexdigest()}


def _list_of(path: Path, text: bytes) -> dict[str, Any]:
    try:
        about: dict[str, Any] = json.loads(text)
        newer = int(about["format"]) > FORMAT
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise _damaged(path, "its list of contents cannot be read") from error
    if newer:
        raise newer_than_this(path, str(about.get("version", "?")))
    if not _is_whole(about):
        raise _damaged(path, "its list of contents cannot be read")
    return about


def _is_whole(about: Mapping[str, Any]) -> bool:
    """Say whether a list says all that its kind has to."""
    texts = ["kind", "version", "made_at", "zone", *(["database"] if about.get("kind") == "data" else [])]
    lists = [about.get("sides")]
    if about.get("kind") == "data":
        fingerprints = about.get("fingerprints")
        lists += [about.get("migrations"), *(fingerprints.values() if isinstance(fingerprints, dict) else [None])]
    return (
        isinstance(about.get("members"), dict)
        and all(isinstance(about.get(name), str) for name in texts)
        and all(isinstance(one, list) and all(isinstance(text, str) for text in one) for one in lists)
    )


def _compare(path: Path, listed: Mapping[str, Any], found: Mapping[str, Any]) -> None:
    for name in sorted({*listed, *found}):
        if listed.get(name) != found.get(name):
            what = "is missing" if name not in found else "is not listed" if name not in listed else "has changed"
            raise _damaged(path, f'"{name}" {what}')


def _damaged(path: Path, why: str) -> InputError:
    return InputError(
        "backup.damaged",
        "This is no whole backup of Riverloop: {why}. Nothing was done with it; take another.",
        where=str(path),
        why=why,
    )


def newer_than_this(path: Path, version: str) -> InputError:
    """Return what is said of a backup that a later program made."""
    return InputError(
        "backup.newer",
        "A newer Riverloop ({version}) made this backup. Nothing was done with it; update this one first.",
        where=str(path),
        version=version,
    )


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
