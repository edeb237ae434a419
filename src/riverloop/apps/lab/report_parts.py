"""What the sections of a report are made of: designs with what came out, what else was asked, words for values."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from riverloop.apps.clearance.formats import share_text
from riverloop.apps.lab.figures import duration, language, number, own

if TYPE_CHECKING:
    from riverloop.core.queueing.designs import ScenarioFile  # its simulator is slow to import

Json = Mapping[str, Any]
Row = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """One design of one case, and what came out of it.

    Args:
        label: what it is called beside the others.
        file: the scenario file that was read from ``text``.
        text: of the scenario file, as it was run.
        name: of the file, for the command that repeats it.
        design: key of the design; empty for the first.
        case: likewise.
        values: of parameters that were set otherwise than the case does.
        result: the JSON of its answer.
        undisturbed: the JSON of its answer without outages, where that was asked.
    """

    label: str
    file: ScenarioFile
    text: str
    name: str
    result: Json
    design: str = ""
    case: str = ""
    values: Mapping[str, float | str] = field(default_factory=dict)
    undisturbed: Json | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What else was asked, as the JSON of its answers; all of it is of the first subject.

    Args:
        differences: label of another subject to, by measure, ``mean``, ``ci95`` and ``sure``: the first less that one.
        between: labels of any two subjects that saw the same passengers to likewise: the one less the other.
        least_channels: ``channels`` by station, ``met``, ``share_within``.
        least_roster: ``station``, ``met``, ``share_within``, ``paid_hours``, ``needed``, ``channels``, ``shifts``.
        tornado: bars of ``tornado_measure``; None if it was not asked for.
        tornado_measure: which measure they are of.
        break_even: what the other design is called to the demand at which the answer changes.
        break_even_measure: which measure that is of.
    """

    differences: Mapping[str, Json] = field(default_factory=dict)
    between: Mapping[tuple[str, str], Json] = field(default_factory=dict)
    least_channels: Json | None = None
    least_roster: Json | None = None
    tornado: Sequence[Json] | None = None
    tornado_measure: str = ""
    break_even: Mapping[str, Json] = field(default_factory=dict)
    break_even_measure: str = ""


@dataclass(frozen=True, slots=True)
class Titled:
    """A table with what it is called."""

    title: str
    head: Row
    rows: Sequence[Row]


Subjects = Sequence[Subject]


def undrained(subjects: Subjects, label: str) -> list[str]:
    """Return what those are called whose queues do not drain, of the first subject and another."""
    return [
        one.label
        for place, one in enumerate(subjects)
        if (not place or one.label == label) and not one.result["drains"]
    ]


def title_of(one: Subject) -> str:
    """Return what a subject's scenario is called."""
    return own(one.file.title, one.name)


def station_title(result: Json, name: str) -> str:
    """Return what a station is called."""
    return own(result["stations"].get(name, {}).get("title"), name)


def value_text(value: float | str | None) -> str:
    """Return the value of a parameter."""
    return value if isinstance(value, str) else number(value, 4)


def percent(share: float | None) -> str:
    """Return a share as a percentage."""
    return "–" if share is None else share_text(round(share, 4), language())


def between(bounds: Sequence[float], form: Callable[[float], str]) -> str:
    """Return two bounds."""
    low, high = map(form, bounds)
    return _("{low} to {high}").format(low=low, high=high)


def finely(seconds: float) -> str:
    """Return a time, of which seconds may matter."""
    return duration(seconds, 2)


def points(share: float) -> str:
    """Return how far two shares are apart."""
    return _("{number} points").format(number=number(share * 100, 2))
