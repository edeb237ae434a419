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


def lacking(one: Json, ours: str, theirs: str, measure: str) -> str:
    """Return of a difference whose queues do not drain and where not everybody is served; nothing if all is well.

    Args:
        one: its JSON.
        ours: what the first design is called.
        theirs: the other.
        measure: by its name in the answer.
    """
    sides = ((ours, "ours"), (theirs, "theirs"))
    unserved = [name for name, side in sides if not one[f"{side}_serves_all"] and not counts_all(one, measure)]
    growing = [name for name, side in sides if not one[f"{side}_drains"] and name not in unserved]
    texts = ((_("the queues of {label} do not drain"), growing), (_("not everybody is served in {label}"), unserved))
    return _("; ").join(text.format(label=_and(names)) for text, names in texts if names)


def lacking_end(end: Json, measure: str) -> str:
    """Return the same of an end of a tornado's bar, which is a difference from the answer as it stands."""
    times = not counts_all(end, measure)
    found = (
        (times and not end["ours_serves_all"], _("not everybody is served there")),
        (times and not end["theirs_serves_all"], _("not everybody is served as it stands")),
        (not end["ours_drains"], _("queues do not drain there")),
        (not end["theirs_drains"], _("queues do not drain as it stands")),
    )
    return next((text for lacks, text in found if lacks), "")


def worth(differences: Sequence[Json], measure: str) -> str:
    """Return what differences between designs are worth, if there is anything to say of that.

    Args:
        differences: at several demands.
        measure: by its name in the answer.
    """
    told = list(_worth(differences, measure))
    if not all(counts_all(one, measure) for one in differences):
        told.append(
            _(
                "If the design that leaves people out takes longer even so, the other is the better; otherwise it "
                "cannot be told."
            )
        )
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
