"""A message on its way: what the sender's copy and the receiver's have in common, and the bytes that are signed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Literal

from riverloop.apps.nodes.here import zone
from riverloop.apps.notices.models import Message
from riverloop.apps.record.commitments import commitment_of
from riverloop.core.kernel.canonical import canonical_json

FORM = 2
"""How messages are signed now. Form 1 did not name the zone; what was signed so is verified so."""

FORMS = (1, FORM)


@dataclass(frozen=True, slots=True)
class Outgoing:
    """What one side is to tell the other.

    Args:
        kind: a dotted name, such as ``movement.declared``.
        step: the step of the disclosure table at which it is told.
        flow: the movement's, or empty.
        subject: the movement's ref, or empty: messages about one subject arrive in the order in which they were sent.
        body: JSON; its keys, and those of its ``items`` and ``permits``, are fields of the disclosure table.
    """

    kind: str
    step: str
    flow: str
    subject: str
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Envelope:
    """A message as it crosses: every column that both copies share.

    Salt and place are not signed: the one proves itself by the commitment that it opens, the other is the channel's.
    ``form`` says how the rest was signed, and so is signed with it. ``after`` is the number before this one that the
    sender still keeps, where some were left out: see ``gaps``.
    """

    ref: str
    from_side: str
    to_side: str
    kind: str
    subject: str
    number: int
    sent_at: datetime
    body: str
    signature: bytes
    key_id: str
    salt: bytes = b""
    place: int | None = None
    form: int = FORM
    after: int | None = None

    @property
    def signed(self) -> bytes:
        """The bytes under the signature."""
        return signed_bytes(self)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a receiver says to one envelope.

    Args:
        word: delivered (now or before), waiting for an earlier one, refused for ever, or failed for now.
        line: why, in one line; it names no data.
    """

    word: Literal["delivered", "waiting", "refused", "failed"]
    line: str = ""


DELIVERED = Answer("delivered")


def signed_bytes(message: Message | Envelope) -> bytes:
    """Return what is signed: a header, the zone, one line a column, and the body as it is."""
    lines = (
        f"riverloop message {message.form}",  # so that a signature under a message is one under nothing else
        *(() if message.form == 1 else (zone().id,)),
        message.ref,
        message.from_side,
        message.to_side,
        message.kind,
        message.subject,
        str(message.number),
        message.sent_at.astimezone(UTC).isoformat(),
        message.body,
    )
    return "\n".join(lines).encode()


def envelope_of(message: Message) -> Envelope:
    """Return a copy's envelope."""
    return Envelope(
        message.ref,
        message.from_side,
        message.to_side,
        message.kind,
        message.subject,
        message.number,
        message.sent_at,
        message.body,
        bytes(message.signature),
        message.key_id,
        bytes(message.salt),
        message.place,
        message.form,
    )


def record_of(message: Message | Envelope) -> dict[str, str]:
    """Return the payload of the record ``message.sent`` in the sender's log: a hash, which says nothing by itself."""
    return {"message": sha256(signed_bytes(message)).hexdigest()}


def commitment_of_message(message: Message | Envelope) -> bytes:
    """Return what the sender's log holds of a message: 32 bytes; the same in both copies."""
    return commitment_of(canonical_json(record_of(message)), bytes(message.salt))
