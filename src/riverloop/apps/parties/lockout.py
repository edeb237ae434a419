"""What django-axes is told: whom a failed attempt counts against, and what is said of a lockout."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from allauth.core.internal.httpkit import get_client_ip
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from riverloop.apps.parties.models import normal_email


def account_of(request: HttpRequest | None, credentials: Mapping[str, Any] | None = None) -> str:
    """Return the address that was tried, in the form in which it is kept, so that no spelling starts a new count."""
    given = (credentials or {}).get("email") or (request.POST.get("login", "") if request else "")
    return normal_email(str(given))[:254]


def address_of(request: HttpRequest) -> str | None:
    """Return the network address of whoever asks; behind a proxy that we know of, as the proxy tells it."""
    found: str | None = get_client_ip(request)
    return found


def locked_out(request: HttpRequest, *arguments: Any, **named: Any) -> HttpResponse:
    """Say that there were too many attempts, and nothing of whether the account exists."""
    return render(request, "account/locked.html", status=429)
