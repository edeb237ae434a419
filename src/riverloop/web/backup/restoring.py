"""Restoring a backup: all of it is unpacked and checked beside what is there, and only then put in its place.

What was there before is put aside and never deleted. Nothing may run over the data folder meanwhile. If the power fails
while things are moved, a file says so, and nothing starts before the restore was run again.

Of a log the longer one stays: what was published cannot be taken back, and a shorter one that went on another way would
be a fork. The restore trap (:mod:`riverloop.apps.record.restoring`) then takes back from it what the database lacks.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.utils import timezone

from riverloop.apps.nodes.here import hosted_sides, zone
from riverloop.core.kernel.errors import ConflictError, InputError
from riverloop.core.kernel.ids import new_id
from riverloop.web.backup import databases
from riverloop.web.backup.archive import newer_than_this, unpacked
from riverloop.web.backup.contents import ASIDE, KEPT, KEYS, STAGED
from riverloop.web.backup.taking import fingerprints
from riverloop.web.in_use import alone, unfinished

_LOG = "log"
_MEMBERS = (*KEPT, databases.SQLITE, databases.POSTGRESQL)


@dataclass(frozen=True, slots=True)
class Restored:
    """What was restored.

    Args:
        made_at: when the backup was made.
        aside: where what was there before lies; empty if nothing was there.
    """

    made_at: str
    aside: str


def check_backup(path: Path) -> dict[str, Any]:
    """Read a whole backup, compare it with its list and return that.

    Raises:
        InputError: it is not whole, or of another kind.
    """
    return _read(path, None)


def restore(path: Path, *, keys: Path | None = None, replace: bool = False) -> Restored:
    """Put a backup into the data folder and the database that are set.

    Args:
        path: the backup.
        keys: the backup of its keys; without it, those that lie in the data folder have to fit.
        replace: whether what is there may be put aside.

    Raises:
        InputError: a backup is not whole, or too new. Nothing was changed.
        ConflictError: something stands in the way, or does not fit. Nothing was changed.
    """
    data: Path = settings.RIVERLOOP_DATA
    with alone():
        _remove_staged(data)
        staged = data / f"{STAGED}{new_id()}"
        staged.mkdir(mode=0o700)
        try:
            about = _read(path, staged)
            _check_fits(path, about)
            if keys is not None:
                _check_kind(keys, unpacked(keys, staged, allowed=KEYS), "keys")
            _check_keys(staged if keys is not None else data, about, keys or path)
            _check_empty(data, about, with_keys=keys is not None, replace=replace)
            _drop_shorter_logs(staged, data)
            aside = _put_in_place(staged, data, about, with_keys=keys is not None)
        finally:
            shutil.rmtree(staged, ignore_errors=True)
    return Restored(str(about["made_at"]), aside)


def _read(path: Path, into: Path | None) -> dict[str, Any]:
    about = unpacked(path, into, allowed=_MEMBERS)
    _check_kind(path, about, "data")
    known = MigrationLoader(None).disk_migrations or {}
    strangers = set(about["migrations"]) - {".".join(one) for one in known}
    if strangers:
        raise newer_than_this(path, str(about["version"]))
    if into is not None:
        databases.check_same_kind(about, path)
        databases.check(into / databases.NAMES[about["database"]])
    return about


def _check_kind(path: Path, about: Mapping[str, Any], kind: str) -> None:
    if about.get("kind") != kind:
        words = {"data": "a backup of a node", "keys": "a backup of keys"}
        raise InputError(
            "restore.other_kind", "This is {this}, and {wanted} is needed here.", where=str(path),
            this=words.get(str(about.get("kind")), "something else"), wanted=words[kind],
        )  # fmt: skip


def _check_fits(path: Path, about: dict[str, Any]) -> None:
    if about["zone"] != zone().id:
        raise ConflictError(
            "restore.zone", "It is of the zone {other}, and this node serves {here}. Set RIVERLOOP_ZONE.",
            where=str(path), other=about["zone"], here=zone().id,
        )  # fmt: skip
    if set(about["sides"]) != set(hosted_sides()):
        raise ConflictError(
            "restore.side", "It is of the node of {other}, and this is that of {here}. Set RIVERLOOP_SIDE.",
            where=str(path), other=" and ".join(about["sides"]), here=" and ".join(hosted_sides()),
        )  # fmt: skip


def _check_keys(folder: Path, about: Mapping[str, Any], where: Path) -> None:
    """Refuse keys that do not open what is sealed in the database."""
    found = fingerprints(folder)
    for owner, wanted in about["fingerprints"].items():
        if not set(wanted) <= set(found.get(owner, [])):
            raise ConflictError(
                "restore.keys",
                "Keys of {owner} are missing that its database is sealed with. Name their backup: --keys FILE.",
                where=str(where),
                owner=owner,
            )


def _check_empty(data: Path, about: Mapping[str, Any], *, with_keys: bool, replace: bool) -> None:
    full = [path.name for path in _to_move(data, with_keys=with_keys) if path.name != "secret_key"]
    if about["database"] == "postgresql" and not databases.is_empty():
        full.append("the database of DATABASE_URL")
    if full and not replace:
        raise ConflictError(
            "restore.not_empty",
            "Something is there: {names}. With --replace it is put aside, and the backup takes its place.",
            where=str(data),
            names=", ".join(full),
        )


def _to_move(data: Path, *, with_keys: bool, unless_kept: Path | None = None) -> list[Path]:
    """Return what a restore replaces: what a backup holds, the database, and keys if it brings any.

    Args:
        data: the data folder.
        with_keys: whether the restore brings keys.
        unless_kept: what was unpacked; logs that it does not bring stay.
    """
    logs = [
        path for path in (data / _LOG).glob("*") if unless_kept is None or (unless_kept / _LOG / path.name).exists()
    ]
    there = [data / name for name in [*KEPT, *(KEYS if with_keys else ())] if name != _LOG] + logs
    if connection.vendor == "sqlite":
        there += [_database_file().with_name(_database_file().name + end) for end in ("", "-wal", "-shm", "-journal")]
    return [path for path in there if path.exists()]


def _drop_shorter_logs(staged: Path, data: Path) -> None:
    for log in (staged / _LOG).glob("*"):
        if _log_size(data / _LOG / log.name) >= _log_size(log):
            shutil.rmtree(log)


def _log_size(folder: Path) -> int:
    """Return how many leaves a published log has by its checkpoint's second line; -1 if there is none to read."""
    with suppress(OSError, ValueError, IndexError):
        return int((folder / "checkpoint").read_text("utf-8").split("\n")[1])
    return -1


def _database_file() -> Path:
    return Path(connection.settings_dict["NAME"])


def _put_in_place(staged: Path, data: Path, about: Mapping[str, Any], *, with_keys: bool) -> str:
    stamp = timezone.now().strftime("%Y%m%d-%H%M%S")
    aside = data / f"{ASIDE}{stamp}"
    there = _to_move(data, with_keys=with_keys, unless_kept=staged)
    told = [str(aside)] if there else []
    connection.close()
    with unfinished().open("a", encoding="utf-8") as told_to_others:  # after one that was cut off before
        told_to_others.write(f"{aside}\n")
    if about["database"] == "postgresql":
        told += _load_postgresql(staged / databases.POSTGRESQL, f"before_{stamp.replace('-', '_')}")
    for path in there:
        _move(path, aside / (path.relative_to(data) if path.is_relative_to(data) else path.name))
    for path in [*staged.iterdir(), *(staged / _LOG).glob("*")]:
        if path.name != _LOG:
            _move(path, _database_file() if path.name == databases.SQLITE else data / path.relative_to(staged))
    unfinished().unlink()
    return " and ".join(told)


def _move(path: Path, target: Path) -> None:
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    shutil.move(path, target)


def _load_postgresql(copy: Path, schema: str) -> list[str]:
    try:
        was_full = databases.load_postgresql(copy, schema)
    except InputError:
        unfinished().unlink()  # nothing was moved
        raise
    copy.unlink()
    return [f"the schema {schema}"] if was_full else []


def _remove_staged(data: Path) -> None:
    """Remove what a restore that was killed had unpacked."""
    for path in data.glob(f"{STAGED}*"):
        with suppress(OSError):
            shutil.rmtree(path)
