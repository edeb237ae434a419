"""What the program writes down of itself: known keys with impersonal values, and nothing else.

Logs are collected, copied and kept where the table of retention does not reach, so nothing in them may lead to a
person: no name, number or address, and no id of a movement, person, account or file either, since whoever also holds
the database finds the person by it. What stays is what mending needs: which page (its route, not its address), how it
was answered, which run or message failed, what kind of mistake it was and where in the code. The id of the request
stands in the answer too (`X-Request-ID`), so that somebody who saw a mistake can name it.

Own lines are written through structlog: a fixed phrase and keys. Of what libraries say only the logger, the level and
the place are kept, since their words may quote anything. `RIVERLOOP_DEBUG=1` keeps all, on a developer's computer.
"""

from __future__ import annotations

import logging
import re
import sys
import threading
import traceback
from collections.abc import Mapping, MutableMapping
from datetime import UTC, datetime
from pathlib import PurePath
from types import TracebackType
from typing import Any

import structlog

from riverloop.core.kernel.errors import RiverloopError

OF_ALL = ("time", "level", "event", "logger")
KEYS = (
    "request",  # its id
    "method", "route", "status", "ms",  # how it was answered
    "run", "message", "kind", "round", "attempt", "side", "count", "size", "code",  # work, and what came of it
    "process", "pause_seconds",
    "error", "place", "why",  # what kind of mistake, where in the code, and a RiverloopError in its own fixed words
)  # fmt: skip
"""All that a line may hold beside the keys of every line. A new one is added here, or it is left out."""

_MOST_FRAMES = 40
_OWN = "riverloop"
_SERVER = "_granian"
_IMPERSONAL = re.compile(r"[\w.:/<>+\-]{0,160}", re.ASCII)  # one word: a route, an id, a kind; no name of two words
_PARAMETER = re.compile(r"[a-z0-9_.:/+\-]{0,80}|[\w+/]{43}=", re.ASCII)  # a side, a kind, a hash
_PLACE = re.compile(r"[\w.:/<> \-]{0,200}", re.ASCII)

Event = MutableMapping[str, Any]
_logger: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(__name__)


def as_django_settings(*, form: str, with_words: bool) -> dict[str, Any]:
    """Configure structlog, and return Django's LOGGING, by which every logger of the process goes through it.

    Args:
        form: ``json`` for machines, every request included, or ``text`` for people, with what went wrong.
        with_words: whether what libraries and errors say is kept as well; on a developer's computer alone.
    """
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.contextvars.merge_contextvars,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
    )
    formatter = {
        "()": structlog.stdlib.ProcessorFormatter,
        "foreign_pre_chain": [structlog.contextvars.merge_contextvars],
        "processors": [
            _with_words if with_words else _impersonal,
            structlog.processors.JSONRenderer() if form == "json" else _as_text,
        ],
    }
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {"mistakes": {"()": "django.utils.log.CallbackFilter", "callback": _is_mistake}},
        "formatters": {"lines": formatter},
        "handlers": {"lines": {"class": "logging.StreamHandler", "formatter": "lines"}},
        "root": {"handlers": ["lines"], "level": "INFO" if form == "json" else "WARNING"},
        "loggers": {
            "axes": {"level": "CRITICAL"},  # the database holds who tried to sign in
            # What was refused, the line of the request tells; these would tell it again.
            "django.request": {"level": "ERROR", "filters": ["mistakes"]},
            "django.security": {"level": "ERROR"},
            _SERVER: {"level": "WARNING", "handlers": [], "propagate": True},
        },
    }


def _is_mistake(record: logging.LogRecord) -> bool:
    """Say whether something broke, rather than that an answer says what stands elsewhere already."""
    return bool(record.exc_info)


def catch_the_rest(*, with_words: bool = False) -> None:
    """Send what would go to standard error in its own words through the log: for processes that serve or work."""
    logging.raiseExceptions = with_words  # else a line that cannot be written is printed with its arguments
    logging.captureWarnings(capture=True)
    sys.excepthook = _log_uncaught
    sys.unraisablehook = lambda lost: _log_uncaught(lost.exc_type, lost.exc_value, lost.exc_traceback)
    threading.excepthook = lambda lost: _log_uncaught(lost.exc_type, lost.exc_value, lost.exc_traceback)


def _log_uncaught(kind: type[BaseException], error: BaseException | None, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt | SystemExit):
        return
    _logger.error("uncaught", exc_info=(kind, error or kind(), trace))


# What is kept of a line ---------------------------------------------------------------------------------------------


def _impersonal(_logger: Any, _name: str, event: Event) -> Event:
    """Keep known keys alone, each only as long as its value can be nobody's."""
    record: logging.LogRecord = event.pop("_record")
    if isinstance(event.get("why"), RiverloopError):
        why: RiverloopError = event["why"]
        event["why"], event["code"] = worded(why), why.code
    kept = _head(record, _phrase(record, event)) | {
        key: event[key] for key in KEYS if _is_impersonal(key, event.get(key))
    }
    if not event.pop("_from_structlog"):
        kept.setdefault("place", f"{_short(record.pathname)}:{record.lineno}")
    if error := _error_of(event):
        kept |= described(error)
    return kept


def _with_words(_logger: Any, _name: str, event: Event) -> Event:
    """Keep everything that was said."""
    record: logging.LogRecord = event.pop("_record")
    event.pop("_from_structlog")
    error = _error_of(event)
    event.pop("exc_info", None)
    kept = _head(record, str(event.pop("event"))) | dict(event)
    return kept | ({"trace": "".join(traceback.format_exception(error)).splitlines()} if error else {})


def _head(record: logging.LogRecord, phrase: str) -> dict[str, Any]:
    instant = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
    return {"time": instant, "level": record.levelname.lower(), "event": phrase, "logger": record.name}


def _phrase(record: logging.LogRecord, event: Mapping[str, Any]) -> str:
    """Return the fixed phrase of an own line; of what others say no word, but the first line of the server's."""
    if event["_from_structlog"] and record.name.partition(".")[0] == _OWN:
        return str(event["event"])
    if record.name.partition(".")[0] == _SERVER:
        return str(event["event"]).partition("\n")[0]  # an error's own words would follow
    return "said by a library"


def _is_impersonal(key: str, value: object) -> bool:
    if isinstance(value, bool | int | float):
        return True
    if key == "why":
        return isinstance(value, str) and bool(value)
    pattern = _PLACE if key == "place" else _IMPERSONAL
    return isinstance(value, str) and bool(value) and pattern.fullmatch(value) is not None


def worded(error: RiverloopError) -> str:
    """Return an error's fixed words, with no more of what it is about than counts, sides and hashes."""
    return error.message.format(**{name: _parameter(value) for name, value in error.parameters.items()})


def _parameter(value: object) -> object:
    if isinstance(value, RiverloopError):
        return worded(value)
    if isinstance(value, int | float):
        return value
    return value if isinstance(value, str) and _PARAMETER.fullmatch(value) else "…"


def _error_of(event: Event) -> BaseException | None:
    given = event.pop("exc_info", None)
    if given is True:
        given = sys.exc_info()
    error = given[1] if isinstance(given, tuple) else given
    return error if isinstance(error, BaseException) else None


def described(error: BaseException) -> dict[str, Any]:
    """Return what kind of mistake it was and where, with those that led to it; without their words."""
    chain: list[BaseException] = []
    one: BaseException | None = error
    while one is not None and one not in chain:
        chain.append(one)
        one = one.__cause__ or (None if one.__suppress_context__ else one.__context__)
    frames = [
        f"{_short(frame.filename)}:{frame.lineno} {frame.name}"
        for link in reversed(chain)
        for frame in traceback.extract_tb(link.__traceback__)
    ]
    told = {"error": "<".join(type(link).__name__ for link in chain), "trace": frames[-_MOST_FRAMES:]}
    return told | ({"code": error.code} if isinstance(error, RiverloopError) else {})


def _short(path: str) -> str:
    """Return the end of a file's path: its beginning is a folder of whoever installed it."""
    return "/".join(PurePath(path).parts[-3:])


def _as_text(_logger: Any, _name: str, event: Event) -> str:
    """Return a line for a person, and the trace below it."""
    trace = event.pop("trace", [])
    named = " ".join(f"{key}={value}" for key, value in event.items() if key not in OF_ALL)
    line = f"{event['time'][11:19]} {event['level']:<8}{event['event']} ({event['logger']}) {named}".rstrip()
    return "\n  ".join([line, *trace])
