"""What a rule may not say, checked when packs are loaded (rule semantics 4, 6, 7 and 22)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from riverloop.core.kernel.errors import PackError, did_you_mean
from riverloop.core.kernel.instants import FIRST_DAY, read_date
from riverloop.core.rules.facts import Dictionary, Value
from riverloop.core.rules.packs import SHARED, Rule, Series
from riverloop.core.rules.parsing import type_of_value
from riverloop.core.rules.predicates import facts_read

_FROM = ("at", "crossing")
_MOST = 36_600  # days, a hundred years: keeps every due date inside the calendar


def kind_of(value: Value) -> str:
    """Return the type of a parameter's value."""
    return type_of_value(value)


def first_day(dates: Mapping[str, Any], used: Mapping[str, Series], where: str) -> date:
    """Return the first day a rule is in force, having checked its dates and parameters.

    An announced rule without a date may be assumed from the day its parameters have values.

    Raises:
        PackError: it ends before it begins, or a parameter lacks a value on a day it is in force.
    """
    known_from = max((one.values[0][0] for one in used.values()), default=FIRST_DAY)
    starts = read_date(dates["from"], where=where) if "from" in dates else known_from
    if "until" in dates and read_date(dates["until"], where=where) < starts:
        raise PackError(
            "rules.dates",
            "The rule ends on {until}, before it begins on {starts}. Mend `in_force`.",
            where=where,
            until=dates["until"],
            starts=starts,
        )
    for name, one in used.items():
        if one.values[0][0] > starts:
            raise PackError(
                "rules.parameter_day",
                'Parameter "{name}" has no value from {starts} to the day before {first}, while the rule is in force. '
                "Give it a value from {starts} on.",
                where=where,
                name=name,
                starts=starts,
                first=one.values[0][0],
            )
    return starts


def check_rule(rule: Rule, series: Mapping[str, Series], words: Dictionary, where: str) -> None:
    """Check one rule by itself.

    Raises:
        PackError: no remedy for a refusal, an undeclared document, route, act, calendar or parameter, or a fact that
            the rule's side may not see.
    """
    if rule.effect.kind in ("refuse", "suspend") and rule.remedy is None:
        raise PackError(
            "rules.remedy",
            "Rule {rule} may {effect} but gives no remedy. Add `remedy:` with body, days and measure.",
            where=rule.where,
            rule=rule.id,
            effect=rule.effect.kind,
        )
    _check_visibility(rule, words)
    match rule.effect.kind:
        case "require":
            for alternatives in rule.effect.documents():
                for name in alternatives:
                    _check_declared("document", name, rule.flow, words.documents, where)
        case "route":
            known = {route.name: route for route in words.routes.get(rule.flow, ())}
            _check_declared("route", rule.effect.value, rule.flow, known, where)
        case "advise":
            _check_declared("act", rule.effect.value, rule.flow, words.acts, where)
        case "oblige":
            _check_obligation(rule, series, words, where)


def _check_visibility(rule: Rule, words: Dictionary) -> None:
    for name in sorted(facts_read(rule.when)):
        visible = words.facts[name].visible_to
        if visible and not (set(visible) & set(rule.sides) if rule.shared else rule.owner in visible):
            raise PackError(
                "rules.visibility",
                'Rule {rule} reads "{fact}", which only {sides} may see. Widen `visible_to` of the fact, or drop it.',
                where=rule.where,
                rule=rule.id,
                fact=name,
                sides=" and ".join(visible),
            )


def sides_that_see(names: Iterable[str], words: Dictionary) -> tuple[str, ...]:
    """Return the sides that may see every one of these facts; empty if each side may."""
    restricted = [set(words.facts[name].visible_to) for name in names if words.facts[name].visible_to]
    return tuple(sorted(set.intersection(*restricted))) if restricted else ()


def _check_declared(what: str, name: str, flow: str, known: Mapping[str, Any], where: str) -> None:
    declared = known.get(name)
    flows = getattr(declared, "flows", None) or (getattr(declared, "flow", ""),)
    if declared is None or flow not in flows:
        raise PackError(
            "rules.undeclared",
            'The {what} "{name}" is not declared for the flow {flow}.{hint} Declare it in packs/facts.',
            where=where,
            what=what,
            name=name,
            flow=flow,
            hint=did_you_mean(name, known),
        )


def _check_obligation(rule: Rule, series: Mapping[str, Series], words: Dictionary, where: str) -> None:
    oblige: Mapping[str, Any] = rule.effect.value
    _check_declared("act", oblige["act"], rule.flow, words.acts, where)
    if "days" in oblige and "minutes" in oblige:
        raise PackError("rules.oblige", "An obligation counts days or minutes, not both. Keep one.", where=where)
    start = oblige.get("from", "at")
    if start not in _FROM:
        fact = words.facts.get(start)
        if fact is None or fact.kind != "date" or rule.flow not in fact.flows:
            raise PackError(
                "rules.oblige",
                'An obligation may not count from "{start}". Use at, crossing or a date fact of the flow.',
                where=where,
                start=start,
            )
    calendar = oblige.get("calendar", "all")
    if calendar not in ("all", "own") and calendar not in words.calendars:
        raise PackError(
            "rules.oblige",
            'There is no calendar "{calendar}". Use all, own or one of {known}.',
            where=where,
            calendar=calendar,
            known=", ".join(words.calendars),
        )
    for key in ("days", "minutes"):
        _check_count(oblige.get(key, 0), series, where)


def _check_count(value: int | str, series: Mapping[str, Series], where: str) -> None:
    if isinstance(value, str) and value[1:] not in series:
        raise PackError(
            "rules.oblige",
            'The file has no parameter "{name}". Add it under `parameters:`.',
            where=where,
            name=value[1:],
        )
    counts = [one for _, one in series[value[1:]].values] if isinstance(value, str) else [value]
    for count in counts:
        if not isinstance(count, int) or isinstance(count, bool) or abs(count) > _MOST:
            raise PackError(
                "rules.oblige",
                "An obligation counts whole days or minutes, at most {most}; {count} is not such a number. Mend it.",
                where=where,
                count=count,
                most=_MOST,
            )


def check_overrides(rules: Mapping[str, Rule]) -> dict[str, Rule]:
    """Check who displaces whom, and return the rules with the displacing ones first.

    Raises:
        PackError: an override of a rule that does not exist or of the other side, by a rule whose text nobody has
            found, or in a circle.
    """
    displacers: dict[str, list[str]] = {rule_id: [] for rule_id in rules}
    for rule in rules.values():
        for target in rule.overrides:
            _check_override(rule, target, rules)
            displacers[target].append(rule.id)
    ordered: dict[str, Rule] = {}
    trail: list[str] = []
    for rule_id in sorted(rules):
        _visit(rule_id, rules, displacers, ordered, trail)
    return ordered


def _check_override(rule: Rule, target: str, rules: Mapping[str, Rule]) -> None:
    if target not in rules:
        raise PackError(
            "rules.override_unknown",
            'Rule {rule} overrides "{target}", which does not exist.{hint}',
            where=rule.where,
            rule=rule.id,
            target=target,
            hint=did_you_mean(target, rules) or " Mend the id.",
        )
    owners = {rule.owner, rules[target].owner} - SHARED
    if len(owners) > 1 or rules[target].flow != rule.flow:
        raise PackError(
            "rules.override_side",
            "Rule {rule} overrides {target}, which is law of another side or flow. An override stays on one side.",
            where=rule.where,
            rule=rule.id,
            target=target,
        )
    if rule.verified == "none":
        raise PackError(
            "rules.override_unverified",
            "Rule {rule} is `verified: none` and may override nothing. Read its text first, or drop `overrides`.",
            where=rule.where,
            rule=rule.id,
        )


def _visit(
    rule_id: str,
    rules: Mapping[str, Rule],
    displacers: Mapping[str, list[str]],
    ordered: dict[str, Rule],
    trail: list[str],
) -> None:
    if rule_id in ordered:
        return
    if rule_id in trail:
        circle = [*trail[trail.index(rule_id) :], rule_id]
        raise PackError(
            "rules.override_cycle",
            "Rules override each other in a circle: {circle}. Take one override out.",
            where=rules[rule_id].where,
            circle=" < ".join(circle),
        )
    trail.append(rule_id)
    for displacer in sorted(displacers[rule_id]):
        _visit(displacer, rules, displacers, ordered, trail)
    trail.pop()
    ordered[rule_id] = rules[rule_id]
