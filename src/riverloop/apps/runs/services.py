"""Writes of runs: start one, ask it to stop."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from riverloop.apps.record.services import record_append
from riverloop.apps.runs.models import Run


def run_start(
    *,
    side: str,
    kind: str,
    params: Mapping[str, Any],
    by: Any = None,
    total: int = 0,
    not_before: datetime | None = None,
) -> Run:
    """Hand a piece of work to the worker; it begins once the transaction has committed.

    Args:
        side: whose work it is.
        kind: as ``work.register`` knows it.
        params: what to work on, as ids and words: never personal data.
        by: the account that asked for it; None for the timetable.
        total: steps, or 0 if they are not known yet.
        not_before: when it may begin; at once without it.
    """
    now = timezone.now()
    return Run.objects.create(
        owner_side=side,
        kind=kind,
        params=dict(params),
        started_by=by.pk if by is not None else "",
        total=total,
        not_before=not_before or now,
        created_at=now,
    )


@transaction.atomic
def run_cancel(*, run: Run, by: Any) -> None:
    """Ask a run to stop: one that waits stops at once, one at work at its next step; one that has ended stays so."""
    now = timezone.now()
    open_runs = Run.objects.filter(pk=run.pk)
    asked = open_runs.filter(state="waiting").update(state="cancelled", cancel_asked=True, ended_at=now)
    asked = asked or open_runs.filter(state="running", cancel_asked=False).update(cancel_asked=True)
    if asked:
        record_append(side=run.owner_side, kind="run.cancelled", payload={"run": run.pk, "by": by.pk})
    run.refresh_from_db()
