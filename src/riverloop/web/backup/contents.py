"""What lies in the data folder, and what of it a backup holds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

KEPT = ("log", "mirrors", "peers", "side", "traffic", "files")  # in the order in which they are copied: see taking.py
KEYS = ("keys", "secret_key")  # apart from the rest: a backup that holds its own keys is not sealed
LEFT_OUT = (
    "static", "cache", "metrics", "mail", "worker_alive", "in_use", "restore_unfinished",  # made anew
    "backed_up",  # is said of this folder
    "backups",  # no backup holds others
)  # fmt: skip
ASIDE = "before-"  # what a restore put aside
STAGED = ".restore-"
DATABASE = "riverloop.sqlite3"


def unknown(data: Path) -> list[str]:
    """Return the names in the data folder of which a backup knows nothing, so that it says what it leaves out."""
    known = {*KEPT, *KEYS, *LEFT_OUT}
    return sorted(
        path.name
        for path in data.iterdir()
        if path.name not in known and not path.name.startswith((ASIDE, STAGED, DATABASE))
    )


def files_of(data: Path, name: str) -> Iterator[Path]:
    """Give the files of a part, those that others point to last: a checkpoint is read before the tiles that it needs.

    What is half written, and locks, are left out.
    """
    path = data / name
    if path.is_file():
        yield path
        return
    found = [one for one in path.rglob("*") if one.is_file() and not _passing(one)]
    yield from sorted(found, key=lambda one: (one.name != "checkpoint", one))


def _passing(path: Path) -> bool:
    return path.name.startswith((".", "tmp")) or path.suffix in (".lock", ".new", ".part")
