"""How requests were answered: an id for each, a line in the log, and a count for whoever watches."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

import structlog
from django.http import HttpRequest, HttpResponse

from riverloop.core.kernel.ids import new_id
from riverloop.web import metrics

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_PROBES = frozenset({"healthz", "metrics"})
_BROKEN, _REFUSED = 500, 400
_logger: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(__name__)


def route_of(request: HttpRequest) -> str:
    """Return which page was asked for, without what its address names; empty if none has this address."""
    return request.resolver_match.route if request.resolver_match else ""


def method_of(request: HttpRequest) -> str:
    """Return the method, or ``other`` for one that somebody made up."""
    return request.method if request.method in _METHODS else "other"


class AnsweredMiddleware:
    """Gives each request an id, and tells how it was answered."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        began, key = time.perf_counter(), new_id()
        with structlog.contextvars.bound_contextvars(request=key):
            response = self.get_response(request)
            _tell(request, response.status_code, time.perf_counter() - began)
        response.headers["X-Request-ID"] = key
        return response


def _tell(request: HttpRequest, status: int, seconds: float) -> None:
    method, route = method_of(request), route_of(request)
    metrics.answered(method=method, route=route, status=status, seconds=seconds)
    if route in _PROBES and status < _REFUSED:
        return  # they come every few seconds
    level = logging.ERROR if status >= _BROKEN else logging.WARNING if status >= _REFUSED else logging.INFO
    _logger.log(level, "answered", method=method, route=route, status=status, ms=round(1000 * seconds, 1))
