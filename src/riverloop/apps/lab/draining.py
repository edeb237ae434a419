"""What differences are worth where queues do not drain, or not everybody is served."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from riverloop.apps.clearance.formats import list_text
from riverloop.apps.lab.figures import language
from riverloop.apps.lab.words import sentences

Json = Mapping[str, Any]


def undrained(found: Sequence[tuple[str, Json]]) -> str:
    """Return of which answers the queues do not drain, and what their differences are then worth."""
    names = [label for label, answer in found if not answer["result"]["drains"]]
    text = _(
        "The queues of {label} do not drain: times depend on how long that lasts, and leave out whoever is never "
        "served; no difference is sure."
    )
    return text.format(label=_and(names)) if names else ""


def lacking(one: Json, ours: str, theirs: str) -> str:
    """Return of a difference whose queues do not drain and where not everybody is served; nothing if all is well."""
    sides = ((ours, "ours"), (theirs, "theirs"))
    unserved = [name for name, side in sides if not one[f"{side}_serves_all"]]
    growing = [name for name, side in sides if not one[f"{side}_drains"] and one[f"{side}_serves_all"]]
    told = []
    if growing:
        told.append(_("the queues of {label} do not drain").format(label=_and(growing)))
    if unserved:
        told.append(_("not everybody is served in {label}").format(label=_and(unserved)))
    return _and(told)


def lacking_end(end: Json) -> str:
    """Return the same of an end of a tornado's bar, which is a difference from the answer as asked."""
    found = (
        (end["ours_serves_all"], _("not everybody is served there")),
        (end["theirs_serves_all"], _("not everybody is served as asked")),
        (end["ours_drains"], _("queues do not drain there")),
        (end["theirs_drains"], _("queues do not drain as asked")),
    )
    return next((text for well, text in found if not well), "")


def worth(differences: Sequence[Json], measure: str) -> str:
    """Return what differences between designs are worth, if there is anything to say of that.

    Args:
        differences: at several demands.
        measure: by its name in the answer.
    """
    told = list(_worth(differences, measure))
    if not all(counts_all(one, measure) for one in differences):
        told.append(_("If even so those of one are the longer, the other is the better; otherwise it cannot be told."))
    return sentences(*told)


def worth_of_ends(bars: Sequence[Json], measure: str) -> str:
    """Return the same of the ends of a tornado's bars."""
    return sentences(*_worth([one[end] for one in bars for end in ("low", "high") if one[end]], measure))


def _worth(differences: Sequence[Json], measure: str) -> Iterator[str]:
    if not all(one["ours_drains"] and one["theirs_drains"] for one in differences):
        yield _("Where queues do not drain, the difference depends on how long that lasts, and none is called sure.")
    if not all(counts_all(one, measure) for one in differences):
        yield _("Where not everybody is served, times are only of those who are.")


def counts_all(one: Json, measure: str) -> bool:
    """Whether a difference is of everybody: shares are, and times where everybody is served."""
    return bool(measure == "share_within" or (one["ours_serves_all"] and one["theirs_serves_all"]))


def _and(parts: Sequence[str]) -> str:
    return list_text(list(parts), language())
