"""Answers side by side, and their differences replication by replication where they saw the same passengers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from riverloop.apps.lab import answers
from riverloop.apps.lab.words import with_note

Json = Mapping[str, Any]
MEASURES = ("share_within", "journey_seconds", "journey_p95_seconds")


@dataclass(frozen=True, slots=True)
class Difference:
    """How much greater a measure is in one answer than in another; not known where hardly anybody came."""

    title: str
    value: str = answers.NOT_KNOWN
    bounds: str = ""
    sure: bool = False
    none: bool = False
    known: bool = True


def differences(ours: Json, theirs: Json) -> list[Difference]:
    """Return the differences of the measures, ours less theirs, each with its 95% interval.

    Args:
        ours: an answer with its replications.
        theirs: one that saw the same passengers.
    """
    found = []
    told = differences_json(ours, theirs)
    for name in MEASURES if told else ():
        if name not in told:
            found.append(Difference(answers.measure_title(name), known=False))
            continue
        one = told[name]
        bounds = answers.between(one["ci95"], lambda value, name=name: answers.gap(name, value))
        none = one["ci95"] == [0, 0]
        found.append(Difference(answers.measure_title(name), answers.gap(name, one["mean"]), bounds, one["sure"], none))
    return found


def differences_json(ours: Json, theirs: Json) -> dict[str, Any]:
    """Return the same as JSON: by measure, ``mean``, ``ci95`` and ``sure``."""
    from riverloop.core.queueing.intervals import difference  # noqa: PLC0415 - the simulator is slow to import

    found = {}
    for name in MEASURES:
        rows = zip(ours["replications"], theirs["replications"], strict=True)
        # None: nobody came on that day
        pairs = [(own[name], other[name]) for own, other in rows if None not in (own[name], other[name])]
        one = difference([pair[0] for pair in pairs], [pair[1] for pair in pairs]) if pairs else None
        if one is not None:
            found[name] = {"mean": one.mean, "ci95": [one.low, one.high], "sure": one.sure}
    return found


def same_passengers(ours: Json, theirs: Json) -> bool:
    """Whether two answers are about the same passengers, and more than one replication of them."""
    counts = {len(one["replications"]) for one in (ours, theirs)}
    return ours["about"]["arrivals"] == theirs["about"]["arrivals"] and counts != {1} and len(counts) == 1


def why_not(ours: Json, theirs: Json) -> str:
    """Return why two answers are not compared pair by pair."""
    if len(ours["replications"]) == len(theirs["replications"]) == 1:
        return _("One replication tells no difference apart. Run both with at least two.")
    return _(
        "These did not see the same passengers, so the numbers stand side by side without a difference. Run both with "
        "the same arrivals, seed and replications."
    )


def table(found: Sequence[tuple[str, Json]]) -> answers.Rows:
    """Return answers side by side: a row for each number."""
    columns = [_column(answer) for _label, answer in found]
    labels = list(dict.fromkeys(label for column in columns for label in column))
    head = ("", *(label for label, _answer in found))
    return answers.Rows(
        head, tuple((label, *(column.get(label, answers.NOT_KNOWN) for column in columns)) for label in labels)
    )


def _column(answer: Json) -> dict[str, str]:
    result = answer["result"]
    pledge, bottleneck = result["pledge"], result["bottleneck"]
    column = {
        _("The pledge is kept"): _("yes") if pledge["met"] else _("no"),
        _("The queues drain"): _("yes") if result["drains"] else _("no"),
        _("Waits are longest at"): answers.station_title(answer, bottleneck) if bottleneck else answers.NOT_KNOWN,
    }
    for one in answers.figures(answer):
        column[one.label] = with_note(one.value, one.note) if one.note else one.value
    return column
