"""Answers side by side, and their differences replication by replication where they saw the same passengers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.utils.translation import gettext as _

from riverloop.apps.lab import answers
from riverloop.apps.lab.claimed import Beside
from riverloop.apps.lab.words import with_note

Json = Mapping[str, Any]
MEASURES = ("share_within", "journey_seconds", "journey_p95_seconds")


@dataclass(frozen=True, slots=True)
class Difference:
    """How much greater a measure is in one answer than in another.

    Not known where hardly anybody came, and never sure where a queue of either does not drain.
    """

    title: str
    value: str = answers.NOT_KNOWN
    bounds: str = ""
    sure: bool = False
    none: bool = False
    known: bool = True
    drains: bool = True


def differences(ours: Json, theirs: Json) -> list[Difference]:
    """Return the differences of the measures, ours less theirs, each with its 95% interval.

    Args:
        ours: an answer with its replications.
        theirs: one that saw the same passengers.
    """
    found = []
    told, drains = differences_json(ours, theirs), both_drain(ours, theirs)
    for name in MEASURES if told else ():
        if name not in told:
            found.append(Difference(answers.measure_title(name), known=False))
            continue
        one = told[name]
        bounds = answers.between(one["ci95"], lambda value, name=name: answers.gap(name, value))
        none = one["ci95"] == [0, 0]
        found.append(
            Difference(
                answers.measure_title(name), answers.gap(name, one["mean"]), bounds, one["sure"], none, drains=drains
            )
        )
    return found


def differences_json(ours: Json, theirs: Json) -> dict[str, Any]:
    """Return the same as JSON: by measure, ``mean``, ``ci95`` and ``sure``.

    Where a queue of either does not drain, times are those of the few who were served, and nothing of them is sure.
    """
    from riverloop.core.queueing.intervals import difference  # noqa: PLC0415 - the simulator is slow to import

    found = {}
    for name in MEASURES:
        rows = zip(ours["replications"], theirs["replications"], strict=True)
        # None: nobody came on that day
        pairs = [(own[name], other[name]) for own, other in rows if None not in (own[name], other[name])]
        one = difference([pair[0] for pair in pairs], [pair[1] for pair in pairs]) if pairs else None
        if one is not None:
            found[name] = {"mean": one.mean, "ci95": [one.low, one.high], "sure": one.sure and both_drain(ours, theirs)}
    return found


def both_drain(ours: Json, theirs: Json) -> bool:
    """Whether the queues of both answers drain."""
    return bool(ours["result"]["drains"] and theirs["result"]["drains"])


def claims(found: Sequence[tuple[str, Json]]) -> list[tuple[str, list[dict[str, str]]]]:
    """Return what was claimed of each answer, with what the model says: of a difference too, where both are there."""
    told = [(label, answers.claims(answer, partial(_beside, answer, found))) for label, answer in found]
    return [(label, rows) for label, rows in told if rows]


def _beside(ours: Json, found: Sequence[tuple[str, Json]], design: str) -> Beside | None:
    """Return how an answer differs from that of another design of its scenario in its case, if that is there."""
    of = [_asked_of(answer) == {**_asked_of(ours), "design": design} for _label, answer in found]
    theirs = next((answer for (_label, answer), same in zip(found, of, strict=True) if same), None)
    if not design or theirs is None:
        return None
    same = same_passengers(ours, theirs)
    return Beside(told=differences_json(ours, theirs) if same else None, drains=both_drain(ours, theirs))


def _asked_of(answer: Json) -> dict[str, Any]:
    about = answer["about"]
    return {"title": about["title"], "design": about["design"]["key"], "case": about["case"]["key"]}


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
