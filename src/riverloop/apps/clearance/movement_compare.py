"""The page that sets two versions of a movement side by side, and says why the outcome changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from riverloop.apps.clearance import law, sentences
from riverloop.apps.clearance.changes import Changes, RuleChange, SideChange, compare
from riverloop.apps.clearance.deciding import rulebook_of
from riverloop.apps.clearance.explain import law_view
from riverloop.apps.clearance.formats import instant_text
from riverloop.apps.clearance.language import active_language
from riverloop.apps.clearance.models import Movement, SideDecision
from riverloop.apps.clearance.movement_pages import movement_or_404, reading_of, record_view
from riverloop.apps.clearance.movement_parts import head
from riverloop.apps.clearance.movement_words import CAUSE_WORDS, CHANGE_CAUSES, STATE_WORDS
from riverloop.apps.clearance.selectors import rulebook, zone
from riverloop.apps.clearance.stored import Levels, Reading, is_proposed, levels_read, read_again
from riverloop.apps.clearance.whose import facts_held_by
from riverloop.apps.parties.views import account_of
from riverloop.core.rules.decisions import Decision, outcome
from riverloop.core.rules.facts import as_json
from riverloop.core.rules.packs import CLEARED, REFUSED
from riverloop.core.rules.rulebook import NEUTRAL_REASON

MOST_VERSIONS = 200
TURNS = (
    ("gained", sentences.N_("Speak now")),
    ("lost", sentences.N_("Speak no longer")),
    ("turned", sentences.N_("Say something different now")),
)


@never_cache
@require_safe
def changes(request: HttpRequest, movement_id: str) -> HttpResponse:
    """Compare two decisions of the reader's side on one movement; the last two, if none are named."""
    user = account_of(request)
    found = movement_or_404(user, movement_id)
    reading = reading_of(user, found)
    kept = _versions(found, reading)
    context = {**head(found), "versions": [(one.number, _title(one, found, reading)) for one in kept], "chosen": (0, 0)}
    if reading.kind == "gate" or not kept:
        context |= {"sentence": _("There is nothing to compare."), "nothing": True}
        return render(request, "clearance/movement_changes.html", context)
    record_view(user, found, "clearance:movement_changes")
    before, after = _chosen(request, kept)
    told = list(SideDecision.objects.filter(movement=found).exclude(side=found.owner_side).order_by("number"))
    first, second = (_as_it_stood(one, kept, told, found, reading) for one in (before, after))
    changed = compare(first, second)
    context |= {"chosen": (before.number, after.number), "sentence": _sentence(first, second)}
    context |= _Laid(changed, reading, found).context()
    return render(request, "clearance/movement_changes.html", context)


@dataclass(frozen=True, slots=True)
class _Version:
    """A decision of the reader's side, with the number that it has for the reader."""

    number: int
    row: SideDecision


def _versions(found: Movement, reading: Reading) -> list[_Version]:
    """Return the decisions that a reader may compare: to whoever filed those that said something new."""
    rows = SideDecision.objects.filter(movement=found, side=found.owner_side).order_by("number")
    if found.crossing_concealed:
        rows = rows.exclude(cause="crossed")
    kept: list[_Version] = []
    last: Any = None
    for row in rows[:MOST_VERSIONS]:
        said = _said_of(row, reading)
        if row.inputs and said != last:
            number = row.number if reading.inside else row.said_number if reading.items is None else len(kept) + 1
            kept.append(_Version(number, row))
            last = said
    return kept


def _said_of(row: SideDecision, reading: Reading) -> Any:
    """Return what tells a decision from the one before: to who crosses with others what it says of own items."""
    if reading.inside:
        return row.number
    if reading.items is None:
        return row.said_number
    asked, places = row.inputs.get("movement", {}), sorted(reading.items or ())
    levels = row.result.get("levels", [])
    items = [asked.get("items", [])[place : place + 1] for place in places]
    own = [levels[place : place + 1] for place in places]
    proposed = [one for one in row.result.get("proposed", []) if one[1] in places]  # until an officer signs it
    return row.packs_sha256, asked.get("crossing_at"), items, own, proposed


def _title(one: _Version, found: Movement, reading: Reading) -> str:
    clock = zone().side(found.owner_side).side.time_zone
    when = instant_text(one.row.decided_at, active_language(), clock)
    told = one.row.cause in CAUSE_WORDS and (one.row.cause != "officer" or reading.inside)
    cause = _(CAUSE_WORDS[one.row.cause]) if told else ""  # that an officer found something is no applicant's to know
    return f"{one.number}. {when} {cause}".strip()


def _chosen(request: HttpRequest, kept: list[_Version]) -> tuple[_Version, _Version]:
    by_number = {str(one.number): one for one in kept}
    after = by_number.get(request.GET.get("to", ""), kept[-1])
    earlier = [one for one in kept if one.number < after.number] or [after]
    return by_number.get(request.GET.get("from", ""), earlier[-1]), after


def _as_it_stood(
    version: _Version, kept: list[_Version], told: Iterable[SideDecision], found: Movement, reading: Reading
) -> Decision:
    """Return what both sides had said while a version was the newest."""
    row = version.row
    book = rulebook_of(row.packs_sha256, tuple(row.inputs["assume"]))
    decision = read_again(row.inputs, book, found.owner_side, reading)
    following = next((one.row.decided_at for one in kept if one.number > version.number), None)
    known = [one for one in told if following is None or one.decided_at < following]
    whole: dict[str, Levels] = {row.side: (row.low, row.high)}
    if known:
        whole[known[-1].side] = (known[-1].low, known[-1].high)
    rows = {one.side: one for one in (row, *known[-1:])}
    levels = levels_read(row.inputs, book, reading, decision, whole, rows=rows)
    sides = {}
    for name, said in decision.sides.items():
        low, high = levels.get(name) or (CLEARED, REFUSED)
        proposed = is_proposed(said, found, levels.get(name), rows.get(name), reading)
        sides[name] = said if proposed else replace(said, low=low, high=high)
    return replace(decision, sides=sides)


def _sentence(before: Decision, after: Decision) -> str:
    one, other = (sentences.outcome_word(each.outcome, _) for each in (before, after))
    if one == other:
        return _("The outcome is the same: “{outcome}”.").format(outcome=one)
    return _("It was “{before}”, and is “{after}” now.").format(before=one, after=other)


class _Laid:
    """What differs, in words, as far as one reader may read it."""

    def __init__(self, changed: Changes, reading: Reading, found: Movement) -> None:
        self.changed, self.reading, self.found = changed, reading, found
        self.words, self.packs = rulebook().packs.dictionary, rulebook().packs
        self.readable = self._readable()

    def _readable(self) -> Callable[[str], bool]:
        facts = self.words.facts
        if self.reading.kind == "auditor":
            return lambda name: name in facts
        if self.reading.kind != "officer":
            return lambda name: name in facts and facts[name].source != "officer"
        held = {name for one in self.reading.authorities for name in facts_held_by(one, self.found.flow)}
        return lambda name: name in held

    def context(self) -> dict[str, Any]:
        sides = [side for side in self.changed.sides if self._reads(side)]
        facts = [self._fact(one) for one in self.changed.facts if self.readable(one.name)]
        rules = [self._rules(side) for side in sides if side.rules]
        why = [self._why(side) for side in self.changed.sides if side.moved]
        return {"facts": facts, "rules": rules, "why": why, "nothing": not (facts or rules or why)}

    def _reads(self, side: SideChange) -> bool:
        return self.reading.kind == "applicant" or side.side == self.found.owner_side

    def _fact(self, one: Any) -> dict[str, Any]:
        many = len({each.item for each in self.changed.facts}) > 1 or one.item > 0
        return {
            "label": law.label(one.name),
            "item": one.item + 1 if many else 0,
            "before": law.said(one.name, as_json(one.before)) if one.before is not None else "–",
            "after": law.said(one.name, as_json(one.after)) if one.after is not None else "–",
        }

    def _head(self, side: SideChange) -> dict[str, Any]:
        here = zone().side(side.side)
        return {"title": sentences.own(here.title, active_language()), "accent": here.accent}

    def _why(self, side: SideChange) -> dict[str, Any]:
        before, after = outcome(*side.before), outcome(*side.after)
        rules = [self._rule(one) for one in side.why] if self._reads(side) else []
        return {
            **self._head(side),
            "before": before,
            "before_word": sentences.outcome_word(before, _),
            "after": after,
            "after_word": sentences.outcome_word(after, _),
            "rules": rules,
            "note": _("Why, this side does not say; it told its new answer.") if not rules else "",
        }

    def _rules(self, side: SideChange) -> dict[str, Any]:
        turned = {turn: [self._rule(one) for one in side.rules if one.turn == turn] for turn, _title in TURNS}
        own = side.side == self.found.owner_side
        return {
            **self._head(side),
            "groups": [(_(title), turned[turn]) for turn, title in TURNS if turned[turn]],
            "note": "" if own else _("Worked out here from this side's public rules."),
        }

    def _rule(self, one: RuleChange) -> dict[str, Any]:
        language, rule = active_language(), one.hit.rule.rule
        concealed = rule is not None and rule.disclose == "authority" and not self._may_read(rule.measure)
        measure = self.packs.measures.get(rule.measure) if rule and not concealed else None
        described = NEUTRAL_REASON if concealed else one.hit.rule.describe(self.packs)["reason"]
        return {
            "id": "" if concealed else one.rule,
            "reason": sentences.own(described, language),
            "effect": sentences.effect_text(one.hit.rule.effect.as_json(), self.words, zone(), language, _),
            "item": one.item + 1 if one.item else 0,
            "before": _(STATE_WORDS[one.before]),
            "after": _(STATE_WORDS[one.after]),
            "causes": [_(CHANGE_CAUSES[cause]) for cause in one.causes],
            "facts": [] if concealed else [law.label(name) for name in one.facts if self.readable(name)],
            "law": law_view(measure, zone(), self.words.calendars, language) if measure else None,
        }

    def _may_read(self, measure: str) -> bool:
        return self.reading.kind == "auditor" or self.packs.measures[measure].authority in self.reading.authorities
