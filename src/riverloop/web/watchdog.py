"""Under systemd: says that the server serves, again and again, so that one that hangs is started anew."""

from __future__ import annotations

import http.client
import os
import time
from threading import Thread

from riverloop.apps.runs.heartbeat import notify

_MOST_SECONDS = 20.0


def watch(host: str, port: int) -> None:
    """Tell systemd once the server answers, and then as often as its watchdog wants, as long as it does.

    Args:
        host: where it listens.
        port: where it listens.
    """
    if os.environ.get("NOTIFY_SOCKET"):
        Thread(target=_watch, args=(host, port), name="watchdog", daemon=True).start()


def _watch(host: str, port: int) -> None:
    pause = min(_MOST_SECONDS, int(os.environ.get("WATCHDOG_USEC") or 0) / 3e6 or _MOST_SECONDS)
    ready = False
    while True:
        if _answers(host, port):
            notify("WATCHDOG=1" if ready else "READY=1\nWATCHDOG=1")
            ready = True
        time.sleep(pause if ready else 0.2)


def _answers(host: str, port: int) -> bool:
    """Say whether any answer comes: that something else is wrong is told elsewhere, and no start mends it."""
    everywhere = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - it is compared with, not bound
    connection = http.client.HTTPConnection(everywhere.get(host, host), port, timeout=_MOST_SECONDS)
    try:
        connection.request("GET", "/healthz")
        connection.getresponse().read()
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
    return True
