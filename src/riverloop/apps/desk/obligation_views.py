"""What the laws ask to be done by a day: as a list, as a file for a calendar, at an address that calendars read."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from riverloop.apps.desk import about, ages, calendars, selectors, services, shown
from riverloop.apps.desk.matter_page import BAD_REQUEST, said_at, said_in
from riverloop.apps.desk.models import Obligation
from riverloop.apps.desk.words import SHOW_WORDS
from riverloop.apps.parties.here import told, zone
from riverloop.apps.parties.models import User
from riverloop.apps.parties.views import account_of
from riverloop.core.kernel.errors import RiverloopError

_MOST_PAGES = 200


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def obligations(request: HttpRequest) -> HttpResponse:
    """List what one has to see to, first due first; say that it is done, or take that back."""
    user = account_of(request)
    error = ""
    if request.method == "POST":
        one = get_object_or_404(selectors.obligations(visible_to=user), pk=request.POST.get("obligation", ""))
        try:
            return redirect(said_at(request.path, _act(user, one, request.POST.get("do", ""))))
        except RiverloopError as refusal:
            error = refusal.told(_)
    return _list(request, user, error)


def _list(request: HttpRequest, user: User, error: str) -> HttpResponse:
    show = request.GET.get("show", "")
    show = show if show in SHOW_WORDS else "open"
    asked = request.GET.get("page", "")
    number = min(int(asked), _MOST_PAGES) if asked.isdecimal() and 0 < len(asked) < len(str(_MOST_PAGES)) + 1 else 1
    number = max(number, 1)
    found, more = selectors.obligations_sought(user, show=show, page=number)
    now, numbers = timezone.now(), about.numbers(one.subject for one in found)
    context = {
        "rows": [_row(one, user, now, numbers.get(one.subject, "")) for one in found],
        "show": show,
        "shows": [(name, _(word)) for name, word in SHOW_WORDS.items()],
        "before": number - 1,
        "number": number,
        "after": number + 1 if more else 0,
        "error": error,
        "said": said_in(request),
    }
    return render(request, "desk/obligations.html", context, status=BAD_REQUEST if error else 200)


def _act(user: User, one: Obligation, do: str) -> str:
    if do == "undone":
        services.obligation_undone(by=user, obligation=one)
        return "undone"
    services.obligation_done(by=user, obligation=one)
    return "done"


def _row(one: Obligation, user: User, now: datetime, number: str) -> dict[str, Any]:
    clock = shown.clock(one.law_side)
    return {
        "obligation": one,
        "number": number,
        "act": calendars.act_text(one.act),
        "side": told(zone().side(one.law_side).title),
        "law_side": one.law_side,
        "clock": clock,
        "due": ages.due_text(one.due_at, now, clock) if one.due_at and not one.done_at else "",
        "late": not one.done_at and ages.is_late(one.due_at, now),
        "can_do": user.has_perm("desk.do_obligation", one),
    }


# For calendars ---------------------------------------------------------------------------------------------------


@never_cache
@require_safe
def obligations_ics(request: HttpRequest) -> HttpResponse:
    """Hand over one's obligations as a file that a calendar takes in."""
    response = _ics(request, account_of(request))
    response.headers["Content-Disposition"] = 'attachment; filename="obligations.ics"'
    return response


@require_safe
def feed_ics(request: HttpRequest, secret: str) -> HttpResponse:
    """Answer a calendar program that knows the secret; to anybody else the address is not there."""
    reader = calendars.feed_reader(secret)
    if reader is None:
        raise Http404
    response = _ics(request, reader)
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["X-Robots-Tag"] = "noindex"
    return response


def _ics(request: HttpRequest, user: User) -> HttpResponse:
    body = calendars.calendar_of(user, request.build_absolute_uri(reverse("desk:obligations")))
    return HttpResponse(body, content_type="text/calendar; charset=utf-8")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def feed(request: HttpRequest) -> HttpResponse:
    """Make, change or end the address at which calendar programs read one's obligations; it is shown once."""
    user = account_of(request)
    address = ""
    if request.method == "POST":
        if request.POST.get("do") == "end":
            calendars.feed_end(by=user)
            return redirect(said_at(request.path, "feed_ended"))
        path = reverse("desk:feed_ics", args=[calendars.feed_make(by=user)])
        address = request.build_absolute_uri(path)
    context = {"feed": selectors.feed_of(user), "address": address, "said": said_in(request)}
    return render(request, "desk/feed.html", context)
