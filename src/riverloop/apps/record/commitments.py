"""Salted commitments: they bind to a payload and tell nobody what it is."""

from __future__ import annotations

import hashlib
import hmac

SALT_BYTES = 32  # as many as the hash has, so that guessing a short payload is as hard as guessing the hash


def commitment_of(payload: bytes, salt: bytes) -> bytes:
    """Return the 32 bytes that a log may show of a payload.

    Args:
        payload: canonical JSON (RFC 8785).
        salt: 32 random bytes of its own; who lacks them cannot try payloads.
    """
    return hashlib.sha256(salt + payload).digest()


def opens(commitment: bytes, payload: bytes, salt: bytes) -> bool:
    """Say whether a commitment was made to this payload with this salt."""
    return len(salt) == SALT_BYTES and hmac.compare_digest(commitment, commitment_of(payload, salt))
