"""The long runs: whatever keeps a processor busy for minutes is done one after another in a thread of the worker."""

from __future__ import annotations

from threading import Event, Thread

import structlog
from django.db import close_old_connections, connection

from riverloop.apps.runs import work

_IDLE_SECONDS = 0.2  # somebody looks at a page and waits

_logger: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(__name__)


def long_runs_keep(stopping: Event) -> None:
    """Do long runs until the event is set; one at work is given back at its next step."""
    _prepare(stopping)
    try:
        while not stopping.is_set():
            if not _quietly(_once):
                stopping.wait(_IDLE_SECONDS)
    finally:
        connection.close()


def _prepare(stopping: Event) -> None:
    """Call what makes the first long run as quick as the next; whoever is to end does not wait for it."""
    for function in work.prepared():
        thread = Thread(target=_quietly, args=(function,), name="prepare long runs", daemon=True)
        thread.start()
        while thread.is_alive() and not stopping.is_set():
            thread.join(_IDLE_SECONDS)


def _once() -> bool:
    close_old_connections()
    return work.work_once(work.long_kinds(), renew=True, beats=False)


def _quietly(function: object) -> object:
    """Call a function; what it raises is told in one line, without its text, and the thread goes on."""
    try:
        return function()  # type: ignore[operator]
    except Exception as error:  # noqa: BLE001 - whatever it was, the next time may succeed
        _logger.error("part of a round failed", round="long runs", place=work.place_of(error))  # noqa: TRY400 - the place says enough
        close_old_connections()
        return None
