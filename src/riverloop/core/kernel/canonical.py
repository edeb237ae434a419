"""Canonical JSON (RFC 8785) and the hash of it: one byte string for one value, on any machine."""

from __future__ import annotations

import hashlib
import json
from typing import Any, NoReturn

import rfc8785

from riverloop.core.kernel.errors import InputError


def canonical_json(value: Any) -> bytes:
    """Return the one canonical encoding of a JSON value.

    Raises:
        InputError: NaN, an infinity, an integer past 2**53 or a value that JSON lacks.

    Source: RFC 8785, section 3.
    """
    try:
        if _is_plain(value):  # most are, and the standard library writes them many times as fast
            return _PLAIN.encode(value).encode()
        return rfc8785.dumps(value)
    except (rfc8785.CanonicalizationError, UnicodeEncodeError) as error:
        raise InputError(
            "canonical.value",
            "The value has no canonical JSON form ({detail}). Use text, whole numbers below 2^53, finite numbers, "
            "true, false, null, lists and objects.",
            detail=str(error),
        ) from None


_PLAIN = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True, check_circular=False)
_EXACT = 2**53 - 1
_MOST_DEPTH = 20


def _is_plain(value: Any, depth: int = 0) -> bool:
    """Say whether the standard library's JSON is canonical: no floats, no large numbers, keys in ASCII.

    Its strings are written as RFC 8785 has it, and ASCII keys sort alike by code points and by UTF-16 units.
    """
    kind = type(value)
    if kind is str or value is None or kind is bool:
        return True
    if kind is int:
        return bool(-_EXACT <= value <= _EXACT)
    if depth >= _MOST_DEPTH:
        return False
    if kind is dict:
        return all(type(key) is str and key.isascii() and _is_plain(one, depth + 1) for key, one in value.items())
    return (kind is list or kind is tuple) and all(_is_plain(one, depth + 1) for one in value)


def sha256_hex(value: Any) -> str:
    """Return the SHA-256, in hexadecimal, of the canonical JSON of ``value``."""
    return hashlib.sha256(canonical_json(value)).hexdigest()


def read_json(text: str, *, where: str) -> Any:
    """Read strict JSON: no NaN or infinity, no key twice, an error that names its line.

    Args:
        text: the whole document.
        where: name of the source for messages.

    Raises:
        InputError: the text is not strict JSON.
    """
    try:
        return json.loads(text, parse_constant=_refuse_constant, object_pairs_hook=_refuse_twice)
    except json.JSONDecodeError as error:
        raise InputError(
            "json.syntax",
            "This is not JSON: {detail} at column {column}. Mend the text there.",
            where=f"{where}:{error.lineno}",
            detail=error.msg,
            column=error.colno,
        ) from None
    except RecursionError:
        raise InputError("json.depth", "The JSON is nested too deeply. Flatten it.", where=where) from None
    except _StrictError as error:
        raise InputError("json.strict", "{detail}", where=where, detail=str(error)) from None
    except ValueError:  # an integer of more digits than Python converts
        raise InputError("json.number", "A number in the JSON is too long. Shorten it.", where=where) from None


class _StrictError(Exception):
    pass


def _refuse_constant(name: str) -> NoReturn:
    raise _StrictError(f"{name} is not a number in JSON. Leave the fact out if it is not known.")


def _refuse_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    read: dict[str, Any] = {}
    for key, value in pairs:
        if key in read:
            raise _StrictError(f'The key "{key}" is given twice. Keep one.')
        read[key] = value
    return read
