"""Taking a backup while the node serves: its parts are copied in an order in which they fit together.

1. The log, the mirrors and whom this node trusts. A checkpoint is read before the tiles it stands on, which are never
   changed.
2. Files that were handed in. A file is on disk before its row is kept, and is never changed.
3. The database, as it is at one moment: it holds every leaf that the copied log shows, since leaves are kept before
   they are published.
4. Files that came since. So every row of that moment has its file; those that no row speaks of, the worker removes.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone

from riverloop import __version__
from riverloop.apps.nodes.here import hosted_sides, zone
from riverloop.core.kernel.errors import ConflictError, InputError
from riverloop.core.kernel.ids import new_id
from riverloop.web.backup import databases, noted
from riverloop.web.backup.archive import Writer, written
from riverloop.web.backup.contents import KEPT, KEYS, files_of, unknown
from riverloop.web.in_use import together

_LETTERS = 16


@dataclass(frozen=True, slots=True)
class Taken:
    """A backup that was taken.

    Args:
        files: how many it holds.
        size_bytes: of all of them.
        left_out: names in the data folder of which nothing is known.
        keys_missing: how many keys are in no backup yet.
    """

    files: int
    size_bytes: int
    left_out: list[str]
    keys_missing: int = 0


def back_up(path: Path, *, keys: Path | None = None) -> Taken:
    """Write a backup, and the keys apart from it.

    Args:
        path: where; nothing may be there yet.
        keys: where the keys go; None to leave them out.

    Raises:
        InputError: it cannot be written there, or both are one file.
        ConflictError: keys were changed meanwhile.
    """
    data: Path = settings.RIVERLOOP_DATA
    if keys is not None and _is_same(path, keys):
        raise InputError(
            "backup.same_file", "The keys go to another file than the rest: --keys names this one.", where=str(path)
        )
    with together(), written(path) as archive, _keys_copied(keys, data):
        before = fingerprints(data)
        for name in KEPT:
            _add(archive, data, name)
        with _database_copied(path) as copy:
            archive.add(databases.NAMES[connection.vendor], copy)
        _add(archive, data, "files")
        if fingerprints(data) != before:
            raise ConflictError("backup.keys", "Keys were changed meanwhile, so it would not fit them. Run it again.")
        archive.finish(_about("data", fingerprints=before))
    noted.note(data, keys=None if keys is None else before)
    sizes = [member["bytes"] for member in archive.members.values()]
    return Taken(len(sizes), sum(sizes), unknown(data), noted.keys_missing(data, before))


def fingerprints(data: Path) -> dict[str, list[str]]:
    """Return what tells the keys of a data folder apart, by whose they are; of random bytes a hash tells nothing.

    A key that signs is known by its public half, so that it is still found when a newer one has replaced it.
    """
    found: dict[str, list[str]] = {}
    for path in sorted((data / "keys").glob("*/*")):
        if path.name.startswith(("tls_", ".", "tmp")) or not path.is_file():
            continue  # what a node shows is trusted anew
        lines = [_public_half(line) if path.name.endswith("_key") else line for line in path.read_text("ascii").split()]
        found.setdefault(path.parent.name, []).extend(sha256(line.encode()).hexdigest()[:_LETTERS] for line in lines)
    return found


def _is_same(one: Path, other: Path) -> bool:
    """Say whether two names are of one place, also where a link leads there."""
    return one.resolve() == other.resolve() or (
        one.name == other.name and one.parent.exists() and other.parent.exists() and one.parent.samefile(other.parent)
    )


def _public_half(line: str) -> str:
    return Ed25519PrivateKey.from_private_bytes(bytes.fromhex(line)).public_key().public_bytes_raw().hex()


def _add(archive: Writer, data: Path, name: str) -> None:
    """Add the files of a part that are not in it yet."""
    for path in files_of(data, name):
        member = path.relative_to(data).as_posix()
        if member in archive.members:
            continue
        try:
            archive.add(member, path)
        except FileNotFoundError:
            continue  # erased, or a tile that a fuller one replaced, before it was reached


@contextmanager
def _database_copied(path: Path) -> Iterator[Path]:
    copy = path.with_name(f".{path.name}.{new_id()}.database")
    try:
        copy.touch(mode=0o600)
        try:
            databases.copy_into(copy)
        except sqlite3.Error as error:
            raise InputError(
                "backup.copy", "The database could not be copied there: {why}.", where=str(path.parent), why=error
            ) from None
        yield copy
    finally:
        copy.unlink(missing_ok=True)


@contextmanager
def _keys_copied(path: Path | None, data: Path) -> Iterator[None]:
    """Write the backup of the keys once the body has ended well: all that opens it is there then."""
    if path is None:
        yield
        return
    with written(path) as archive:
        yield
        for name in KEYS:
            _add(archive, data, name)
        archive.finish(_about("keys"))


def _about(kind: str, **more: Any) -> dict[str, Any]:
    applied = sorted(".".join(one) for one in MigrationRecorder(connection).applied_migrations())
    about: dict[str, Any] = {
        "kind": kind,
        "version": __version__,
        "made_at": timezone.now().isoformat(timespec="seconds"),
    }
    about |= {"zone": zone().id, "sides": list(hosted_sides())}
    return {**about, **({"database": connection.vendor, "migrations": applied} if kind == "data" else {}), **more}
