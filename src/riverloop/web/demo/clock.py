"""The clock of the made-up day: whoever works on it does so at their hour, and not in the seconds in which it loads."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from django.utils import timezone


class Clock:
    """A clock that is put to an instant of the day and goes on from there."""

    def __init__(self) -> None:
        self._real = timezone.now
        self._put_to = self._put_at = self._real()

    def put_to(self, at: datetime) -> None:
        self._put_to, self._put_at = at, self._real()

    def now(self) -> datetime:
        return self._put_to + (self._real() - self._put_at)


@contextmanager
def clock_of_the_day() -> Iterator[Clock]:
    """Let every service take its instants from this clock; the day is loaded before anybody is served.

    What is recorded and signed meanwhile bears instants of the day: they are as made up as all else in it.
    """
    clock, real = Clock(), timezone.now
    timezone.now = clock.now
    try:
        yield clock
    finally:
        timezone.now = real
