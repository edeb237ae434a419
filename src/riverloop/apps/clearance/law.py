"""The law's own pages: each rule, measure and fact laid out for a reader in one language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.utils.translation import gettext as _

from riverloop.apps.clearance import sentences
from riverloop.apps.clearance.asking import open_list
from riverloop.apps.clearance.explain import LawView, law_view
from riverloop.apps.clearance.formats import date_text, instant_text, number_text
from riverloop.apps.clearance.language import active_language
from riverloop.apps.clearance.selectors import rulebook, zone
from riverloop.apps.clearance.sentences import own
from riverloop.core.kernel.instants import read_instant
from riverloop.core.kernel.sides import FLOWS
from riverloop.core.rules.facts import Document, Fact
from riverloop.core.rules.packs import Case, Coverage, Measure, PackSet, Rule, Series
from riverloop.core.rules.predicates import facts_read, parameters_read

STATUS_WORDS = {
    "law": sentences.N_("In force"),
    "pilot": sentences.N_("Pilot, not law"),
    "announced": sentences.N_("Announced"),
    "future": sentences.N_("Not in force yet"),
    "past": sentences.N_("No longer in force"),
}
SOURCE_WORDS = {
    "applicant": sentences.N_("the person who declares"),
    "officer": sentences.N_("an officer"),
    "register": sentences.N_("a register"),
    "computed": sentences.N_("worked out from other facts"),
}
KIND_WORDS = {
    "boolean": sentences.N_("yes or no"),
    "integer": sentences.N_("whole number"),
    "decimal": sentences.N_("number"),
    "date": sentences.N_("date"),
    "choice": sentences.N_("one of a list"),
    "code": sentences.N_("code"),
    "choices": sentences.N_("several of a list"),
}
SAYS_WORDS = {
    "fires": sentences.N_("speaks"),
    "not": sentences.N_("does not speak"),
    "undetermined": sentences.N_("not known yet"),
    "displaced": sentences.N_("displaced by a special rule"),
    "announced": sentences.N_("announced only"),
}


def packs() -> PackSet:
    return rulebook().packs


def status(rule: Rule, day: date) -> str:
    """Return whether a rule counts on a day, and as what."""
    if rule.until is not None and rule.until < day:
        return "past"
    if rule.announced:
        return "pilot" if rule.id in rulebook().boundary.assume else "announced"
    return "future" if rule.starts > day else "law"


@dataclass(slots=True)
class RuleRow:
    """A rule in a list."""

    rule: Rule
    owner: str
    reason: str
    effect: str
    law: LawView
    status: str
    status_words: str
    verified_words: str


def rule_row(rule: Rule, day: date) -> RuleRow:
    language, here = active_language(), zone()
    state = status(rule, day)
    return RuleRow(
        rule,
        sentences.owner_title(rule.owner, here, language, _),
        own(rule.reason, language),
        sentences.effect_text(rule.effect.as_json(), packs().dictionary, here, language, _),
        law_view(packs().measures[rule.measure], here, packs().dictionary.calendars, language),
        state,
        _(STATUS_WORDS[state]),
        _(sentences.VERIFIED_WORDS[rule.verified]),
    )


def find_rules(wanted: Mapping[str, str], day: date) -> list[RuleRow]:
    """Return the rules that match every filter given: q, side, flow, verified, status."""
    text = wanted.get("q", "").strip().casefold()
    found = [
        rule
        for rule in sorted(packs().rules.values(), key=lambda rule: rule.id)
        if wanted.get("side", "") in ("", rule.owner)
        and wanted.get("flow", "") in ("", rule.flow)
        and wanted.get("verified", "") in ("", rule.verified)
        and wanted.get("status", "") in ("", status(rule, day))
        and all(word in _searchable(rule) for word in text.split())
    ]
    return [rule_row(rule, day) for rule in found]


def _searchable(rule: Rule) -> str:
    title = packs().measures[rule.measure].title
    words = [rule.id, rule.measure, rule.sql, *rule.reason.values(), *title.values()]
    for alternatives in rule.effect.documents():
        for name in alternatives:
            words += [name, *packs().dictionary.documents[name].label.values()]
    return " ".join(words).casefold()


def filters() -> list[tuple[str, str, list[tuple[str, str]]]]:
    """Return the filters of the list of rules: (name, label, choices)."""
    owners = dict.fromkeys(rule.owner for rule in packs().rules.values())
    language, here = active_language(), zone()
    sides = [(name, sentences.owner_title(name, here, language, _)) for name in sorted(owners)]
    return [
        ("side", _("Whose rule"), sides),
        ("flow", _("What crosses"), [(flow, _(sentences.FLOW_PLURALS[flow])) for flow in FLOWS]),
        ("verified", _("How it was read"), [(key, _(text)) for key, text in sentences.VERIFIED_WORDS.items()]),
        ("status", _("Status"), [(key, _(text)) for key, text in STATUS_WORDS.items()]),
    ]


def rule_page(rule: Rule, day: date) -> dict[str, Any]:
    """Return everything a rule's page shows."""
    language, here, every = active_language(), zone(), packs()
    names = every.dictionary.in_order(facts_read(rule.when))
    used = parameters_read(rule.when) - {"on"}
    if rule.effect.kind == "oblige":
        used |= {value[1:] for value in rule.effect.value.values() if isinstance(value, str) and value.startswith(":")}
    series = every.parameters[rule.measure]
    return {
        "row": rule_row(rule, day),
        "rule": rule,
        "measure": every.measures[rule.measure],
        "flow": _(sentences.FLOW_PLURALS[rule.flow]),
        "directions": [
            sentences.direction_text(one, here, language, _)
            for one in (rule.directions or here.boundary.directions)
            if one in here.boundary.directions
        ],
        "facts": [fact_row(every.dictionary.facts[name]) for name in names],
        "parameters": [parameter_row(series[name], day) for name in sorted(used) if name in series],
        "overrides": [every.rules[name] for name in rule.overrides if name in every.rules],
        "overridden_by": [other for other in every.rules.values() if rule.id in other.overrides],
        "remedy_body": sentences.authority_title(rule.remedy.body, here, language, _) if rule.remedy else "",
        "cases": [case_row(case, rule) for case in every.cases if case_says(case, rule.id)],
    }


def measure_page(measure: Measure, day: date) -> dict[str, Any]:
    """Return everything a measure's page shows."""
    language, here, every = active_language(), zone(), packs()
    rules = [rule for rule in every.rules.values() if rule.measure == measure.id]
    return {
        "measure": measure,
        "law": law_view(measure, here, every.dictionary.calendars, language),
        "authority": sentences.authority_title(measure.authority, here, language, _),
        "owner": sentences.owner_title(measure.owner, here, language, _),
        "verified_words": _(sentences.VERIFIED_WORDS[measure.verified]),
        "rules": [rule_row(rule, day) for rule in sorted(rules, key=lambda rule: rule.id)],
        "parameters": [parameter_row(one, day) for one in every.parameters.get(measure.id, {}).values()],
        "coverage": [_coverage_row(entry) for entry in every.coverage if entry.measure == measure.id],
    }


def _coverage_row(entry: Coverage) -> dict[str, Any]:
    language, here = active_language(), zone()
    return {
        "flow": _(sentences.FLOW_PLURALS[entry.flow]),
        "directions": [
            sentences.direction_text(one, here, language, _)
            for one in (entry.directions or here.boundary.directions)
            if one in here.boundary.directions
        ],
        "note": own(entry.note, language),
        "facts": [label(name) for name in packs().dictionary.in_order(facts_read(entry.subject))],
    }


def measures_by_owner() -> list[tuple[str, str, list[dict[str, Any]]]]:
    """Return the measures under each side or shared pack: (owner, title, rows)."""
    language, here, every = active_language(), zone(), packs()
    counts: dict[str, int] = {}
    for rule in every.rules.values():
        counts[rule.measure] = counts.get(rule.measure, 0) + 1
    groups: dict[str, list[dict[str, Any]]] = {}
    for measure in sorted(every.measures.values(), key=lambda measure: measure.id):
        groups.setdefault(measure.owner, []).append(
            {
                "measure": measure,
                "law": law_view(measure, here, every.dictionary.calendars, language),
                "verified_words": _(sentences.VERIFIED_WORDS[measure.verified]),
                "count": counts.get(measure.id, 0),
            }
        )
    order = [side.id for side in here.boundary.sides]
    owners = sorted(groups, key=lambda name: (order.index(name) if name in order else len(order), name))
    return [(name, sentences.owner_title(name, here, language, _), groups[name]) for name in owners]


def parameter_row(series: Series, day: date) -> dict[str, Any]:
    """Return a parameter with its dated values, the one in force marked."""
    current = series.on(day)
    rows = [
        (date_text(first, active_language()), plain_value(value), value == current) for first, value in series.values
    ]
    return {"name": series.name, "unit": series.unit, "values": rows}


def plain_value(value: Any) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, int | float):
        return number_text(value, active_language())
    if isinstance(value, tuple | list):
        return ", ".join(plain_value(one) for one in value)
    return str(value)


def case_says(case: Case, rule_id: str) -> str:
    """Return what a case says of a rule: fires, not, undetermined, displaced, announced; or nothing."""
    return next((key for key in SAYS_WORDS if rule_id in (case.expect.get(key) or [])), "")


def case_row(case: Case, rule: Rule) -> dict[str, Any]:
    """Return a case as a row that a lawyer can read."""
    language, here = active_language(), zone()
    direction = case.direction if case.direction in here.boundary.directions else ""
    outcome = case.expect.get("outcome", "")
    return {
        "name": case.name,
        "direction": sentences.direction_text(direction, here, language, _) if direction else case.direction,
        "at": instant_text(_instant(case.at), language, here.boundary.sides[0].time_zone) if case.at else "",
        "items": [[(label(name), said(name, value)) for name, value in item.items()] for item in case.items],
        "says": case_says(case, rule.id),
        "says_words": _(SAYS_WORDS[case_says(case, rule.id)]),
        "outcome": _(sentences.OUTCOME_WORDS[outcome]) if outcome in sentences.OUTCOME_WORDS else "",
    }


def _instant(text: str) -> datetime:
    return read_instant(text)


def label(name: str) -> str:
    words = packs().dictionary
    return sentences.fact_label(name, words, active_language(), _) if name in words.facts else name


def said(name: str, value: Any) -> str:
    """Return a stated value in words; a code of an open vocabulary by its name where we know it."""
    fact = packs().dictionary.facts.get(name)
    choices = {choice.name: choice.label for choice in fact.choices} if fact else {}
    if fact and fact.kind in ("code", "choices") and not choices:
        known = {code: {"en": title} for code, title in open_list(fact, zone(), active_language())}
        return sentences.value_text(value, known, active_language(), _)
    if fact and fact.kind == "date":
        return date_text(date.fromisoformat(str(value)), active_language())
    if isinstance(value, int | float) and not isinstance(value, bool):
        return number_text(value, active_language())
    return sentences.value_text(value, choices, active_language(), _)


def fact_row(fact: Fact) -> dict[str, Any]:
    """Return a fact with its words."""
    language, here = active_language(), zone()
    shared = [side for side in here.boundary.sides if fact.is_visible_to(side.id)]
    return {
        "fact": fact,
        "label": label(fact.name),
        "help": own(fact.help, language),
        "kind": _(KIND_WORDS[fact.kind]),
        "source": _(SOURCE_WORDS[fact.source]),
        "choices": [(choice.name, own(choice.label, language)) for choice in fact.choices],
        "seen_by": _seen_by(fact, [own(side.title, language) for side in shared]),
    }


def _seen_by(fact: Fact, titles: list[str]) -> str:
    if fact.side == "own" or "own" in fact.visible_to:
        return _("only the side whose officer states it")
    if len(titles) == len(zone().boundary.sides):
        return _("both sides")
    return _("only {side}").format(side=sentences.within(", ".join(titles), active_language()))


def dictionary_by_flow() -> list[dict[str, Any]]:
    """Return facts and documents under each flow."""
    words = packs().dictionary
    return [
        {
            "flow": flow,
            "title": _(sentences.FLOW_PLURALS[flow]),
            "facts": [fact_row(fact) for fact in words.of_flow(flow) if not fact.document],
            "documents": [document_row(one) for one in words.documents.values() if flow in one.flows],
        }
        for flow in FLOWS
    ]


def document_row(document: Document) -> dict[str, Any]:
    language = active_language()
    issuer = sentences.authority_title(document.issuer, zone(), language, _) if document.issuer else ""
    return {
        "name": document.name,
        "label": own(document.label, language),
        "help": own(document.help, language),
        "issuer": issuer,
        "quantity": document.quantity,
    }
