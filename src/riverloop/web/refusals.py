"""Requests that no page here makes, each answered in one line and in the reader's language."""

from __future__ import annotations

import time
from collections.abc import Callable

from django.core.exceptions import BadRequest, RequestDataTooBig, SuspiciousOperation, TooManyFilesSent
from django.core.exceptions import TooManyFieldsSent as TooManyFields
from django.http import HttpRequest, HttpResponse, QueryDict, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from django.utils.datastructures import MultiValueDict

from riverloop.web.api.problems import is_api

_UNREADABLE = (BadRequest, SuspiciousOperation, MultiPartParserError, UnreadablePostError)
_TOO_LARGE = (RequestDataTooBig, TooManyFields, TooManyFilesSent)
_METHODS = ("GET", "HEAD", "POST", "OPTIONS")
ZERO = "\0"
_MOST_DRAINED_BYTES = 256_000_000
_MOST_DRAINED_SECONDS = 10
_CHUNK_BYTES = 65_536


def posted(request: HttpRequest) -> QueryDict:
    """Return the posted form; an empty one where there is none or it cannot be read.

    What cannot be read is put aside, since every later look at it would fail again, the page that says so included.
    """
    if request.method != "POST":
        return QueryDict()
    try:
        if not _holds_zero(request.POST):
            return request.POST
        request.unread = 400  # type: ignore[attr-defined]
    except _UNREADABLE as error:
        request.unread = 413 if isinstance(error, _TOO_LARGE) else 400  # type: ignore[attr-defined]
        request.is_unfinished = isinstance(error, UnreadablePostError)  # type: ignore[attr-defined]
    request.POST = QueryDict()
    request._files = MultiValueDict()  # type: ignore[attr-defined]  # noqa: SLF001 - Django offers no other way
    _drain(request)
    return request.POST


def _holds_zero(given: QueryDict) -> bool:
    """Say whether a text holds the zero character, which PostgreSQL does not keep and nobody types."""
    return any(ZERO in name or any(ZERO in text for text in texts) for name, texts in given.lists())


def _drain(request: HttpRequest) -> None:
    """Read on, within bounds: a browser that is still sending when the answer comes shows no answer at all."""
    left, until = _MOST_DRAINED_BYTES, time.monotonic() + _MOST_DRAINED_SECONDS
    try:
        while left > 0 and time.monotonic() < until and (chunk := request.read(_CHUNK_BYTES)):
            left -= len(chunk)
    except (OSError, ValueError):
        return


class RefusalsMiddleware:
    """Answers what could not be read, and methods that no page takes."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.answer(request)
        _drain(request)  # what is left unread, the server would take for the end of the connection
        return response

    def answer(self, request: HttpRequest) -> HttpResponse:
        if is_api(request):  # its own middleware refuses, and its answers are no pages
            return self.get_response(request)
        from riverloop.web import views  # noqa: PLC0415 - its models need Django to be set up

        unread = getattr(request, "unread", 0)
        if ZERO in request.path_info or _holds_zero(request.GET):
            unread = 400
        if unread:
            return views.bad_request(request, status=unread)
        if request.method not in _METHODS:
            return views.wrong_method(request, ", ".join(_METHODS))
        response = self.get_response(request)
        if response.status_code == 405 and not response.content:  # noqa: PLR2004 - Method Not Allowed
            return views.wrong_method(request, response.headers["Allow"])
        return response
