"""Doing the work: take a run that is due, hold it by a lease, and write down how it went.

A worker that is killed leaves its lease behind; when that has run out, another takes the run up again, from its
beginning. So what a function has done already, it must find in what it stored.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from threading import Event
from typing import Any

import structlog
from django.db import OperationalError, connection, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from riverloop.apps.nodes.models import error_as_json
from riverloop.apps.runs.models import Run
from riverloop.apps.runs.renewing import renewed
from riverloop.apps.runs.words import N_
from riverloop.core.kernel.errors import InputError, RiverloopError
from riverloop.core.kernel.ids import new_id

LEASE = timedelta(seconds=60)
_MOST_ATTEMPTS = 5
_WRITE_SECONDS = 0.5  # between two writes of progress: each is a transaction
_PAUSE_SECONDS = (5, 30, 120, 600)  # after a database that did not answer

Function = Callable[["Progress"], Mapping[str, Any]]

stopping = Event()
"""Set when this process is to end: a run at work is given back at its next step."""

_functions: dict[str, Function] = {}
_titles: dict[str, str] = {}
_pages: dict[str, Callable[[Run], str]] = {}
_followed: set[str] = set()
_long: set[str] = set()
_prepared: list[Callable[[], object]] = []
_OTHERWISE = N_("Background work")
_logger: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(__name__)


class Cancelled(Exception):  # noqa: N818 - nothing went wrong
    """Somebody asked the run to stop."""


class _GivenBack(Exception):  # noqa: N818 - the same
    """The worker ends; another will take the run up again."""


class _LostError(Exception):
    """The lease ran out and another worker holds the run."""


@dataclass(frozen=True, slots=True)
class Timetable:
    """A kind of run that begins by itself.

    Args:
        kind: as it is registered.
        every: how often, at each side.
        at_start: whether it begins after each start of a worker as well.
    """

    kind: str
    every: timedelta
    at_start: bool = False


_timetables: dict[str, Timetable] = {}
_rounds: dict[str, Callable[[], object]] = {}
_alongside: dict[str, tuple[Callable[[Event], object], Callable[[], object]]] = {}


def register(
    kind: str,
    function: Function,
    *,
    title: str = "",
    page: Callable[[Run], str] | None = None,
    followed: bool = False,
    long: bool = False,
) -> None:
    """Say what does a kind of run.

    Args:
        kind: a dotted name.
        function: takes the progress and returns the result, as JSON without personal data. A ``RiverloopError`` that
            it raises is shown in its own words.
        title: what its page is called, marked for translation.
        page: returns the path at which the result of a run that is done is shown.
        followed: whether that page shows the run while it goes on as well, and once it was stopped.
        long: whether it may keep a processor busy for minutes: it is done in a thread of its own.
    """
    _functions[kind] = function
    _titles[kind] = title or _OTHERWISE
    if page is not None:
        _pages[kind] = page
    if followed:
        _followed.add(kind)
    if long:
        _long.add(kind)


def prepare_long(function: Callable[[], object]) -> None:
    """Let the thread of the long runs call a function before it takes any, so that the first is not the slow one."""
    _prepared.append(function)


def prepared() -> list[Callable[[], object]]:
    """Return what is called before the first long run."""
    return list(_prepared)


def long_kinds() -> set[str]:
    """Return the kinds of runs that are done in a thread of their own."""
    return set(_long)


def short_kinds() -> set[str]:
    """Return all other kinds."""
    return set(_functions) - _long


def title_of(run: Run) -> str:
    """Return what a run's page is called, to be translated."""
    return _titles.get(run.kind, _OTHERWISE)


def page_of(run: Run) -> str:
    """Return the path at which a run's result is shown; empty if there is none, or it is not done."""
    page = _pages.get(run.kind)
    return page(run) if page is not None and run.state == "done" else ""


def place_of_run(run: Run) -> str:
    """Return the path of the page at which a run is followed; empty if it is that of all runs."""
    return _pages[run.kind](run) if run.kind in _followed else ""


def timetable(kind: str, every: timedelta, *, at_start: bool = False) -> None:
    """Let a kind of run begin by itself at each side, so often, and after each start of a worker if it is to."""
    _timetables[kind] = Timetable(kind, every, at_start)


def timetables() -> list[Timetable]:
    """Return what begins by itself."""
    return list(_timetables.values())


def every_round(name: str, function: Callable[[], object]) -> None:
    """Let the worker call a quick function each time round: an outbox that tries again what is due."""
    _rounds[name] = function


def alongside(name: str, function: Callable[[Event], object], *, once: Callable[[], object]) -> None:
    """Let the worker keep a function going in a thread of its own, so that no long run delays what it does.

    Args:
        name: of the thread.
        function: goes on until the event is set.
        once: does what is due and ends: for a worker that cron starts.
    """
    _alongside[name] = function, once


def kept_alongside() -> dict[str, tuple[Callable[[Event], object], Callable[[], object]]]:
    """Return what the worker keeps going in threads, by name, and what does it once."""
    return dict(_alongside)


def rounds() -> dict[str, Callable[[], object]]:
    """Return what the worker calls each time round, by name."""
    return dict(_rounds)


class Progress:
    """How far a run is: what its function tells, and asks whether to go on."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.done = 0
        self._written_at = 0.0
        self._depth = _depth()

    def total(self, steps: int) -> None:
        """Say how many steps there are."""
        self.run.total = steps
        self._write()

    def step(self, steps: int = 1) -> None:
        """Count steps that are done; every half second write them down and look whether to go on.

        Within a transaction of the function's own nothing is written, since nobody could see it before that ends.

        Raises:
            Cancelled: somebody asked for it.
        """
        self.done += steps
        if time.monotonic() - self._written_at >= _WRITE_SECONDS:
            self._write()

    def _write(self) -> None:
        if _depth() != self._depth:
            return
        mine = _held(self.run)
        if not mine.update(done=self.done, total=self.run.total, leased_until=timezone.now() + LEASE):
            raise _LostError
        self._written_at = time.monotonic()
        if stopping.is_set():
            raise _GivenBack
        if mine.filter(cancel_asked=True).exists():
            raise Cancelled


def _depth() -> int:
    return connection.in_atomic_block + len(connection.savepoint_ids)


def _held(run: Run) -> QuerySet[Run]:
    return Run.objects.filter(pk=run.pk, state="running", leased_by=run.leased_by)


def work_all(kinds: Iterable[str] | None = None) -> int:
    """Do every run that is due, one after another, and return how many there were."""
    done = 0
    while not stopping.is_set() and work_once(kinds):
        done += 1
    return done


def work_once(kinds: Iterable[str] | None = None, *, renew: bool = False, beats: bool = True) -> bool:
    """Do one run that is due, if there is any, and say whether there was.

    Args:
        kinds: only of these.
        renew: renew the lease from a thread as well, for steps that last longer than it.
        beats: whether that thread gives the worker's sign of life too.
    """
    run = _take(None if kinds is None else set(kinds))
    if run is None:
        return False
    if renew:
        with renewed(run, LEASE, beats=beats):
            _do(run)
    else:
        _do(run)
    return True


def _due(kinds: set[str] | None) -> QuerySet[Run]:
    now = timezone.now()
    known = set(_functions) if kinds is None else kinds & set(_functions)
    may = Q(state="waiting", not_before__lte=now) | Q(state="running", leased_until__lt=now)
    return Run.objects.filter(may, kind__in=known).order_by("not_before", "id")


def _take(kinds: set[str] | None) -> Run | None:
    """Take the lease of the oldest run that is due."""
    if not _due(kinds).exists():  # a look that lets others write
        return None
    with transaction.atomic():
        run = _due(kinds).select_for_update(skip_locked=True).first()
        if run is None:
            return None
        now = timezone.now()
        run.state, run.leased_by, run.leased_until = "running", new_id(), now + LEASE
        run.attempts += 1
        run.started_at = run.started_at or now
        run.save(update_fields=["state", "leased_by", "leased_until", "attempts", "started_at"])
    return run


def _do(run: Run) -> None:
    progress = Progress(run)
    try:
        result = _work(run, progress)
    except Cancelled:
        _end(run, progress, state="cancelled")
    except _GivenBack:
        _give_back(run)
    except _LostError:
        _logger.warning("a run was taken up by another worker", run=run.id, kind=run.kind)
    except RiverloopError as error:
        _end(run, progress, state="failed", error=error_as_json(error))
    except OperationalError as error:
        _try_again(run, progress, error)
    except Exception as error:  # noqa: BLE001 - a run may fail in any way, and the worker goes on
        _fail(run, progress, error)
    else:
        _end(run, progress, state="done", result=result)


def _work(run: Run, progress: Progress) -> dict[str, Any]:
    if run.cancel_asked:
        raise Cancelled
    if run.attempts > _MOST_ATTEMPTS:
        raise InputError(
            "runs.given_up",
            N_("The work was cut off {attempts} times, so it is not tried again. Start it anew with less at a time."),
            attempts=run.attempts - 1,
        )
    return dict(_functions[run.kind](progress))


def _end(run: Run, progress: Progress, *, state: str, **columns: Any) -> None:
    done = run.total if state == "done" and run.total else progress.done
    ended = {"state": state, "done": done, "total": run.total, "ended_at": timezone.now(), "leased_until": None}
    if not _held(run).update(**ended, **columns):
        _logger.warning("a run ended here, but another worker holds it", run=run.id, kind=run.kind)


def _give_back(run: Run) -> None:
    _held(run).update(state="waiting", leased_until=None, leased_by="", attempts=run.attempts - 1)


def _try_again(run: Run, progress: Progress, error: OperationalError) -> None:
    if run.attempts >= _MOST_ATTEMPTS:
        _fail(run, progress, error)
        return
    pause = timedelta(seconds=_PAUSE_SECONDS[run.attempts - 1])
    _logger.warning("a run waits", run=run.id, kind=run.kind, place=place_of(error))
    _held(run).update(state="waiting", leased_until=None, leased_by="", not_before=timezone.now() + pause)


def _fail(run: Run, progress: Progress, error: Exception) -> None:
    place = place_of(error)
    _logger.error("a run failed", run=run.id, kind=run.kind, place=place)
    told = InputError(
        "runs.failed",
        N_("The work stopped on a mistake in this program ({place}). Tell whoever runs it, then start the work again."),
        place=place,
    )
    _end(run, progress, state="failed", error=error_as_json(told))


def place_of(error: Exception) -> str:
    """Return what kind of mistake it was and where, without its text: that may be about a person."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = f" at {Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace else ""
    return f"{type(error).__name__}{where}"
