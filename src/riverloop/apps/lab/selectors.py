"""Reads of the lab: planners of a side see what each of them keeps, and nobody else does."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import Q, QuerySet

from riverloop.apps.lab.models import Experiment, SavedScenario
from riverloop.apps.lab.permissions import sides_planned
from riverloop.apps.runs.models import Run


def scenarios(*, visible_to: Any) -> QuerySet[SavedScenario]:
    """Return the scenarios that planners of an account's side keep, the last changed first."""
    found = SavedScenario.objects.filter(owner_side__in=sides_planned(visible_to))
    return found.select_related("created_by").order_by("-changed_at", "id")


def experiments(*, visible_to: Any) -> QuerySet[Experiment]:
    """Return the experiments of planners of an account's side, the newest first."""
    found = Experiment.objects.filter(owner_side__in=sides_planned(visible_to))
    return found.select_related("created_by").order_by("-created_at", "id")


def narrowed(found: QuerySet[Experiment], *, q: str = "", kind: str = "", state: str = "") -> QuerySet[Experiment]:
    """Narrow experiments down by words of their names, by kind, and by whether they are answered."""
    for word in q.split():
        found = found.filter(Q(words__icontains=word) | Q(scenario_key__icontains=word))
    if kind:
        found = found.filter(kind=kind)
    if state:
        found = found.filter(answered_at__isnull=state != "answered")
    return found


def unanswered(user: Any) -> int:
    """Return how many experiments of an account wait for their answer or are at work."""
    waiting = Run.objects.filter(started_by=user.pk, kind="lab.experiment", state__in=("waiting", "running"))
    return waiting.count()


def runs_of(listed: Iterable[Experiment]) -> dict[str, Run]:
    """Return the runs that answer experiments, by the experiment's id, in one query."""
    rows = list(listed)
    runs = Run.objects.in_bulk([one.run_id for one in rows if one.run_id])
    return {one.id: runs[one.run_id] for one in rows if one.run_id in runs}


def run_of(experiment: Experiment) -> Run | None:
    """Return the run that answers an experiment; None once it is kept no longer."""
    return Run.objects.filter(pk=experiment.run_id).first() if experiment.run_id else None


def state_of(experiment: Experiment, run: Run | None) -> str:
    """Return how an experiment stands; one whose run is gone without an answer was stopped."""
    if experiment.answered_at:
        return "done"
    return run.state if run else "cancelled"
