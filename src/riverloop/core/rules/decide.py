"""Decides one movement: the levels, papers, routes and facts still needed, by the numbered rule semantics."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from riverloop.core.kernel.instants import date_in, end_of_day, shift
from riverloop.core.kernel.sides import Side
from riverloop.core.rules.closures import ON, Kleene, evaluate
from riverloop.core.rules.decisions import Answer, Decision, Hit, Movement, SideDecision
from riverloop.core.rules.facts import NO_END, NO_LIMIT, Dictionary, Document
from riverloop.core.rules.obligations import Obligation, obligation
from riverloop.core.rules.packs import INCOMPLETE, REFUSED
from riverloop.core.rules.predicates import parameters_read
from riverloop.core.rules.rulebook import DayRule, Rulebook, Span, Turning


def decide(rulebook: Rulebook, movement: Movement) -> Decision:
    """Decide a movement by both sides' rules.

    Args:
        rulebook: packs bound to the zone's boundary.
        movement: read by ``read_movement``, so that its facts are of their types.

    Source: design.md, rule semantics 7 to 19.
    """
    sides = {side.id: decide_side(rulebook, side.id, movement) for side in rulebook.boundary.sides}
    return Decision(movement, sides, rulebook.packs)


def decide_side(rulebook: Rulebook, side_id: str, movement: Movement) -> SideDecision:
    """Decide a movement by one side's rules, from the facts that side may see.

    Args:
        rulebook: packs bound to the zone's boundary.
        side_id: one of its sides.
        movement: the movement; facts that the side may not see are left out here.
    """
    side = rulebook.boundary.side(side_id)
    day = date_in(movement.at, side.time_zone)
    span = rulebook.span(side_id, movement.flow, movement.direction, day)
    words = rulebook.packs.dictionary
    own = movement.own.get(side_id, {})
    answers = _standing(movement.answers, side_id, span, movement.at)
    items = []
    for place, stated in enumerate(movement.items):
        closed = words.close(movement.flow, {**stated, **own})
        values: dict[str, Any] = {name: value for name, value in closed.items() if name in span.facts}
        values[ON] = day
        items.append(_Item(span, words, values, _for_item(answers, place), place).decide())
    return _combine(items, side=side, movement=movement, span=span, words=words, answers=answers)


_Answers = Mapping[int | None, Mapping[str, Answer]]  # by place of the item, None for every item; then by rule id


def _standing(answers: tuple[Answer, ...], side: str, span: Span, at: datetime) -> _Answers:
    """Return the answers that stand at this instant."""
    if not answers:
        return {}
    versions = {rule.id: rule.version for rule in span.rules}
    standing = [
        answer
        for answer in answers
        if answer.side == side
        and (answer.until is None or at <= answer.until)
        and versions.get(answer.rule) == answer.version
    ]
    # of two answers to one rule the refusal stands: a later allowance must withdraw it, not outvote it
    found: dict[int | None, dict[str, Answer]] = {}
    for answer in sorted(standing, key=lambda answer: not answer.allow):
        found.setdefault(answer.item, {})[answer.rule] = answer
    return found


def _for_item(answers: _Answers, place: int) -> Mapping[str, Answer]:
    """Return the answers that count for an item, by rule id: one for it alone before one for every item."""
    every = answers.get(None, {})
    return {**every, **answers[place]} if place in answers else every


@dataclass(slots=True)
class _Item:
    """One item under one side's rules."""

    span: Span
    words: Dictionary
    values: dict[str, Any]
    answers: Mapping[str, Answer]
    place: int
    low: int = 0
    high: int = 0
    truths: list[Kleene] = field(default_factory=list)
    true: list[DayRule] = field(default_factory=list)
    unknown: list[DayRule] = field(default_factory=list)
    displaced: list[DayRule] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    deciding: int = 0
    residues: dict[int, frozenset[str]] = field(default_factory=dict)

    def decide(self) -> _Item:
        self.effective()
        for rule in self.true:
            low, high = self.cost(rule)
            self.low, self.high = max(self.low, low), max(self.high, high)
        for rule in self.unknown:
            self.high = max(self.high, self.cost(rule)[1])
        if self.low < REFUSED:
            self.still_needed()
        return self

    def effective(self) -> None:
        """Evaluate e(r) = s(r) AND NOT OR{e(o): o overrides r}, displacing rules first."""
        values, truths = self.values, self.truths
        for rule in self.span.rules:
            truth: Kleene = rule.test(values)
            if rule.displacers and truth is not False:
                over = [truths[place] for place in rule.displacers]
                if True in over:
                    if truth:
                        self.displaced.append(rule)
                    truth = False
                elif None in over:
                    truth = None
            truths.append(truth)
            if truth:
                self.true.append(rule)
            elif truth is None:
                self.unknown.append(rule)

    def cost(self, rule: DayRule) -> tuple[int, int]:
        """Return the least and greatest level of a rule that holds."""
        kind = rule.effect.kind
        if kind in ("refer", "refuse") and rule.id in self.answers:  # an officer may lift what a rule refuses
            level = 0 if self.answers[rule.id].allow else REFUSED
            return level, level
        if kind != "require":
            return rule.level, rule.level
        low = high = 0
        for alternatives in rule.papers:
            held = self.any_held(alternatives)
            low = low if held is not False else INCOMPLETE
            high = high if held is True else INCOMPLETE
        return low, high

    def any_held(self, alternatives: Iterable[str]) -> Kleene:
        """Say whether one of the papers is held: TRUE, FALSE, or NULL while its date or quantity is open."""
        held = [self.held(self.words.documents[name]) for name in alternatives]
        return True if True in held else None if None in held else False

    def held(self, document: Document) -> Kleene:
        """Say whether a paper is held: stated, not expired on the day, its quantity enough (semantics 8)."""
        values, name = self.values, document.name
        if not values.get(f"has_{name}") or values.get(f"{name}_expires_on", NO_END) < values[ON]:
            return False
        result: Kleene = True
        if document.dated_fact:
            dated = values.get(document.dated_fact)
            if dated is None:
                result = None
            elif shift(dated, months=document.dated_months) < values[ON]:
                return False
        left = values.get(f"{name}_quantity_left", NO_LIMIT)
        if document.quantity and left < NO_LIMIT:
            quantity = values.get("quantity")
            if quantity is None:
                return None
            return result if left >= quantity else False
        return result

    def still_needed(self) -> None:
        """Collect the facts that could still raise the level, then those bearing on anything else."""
        raising: set[str] = set()
        bearing: set[str] = set()
        for rule in [*self.true, *self.unknown]:
            high = self.cost(rule)[1]
            (raising if high > self.low else bearing).update(self.paper_facts(rule))
        settled = self.strictest_route()
        for rule in self.unknown:
            if self.cost(rule)[1] > self.low:
                raising.update(self.residue(rule))
            elif rule.effect.kind != "route" or self.span.routes[rule.effect.value] < settled:
                bearing.update(self.residue(rule))
        first = self.words.in_order(raising & self.span.facts)
        self.missing = first + [name for name in self.words.in_order(bearing & self.span.facts) if name not in first]
        self.deciding = len(first)

    def strictest_route(self) -> int:
        """Return the rank of the strictest TRUE route; no milder one can still change the route."""
        ranks = self.span.routes
        true = (ranks[rule.effect.value] for rule in self.true if rule.effect.kind == "route")
        return min(true, default=len(ranks))

    def paper_facts(self, rule: DayRule) -> set[str]:
        """Return the unknown date or quantity on which it depends whether a paper of the rule is held."""
        asked: set[str] = set()
        for name in (name for alternatives in rule.papers for name in alternatives):
            document = self.words.documents[name]
            if self.held(document) is None:
                wanted = {document.dated_fact} if document.dated_fact else set()
                wanted |= {"quantity"} if document.quantity else set()
                asked |= {fact for fact in wanted if self.values.get(fact) is None}
        return asked

    def residue(self, rule: DayRule) -> frozenset[str]:
        """Return the facts on which e(r) still depends, those of its displacing rules included."""
        if rule.place not in self.residues:
            left = rule.residue(self.values)[1]
            for place in rule.displacers:
                displacer = self.span.rules[place]
                if self.truths[place] is None:
                    left |= self.residue(displacer)
            self.residues[rule.place] = left
        return self.residues[rule.place]


def _combine(
    items: list[_Item],
    *,
    side: Side,
    movement: Movement,
    span: Span,
    words: Dictionary,
    answers: _Answers,
) -> SideDecision:
    papers = [
        (alternatives, item.any_held(alternatives))
        for item in items
        for rule in item.true
        for alternatives in rule.papers
    ]
    return SideDecision(
        side=side.id,
        low=max(item.low for item in items),
        high=max(item.high for item in items),
        item_levels=tuple((item.low, item.high) for item in items),
        route=_route(items, span),
        requires=tuple(dict.fromkeys(alternatives for alternatives, _ in papers)),
        missing_documents=tuple(dict.fromkeys(alternatives for alternatives, held in papers if held is not True)),
        obliges=_obliges(items, side, movement, words),
        inspects=_inspects(items),
        missing_facts=tuple(tuple(item.missing) for item in items),
        deciding_facts=tuple(item.deciding for item in items),
        rules=_hits(items, "true"),
        displaced=_hits(items, "displaced"),
        undetermined=_hits(items, "unknown"),
        announced=tuple(
            Hit(rule, item.place) for item in items for rule in span.announced if rule.test(item.values) is not False
        ),
        answered={(rule, item): answer.allow for item, every in answers.items() for rule, answer in every.items()},
        valid_until=_valid_until(items, side, span, words, answers),
        unsettled_documents=tuple(
            dict.fromkeys(one for one, held in papers if held is None and (one, False) not in papers)
        ),
    )


def _hits(items: Iterable[_Item], kind: str) -> tuple[Hit, ...]:
    return tuple(Hit(rule, item.place) for item in items for rule in getattr(item, kind))


def _route(items: Iterable[_Item], span: Span) -> str | None:
    """Return the strictest TRUE route; an unknown stricter one leaves the route open (semantics 15)."""
    ranks = span.routes
    true = {rule.effect.value for item in items for rule in item.true if rule.effect.kind == "route"}
    if not true:
        return None
    strictest: str = min(true, key=lambda name: ranks[name])
    open_ranks = (ranks[rule.effect.value] for item in items for rule in item.unknown if rule.effect.kind == "route")
    return None if any(rank < ranks[strictest] for rank in open_ranks) else strictest


def _inspects(items: Iterable[_Item]) -> tuple[tuple[float, str], ...]:
    shares = {
        rule.id: rule.effect.value["share"] for item in items for rule in item.true if rule.effect.kind == "inspect"
    }
    return tuple((share, rule) for rule, share in shares.items())


def _obliges(items: Iterable[_Item], side: Side, movement: Movement, words: Dictionary) -> tuple[Obligation, ...]:
    return tuple(
        obligation(
            rule.id,
            rule.effect.value,
            side=side,
            words=words,
            values=item.values,
            at=movement.at,
            crossing_at=movement.crossing_at,
            item=item.place,
        )
        for item in items
        for rule in item.true
        if rule.effect.kind == "oblige"
    )


# How long it holds (semantics 19) --------------------------------------------------------------------------------


def _valid_until(
    items: Iterable[_Item], side: Side, span: Span, words: Dictionary, answers: _Answers
) -> datetime | None:
    days: list[date] = [span.last] if span.last else []
    for item in items:
        days += _turning_days(item, span)
        days += _paper_days(item, words)
    ends = [end_of_day(day, side.time_zone) for day in days if day < NO_END]
    ends += [answer.until for every in answers.values() for answer in every.values() if answer.until is not None]
    return min(ends, default=None)


def _turning_days(item: _Item, span: Span) -> Iterable[date]:
    """Yield the last day before a comparison with the date turns."""
    for rule in span.rules:
        for turning in rule.turning:
            last = _last_day_alike(turning, item.values)
            if last is not None:
                yield last


def _last_day_alike(turning: Turning, values: Mapping[str, Any]) -> date | None:
    """Return the last day, from today on, on which the comparison keeps its truth; None if it never turns.

    It turns where both sides meet, give or take the days by which months differ; so that neighbourhood is searched.
    """
    now = turning.test(values)
    if now is None:
        return None
    today: date = values[ON]
    sides = (turning.comparison.left, turning.comparison.right)
    meetings = [values[name] for name in turning.facts] or [
        evaluate(side, values) for side in sides if "on" not in parameters_read(side)
    ]
    reach = turning.reach + 2
    for meeting in sorted(meetings):
        if meeting >= NO_END:
            continue
        for days in range(-reach, reach + 1):
            day = _moved(meeting, days)
            if day > today and turning.test({**values, ON: day}) != now:
                return day - timedelta(days=1)
    return None


def _moved(day: date, days: int) -> date:
    return date.fromordinal(min(max(day.toordinal() + days, 1), NO_END.toordinal()))


def _paper_days(item: _Item, words: Dictionary) -> Iterable[date]:
    """Yield the last day of each required paper that is held."""
    for rule in [*item.true, *item.unknown]:
        for alternatives in rule.papers:
            for name in alternatives:
                document = words.documents[name]
                if item.held(document) is False:
                    continue
                yield item.values.get(f"{name}_expires_on", NO_END)
                if item.values.get(document.dated_fact):
                    yield shift(item.values[document.dated_fact], months=document.dated_months)
