"""When this node was last backed up, and which of its keys are in a backup: a small file in the data folder.

It is for ``/metrics`` alone. Of keys it holds what tells them apart and opens nothing.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from riverloop.core.kernel.ids import new_id

NAME = "backed_up"


def note(data: Path, *, keys: Mapping[str, list[str]] | None) -> None:
    """Keep that a backup was taken.

    Args:
        data: the data folder.
        keys: fingerprints of the keys, by whose they are, if they were backed up too.
    """
    told = {**_read(data), "at": time.time(), **({} if keys is None else {"keys": keys})}
    part = data / f".{NAME}.{new_id()}"
    with suppress(OSError):  # the backup is there all the same; an alert comes of its own
        try:
            part.write_text(json.dumps(told), "utf-8")
            part.replace(data / NAME)
        finally:
            part.unlink(missing_ok=True)


def last_at(data: Path) -> float:
    """Return when the last backup was taken, in seconds since 1970; 0 if none was."""
    return float(_read(data).get("at", 0))


def keys_missing(data: Path, now: Mapping[str, list[str]]) -> int:
    """Return how many keys are in no backup.

    Args:
        data: the data folder.
        now: fingerprints of the keys that lie there, by whose they are.
    """
    kept = _read(data).get("keys", {})
    return sum(len(set(held) - set(kept.get(owner, ()))) for owner, held in now.items())


def _read(data: Path) -> dict[str, Any]:
    with suppress(OSError, ValueError):
        told = json.loads((data / NAME).read_text("utf-8"))
        if isinstance(told, dict) and isinstance(told.get("at", 0), int | float):
            return told
    return {}
