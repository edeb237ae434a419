"""Keys of logs and cosigners: who signs, and the one line by which everyone else verifies.

Source: C2SP signed-note, sections "Signatures" (key names and ids) and "Verifier keys"; C2SP tlog-cosignature,
section "Format"; RFC 4648, section 4 (base64), RFC 8032 (Ed25519).
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass, field
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from riverloop.core.tlog.cosignatures import (
    SIGNATURE_BYTES,
    cosigned_message,
    pack_cosignature,
    unpack_cosignature,
)
from riverloop.core.tlog.refusals import LogError

ED25519 = 0x01
"""Signature type of a log's own signature."""

COSIGNATURE = 0x04
"""Signature type of a timestamped cosignature."""

KEY_ID_BYTES = 4
PUBLIC_KEY_BYTES = 32
MOST_NAME_CHARACTERS = 255
MOST_VKEY_BYTES = 2048
"""A longer verifier key is refused unread: name, id and key of the longest name take less."""

_PARTS = 3
_ID_FORM = re.compile(r"[0-9a-fA-F]{8,}")
_LETTERS_SHOWN = 80


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """By what a signature line is verified.

    Attributes:
        name: of the key; a log's is its origin.
        algorithm: ``ED25519`` or ``COSIGNATURE``.
        public: 32 bytes (RFC 8032).
    """

    name: str
    algorithm: int
    public: bytes

    def __post_init__(self) -> None:
        check_key_name(self.name)
        if self.algorithm not in (ED25519, COSIGNATURE):
            raise LogError(
                "tlog.key_algorithm",
                "Signature type {algorithm} is not known here. Ask for an Ed25519 key (type 1, or 4 to cosign).",
                algorithm=self.algorithm,
            )
        if len(self.public) != PUBLIC_KEY_BYTES:
            raise LogError(
                "tlog.key_length",
                "An Ed25519 key has 32 bytes, not {bytes}. Copy the key again.",
                bytes=len(self.public),
            )

    @property
    def id(self) -> bytes:
        """The four bytes by which a signature line names the key beside its name. They prove nothing."""
        return sha256(f"{self.name}\n".encode() + bytes([self.algorithm]) + self.public).digest()[:KEY_ID_BYTES]

    @property
    def line(self) -> str:
        """The verifier key as text, without a line feed."""
        return f"{self.name}+{self.id.hex()}+{to_base64(bytes([self.algorithm]) + self.public)}"

    def verifies(self, text: str, payload: bytes) -> bool:
        """Say whether this key signed a note's text.

        Args:
            text: with its last line feed.
            payload: what the signature line holds after the key id.
        """
        if self.algorithm == COSIGNATURE:
            timed = unpack_cosignature(payload)
            return timed is not None and self._signed(timed[1], cosigned_message(text, timed[0]))
        return len(payload) == SIGNATURE_BYTES and self._signed(payload, text.encode())

    def _signed(self, signature: bytes, message: bytes) -> bool:
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, message)
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True, slots=True)
class Signer:
    """Who signs: a name, and a key that the caller keeps.

    Attributes:
        name: of the key; a log's is its origin.
        private: never shown by ``repr``.
    """

    name: str
    private: Ed25519PrivateKey = field(repr=False)

    @property
    def log_key(self) -> VerifierKey:
        """By what this signer's own log is verified."""
        return VerifierKey(self.name, ED25519, self.private.public_key().public_bytes_raw())

    @property
    def cosigner_key(self) -> VerifierKey:
        """By what this signer's cosignatures are verified. Their first line tells them from signatures of a log."""
        return VerifierKey(self.name, COSIGNATURE, self.private.public_key().public_bytes_raw())

    def sign(self, text: str) -> bytes:
        """Return the 64 bytes of an Ed25519 signature under a note's text."""
        return self.private.sign(text.encode())

    def cosign(self, text: str, posix_seconds: int) -> bytes:
        """Return the 72 bytes of a cosignature under a checkpoint's text, at a time (seconds since 1970)."""
        return pack_cosignature(posix_seconds, self.private.sign(cosigned_message(text, posix_seconds)))


def parse_vkey(line: str, *, where: str = "") -> VerifierKey:
    """Read a verifier key, such as ``example.com/log+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k``.

    Args:
        line: without a line feed.
        where: name of its file, for messages.

    Raises:
        LogError: malformed, of an unknown type, or with an id that is not that of its name and key.
    """
    parts = line.split("+", 2) if len(line) <= MOST_VKEY_BYTES else []
    is_whole = len(parts) == _PARTS and _ID_FORM.fullmatch(parts[1])
    material = from_base64(parts[2]) if is_whole else None
    if not material:
        raise LogError(
            "tlog.vkey",
            "This is no verifier key, which has a name, an id and a key, joined by +. Copy its one line again.",
            where=where,
        )
    try:
        key = VerifierKey(parts[0], material[0], material[1:])
    except LogError as error:
        raise LogError(error.code, error.message, where=where, **error.parameters) from None
    if parts[1] != key.id.hex():
        raise LogError(
            "tlog.vkey_id",
            "The verifier key calls itself {given}, but its name and key make {made}. Copy its one line again.",
            where=where,
            given=shown(parts[1]),
            made=key.id.hex(),
        )
    return key


def read_vkey_file(content: bytes, *, where: str = "vkey") -> VerifierKey:
    """Read a file that holds one verifier key and a line feed, and nothing else.

    Raises:
        LogError: anything else is in it.
    """
    if len(content) > MOST_VKEY_BYTES or content.count(b"\n") != 1 or not content.endswith(b"\n"):
        raise LogError(
            "tlog.vkey_file",
            "A file of a verifier key holds its one line and a line feed, nothing else. Copy it from the log again.",
            where=where,
        )
    return parse_vkey(content[:-1].decode("utf-8", "replace"), where=where)


def vkey_file(key: VerifierKey) -> bytes:
    """Return the content of a file that holds one verifier key."""
    return f"{key.line}\n".encode()


def check_key_name(name: str) -> None:
    """Return if a key may have this name.

    Raises:
        LogError: empty, too long, or with a space, a plus or a control character.
    """
    odd = any(letter.isspace() or letter in "+\ufffd" or letter < " " or _is_half(letter) for letter in name)
    if odd or not 0 < len(name) <= MOST_NAME_CHARACTERS:
        raise LogError(
            "tlog.key_name",
            "This is no name of a key: it has 1 to {most} characters without spaces and plus signs. Mend the name.",
            most=MOST_NAME_CHARACTERS,
        )


def _is_half(letter: str) -> bool:
    """Say whether this is half of a character (a surrogate), which no UTF-8 holds."""
    return "\ud800" <= letter <= "\udfff"


def shown(text: str) -> str:
    """Return what a stranger wrote as a message may show it: short, and without what would move the reader's cursor."""
    return "".join(letter if letter.isprintable() else "?" for letter in text[:_LETTERS_SHOWN])


def to_base64(content: bytes) -> str:
    """Return the base64 of some bytes (RFC 4648, section 4)."""
    return base64.b64encode(content).decode("ascii")


def from_base64(text: str) -> bytes | None:
    """Return the bytes that have just this base64, or None: several texts for one content would hide a change."""
    try:
        content = base64.b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError):
        return None
    return content if to_base64(content) == text else None
