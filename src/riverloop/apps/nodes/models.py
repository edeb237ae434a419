from __future__ import annotations

import json
from typing import Any

from django.db import models
from django.utils.translation import gettext

from riverloop.apps.nodes.here import side_title, zone
from riverloop.core.kernel.errors import Hint, RiverloopError, hint_of
from riverloop.core.kernel.ids import new_id

_SIDES = ("side", "other", "of_side")  # parameters of errors that are ids of sides


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
    """Return an error as it is kept, to be told later in whatever language: what it says, and of what."""
    return json.dumps(_as_dict(error), ensure_ascii=False)


def error_kept(kept: str) -> RiverloopError:
    """Return an error that was kept."""
    return _from_dict(json.loads(kept))


def error_to_read(kept: str) -> RiverloopError:
    """Return an error that was kept, with the names of the sides in the active language instead of their ids."""
    return _named(error_kept(kept))


def _as_dict(error: RiverloopError) -> dict[str, Any]:
    params = {name: _plain(value) for name, value in error.parameters.items()}
    return {"code": error.code, "message": error.message, "where": error.where, "params": params}


def _plain(value: object) -> object:
    if isinstance(value, RiverloopError):
        return _as_dict(value)
    if isinstance(value, Hint):
        return {"near": value.near}
    return value if isinstance(value, int | float) else str(value)


def _from_dict(told: dict[str, Any]) -> RiverloopError:
    params = {name: _of_plain(value) for name, value in told["params"].items()}
    return RiverloopError(told["code"], told["message"], where=told.get("where", ""), **params)


def _of_plain(value: Any) -> object:
    if not isinstance(value, dict):
        return value
    return hint_of(value["near"]) if "near" in value else _from_dict(value)


def _named(error: RiverloopError) -> RiverloopError:
    titles = {side.id: side_title(side.id) for side in zone().sides}
    params: dict[str, Any] = {}
    for name, value in error.parameters.items():
        if isinstance(value, RiverloopError):
            params[name] = _named(value)
        else:
            params[name] = titles.get(str(value), value) if name in _SIDES else value
    return RiverloopError(error.code, error.message, where=error.where, **params)


def _line_of(kept: str) -> str:
    return error_to_read(kept).told(gettext) if kept else ""
