"""From the text of pack files to a checked PackSet; every refusal names file, line and remedy.

Nothing here opens a file: the caller passes names and texts, and, for a text loaded before, the predicates that
were parsed then.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from importlib import resources
from typing import Any, NoReturn

from riverloop.core.kernel.canonical import sha256_hex
from riverloop.core.kernel.errors import InputError, PackError, did_you_mean
from riverloop.core.kernel.instants import FIRST_DAY, read_date
from riverloop.core.kernel.sides import FLOWS
from riverloop.core.kernel.sources import Source, check_schema, read_yaml
from riverloop.core.rules import checks
from riverloop.core.rules.facts import (
    NO_END,
    Dictionary,
    Document,
    Fact,
    Value,
)
from riverloop.core.rules.facts_file import FACT_KEYS, read_dictionary
from riverloop.core.rules.packs import (
    SHARED,
    Case,
    Coverage,
    Effect,
    Measure,
    Pack,
    PackSet,
    Remedy,
    Rule,
    Series,
)
from riverloop.core.rules.parsing import parse
from riverloop.core.rules.predicates import IsTrue, Predicate, Truth, conjunction, facts_read, parameters_read

Parse = Callable[[str, str, Mapping[str, Fact], Mapping[str, Value], str], Predicate]


def read_sources(texts: Mapping[str, str]) -> list[Source]:
    """Read and schema-check pack files.

    Args:
        texts: YAML by file name relative to the packs folder, such as ``hk/cap599a.yaml``.

    Raises:
        InputError: not YAML, or not of the schema.
    """
    sources = [read_yaml(texts[name], name=name) for name in sorted(texts)]
    for source in sources:
        _drop_empty(source.value)
        check_schema(source, schema(_kind(source)))
    return sources


def _drop_empty(value: Any) -> None:
    """Read a key that is written without a value, in a file or in one of its rules, as not written."""
    if not isinstance(value, dict):
        return
    for one in (value, *(rule for rule in value.get("rules") or () if isinstance(rule, dict))):
        for key in [key for key, inner in one.items() if inner is None and key != "when"]:
            del one[key]


def _kind(source: Source) -> str:
    if not isinstance(source.value, dict):
        raise PackError(
            "packs.file",
            "The file holds no `measure:` and no `facts:`. Write a measure file, a facts file or pack.yaml.",
            where=f"{source.name}:1",
        )
    if source.name.rsplit("/", 1)[-1] == "pack.yaml":
        return "pack"
    return "facts" if any(key in source.value for key in FACT_KEYS) else "measure"


@lru_cache(maxsize=8)
def schema(kind: str) -> dict[str, Any]:
    """Return the JSON Schema of ``measure``, ``facts`` or ``pack`` files, for checks and editors."""
    text = resources.files("riverloop.core.rules").joinpath(f"schema/{kind}.schema.json").read_text("utf-8")
    read: dict[str, Any] = json.loads(text)
    return read


def parse_text(
    flow: str, sql: str, facts: Mapping[str, Fact], parameters: Mapping[str, Value], where: str
) -> Predicate:
    """Parse a predicate afresh; a cache passes its own function in place of this."""
    del flow
    return parse(sql, facts, parameters, where=where)


def load(sources: Sequence[Source], *, parse_predicate: Parse = parse_text) -> PackSet:
    """Put pack files together and check them as a whole (all but dead rules, which take z3).

    Args:
        sources: what ``read_sources`` returned, or the same values from a cache.
        parse_predicate: how to read a predicate.

    Raises:
        PackError: anything that design.md's rule semantics refuse.
    """
    by_kind: dict[str, list[Source]] = {"facts": [], "measure": [], "pack": []}
    for source in sources:
        by_kind[_kind(source)].append(source)
    if not by_kind["facts"]:
        raise PackError("packs.facts", "There is no dictionary of facts. Add facts/*.yaml beside the packs.")
    builder = _Builder(read_dictionary(by_kind["facts"]), parse_predicate)
    for source in by_kind["measure"]:
        builder.measure_file(source)
    return builder.finish(by_kind["pack"], sources)


# Measures --------------------------------------------------------------------------------------------------------


class _Builder:
    """Collects measure files; ``finish`` checks them together."""

    def __init__(self, words: Dictionary, parse_predicate: Parse) -> None:
        self.words, self.parse = words, parse_predicate
        self.measures: dict[str, Measure] = {}
        self.parameters: dict[str, dict[str, Series]] = {}
        self.rules: dict[str, Rule] = {}
        self.coverage: list[Coverage] = []
        self.cases: list[Case] = []

    def measure_file(self, source: Source) -> None:
        measure = self.measure(source)
        series = self.parameters[measure.id] = {
            name: _series(source, name, raw) for name, raw in (source.value.get("parameters") or {}).items()
        }
        own_rules = [
            rule
            for place, raw in enumerate(source.value.get("rules") or [])
            for rule in self.expand(source, measure, series, place, raw)
        ]
        for rule in own_rules:
            if rule.id in self.rules:
                raise PackError(
                    "packs.twice",
                    '"{name}" is declared twice; first at {first}. Keep one.',
                    where=rule.where,
                    name=rule.id,
                    first=self.rules[rule.id].where,
                )
            self.rules[rule.id] = rule
        for place, raw in enumerate(source.value.get("coverage") or []):
            self.coverage.append(self.covered(source, measure, own_rules, place, raw))
        for place, raw in enumerate(source.value.get("cases") or []):
            self.cases.append(self.case(source, measure, own_rules, place, raw))

    def measure(self, source: Source) -> Measure:
        raw = source.value["measure"]
        if raw["id"] in self.measures:
            raise PackError(
                "packs.twice",
                '"{name}" is declared twice. Keep one.',
                where=source.where("measure", "id"),
                name=raw["id"],
            )
        measure = Measure(
            id=raw["id"],
            title=raw["title"],
            authority=raw["authority"],
            url=raw.get("url") or "",
            verified=raw["verified"],
            read_on=read_date(raw["read_on"], where=source.where("measure", "read_on")),
            note=raw.get("note") or {},
            pack=_pack_id(source.name),
        )
        self.measures[measure.id] = measure
        return measure

    def covered(
        self, source: Source, measure: Measure, rules: Sequence[Rule], place: int, raw: dict[str, Any]
    ) -> Coverage:
        where = source.where("coverage", place)
        if raw.get("side", measure.owner) != measure.owner:
            raise PackError(
                "packs.coverage",
                'The coverage names side "{side}", but the measure is law of {owner}. Leave `side` out.',
                where=where,
                side=raw["side"],
                owner=measure.owner,
            )
        subject: Predicate = Truth(True)
        if raw.get("subject"):
            subject = self.predicate(raw["flow"], raw["subject"], {}, source.where("coverage", place, "subject"))
        lawful = [rule.starts for rule in rules if rule.flow == raw["flow"] and not rule.announced]
        return Coverage(
            owner=measure.owner,
            flow=raw["flow"],
            directions=_directions(raw),
            subject=subject,
            starts=read_date(raw["from"], where=where) if "from" in raw else min(lawful, default=FIRST_DAY),
            rule=raw.get("rule", ""),
            measure=measure.id,
            note=raw.get("note") or {},
        )

    def predicate(self, flow: str, sql: str, series: Mapping[str, Series], where: str) -> Predicate:
        facts = {fact.name: fact for fact in self.words.of_flow(flow)}
        samples: dict[str, Value] = {
            "on": NO_END,
            **{name: one.values[-1][1] for name, one in series.items()},
        }
        predicate = self.parse(flow, sql, facts, samples, where)
        for name in sorted(parameters_read(predicate) - {"on"}):
            for _, value in series[name].values[:-1]:  # a reform must not bring in what today's value hides
                self.parse(flow, sql, facts, {**samples, name: value}, where)
        return predicate

    def expand(
        self, source: Source, measure: Measure, series: Mapping[str, Series], place: int, raw: dict[str, Any]
    ) -> list[Rule]:
        """Return the rule, or one for each document of the flow if it says ``each_document``."""
        wanted = raw.get("each_document")
        if not wanted:
            return [self.rule(source, measure, series, place, raw)]
        documents = [
            document
            for document in self.words.documents.values()
            if raw["flow"] in document.flows and (document.quantity or wanted == "any")
        ]
        return [self.rule(source, measure, series, place, _for_document(raw, one), document=one) for one in documents]

    def rule(
        self,
        source: Source,
        measure: Measure,
        series: Mapping[str, Series],
        place: int,
        raw: dict[str, Any],
        *,
        document: Document | None = None,
    ) -> Rule:
        path = ("rules", place)
        sql = str(raw["when"]).upper() if isinstance(raw["when"], bool) else raw["when"]
        when = self.predicate(raw["flow"], sql, series, source.where(*path, "when"))
        if document is not None:
            when = conjunction(IsTrue(f"has_{document.name}"), when)
        dates = raw["in_force"]
        used = {name: series[name] for name in parameters_read(when) | _effect_parameters(raw) if name in series}
        rule = Rule(
            id=raw["id"],
            measure=measure.id,
            pack=measure.pack,
            owner=measure.owner,
            flow=raw["flow"],
            directions=_directions(raw),
            end=raw.get("end", "each"),
            sides=checks.sides_that_see(facts_read(when), self.words) if measure.owner in SHARED else (),
            starts=checks.first_day(dates, used, source.where(*path, "in_force")),
            until=read_date(dates["until"], where=source.where(*path, "in_force")) if "until" in dates else None,
            announced=dates.get("announced", False),
            when=when,
            effect=_effect(raw["effect"]),
            overrides=tuple(raw.get("overrides") or ()),
            verified=_lowest(measure.verified, raw.get("verified")),
            remedy=_remedy(raw),
            disclose=raw.get("disclose", "applicant"),
            reason=raw["reason"],
            next_step=raw.get("next_step") or {},
            note=raw.get("note") or {},
            version=sha256_hex(
                [
                    raw["id"],
                    sql,
                    raw,
                    {name: [[str(d), _plain(v)] for d, v in one.values] for name, one in used.items()},
                ]
            )[:12],
            where=source.where(*path, "id"),
            sql=sql,
        )
        checks.check_rule(rule, series, self.words, source.where(*path, "effect"))
        return rule

    def case(self, source: Source, measure: Measure, rules: Sequence[Rule], place: int, raw: dict[str, Any]) -> Case:
        where = source.where("cases", place)
        if ("facts" in raw) == ("items" in raw):
            raise PackError("packs.case", "Give a case either `facts:` or `items:`.", where=where)
        first = rules[0] if rules else None
        flow = raw.get("flow") or (first.flow if first else FLOWS[0])
        direction = raw.get("direction") or (first.directions[0] if first and first.directions else "")
        return Case(
            name=raw["name"],
            measure=measure.id,
            flow=flow,
            direction=direction,
            side=raw.get("side") or ("" if first and first.shared else measure.owner),
            at=raw.get("at", ""),
            items=tuple(raw.get("items") or [raw["facts"]]),
            assume=tuple(raw.get("assume") or ()),
            crossing_at=raw.get("crossing_at", ""),
            expect=raw["expect"],
            where=where,
        )

    def finish(self, pack_files: Sequence[Source], sources: Sequence[Source]) -> PackSet:
        ordered = checks.check_overrides(self.rules)
        for entry in self.coverage:
            if entry.rule and entry.rule not in self.rules:
                raise PackError(
                    "packs.coverage",
                    'A coverage of {measure} depends on rule "{rule}", which does not exist.{hint}',
                    measure=entry.measure,
                    rule=entry.rule,
                    hint=did_you_mean(entry.rule, self.rules) or " Mend the name.",
                )
        return PackSet(
            dictionary=self.words,
            packs=_packs(pack_files, sources, {measure.pack for measure in self.measures.values()}),
            measures=self.measures,
            parameters=self.parameters,
            rules=ordered,
            coverage=tuple(self.coverage),
            cases=tuple(self.cases),
            sha256=_hash(sources),
        )


def _pack_id(name: str) -> str:
    return name.rsplit("/", 1)[0].rsplit("/", 1)[-1] if "/" in name else "pack"


def _directions(raw: Mapping[str, Any]) -> tuple[str, ...]:
    direction = raw.get("direction") or ()
    return (direction,) if isinstance(direction, str) else tuple(direction)


def _plain(value: Any) -> Any:
    return (
        list(value)
        if isinstance(value, tuple)
        else value
        if isinstance(value, bool | int | float | str)
        else str(value)
    )


def _lowest(measure: str, rule: str | None) -> Any:
    order = ("none", "secondary", "primary")
    return min(measure, rule or measure, key=order.index)


def _series(source: Source, name: str, raw: dict[str, Any]) -> Series:
    values: list[tuple[Any, Value]] = []
    for day, value in raw["values"].items():
        where = source.where("parameters", name, "values", day)
        values.append((read_date(day, where=where), _parameter_value(value)))
    if name == "on":
        _refuse_on(source.where("parameters", name))
    types = {checks.kind_of(value) for _, value in values}
    if len(types) > 1:
        raise PackError(
            "packs.parameter_type",
            'The values of parameter "{name}" are of different types. Give all the same type.',
            where=source.where("parameters", name),
            name=name,
        )
    return Series(name, raw.get("unit", ""), tuple(sorted(values, key=lambda pair: pair[0])))


def _refuse_on(where: str) -> NoReturn:
    raise PackError("packs.parameter", '":on" is the date of the decision. Choose another name.', where=where)


def _parameter_value(raw: Any) -> Value:
    if isinstance(raw, list):
        return tuple(raw)
    if isinstance(raw, str):
        try:
            return read_date(raw)
        except InputError:
            return raw
    value: Value = raw
    return value


def _effect(raw: Any) -> Effect:
    if isinstance(raw, str):
        return Effect(raw, True)
    ((kind, value),) = raw.items()
    return Effect(kind, True if value is None else value)


def _effect_parameters(raw: Mapping[str, Any]) -> set[str]:
    effect = raw["effect"]
    oblige = effect.get("oblige") if isinstance(effect, dict) else None
    values = (oblige or {}).values()
    return {value[1:] for value in values if isinstance(value, str) and value.startswith(":")}


def _remedy(raw: Mapping[str, Any]) -> Remedy | None:
    remedy = raw.get("remedy")
    if not remedy:
        return None
    return Remedy(remedy["body"], remedy["days"], remedy["measure"], remedy.get("text") or {})


def _for_document(raw: dict[str, Any], document: Document) -> dict[str, Any]:
    when = raw["when"]
    for part in ("quantity_left", "expires_on"):
        when = when.replace(f"document_{part}", f"{document.name}_{part}")
    when = when.replace("document_held", f"has_{document.name}")
    return {**raw, "id": f"{raw['id']}.{document.name}", "when": when}


def _packs(pack_files: Sequence[Source], sources: Sequence[Source], used: set[str]) -> dict[str, Pack]:
    named = {_pack_id(source.name): source for source in pack_files}
    for folder, source in named.items():
        if source.value["id"] != folder:
            raise PackError(
                "packs.id",
                'The pack is called "{id}" but lies in the folder "{folder}". Give both one name.',
                where=source.where("id"),
                id=source.value["id"],
                folder=folder,
            )
    packs: dict[str, Pack] = {}
    for pack_id in sorted(used):
        raw: dict[str, Any] = named[pack_id].value if pack_id in named else {"version": "0", "title": {}}
        files = [source for source in sources if _pack_id(source.name) == pack_id]
        packs[pack_id] = Pack(pack_id, str(raw["version"]), _hash(files), raw["title"])
    return packs


def _hash(sources: Iterable[Source]) -> str:
    digest = hashlib.sha256()
    for source in sources:
        digest.update(f"{source.name}\0{source.sha256}\0".encode())
    return digest.hexdigest()
