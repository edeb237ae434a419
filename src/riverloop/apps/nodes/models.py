from __future__ import annotations

import json
from typing import Any

from django.db import models
from django.utils.translation import gettext

from riverloop.core.kernel.errors import RiverloopError
from riverloop.core.kernel.ids import new_id


class Link(models.Model):
    """How it stands between a side that lives here and the other side's node: seen from here, each way."""

    id = models.CharField(primary_key=True, max_length=26, default=new_id, editable=False)
    owner_side = models.CharField(max_length=8)
    side = models.CharField(max_length=8)  # the other one
    up = models.BooleanField(default=False)
    since = models.DateTimeField()  # when it came up, or was lost
    answered_at = models.DateTimeField(null=True, blank=True)  # last; it is written down at most twice a minute
    heard_at = models.DateTimeField(null=True, blank=True)  # when the other node last called; the same
    attempts = models.PositiveIntegerField(default=0)  # in vain, one after the other
    next_try_at = models.DateTimeField(null=True, blank=True)
    trouble = models.TextField(blank=True)  # why it is down, as JSON of a RiverloopError
    refused = models.TextField(blank=True)  # what was last refused of what called itself the other node, the same
    refused_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["owner_side", "side"], name="nodes_link_once")]

    def __str__(self) -> str:
        return f"{self.owner_side} {self.side}"

    @property
    def trouble_text(self) -> str:
        """Why it is down, in one line in the active language."""
        return _line_of(self.trouble)

    @property
    def refused_text(self) -> str:
        """What was refused last, in one line in the active language."""
        return _line_of(self.refused)


def error_as_json(error: RiverloopError) -> str:
    """Return an error as it is kept: what it says, and of what."""
    values = {name: value if isinstance(value, int) else str(value) for name, value in error.parameters.items()}
    return json.dumps({"code": error.code, "message": error.message, "params": values}, ensure_ascii=False)


def error_kept(kept: str) -> RiverloopError:
    """Return an error that was kept."""
    told: dict[str, Any] = json.loads(kept)
    return RiverloopError(told["code"], told["message"], **told["params"])


def _line_of(kept: str) -> str:
    return error_kept(kept).told(gettext) if kept else ""
