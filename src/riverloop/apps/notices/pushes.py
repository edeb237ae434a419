"""A push as it goes from node to node, and its answer: JSON, read as something that anybody may have written."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal, cast

from riverloop.apps.nodes.calling import PeerError
from riverloop.apps.nodes.here import other_side, zone
from riverloop.apps.notices.envelopes import FORMS, Answer, Envelope
from riverloop.apps.notices.words import N_
from riverloop.core.kernel.errors import InputError

CALL = "messages"
"""The name under which a node takes a push."""

_MESSAGES, _MESSAGES_BEFORE = "signed", "messages"
"""A version that knew form 1 alone reads the other name, and leaves a push be rather than refuse what is in it."""

_MOST = 1_000  # messages in a push: more than any sender puts there
_MOST_LINE = 200
_LAST_PLACE = 2**62
_REF = re.compile(r"[0-9A-Z]{26}")
_SUBJECT = re.compile(r"([0-9A-Z]{26})?")
_KIND = re.compile(r"[a-z_]+(\.[a-z_]+)+")
_KEY_ID = re.compile(r"[0-9a-f]{16}")
_MOST_KIND = 40
_MOST_NUMBER = 2**31 - 1
_SIGNATURE_BYTES, _SALT_BYTES = 64, 32
_WORDS = ("delivered", "waiting", "refused", "failed")

Word = Literal["delivered", "waiting", "refused", "failed"]


@dataclass(frozen=True, slots=True)
class Pushed:
    """What a receiver says of a push.

    Args:
        next_place: the place that it takes next.
        answers: by the ref of each message that it looked at.
        taken_place: a place at which it holds another message than the one that came, or None; then it took nothing.
    """

    next_place: int
    answers: Mapping[str, tuple[Word, str]]
    taken_place: int | None = None


def push_written(from_side: str, envelopes: Iterable[Envelope]) -> bytes:
    """Return the body of a push."""
    told = {
        "zone": zone().id,
        "from": from_side,
        "to": other_side(from_side),
        _MESSAGES: [_written(one) for one in envelopes],
    }
    return json.dumps(told, ensure_ascii=False).encode()


def _written(one: Envelope) -> dict[str, Any]:
    return {
        "form": one.form,
        "place": one.place,
        "ref": one.ref,
        "kind": one.kind,
        "subject": one.subject,
        "number": one.number,
        "sent_at": one.sent_at.astimezone(UTC).isoformat(),
        "body": one.body,
        "signature": base64.b64encode(one.signature).decode("ascii"),
        "key_id": one.key_id,
        "salt": base64.b64encode(one.salt).decode("ascii"),
        **({} if one.after is None else {"after": one.after}),
    }


def push_read(from_side: str, to_side: str, content: bytes) -> list[Envelope]:
    """Return the messages of a push, in the order of their places.

    Raises:
        InputError: it has another form, is for another zone or side, or holds a place twice.
    """
    try:
        told = json.loads(content)
        named = told["zone"], told["from"], told["to"]
        listed = told[_MESSAGES] if _MESSAGES in told else told[_MESSAGES_BEFORE]
        if not isinstance(listed, list) or len(listed) > _MOST:
            raise _malformed("messages")
        envelopes = sorted((_read(from_side, to_side, one) for one in listed), key=lambda one: one.place or 0)
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise _malformed(type(error).__name__) from None
    if named != (zone().id, from_side, to_side):
        raise InputError(
            "notices.push_elsewhere",
            N_("This push is of zone {zone}, from {from_side} to {to_side}. It belongs to another node."),
            zone=str(named[0])[:40],
            from_side=str(named[1])[:8],
            to_side=str(named[2])[:8],
        )
    if len({one.place for one in envelopes}) < len(envelopes) or len({one.ref for one in envelopes}) < len(envelopes):
        raise _malformed("place")
    return envelopes


def _malformed(part: str) -> InputError:
    return InputError(
        "notices.push_malformed",
        N_("This push cannot be read ({part}). Both nodes should run the same version."),
        part=part,
    )


def _read(from_side: str, to_side: str, told: dict[str, Any]) -> Envelope:
    place, number, body = _place(told["place"]), told["number"], told["body"]
    form, after = told.get("form", 1), told.get("after")
    if (
        type(form) is not int
        or form not in FORMS
        or not _place(number) <= _MOST_NUMBER
        or len(told["kind"]) > _MOST_KIND
        or not isinstance(body, str)
        or "\0" in body
    ):
        raise ValueError("kind")
    for pattern, name in ((_REF, "ref"), (_SUBJECT, "subject"), (_KIND, "kind"), (_KEY_ID, "key_id")):
        if not pattern.fullmatch(told[name]):
            raise ValueError(name)
    sent_at = datetime.fromisoformat(told["sent_at"])
    if sent_at.tzinfo is None or not isinstance(json.loads(body), dict):
        raise ValueError("body")
    body.encode()  # half a character has no bytes that could be signed
    signature, salt = _bytes(told["signature"], _SIGNATURE_BYTES), _bytes(told["salt"], _SALT_BYTES)
    return Envelope(
        ref=told["ref"],
        from_side=from_side,
        to_side=to_side,
        kind=told["kind"],
        subject=told["subject"],
        number=number,
        sent_at=sent_at.astimezone(UTC),
        body=body,
        signature=signature,
        key_id=told["key_id"],
        salt=salt,
        place=place,
        form=form,
        after=None if after is None else _place(after),
    )


def _bytes(text: str, length: int) -> bytes:
    found = base64.b64decode(text.encode("ascii"), validate=True)
    if len(found) != length:
        raise ValueError("base64")
    return found


def answer_written(next_place: int, answers: Mapping[str, Answer], taken_place: int | None = None) -> bytes:
    """Return the answer to a push."""
    told = {
        "next": next_place,
        "taken": taken_place,
        "answers": {ref: [one.word, one.line] for ref, one in answers.items()},
    }
    return json.dumps(told, ensure_ascii=False).encode()


def answer_read(content: bytes) -> Pushed:
    """Return what a receiver says of a push.

    Raises:
        PeerError: it said something else.
    """
    try:
        told = json.loads(content)
        answers = {str(ref): _answer(*answer) for ref, answer in told["answers"].items()}
        next_place, taken_place = _place(told["next"]), told["taken"]
        taken_place = None if taken_place is None else _place(taken_place)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise PeerError(
            "notices.push_answer",
            N_("The other side's node answered a push with something other than an answer. Look after that node."),
        ) from None
    return Pushed(next_place, answers, taken_place)


def _place(value: Any) -> int:
    if type(value) is not int or not 0 <= value < _LAST_PLACE:
        raise ValueError("place")
    return value


def _answer(word: str, line: str) -> tuple[Word, str]:
    if word not in _WORDS or not isinstance(line, str):
        raise ValueError("answer")
    shown = "".join(letter for letter in line if letter.isprintable())
    return cast("Word", word), shown[:_MOST_LINE]
