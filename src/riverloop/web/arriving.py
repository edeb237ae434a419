"""Requests on their way in: each body is taken in whole before anything looks at it, within bounds of time and room.

One that stalls or trickles costs a waiting task and the bytes that came, and keeps nobody else from being answered.
Where room grows short, the one that was begun first gives way. Nothing of a body touches the disk: see uploads.py.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from io import BytesIO
from typing import Any

SILENT_SECONDS = 30.0  # between two pieces of a body
WHOLE_SECONDS = 300.0  # for all of a body: the largest one at 600 kbit/s
MOST_ARRIVING = 512  # bodies at once
MOST_HELD_BYTES = 256_000_000  # of all bodies together, until they are answered
MOST_READ_BYTES = 256_000_000  # of one that is too long: its sender hears that only after sending it

Receive = Callable[[], Awaitable[dict[str, Any]]]


class GoneError(Exception):
    """Whoever was sending hung up."""


class Body:
    """The body of one request.

    Attributes:
        content: what came of it; nothing if it is late, or longer than anything that is taken.
        length: how many bytes came.
        is_late: whether it did not come in time.
    """

    def __init__(self) -> None:
        self.content = BytesIO()
        self.length = 0
        self.held = 0
        self.is_late = False


class Arrivals:
    """Every body that one process takes in or holds.

    Args:
        most_body_bytes: of a longer body nothing is kept.
        most_held_bytes: of all bodies together; more than one alone may have.
        most_arriving: bodies at once.
        silent_seconds: how long nothing may come of a body.
        whole_seconds: how long a body may take.
    """

    def __init__(
        self,
        *,
        most_body_bytes: int,
        most_held_bytes: int = MOST_HELD_BYTES,
        most_arriving: int = MOST_ARRIVING,
        silent_seconds: float = SILENT_SECONDS,
        whole_seconds: float = WHOLE_SECONDS,
    ) -> None:
        self._most_body_bytes = most_body_bytes
        self._most_held_bytes = most_held_bytes
        self._most_arriving = most_arriving
        self._silent_seconds = silent_seconds
        self._whole_seconds = whole_seconds
        self._arriving: dict[Body, asyncio.Timeout] = {}  # in the order in which they were begun
        self._held = 0
        self._freed = asyncio.Event()

    async def take(self, receive: Receive) -> Body:
        """Take a body in; let go of it when it has been answered.

        Args:
            receive: gives the messages of ASGI.

        Raises:
            GoneError: whoever was sending hung up.
        """
        body = Body()
        try:
            await self._take(body, receive)
        except TimeoutError:
            self.let_go(body)
            body.is_late = True
        except BaseException:
            self.let_go(body)
            raise
        body.content.seek(0)
        return body

    def let_go(self, body: Body) -> None:
        """Make the room of a body free."""
        self._held -= body.held
        body.held, body.content = 0, BytesIO()
        self._freed.set()

    async def _take(self, body: Body, receive: Receive) -> None:
        async with asyncio.timeout(self._whole_seconds) as limit:
            if len(self._arriving) >= self._most_arriving:
                self._give_way(next(iter(self._arriving)))
            self._arriving[body] = limit
            try:
                while await self._take_piece(body, receive):
                    pass
            finally:
                self._arriving.pop(body, None)

    async def _take_piece(self, body: Body, receive: Receive) -> bool:
        """Take what comes next, and say whether more is to come."""
        async with asyncio.timeout(self._silent_seconds):
            message = await receive()
        if message["type"] == "http.disconnect":
            raise GoneError
        piece = message.get("body", b"")
        body.length += len(piece)
        if body.length > self._most_body_bytes:
            self.let_go(body)
        elif piece:
            await self._hold(body, len(piece))
            body.content.write(piece)
        return bool(message.get("more_body")) and body.length <= MOST_READ_BYTES

    async def _hold(self, body: Body, count: int) -> None:
        """Wait until there is room for more of a body, for which an earlier one that still arrives gives way."""
        while self._held + count > self._most_held_bytes:
            oldest = next((one for one in self._arriving if one.held or one is body), body)
            if oldest is not body:
                self._give_way(oldest)
            self._freed.clear()
            await self._freed.wait()
        self._held += count
        body.held += count

    def _give_way(self, body: Body) -> None:
        """Take a body for late at once."""
        self._arriving.pop(body).reschedule(asyncio.get_running_loop().time())
