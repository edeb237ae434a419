"""The start page, the reader's preferences, and the pages for what goes wrong."""

from __future__ import annotations

import sys

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.cache import add_never_cache_headers
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.csrf import requires_csrf_token
from django.views.decorators.http import require_POST, require_safe

from riverloop.apps.clearance import law
from riverloop.apps.clearance.day import waiting
from riverloop.apps.clearance.views import start_context
from riverloop.apps.parties import services
from riverloop.apps.parties.models import User
from riverloop.web.api import problems
from riverloop.web.preferences import normalise

TOO_LARGE = 413


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Show what may be asked here; to whoever works here, what waits for them before it."""
    if isinstance(request.user, User) and request.user.held_roles:
        waits = [one for one in waiting(request.user) if one.count]
        response = render(request, "web/home_signed_in.html", {**start_context(), "waiting": waits})
        add_never_cache_headers(response)
        return response
    packs = law.packs()
    counts = {"rules": len(packs.rules), "measures": len(packs.measures), "facts": len(packs.dictionary.facts)}
    return render(request, "web/home.html", {**start_context(), "counts": counts})


@require_POST
def preferences(request: HttpRequest) -> HttpResponse:
    """Go back to the page on which a language or theme was chosen; the middleware keeps the choice."""
    language = normalise(request.POST.get("set_language", ""))
    if language and isinstance(request.user, User):
        services.user_set_language(user=request.user, language=language)
    back = request.POST.get("next", "/")
    if not url_has_allowed_host_and_scheme(back, allowed_hosts=None):
        back = "/"
    return redirect(back)


@requires_csrf_token
def bad_request(request: HttpRequest, exception: Exception | None = None, *, status: int = 400) -> HttpResponse:
    if problems.is_api(request):
        return problems.of_status(request, status)
    most = getattr(request, "most_bytes", settings.DATA_UPLOAD_MAX_MEMORY_SIZE)  # a page may take larger files
    unfinished = getattr(request, "is_unfinished", False)
    context = {"too_large": status == TOO_LARGE, "megabytes": most // 1_000_000, "unfinished": unfinished}
    return render(request, "400.html", context, status=status)


@requires_csrf_token
def wrong_method(request: HttpRequest, allowed: str) -> HttpResponse:
    """Say that an address takes no such request, as when a decision's address is opened without its form."""
    response = render(request, "405.html", status=405)
    response.headers["Allow"] = allowed
    return response


@requires_csrf_token
def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    if problems.is_api(request):
        return (exception and problems.of_exception(request, exception)) or problems.of_status(request, 403)
    return render(request, "403.html", status=403)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return render(request, "403.html", {"stale": True}, status=403)


@requires_csrf_token
def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    if problems.is_api(request):
        return problems.of_status(request, 404)
    return render(request, "404.html", status=404)


@requires_csrf_token
def server_error(request: HttpRequest) -> HttpResponse:
    """Say that something broke here; of a database that is down, that it is, since that passes."""
    error = sys.exc_info()[1]
    unavailable = isinstance(error, problems.UNAVAILABLE)
    if problems.is_api(request):
        return problems.of_status(request, 503 if unavailable else 500)
    if unavailable:
        response = render(request, "503.html", status=503)
        response.headers["Retry-After"] = problems.RETRY_SECONDS
        return response
    return render(request, "500.html", status=500)
