"""What the sides tell each other about movements, and what each does with what it is told.

A side reads nothing of the other's but these messages. Each field of a body stands in the zone file's disclosure
table; what an officer alone knows is in none.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, cast

from riverloop.apps.clearance.decided import Decided, item_levels, proposals_of
from riverloop.apps.clearance.models import Movement, Notice, Question, SideDecision
from riverloop.apps.clearance.selectors import rulebook, zone
from riverloop.apps.clearance.stated import OFFICER, Subject
from riverloop.apps.notices.envelopes import signed_bytes
from riverloop.apps.notices.messages import Outgoing, messages_send
from riverloop.apps.notices.signing import signer, verify
from riverloop.core.kernel.canonical import canonical_json
from riverloop.core.kernel.sides import Flow
from riverloop.core.rules.decisions import outcome
from riverloop.core.rules.packs import OUTCOMES

DECLARED, RESTATED, WITHDRAWN = "movement.declared", "movement.restated", "movement.withdrawn"
CROSSED, DECIDED = "movement.crossed", "side.decided"
ASKED, ANSWERED, NOTIFIED, REMEDY = "movement.asked", "movement.answered", "movement.notified", "remedy.filed"


@dataclass(frozen=True, slots=True)
class Signed:
    """A text with its side's signature."""

    text: str
    signature: bytes
    key_id: str


def other_side(side: str) -> str:
    """Return the side across the boundary."""
    one, other = (each.id for each in zone().sides)
    return other if side == one else one


# What is told ------------------------------------------------------------------------------------------------------


@cache
def fields_told(flow: str, to_side: str) -> frozenset[str]:
    """Return the names of the facts and parts of a declaration that a side is told; no officer's fact among them."""
    told = zone().disclosed("declare", to_side, cast("Flow", flow))
    words = rulebook().packs.dictionary
    facts = {
        fact.name
        for fact in words.of_flow(flow)
        if fact.source != OFFICER and (fact.document or fact.name) in told and fact.is_visible_to(to_side)
    }
    return frozenset(facts | (told - words.facts.keys()))


def declared_tell(subjects: Iterable[Subject], kind: str = DECLARED) -> list[Outgoing]:
    """Return what the other side is told of movements that were filed here, as they stand."""
    return [_outgoing(kind, "declare", subject.movement, _declared(subject)) for subject in subjects]


def _declared(subject: Subject) -> dict[str, Any]:
    movement, told = subject.movement, fields_told(subject.movement.flow, other_side(subject.movement.owner_side))
    head = {
        "flow": movement.flow,
        "direction": movement.direction,
        "at": _instant(movement.declared_at),
        "crossing_at": _instant(movement.crossing_at),
        "control_point": movement.control_point or None,
    }
    items = [
        {name: value for name, value in subject.facts(item, own=False).items() if name in told}
        for item in subject.items
    ]
    papers = [
        {key: value for key, value in paper.items() if value is not None}
        for paper in subject.papers
        if paper["document"] in told
    ]
    body = {name: value for name, value in head.items() if name in told and value is not None}
    return {"movement": movement.ref, **body, "items": items, **({"permits": papers} if papers else {})}


def _outgoing(kind: str, step: str, movement: Movement, body: dict[str, Any]) -> Outgoing:
    return Outgoing(kind=kind, step=step, flow=movement.flow, subject=movement.ref, body=body)


def send(movement: Movement, kind: str, step: str, **body: Any) -> None:
    """Tell the other side one thing about a movement; what is None is left out."""
    said = {name: _json(value) for name, value in body.items() if value is not None and value != ""}
    whole = {"movement": movement.ref, **said}
    messages_send(
        from_side=movement.owner_side,
        to_side=other_side(movement.owner_side),
        outgoing=[_outgoing(kind, step, movement, whole)],
    )


def question_send(question: Question) -> None:
    """Ask the side where it was filed, or tell it that nothing is asked any longer."""
    send(
        question.movement,
        ASKED,
        "ask",
        question=question.ref,
        place=question.place,
        authority=question.authority,
        facts=question.facts or None,
        text=question.text,
        at=question.asked_at,
        due_at=question.due_at,
        closed_at=question.closed_at,
    )


def notice_send(notice: Notice) -> None:
    """Tell the side where it was filed what an authority of this side decided against it, or did about a remedy."""
    send(
        notice.movement,
        NOTIFIED,
        "notify",
        notice=notice.ref,
        place=notice.place,
        authority=notice.authority,
        act=notice.act,
        rule=notice.rule,
        reason=notice.reason,
        remedy_body=notice.remedy_body,
        remedy_until=notice.remedy_until,
        at=notice.at,
    )


# Decisions ---------------------------------------------------------------------------------------------------------


def decisions_tell(
    side: str, decided: Sequence[tuple[Decided, SideDecision]], before: Iterable[Outgoing] = ()
) -> list[Signed]:
    """Sign this side's decisions, and send those that say something new, after what has to be read before them."""
    bodies = [_decided(one, row) for one, row in decided]
    news = [one.last is None or _differs(one.last, body) for (one, _), body in zip(decided, bodies, strict=True)]
    outgoing = list(before)
    ahead = len(outgoing)
    for (one, _), body, is_new in zip(decided, bodies, news, strict=True):
        if is_new:
            outgoing.append(_outgoing(DECIDED, "side_decision", one.movement, body))
    sent = iter(messages_send(from_side=side, to_side=other_side(side), outgoing=outgoing)[ahead:])
    sign = signer(side)
    signed = []
    for body, is_new in zip(bodies, news, strict=True):
        if is_new:
            message = next(sent)
            text = signed_bytes(message).decode()
            signed.append(Signed(text, bytes(message.signature), message.key_id))
        else:
            data = canonical_json(body)
            signed.append(Signed(data.decode(), *sign(data)))
    return signed


def _decided(one: Decided, row: SideDecision) -> dict[str, Any]:
    said = {
        "movement": one.movement.ref,
        "side": row.side,
        "number": row.number,
        "at": _instant(row.at),
        "outcome": outcome(row.low, row.high),
        "at_best": OUTCOMES[row.low],
        "at_worst": OUTCOMES[row.high],
        "route": row.route or None,
        "missing_documents": row.result["missing_documents"],
        "proposed": _proposed(one),
        "item_outcomes": _item_outcomes(one),
        "valid_until": _instant(one.as_stated.valid_until) if one.as_stated.valid_until else None,
        "packs": row.packs_sha256,
    }
    return {name: value for name, value in said.items() if value is not None}


def _proposed(one: Decided) -> list[int] | None:
    """Return the places of the people whose refusal is proposed by rules that they may read; None of other flows."""
    if one.movement.flow != "person":
        return None
    proposed = proposals_of(one.as_stated, one.movement.flow)
    return sorted({hit.item for hit in proposed if hit.rule.rule and hit.rule.rule.disclose == "applicant"})


def _item_outcomes(one: Decided) -> list[list[str]] | None:
    """Return the best and the worst outcome of each of several people; None of one alone and of other flows."""
    if one.movement.flow != "person" or len(one.subject.items) == 1:
        return None
    return [[OUTCOMES[low], OUTCOMES[high]] for low, high in item_levels(one)]


_ALWAYS_NEW = ("number", "at", "packs")


def _differs(last: SideDecision, body: dict[str, Any]) -> bool:
    before = told_by(last)
    return {k: v for k, v in before.items() if k not in _ALWAYS_NEW} != {
        k: v for k, v in body.items() if k not in _ALWAYS_NEW
    }


def told_by(decision: SideDecision) -> dict[str, Any]:
    """Return what the deciding side told with a decision: the last line of what it signed."""
    told: dict[str, Any] = json.loads(decision.told.rsplit("\n", 1)[-1])
    return told


def signature_holds(decision: SideDecision) -> bool:
    """Say whether the side that decided signed this, letter by letter."""
    return verify(decision.side, decision.told.encode(), bytes(decision.signature), decision.key_id)


def _instant(at: datetime) -> str:
    return at.isoformat()


def _json(value: Any) -> Any:
    return _instant(value) if isinstance(value, datetime) else value
