"""What a side does with what the other tells it, always with its own rows alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.utils import timezone

from riverloop.apps.clearance import exchange
from riverloop.apps.clearance.consequences import movements_end
from riverloop.apps.clearance.deciding import decide_subjects, latest_of
from riverloop.apps.clearance.models import Item, Movement, Notice, Question, SideDecision, Statement
from riverloop.apps.clearance.selectors import rulebook, zone
from riverloop.apps.clearance.stated import APPLICANT, Subject, subjects_of
from riverloop.apps.clearance.telling import crossings_told, outcomes_changed
from riverloop.apps.notices.envelopes import signed_bytes
from riverloop.apps.notices.messages import on_message
from riverloop.apps.notices.models import Message
from riverloop.apps.record.rows import rows_insert
from riverloop.apps.record.services import records_append
from riverloop.core.kernel.errors import InputError
from riverloop.core.kernel.instants import read_instant
from riverloop.core.kernel.sides import FLOWS
from riverloop.core.rules.decisions import MAX_ITEMS
from riverloop.core.rules.facts import as_json
from riverloop.core.rules.packs import OUTCOMES

Body = dict[str, Any]
_CHUNK = 2000


def listen() -> None:
    """Take every kind of message about movements."""
    handlers: Mapping[str, Callable[[list[Message], list[Body]], None]] = {
        exchange.DECLARED: declared,
        exchange.RESTATED: restated,
        exchange.WITHDRAWN: withdrawn,
        exchange.CROSSED: crossed,
        exchange.DECIDED: side_decided,
        exchange.ASKED: asked,
        exchange.ANSWERED: answered,
        exchange.NOTIFIED: notified,
        exchange.REMEDY: remedy_filed,
    }
    for kind, handler in handlers.items():
        on_message(kind, handler)


def _refused(message: Message) -> InputError:
    return InputError(
        "clearance.message",
        "The message {ref} does not fit what this side holds of the movement. Ask the sender to look at it.",
        ref=message.ref,
    )


# Filed there -------------------------------------------------------------------------------------------------------


def declared(messages: list[Message], bodies: list[Body]) -> None:
    """Keep own copies of movements filed on the other side, and decide them here."""
    subjects = [_subject(message, body) for message, body in zip(messages, bodies, strict=True)]
    decide_subjects(subjects, cause="declared")
    subjects_store(subjects)


def subjects_store(subjects: list[Subject]) -> None:
    """Store movements that were decided before they were stored, so that each row is written once."""
    rows_insert(subject.movement for subject in subjects)
    rows_insert(item for subject in subjects for item in subject.items)
    rows_insert(one for subject in subjects for item in subject.items for one in subject.statements.get(item.id, ()))


def _subject(message: Message, body: Body) -> Subject:
    flow, items = body["flow"], body["items"]
    if flow not in FLOWS or not isinstance(items, list) or not 1 <= len(items) <= MAX_ITEMS:
        raise _refused(message)
    now = timezone.now()
    movement = Movement(
        owner_side=message.to_side,
        ref=_ref(message, body),
        filed_side=message.from_side,
        flow=flow,
        direction=zone().boundary.check_direction(body["direction"]),
        crossing_at=read_instant(body["crossing_at"]),
        control_point=str(body.get("control_point", ""))[:40],
        declared_at=read_instant(body["at"]),
        facts_at=now,
        papers=body.get("permits", []),
    )
    rows = [Item(owner_side=movement.owner_side, movement=movement, place=place) for place in range(len(items))]
    statements = {
        row.id: [_statement(row, 1, _read(flow, facts), message, now)] for row, facts in zip(rows, items, strict=True)
    }
    return Subject(movement, rows, statements, fresh=True)


def _ref(message: Message, body: Body) -> str:
    if body["movement"] != message.subject:
        raise _refused(message)
    return str(message.subject)


def _read(flow: str, facts: Any) -> Body:
    """Read what the other side passes on; what only an officer may state, nobody passes on."""
    words = rulebook().packs.dictionary
    read = words.read(flow, facts)
    return {name: as_json(value) for name, value in read.items() if words.facts[name].source != "officer"}


def _statement(item: Item, number: int, facts: Body, message: Message, now: Any) -> Statement:
    return Statement(
        owner_side=item.owner_side,
        item=item,
        number=number,
        facts=facts,
        asserted_as=APPLICANT,
        side=message.from_side,
        at=now,
    )


def restated(messages: list[Message], bodies: list[Body]) -> None:
    """Bring own copies up to what was restated where they were filed, and decide them anew."""
    movements = _movements(messages, filed_there=True)
    subjects = {subject.movement.ref: subject for subject in subjects_of(movements.values())}
    new, changed = [], []
    for message, body in zip(messages, bodies, strict=True):
        subject = subjects[_ref(message, body)]
        added = _restated(subject, message, body)
        if added is not None:
            new += added
            changed.append(subject)
    rows_insert(new)
    _save(changed, ["crossing_at", "control_point", "facts_at", "papers"])
    decide_subjects(changed, cause="restated")


def _save(subjects: list[Subject], fields: list[str]) -> None:
    for subject in subjects:
        subject.movement.save(update_fields=fields)


def _restated(subject: Subject, message: Message, body: Body) -> list[Statement] | None:
    """Return the statements that a restatement adds; None if it changes nothing here."""
    movement, now = subject.movement, timezone.now()
    if len(body["items"]) != len(subject.items):
        raise _refused(message)
    if movement.withdrawn_at or movement.crossed_at:  # it crossed while this was on its way
        return None
    added = []
    for item, told in zip(subject.items, body["items"], strict=True):
        held, facts = subject.facts(item, own=False), _read(movement.flow, told)
        changes = {name: value for name, value in facts.items() if held.get(name) != value}
        changes |= {name: None for name in held if name not in facts}
        if changes:
            statements = subject.statements.setdefault(item.id, [])
            number = max((one.number for one in statements), default=0) + 1
            added.append(_statement(item, number, changes, message, now))
            statements.append(added[-1])
            if not is_paperwork(changes):
                movement.facts_at = now
    head = (
        read_instant(body["crossing_at"]),
        str(body.get("control_point", movement.control_point))[:40],
        body.get("permits", []),
    )
    if not added and head == (movement.crossing_at, movement.control_point, movement.papers):
        return None
    movement.crossing_at, movement.control_point, movement.papers = head
    return added


def is_paperwork(facts: Body) -> bool:
    """Say whether facts tell of nothing but papers held: an authority's answer to the rest stands."""
    known = rulebook().packs.dictionary.facts
    return all(known[name].document for name in facts)


def withdrawn(messages: list[Message], bodies: list[Body]) -> None:
    movements = _movements(messages, filed_there=True)
    for message, body in zip(messages, bodies, strict=True):
        movement = movements[_ref(message, body)]
        if movement.withdrawn_at is None:
            movement.withdrawn_at = read_instant(body["at"])
            movement.save(update_fields=["withdrawn_at"])
    movements_end(list(movements.values()), act="withdrawn")
    records_append(messages[0].to_side, [("movement.withdrawn", {"movement": one.id}) for one in movements.values()])


def crossed(messages: list[Message], bodies: list[Body]) -> None:
    movements = _movements(messages)
    new = []
    for message, body in zip(messages, bodies, strict=True):
        movement = movements[_ref(message, body)]
        if movement.crossed_at is None:
            movement.crossed_at = read_instant(body["at"])
            movement.save(update_fields=["crossed_at"])
            new.append(movement)
    movements_end(new, act="crossed")
    decide_subjects(subjects_of(new), cause="crossed")
    crossings_told(new)
    records_append(messages[0].to_side, [("movement.crossed", {"movement": one.id}) for one in new])


def _movements(messages: list[Message], *, filed_there: bool = False) -> dict[str, Movement]:
    """Return own copies by ref, locked; the sender may speak only of movements that this side knows."""
    refs = [message.subject for message in messages]
    side, sender = messages[0].to_side, messages[0].from_side
    found: dict[str, Movement] = {}
    for start in range(0, len(refs), _CHUNK):
        rows = Movement.objects.select_for_update().filter(owner_side=side, ref__in=refs[start : start + _CHUNK])
        found |= {row.ref: row for row in rows.order_by("pk")}
    for message in messages:
        held = found.get(message.subject)
        if held is None or message.from_side != sender or (filed_there and held.filed_side != sender):
            raise _refused(message)
    return found


# Decided there -----------------------------------------------------------------------------------------------------


def side_decided(messages: list[Message], bodies: list[Body]) -> None:
    """Keep what the other side decided, with its signature, as the newest that is known of it."""
    movements = _movements(messages)
    known = _newest(movements, messages[0].from_side)
    rows, levels = [], {}
    for message, body in zip(messages, bodies, strict=True):
        movement = movements[_ref(message, body)]
        last = known.get(movement.id)
        if body["side"] != message.from_side or (last and body["number"] <= last.number):
            raise _refused(message)
        row = known[movement.id] = _told(movement, message, body, last)
        rows.append(row)
        levels[movement.id] = (row.low, row.high)
    rows_insert(rows)
    changed = [one for one in movements.values() if (one.other_low, one.other_high) != levels[one.id]]
    for pair in {levels[one.id] for one in changed}:
        same = [one for one in changed if levels[one.id] == pair]
        for one in same:
            one.other_low, one.other_high = pair
        for start in range(0, len(same), _CHUNK):
            ids = [one.pk for one in same[start : start + _CHUNK]]
            Movement.objects.filter(pk__in=ids).update(other_low=pair[0], other_high=pair[1])
    told = [("decision.told", {"decision": row.id, "movement": row.movement_id}) for row in rows]
    records_append(messages[0].to_side, told)
    outcomes_changed(changed)


def _newest(movements: dict[str, Movement], side: str) -> dict[str, SideDecision]:
    return latest_of([one.id for one in movements.values()], side)


def _told(movement: Movement, message: Message, body: Body, last: SideDecision | None) -> SideDecision:
    """Return what the other side decided; its number counts here what said something else to whoever filed."""
    low, high = OUTCOMES.index(body["at_best"]), OUTCOMES.index(body["at_worst"])
    said = {name: body[name] for name in ("missing_documents", "proposed") if name in body}
    apart = [(OUTCOMES.index(best), OUTCOMES.index(worst)) for best, worst in body.get("item_outcomes", ())]
    if apart and len(apart) != movement.items.count():
        raise _refused(message)
    same = last is not None and (last.low, last.high, last.result.get("proposed")) == (low, high, said.get("proposed"))
    until = body.get("valid_until")
    return SideDecision(
        owner_side=movement.owner_side,
        movement=movement,
        side=message.from_side,
        number=body["number"],
        cause="told",
        at=read_instant(body["at"]),
        decided_at=message.sent_at,
        packs_sha256=str(body["packs"])[:64],
        low=low,
        high=high,
        route=str(body.get("route", ""))[:60],
        valid_until=read_instant(until) if until else None,
        said_number=(last.said_number if last else 0) + (not same),
        said_at=last.said_at if last and same else message.sent_at,
        result={
            "missing_documents": [],
            "route": body.get("route"),
            **said,
            **({"item_levels": apart} if apart else {}),
        },
        told=signed_bytes(message).decode(),
        signature=message.signature,
        key_id=message.key_id,
    )


# Asked, answered, told, objected -----------------------------------------------------------------------------------


def asked(messages: list[Message], bodies: list[Body]) -> None:
    from riverloop.apps.clearance.questions import question_take  # noqa: PLC0415 - filing stands on this module, they on filing

    movements = _movements(messages)
    for message, body in zip(messages, bodies, strict=True):
        question_take(movements[_ref(message, body)], message.from_side, body)


def answered(messages: list[Message], bodies: list[Body]) -> None:
    from riverloop.apps.clearance.questions import answer_take  # noqa: PLC0415 - filing stands on this module, they on filing

    movements = _movements(messages, filed_there=True)
    for message, body in zip(messages, bodies, strict=True):
        movement = movements[_ref(message, body)]
        question = Question.objects.filter(movement=movement, ref=body["question"], side=movement.owner_side).first()
        if question is None:
            raise _refused(message)
        answer_take(question, str(body.get("text", "")))


def notified(messages: list[Message], bodies: list[Body]) -> None:
    from riverloop.apps.clearance.remedies import notice_take  # noqa: PLC0415 - filing stands on this module, they on filing

    movements = _movements(messages)
    for message, body in zip(messages, bodies, strict=True):
        notice_take(movements[_ref(message, body)], message.from_side, body)


def remedy_filed(messages: list[Message], bodies: list[Body]) -> None:
    from riverloop.apps.clearance.remedies import remedy_open  # noqa: PLC0415 - filing stands on this module, they on filing

    movements = _movements(messages, filed_there=True)
    for message, body in zip(messages, bodies, strict=True):
        movement = movements[_ref(message, body)]
        notice = Notice.objects.filter(movement=movement, ref=body["notice"], side=movement.owner_side).first()
        if notice is None:
            raise _refused(message)
        remedy_open(notice, str(body.get("text", "")), read_instant(body["at"]))
