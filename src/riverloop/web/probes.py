"""What machines ask: ``/healthz`` and ``/metrics``.

They are answered before anything else looks at a request, since a probe names a container's address and not a host
that is served, and comes by plain HTTP. Anybody may know whether the node is well. Details and metrics are for whoever
asks from this computer itself, or shows ``RIVERLOOP_METRICS_TOKEN``. Behind a proxy everybody seems to ask from this
computer, so there, and wherever a proxy has left its mark, the token alone counts.
"""

from __future__ import annotations

import hmac
import ipaddress
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import resolve
from django.utils.cache import add_never_cache_headers
from django.views.decorators.http import require_safe

_PROXIED = ("HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED", "HTTP_X_REAL_IP", "HTTP_VIA")
_DOWN, _REFUSED = 503, 403


@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """Say in a word how the node is; to those who may know more, what was found."""
    from riverloop.web import health  # noqa: PLC0415 - its models need Django to be set up

    found = health.look()
    state = health.worst(found)
    status = _DOWN if state == health.FAILED else 200
    if request.headers.get("Accept", "").startswith("text/plain"):
        return HttpResponse(f"{state}\n", content_type="text/plain", status=status)
    return JsonResponse(health.as_json(found) if may_know_more(request) else {"status": state}, status=status)


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Give Prometheus its numbers."""
    from riverloop.web import metrics as numbers  # noqa: PLC0415 - the same

    if may_know_more(request):
        return HttpResponse(numbers.exposition(), content_type=numbers.CONTENT_TYPE)
    line = "Metrics are given to this computer itself, or to whoever shows RIVERLOOP_METRICS_TOKEN.\n"
    return HttpResponse(line, content_type="text/plain", status=_REFUSED)


def may_know_more(request: HttpRequest) -> bool:
    """Say whether somebody shows the token, or asks from this computer with no proxy between."""
    token = settings.RIVERLOOP_METRICS_TOKEN
    shown = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if token and hmac.compare_digest(shown.encode(), token.encode()):
        return True
    if settings.RIVERLOOP_HTTPS or any(name in request.META for name in _PROXIED):
        return False
    try:
        return ipaddress.ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False


_VIEWS = {"/healthz": healthz, "/metrics": metrics}


class ProbesMiddleware:
    """Answers probes."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        view = _VIEWS.get(request.path_info)
        if view is None:
            return self.get_response(request)
        request.resolver_match = resolve(request.path_info)
        response = view(request)
        add_never_cache_headers(response)
        return response
