"""Listens to the other side's node, on a port of its own, once that node is trusted.

Each certificate is trusted by itself. Whoever shows another, or none, is cut off before a word is heard, and the log
and the page of messages say so. When what is trusted changes, the listener ends, and is started anew with it.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import re
import signal
import time
from pathlib import Path
from threading import Thread
from typing import Any

from riverloop.apps.nodes.words import N_
from riverloop.core.kernel.errors import InputError

_LOOK_SECONDS = 1.0
_STOP_SECONDS = 5
_TOLD_EVERY_SECONDS = 30.0
_HANDSHAKE = re.compile(r"TLS|handshake", re.IGNORECASE)


def listen(*, parent: int) -> None:
    """Wait until the other node is trusted, then listen to it until stopped or until what is trusted changes.

    Args:
        parent: process id of whoever started this one and must not be outlived; 0 for nobody.
    """
    from django.conf import settings  # noqa: PLC0415 - settings are read only when they are needed
    from granian import Granian  # noqa: PLC0415 - slow to import, and only this needs it
    from granian.constants import Interfaces  # noqa: PLC0415
    from granian.log import LogLevels  # noqa: PLC0415

    from riverloop.apps.nodes import certificates  # noqa: PLC0415
    from riverloop.apps.nodes.here import other_side  # noqa: PLC0415
    from riverloop.apps.nodes.peers import own_host, peer_file, peer_known  # noqa: PLC0415
    from riverloop.apps.nodes.trusting import lone_side  # noqa: PLC0415
    from riverloop.web.beside import end_with, see_workers_end  # noqa: PLC0415
    from riverloop.web.server import check_free  # noqa: PLC0415

    if parent:
        end_with(parent)
    os.environ["RIVERLOOP_SERVED_BY"] = str(os.getpid())  # its worker ends with it
    side = lone_side()
    check_free(settings.RIVERLOOP_PEER_HOST, settings.RIVERLOOP_PEER_PORT, option="--peer-port")
    files = [certificates.certificate_file(side, own_host()), certificates.key_file(side), peer_file(other_side(side))]
    before = _digest(files)
    while (trusted := peer_known(other_side(side))) is None:
        time.sleep(_LOOK_SECONDS)
        before = _digest(files)
    pinned = settings.RIVERLOOP_DATA / "peers" / f"{trusted.side}.pem"
    pinned.write_text(trusted.certificate + "\n", "ascii")
    see_workers_end()
    # Ctrl+C reaches every process of a terminal. A worker that begins to end by it does not hear its server any more.
    os.register_at_fork(after_in_child=lambda: signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT}))
    Thread(target=_end_on_change, args=(files, before), name="trust", daemon=True).start()
    Granian(
        "riverloop.web.peering:application",
        address=settings.RIVERLOOP_PEER_HOST,
        port=settings.RIVERLOOP_PEER_PORT,
        interface=Interfaces.WSGI,
        workers=1,
        blocking_threads=2,  # a call that hangs does not keep the next one out
        websockets=False,
        workers_kill_timeout=_STOP_SECONDS,  # a call that hangs does not keep it from ending
        log_level=LogLevels.debug,  # by which it tells of handshakes that failed
        log_dictconfig=_QUIET,
        ssl_cert=files[0],
        ssl_key=files[1],
        ssl_ca=pinned,
        ssl_client_verify=True,
    ).serve()


_QUIET: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "loggers": {"_granian": {"handlers": [], "level": "DEBUG", "propagate": False}},
}


def _digest(files: list[Path]) -> bytes:
    found = hashlib.sha256()
    for path in files:
        with contextlib.suppress(FileNotFoundError):
            found.update(path.read_bytes())
        found.update(b"\0")
    return found.digest()


def _end_on_change(files: list[Path], before: bytes) -> None:
    while _digest(files) == before:
        time.sleep(_LOOK_SECONDS)
    os.kill(os.getpid(), signal.SIGTERM)


def tell_of_handshakes() -> None:
    """Say in one line who was cut off for a wrong certificate: the server tells of it in the process that serves."""
    logger = logging.getLogger("_granian")
    logger.handlers, logger.propagate = [_Handshakes()], False
    logger.setLevel(logging.DEBUG)


class _Handshakes(logging.Handler):
    """Turns what the server says of a failed handshake into a line on the page of messages; passes warnings on.

    Anybody can fail as often as they like, so each sort is told of once in a while and the rest costs nothing.
    """

    def __init__(self) -> None:
        super().__init__()
        self._told: dict[str, float] = {}

    def emit(self, record: logging.LogRecord) -> None:
        if record.levelno >= logging.WARNING:
            logging.getLogger().handle(record)
        text = record.getMessage()
        found = next((line for sign, line in _LINES.items() if sign in text), None)
        if found is not None and _HANDSHAKE.search(text) and self._is_due(found):
            Thread(target=_refused, args=(found,), daemon=True).start()  # not on the server's own thread

    def _is_due(self, line: str) -> bool:
        now, last = time.monotonic(), self._told.get(line)
        if last is not None and now - last < _TOLD_EVERY_SECONDS:
            return False
        self._told[line] = now
        return True


_LINES = {
    "NoCertificatesPresented": N_("Somebody called this node without a certificate, and was cut off."),
    "InvalidCertificate": N_("Somebody called this node with a certificate that is not trusted, and was cut off."),
    "AlertReceived": N_("The certificate that this node shows is not trusted by {side}."),
}


def _refused(line: str) -> None:
    from django.db import connection  # noqa: PLC0415

    from riverloop.apps.nodes.here import hosted_sides, other_side  # noqa: PLC0415
    from riverloop.apps.nodes.links import link_refused  # noqa: PLC0415

    (own,) = hosted_sides()
    try:
        link_refused(own, other_side(own), InputError("nodes.handshake", line, side=other_side(own)))
    finally:
        connection.close()
