"""A side decides movements by its own rules, from its own copy: many at once, in the caller's transaction."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from secrets import SystemRandom
from typing import Any

from django.db.models import Max, OuterRef, Subquery
from django.utils import timezone

from riverloop.apps.clearance import consequences, exchange
from riverloop.apps.clearance.answers import answers_of
from riverloop.apps.clearance.decided import Decided, levels_of, proposals_of
from riverloop.apps.clearance.models import Movement, PackText, SideDecision
from riverloop.apps.clearance.providers import fill
from riverloop.apps.clearance.selectors import is_stored, pack_texts, rulebook
from riverloop.apps.clearance.stated import Subject, subjects_of, with_found
from riverloop.apps.notices.messages import Outgoing
from riverloop.apps.record.rows import rows_insert
from riverloop.core.kernel.errors import InputError
from riverloop.core.rules import decisions as core
from riverloop.core.rules.decide import decide_side
from riverloop.core.rules.decisions import Answer, read_movement
from riverloop.core.rules.loader import load, read_sources
from riverloop.core.rules.rulebook import Rulebook

_CHUNK = 2000
_DICE = SystemRandom()


def movements_decide(movements: Iterable[Movement], *, cause: str) -> list[SideDecision]:
    """Decide movements of one side anew, and tell the other side what that changes.

    Args:
        movements: rows of one side, locked by the caller where others may decide them too.
        cause: why, in a word: restated, answered, permit, law …
    """
    return decide_subjects(subjects_of(movements), cause=cause)


def decide_subjects(
    subjects: Sequence[Subject],
    *,
    cause: str,
    before: Callable[[Sequence[Subject]], list[Outgoing]] | None = None,
) -> list[SideDecision]:
    """Decide movements and store the decisions with all that follows from them.

    Args:
        subjects: movements of one side; fresh ones the caller stores right after, with the levels set here.
        cause: why, in a word.
        before: returns what the other side must read about them first.
    """
    if not subjects:
        return []
    side, law, now = subjects[0].movement.owner_side, rulebook(), timezone.now()
    if any(one.movement.own_packs != law.packs.sha256 for one in subjects) and not is_stored(law.packs.sha256):
        pack_text_store(sha256=law.packs.sha256, files=pack_texts())
    fill(subjects)
    decided = _decide(subjects, side, law, now)
    if not subjects[0].fresh:
        _follow_on(decided, side)
    rows = [_row(one, cause, now, law) for one in decided]
    pairs = list(zip(decided, rows, strict=True))
    signed = exchange.decisions_tell(side, pairs, before(subjects) if before else ())
    for row, text in zip(rows, signed, strict=True):
        row.told, row.signature, row.key_id = text.text, text.signature, text.key_id
    rows_insert(rows)
    _set_levels(pairs, law, fresh=subjects[0].fresh)
    consequences.follow(side, pairs)
    return rows


def pack_text_store(*, sha256: str, files: Mapping[str, str]) -> PackText:
    """Store the text of the packs in use, once.

    Args:
        sha256: the pack set's hash, in hexadecimal.
        files: the text of each file, by its path.
    """
    stored, _ = PackText.objects.get_or_create(
        sha256=sha256, defaults={"files": dict(files), "stored_at": timezone.now()}
    )
    return stored


# One decision ------------------------------------------------------------------------------------------------------


def _decide(subjects: Sequence[Subject], side: str, law: Rulebook, now: datetime) -> list[Decided]:
    answers = answers_of(side, [one.movement for one in subjects], stored=not subjects[0].fresh)
    return [_decide_one(subject, side, law, answers[subject.movement.id], now) for subject in subjects]


def _decide_one(subject: Subject, side: str, law: Rulebook, answers: tuple[Answer, ...], now: datetime) -> Decided:
    movement = subject.movement
    stated = [subject.facts(item, own=False) for item in subject.items]
    found = [subject.officers_facts(item) for item in subject.items]
    facts = [{**one, **other} for one, other in zip(stated, found, strict=True)]
    crossing = movement.crossed_at or movement.crossing_at
    at = movement.crossed_at or max(now, movement.crossing_at)  # the law of the day on which it can cross
    asked = core.Movement(
        flow=movement.flow,
        direction=movement.direction,
        at=at,
        items=tuple(law.packs.dictionary.read(movement.flow, one) for one in facts),
        answers=answers,
        crossing_at=crossing,
    )
    decision = decide_side(law, side, asked)
    public = _as_stated(law, side, asked, stated) if any(found) else None
    inputs = {
        "zone": law.boundary.zone,
        "assume": sorted(law.boundary.assume),
        "movement": {
            "flow": movement.flow,
            "direction": movement.direction,
            "at": at.isoformat(),
            "crossing_at": crossing.isoformat(),
            "items": stated,
            "answers": [_answer_json(one) for one in answers],
        },
        **({"found": found} if public else {}),
    }
    return Decided(subject, asked, decision, inputs, *levels_of(decision, movement.flow), public=public)


def _as_stated(
    law: Rulebook, side: str, asked: core.Movement, stated: Iterable[Mapping[str, Any]]
) -> core.SideDecision:
    items = tuple(law.packs.dictionary.read(asked.flow, one) for one in stated)
    return decide_side(law, side, replace(asked, items=items))


def _answer_json(answer: Answer) -> dict[str, Any]:
    until = {"until": answer.until.isoformat()} if answer.until else {}
    item = {"item": answer.item} if answer.item is not None else {}
    word = "allow" if answer.allow else "refuse"
    return {"side": answer.side, "rule": answer.rule, "version": answer.version, "answer": word, **until, **item}


# What is stored ----------------------------------------------------------------------------------------------------


def numbers_of(movements: Sequence[str], side: str) -> dict[str, int]:
    """Return the number of the newest decision of a side that is held of each movement."""
    found: dict[str, int] = {}
    for start in range(0, len(movements), _CHUNK):
        rows = SideDecision.objects.filter(movement__in=movements[start : start + _CHUNK], side=side)
        found.update(rows.values_list("movement").annotate(Max("number")))
    return found


def latest_of(movements: Sequence[str], side: str) -> dict[str, SideDecision]:
    """Return the newest decision of a side that is held of each movement."""
    found: dict[str, SideDecision] = {}
    later = SideDecision.objects.filter(movement=OuterRef("movement"), side=OuterRef("side")).order_by("-number")
    for start in range(0, len(movements), _CHUNK):
        rows = SideDecision.objects.filter(movement__in=movements[start : start + _CHUNK], side=side)
        found |= {row.movement_id: row for row in rows.filter(number=Subquery(later.values("number")[:1]))}
    return found


def _follow_on(decided: Iterable[Decided], side: str) -> None:
    listed = list(decided)
    latest = latest_of([one.movement.id for one in listed], side)
    for one in listed:
        one.last = latest.get(one.movement.id)
        one.number = one.last.number + 1 if one.last else 1


def _row(one: Decided, cause: str, now: datetime, law: Rulebook) -> SideDecision:
    decision, last = one.decision, one.last
    result = short(decision, one.movement.flow)
    said = _said(one, result, law)
    is_news = last is None or cause in _ALWAYS_NEWS or said != last.said_hash
    return SideDecision(
        owner_side=one.movement.owner_side,
        movement=one.movement,
        side=decision.side,
        number=one.number,
        cause=cause,
        at=datetime.fromisoformat(one.inputs["movement"]["at"]),
        decided_at=now,
        packs_sha256=law.packs.sha256,
        low=one.low,
        high=one.high,
        route=decision.route or "",
        valid_until=decision.valid_until,
        inputs=one.inputs,
        result={**result, "draws": _draws(one)},
        said_number=(last.said_number if last else 0) + is_news,
        said_at=now if last is None or is_news else last.said_at,
        said_hash=said,
    )


_ALWAYS_NEWS = ("declared", "restated", "answered", "crossed")  # causes that whoever filed knows of


def _said(one: Decided, result: Mapping[str, Any], law: Rulebook) -> str:
    """Return the hash of what whoever filed may read of a decision: it stays where only officers learnt something."""
    read = short(one.public, one.movement.flow) if one.public else result
    kept = {name: value for name, value in read.items() if name not in ("answered", "answered_items")}
    whole = [one.low, one.high, law.packs.sha256, str(one.as_stated.valid_until), kept]
    return hashlib.sha256(json.dumps(whole, sort_keys=True).encode()).hexdigest()


def short(decision: core.SideDecision, flow: str) -> dict[str, Any]:
    """Return what a decision says in short form: ids, names and days."""
    apart = sorted([rule, item, allow] for (rule, item), allow in decision.answered.items() if item is not None)
    return {
        "levels": [list(pair) for pair in decision.item_levels],
        "route": decision.route,
        "requires": _any_of(decision.requires),
        "missing_documents": _any_of(decision.missing_documents),
        "missing_facts": [list(names) for names in decision.missing_facts],
        "deciding_facts": list(decision.deciding_facts),
        "obliges": [one.as_json() for one in decision.obliges],
        "refers": [[hit.rule.id, hit.item, hit.rule.effect.value] for hit in decision.refers],
        "proposed": [[hit.rule.id, hit.item] for hit in proposals_of(decision, flow)],
        "notifies": list(decision.notifies),
        "rules": _ids(decision.rules),
        "displaced": _ids(decision.displaced),
        "undetermined": _ids(decision.undetermined),
        "announced": _ids(decision.announced),
        "answered": {rule: allow for (rule, item), allow in decision.answered.items() if item is None},
        **({"answered_items": apart} if apart else {}),
    }


def _ids(hits: Iterable[core.Hit]) -> list[list[Any]]:
    return [[hit.rule.id, hit.item] for hit in hits]


def _any_of(papers: Iterable[tuple[str, ...]]) -> list[Any]:
    return [one[0] if len(one) == 1 else {"any_of": list(one)} for one in papers]


def _draws(one: Decided) -> dict[str, Any]:
    """Draw whether it is inspected, once for each rule: stating it again does not draw again."""
    drawn: dict[str, Any] = dict(one.last.result.get("draws", {})) if one.last else {}
    for share, rule in one.decision.inspects:
        if rule not in drawn:
            drawn[rule] = {"share": share, "inspect": _DICE.random() < share}
    return drawn


def _set_levels(pairs: Sequence[tuple[Decided, SideDecision]], law: Rulebook, *, fresh: bool) -> None:
    groups: dict[tuple[Any, ...], list[str]] = {}
    for one, row in pairs:
        movement = one.movement
        values = (row.low, row.high, law.packs.sha256, row.valid_until)
        if fresh or values != (movement.own_low, movement.own_high, movement.own_packs, movement.own_valid_until):
            groups.setdefault(values, []).append(movement.pk)
        movement.own_low, movement.own_high, movement.own_packs, movement.own_valid_until = values
    if fresh:
        return
    for (low, high, packs, until), ids in groups.items():
        Movement.objects.filter(pk__in=ids).update(own_low=low, own_high=high, own_packs=packs, own_valid_until=until)


# Run again ---------------------------------------------------------------------------------------------------------


def decision_rerun(decision: SideDecision) -> bool:
    """Decide again from what was stored, by the packs of then, and say whether the answer is the same."""
    again = decision_again(decision)
    flow = decision.inputs["movement"]["flow"]
    said = {**short(again, flow), "draws": decision.result.get("draws", {})}
    return (
        levels_of(again, flow) == (decision.low, decision.high)
        and (again.route or "") == decision.route
        and again.valid_until == decision.valid_until
        and said == decision.result
    )


def decision_again(decision: SideDecision) -> core.SideDecision:
    """Return a side's own decision with all its rules, decided again by the packs of then.

    Raises:
        InputError: it was decided on the other side, or its facts were erased.
    """
    if not decision.inputs:
        raise InputError("clearance.no_inputs", "What this was decided from is not kept here.")
    law = rulebook_of(decision.packs_sha256, tuple(decision.inputs["assume"]))
    asked = read_movement(with_found(decision.inputs), law.boundary, law.packs.dictionary)
    return decide_side(law, decision.side, asked)


@lru_cache(maxsize=4)
def rulebook_of(sha256: str, assume: tuple[str, ...]) -> Rulebook:
    """Return the law of a stored pack set; it was checked when it was first used, so no dead rule is looked for."""
    now = rulebook()
    boundary = replace(now.boundary, assume=frozenset(assume))
    if sha256 == now.packs.sha256:
        return now if boundary == now.boundary else Rulebook(now.packs, boundary)
    texts = PackText.objects.get(pk=sha256).files
    return Rulebook(load(read_sources(texts)), boundary)
