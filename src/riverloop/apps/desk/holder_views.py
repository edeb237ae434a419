"""A holder's own: a copy of everything that is held about them, and what they ask about it."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from riverloop.apps.desk import ages, selectors, shown
from riverloop.apps.desk import requests as asked
from riverloop.apps.desk.copies import copy_give
from riverloop.apps.desk.forms import AnswerForm, RequestForm
from riverloop.apps.desk.matter_page import BAD_REQUEST, said_at, said_in
from riverloop.apps.desk.models import Matter
from riverloop.apps.parties.models import Person, User
from riverloop.apps.parties.selectors import own_person_ids
from riverloop.apps.parties.views import account_of
from riverloop.core.kernel.errors import RiverloopError

_MOST_SHOWN = 50


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def requests(request: HttpRequest) -> HttpResponse:
    """Show what one asked about oneself and how it stands; take a request, an answer, or a request's end."""
    user = account_of(request)
    form, error = RequestForm(), ""
    answered: dict[str, AnswerForm] = {}
    if request.method == "POST":
        do = request.POST.get("do", "")
        form = RequestForm(request.POST if do == "make" else None)
        try:
            said = _act(request, user, do, form, answered)
        except RiverloopError as refusal:
            said, error = "", refusal.told(_)
        if said:
            return redirect(said_at(request.path, said))
    now = timezone.now()
    rows = [_row(one, now, answered) for one in selectors.requests(visible_to=user)[:_MOST_SHOWN]]
    context = {"form": form, "rows": rows, "error": error, "said": said_in(request)}
    return render(request, "desk/requests.html", context, status=BAD_REQUEST if request.method == "POST" else 200)


def _act(request: HttpRequest, user: User, do: str, form: RequestForm, answered: dict[str, AnswerForm]) -> str:
    """Do what was sent, and return what to say of it; nothing if the form has mistakes."""
    if do == "make":
        if not form.is_valid():
            return ""
        asked.request_make(by=user, person=_oneself(user), **form.cleaned_data)
        return "request_made"
    one = get_object_or_404(selectors.requests(visible_to=user), pk=request.POST.get("matter", ""))
    if do == "withdraw":
        asked.request_withdraw(by=user, matter=one)
        return "request_withdrawn"
    answer = answered[one.id] = AnswerForm(request.POST, auto_id=f"answer_{one.id}_%s")
    if not answer.is_valid():
        return ""
    asked.request_answer(by=user, matter=one, text=answer.cleaned_data["text"])
    return "request_answered"


def _oneself(user: User) -> Person:
    return Person.objects.select_related("organisation").get(pk=min(own_person_ids(user)))


def _row(one: Matter, now: datetime, answered: dict[str, AnswerForm]) -> dict[str, Any]:
    clock = shown.clock(one.owner_side)
    question = one.steps.filter(act="asked").order_by("-number").first() if one.state == "waiting" else None
    return {
        "matter": one,
        "topic": _(asked.TOPIC_WORDS.get(one.topic, "")),
        "authority": shown.authority_text(one.owner_side, one.authority),
        "clock": clock,
        "due": ages.due_text(one.due_at, now, clock) if one.closed_at is None else "",
        "question": question.text if question else "",
        "answer_by": one.answer_due_at,
        "form": answered.get(one.id) or AnswerForm(auto_id=f"answer_{one.id}_%s"),
        "answer": _(asked.ANSWER_WORDS.get(one.act, one.act)) if one.act else "",
    }


@never_cache
@require_POST
def copy(request: HttpRequest) -> HttpResponse:
    """Hand over everything that is held about oneself, at once."""
    user = account_of(request)
    people = Person.objects.filter(pk__in=own_person_ids(user)).select_related("organisation").order_by("pk")
    now = timezone.now()
    held = {"at": now.isoformat(), "about_you": copy_give(to=user, people=people)}
    body = json.dumps(held, ensure_ascii=False, indent=2)
    response = HttpResponse(body, content_type="application/json")
    response.headers["Content-Disposition"] = f'attachment; filename="riverloop-{now:%Y-%m-%d}.json"'
    return response
