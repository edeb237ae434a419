"""Reads the body of a request strictly: what would be read differently elsewhere is refused."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from django.http import HttpRequest
from django.utils.datastructures import MultiValueDict
from ninja.parser import Parser

from riverloop.apps.parties.words import N_
from riverloop.core.kernel.canonical import read_json
from riverloop.core.kernel.errors import InputError

DEEPEST = 20
LARGEST = 2**53  # beyond it numbers are not exact everywhere (RFC 7493, section 2.2)


class StrictParser(Parser):
    """JSON that means one thing (RFC 7493), and queries and forms that name a thing once."""

    def parse_body(self, request: HttpRequest) -> Any:
        try:
            text = request.body.decode("utf-8")
        except UnicodeDecodeError:
            raise InputError("api.json", N_("This is not UTF-8. Send JSON in UTF-8.")) from None
        try:
            value = read_json(text, where="")
        except InputError as error:
            # the kind is one; which of the mistakes it was, its words say
            error.code, error.where = "api.json", ""
            raise
        for part, depth in _parts(value):
            _check(part, depth)
        return value

    def parse_querydict(
        self, data: MultiValueDict[str, Any], list_fields: list[str], request: HttpRequest
    ) -> dict[str, Any]:
        for name, values in data.lists():
            if len(values) > 1 and name not in list_fields:
                raise InputError("api.twice", N_("“{name}” is given twice. Keep one."), name=name[:60])
            for text in (name, *values):
                if isinstance(text, str):
                    _check_text(text)
        return super().parse_querydict(data, list_fields, request)


def _parts(value: Any) -> Iterator[tuple[Any, int]]:
    """Yield every part of a value with its depth, without recursion."""
    stack = [(value, 1)]
    while stack:
        part, depth = stack.pop()
        yield part, depth
        if isinstance(part, dict):
            stack += [(one, depth + 1) for pair in part.items() for one in pair]
        elif isinstance(part, list):
            stack += [(one, depth + 1) for one in part]


def _check(part: Any, depth: int) -> None:
    if depth > DEEPEST:
        raise InputError("api.json", N_("The JSON is nested too deeply. Flatten it."))
    if isinstance(part, str):
        _check_text(part)
    elif isinstance(part, float) and not math.isfinite(part):
        raise InputError("api.json", N_("A number is too large. Give one that a computer can hold."))
    elif isinstance(part, int) and abs(part) > LARGEST:
        raise InputError("api.json", N_("A whole number is beyond 2^53, and would not be exact everywhere."))


def _check_text(text: str) -> None:
    """Refuse what no database keeps: the zero character, and halves of a character."""
    if "\0" in text or any("\ud800" <= letter <= "\udfff" for letter in text):
        raise InputError("api.json", N_("A text holds a character that cannot be kept. Take it out."))
