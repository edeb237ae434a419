"""What the other side's node may ask this one: the WSGI application of a listener of its own.

Nothing but ``POST /peer/<name>`` is answered, and only to who holds the one certificate that is trusted: the listener
(listening.py) lets nobody else through. Pages, sessions and accounts are not served here.
"""

from __future__ import annotations

import json
import os
import time
from threading import Thread, get_ident

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "riverloop.web.settings")
django.setup()

import structlog  # noqa: E402 - what follows needs Django to be set up
from django.db import close_old_connections  # noqa: E402

from riverloop.apps.nodes.calling import MOST_BODY_BYTES, TOTAL_SECONDS  # noqa: E402
from riverloop.apps.nodes.endpoints import function_of  # noqa: E402
from riverloop.apps.nodes.here import hosted_sides, other_side  # noqa: E402
from riverloop.apps.nodes.links import link_heard, link_refused  # noqa: E402
from riverloop.apps.nodes.words import N_  # noqa: E402
from riverloop.core.kernel.errors import InputError, RiverloopError  # noqa: E402

_PREFIX = "/peer/"
_ENDLESS, _TOO_LONG = "411 Length Required", "413 Content Too Large"
_UNREAD = {
    _ENDLESS: ("nodes.body_endless", N_("The node of {side} sent a body without its length, and it was not read.")),
    _TOO_LONG: ("nodes.body_long", N_("The node of {side} sent more than {megabytes} MB, and it was not read.")),
}
_AT_A_TIME = 65_536
_MOST_DIGITS = 12
_LOOK_SECONDS = 1.0
_reading: dict[int, float] = {}  # since when each thread waits for a body
_logger = structlog.stdlib.get_logger(__name__)


def application(environ, start_response):
    """Answer one call: 200 with the answer, 409 with the one line of a refusal, or a status alone."""
    close_old_connections()
    try:
        status, answer = _answered(environ)
    except Exception:  # whatever it was, no traceback leaves
        _logger.exception("a call of the other side failed")
        status, answer = "500 Internal Server Error", b""
    finally:
        close_old_connections()
    kind = "application/json" if status.startswith("409") else "application/octet-stream"
    start_response(status, [("Content-Type", kind), ("Content-Length", str(len(answer)))])
    return [answer]


def _answered(environ):
    path = environ["PATH_INFO"]
    function = function_of(path.removeprefix(_PREFIX)) if path.startswith(_PREFIX) else None
    if function is None:
        return "404 Not Found", b""
    if environ["REQUEST_METHOD"] != "POST":
        return "405 Method Not Allowed", b""
    (own,) = hosted_sides()
    other = other_side(own)
    body, refusal = _body_of(environ)
    if body is None:
        if refusal in _UNREAD:
            link_refused(own, other, InputError(*_UNREAD[refusal], side=other, megabytes=MOST_BODY_BYTES // 1_000_000))
        return refusal, b""
    link_heard(own, other)
    try:
        return "200 OK", function(other, own, body)
    except RiverloopError as error:
        link_refused(own, other, error)
        return "409 Conflict", json.dumps({"code": error.code, "line": error.text()}).encode()


def _body_of(environ):
    """Return the body; or None, and the status that refuses it unread: it is endless, or too long."""
    length = environ.get("CONTENT_LENGTH") or ""
    if not (length.isascii() and length.isdigit()):
        return None, _ENDLESS
    if len(length) > _MOST_DIGITS or int(length) > MOST_BODY_BYTES:
        return None, _TOO_LONG
    parts, left = [], int(length)
    _reading[get_ident()] = time.monotonic()
    try:
        while left and (part := environ["wsgi.input"].read(min(left, _AT_A_TIME))):
            parts.append(part)
            left -= len(part)
    finally:
        del _reading[get_ident()]
    return (None, "400 Bad Request") if left else (b"".join(parts), "")


def is_stalled(now):
    """Say whether a body has been waited for longer than any call may last: its link was cut without a word."""
    return any(now - since > TOTAL_SECONDS for since in list(_reading.values()))


def _end_when_stalled():
    """End this process when a body stalls: nothing else lets go of the thread that waits, and there are few.

    It is started anew; what was under way is undone, and the other node tries it again.
    """
    while not is_stalled(time.monotonic()):
        time.sleep(_LOOK_SECONDS)
    _logger.warning("a call of the other side stalled, and the listener is started again")
    os._exit(1)


if os.environ.get("RIVERLOOP_SERVED_BY"):
    from riverloop.web.beside import end_with
    from riverloop.web.listening import tell_of_handshakes

    end_with(int(os.environ["RIVERLOOP_SERVED_BY"]))
    tell_of_handshakes()
    Thread(target=_end_when_stalled, name="stalled", daemon=True).start()
