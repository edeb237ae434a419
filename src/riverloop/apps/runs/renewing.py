"""Renewing a lease from a thread, while the work is in one long step."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import timedelta
from threading import Event, Thread

from django.db import DatabaseError, connection
from django.utils import timezone

from riverloop.apps.runs.heartbeat import beat
from riverloop.apps.runs.models import Run


@contextlib.contextmanager
def renewed(run: Run, lease: timedelta, *, beats: bool = True) -> Iterator[None]:
    """Renew a run's lease three times while it lasts, until the work is done; beside that, give the sign of life."""
    ended = Event()
    thread = Thread(target=_renew, args=(run.pk, run.leased_by, lease, ended, beats), name="lease", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join(timeout=lease.total_seconds())


def _renew(run_id: str, leased_by: str, lease: timedelta, ended: Event, beats: bool) -> None:  # noqa: FBT001 - a thread takes no names
    try:
        while not ended.wait(lease.total_seconds() / 3):
            if beats:
                beat()
            # Where the work's own transaction keeps others out, nobody can take the run either.
            with contextlib.suppress(DatabaseError):
                held = Run.objects.filter(pk=run_id, state="running", leased_by=leased_by)
                held.update(leased_until=timezone.now() + lease)
    finally:
        connection.close()
