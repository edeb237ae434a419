"""What follows from decisions: matters for officers, notices with their remedies, obligations, records, events."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from django.db.models import Q
from django.utils import timezone

from riverloop.apps.clearance import exchange
from riverloop.apps.clearance.decided import Decided, proposals_of
from riverloop.apps.clearance.models import Movement, Notice, Question, SideDecision
from riverloop.apps.clearance.selectors import rulebook, zone
from riverloop.apps.clearance.telling import notice_give, notice_of, outcomes_changed, places_told
from riverloop.apps.desk.models import Matter
from riverloop.apps.desk.services import (
    NewMatter,
    Wanted,
    matters_close,
    matters_open,
    obligations_set_many,
    standing_answers,
)
from riverloop.apps.record.services import records_append
from riverloop.core.rules import decisions as core
from riverloop.core.rules.decide import decide_side
from riverloop.core.rules.packs import SHARED

Pairs = Sequence[tuple[Decided, SideDecision]]
_CHUNK = 2000
REFERRAL, REFUSAL, REMEDY = "referral", "refusal", "remedy"


def follow(side: str, pairs: Pairs) -> None:
    """Do all that follows from decisions of one side."""
    _matters(side, pairs)
    _notices(side, pairs)
    _obligations(side, pairs)
    _records(side, pairs)
    outcomes_changed([one.movement for one, row in pairs if one.last is None or _turned(one, row)])


def _turned(one: Decided, row: SideDecision) -> bool:
    return one.last is not None and (one.last.low, one.last.high) != (row.low, row.high)


# Matters -----------------------------------------------------------------------------------------------------------


def _matters(side: str, pairs: Pairs) -> None:
    wanted = {_asked(new): new for pair in pairs for new in _wanted(*pair)}
    stored = [one.movement.id for one, _ in pairs if one.last is not None and not _is_over(one.movement)]
    overtaken = [matter for matter in open_matters(side, stored, (REFERRAL, REFUSAL)) if _asked(matter) not in wanted]
    if overtaken:
        matters_close(matters=overtaken, act="superseded", reason="")
        questions_close(overtaken)
    if wanted:
        matters_open(side=side, new=wanted.values())


def _asked(matter: Matter | NewMatter) -> tuple[Any, ...]:
    """Return what is asked of an authority."""
    return matter.kind, matter.subject, matter.rule, matter.rule_version, matter.item


def _wanted(one: Decided, row: SideDecision) -> Iterable[NewMatter]:
    movement, decision = one.movement, one.decision
    if _is_over(movement):
        return
    owner = zone().side(row.side).side
    for hit in decision.refers:
        yield _matter(one, REFERRAL, str(hit.rule.effect.value), hit)
    for hit in proposals_of(decision, movement.flow):
        measure = rulebook().packs.measures[hit.rule.rule.measure].authority if hit.rule.rule else "immigration"
        authority = owner.authority("immigration" if measure in SHARED else measure)
        yield _matter(one, REFUSAL, authority, hit)


def _is_over(movement: Movement) -> bool:
    """Say whether it waits for nobody any longer; what waited was closed when it crossed or was withdrawn."""
    return movement.withdrawn_at is not None or movement.crossed_at is not None


def _matter(one: Decided, kind: str, authority: str, hit: core.Hit) -> NewMatter:
    """Return what a rule asks: of people one by one, of goods and data for all of a movement."""
    movement = one.movement
    return NewMatter(
        authority=authority,
        kind=kind,
        subject=movement.id,
        rule=hit.rule.id,
        rule_version=hit.rule.version,
        flow=movement.flow,
        organisation=movement.organisation,
        person=one.subject.items[hit.item].person,
        item=hit.item if movement.flow == "person" else None,
    )


def open_matters(side: str, movements: Sequence[str], kinds: Iterable[str]) -> list[Matter]:
    """Return what is open about movements at a side."""
    found: list[Matter] = []
    for start in range(0, len(movements), _CHUNK):
        part = movements[start : start + _CHUNK]
        found += Matter.objects.filter(owner_side=side, kind__in=list(kinds), subject__in=part, closed_at=None)
    return found


def questions_close(matters: Iterable[Matter]) -> None:
    """Ask no longer what matters that are closed had asked."""
    ids = [matter.id for matter in matters]
    open_ones = Question.objects.filter(matter__in=ids, answered_at=None, closed_at=None).select_related("movement")
    for question in open_ones:
        question.closed_at = timezone.now()
        question.save(update_fields=["closed_at"])
        if question.movement.filed_side != question.owner_side:
            exchange.question_send(question)


def movements_end(movements: Sequence[Movement], *, act: str) -> None:
    """Close what waits for an officer about movements that need nobody any longer.

    Args:
        movements: rows of one side.
        act: withdrawn or crossed.
    """
    if not movements:
        return
    side = movements[0].owner_side
    kinds = (REFERRAL, REFUSAL) if act == "crossed" else (REFERRAL, REFUSAL, REMEDY)
    matters = open_matters(side, [one.id for one in movements], kinds)
    if matters:
        matters_close(matters=matters, act=act, reason="")
        questions_close(matters)


# Notices of what a rule refuses ------------------------------------------------------------------------------------


def _notices(side: str, pairs: Pairs) -> None:
    new = [notice for pair in pairs for notice in _refusals(*pair)]
    if not new:
        return
    known = set(
        Notice.objects.filter(movement__in=[one.movement_id for one in new], side=side, act="refused").values_list(
            "movement", "rule", "untold_rule", "place"
        )
    )
    for notice in new:
        about = (notice.movement_id, notice.rule, notice.untold_rule, notice.place)
        if about not in known:
            known.add(about)
            notice_give(notice)


def _refusals(one: Decided, row: SideDecision) -> Iterable[Notice]:
    """Yield what is told of rules that refuse goods or data; against a person, an officer's signature tells it.

    What a standing answer refuses has no matter of its own, and is told here whatever crosses.
    """
    yield from _refused_standing(one, row)
    if one.movement.flow == "person":
        return
    for hit in one.decision.rules:
        rule = hit.rule.rule
        if hit.rule.effect.kind == "refuse" and rule and one.decision.answer_to(hit) is None:
            authority = zone().side(row.side).side.authority(_authority(rule.measure, one.movement.flow))
            for place in places_told(one.movement.flow, one.subject.items, [hit.item]):
                yield notice_of(one.movement, authority, "refused", row.decided_at, hit.rule.id, place=place)


def _refused_standing(one: Decided, row: SideDecision) -> Iterable[Notice]:
    refused = [hit for hit in one.decision.rules if one.decision.answer_to(hit) is False]
    if not refused:
        return
    own = set(
        Matter.objects.filter(
            owner_side=row.side, subject=one.movement.id, rule__in={hit.rule.id for hit in refused}, act="refuse"
        ).values_list("rule", "item")
    )
    standing: dict[tuple[str, str], list[int]] = {}
    for hit in refused:
        if not own & {(hit.rule.id, None), (hit.rule.id, hit.item)}:
            standing.setdefault((hit.rule.id, hit.rule.version), []).append(hit.item)
    for (rule, version), hits in sorted(standing.items()):
        given = standing_answers(side=row.side, rule=rule, rule_version=version).filter(
            Q(organisation=None) | Q(organisation=one.movement.organisation_id), flow=one.movement.flow, allow=False
        )
        answer = given.first()
        if answer is None:
            continue
        for place in places_told(one.movement.flow, one.subject.items, hits):
            yield notice_of(
                one.movement, answer.authority, "refused", row.decided_at, rule, reason=answer.reason, place=place
            )


_LEADS = {"person": "immigration", "goods": "customs", "data": "data"}


def _authority(measure: str, flow: str) -> str:
    named = rulebook().packs.measures[measure].authority
    return _LEADS[flow] if named in SHARED else named


# Obligations -------------------------------------------------------------------------------------------------------


def _obligations(side: str, pairs: Pairs) -> None:
    """Set what both laws ask of movements that were filed here."""
    wanted: dict[str, list[Wanted]] = {}
    for one, row in pairs:
        if one.movement.filed_side != side:
            return
        movement = one.movement
        elsewhere = decision_elsewhere(one)
        every = [] if movement.withdrawn_at else [*_duties(one, one.as_stated), *_duties(one, elsewhere)]
        if every or row.number > 1:
            wanted[movement.id] = every
    if wanted:
        obligations_set_many(side=side, wanted=wanted)


def decision_elsewhere(one: Decided) -> core.SideDecision:
    """Return what the other side's public rules say, from the applicant's own facts alone."""
    law, subject = rulebook(), one.subject
    read = law.packs.dictionary.read
    items = tuple(
        read(one.movement.flow, subject.facts(item, own=False)) if subject.officers_facts(item) else typed
        for item, typed in zip(subject.items, one.asked.items, strict=True)
    )
    public = replace(one.asked, items=items, answers=())
    return decide_side(law, exchange.other_side(one.movement.owner_side), public)


def _duties(one: Decided, decision: core.SideDecision) -> Iterable[Wanted]:
    effects = {hit.rule.id: hit.rule.effect.value for hit in decision.rules if hit.rule.effect.kind == "oblige"}
    movement = one.movement
    for duty in decision.obliges:
        due = duty.due if movement.crossed_at or not _counts_after_crossing(effects[duty.rule]) else None
        yield Wanted(
            law_side=decision.side,
            rule=duty.rule,
            act=duty.act,
            item=duty.item,
            due_on=due if isinstance(due, date) and not isinstance(due, datetime) else None,
            due_at=due if isinstance(due, datetime) else None,
            provisional=duty.provisional,
            organisation=movement.organisation,
            person=one.subject.items[duty.item].person,
        )


def _counts_after_crossing(effect: Any) -> bool:
    """Say whether its days run only once it has crossed; what is due before, is due by the day it is to cross."""
    return bool(effect.get("from", "at") == "crossing" and effect.get("days", effect.get("minutes", 0)) >= 0)


# Records -----------------------------------------------------------------------------------------------------------


def _records(side: str, pairs: Pairs) -> None:
    entries = []
    for one, row in pairs:
        payload = {"decision": row.id, "movement": row.movement_id, "number": row.number, "cause": row.cause}
        entries.append(("movement.decided", payload))
        before = one.last.result.get("draws", {}) if one.last else {}
        entries += [
            ("inspection.drawn", {"decision": row.id, "movement": row.movement_id, "rule": rule, **drawn})
            for rule, drawn in row.result["draws"].items()
            if rule not in before
        ]
    records_append(side, entries)
