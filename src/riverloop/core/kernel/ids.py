"""Random, global ids: unguessable, and telling nothing of when or where they were made."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable

from riverloop.core.kernel.errors import InputError

# Crockford's base 32: no I, L, O, U, so an id survives being read aloud or copied by hand.
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LENGTH = 26  # 26 x 5 = 130 bits; two ids meet by chance once in 2**65
_PAIRS = tuple(one + other for one in _ALPHABET for other in _ALPHABET)  # ten bits each: ids are made by the thousand
_SHIFTS = range(5 * _LENGTH - 10, -1, -10)
_FORM = re.compile(rf"[{_ALPHABET}]{{{_LENGTH}}}")


def new_id(random_bits: Callable[[int], int] = secrets.randbits) -> str:
    """Return a new id of 26 characters.

    Args:
        random_bits: gives n random bits; the operating system's unless a test passes its own.
    """
    number = random_bits(5 * _LENGTH)
    return "".join([_PAIRS[number >> shift & 1023] for shift in _SHIFTS])


def read_id(text: str) -> str:
    """Return ``text`` as an id in its one written form, forgiving case, spaces and look-alikes.

    Raises:
        InputError: it is not an id.
    """
    plain = re.sub(r"[\s-]", "", text).upper().translate(str.maketrans("OIL", "011"))
    if not _FORM.fullmatch(plain):
        raise InputError(
            "ids.form",
            '"{text}" is not an id: an id has 26 letters and digits. Copy it again from where it was shown.',
            text=text[:40],
        )
    return plain
