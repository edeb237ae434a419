"""The packs bound to one boundary: which rules bind a side on a day, compiled and in order.

A rulebook compiles what it needs when it is first needed and keeps it; it never changes an answer.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from riverloop.core.kernel.canonical import sha256_hex
from riverloop.core.kernel.errors import PackError, did_you_mean
from riverloop.core.kernel.sides import Boundary, Side, Text, destination, origin
from riverloop.core.rules.closures import Residue, Test, compile_predicate, compile_residue
from riverloop.core.rules.packs import LEVELS, REFERRED, SHARED, Coverage, Effect, PackSet, Rule
from riverloop.core.rules.predicates import (
    Compare,
    Not,
    Predicate,
    Shift,
    Truth,
    bind,
    disjunction,
    facts_read,
    parameters_read,
    to_json,
    walk,
)

UNCOVERED_REASON: Text = {
    "en": "No rule here covers this.",
    "zh-Hant": "這裏沒有規則涵蓋此項。",
    "zh-Hans": "此处没有规则涵盖此项。",
}
NEUTRAL_REASON: Text = {
    "en": "An authority looks at this itself.",
    "zh-Hant": "有關當局會自行審視此項。",
    "zh-Hans": "有关主管部门会自行审查此项。",
}
# Who is asked where no rule speaks, by flow: a role of the zone file.
_ROLE_OF_FLOW = {"person": "immigration", "goods": "customs", "data": "data"}


@dataclass(frozen=True, slots=True)
class Turning:
    """A comparison that turns with the date of the decision.

    Args:
        comparison: the comparison.
        test: it, compiled.
        facts: the facts it reads.
        reach: days by which its shifts may move it.
    """

    comparison: Compare
    test: Test
    facts: tuple[str, ...]
    reach: int


@dataclass(frozen=True, slots=True)
class DayRule:
    """A rule as it stands on the days of one span, for one side and direction.

    Args:
        place: its position; displacing rules come first.
        rule: the rule; None for the referral of what no rule covers.
        id: its id.
        predicate: with parameters bound.
        test: the compiled predicate.
        residue: the compiled residue.
        effect: with parameters resolved; refer where nobody has read the text.
        papers: the papers it requires, each a tuple of alternatives.
        level: what it can cost, by rule semantics 9.
        displacers: places of the rules that override it.
        assumed: whether it is announced and assumed here.
        version: hash of the rule, or of the coverage; an answer to a referral names it.
        turning: comparisons of it that turn with the date.
    """

    place: int
    rule: Rule | None
    id: str
    predicate: Predicate
    test: Test
    residue: Residue
    effect: Effect
    papers: tuple[tuple[str, ...], ...]
    level: int
    displacers: tuple[int, ...]
    assumed: bool
    version: str
    turning: tuple[Turning, ...]

    def describe(self, packs: PackSet) -> dict[str, Any]:
        """Return the part of a decision's JSON that is the same for every movement."""
        if self.rule is None:
            return {
                "id": self.id,
                "effect": self.effect.as_json(),
                "measure": None,
                "verified": "none",
                "url": "",
                "assumed": False,
                "reason": UNCOVERED_REASON,
            }
        return {
            "id": self.id,
            "effect": self.effect.as_json(),
            "measure": self.rule.measure,
            "verified": self.rule.verified,
            "url": packs.measures[self.rule.measure].url,
            "assumed": self.assumed,
            "reason": self.rule.reason,
        }


@dataclass(frozen=True, slots=True)
class Span:
    """The law of one side for one flow and direction, between two days on which nothing in it changes.

    Args:
        first: its first day.
        last: its last day, or None.
        rules: displacing rules first; the last one refers what no rule covers.
        announced: announced rules that do not count here, for information.
        routes: rank of each route, strictest first.
        facts: names of the facts that this side may see, of this flow.
    """

    first: date
    last: date | None
    rules: tuple[DayRule, ...]
    announced: tuple[DayRule, ...]
    routes: Mapping[str, int]
    facts: frozenset[str]


def check_assume(packs: PackSet, names: Iterable[str], *, where: str) -> None:
    """Check that what is to be assumed are announced rules.

    Raises:
        PackError: a name is no rule, or a rule that is in force anyway.
    """
    announced = [rule.id for rule in packs.rules.values() if rule.announced]
    for name in names:
        if name not in announced:
            raise PackError(
                "rules.assume",
                '"{name}" is assumed, but is not an announced rule.{hint} `riverloop rules list --status announced` '
                "lists them.",
                where=where,
                name=name,
                hint=did_you_mean(name, announced),
            )


def binds_nothing(packs: PackSet, boundary: Boundary) -> list[str]:
    """Return one line for each rule that binds no side of this boundary, or names an authority that it lacks."""
    sides = [side.id for side in boundary.sides]
    authorities = {authority.id for side in boundary.sides for authority in side.authorities}
    lines = []
    for rule in packs.rules.values():
        here = any(_binds(rule, side, rule.flow, way) for side in sides for way in boundary.directions)
        if not here:
            lines.append(f"{rule.where}: {rule.id} binds no side of this zone")
        elif not rule.shared and rule.effect.kind in ("refer", "notify"):
            named = rule.effect.value if isinstance(rule.effect.value, list) else [rule.effect.value]
            known = {boundary.side(rule.owner).authority(name) for name in named} <= authorities
            lines += [] if known else [f"{rule.where}: {rule.id} names an authority that this zone lacks"]
    return lines


@dataclass(frozen=True)
class Rulebook:
    """Packs bound to a boundary.

    Args:
        packs: the law.
        boundary: two sides and what is assumed between them.
    """

    packs: PackSet
    boundary: Boundary
    _spans: dict[tuple[str, str, str], tuple[list[date], list[Span | None]]] = field(default_factory=dict, repr=False)

    def span(self, side: str, flow: str, direction: str, day: date) -> Span:
        """Return the law of a side on a day."""
        key = (side, flow, direction)
        if key not in self._spans:
            starts = self._boundaries(side, flow, direction)
            self._spans[key] = (starts, [None] * len(starts))
        starts, spans = self._spans[key]
        place = bisect_right(starts, day) - 1
        found = spans[place]
        if found is None:
            following = starts[place + 1] if place + 1 < len(starts) else None
            found = spans[place] = self._compile(side, flow, direction, starts[place], following)
        return found

    def spans(self, side: str, flow: str, direction: str) -> list[Span]:
        """Return every span of a side's law, in order of time."""
        self.span(side, flow, direction, date.min)
        return [self.span(side, flow, direction, first) for first in self._spans[side, flow, direction][0]]

    def rules_of(self, side: str, flow: str, direction: str) -> list[Rule]:
        """Return the rules that ever bind a side for a flow and direction, displacing ones first."""
        return [rule for rule in self.packs.rules.values() if _binds(rule, side, flow, direction)]

    def _boundaries(self, side: str, flow: str, direction: str) -> list[date]:
        days = {date.min}
        for rule in self.rules_of(side, flow, direction):
            days.add(rule.starts)
            if rule.until is not None:
                days.add(rule.until + timedelta(days=1))
            for name in _parameters(rule) - {"on"}:
                days.update(day for day, _ in self.packs.parameters[rule.measure][name].values)
        days.update(entry.starts for entry in self.coverage_of(side, flow, direction))
        return sorted(days)

    def _compile(self, side: str, flow: str, direction: str, first: date, following: date | None) -> Span:
        rules = [rule for rule in self.rules_of(side, flow, direction) if rule.in_force(first)]
        assumed = self.boundary.assume
        counting = [rule for rule in rules if not rule.announced or rule.id in assumed]
        places = {rule.id: place for place, rule in enumerate(counting)}
        owner = self.boundary.side(side)
        facts = [fact for fact in self.packs.dictionary.of_flow(flow) if fact.is_visible_to(side)]
        compiled = [self._day_rule(rule, first, owner, places, counting) for rule in counting]
        compiled.append(self._uncovered(owner, flow, direction, first, places))
        return Span(
            first=first,
            last=following - timedelta(days=1) if following else None,
            rules=tuple(compiled),
            announced=tuple(self._day_rule(rule, first, owner, {}, []) for rule in rules if rule.id not in places),
            routes={route.name: rank for rank, route in enumerate(self.packs.dictionary.routes.get(flow, ()))},
            facts=frozenset(fact.name for fact in facts),
        )

    def _day_rule(
        self, rule: Rule, day: date, side: Side, places: Mapping[str, int], counting: Iterable[Rule]
    ) -> DayRule:
        series = self.packs.parameters[rule.measure]
        values: dict[str, Any] = {name: series[name].on(day) for name in _parameters(rule) - {"on"}}
        predicate = bind(rule.when, values)
        effect = _effect_on_day(rule, values, side, self.packs)
        return DayRule(
            place=places.get(rule.id, -1),
            rule=rule,
            id=rule.id,
            predicate=predicate,
            test=compile_predicate(predicate),
            residue=compile_residue(predicate),
            effect=effect,
            papers=effect.documents(),
            level=LEVELS.get(effect.kind, 0),
            displacers=tuple(places[other.id] for other in counting if rule.id in other.overrides),
            assumed=rule.announced and rule.id in self.boundary.assume,
            version=rule.version,
            turning=turning_points(predicate),
        )

    def _uncovered(self, side: Side, flow: str, direction: str, day: date, counting: Mapping[str, int]) -> DayRule:
        entries = [
            entry
            for entry in self.coverage_of(side.id, flow, direction)
            if entry.starts <= day and (not entry.rule or entry.rule in counting)
        ]
        predicate = _negated(disjunction(*(entry.subject for entry in entries)))
        return DayRule(
            place=len(counting),
            rule=None,
            id=f"{side.id}.uncovered",
            predicate=predicate,
            test=compile_predicate(predicate),
            residue=compile_residue(predicate),
            effect=Effect("refer", side.authority(_ROLE_OF_FLOW[flow])),
            papers=(),
            level=REFERRED,
            displacers=(),
            assumed=False,
            version=sha256_hex(to_json(predicate))[:12],
            turning=turning_points(predicate),
        )

    def coverage_of(self, side: str, flow: str, direction: str) -> list[Coverage]:
        """Return what the packs speak for on a side, for a flow and direction."""
        return [
            entry
            for entry in self.packs.coverage
            if entry.flow == flow
            and (not entry.directions or direction in entry.directions)
            and _owned(entry.owner, side)
            and self._visible(entry.subject, side)
        ]

    def _visible(self, predicate: Predicate, side: str) -> bool:
        return all(self.packs.dictionary.facts[name].is_visible_to(side) for name in facts_read(predicate))


def _negated(predicate: Predicate) -> Predicate:
    return Truth(not predicate.value) if isinstance(predicate, Truth) else Not(predicate)


def _owned(owner: str, side: str) -> bool:
    return owner in SHARED or owner == side


def _binds(rule: Rule, side: str, flow: str, direction: str) -> bool:
    if rule.flow != flow or not rule.applies_to(direction) or not _owned(rule.owner, side):
        return False
    if not rule.shared:
        return True
    ends: dict[str, Callable[[str], str]] = {"origin": origin, "destination": destination}
    on_this_end = rule.end == "each" or ends[rule.end](direction) == side
    return on_this_end and (not rule.sides or side in rule.sides)


def _parameters(rule: Rule) -> set[str]:
    named = {
        value[1:]
        for value in (rule.effect.value.values() if rule.effect.kind == "oblige" else ())
        if isinstance(value, str) and value.startswith(":")
    }
    return parameters_read(rule.when) | named


def _effect_on_day(rule: Rule, values: Mapping[str, Any], side: Side, packs: PackSet) -> Effect:
    """Resolve parameters and roles; what nobody has read counts as a referral (semantics 9)."""
    if rule.verified == "none" and rule.effect.kind != "refer":
        return Effect("refer", side.authority(packs.measures[rule.measure].authority))
    kind, value = rule.effect.kind, rule.effect.value
    if kind == "oblige":
        return Effect(kind, {name: values[v[1:]] if str(v).startswith(":") else v for name, v in value.items()})
    if kind == "refer":
        return Effect(kind, side.authority(value))
    if kind == "notify":
        return Effect(kind, [side.authority(one) for one in (value if isinstance(value, list) else [value])])
    return rule.effect


def turning_points(predicate: Predicate) -> tuple[Turning, ...]:
    """Return the comparisons of a predicate that turn with the date of the decision."""
    return tuple(
        Turning(
            node,
            compile_predicate(node),
            tuple(sorted(facts_read(node))),
            sum(abs(part.days) + 31 * abs(part.months) for part in walk(node) if isinstance(part, Shift)),
        )
        for node in walk(predicate)
        if isinstance(node, Compare) and "on" in parameters_read(node)
    )
