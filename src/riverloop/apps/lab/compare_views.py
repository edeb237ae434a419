"""Pages of simulations side by side: two to four of them, their charts and their report."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from riverloop.apps.lab import answers, comparing, drawn, opening, selectors
from riverloop.apps.lab.draining import undrained
from riverloop.apps.lab.experiment_views import draws_now, file_of, picture_of, row_of
from riverloop.apps.lab.models import Experiment
from riverloop.apps.lab.words import CHANCE_ALONE
from riverloop.apps.parties.models import User
from riverloop.apps.parties.views import account_of

MOST_COMPARED = 4
_MOST_NAMED = 200  # in an address


@never_cache
@require_safe
def compare(request: HttpRequest) -> HttpResponse:
    """Show two to four simulations side by side."""
    user = account_of(request)
    chosen, found = _chosen(request, user)
    runs = selectors.runs_of(found)
    states = {one.id: selectors.state_of(one, runs.get(one.id)) for one in found}
    answered = [one for one in found if one.answered_at]
    context: dict[str, Any] = {
        "rows": [row_of(one, states[one.id]) for one in found],
        "too_few": len(found) < 2,  # noqa: PLR2004 - two sides
        "works": any(state in ("waiting", "running") for state in states.values()),
        "query": request.GET.urlencode(),
        "most": MOST_COMPARED,
        "too_many": chosen if chosen > MOST_COMPARED else 0,
    }
    if len(answered) == len(found) >= 2:  # noqa: PLR2004 - two sides
        context |= _side_by_side(answered)
        query = urlencode([("x", one.id) for one in found])
        context["charts"] = drawn.drawing(
            drawn.of_compared(answered),
            lambda name: f"{reverse('lab:compare_chart', args=[name])}?{query}",
            now=draws_now(request),
        )
    if request.headers.get("HX-Request"):
        response = render(request, "lab/compare_progress.html", context)
        if not context["works"]:
            response.headers["HX-Refresh"] = "true"
        return response
    return render(request, "lab/compare.html", context)


def _chosen(request: HttpRequest, user: User) -> tuple[int, list[Experiment]]:
    """Return how many simulations an address names, and those compared: the first four, in its order.

    Whatever is not there or not visible is left out, and does not count.
    """
    keys = list(dict.fromkeys(request.GET.getlist("x")))[:_MOST_NAMED]
    visible = selectors.experiments(visible_to=user).filter(kind="simulate")
    there = set(visible.filter(pk__in=keys).values_list("pk", flat=True))
    chosen = [key for key in keys if key in there]
    found = visible.in_bulk(chosen[:MOST_COMPARED])
    return len(chosen), [found[key] for key in chosen[:MOST_COMPARED]]


def _side_by_side(found: list[Experiment]) -> dict[str, Any]:
    labels = drawn.labels(found)
    pairs: list[tuple[str, Any]] = list(zip(labels, (one.result for one in found), strict=True))
    first_label, first = pairs[0]
    return {
        "table": comparing.table(pairs),
        "against": first_label,
        "differences": [
            {
                "label": label,
                "rows": comparing.differences(answer, first) if comparing.same_passengers(answer, first) else [],
                "undrained": undrained([(label, answer), pairs[0]]),
                "why_not": "" if comparing.same_passengers(answer, first) else comparing.why_not(answer, first),
            }
            for label, answer in pairs[1:]
        ],
        "claims": comparing.claims(pairs),
        "chance_alone": _(CHANCE_ALONE),
        "needs": [(label, answers.needs(answer)) for label, answer in pairs],
        "headlines": [
            (label, answers.headline(answer), one, opening.said(answer["about"]["design"]["note"]))
            for (label, answer), one in zip(pairs, found, strict=True)
        ],
    }


@never_cache
@require_safe
def compare_report(request: HttpRequest) -> HttpResponse:
    """Give the comparison as one page that holds everything."""
    _count, chosen = _chosen(request, account_of(request))
    found = [one for one in chosen if one.answered_at]
    if not found:
        raise Http404
    return file_of(drawn.report(found), "text/html; charset=utf-8", "report.html")


@never_cache
@require_safe
def compare_chart(request: HttpRequest, name: str) -> HttpResponse:
    """Give the picture of one chart of a comparison, as a part of the page."""
    _count, found = _chosen(request, account_of(request))
    if len(found) < 2 or not all(one.answered_at for one in found):  # noqa: PLR2004 - two sides
        raise Http404
    return picture_of(drawn.of_compared(found), name)
