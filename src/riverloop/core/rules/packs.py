"""Rule packs as data: measures, dated parameters, rules, coverage and cases, before a zone is chosen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from riverloop.core.kernel.sides import Text
from riverloop.core.rules.facts import Dictionary, Value
from riverloop.core.rules.predicates import Predicate

Verified = Literal["primary", "secondary", "none"]
End = Literal["origin", "destination", "each"]

SHARED = frozenset({"both", "zone", "gba", "transport"})
"""Packs whose rules are instantiated once for each side (rule semantics 6)."""

REFUSED, INCOMPLETE, REFERRED, CLEARED = 3, 2, 1, 0
OUTCOMES = ("cleared", "referred", "incomplete", "refused")
"""Outcomes by level (rule semantics 9 and 11)."""

LEVELS = {"refuse": REFUSED, "require": INCOMPLETE, "refer": REFERRED}
EFFECTS = ("refuse", "suspend", "allow", "refer", "require", "route", "oblige", "inspect", "notify", "advise")


@dataclass(frozen=True, slots=True)
class Measure:
    """A legal instrument.

    Args:
        id: such as ``hk.cap599a``.
        title: its name in three languages.
        authority: who applies it, ``side.agency``, or the name of a shared pack.
        url: official page; empty if none is known.
        verified: whether a person has read the primary text.
        read_on: the day it was read.
        note: what was not read, and why it was encoded so; may be empty.
        pack: the pack it belongs to.
    """

    id: str
    title: Text
    authority: str
    url: str
    verified: Verified
    read_on: date
    note: Text
    pack: str

    @property
    def owner(self) -> str:
        """The side whose law it is, or the name of a shared pack."""
        return self.authority.split(".")[0]


@dataclass(frozen=True, slots=True)
class Series:
    """A parameter: values that hold from a day on.

    Args:
        name: what predicates call it.
        unit: of its values.
        values: (first day, value), by day.
    """

    name: str
    unit: str
    values: tuple[tuple[date, Value], ...]

    def on(self, day: date) -> Value | None:
        """Return the value in force on a day, or None before the first."""
        found = None
        for first_day, value in self.values:
            if first_day > day:
                break
            found = value
        return found


@dataclass(frozen=True, slots=True)
class Effect:
    """What follows if a rule holds: one of EFFECTS with its argument."""

    kind: str
    value: Any

    def as_json(self) -> dict[str, Any]:
        """Return ``{kind: value}``."""
        return {self.kind: self.value}

    def documents(self) -> tuple[tuple[str, ...], ...]:
        """Return the documents required: each a tuple of alternatives."""
        if self.kind != "require":
            return ()
        wanted = self.value if isinstance(self.value, list) else [self.value]
        return tuple(tuple(one["any_of"]) if isinstance(one, dict) else (one,) for one in wanted)


@dataclass(frozen=True, slots=True)
class Remedy:
    """What a person refused may do.

    Args:
        body: who hears it.
        days: within how many days; None if no limit is known here.
        measure: id of the measure that gives it, or None.
        text: how to ask, in three languages.
    """

    body: str
    days: int | None
    measure: str | None
    text: Text


@dataclass(frozen=True, slots=True)
class Rule:
    """One dated predicate of a measure with one effect.

    Args:
        id: law-like dotted name.
        measure: id of the measure it cites.
        pack: the pack it belongs to.
        owner: the side it binds, or the name of a shared pack.
        flow: person, goods or data.
        directions: those it applies to; empty for every one.
        end: for shared packs, on which end's side it counts.
        sides: for shared packs, the sides that may see what it reads; empty for each.
        starts: first day in force (of an announced rule, the first day it may be assumed).
        until: last day in force, or None.
        announced: whether it counts only where assumed.
        when: the predicate.
        effect: what follows.
        overrides: ids of the rules it displaces.
        verified: whether a person has read the primary text.
        remedy: for refuse and suspend.
        disclose: ``applicant``, or ``authority`` if others read a neutral sentence.
        reason: why, in three languages.
        next_step: what to do next; may be empty.
        note: how the text was read; may be empty.
        version: hash of the rule and its parameters; an answer to a referral names it.
        where: file and line.
        sql: the predicate as written.
    """

    id: str
    measure: str
    pack: str
    owner: str
    flow: str
    directions: tuple[str, ...]
    end: End
    sides: tuple[str, ...]
    starts: date
    until: date | None
    announced: bool
    when: Predicate
    effect: Effect
    overrides: tuple[str, ...]
    verified: Verified
    remedy: Remedy | None
    disclose: str
    reason: Text
    next_step: Text
    note: Text
    version: str
    where: str
    sql: str

    @property
    def shared(self) -> bool:
        """Whether it is instantiated for each side."""
        return self.owner in SHARED

    def in_force(self, day: date) -> bool:
        """Say whether ``day`` lies between its dates."""
        return self.starts <= day and (self.until is None or day <= self.until)

    def applies_to(self, direction: str) -> bool:
        """Say whether it speaks of this direction."""
        return not self.directions or direction in self.directions


@dataclass(frozen=True, slots=True)
class Coverage:
    """What a measure speaks for; an item outside all coverage of a side is referred (semantics 21).

    Args:
        owner: the side, or the name of a shared pack.
        flow: person, goods or data.
        directions: empty for every one.
        subject: which items.
        starts: first day on which it counts.
        rule: counts only while this announced rule counts; empty otherwise.
        measure: id of the measure.
        note: why, in three languages; may be empty.
    """

    owner: str
    flow: str
    directions: tuple[str, ...]
    subject: Predicate
    starts: date
    rule: str
    measure: str
    note: Text


@dataclass(frozen=True, slots=True)
class Case:
    """A plain case that a lawyer can read, and that the tests run."""

    name: str
    measure: str
    flow: str
    direction: str
    side: str
    at: str
    items: tuple[Mapping[str, Any], ...]
    assume: tuple[str, ...]
    crossing_at: str
    expect: Mapping[str, Any]
    where: str


@dataclass(frozen=True, slots=True)
class Pack:
    """A folder of measures with its version and the hash of its text."""

    id: str
    version: str
    sha256: str
    title: Text


@dataclass(frozen=True)
class PackSet:
    """Everything loaded: the dictionary of facts and the law in its words.

    Args:
        dictionary: facts, documents, routes, acts, calendars.
        packs: by id.
        measures: by id.
        parameters: by measure id, then by name.
        rules: by id, overriding rules before the ones they override.
        coverage: what the measures speak for.
        cases: in file order.
        sha256: hash over every file.
    """

    dictionary: Dictionary
    packs: Mapping[str, Pack]
    measures: Mapping[str, Measure]
    parameters: Mapping[str, Mapping[str, Series]]
    rules: Mapping[str, Rule]
    coverage: tuple[Coverage, ...]
    cases: tuple[Case, ...]
    sha256: str
