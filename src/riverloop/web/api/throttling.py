"""How many requests a token, or an address without one, may make in a minute."""

from __future__ import annotations

import threading
import time
from collections import Counter
from dataclasses import dataclass

WINDOW_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Left:
    """What is left of a minute.

    Args:
        limit: requests a minute.
        requests: still allowed; negative once there were too many.
        seconds: until the next minute.
    """

    limit: int
    requests: int
    seconds: int

    def headers(self) -> dict[str, str]:
        """Return it as draft-ietf-httpapi-ratelimit-headers-10 writes it."""
        return {
            "RateLimit-Policy": f'"minute";q={self.limit};w={WINDOW_SECONDS}',
            "RateLimit": f'"minute";r={max(0, self.requests)};t={self.seconds}',
        }


class Window:
    """Counts the requests of the running minute, in this process: several workers allow as many times as much."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._minute = -1
        self._counts: Counter[str] = Counter()

    def count(self, who: str, limit: int) -> Left:
        """Count one more request of somebody."""
        now = time.time()
        minute = int(now // WINDOW_SECONDS)
        with self._lock:
            if minute != self._minute:
                self._minute, self._counts = minute, Counter()
            self._counts[who] += 1
            count = self._counts[who]
        return Left(limit, limit - count, int((minute + 1) * WINDOW_SECONDS - now) + 1)
