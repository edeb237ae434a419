"""What a side signs and verifies: Ed25519 over the bytes as they are, with the id of the key beside it."""

from __future__ import annotations

from collections.abc import Callable

from cryptography.exceptions import InvalidSignature

from riverloop.apps.nodes import keys


def sign(side: str, data: bytes) -> tuple[bytes, str]:
    """Return the 64 bytes of a side's signature, and the id of the key that made it."""
    return signer(side)(data)


def signer(side: str) -> Callable[[bytes], tuple[bytes, str]]:
    """Return a function that signs for a side; for many messages, whose key is then read once."""
    key = keys.signing_key(side)
    key_id = keys.key_id_of(key.public_key())
    return lambda data: (key.sign(data), key_id)


def verify(side: str, data: bytes, signature: bytes, key_id: str) -> bool:
    """Say whether the side signed these bytes, with the key it named, today's or one that it has replaced."""
    return verifier(side)(data, signature, key_id)


def verifier(side: str) -> Callable[[bytes, bytes, str], bool]:
    """Return a function that verifies for a side; for many messages, whose keys are then read once."""
    known = keys.verifying_keys(side)

    def verified(data: bytes, signature: bytes, key_id: str) -> bool:
        key = known.get(key_id)
        if key is None:
            return False
        try:
            key.verify(bytes(signature), data)
        except InvalidSignature:
            return False
        return True

    return verified
