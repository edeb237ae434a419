"""Timestamped cosignatures: "at this time this was the largest tree of that log that I had seen, all consistent".

Source: C2SP tlog-cosignature, section "Ed25519 signed message" (signature type 0x04).
"""

from __future__ import annotations

import struct

from riverloop.core.tlog.refusals import LogError

SIGNATURE_BYTES = 64
"""Of Ed25519 (RFC 8032)."""

MOST_SECONDS = 2**63 - 1
_TIME = struct.Struct(">Q")


def cosigned_message(text: str, posix_seconds: int) -> bytes:
    """Return what a cosigner signs.

    Args:
        text: the body of the checkpoint, with its last line feed and without signatures.
        posix_seconds: seconds since 1970-01-01T00:00:00Z, by the cosigner's clock.

    Raises:
        LogError: a time that the format cannot hold.
    """
    if not 0 <= posix_seconds <= MOST_SECONDS:
        raise LogError(
            "tlog.time",
            "A cosignature cannot be of the time {seconds}. Give whole seconds since 1970.",
            seconds=posix_seconds,
        )
    return f"cosignature/v1\ntime {posix_seconds}\n{text}".encode()


def pack_cosignature(posix_seconds: int, signature: bytes) -> bytes:
    """Return the 72 bytes that a signature line holds after the key id."""
    return _TIME.pack(posix_seconds) + signature


def unpack_cosignature(payload: bytes) -> tuple[int, bytes] | None:
    """Return time (seconds since 1970) and signature, or None if these bytes are no cosignature."""
    if len(payload) != _TIME.size + SIGNATURE_BYTES:
        return None
    (posix_seconds,) = _TIME.unpack_from(payload)
    return (posix_seconds, payload[_TIME.size :]) if posix_seconds <= MOST_SECONDS else None
