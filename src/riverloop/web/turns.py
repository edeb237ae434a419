"""The application that `riverloop serve` serves: requests come in whole, and then get their turn with Django.

Pages use one connection to the database, and SQLite takes one writer at a time, so one thread answers one request
after the other. Whatever waits for a stranger waits outside that turn, on the event loop: for the rest of a body
(arriving.py), and for whoever does not take an answer.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any
from urllib.parse import unquote_to_bytes

from django.conf import settings

from riverloop.web import wsgi
from riverloop.web.access import PAGES
from riverloop.web.arriving import Arrivals, Body, GoneError, Receive

TAKEN_SECONDS = 60.0  # for each part of an answer
_PART_BYTES = 65_536  # of a long answer at once
_PART_SECONDS = 0.1  # after which less goes as well

Message = dict[str, Any]
Send = Callable[[Message], Awaitable[None]]
Say = Callable[[Message], None]


class Turns:
    """An ASGI application over one of WSGI that answers one request at a time.

    Args:
        answer: the application.
        arrivals: takes bodies in.
        taken_seconds: how long nothing may be taken of an answer.
    """

    def __init__(self, answer: Callable[..., Iterable[bytes]], arrivals: Arrivals, *, taken_seconds: float) -> None:
        self._answer = answer
        self._arrivals = arrivals
        self._taken_seconds = taken_seconds
        self._turn = ThreadPoolExecutor(1, thread_name_prefix="turn")

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        try:
            body = await self._arrivals.take(receive)
        except GoneError:
            return
        loop = asyncio.get_running_loop()
        said: asyncio.Queue[Message | None] = asyncio.Queue()
        gone = Event()

        def say(message: Message) -> None:
            loop.call_soon_threadsafe(said.put_nowait, message)

        def over(turn: asyncio.Future[list[Message]]) -> None:
            self._arrivals.let_go(body)
            for message in turn.result() if not turn.cancelled() and turn.exception() is None else []:
                said.put_nowait(message)
            said.put_nowait(None)

        turn = loop.run_in_executor(self._turn, self._take_turn, environ_of(scope, body), say, gone)
        turn.add_done_callback(over)
        try:
            while (message := await said.get()) is not None:
                async with asyncio.timeout(self._taken_seconds):
                    await send(message)
        except TimeoutError:
            return  # nobody takes the answer
        finally:
            gone.set()
        await turn  # what went wrong in it, the server tells

    def _take_turn(self, environ: dict[str, Any], say: Say, gone: Event) -> list[Message]:
        """Answer one request, and return the end of the answer: all of it, unless it is a long one."""
        begun: list[Message] = []

        def start(status: str, headers: list[tuple[str, str]], exc_info: object = None) -> None:
            lines = [(name.lower().encode("latin1"), value.encode("latin1")) for name, value in headers]
            begun[:] = [{"type": "http.response.start", "status": int(status[:3]), "headers": lines}]

        pieces = self._answer(environ, start)
        try:
            if not getattr(pieces, "streaming", False):
                return [*begun, _part(b"".join(pieces), more=False)]
            say(begun[0])
            for part in _parts(pieces):
                if gone.is_set():
                    break
                say(_part(part, more=True))
        finally:
            getattr(pieces, "close", lambda: None)()
        return [_part(b"", more=False)]


def _part(content: bytes, *, more: bool) -> Message:
    return {"type": "http.response.body", "body": content, "more_body": more}


def _parts(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the pieces of a long answer, such as the lines of a table, many at once."""
    held, since = bytearray(), time.monotonic()
    for piece in pieces:
        held += piece
        if len(held) >= _PART_BYTES or time.monotonic() - since >= _PART_SECONDS:
            yield bytes(held)
            held, since = bytearray(), time.monotonic()
    if held:
        yield bytes(held)


class _Late:
    """Stands for a body that did not come in time; Django tells whoever sent it that it could not be read."""

    def read(self, size: int = -1) -> bytes:
        raise TimeoutError("The body did not come in time.")

    readline = read


LATE = _Late()


def environ_of(scope: dict[str, Any], body: Body) -> dict[str, Any]:
    """Return what WSGI says of a request, from what ASGI says."""
    environ: dict[str, Any] = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(scope["raw_path"]).decode("latin1"),
        "QUERY_STRING": scope["query_string"].decode("latin1"),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "SERVER_NAME": scope["server"][0],
        "SERVER_PORT": str(scope["server"][1]),
        "REMOTE_ADDR": scope["client"][0],
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope["scheme"],
        "wsgi.input": LATE if body.is_late else body.content,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": False,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    environ.update(_headers(scope["headers"]))
    if body.length and "CONTENT_LENGTH" not in environ:  # it came in parts; and now it is known
        environ["CONTENT_LENGTH"] = str(body.length)
    return environ


def _headers(given: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Return headers as WSGI names them, without those that would pass for another's: ``X_Forwarded_For``."""
    found: dict[str, str] = {}
    for name, value in given:
        if b"_" in name:
            continue
        key = name.decode("latin1").upper().replace("-", "_")
        key = key if key in ("CONTENT_LENGTH", "CONTENT_TYPE") else f"HTTP_{key}"
        text = value.decode("latin1")
        found[key] = f"{found[key]}{'; ' if key == 'HTTP_COOKIE' else ','}{text}" if key in found else text
    return found


MOST_BODY_BYTES = max(page.files_bytes for page in PAGES.values()) + settings.DATA_UPLOAD_MAX_MEMORY_SIZE

application = Turns(wsgi.application, Arrivals(most_body_bytes=MOST_BODY_BYTES), taken_seconds=TAKEN_SECONDS)
