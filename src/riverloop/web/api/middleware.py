"""What every request of a program goes through: its token, its rate, and problems as the only form of refusal."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.cache import get_conditional_response

from riverloop.apps.documents.contents import MOST_BYTES
from riverloop.apps.parties.models import ApiToken
from riverloop.apps.parties.tokens import token_of
from riverloop.web.api import operations, problems
from riverloop.web.api.throttling import Left, Window

_REFUSED = 400  # this status and those above it
_MOST_FORM_BYTES = 1_000_000  # of a form, beside the file in it

WINDOW = Window()


class ApiMiddleware:
    """Stands after the table of access: the account is known before it, the body is looked at after it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not problems.is_api(request):
            return self.get_response(request)
        if request.method == "HEAD":
            request.method = "GET"  # the server leaves the body out
        token = self.sign_in(request)
        left = WINDOW.count(_who(request, token), settings.RIVERLOOP_API_A_MINUTE)
        response = self.answer(request, left)
        if response.status_code >= _REFUSED and response.headers.get("Content-Type") != problems.MEDIA_TYPE:
            kept = {name: response.headers[name] for name in ("Allow",) if name in response.headers}
            response = problems.of_status(request, response.status_code, kept)
        for name, value in left.headers().items():
            response.headers[name] = value
        return response

    def sign_in(self, request: HttpRequest) -> ApiToken | None:
        """Let a token say who asks, and nothing else: a browser sends a cookie unasked."""
        header = request.headers.get("Authorization", "")
        token = token_of(header) if header else None
        request.user = token.user if token else AnonymousUser()
        request.api_token = token  # type: ignore[attr-defined]
        return token

    def answer(self, request: HttpRequest, left: Left) -> HttpResponse:
        if left.requests < 0:
            wait = {"Retry-After": str(left.seconds)}
            return problems.problem(request, "too-many", headers=wait, seconds=left.seconds)
        if "Authorization" in request.headers and request.api_token is None:  # type: ignore[attr-defined]
            return problems.problem(request, "unauthenticated")
        response = self.get_response(request)
        if response.headers.get("ETag") and request.method == "GET":
            return get_conditional_response(request, etag=response.headers["ETag"], response=response) or response
        return response

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponseBase], args: Any, kwargs: Any
    ) -> HttpResponse | None:
        """Refuse a body of another type, or of more than is taken, before it is read."""
        if not problems.is_api(request):
            return None
        wanted = operations.content_type_of(request)
        length = _length(request)
        most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        if wanted == operations.FORM:
            most = MOST_BYTES + _MOST_FORM_BYTES
        if length > most:
            return problems.problem(request, "too-large")
        if wanted and request.content_type != wanted:
            return problems.problem(request, "media-type", wanted=wanted, headers={"Accept": wanted})
        if wanted == operations.JSON and (request.content_params or {}).get("charset", "utf-8").lower() != "utf-8":
            return problems.problem(request, "media-type", wanted=f"{wanted}; charset=utf-8")
        return None


def _who(request: HttpRequest, token: ApiToken | None) -> str:
    return token.id if token else f"at {request.META.get('REMOTE_ADDR', '')}"


def _length(request: HttpRequest) -> int:
    text = str(request.META.get("CONTENT_LENGTH") or "0")
    return int(text) if text.isascii() and text.isdigit() and len(text) < _MOST_DIGITS else 0


_MOST_DIGITS = 16
