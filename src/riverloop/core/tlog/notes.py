"""Signed notes: a text, a blank line, and signature lines under it.

Source: C2SP signed-note, sections "Format" and "Signatures".
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from riverloop.core.tlog.keys import KEY_ID_BYTES, VerifierKey, check_key_name, from_base64, shown, to_base64
from riverloop.core.tlog.refusals import LogError

MOST_NOTE_BYTES = 262_144
"""A longer note is refused unread. The 16 signatures that all must accept take less than half, even the longest."""

MOST_SIGNATURES = 64

_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")
_DASH = "\u2014 "
_KEYS_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature line.

    Attributes:
        name: of the key.
        key_id: four bytes.
        payload: what that key's algorithm makes of the text.
    """

    name: str
    key_id: bytes
    payload: bytes

    @property
    def line(self) -> str:
        """The line as text, with its line feed."""
        return f"{_DASH}{self.name} {to_base64(self.key_id + self.payload)}\n"


@dataclass(frozen=True, slots=True)
class Note:
    """A note that was read. Do not trust its text before :func:`verify_note`.

    Attributes:
        text: with its last line feed.
        signatures: in their order.
    """

    text: str
    signatures: tuple[Signature, ...]


@dataclass(frozen=True, slots=True)
class Verified:
    """What known keys say of a note.

    Attributes:
        text: with its last line feed.
        signed: the signature of each known key that signed; at least one.
        unknown: signatures of other keys, which say nothing.
    """

    text: str
    signed: dict[VerifierKey, Signature]
    unknown: tuple[Signature, ...]


def parse_note(content: bytes, *, where: str = "") -> Note:
    """Take a note apart, verifying nothing.

    Args:
        content: at most ``MOST_NOTE_BYTES``.
        where: name of its file, for messages.

    Raises:
        LogError: too long, not UTF-8, a control character, no signature, or a line that is none.
    """
    text, gap, below = _printable(content, where).rpartition("\n\n")
    if not gap or not below.endswith("\n"):
        raise LogError(
            "tlog.note",
            "A signed note has a text, a blank line and signature lines that end in a line feed. Fetch it again.",
            where=where,
        )
    lines = below[:-1].split("\n")
    if len(lines) > MOST_SIGNATURES:
        raise LogError(
            "tlog.note_signatures",
            "{count} signatures are more than {most}. Fetch the note from the log itself.",
            where=where,
            count=len(lines),
            most=MOST_SIGNATURES,
        )
    first = text.count("\n") + 3
    return Note(f"{text}\n", tuple(_signature(line, number, where) for number, line in enumerate(lines, first)))


def format_note(note: Note) -> bytes:
    """Return a note as it is kept and sent.

    Raises:
        LogError: what others would refuse to read: a text without a last line feed, or no signature.
    """
    if not note.text.endswith("\n") or not note.signatures:
        raise LogError(
            "tlog.note_text", "A note ends in a line feed and has a signature. Add what is missing, then sign it."
        )
    content = (note.text + "\n" + "".join(one.line for one in note.signatures)).encode()
    parse_note(content)
    return content


def verify_note(content: bytes, keys: Iterable[VerifierKey], *, where: str = "") -> Verified:
    """Read a note and verify what known keys signed of it; signatures of other keys are ignored.

    Args:
        content: at most ``MOST_NOTE_BYTES``.
        keys: those that are trusted.
        where: name of its file, for messages.

    Raises:
        LogError: malformed; no known key signed; a known one signed something else, or twice; two keys given
            that nobody can tell apart.
    """
    known: dict[tuple[str, bytes], VerifierKey] = {}
    for key in keys:
        if known.setdefault((key.name, key.id), key) != key:
            raise _error("tlog.keys_alike", "Two different keys are named {name} with the same id. Name one anew.", key)
    note = parse_note(content, where=where)
    signed: dict[VerifierKey, Signature] = {}
    unknown = []
    for signature in note.signatures:
        signer = known.get((signature.name, signature.key_id))
        if signer is None:
            unknown.append(signature)
            continue
        if signer in signed:
            raise _error("tlog.signed_twice", "{name} signed this twice. Fetch it from the log again.", signer, where)
        if not signer.verifies(note.text, signature.payload):
            raise _error(
                "tlog.signature",
                "The signature of {name} is not one under this text. Fetch it again; if it stays so, one of them was "
                "changed.",
                signer,
                where,
            )
        signed[signer] = signature
    if not signed:
        raise LogError(
            "tlog.unsigned",
            "No key that is known signed this (wanted: {wanted}; found: {found}). Fetch it again, or give the right "
            "verifier key.",
            where=where,
            wanted=_named((key.name, key.id) for key in known.values()),
            found=_named((one.name, one.key_id) for one in unknown),
        )
    return Verified(note.text, signed, tuple(unknown))


def _printable(content: bytes, where: str) -> str:
    if len(content) > MOST_NOTE_BYTES:
        raise LogError(
            "tlog.note_size",
            "This note has {bytes} bytes, more than {most}. Fetch it from the log itself.",
            where=where,
            bytes=len(content),
            most=MOST_NOTE_BYTES,
        )
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise LogError(
            "tlog.note_utf8", "Byte {byte} of this note is not UTF-8. Fetch it again.", where=where, byte=error.start
        ) from None
    control = _CONTROL.search(text)
    if control:
        raise LogError(
            "tlog.note_control",
            "Character {place} of this note is a control character. Fetch it again.",
            where=where,
            place=control.start(),
        )
    return text


def _signature(line: str, number: int, where: str) -> Signature:
    name, _, encoded = line.removeprefix(_DASH).partition(" ")
    material = from_base64(encoded) if line.startswith(_DASH) else None
    if material is None or len(material) <= KEY_ID_BYTES:
        raise LogError(
            "tlog.signature_line",
            "Line {line} is no signature line: dash, name of the key, signature in base64. Fetch the note again.",
            where=where,
            line=number,
        )
    try:
        check_key_name(name)
    except LogError as error:
        raise LogError(error.code, error.message, where=where, **error.parameters) from None
    return Signature(name, material[:KEY_ID_BYTES], material[KEY_ID_BYTES:])


def _error(code: str, message: str, key: VerifierKey, where: str = "") -> LogError:
    return LogError(code, message, where=where, name=shown(key.name))


def _named(keys: Iterable[tuple[str, bytes]]) -> str:
    """Return names and ids for a message, a few of them and cut short: they are whatever a stranger wrote."""
    listed = [f"{shown(name)}+{key_id.hex()}" for name, key_id in keys]
    more = ", …" if len(listed) > _KEYS_SHOWN else ""
    return ", ".join(listed[:_KEYS_SHOWN]) + more or "none"
