"""The receiver's part: verify, take each message once and in order, and hand it to whoever knows its kind.

It reads and writes the receiver's rows alone. A copy is kept in the same transaction in which its handler works, so
that a message is taken with all its consequences or not at all.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from itertools import groupby
from typing import Any

import structlog
from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils import timezone

from riverloop.apps.nodes import keys
from riverloop.apps.nodes.here import hosts, other_side
from riverloop.apps.nodes.links import link_refused
from riverloop.apps.notices import signing
from riverloop.apps.notices.envelopes import DELIVERED, Answer, Envelope, commitment_of_message
from riverloop.apps.notices.models import Message
from riverloop.apps.notices.words import N_
from riverloop.apps.record.rows import rows_insert
from riverloop.apps.record.selectors import is_mirrored
from riverloop.apps.runs.work import place_of
from riverloop.core.kernel.errors import InputError, RiverloopError

Handler = Callable[[list[Message], list[dict[str, Any]]], None]

_handlers: dict[str, Handler] = {}
_logger: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(__name__)
_CHUNK = 500


def on_message(kind: str, handler: Handler) -> None:
    """Hand messages of a kind to a function, many at a time, within one atomic block.

    Args:
        kind: a dotted name.
        handler: takes the receiver's copies and their bodies, in the order in which they were sent; it works as the
            side ``message.to_side``. What it raises undoes all that it did, and the messages come again later.
    """
    _handlers[kind] = handler


def receive(to_side: str, envelopes: Iterable[Envelope]) -> dict[str, Answer]:
    """Take messages for a side, and answer each by its ref."""
    answers: dict[str, Answer] = {}
    genuine = []
    verifiers: dict[str, Callable[[bytes, bytes, str], bool]] = {}
    for envelope in envelopes:
        sender = envelope.from_side
        verified = verifiers.get(sender) or verifiers.setdefault(sender, signing.verifier(sender))
        if envelope.to_side != to_side or not verified(envelope.signed, envelope.signature, envelope.key_id):
            answers[envelope.ref] = _forged(envelope)
        elif not _is_of_this_zone(envelope):
            answers[envelope.ref] = Answer("failed", _OF_ANY_ZONE)
        else:
            genuine.append(envelope)
    answers.update(_take(to_side, genuine))
    return answers


_OF_ANY_ZONE = N_(
    "The message was signed by an older version, which did not name the zone. It is taken once its record is in the "
    "mirror of the sender's log."
)


def _is_of_this_zone(envelope: Envelope) -> bool:
    """Say whether a message was told in this zone: its signature says so, or else the sender's log of this zone."""
    if envelope.form != 1 or hosts(envelope.from_side):
        return True
    commitment = commitment_of_message(envelope)
    return is_mirrored(side=envelope.to_side, of_side=envelope.from_side, commitment=commitment)


def _forged(envelope: Envelope) -> Answer:
    """Refuse what the sender's keys did not sign; a key that is not known here may be trusted later."""
    sender = envelope.from_side
    _logger.error("a message refused: its signature is not the side's", message=envelope.ref, side=sender)
    if hosts(sender):
        return Answer("refused", N_("The signature is not the sender's."))
    if envelope.key_id not in keys.verifying_keys(sender):
        line = N_(
            "A message of {side} is signed with a key that is not trusted here. Trust its node again: "
            "riverloop node trust FILE --replace"
        )
        link_refused(other_side(sender), sender, InputError("notices.unknown_key", line, side=sender))
        return Answer(
            "failed",
            N_(
                "The other node does not know the key that signed this message. Show this node to it again: "
                "riverloop node show"
            ),
        )
    line = N_("A message of {side} was refused: it is not what that side signed.")
    link_refused(other_side(sender), sender, InputError("notices.forged", line, side=sender))
    return Answer("refused", N_("The signature is not the sender's."))


def _take(to_side: str, envelopes: list[Envelope]) -> dict[str, Answer]:
    """Take what can be taken together; if that fails, halves, until what fails is one subject's or one message."""
    if not envelopes:
        return {}
    try:
        with transaction.atomic():
            return _take_together(to_side, envelopes)
    except IntegrityError as error:
        trouble: Exception = error  # another process may have taken one of these at this moment
    except Exception as error:  # noqa: BLE001 - a handler may fail in any way, and the others' messages go on
        trouble = error
    parts = _parts(envelopes)
    if len(parts) == 1:
        return _take_one(to_side, parts[0][0], trouble)
    answers: dict[str, Answer] = {}
    for part in parts:
        answers.update(_take(to_side, part))
    return answers


def _parts(envelopes: list[Envelope]) -> list[list[Envelope]]:
    """Split messages in two by subject, keeping a subject together; those of one subject, one by one."""
    if len(envelopes) == 1:
        return [envelopes]
    subjects = list(dict.fromkeys(one.subject for one in envelopes))
    if len(subjects) == 1:
        ordered = sorted(envelopes, key=lambda one: one.number)
        return [[one] for one in ordered]
    half = set(subjects[: len(subjects) // 2])
    return [[one for one in envelopes if one.subject in half], [one for one in envelopes if one.subject not in half]]


def _take_one(to_side: str, envelope: Envelope, trouble: Exception) -> dict[str, Answer]:
    if isinstance(trouble, IntegrityError) and _known(to_side, [envelope]):
        return {envelope.ref: DELIVERED}
    last = _last_numbers(to_side, [envelope]).get((envelope.from_side, envelope.subject), 0)
    if isinstance(trouble, RiverloopError) and _is_after_gap(envelope, last):
        _logger.error("a message refused: it builds on one that was left out", message=envelope.ref)
        return {envelope.ref: Answer("refused", _BUILDS_ON_LOST)}
    line = _line_of(trouble)
    _logger.error("a message waits", message=envelope.ref, kind=envelope.kind, place=place_of(trouble))
    return {envelope.ref: Answer("failed", line)}


_BUILDS_ON_LOST = N_("It builds on a message that was left out, as both sides agreed; here its subject is not known.")


def _line_of(trouble: Exception) -> str:
    """Return what went wrong and where, without what it went wrong with: that may be about a person."""
    if isinstance(trouble, _NoHandlerError):
        return str(trouble)
    return f"The receiver's handler failed: {place_of(trouble)}."


class _NoHandlerError(Exception):
    pass


def _known(to_side: str, envelopes: list[Envelope]) -> set[str]:
    refs = [one.ref for one in envelopes]
    return set(Message.objects.filter(owner_side=to_side, ref__in=refs).values_list("ref", flat=True))


def _take_together(to_side: str, envelopes: list[Envelope]) -> dict[str, Answer]:
    answers = dict.fromkeys(_known(to_side, envelopes), DELIVERED)
    fresh = {one.ref: one for one in envelopes if one.ref not in answers}  # one that came twice, once
    waves = _in_order(to_side, list(fresh.values()), answers)
    now = timezone.now()
    for wave in waves:
        for kind, group in groupby(sorted(wave, key=lambda one: one.kind), key=lambda one: one.kind):
            taken = list(group)
            handler = _handlers.get(kind)
            if handler is None:
                raise _NoHandlerError(f'No part of this program takes messages of the kind "{kind[:40]}".')
            copies = rows_insert(_copy(to_side, one, now) for one in taken)
            handler(copies, [json.loads(one.body) for one in taken])
            answers.update((one.ref, DELIVERED) for one in taken)
    return answers


def _in_order(to_side: str, envelopes: list[Envelope], answers: dict[str, Answer]) -> list[list[Envelope]]:
    """Return what may be taken now in waves, no two of one subject in the same; answer what has to wait."""
    last = _last_numbers(to_side, envelopes)
    begun: dict[tuple[str, str], int] = {}
    waves: list[list[Envelope]] = []
    passed: list[Envelope] = []
    for one in sorted(envelopes, key=lambda one: one.number):
        key = (one.from_side, one.subject)
        if one.subject and one.number <= last.get(key, 0):
            passed.append(one)
            continue
        if one.subject and one.number != last.get(key, 0) + 1 and not _is_after_gap(one, last.get(key, 0)):
            answers[one.ref] = Answer("waiting", N_("An earlier message about the same subject has not come yet."))
            continue
        last[key] = one.number
        place = begun.get(key, 0) if one.subject else 0
        begun[key] = place + 1
        if place == len(waves):
            waves.append([])
        waves[place].append(one)
    # What another process took at this very moment is known by now; of anything else the number is another's.
    taken = _known(to_side, passed) if passed else set()
    answers.update((one.ref, DELIVERED if one.ref in taken else _doubled(one)) for one in passed)
    return waves


def _is_after_gap(envelope: Envelope, last: int) -> bool:
    """Say whether what lies between the last message that came and this one was left out, and nothing else."""
    return envelope.after is not None and envelope.after <= last and envelope.number > last + 1


def _doubled(envelope: Envelope) -> Answer:
    _logger.error("a message refused: another has its number", message=envelope.ref, side=envelope.from_side)
    line = N_("Another message has its number: the sender lost that one, perhaps by restoring a backup.")
    return Answer("refused", line)


def _last_numbers(to_side: str, envelopes: list[Envelope]) -> dict[tuple[str, str], int]:
    """Return the number of the last message taken from each side about each subject."""
    subjects = list({one.subject for one in envelopes if one.subject})
    found: dict[tuple[str, str], int] = {}
    for start in range(0, len(subjects), _CHUNK):
        rows = Message.objects.filter(
            owner_side=to_side,
            subject__in=subjects[start : start + _CHUNK],
            from_side__in={e.from_side for e in envelopes},
        )
        for sender, subject, number in rows.values_list("from_side", "subject").annotate(Max("number")):
            found[sender, subject] = number
    return found


def _copy(to_side: str, one: Envelope, now: Any) -> Message:
    return Message(
        owner_side=to_side,
        ref=one.ref,
        from_side=one.from_side,
        to_side=one.to_side,
        kind=one.kind,
        subject=one.subject,
        number=one.number,
        body=one.body,
        signature=one.signature,
        key_id=one.key_id,
        form=one.form,
        sent_at=one.sent_at,
        salt=one.salt,
        place=one.place,
        state="received",
        settled_at=now,
    )
