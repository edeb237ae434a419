"""Seals a file with a key of its own, part by part, so that no part can be changed, moved, left out or added.

Each part is sealed by AES-256-GCM (NIST SP 800-38D) under a nonce that holds its number and whether it is the last: the
STREAM construction of Hoang, Reyhanitabar, Rogaway and Vizár (2015). The key is used for this one file and no other.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

PART_BYTES = 1 << 20
_TAG_BYTES = 16


class SealBrokenError(Exception):
    """What is stored is not what was sealed."""


def new_key() -> bytes:
    """Return 32 random bytes."""
    return AESGCM.generate_key(bit_length=256)


def sealed(key: bytes, content: bytes, name: str) -> Iterator[bytes]:
    """Give the content's parts, sealed.

    Args:
        key: of this file alone.
        content: what to seal.
        name: the file's id; under another the seal does not open.
    """
    sealer, view = AESGCM(key), memoryview(content)
    count = max(1, -(-len(content) // PART_BYTES))
    for number in range(count):
        part = view[number * PART_BYTES : (number + 1) * PART_BYTES]
        yield sealer.encrypt(_nonce(number, last=number == count - 1), part, name.encode())


def opened(key: bytes, file: BinaryIO, name: str) -> Iterator[bytes]:
    """Give the content, part by part.

    Raises:
        SealBrokenError: a part was changed, moved, left out or added, or the key is another file's.
    """
    opener, number = AESGCM(key), 0
    part = file.read(PART_BYTES + _TAG_BYTES)
    while True:
        following = file.read(PART_BYTES + _TAG_BYTES)
        try:
            yield opener.decrypt(_nonce(number, last=not following), part, name.encode())
        except (InvalidTag, ValueError):
            raise SealBrokenError(f"File {name}, part {number}: the seal is broken.") from None
        if not following:
            return
        part, number = following, number + 1


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])
