"""What differences are worth where queues do not drain: times there are only of those who were served."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from riverloop.apps.clearance.formats import list_text
from riverloop.apps.lab.figures import language

Json = Mapping[str, Any]


def undrained(found: Sequence[tuple[str, Json]]) -> str:
    """Return of which answers the queues do not drain, and what their differences are then worth."""
    names = [label for label, answer in found if not answer["result"]["drains"]]
    text = _(
        "The queues of {label} do not drain: times there are only of those who were served, and no difference is sure."
    )
    return text.format(label=list_text(names, language())) if names else ""


def lacking_queues(one: Json, ours: str, theirs: str) -> str:
    """Return whose queues do not drain, where there are such, of a difference between two designs."""
    names = [name for name, drains in ((ours, one["ours_drains"]), (theirs, one["theirs_drains"])) if not drains]
    return _("the queues of {label} do not drain").format(label=list_text(names, language())) if names else ""


def where_lacking(points: Sequence[Json]) -> str:
    """Return what the differences at some demands are worth, if queues do not drain at one of them."""
    if all(one["ours_drains"] and one["theirs_drains"] for one in points):
        return ""
    return _(
        "Where queues do not drain, times are only of those who were served, and no difference is sure; where those of "
        "one alone drain, it is taken for the better in times."
    )


def undrained_ends(bars: Sequence[Json]) -> str:
    """Return what is said of a tornado if the queues do not drain as asked, or at an end of some bars."""
    ends = [one[end] for one in bars for end in ("low", "high") if one[end]]
    if not all(end["theirs_drains"] for end in ends):
        return _("As asked, queues do not drain: changes of times are only of those who were served, and none is sure.")
    if not all(end["ours_drains"] for end in ends):
        return _("Where queues do not drain, times are only of those who were served, and no change is sure.")
    return ""
