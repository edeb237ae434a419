"""Reads of runs. Whoever started one sees it, and whoever audits its side."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet

from riverloop.apps.runs.models import Run


def runs(visible_to: Any) -> QuerySet[Run]:
    """Return the runs that an account may see, newest first."""
    if not getattr(visible_to, "is_active", False):
        return Run.objects.none()
    audited = {role.owner_side for role in visible_to.held_roles if role.kind == "auditor"}
    may = Q(started_by=visible_to.pk)
    if audited:
        may |= Q(owner_side__in=audited)
    return Run.objects.filter(may).order_by("-created_at", "id")
