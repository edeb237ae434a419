"""Following a run, and asking it to stop."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from riverloop.apps.runs import selectors, work
from riverloop.apps.runs.models import Run
from riverloop.apps.runs.services import run_cancel
from riverloop.apps.runs.words import STATE_WORDS

A_PAGE = 50  # rows of a list
_NEW = timedelta(seconds=5)  # for so long a page asks often: most of what is quick has ended then


@never_cache
@require_safe
def run_list(request: HttpRequest) -> HttpResponse:
    """List the work that one started, newest first; an auditor: that of the side."""
    rows = [shown(run) for run in selectors.runs(visible_to=request.user)[:A_PAGE]]
    return render(request, "runs/runs.html", {"rows": rows})


@never_cache
@require_safe
def run(request: HttpRequest, run_id: str) -> HttpResponse:
    """Show how far a run is; to htmx only that part, until it has ended and the page is to be read anew."""
    found = get_object_or_404(selectors.runs(visible_to=request.user), pk=run_id)
    if not request.headers.get("HX-Request"):
        return render(request, "runs/run.html", shown(found))
    response = render(request, "runs/progress.html", shown(found))
    if found.has_ended:
        response.headers["HX-Refresh"] = "true"
    return response


def shown(found: Run) -> dict[str, Any]:
    """Return what ``runs/progress.html`` shows of a run; any page may include it."""
    return {
        "run": found,
        "run_title": _(work.title_of(found)),
        "run_state": _(STATE_WORDS[found.state]),
        "run_error": found.error_text(),
        "run_page": work.page_of(found),
        "run_is_new": timezone.now() - found.created_at < _NEW,
    }


@require_POST
def cancel(request: HttpRequest, run_id: str) -> HttpResponse:
    """Ask a run to stop, and go back to it."""
    found = get_object_or_404(selectors.runs(visible_to=request.user), pk=run_id)
    if found.started_by != request.user.pk:  # an auditor looks, and stops nothing
        raise PermissionDenied
    run_cancel(run=found, by=request.user)
    return redirect(work.place_of_run(found) or reverse("runs:run", args=[run_id]))
