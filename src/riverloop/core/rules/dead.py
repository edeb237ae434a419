"""Rules that can never be effective, found by z3 over the declared domains (rule semantics 20).

Two-valued: every fact is taken as known. For each span between the days on which the law changes it asks whether
some facts make e(r) = s(r) AND NOT OR{e(o): o overrides r} true. Announced rules displace nothing here, since they
count only where assumed. A shift by months is taken as any number of days those months may have, so a rule is never
called dead wrongly.

Source: L. de Moura and N. Bjørner, "Z3: An Efficient SMT Solver", TACAS 2008.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import z3

from riverloop.core.kernel.errors import PackError
from riverloop.core.kernel.instants import FIRST_DAY
from riverloop.core.rules.facts import NO_END, Dictionary, Fact
from riverloop.core.rules.packs import PackSet, Rule
from riverloop.core.rules.predicates import (
    Among,
    And,
    Compare,
    Constant,
    Expression,
    FactRef,
    IsTrue,
    Not,
    Or,
    Parameter,
    Predicate,
    Shift,
    Sum,
    Truth,
    bind,
    parameters_read,
)

_TIMEOUT_MS = 10_000


@dataclass(frozen=True, slots=True)
class Idle:
    """An override that never displaces anything, or a span in which a rule cannot be effective."""

    rule: str
    where: str
    detail: str


def refuse_dead_rules(packs: PackSet) -> list[Idle]:
    """Check every rule of the packs.

    Returns:
        What is not wrong but worth knowing: overrides that never displace, and spans in which a rule is idle.

    Raises:
        PackError: a rule can never be effective.
    """
    remarks: list[Idle] = []
    for rule in packs.rules.values():
        remarks += _check(rule, packs)
    return remarks


def _check(rule: Rule, packs: PackSet) -> Iterator[Idle]:
    overriders = [other for other in packs.rules.values() if rule.id in other.overrides and _displaces(other, rule)]
    alive, idle = False, []
    for first, last in _spans([rule, *overriders], packs):
        if not (rule.starts <= first and (rule.until is None or first <= rule.until)):
            continue
        if _can_be_effective(rule, overriders, first, last, packs):
            alive = True
        else:
            idle.append(first)
    if not alive:
        raise PackError(
            "rules.dead",
            "Rule {rule} can never be effective: {why} Mend its predicate, its dates or the override.",
            where=rule.where,
            rule=rule.id,
            why=_why(rule, overriders, packs),
        )
    for first in idle:
        yield Idle(rule.id, rule.where, f"cannot be effective in the span that begins on {first}")
    for target in rule.overrides:
        if not _overlap(rule, packs.rules[target], packs):
            yield Idle(rule.id, rule.where, f"overrides {target}, but the two are never true together")


def _displaces(other: Rule, rule: Rule) -> bool:
    """Whether ``other`` displaces ``rule`` wherever ``rule`` binds, so that it could make it dead."""
    everywhere = not other.directions or (bool(rule.directions) and set(rule.directions) <= set(other.directions))
    same_owner = other.owner == rule.owner or (other.shared and other.end == "each" and not other.sides)
    return everywhere and same_owner and not other.announced and (other.end in ("each", rule.end))


def _why(rule: Rule, overriders: Iterable[Rule], packs: PackSet) -> str:
    for first, last in _spans([rule], packs):
        if rule.in_force(first) and _can_be_effective(rule, (), first, last, packs):
            names = ", ".join(other.id for other in overriders)
            return f"whenever it is true, it is displaced by {names}."
    return "no facts make its predicate true."


def _spans(rules: Iterable[Rule], packs: PackSet) -> list[tuple[date, date]]:
    days = {FIRST_DAY}
    for rule in rules:
        days.add(rule.starts)
        if rule.until is not None:
            days.add(rule.until + timedelta(days=1))
        for name in parameters_read(rule.when) - {"on"}:
            days.update(day for day, _ in packs.parameters[rule.measure][name].values)
    ordered = sorted(days)
    ends = [day - timedelta(days=1) for day in ordered[1:]] + [NO_END]
    return list(zip(ordered, ends, strict=True))


def _can_be_effective(rule: Rule, overriders: Iterable[Rule], first: date, last: date, packs: PackSet) -> bool:
    model = _Model(packs.dictionary, first, last)
    conditions = [model.predicate(_on_day(rule, first, packs))]
    conditions += [z3.Not(model.effective(other, packs)) for other in overriders if other.in_force(first)]
    return model.satisfiable(conditions)


def _overlap(rule: Rule, target: Rule, packs: PackSet) -> bool:
    for first, last in _spans([rule, target], packs):
        if rule.in_force(first) and target.in_force(first):
            model = _Model(packs.dictionary, first, last)
            if model.satisfiable([model.predicate(_on_day(one, first, packs)) for one in (rule, target)]):
                return True
    return False


def _on_day(rule: Rule, day: date, packs: PackSet) -> Predicate:
    series = packs.parameters[rule.measure]
    values: dict[str, Any] = {name: series[name].on(day) for name in parameters_read(rule.when) - {"on"}}
    bound: Predicate = bind(rule.when, values)
    return bound


@dataclass
class _Model:
    """Predicates as z3 formulas over one span: texts are numbered, dates are day numbers."""

    words: Dictionary
    first: date
    last: date
    texts: dict[str, int] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)
    domain: list[Any] = field(default_factory=list)
    shifts: int = 0

    def satisfiable(self, conditions: list[Any]) -> bool:
        solver = z3.Solver()
        solver.set("timeout", _TIMEOUT_MS)
        solver.add(*self.domain, *conditions)
        return bool(solver.check() != z3.unsat)  # unknown counts as satisfiable: never called dead wrongly

    def effective(self, rule: Rule, packs: PackSet) -> Any:
        own = self.predicate(_on_day(rule, self.first, packs))
        others = [other for other in packs.rules.values() if rule.id in other.overrides and _displaces(other, rule)]
        displaced = [self.effective(other, packs) for other in others if other.in_force(self.first)]
        return z3.And(own, z3.Not(z3.Or(*displaced))) if displaced else own

    def predicate(self, predicate: Predicate) -> Any:
        match predicate:
            case Truth(value):
                return z3.BoolVal(value)
            case IsTrue(name):
                return self.fact(name)
            case Not(part):
                return z3.Not(self.predicate(part))
            case And(parts):
                return z3.And(*map(self.predicate, parts))
            case Or(parts):
                return z3.Or(*map(self.predicate, parts))
            case Among(item, FactRef(name)):
                return z3.Select(self.fact(name), self.expression(item))
            case Among(item, options):
                one = self.expression(item)
                return z3.Or(*(one == self.text(option) for option in options))  # type: ignore[union-attr]
            case Compare(left, operator, right):
                return _COMPARE[operator](self.expression(left), self.expression(right))

    def expression(self, expression: Expression) -> Any:
        match expression:
            case FactRef(name):
                return self.fact(name)
            case Constant(value):
                return self.constant(value)
            case Parameter(_):
                return self.on()
            case Shift(day, months, days):
                return self.expression(day) + days + self.months(months)
            case Sum(terms):
                return z3.Sum(*(_number(factor) * self.expression(term) for factor, term in terms))

    def months(self, months: int) -> Any:
        if not months:
            return 0
        self.shifts += 1
        moved = z3.Int(f"months {self.shifts}")
        ends = sorted((months * 30 - 4 - abs(months), months * 31 + 4))
        self.domain += [moved >= ends[0], moved <= ends[1]]
        return moved

    def constant(self, value: Any) -> Any:
        if isinstance(value, date):
            return value.toordinal()
        return self.text(value) if isinstance(value, str) else _number(value)

    def text(self, text: str) -> int:
        return self.texts.setdefault(text, len(self.texts))

    def on(self) -> Any:
        if ":on" not in self.facts:
            day = self.facts[":on"] = z3.Int(":on")
            self.domain += [day >= self.first.toordinal(), day <= self.last.toordinal()]
        return self.facts[":on"]

    def fact(self, name: str) -> Any:
        if name not in self.facts:
            self.facts[name] = self.declare(self.words.facts[name])
        return self.facts[name]

    def declare(self, fact: Fact) -> Any:
        if fact.kind == "boolean":
            return z3.Bool(fact.name)
        if fact.kind == "choices":
            return z3.Array(fact.name, z3.IntSort(), z3.BoolSort())
        known = z3.Real(fact.name) if fact.kind == "decimal" else z3.Int(fact.name)
        if fact.kind == "date":
            self.domain += [known >= FIRST_DAY.toordinal(), known <= NO_END.toordinal()]
        elif fact.kind == "choice":
            self.domain.append(z3.Or(*(known == self.text(name) for name in fact.choice_names)))
        elif fact.kind in ("integer", "decimal"):
            low, high = fact.bounds()
            self.domain += [known >= _number(low), known <= _number(high)]
        return known


def _number(value: float) -> Any:
    exact = Fraction(str(value))
    return int(exact) if exact.denominator == 1 else z3.Q(exact.numerator, exact.denominator)


_COMPARE: Mapping[str, Any] = {
    "=": lambda one, other: one == other,
    "<>": lambda one, other: one != other,
    "<": lambda one, other: one < other,
    "<=": lambda one, other: one <= other,
    ">": lambda one, other: one > other,
    ">=": lambda one, other: one >= other,
}
