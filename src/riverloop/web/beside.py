"""The processes of the server: none outlives it, and those beside it are started again if they die."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from multiprocessing.connection import wait
from threading import Event, Thread
from typing import Any

import structlog

_FIRST_PAUSE_SECONDS = 1.0
_LONGEST_PAUSE_SECONDS = 30.0
_SEEN_SECONDS = 1.0
_PATIENCE_SECONDS = 12.0  # the worker gives its run back sooner
_logger: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(__name__)


def end_with(parent: int) -> None:
    """End this process soon after its parent has gone: left alone it would go on answering at the same port.

    Args:
        parent: process id of whoever started this one.
    """
    Thread(target=_watch, args=(parent,), name="watch", daemon=True).start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_FIRST_PAUSE_SECONDS)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(_PATIENCE_SECONDS)
    os._exit(0)


def see_workers_end() -> None:
    """Let granian see that a worker has ended before it says that it kills it.

    A thread of granian's waits for the same process; where that one is told first, the process still seems alive.
    """
    from granian.server.common import AbstractWorker  # noqa: PLC0415 - slow to import

    def join(worker: Any, timeout: float | None = None) -> None:
        worker.inner.join(timeout=timeout)
        until = time.monotonic() + _SEEN_SECONDS
        while wait([worker.inner.sentinel], 0) and worker.inner.is_alive() and time.monotonic() < until:
            time.sleep(_SEEN_SECONDS / 100)

    AbstractWorker.join = join  # type: ignore[method-assign]


@contextlib.contextmanager
def kept_beside(*commands: str) -> Iterator[None]:
    """Keep one process of each of these commands alive while the body runs.

    Each also watches this process, and ends by itself if this one is killed.

    Args:
        commands: of ``riverloop``, such as ``work``.
    """
    ending = Event()
    threads = [Thread(target=_keep_alive, args=(one, ending), name=one, daemon=True) for one in commands]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        ending.set()
        for thread in threads:
            thread.join()


def _keep_alive(command: str, ending: Event) -> None:
    pause = _FIRST_PAUSE_SECONDS
    while not ending.is_set():
        began = time.monotonic()
        with subprocess.Popen(_command(command), stdin=subprocess.DEVNULL, env=_environment()) as process:  # noqa: S603 - our own command
            while process.poll() is None and not ending.wait(0.2):
                pass
            _end(process, command)
        if process.returncode == 0 or time.monotonic() - began > _LONGEST_PAUSE_SECONDS:
            pause = _FIRST_PAUSE_SECONDS  # it ended in good order, or had gone well for a while
        if not ending.wait(pause) and process.returncode != 0:
            _logger.warning("a process ended and is started again", process=command, pause_seconds=pause)
        pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)


def _command(name: str) -> list[str]:
    return [sys.executable, "-m", "riverloop", name, "--parent", str(os.getpid())]


def _environment() -> dict[str, str]:
    """Return the environment without what lets systemd be told: this process speaks for those beside it."""
    return {name: text for name, text in os.environ.items() if name not in ("NOTIFY_SOCKET", "WATCHDOG_USEC")}


def _end(process: subprocess.Popen[bytes], command: str) -> None:
    process.terminate()
    try:
        process.wait(_PATIENCE_SECONDS)
    except subprocess.TimeoutExpired:
        _logger.warning("a process did not end and is killed", process=command)
        process.kill()
        process.wait()
