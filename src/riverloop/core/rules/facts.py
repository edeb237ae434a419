"""The dictionary of facts: every typed, named statement that a rule may read.

A fact that is not stated is NULL (None), unless the dictionary closes the world for it: a document is held
only if stated, a watch list is hit only if an officer says so.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from typing import Any, Literal

from riverloop.core.kernel.errors import InputError, did_you_mean
from riverloop.core.kernel.instants import FIRST_DAY, LAST_DAY, read_date
from riverloop.core.kernel.sides import FLOWS, Text

Kind = Literal["boolean", "integer", "decimal", "date", "choice", "code", "choices"]
Value = bool | int | float | str | date | tuple[str, ...]

NUMBERS = ("integer", "decimal")
LARGEST = 2**53  # beyond this an integer is not exact as a 64-bit float, and engines would differ
NO_END = LAST_DAY  # a document without an expiry date does not expire
NO_LIMIT = float(10**15)  # a permit without a quantity has no limit
_MAX_TEXT = 200


@dataclass(frozen=True, slots=True)
class Choice:
    """One value of a choice fact, with its label in three languages."""

    name: str
    label: Text


@dataclass(frozen=True, slots=True)
class Fact:
    """A typed, named statement.

    Args:
        name: lower_snake.
        flows: the flows it is a fact of.
        kind: its type.
        choices: declared values of ``choice`` and ``choices``.
        pattern: regular expression of a ``code``.
        unit: of a number, as UCUM or a plain word.
        minimum: least value of a number.
        maximum: greatest value of a number.
        absent: the value taken when it is not stated; None leaves it unknown.
        source: who knows it: applicant, officer, register or computed.
        side: whose fact it is: ``each``, ``own`` (one value a side) or a side.
        visible_to: sides that may read it; empty for each.
        label: short name in three languages.
        help: how to know the answer, in three languages.
        document: the document it describes, if it was generated from one.
    """

    name: str
    flows: tuple[str, ...]
    kind: Kind
    choices: tuple[Choice, ...] = ()
    pattern: str = ""
    unit: str = ""
    minimum: float | None = None
    maximum: float | None = None
    absent: Value | None = None
    source: str = "applicant"
    side: str = "each"
    visible_to: tuple[str, ...] = ()
    label: Text = field(default_factory=dict)
    help: Text = field(default_factory=dict)
    document: str = ""

    @property
    def choice_names(self) -> tuple[str, ...]:
        """Names of the declared choices."""
        return tuple(choice.name for choice in self.choices)

    def bounds(self) -> tuple[float, float]:
        """Least and greatest value of a number."""
        low = -LARGEST if self.minimum is None else self.minimum
        high = LARGEST if self.maximum is None else self.maximum
        return low, high

    def is_visible_to(self, side: str) -> bool:
        """Say whether a side may read this fact."""
        return not self.visible_to or side in self.visible_to

    def read(self, raw: object, *, where: str = "") -> Value:
        """Check one stated value and return it in its type.

        Raises:
            InputError: wrong type, a choice that is not declared, NaN, out of bounds, no such date.
        """
        reader = _READERS[self.kind]
        return reader(self, raw, where)


def _mistaken(fact: Fact, raw: object, where: str, wanted: str) -> InputError:
    return InputError(
        "facts.type",
        'The fact "{fact}" cannot be {value}. Give {wanted}, or leave it out if it is not known.',
        where=where,
        fact=fact.name,
        value=repr(raw)[:60],
        wanted=wanted,
    )


def _read_boolean(fact: Fact, raw: object, where: str) -> Value:
    if isinstance(raw, bool):
        return raw
    raise _mistaken(fact, raw, where, "true or false")


def _read_integer(fact: Fact, raw: object, where: str) -> Value:
    if isinstance(raw, int) and not isinstance(raw, bool):
        return _within(fact, raw, where)
    raise _mistaken(fact, raw, where, "a whole number")


def _read_decimal(fact: Fact, raw: object, where: str) -> Value:
    if isinstance(raw, int | float) and not isinstance(raw, bool) and abs(raw) <= LARGEST and math.isfinite(raw):
        return float(_within(fact, raw, where))
    raise _mistaken(fact, raw, where, "a finite number")


def _within(fact: Fact, number: float, where: str) -> float:
    low, high = fact.bounds()
    if low <= number <= high:
        return number
    raise _mistaken(fact, number, where, f"a number from {_plain(low)} to {_plain(high)}")


def _plain(number: float) -> str:
    return str(int(number)) if number == int(number) else str(number)


def _read_date(fact: Fact, raw: object, where: str) -> Value:
    try:
        day = raw if type(raw) is date else read_date(raw)
    except InputError:
        day = date.min
    if FIRST_DAY <= day <= NO_END:
        return day
    raise _mistaken(fact, raw, where, f"a date that exists, as year-month-day, from {FIRST_DAY} to {NO_END}")


def _read_choice(fact: Fact, raw: object, where: str) -> Value:
    if isinstance(raw, str) and raw in fact.choice_names:
        return raw
    wanted = "one of " + ", ".join(fact.choice_names)
    raise _mistaken(fact, raw, where, wanted + did_you_mean(str(raw), fact.choice_names).replace(" Did", ". Did"))


def _read_code(fact: Fact, raw: object, where: str) -> Value:
    if isinstance(raw, str) and len(raw) <= _MAX_TEXT and re.fullmatch(fact.pattern or r"\S+", raw):
        return raw
    raise _mistaken(fact, raw, where, f"a code of the form {fact.pattern}" if fact.pattern else "a code without spaces")


def _read_choices(fact: Fact, raw: object, where: str) -> Value:
    if not isinstance(raw, list | tuple) or len(raw) > _MAX_TEXT:
        raise _mistaken(fact, raw, where, "a list")
    one = _read_choice if fact.choices else _read_code
    return tuple(sorted({str(one(fact, item, where)) for item in raw}))


_READERS = {
    "boolean": _read_boolean,
    "integer": _read_integer,
    "decimal": _read_decimal,
    "date": _read_date,
    "choice": _read_choice,
    "code": _read_code,
    "choices": _read_choices,
}


@dataclass(frozen=True, slots=True)
class Document:
    """A paper that a rule may require.

    Args:
        name: lower_snake; ``has_<name>`` and its date and quantity are facts.
        flows: the flows it is for.
        issuer: the authority that gives it; empty if nobody issues it.
        quantity: whether it is for a quantity and is drawn down.
        dated_fact: a date fact after which it is too old; empty if none.
        dated_months: months after ``dated_fact`` on which it is still fresh.
        visible_to: sides that may read its facts; empty for each.
        label: a noun phrase, in three languages.
        help: who gives it and how to ask, in three languages.
    """

    name: str
    flows: tuple[str, ...]
    issuer: str = ""
    quantity: bool = False
    dated_fact: str = ""
    dated_months: int = 0
    visible_to: tuple[str, ...] = ()
    label: Text = field(default_factory=dict)
    help: Text = field(default_factory=dict)

    def facts(self) -> list[Fact]:
        """Return the facts that state whether it is held, until when, and for how much more."""
        blank = Fact("", self.flows, "boolean", visible_to=self.visible_to, document=self.name)
        held = replace(blank, name=f"has_{self.name}", absent=False)
        expires = replace(blank, name=f"{self.name}_expires_on", kind="date", absent=NO_END)
        if not self.quantity:
            return [held, expires]
        left = replace(
            blank,
            name=f"{self.name}_quantity_left",
            kind="decimal",
            minimum=0,
            maximum=NO_LIMIT,
            absent=NO_LIMIT,
        )
        return [held, expires, left]


@dataclass(frozen=True, slots=True)
class Named:
    """A route or an act: a name with a label and help in three languages."""

    name: str
    flow: str
    label: Text
    help: Text = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class WorkingCalendar:
    """A calendar of working days.

    Args:
        name: what an obligation calls it.
        country: ISO 3166-1 alpha-2 code of the public holidays.
        published_until: last day whose holidays the government has announced; later dates are provisional.
        label: its name in three languages.
    """

    name: str
    country: str
    published_until: date
    label: Text = field(default_factory=dict)


@dataclass(frozen=True)
class Dictionary:
    """Everything that facts, papers, routes and acts are called.

    Args:
        facts: by name, in the order a form asks them; those of documents come last.
        documents: by name.
        routes: by flow, strictest first.
        acts: by name.
        calendars: by name.
    """

    facts: Mapping[str, Fact]
    documents: Mapping[str, Document]
    routes: Mapping[str, tuple[Named, ...]]
    acts: Mapping[str, Named]
    calendars: Mapping[str, WorkingCalendar]

    def of_flow(self, flow: str) -> list[Fact]:
        """Return the facts of a flow in asking order."""
        return [fact for fact in self.facts.values() if flow in fact.flows]

    def in_order(self, names: Iterable[str]) -> list[str]:
        """Return ``names`` in asking order, each once."""
        ranks = self._ranks
        return sorted(set(names) & ranks.keys(), key=ranks.__getitem__)

    def read(self, flow: str, raw: object, *, where: str = "facts") -> dict[str, Value]:
        """Check the stated facts of one item; an explicit null is an unknown and is left out.

        Raises:
            InputError: not an object, an unknown fact, a fact of another flow, or a bad value.
        """
        if not isinstance(raw, Mapping):
            raise InputError("facts.object", 'Give the facts as an object {{"name": value}}.', where=where)
        read = {}
        for name, value in raw.items():
            fact = self._fact(flow, name, where)
            if value is not None:
                read[name] = fact.read(value, where=f"{where}.{name}")
        return read

    def _fact(self, flow: str, name: str, where: str) -> Fact:
        fact = self.facts.get(name)
        if fact is None:
            known = [fact.name for fact in self.of_flow(flow)]
            raise InputError(
                "facts.unknown",
                'There is no fact "{fact}".{hint} `riverloop rules facts {flow}` lists those of this flow.',
                where=where,
                fact=str(name)[:60],
                hint=did_you_mean(str(name), known),
                flow=flow,
            )
        if flow not in fact.flows:
            raise InputError(
                "facts.flow",
                'The fact "{fact}" belongs to the flow {flows}, not to {flow}. Leave it out, or change the flow.',
                where=where,
                fact=name,
                flows=" and ".join(fact.flows),
                flow=flow,
            )
        return fact

    def close(self, flow: str, stated: Mapping[str, Value]) -> dict[str, Value]:
        """Return the facts with the closed-world values of those not stated."""
        return {**self._absent[flow], **stated}

    @cached_property
    def _ranks(self) -> dict[str, int]:
        return {name: rank for rank, name in enumerate(self.facts)}

    @cached_property
    def _absent(self) -> dict[str, dict[str, Value]]:
        return {
            flow: {fact.name: fact.absent for fact in self.of_flow(flow) if fact.absent is not None} for flow in FLOWS
        }


def dictionary(
    facts: Sequence[Fact],
    documents: Sequence[Document],
    routes: Sequence[Named],
    acts: Sequence[Named],
    calendars: Sequence[WorkingCalendar],
) -> Dictionary:
    """Put a dictionary together; the facts of documents follow the declared ones."""
    every = [*facts, *(fact for document in documents for fact in document.facts())]
    by_flow: dict[str, list[Named]] = {}
    for route in routes:
        by_flow.setdefault(route.flow, []).append(route)
    return Dictionary(
        facts={fact.name: fact for fact in every},
        documents={document.name: document for document in documents},
        routes={flow: tuple(named) for flow, named in by_flow.items()},
        acts={act.name: act for act in acts},
        calendars={calendar.name: calendar for calendar in calendars},
    )


def as_json(value: Value | None) -> Any:
    """Return a fact's value as JSON carries it."""
    if isinstance(value, date):
        return value.isoformat()
    return list(value) if isinstance(value, tuple) else value
