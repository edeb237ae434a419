"""Brings what lies on disk and what the database says together again, after whatever stopped in between.

A sealed file is on disk before its row is kept, and goes from disk after its row says that it is erased. So a power cut
or a killed process can leave a file too many, and never a row without its file: too many are removed here. A row
whose file is missing means that somebody lost it, and is counted for whoever runs this.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from riverloop.apps.documents import store
from riverloop.apps.documents.models import File
from riverloop.apps.runs import work

KIND = "documents.sweep"
_GRACE_SECONDS = 3600  # an upload whose transaction is still open is no orphan
_BATCH = 500


def sweep(side: str, *, now_seconds: float | None = None) -> dict[str, int]:
    """Remove what no row speaks of, and count what is missing.

    Args:
        side: whose files.
        now_seconds: since 1970; files changed in the hour before are left alone.

    Returns:
        how many were ``removed``, and how many rows have their file ``missing``.
    """
    before = (now_seconds or time.time()) - _GRACE_SECONDS
    removed = 0
    for paths in _batches(store.stored(side)):
        kept = set(
            File.objects.filter(pk__in=[path.name for path in paths], owner_side=side, erased_at=None).values_list(
                "pk", flat=True
            )
        )
        removed += sum(_removed(path, before) for path in paths if path.name not in kept)
    return {"removed": removed, "missing": _missing(side)}


def _removed(path: Path, before: float) -> bool:
    try:
        if path.stat().st_mtime >= before:
            return False
        path.unlink()
    except FileNotFoundError:  # somebody else removed it meanwhile
        return False
    return True


def _missing(side: str) -> int:
    kept = File.objects.filter(owner_side=side, erased_at=None).values_list("pk", flat=True)
    lost = [key for key in kept.iterator() if not store.path_of(side, key).is_file()]
    return File.objects.filter(pk__in=lost, erased_at=None).count() if lost else 0  # not those erased just now


def _batches(paths: Iterator[Path]) -> Iterator[list[Path]]:
    while batch := list(islice(paths, _BATCH)):
        yield batch


def _sweep_run(progress: work.Progress) -> Mapping[str, Any]:
    return sweep(progress.run.owner_side)


work.register(KIND, _sweep_run)
work.timetable(KIND, timedelta(days=1))
