"""The worker's sign of life: a file whose time is that of its last round, and a word to systemd if that started it."""

from __future__ import annotations

import contextlib
import os
import socket
import time
from pathlib import Path

from django.conf import settings


def beat() -> None:
    """Say that this process goes on."""
    path = _path()
    try:
        os.utime(path)
    except FileNotFoundError:
        with contextlib.suppress(OSError):  # a full disk is told elsewhere, and the work goes on
            path.touch(mode=0o600)
    notify("WATCHDOG=1")


def seconds_since_beat() -> float | None:
    """Return how long ago any worker over this data folder went on; None if none ever did."""
    try:
        return max(0.0, time.time() - _path().stat().st_mtime)
    except FileNotFoundError:
        return None


def notify(state: str) -> None:
    """Tell systemd, if it started this process: ``READY=1``, ``WATCHDOG=1``, ``STOPPING=1`` (sd_notify(3))."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    name = f"\0{address[1:]}" if address.startswith("@") else address
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.sendto(state.encode(), name)


def _path() -> Path:
    path: Path = settings.RIVERLOOP_DATA / "worker_alive"
    return path
