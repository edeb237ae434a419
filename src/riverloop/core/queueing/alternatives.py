"""What a scenario file chooses between: designs of a hall, with what they need besides, and cases."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from riverloop.core.kernel.words import N_
from riverloop.core.queueing.differences import MEASURES
from riverloop.core.queueing.network import Text
from riverloop.core.queueing.parameters import ASSUMED, Ends, Value, read_ends, read_stated, read_value
from riverloop.core.queueing.reading import Entry, check_name, read_text


@dataclass(frozen=True, slots=True)
class Need:
    """What a design needs besides what is simulated, as stated.

    Args:
        kind: ``legal``, ``land``, ``cost``, ``staff`` or ``other``.
        text: for people.
        as_of: date, month or year.
        source: who says so; empty if nobody is named.
    """

    kind: str
    text: Text
    as_of: str = ""
    source: str | Text = ""


@dataclass(frozen=True, slots=True)
class Claim:
    """What was claimed elsewhere, to be read beside what the model says.

    Args:
        text: for people.
        value: the number that was claimed; None where the claim has none.
        unit: of the number.
        measure: what of an answer it is about, such as ``journey_seconds``; empty if of nothing there.
        against: key of the design from which the measure is claimed to differ; empty where it is no difference.
        case: key of the one case that it is claimed of; empty if of every case.
        as_of: date, month or year.
        source: who says so, as a text or by language; empty if nobody is named.
    """

    text: Text
    value: float | None = None
    unit: str = ""
    measure: str = ""
    against: str = ""
    case: str = ""
    as_of: str = ""
    source: str | Text = ""


@dataclass(frozen=True, slots=True)
class Design:
    """One way to build the hall.

    Args:
        key: its name in the file; empty where the file holds only one.
        title: for people.
        note: likewise.
        needs: what it needs besides.
        claims: what was claimed of it.
    """

    key: str = ""
    title: Text = field(default_factory=dict)
    note: Text = field(default_factory=dict)
    needs: tuple[Need, ...] = ()
    claims: tuple[Claim, ...] = ()


@dataclass(frozen=True, slots=True)
class Case:
    """One state of the world.

    Args:
        key: its name in the file; empty where the file holds only one.
        title: for people.
        note: likewise.
        set: values of parameters that it changes.
        ends: between what these may lie, where the case says so: low and high.
        sources: where these are from; ``assumed`` where the case does not say.
        as_of: date, month or year of these, where the case says so.
        stated: between what these were said to lie, where they lie outside.
    """

    key: str = ""
    title: Text = field(default_factory=dict)
    note: Text = field(default_factory=dict)
    set: Mapping[str, Value] = field(default_factory=dict)
    ends: Mapping[str, tuple[Value, Value]] = field(default_factory=dict)
    sources: Mapping[str, str | Text] = field(default_factory=dict)
    as_of: Mapping[str, str] = field(default_factory=dict)
    stated: Mapping[str, Ends] = field(default_factory=dict)


def read_design(key: str, raw: Mapping[str, Any]) -> Design:
    """Read one design, but for what it replaces."""
    needs = tuple(
        Need(one["kind"], read_text(one["text"]), str(one.get("as_of", "")), one.get("source", ""))
        for one in raw.get("needs", ())
    )
    return Design(key, read_text(raw.get("title")), read_text(raw.get("note")), needs, read_claims(raw))


def read_claims(raw: Mapping[str, Any]) -> tuple[Claim, ...]:
    """Read what was claimed of a design, or of the whole."""
    return tuple(
        Claim(
            text=read_text(one["text"]),
            value=one.get("value"),
            unit=one.get("unit", ""),
            measure=one.get("measure", ""),
            against=one.get("against", ""),
            case=one.get("case", ""),
            as_of=str(one.get("as_of", "")),
            source=one.get("source", ""),
        )
        for one in raw.get("claims", ())
    )


def check_claims(entry: Entry, claims: Iterable[Claim], designs: Iterable[str], cases: Iterable[str]) -> None:
    """Refuse claims of designs and cases that are not there, and differences that no comparison answers.

    Args:
        entry: the list of claims in the file.
        claims: as they were read.
        designs: keys of the other designs.
        cases: keys of all cases.
    """
    others = list(designs)
    for place, one in enumerate(claims):
        here = entry.into(place)
        if one.case:
            check_name(here.into("case"), one.case, cases, "case")
        if not one.against:
            continue
        check_name(here.into("against"), one.against, others, "design")
        if one.measure not in MEASURES:
            raise here.refuse(
                "claim",
                N_("A claimed difference is of one of {measures}. Write one of these as its measure."),
                measures=", ".join(MEASURES),
            )


def read_case(entry: Entry, key: str, raw: Mapping[str, Any], names: Iterable[str]) -> Case:
    """Read one case; what it sets must be parameters of the file."""
    values: dict[str, Value] = {}
    ends: dict[str, tuple[Value, Value]] = {}
    said_of: dict[str, Ends] = {}
    stated_of: dict[str, dict[str, Any]] = {}
    for name, one in raw.get("set", {}).items():
        here = entry.into("cases", key, "set", name)
        check_name(here, name, names, "parameter")
        stated = stated_of[name] = one if isinstance(one, dict) else {"value": one}
        values[name] = read_value(here, stated["value"])
        low, high = read_ends(here, name, values[name], stated)
        if low is not None and high is not None:
            ends[name] = (low, high)
        if said := read_stated(here, stated):
            said_of[name] = said
    return Case(
        key,
        read_text(raw.get("title")),
        read_text(raw.get("note")),
        values,
        ends,
        sources={name: one.get("source", ASSUMED) for name, one in stated_of.items()},
        as_of={name: str(one["as_of"]) for name, one in stated_of.items() if "as_of" in one},
        stated=said_of,
    )
