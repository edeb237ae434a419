"""Standing answers: which count, which wait for a second officer, and which ended."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from riverloop.apps.desk import selectors, services, shown
from riverloop.apps.desk.matter_page import BAD_REQUEST, CONFLICT, said_at, said_in
from riverloop.apps.desk.models import StandingAnswer
from riverloop.apps.desk.permissions import officer_of
from riverloop.apps.parties.models import User
from riverloop.apps.parties.views import account_of
from riverloop.core.kernel.errors import ConflictError, RiverloopError


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def standing(request: HttpRequest) -> HttpResponse:
    """List the standing answers of one's authority or side; an officer confirms, sends back or withdraws one."""
    user = account_of(request)
    error = ""
    status = 200
    if request.method == "POST":
        answer = get_object_or_404(selectors.standing(visible_to=user), pk=request.POST.get("answer", ""))
        try:
            return redirect(said_at(request.path, _act(user, answer, request.POST.get("do", ""))))
        except RiverloopError as refusal:
            error = refusal.told(_)
            status = CONFLICT if isinstance(refusal, ConflictError) else BAD_REQUEST
    page = Paginator(selectors.standing(visible_to=user), selectors.A_PAGE).get_page(request.GET.get("page"))
    rows = [_row(answer, user) for answer in page.object_list]
    context = {"page": page, "rows": rows, "error": error, "said": said_in(request)}
    return render(request, "desk/standing.html", context, status=status)


def _act(user: User, answer: StandingAnswer, do: str) -> str:
    if do == "confirm":
        services.standing_answer_confirm(by=user, answer=answer)
        return "standing_confirmed"
    if do == "send_back":
        services.standing_answer_confirm(by=user, answer=answer, agreed=False)
    else:
        services.standing_answer_withdraw(by=user, answer=answer)
    return "standing_withdrawn"


def _row(answer: StandingAnswer, user: User) -> dict[str, Any]:
    waits = answer.confirmed_at is None and answer.withdrawn_at is None
    ended = answer.withdrawn_at or (answer.until if answer.until and answer.until < timezone.now() else None)
    acts = officer_of(user, answer.owner_side, answer.authority) and ended is None
    return {
        "answer": answer,
        "authority": shown.authority_text(answer.owner_side, answer.authority),
        "word": _("Allow each") if answer.allow else _("Refuse each"),
        "waits": waits,
        "ended": ended,
        "can_confirm": acts and waits and answer.given_by_id != user.id,
        "can_withdraw": acts and (not waits or answer.given_by_id == user.id),
    }
