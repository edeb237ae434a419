"""What authorities of either side ask whoever filed, and the answers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from riverloop.apps.clearance import exchange
from riverloop.apps.clearance.models import Movement, Question
from riverloop.apps.clearance.steps import movement_restate
from riverloop.apps.clearance.telling import places_of, told
from riverloop.apps.desk.models import Matter
from riverloop.apps.desk.services import matter_answered
from riverloop.apps.parties.models import User
from riverloop.apps.parties.words import N_
from riverloop.apps.record.services import record_append
from riverloop.core.kernel.errors import ConflictError, InputError
from riverloop.core.kernel.ids import new_id
from riverloop.core.kernel.instants import read_instant

LONGEST_ANSWER = 4_000  # characters: two pages


def question_ask(*, movement: Movement, matter: Matter, text: str, facts: list[str], due_at: datetime) -> Question:
    """Ask whoever filed a movement for more, on whichever side they are; inside the desk's transaction."""
    places = places_of(movement, matter.rule) if matter.item is None else [matter.item]
    question = Question.objects.create(
        owner_side=movement.owner_side,
        ref=new_id(),
        place=places[0] if len(places) == 1 else None,
        movement=movement,
        side=movement.owner_side,
        authority=matter.authority,
        matter=matter.id,
        facts=facts,
        text=text,
        asked_at=timezone.now(),
        due_at=due_at,
    )
    if movement.filed_side == movement.owner_side:
        told(movement, "question", question.place)
    else:
        exchange.question_send(question)
    return question


def place_read(movement: Movement, body: Mapping[str, Any]) -> int | None:
    """Return the place of the item that a message is about, if it names one of the movement's."""
    place = body.get("place")
    known = isinstance(place, int) and movement.items.filter(place=place).exists()
    return place if known else None


def question_take(movement: Movement, side: str, body: Mapping[str, Any]) -> None:
    """Keep what the other side asks, or that it asks it no longer."""
    closed = body.get("closed_at")
    question, made = Question.objects.get_or_create(
        owner_side=movement.owner_side,
        movement=movement,
        side=side,
        ref=str(body["question"])[:26],
        defaults={
            "place": place_read(movement, body),
            "authority": str(body["authority"])[:40],
            "facts": [str(name)[:80] for name in body.get("facts", [])],
            "text": str(body.get("text", "")),
            "asked_at": read_instant(body["at"]),
            "due_at": read_instant(body["due_at"]),
        },
    )
    if closed:
        question.closed_at = read_instant(closed)
        question.save(update_fields=["closed_at"])
    elif made:
        payload = {"question": question.id, "movement": movement.id}
        record_append(side=movement.owner_side, kind="question.told", payload=payload)
        told(movement, "question", question.place)


@transaction.atomic
def question_answer(
    *, by: User, question: Question, text: str = "", facts: Mapping[int, Mapping[str, Any]] | None = None
) -> Question:
    """Answer what an authority asks, and state what it asked for.

    Args:
        by: a coordinator of the organisation that filed.
        question: as it is kept where the movement was filed.
        text: what there is to say.
        facts: by place of the item, what is stated now.

    Raises:
        ConflictError: it was answered, or is no longer asked.
        InputError: nothing is said, or a fact is bad.
        PermissionDenied: it is not ``by``'s to answer.
    """
    if not by.has_perm("clearance.answer_question", question):
        raise PermissionDenied
    now = Question.objects.select_for_update().get(pk=question.pk)
    if now.answered_at or now.closed_at:
        raise ConflictError("clearance.question_over", N_("This is no longer asked. Nothing needs to be done."))
    said = text.strip()
    if not said and not facts:
        raise InputError("clearance.no_answer", N_("Write an answer, or state what was asked for."))
    if len(said) > LONGEST_ANSWER:
        raise InputError(
            "clearance.long_answer", N_("The answer has more than {most} characters. Shorten it."), most=LONGEST_ANSWER
        )
    now.answer, now.answered_at = said, timezone.now()
    now.save(update_fields=["answer", "answered_at"])
    payload = {"question": now.id, "movement": now.movement_id, "by": by.id}
    record_append(side=now.owner_side, kind="question.answered", payload=payload)
    if facts:
        movement_restate(by=by, movement=now.movement, items=facts)
    if now.side == now.owner_side:
        _matter_answered(now)
    else:
        exchange.send(now.movement, exchange.ANSWERED, "answer", question=now.ref, text=said, at=now.answered_at)
    return now


def answer_take(question: Question, text: str) -> None:
    """Keep the answer that came from the side where it was filed, and let the officer go on."""
    if question.answered_at is None:
        question.answer, question.answered_at = text, timezone.now()
        question.save(update_fields=["answer", "answered_at"])
        payload = {"question": question.id, "movement": question.movement_id}
        record_append(side=question.owner_side, kind="question.answered", payload=payload)
        _matter_answered(question)


def _matter_answered(question: Question) -> None:
    matter = Matter.objects.filter(owner_side=question.owner_side, pk=question.matter, closed_at=None).first()
    if matter is not None:
        matter_answered(matter=matter, text=question.answer)
