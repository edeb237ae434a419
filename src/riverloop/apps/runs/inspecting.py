"""The logs and their mirrors looked through: after each start and every day, in steps that leave room for others."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from riverloop.apps.nodes.here import other_side
from riverloop.apps.record.inspecting import log_inspect
from riverloop.apps.record.inspecting_mirrors import mirror_inspect
from riverloop.apps.record.models import LogState, Mirror
from riverloop.apps.runs import work
from riverloop.apps.runs.words import N_

KIND = "log.inspection"
_MOST_PAUSE_SECONDS = 1.0


def inspect(progress: work.Progress) -> Mapping[str, Any]:
    """Look through a side's own log and its mirror of the other's."""
    side = progress.run.owner_side
    other = other_side(side)
    progress.total(_sizes(LogState, pk=side) + _sizes(Mirror, owner_side=side, of_side=other))
    step = _Step(progress)
    own, mirrored = log_inspect(side, step), mirror_inspect(side, other, step)
    return {"size": own.size, "spoilt": own.spoilt, "mirror_size": mirrored.size, "mirror_spoilt": mirrored.spoilt}


def _sizes(model: type[LogState | Mirror], **which: str) -> int:
    name = "published_size" if model is LogState else "size"
    return sum(model._default_manager.filter(**which).values_list(name, flat=True))  # noqa: SLF001 - Django's own


class _Step:
    """Counts a step, then waits as long as it took: whatever else this process does gets half of the time."""

    def __init__(self, progress: work.Progress) -> None:
        self._progress, self._began = progress, time.monotonic()

    def __call__(self, count: int) -> None:
        work.stopping.wait(min(time.monotonic() - self._began, _MOST_PAUSE_SECONDS))
        self._progress.step(count)
        self._began = time.monotonic()


work.register(KIND, inspect, title=N_("The logs looked through"), long=True)
work.timetable(KIND, timedelta(days=1), at_start=True)
