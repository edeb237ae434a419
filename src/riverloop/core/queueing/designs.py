"""Scenario files: one text that holds several designs of a hall, several cases, and the parameters of both.

A *design* replaces keys of the file (its stations, its route); a *case* sets parameters (opening, ten years on). One
design of one case with every value in its place is a scenario.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from riverloop.core.kernel.errors import InputError
from riverloop.core.kernel.sources import Path, Source, check_schema, read_yaml
from riverloop.core.kernel.words import N_
from riverloop.core.queueing.alternatives import (
    Case,
    Claim,
    Design,
    Need,
    check_claims,
    read_case,
    read_claims,
    read_design,
)
from riverloop.core.queueing.building import build_scenario
from riverloop.core.queueing.ends import End, Suspicions, ends_of
from riverloop.core.queueing.network import Scenario, Text, in_one_language
from riverloop.core.queueing.parameters import (
    Parameter,
    Value,
    between,
    fill,
    read_parameter,
    read_value,
    told,
)
from riverloop.core.queueing.reading import Entry, check_name, read_text
from riverloop.core.queueing.refusals import ScenarioError
from riverloop.core.queueing.schemas import filled_schema, head_schema
from riverloop.core.queueing.sensitivity import Swing

if TYPE_CHECKING:
    from riverloop.core.queueing.real_traffic import Traffic

__all__ = ["Case", "Claim", "Design", "Need", "Parameter", "ScenarioFile", "Text", "open_scenario_file"]

_NOT_OF_A_SCENARIO = frozenset({"parameters", "designs", "cases", "claims"})
_WORDS_OF_A_DESIGN = frozenset({"title", "note", "needs", "claims"})
_WITH = "scenario.with"
_NOTHING_SET: Mapping[str, Value] = {}


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

    def claims_of(self, design: str = "", case: str = "") -> tuple[Claim, ...]:
        """Return what was claimed of a design, and then of the whole, but for what was claimed of another case."""
        key = self.case(case).key
        return tuple(one for one in (*self.design(design).claims, *self.claims) if one.case in {"", key})

    def values(self, case: str = "") -> dict[str, Value]:
        """Return the value of every parameter in a case."""
        return {one.name: one.value for one in self.parameters} | dict(self.case(case).set)

    def parameters_of(self, case: str = "", *, values: Mapping[str, Value] = _NOTHING_SET) -> tuple[Parameter, ...]:
        """Return the parameters as a case has them: with its values, their ends, dates and sources.

        Args:
            case: its key; without one, the first.
            values: of parameters, instead of the case's; one outside its ends widens them.
        """
        chosen = self.case(case)
        of_case = (_as_set(one, chosen) if one.name in chosen.set else one for one in self.parameters)
        return tuple(one.at(values[one.name]) if one.name in values else one for one in of_case)

    def used(self, design: str = "") -> tuple[str, ...]:
        """Return the names of the parameters that a design uses, in the order of the file."""
        _, used = fill(_of_design(self.source, self.design(design).key), self.values())
        return tuple(one.name for one in self.parameters if one.name in used.values())

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
        filled, _ = self.filled(design, self._all(case, values))
        return replace(build_scenario(filled, traffic), name=self.name(design, case))

    def filled(self, design: str, values: Mapping[str, Value]) -> tuple[Source, Mapping[Path, str]]:
        """Return the document of a design with values in their places, and which parameters stood where.

        Args:
            design: its key; without one, the first.
            values: of every parameter.

        Raises:
            InputError: it is not of the schema.
        """
        filled, used = fill(_of_design(self.source, self.design(design).key), values)
        try:
            check_schema(filled, filled_schema())
        except InputError as error:
            for path, name in used.items():
                if ".".join(map(str, path)) == error.parameters.get("name"):
                    raise _with(name, values[name], error) from None
            raise
        return filled, used

    def swings(
        self,
        design: str = "",
        case: str = "",
        *,
        values: Mapping[str, Value] = _NOTHING_SET,
        traffic: Traffic | None = None,
        names: Iterable[str] | None = None,
    ) -> list[Swing]:
        """Return what is uncertain, each parameter by itself at its low and its high value, for a tornado.

        Args:
            design: its key; without one, the first.
            case: its key; without one, the first.
            values: of parameters, instead of the case's.
            traffic: where real days are from.
            names: of the parameters; without them all that the design uses and of which the case says between what
                their value lies.

        Raises:
            InputError: a name is not known, nobody says between what its value lies, or an end of it cannot be
                simulated.
        """
        chosen = self._all(case, values)
        stated = {one.name: one for one in self.parameters_of(case, values=values)}
        found = []
        for name in self.used(design) if names is None else names:
            self.parameter(name)
            low, high = stated[name].low, stated[name].high
            if low is None or high is None or not between(low, chosen[name], high):
                if names is not None:
                    raise self._no_ends(name, chosen[name])
                continue
            ends = (
                self._at(design, case, {**values, name: end}, traffic, (name, key))
                for key, end in (("low", low), ("high", high))
            )
            found.append(Swing(name, *ends))
        return found

    def _at(
        self, design: str, case: str, values: Mapping[str, Value], traffic: Traffic | None, end: tuple[str, str]
    ) -> Scenario:
        try:
            return self.scenario(design, case, values=values, traffic=traffic)
        except InputError as error:
            name, chosen = end[0], self.case(case)
            stated = ("cases", chosen.key, "set", *end) if name in chosen.ends else ("parameters", *end)
            raise _at_end(self.source, stated, name, values[name], error) from None

    def check_ends(self, design: str = "", case: str = "", *, traffic: Traffic | None = None) -> None:
        """Refuse ends of parameters at which a design cannot be simulated.

        All low ends are tried at once, and all high ones; only where that fails, each by itself.

        Args:
            design: its key; without one, the first.
            case: its key; without one, the first.
            traffic: where real days are from.

        Raises:
            InputError: with the line of the end.
        """
        used = self.used(design)
        uncertain = [one for one in self.parameters_of(case) if one.low is not None and one.name in used]
        try:
            for key in ("low", "high"):
                at_once = {one.name: getattr(one, key) for one in uncertain}
                self.scenario(design, case, values=at_once, traffic=traffic)
        except InputError:
            self.swings(design, case, traffic=traffic)

    def _no_ends(self, name: str, value: Value) -> ScenarioError:
        return Entry(self.source, ("parameters", name)).refuse(
            "ends",
            N_('Nothing says how far "{name}" may lie from {value}. Give low and high on either side of it.'),
            name=name,
            value=told(value),
        )

    def name(self, design: str = "", case: str = "") -> str:
        """Return what a scenario is called in one language."""
        raw = self.source.value
        parts = [raw.get("name") or in_one_language(self.title)]
        if "designs" in raw:
            parts.append(in_one_language(self.design(design).title) or self.design(design).key)
        if "cases" in raw:
            parts.append(in_one_language(self.case(case).title) or self.case(case).key)
        return " · ".join(part for part in parts if part)

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
        designs=tuple(read_design(key, one) for key, one in raw.get("designs", {"": {}}).items()),
        cases=tuple(read_case(entry, key, one, names) for key, one in raw.get("cases", {"": {}}).items()),
        claims=read_claims(raw),
    )
    _check_claims(read)
    _check_designs(read)
    return read


def _check_claims(read: ScenarioFile) -> None:
    """Check what claims name; one of the whole is no difference from a design."""
    entry, cases = Entry(read.source), [one.key for one in read.cases if one.key]
    check_claims(entry.into("claims"), read.claims, (), cases)
    for design in read.designs:
        if design.key:
            others = [one.key for one in read.designs if one is not design]
            check_claims(entry.into("designs", design.key, "claims"), design.claims, others, cases)


def _check_designs(read: ScenarioFile) -> None:
    """Check the form of every design, at the ends of parameters too, and that each of these is of use to one."""
    values, used = {one.name: one.value for one in read.parameters}, set[str]()
    suspicions = Suspicions(filled_schema())
    set_ends = {one.key: {name: _stated_by(read, one, name) for name in one.ends} for one in read.cases}
    ends = ends_of(read.parameters, set_ends)
    for design in read.designs:
        places = read.filled(design.key, values)[1]
        used.update(places.values())
        for path, name in places.items():
            for end in ends.get(name, ()):
                if suspicions.suspects(path, end):
                    _check_end(read, design.key, name, end)
    for one in read.parameters:
        if one.name not in used:
            raise Entry(read.source, ("parameters", one.name)).refuse(
                "unused",
                N_('Nothing uses the parameter "{name}". Write ${name} where it belongs, or take it out.'),
                name=one.name,
            )


def _stated_by(read: ScenarioFile, case: Case, name: str) -> Parameter:
    return _as_set(read.parameter(name), case)


def _check_end(read: ScenarioFile, design: str, name: str, end: End) -> None:
    """Check the form of a design with a parameter at one end.

    Raises:
        InputError: with the line of the end.
    """
    try:
        read.filled(design, {**read.values(end.case), name: end.value})
    except InputError as error:
        raise _at_end(read.source, end.path, name, end.value, error) from None


def _at_end(source: Source, path: Path, name: str, value: Value, error: InputError) -> InputError:
    """Return an error that says at which end of which parameter it came up, with the line of that end."""
    if error.code != _WITH or error.parameters["name"] != name:
        error = _with(name, value, error)
    error.where = source.where(*path)
    return error


def _with(name: str, value: Value, reason: InputError) -> ScenarioError:
    """Return an error that says at which value of which parameter it came up."""
    where, reason.where = reason.where, ""
    return ScenarioError(
        _WITH, N_('With "{name}" at {value}: {reason}'), where=where, name=name, value=told(value), reason=reason
    )


def _as_set(one: Parameter, case: Case) -> Parameter:
    """Return a parameter as a case sets it; ends that its new value lies outside of say nothing of it."""
    value = case.set[one.name]
    stands = one.low is not None and one.high is not None and between(one.low, value, one.high)
    low, high = case.ends.get(one.name, (one.low, one.high) if stands else (None, None))
    source, as_of = case.sources[one.name], case.as_of.get(one.name, "")
    said = case.stated.get(one.name, one.stated if stands and one.name not in case.ends else None)
    return replace(one, value=value, low=low, high=high, source=source, as_of=as_of, stated=said)


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
