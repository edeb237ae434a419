"""A clock that a test moves on while installations of its own run: all that waits, is due or runs out goes by it."""

from datetime import timedelta

PATCH = '''
"""Python imports this first where its folder is in PYTHONPATH: the test's clock, instead of Django's."""

from datetime import timedelta
from pathlib import Path

from django.utils import timezone

MOVED, real = Path(__file__).with_name("moved_seconds"), timezone.now
timezone.now = lambda: real() + timedelta(seconds=float(MOVED.read_text()))
'''


class Clock:
    """A clock for processes that are started with its ``environment``.

    What is read from the system itself stays as it is: the age of files, and how long something took.

    Args:
        folder: of its own.
    """

    def __init__(self, folder):
        folder.mkdir()
        (folder / "sitecustomize.py").write_text(PATCH, "utf-8")
        self.environment, self._moved, self._kept = {"PYTHONPATH": str(folder)}, timedelta(), folder / "moved_seconds"
        self.move()

    def move(self, **how_far):
        """Move it on: ``clock.move(days=1)``."""
        self._moved += timedelta(**how_far)
        written = self._kept.with_suffix(".new")
        written.write_text(str(self._moved.total_seconds()), "ascii")
        written.replace(self._kept)
