from __future__ import annotations

from django.db import models
from django.utils.translation import gettext

from riverloop.apps.nodes.models import error_kept
from riverloop.core.kernel.ids import new_id


class Run(models.Model):
    """A piece of background work. Whoever holds its lease works on it; a lease that ran out is taken by another.

    What it works on stands in ``params`` as ids; its result is kept as JSON. It holds no personal data.
    """

    STATES = ("waiting", "running", "done", "failed", "cancelled")

    id = models.CharField(primary_key=True, max_length=26, default=new_id, editable=False)
    owner_side = models.CharField(max_length=8)
    kind = models.CharField(max_length=40)
    params = models.JSONField(default=dict)
    started_by = models.CharField(max_length=26, blank=True)  # id of an account; none for the timetable
    state = models.CharField(max_length=10, default="waiting")
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    result = models.JSONField(default=dict)
    error = models.TextField(blank=True)  # JSON of a RiverloopError: code, message, params
    cancel_asked = models.BooleanField(default=False)
    attempts = models.PositiveSmallIntegerField(default=0)
    not_before = models.DateTimeField()
    leased_until = models.DateTimeField(null=True, blank=True)
    leased_by = models.CharField(max_length=26, blank=True)
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["state", "not_before"], name="runs_due"),
            models.Index(fields=["owner_side", "kind", "-created_at"], name="runs_newest"),
            models.Index(fields=["started_by", "-created_at"], name="runs_started_by"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"

    @property
    def has_ended(self) -> bool:
        return self.state in ("done", "failed", "cancelled")

    def error_text(self) -> str:
        """Return what went wrong as one line in the active language; nothing if nothing did."""
        if not self.error:
            return ""
        return error_kept(self.error).line_told(gettext)
