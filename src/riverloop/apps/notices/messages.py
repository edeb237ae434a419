"""The sender's part: sign what one side tells the other, keep it in an outbox, and try until it is taken."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import groupby
from threading import local

from django.db import connection, transaction
from django.db.models import Max, QuerySet
from django.utils import timezone

from riverloop.apps.nodes.here import hosted_sides, hosts
from riverloop.apps.notices import signing
from riverloop.apps.notices.backoff import message_tried_again
from riverloop.apps.notices.disclosing import check_disclosed
from riverloop.apps.notices.envelopes import FORM, Answer, Outgoing, envelope_of, record_of, signed_bytes
from riverloop.apps.notices.models import Message
from riverloop.apps.notices.receiving import on_message, receive
from riverloop.apps.record.rows import rows_insert
from riverloop.apps.record.services import records_append
from riverloop.apps.runs.locks import take_turns
from riverloop.core.kernel.canonical import canonical_json
from riverloop.core.kernel.ids import new_id

__all__ = ["Outgoing", "messages_deliver", "messages_send", "on_message"]

SENT = "message.sent"  # what the sender's log holds of each message
_CHUNK = 500
_ROUNDS = 20  # a message, its answer, and the answer to that … ends long before
_KIND = re.compile(r"[a-z_]+(\.[a-z_]+)+")
_here = local()


def messages_send(*, from_side: str, to_side: str, outgoing: Iterable[Outgoing]) -> list[Message]:
    """Sign messages and put them into the outbox, in the transaction of what they tell; they go when it commits.

    Args:
        from_side: who tells.
        to_side: who is told.
        outgoing: what is told, in the order in which it happened.

    Raises:
        TransactionManagementError: no transaction is open.
        ZoneError: a body holds what the other side may not be told; then nothing is sent.
    """
    given = list(outgoing)
    if not transaction.get_connection().in_atomic_block:
        raise transaction.TransactionManagementError(
            "A message is sent outside a transaction. Call messages_send inside the atomic block of what it tells."
        )
    _check(to_side, given)
    numbers = _next_numbers(from_side, [one.subject for one in given])
    sign, now = signing.signer(from_side), timezone.now()
    made = [_message(from_side, to_side, one, number, now) for one, number in zip(given, numbers, strict=True)]
    for message in made:
        message.signature, message.key_id = sign(signed_bytes(message))
    salts = records_append(from_side, [(SENT, record_of(message), message.subject or message.ref) for message in made])
    for message, salt in zip(made, salts, strict=True):
        message.salt = salt
    rows_insert(made)
    if hosts(to_side):  # else they go once the sequencer has given them their places: see channel.py
        _sent().extend(message.ref for message in made)
        transaction.on_commit(_deliver_now, robust=True)
    return made


def _sent() -> list[str]:
    """Return the refs of what this thread has sent and not yet tried to deliver; some may have been undone."""
    if not hasattr(_here, "sent"):
        _here.sent = []
    sent: list[str] = _here.sent
    return sent


def _check(to_side: str, given: list[Outgoing]) -> None:
    for one in given:
        if not _KIND.fullmatch(one.kind) or "\n" in one.subject:
            raise ValueError(f"{one.kind!r} is no kind of message, or its subject no id.")
    for (step, flow), group in groupby(given, key=lambda one: (one.step, one.flow)):
        check_disclosed(step=step, to_side=to_side, flow=flow, bodies=[one.body for one in group])


def _next_numbers(from_side: str, subjects: list[str]) -> list[int]:
    """Return each message's number: 1, 2, 3 … within its subject, and 0 without one."""
    wanted = list(dict.fromkeys(subject for subject in subjects if subject))
    if wanted:
        take_turns(f"messages of {from_side}", wanted)
    last: dict[str, int] = {"": 0}
    for start in range(0, len(wanted), _CHUNK):
        sent = Message.objects.filter(
            owner_side=from_side, from_side=from_side, subject__in=wanted[start : start + _CHUNK]
        )
        last.update(sent.values_list("subject").annotate(Max("number")))
    numbers = []
    for subject in subjects:
        if subject:
            last[subject] = last.get(subject, 0) + 1
        numbers.append(last[subject])
    return numbers


def _message(from_side: str, to_side: str, one: Outgoing, number: int, now: datetime) -> Message:
    return Message(
        owner_side=from_side,
        ref=new_id(),
        from_side=from_side,
        to_side=to_side,
        kind=one.kind,
        subject=one.subject,
        number=number,
        body=canonical_json(dict(one.body)).decode(),
        form=FORM,
        sent_at=now,
        state="queued",
        next_try_at=now,
    )


def messages_deliver(limit: int = 500, *, patience_seconds: float = 0) -> int:
    """Deliver what is due, and what is sent in answer to it, and return how many messages were taken.

    Args:
        limit: messages a round.
        patience_seconds: leave alone what is due since less than this: whoever sent it is delivering it.
    """
    if getattr(_here, "refs", None) is not None:  # a handler's own sending: the round that called it goes on
        return 0
    _here.refs = []
    taken = 0
    try:
        for _ in range(_ROUNDS * max(1, 5_000 // limit)):
            due = timezone.now() - timedelta(seconds=patience_seconds)
            queued = _queued().filter(next_try_at__lte=due)[:limit]
            delivered = _deliver(list(queued))
            if not delivered:
                break
            taken += delivered
    finally:
        _here.refs = None
    return taken


def _deliver_now() -> None:
    """Deliver all that a transaction sent as soon as it has committed, and what is sent in answer."""
    refs, _here.sent = _sent(), []
    waiting: list[str] | None = getattr(_here, "refs", None)
    if waiting is not None:
        waiting.extend(refs)
        return
    if not refs:
        return  # it went with what the same transaction sent before
    _here.refs = refs
    try:
        for _ in range(_ROUNDS):
            now_due, _here.refs = _here.refs, []
            for start in range(0, len(now_due), _CHUNK):
                _deliver(list(_queued().filter(ref__in=now_due[start : start + _CHUNK])))
            if not _here.refs:
                break
    finally:
        _here.refs = None


def _queued() -> QuerySet[Message]:
    """Return what waits for a side that lives here."""
    here = Message.objects.filter(state="queued", to_side__in=hosted_sides())
    return here.order_by("next_try_at", "number", "ref")


def _deliver(messages: list[Message]) -> int:
    """Hand messages to their receivers, write down what was answered, and return how many were taken."""
    taken = 0
    for to_side, group in groupby(sorted(messages, key=lambda one: one.to_side), key=lambda one: one.to_side):
        theirs = list(group)
        taken += messages_settle(theirs, receive(to_side, [envelope_of(message) for message in theirs]))
    return taken


def messages_settle(messages: list[Message], answers: dict[str, Answer]) -> int:
    """Write down what was answered to each message, and return how many were taken."""
    now = timezone.now()
    taken = [message.pk for message in messages if answers[message.ref].word == "delivered"]
    others = [message for message in messages if answers[message.ref].word != "delivered"]
    for message in others:
        answer = answers[message.ref]
        message.error = answer.line[:200]
        if answer.word == "refused":
            message.state, message.settled_at, message.next_try_at = "refused", now, None
        else:
            message.attempts += 1
            message.next_try_at = message_tried_again(now, message.attempts)
    with transaction.atomic():
        _lock([message.pk for message in messages])
        for start in range(0, len(taken), _CHUNK):
            Message.objects.filter(pk__in=taken[start : start + _CHUNK]).update(
                state="delivered", settled_at=now, error=""
            )
        Message.objects.bulk_update(others, ["state", "attempts", "next_try_at", "settled_at", "error"])
        _wake([message for message in messages if message.attempts and answers[message.ref].word == "delivered"], now)
    return len(taken)


def _lock(keys: list[str]) -> None:
    """Lock messages in one order: two that settle the same at once would each wait for what the other has."""
    if not connection.features.has_select_for_update:
        return
    ordered = sorted(keys)
    for start in range(0, len(ordered), _CHUNK):
        rows = Message.objects.select_for_update().filter(pk__in=ordered[start : start + _CHUNK])
        list(rows.order_by("pk").values_list("pk", flat=True))


def _wake(late: list[Message], now: datetime) -> None:
    """Let what waited for a late message try at once."""
    for side, group in groupby(sorted(late, key=lambda one: one.owner_side), key=lambda one: one.owner_side):
        subjects = {message.subject for message in group if message.subject}
        Message.objects.filter(owner_side=side, from_side=side, subject__in=subjects, state="queued").update(
            next_try_at=now
        )
