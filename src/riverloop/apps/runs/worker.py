"""The worker: what begins by itself, the outboxes, and the runs, round after round until it is stopped.

Beside that, threads keep the logs and their mirrors, so that no run delays a proof, and do the long runs, so that none
of them holds up an outbox.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from queue import Empty, SimpleQueue
from threading import Event, Thread

import structlog
from django.db import close_old_connections, connection, transaction
from django.db.models import Q
from django.utils import timezone

from riverloop.apps.nodes.here import hosted_sides
from riverloop.apps.record.rounds import logs_keep, logs_round, mirrors_keep
from riverloop.apps.runs import work
from riverloop.apps.runs.heartbeat import beat, notify
from riverloop.apps.runs.locks import take_turns
from riverloop.apps.runs.long_runs import long_runs_keep
from riverloop.apps.runs.models import Run
from riverloop.apps.runs.services import run_start

_IDLE_SECONDS = 1.0
_TIMETABLE_SECONDS = 30.0
_PATIENCE_SECONDS = 10.0  # from the wish to end until a step that never comes is cut off
_KEPT = timedelta(days=7)  # what began by itself, once it is done
_OPEN = Q(state__in=("waiting", "running"))

_logger: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(__name__)


def work_until_stopped(*, parent: int = 0) -> None:
    """Work until SIGTERM or SIGINT, or until the parent has gone; a run at work is given back for another to take up.

    Args:
        parent: process id of whoever started this one and must not be outlived; 0 for nobody.
    """
    asked: SimpleQueue[int] = SimpleQueue()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, _: asked.put(number))
    Thread(target=_watch, args=(parent, asked), name="watch", daemon=True).start()
    kept: dict[str, Callable[[Event], object]] = {"logs": logs_keep, "mirrors": mirrors_keep}
    kept |= {name: keep for name, (keep, _) in work.kept_alongside().items()}
    kept |= {"long runs": long_runs_keep}
    threads = [Thread(target=keep, args=(work.stopping,), name=name, daemon=True) for name, keep in kept.items()]
    for thread in threads:
        thread.start()
    looked_at = 0.0
    _quietly("start", start_keep)
    notify("READY=1")
    while not work.stopping.is_set():
        if time.monotonic() - looked_at >= _TIMETABLE_SECONDS:
            looked_at = time.monotonic()
            _quietly("timetable", timetable_keep)
        if not _round():
            work.stopping.wait(_IDLE_SECONDS)
    for thread in threads:
        thread.join(_PATIENCE_SECONDS)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)  # it ends; Python would take its handlers away before that


def work_through() -> int:
    """Do once all that is due, and return how many runs there were: for cron."""
    _quietly("timetable", timetable_keep)
    done = 0
    while not work.stopping.is_set() and _round():
        done += 1
    _quietly("logs", logs_round)
    for name, (_, once) in work.kept_alongside().items():
        _quietly(name, once)
    return done + work.work_all(work.long_kinds())


def _watch(parent: int, asked: SimpleQueue[int]) -> None:
    """End the process when its parent has gone, and soon after it was asked to end.

    Args:
        parent: whom it must not outlive; 0 for nobody.
        asked: takes each signal. A handler may put there whatever it interrupts, while it must not set an event: the
            second of two signals would wait for ever for a lock that the first one holds, in the same thread.
    """
    while not work.stopping.is_set():
        with contextlib.suppress(Empty):
            asked.get(timeout=_IDLE_SECONDS)
            notify("STOPPING=1")
            work.stopping.set()
        if parent and os.getppid() != parent:
            work.stopping.set()
    time.sleep(_PATIENCE_SECONDS)
    os._exit(0)  # the run's lease runs out, and another takes it up


def _round() -> bool:
    """Empty the outboxes, do one run, and say whether there was one."""
    beat()
    _connect_anew()
    for name, function in work.rounds().items():
        _quietly(name, function)
    return bool(_quietly("runs", lambda: work.work_once(work.short_kinds(), renew=True)))


def _quietly(name: str, function: object) -> object:
    """Call a function; what it raises is told in one line, without its text, and the worker goes on."""
    try:
        return function()  # type: ignore[operator]
    except Exception as error:  # noqa: BLE001 - whatever it was, the next round may succeed
        _logger.error("part of a round failed", round=name, place=work.place_of(error))  # noqa: TRY400 - the place says enough
        _connect_anew()
        return None


def _connect_anew() -> None:
    """Let go of a connection to the database that may have broken; not within a test's transaction."""
    if not connection.in_atomic_block:
        close_old_connections()


def timetable_keep(*, now: datetime | None = None, sides: Iterable[str] = ()) -> list[Run]:
    """Start what the timetable says is due at each side, and return it.

    Args:
        now: the instant to look at; the present one without it.
        sides: the sides to look at; those that live here without it.
    """
    now = now or timezone.now()
    here = tuple(sides) or hosted_sides()
    return [run for one in work.timetables() for side in here if (run := _start_if_due(one, side, now)) is not None]


def start_keep() -> list[Run]:
    """Start what begins after each start of a worker, at each side that lives here, and return it."""
    now = timezone.now()
    begun = [
        _start(one, side, now, timedelta()) for one in work.timetables() if one.at_start for side in hosted_sides()
    ]
    return [run for run in begun if run is not None]


def _start_if_due(one: work.Timetable, side: str, now: datetime) -> Run | None:
    return _start(one, side, now, one.every)


def _start(one: work.Timetable, side: str, now: datetime, after: timedelta) -> Run | None:
    """Start a run if none began so shortly before, and none waits or is at work."""
    own = Run.objects.filter(owner_side=side, kind=one.kind, started_by="")
    if own.filter(created_at__gt=now - after).exists() or own.filter(_OPEN).exists():
        return None
    with transaction.atomic():
        take_turns("timetable", [f"{one.kind} {side}"])
        if own.filter(Q(created_at__gt=now - after) | _OPEN).exists():  # another worker was first
            return None
        own.filter(state="done", created_at__lt=now - max(_KEPT, one.every)).delete()
        return run_start(side=side, kind=one.kind, params={})
