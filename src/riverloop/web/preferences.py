"""Language and theme: chosen on any page, kept in two cookies, never in an address."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.utils.cache import patch_vary_headers

from riverloop.web.api.problems import is_api
from riverloop.web.refusals import posted

THEMES = ("auto", "light", "dark")
_YEAR_SECONDS = 365 * 24 * 3600
_TRADITIONAL = {"hk", "mo", "tw"}
_QUALITY = re.compile(r";\s*q=([01](?:\.\d{0,3})?)")


def normalise(tag: str) -> str | None:
    """Return our name for a BCP 47 language tag, or None if the language is not ours.

    A script decides; failing that, the place; bare Chinese is written in Simplified.
    """
    first, *rest = re.split(r"[-_]", tag.strip().lower())
    if first == "en":
        return "en"
    if first == "yue":
        return "zh-hans" if "hans" in rest else "zh-hant"
    if first != "zh":
        return None
    if "hant" in rest or "hans" in rest:
        return "zh-hant" if "hant" in rest else "zh-hans"
    return "zh-hant" if _TRADITIONAL & set(rest) else "zh-hans"


def negotiate(accept_language: str) -> str:
    """Return the first language of an Accept-Language header that is ours, or English."""
    for tag in _by_quality(accept_language[:1000]):
        ours = normalise(tag)
        if ours:
            return ours
    return "en"


def _by_quality(header: str) -> Iterable[str]:
    wanted = []
    for place, part in enumerate(header.split(",")):
        quality = _QUALITY.search(part)
        weight = float(quality[1]) if quality else 1.0
        if weight > 0:
            wanted.append((-weight, place, part.split(";")[0]))
    return [tag for _, _, tag in sorted(wanted)]


class PreferencesMiddleware:
    """Finds the language and the theme of a request; a button on any page may change them."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if is_api(request):  # a program says what it wants in each request; its body is read once it may call
            return self._answered(request, negotiate(request.headers.get("Accept-Language", "")))
        chosen = posted(request)
        language = normalise(chosen.get("set_language", ""))
        theme = chosen.get("set_theme") if chosen.get("set_theme") in THEMES else None
        with translation.override(language or self._language(request)):
            request.LANGUAGE_CODE = translation.get_language()
            request.theme = theme or self._theme(request)  # type: ignore[attr-defined]
            response = self.get_response(request)
            response.headers["Content-Language"] = translation.get_language() or "en"
        patch_vary_headers(response, ("Accept-Language", "Cookie"))
        self._keep(response, settings.LANGUAGE_COOKIE_NAME, language)
        self._keep(response, "theme", theme)
        return response

    def _answered(self, request: HttpRequest, language: str) -> HttpResponse:
        with translation.override(language):
            request.LANGUAGE_CODE = language
            response = self.get_response(request)
            response.headers["Content-Language"] = translation.get_language() or "en"
        patch_vary_headers(response, ("Accept-Language", "Authorization"))
        return response

    def _language(self, request: HttpRequest) -> str:
        kept = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
        return normalise(kept) or negotiate(request.headers.get("Accept-Language", ""))

    def _theme(self, request: HttpRequest) -> str:
        kept = request.COOKIES.get("theme", "auto")
        return kept if kept in THEMES else "auto"

    def _keep(self, response: HttpResponse, name: str, value: str | None) -> None:
        if value:
            secure = bool(getattr(settings, "LANGUAGE_COOKIE_SECURE", False))
            response.set_cookie(name, value, max_age=_YEAR_SECONDS, samesite="Lax", secure=secure, httponly=True)
