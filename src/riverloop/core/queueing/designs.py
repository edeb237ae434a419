"""Scenario files: one text that holds several designs of a hall, several cases, and the parameters of both.

A *design* replaces keys of the file (its stations, its route); a *case* sets parameters (opening, ten years on). One
design of one case with every value in its place is a scenario.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from riverloop.core.kernel.sources import Source, check_schema, read_yaml
from riverloop.core.kernel.words import N_
from riverloop.core.queueing.building import build_scenario
from riverloop.core.queueing.network import Scenario, Text, in_one_language
from riverloop.core.queueing.parameters import (
    ASSUMED,
    Parameter,
    Value,
    between,
    fill,
    read_ends,
    read_parameter,
    read_value,
)
from riverloop.core.queueing.reading import Entry, check_name, read_text
from riverloop.core.queueing.refusals import ScenarioError
from riverloop.core.queueing.schemas import filled_schema, head_schema

if TYPE_CHECKING:
    from riverloop.core.queueing.real_traffic import Traffic

_NOT_OF_A_SCENARIO = frozenset({"parameters", "designs", "cases", "claims"})
_WORDS_OF_A_DESIGN = frozenset({"title", "note", "needs", "claims"})
_NOTHING_SET: Mapping[str, Value] = {}


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
        as_of: date, month or year.
        source: who says so, as a text or by language; empty if nobody is named.
    """

    text: Text
    value: float | None = None
    unit: str = ""
    measure: str = ""
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
    """

    key: str = ""
    title: Text = field(default_factory=dict)
    note: Text = field(default_factory=dict)
    set: Mapping[str, Value] = field(default_factory=dict)
    ends: Mapping[str, tuple[Value, Value]] = field(default_factory=dict)
    sources: Mapping[str, str | Text] = field(default_factory=dict)
    as_of: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ScenarioFile:
    """A scenario file, read and checked.

    Args:
        source: the document with its lines.
        title: for people.
        note: likewise.
        parameters: in the order of the file.
        designs: in the order of the file, at least one; the first is taken where none is named.
        cases: likewise.
        claims: what was claimed of the whole.
    """

    source: Source
    title: Text
    note: Text
    parameters: tuple[Parameter, ...]
    designs: tuple[Design, ...]
    cases: tuple[Case, ...]
    claims: tuple[Claim, ...] = ()

    def design(self, key: str = "") -> Design:
        """Return a design by its key; without one, the first.

        Raises:
            ScenarioError: there is none of that key.
        """
        found = {one.key: one for one in self.designs}
        if key:
            check_name(Entry(self.source, ("designs",)), key, found, "design")
        return found.get(key, self.designs[0])

    def case(self, key: str = "") -> Case:
        """Return a case by its key; without one, the first.

        Raises:
            ScenarioError: there is none of that key.
        """
        found = {one.key: one for one in self.cases}
        if key:
            check_name(Entry(self.source, ("cases",)), key, found, "case")
        return found.get(key, self.cases[0])

    def parameter(self, name: str) -> Parameter:
        """Return a parameter by its name.

        Raises:
            ScenarioError: there is none of that name.
        """
        found = {one.name: one for one in self.parameters}
        check_name(Entry(self.source, ("parameters",)), name, found, "parameter")
        return found[name]

    def values(self, case: str = "") -> dict[str, Value]:
        """Return the value of every parameter in a case."""
        return {one.name: one.value for one in self.parameters} | dict(self.case(case).set)

    def parameters_of(self, case: str = "") -> tuple[Parameter, ...]:
        """Return the parameters as a case has them: with its values, their ends, dates and sources."""
        chosen = self.case(case)
        return tuple(_as_set(one, chosen) if one.name in chosen.set else one for one in self.parameters)

    def used(self, design: str = "") -> tuple[str, ...]:
        """Return the names of the parameters that a design uses, in the order of the file."""
        _, used = fill(_of_design(self.source, self.design(design).key), self.values())
        return tuple(one.name for one in self.parameters if one.name in used)

    def scenario(
        self,
        design: str = "",
        case: str = "",
        *,
        values: Mapping[str, Value] = _NOTHING_SET,
        traffic: Traffic | None = None,
    ) -> Scenario:
        """Return one design of one case with every value in its place.

        Args:
            design: its key; without one, the first.
            case: its key; without one, the first.
            values: of parameters, instead of the case's.
            traffic: where real days are from.

        Raises:
            InputError: a name is not known, or what comes out cannot be simulated.
        """
        filled, _ = fill(_of_design(self.source, self.design(design).key), self._all(case, values))
        scenario = build_scenario(filled, traffic)
        return replace(scenario, name=self.name(design, case))

    def name(self, design: str = "", case: str = "") -> str:
        """Return what a scenario is called in one language."""
        raw = self.source.value
        parts = [raw.get("name") or in_one_language(self.title)]
        if "designs" in raw:
            parts.append(in_one_language(self.design(design).title) or self.design(design).key)
        if "cases" in raw:
            parts.append(in_one_language(self.case(case).title) or self.case(case).key)
        return ", ".join(part for part in parts if part)

    def asked(self, design: str = "", case: str = "", *, values: Mapping[str, Value] = _NOTHING_SET) -> dict[str, Any]:
        """Return as JSON what was asked for: ``design``, ``case`` and ``parameters``, where there are any."""
        found: dict[str, Any] = {}
        if "designs" in self.source.value:
            found["design"] = self.design(design).key
        if "cases" in self.source.value:
            found["case"] = self.case(case).key
        if self.parameters:
            chosen = self._all(case, values)
            found["parameters"] = {name: chosen[name] for name in self.used(design)}
        return found

    def _all(self, case: str, values: Mapping[str, Value]) -> dict[str, Value]:
        entry = Entry(self.source, ("parameters",))
        chosen = self.values(case)
        for name, value in values.items():
            check_name(entry, name, chosen, "parameter")
            chosen[name] = read_value(entry.into(name), value)
        return chosen


def open_scenario_file(text: str, *, name: str) -> ScenarioFile:
    """Read a scenario file: its form is checked with the parameters at their own values, in every design.

    Args:
        text: YAML.
        name: of the file, for messages.

    Raises:
        InputError: not YAML, not of the schema, a name that is not known, or a parameter that nothing uses.
    """
    source = read_yaml(text, name=name)
    if source.value is None:
        raise ScenarioError(
            "scenario.empty", N_("The file is empty. Give arrivals, stations and a route."), where=f"{name}:1"
        )
    check_schema(source, head_schema())
    entry, raw = Entry(source), source.value
    parameters = tuple(
        read_parameter(entry.into("parameters", one), one, stated) for one, stated in raw.get("parameters", {}).items()
    )
    names = [one.name for one in parameters]
    read = ScenarioFile(
        source,
        title=read_text(raw.get("title")),
        note=read_text(raw.get("note")),
        parameters=parameters,
        designs=tuple(_read_design(key, one) for key, one in raw.get("designs", {"": {}}).items()),
        cases=tuple(_read_case(entry, key, one, names) for key, one in raw.get("cases", {"": {}}).items()),
        claims=_read_claims(raw),
    )
    _check_designs(read)
    return read


def _check_designs(read: ScenarioFile) -> None:
    """Check the form of every design, and that each parameter is of use to one of them."""
    values, used = {one.name: one.value for one in read.parameters}, set[str]()
    for design in read.designs:
        filled, names = fill(_of_design(read.source, design.key), values)
        check_schema(filled, filled_schema())
        used |= names
    for one in read.parameters:
        if one.name not in used:
            raise Entry(read.source, ("parameters", one.name)).refuse(
                "unused",
                N_('Nothing uses the parameter "{name}". Write ${name} where it belongs, or take it out.'),
                name=one.name,
            )


def _read_design(key: str, raw: Mapping[str, Any]) -> Design:
    needs = tuple(
        Need(one["kind"], read_text(one["text"]), str(one.get("as_of", "")), one.get("source", ""))
        for one in raw.get("needs", ())
    )
    return Design(key, read_text(raw.get("title")), read_text(raw.get("note")), needs, _read_claims(raw))


def _read_claims(raw: Mapping[str, Any]) -> tuple[Claim, ...]:
    return tuple(
        Claim(
            text=read_text(one["text"]),
            value=one.get("value"),
            unit=one.get("unit", ""),
            measure=one.get("measure", ""),
            as_of=str(one.get("as_of", "")),
            source=one.get("source", ""),
        )
        for one in raw.get("claims", ())
    )


def _read_case(entry: Entry, key: str, raw: Mapping[str, Any], names: Iterable[str]) -> Case:
    values: dict[str, Value] = {}
    ends: dict[str, tuple[Value, Value]] = {}
    stated_of: dict[str, dict[str, Any]] = {}
    for name, one in raw.get("set", {}).items():
        here = entry.into("cases", key, "set", name)
        check_name(here, name, names, "parameter")
        stated = stated_of[name] = one if isinstance(one, dict) else {"value": one}
        values[name] = read_value(here, stated["value"])
        low, high = read_ends(here, name, values[name], stated)
        if low is not None and high is not None:
            ends[name] = (low, high)
    return Case(
        key,
        read_text(raw.get("title")),
        read_text(raw.get("note")),
        values,
        ends,
        sources={name: one.get("source", ASSUMED) for name, one in stated_of.items()},
        as_of={name: str(one["as_of"]) for name, one in stated_of.items() if "as_of" in one},
    )


def _as_set(one: Parameter, case: Case) -> Parameter:
    """Return a parameter as a case sets it; ends that its new value lies outside of say nothing of it."""
    value = case.set[one.name]
    stands = one.low is not None and one.high is not None and between(one.low, value, one.high)
    low, high = case.ends.get(one.name, (one.low, one.high) if stands else (None, None))
    source, as_of = case.sources[one.name], case.as_of.get(one.name, "")
    return replace(one, value=value, low=low, high=high, source=source, as_of=as_of)


def _of_design(source: Source, key: str) -> Source:
    """Return the document of one design: its keys in place of the file's, each with its own line."""
    own = {
        name: one
        for name, one in (source.value["designs"][key] if key else {}).items()
        if name not in _WORDS_OF_A_DESIGN
    }
    value = {name: one for name, one in source.value.items() if name not in _NOT_OF_A_SCENARIO} | own
    lines = {path: line for path, line in source.lines.items() if not path or path[0] not in own}
    here = ("designs", key)
    lines |= {path[2:]: line for path, line in source.lines.items() if path[:2] == here and path[2:] and path[2] in own}
    return replace(source, value=value, lines=lines)
