"""Arrays that serve day after day, so that memory is not handed back and asked for again each time."""

from __future__ import annotations

import numpy as np

from riverloop.core.queueing.compiled import Floats, Integers


class Room:
    """Gives arrays by what they are for; whoever asks again for the same gets the same memory.

    Args:
        reused: whether it is kept; if not, every array is new.
    """

    def __init__(self, *, reused: bool) -> None:
        self._reused = reused
        self._kept: dict[tuple[str, ...], Floats] = {}

    def floats(self, count: int, *purpose: str) -> Floats:
        """Return an array of ``count`` numbers that hold anything."""
        if not self._reused:
            return np.empty(count)
        kept = self._kept.get(purpose)
        if kept is None or kept.size < count:
            kept = self._kept[purpose] = np.empty(count + count // 8)
        return kept[:count]

    def integers(self, count: int, *purpose: str) -> Integers:
        """Return an array of ``count`` whole numbers that hold anything."""
        return self.floats(count, *purpose).view(np.int64)
