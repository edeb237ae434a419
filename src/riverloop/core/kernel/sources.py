"""Strict YAML whose every mistake has a line, checked against a JSON Schema.

YAML 1.2 scalars only (``no`` and ``on`` are texts), no tags and no key given twice: what a person reads in the
file is what the program gets. Aliases are followed, but not into a circle and not without end.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import chain, islice
from typing import Any

import yaml

from riverloop.core.kernel.errors import InputError, did_you_mean
from riverloop.core.kernel.letters import obeyed
from riverloop.core.kernel.words import N_

Path = tuple[str | int, ...]

_MAX_CHARACTERS = 2_000_000
_MAX_DEPTH = 40
_MAX_VALUES = 200_000
_FEWEST_CHARACTERS = 2
"""Of a value, with what parts it from the next one."""
_MAX_DIGITS = 20
_LARGEST = 2**53
_PLAIN_TAGS = {
    f"tag:yaml.org,2002:{name}"
    for name in ("map", "seq", "str", "int", "float", "bool", "null", "timestamp", "merge", "value")
}
_INTEGER = re.compile(r"[-+]?[0-9]+")
_DECIMAL = re.compile(r"[-+]?([0-9]+\.[0-9]*|\.[0-9]+|[0-9]+)([eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_WORDS = {"": None, "~": None, "null": None, "Null": None, "NULL": None}
_BOOLEANS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class Source:
    """A document that knows where each of its values stands.

    Args:
        name: file name for messages.
        value: plain dicts, lists, texts, numbers, booleans and None. Dates stay texts.
        lines: line number (from 1) of every value by its path.
        sha256: hash of the text, in hexadecimal.
    """

    name: str
    value: Any
    lines: Mapping[Path, int]
    sha256: str = ""

    def where(self, *path: str | int) -> str:
        """Return ``file:line`` of the value at ``path``, or of its nearest parent."""
        for length in range(len(path), -1, -1):
            if path[:length] in self.lines:
                return f"{self.name}:{self.lines[path[:length]]}"
        return self.name


def read_yaml(text: str, *, name: str) -> Source:
    """Read one YAML document.

    Raises:
        InputError: the text is not strict YAML; the message names the line.
    """
    if len(text) > _MAX_CHARACTERS:
        raise InputError("yaml.size", N_("The file is too large. Split it into files below 2 MB."), where=name)
    _check_letters(text, name)
    try:
        _check_count(text, name)
        node = yaml.compose(text, Loader=_Loader)
        if node is not None and "&" in text:
            _Sizes(name).size(node)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise InputError(
            "yaml.syntax",
            N_("This is not YAML: {detail}. Mend the indentation or the quotes there."),
            where=f"{name}:{line}",
            detail=error.problem or "it cannot be read",
        ) from None
    except (yaml.YAMLError, RecursionError) as error:
        detail = str(error).splitlines()[0] if str(error) else "it cannot be read"
        raise InputError(
            "yaml.syntax", N_("This is not YAML: {detail}. Mend the text."), where=name, detail=detail
        ) from None
    lines: dict[Path, int] = {}
    value = None if node is None else _Builder(name, lines).build(node, ())
    return Source(name, value, lines, hashlib.sha256(text.encode()).hexdigest())


def _check_letters(text: str, name: str) -> None:
    """Refuse what a terminal would obey, or what turns the writing, wherever it stands: in remarks as well."""
    if found := obeyed(text, file=True):
        raise _letter_error(found[0], f"{name}:{text.count(chr(10), 0, found.start()) + 1}")


def _letter_error(letter: str, where: str) -> InputError:
    return InputError(
        "yaml.letter",
        N_("The character {letter} cannot be seen and may do harm where it is shown. Take it out."),
        where=where,
        letter=f"U+{ord(letter):04X}",
    )


def _check_count(text: str, name: str) -> None:
    """Refuse far too many values before they take memory."""
    if len(text) <= _FEWEST_CHARACTERS * _MAX_VALUES:
        return
    values = (event for event in yaml.parse(text, Loader=_Loader) if isinstance(event, yaml.NodeEvent))
    if last := next(islice(values, _MAX_VALUES, None), None):
        raise InputError(
            "yaml.values",
            N_("The file holds more than {most:,} values. Shorten its lists, or split it."),
            where=f"{name}:{last.start_mark.line + 1 if last.start_mark else 1}",
            most=_MAX_VALUES,
        )


class _Sizes:
    """Counts the values that nodes come to with every alias followed, without following one twice."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.known: dict[int, int] = {}
        self.open: set[int] = set()

    def size(self, node: yaml.Node) -> int:
        if id(node) in self.known:
            return self.known[id(node)]
        if id(node) in self.open:
            raise self.error(node)
        self.open.add(id(node))
        found = 1 + sum(map(self.size, _children(node)))
        self.open.discard(id(node))
        if found > _MAX_VALUES:
            raise self.error(node)
        self.known[id(node)] = found
        return found

    def error(self, node: yaml.Node) -> InputError:
        return InputError(
            "yaml.alias",
            N_("An alias (*name) leads in a circle or to far too much. Write it out."),
            where=f"{self.name}:{node.start_mark.line + 1}",
        )


def _children(node: yaml.Node) -> Iterable[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        return chain.from_iterable(node.value)
    return node.value if isinstance(node, yaml.SequenceNode) else ()


class _Builder:
    """Turns composed nodes into plain values, noting the line of each."""

    def __init__(self, name: str, lines: dict[Path, int]) -> None:
        self.name, self.lines = name, lines

    def build(self, node: yaml.Node, path: Path) -> Any:
        line = node.start_mark.line + 1
        self.lines.setdefault(path, line)
        if len(path) > _MAX_DEPTH:
            raise self.error("yaml.depth", line, N_("The file is nested too deeply. Flatten it."))
        if node.tag not in _PLAIN_TAGS:
            raise self.error("yaml.tag", line, N_("The tag {tag} is not read here. Take it out."), tag=node.tag[:60])
        if isinstance(node, yaml.ScalarNode):
            return self.scalar(node, line)
        if isinstance(node, yaml.MappingNode):
            return self.mapping(node, path)
        return [self.build(child, (*path, place)) for place, child in enumerate(node.value)]

    def mapping(self, node: yaml.MappingNode, path: Path) -> dict[str, Any]:
        read: dict[str, Any] = {}
        for key_node, child in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                raise self.error("yaml.key", line, N_("A key must be a plain word. Write it as one."))
            key = self.text(key_node, line)
            if key in read:
                raise self.error("yaml.twice", line, N_('The key "{key}" is given twice. Keep one.'), key=key)
            self.lines[(*path, key)] = line
            read[key] = self.build(child, (*path, key))
        return read

    def text(self, node: yaml.Node, line: int) -> str:
        """Return the text of a scalar, in which an escape may stand for any letter."""
        text: str = node.value
        if found := obeyed(text):
            raise _letter_error(found[0], f"{self.name}:{line}")
        return text

    def scalar(self, node: yaml.Node, line: int) -> Any:
        text = self.text(node, line)
        if getattr(node, "style", None):  # quoted or block: a text as it stands; plain is None or empty, by parser
            return text
        if text in _WORDS:
            return _WORDS[text]
        if text in _BOOLEANS:
            return _BOOLEANS[text]
        if _NOT_FINITE.fullmatch(text):
            raise self.error("yaml.number", line, N_("{text} is not a number here. Give a finite one."), text=text)
        return self.number(text, line)

    def number(self, text: str, line: int) -> Any:
        if _INTEGER.fullmatch(text):
            if len(text) > _MAX_DIGITS or abs(int(text)) > _LARGEST:
                raise self.error(
                    "yaml.number", line, N_("The number {text} is too large. Keep it below 2^53."), text=in_short(text)
                )
            return int(text)
        if _DECIMAL.fullmatch(text):
            value = float(text)
            if value in (float("inf"), float("-inf")):
                raise self.error(
                    "yaml.number", line, N_("{text} is too large. Give a finite number."), text=in_short(text)
                )
            return value
        return text

    def error(self, code: str, line: int, message: str, **parameters: object) -> InputError:
        return InputError(code, message, where=f"{self.name}:{line}", **parameters)


def in_short(number: float | str) -> str:
    """Return a number as people write it: a long one with its power of ten, such as ``1e300``."""
    told = f"{number:.15g}" if isinstance(number, float) else str(number)
    if len(told) <= _MAX_DIGITS and "e" not in told:
        return told
    try:
        rounded = Decimal(f"{Decimal(told):.6g}").normalize()
    except ArithmeticError:  # a power of ten that nobody writes
        return f"{told[:_MAX_DIGITS]}…"
    return str(rounded).lower().replace("e+", "e")


def check_schema(source: Source, schema: Mapping[str, Any]) -> None:
    """Check a document against a JSON Schema.

    Raises:
        InputError: the first mistake, in reading order, with its line and how to mend it.

    Source: JSON Schema, draft 2020-12.
    """
    from jsonschema import Draft202012Validator  # noqa: PLC0415 - slow to import, and a cached pack never needs it

    mistakes = [_deepest(error) for error in Draft202012Validator(schema).iter_errors(source.value)]
    if mistakes:
        first = min(mistakes, key=lambda error: source.lines.get(tuple(error.absolute_path), 1))
        raise _explain(source, first)


def _deepest(error: Any) -> Any:
    """Follow anyOf/oneOf into the branch that came furthest."""
    while error.context:
        error = max(
            error.context,
            key=lambda inner: (len(inner.absolute_path), inner.validator not in ("type", "enum")),
        )
    return error


def _explain(source: Source, error: Any) -> InputError:
    path = tuple(error.absolute_path)
    where = source.where(*path)
    name = ".".join(str(part) for part in path) or InputError("schema.file", N_("the file"))
    if error.validator == "required":
        lacking = next(key for key in error.validator_value if key not in error.instance)
        return InputError("schema.required", N_('{name} lacks "{key}". Add it.'), where=where, name=name, key=lacking)
    if error.validator == "additionalProperties":
        known = list(error.schema.get("properties", {}))
        extra = next((key for key in error.instance if key not in known), "?")
        return InputError(
            "schema.unknown",
            N_('{name} has no key "{key}".{hint} Its keys are {known}.'),
            where=source.where(*path, extra),
            name=name,
            key=extra,
            hint=did_you_mean(extra, known),
            known=", ".join(known),
        )
    if error.validator in ("enum", "const"):
        known = error.validator_value if error.validator == "enum" else [error.validator_value]
        return InputError(
            "schema.choice",
            N_("{name} is {value!r}.{hint} Choose one of {known}."),
            where=where,
            name=name,
            value=_told(error.instance),
            hint=did_you_mean(str(error.instance), [str(choice) for choice in known]),
            known=", ".join(str(choice) for choice in known),
        )
    if error.validator == "type":
        wanted = error.validator_value
        return InputError(
            "schema.type",
            N_("{name} is {value}, and must be {wanted}. Write it so."),
            where=where,
            name=name,
            value=_kind_or_value(error.instance),
            wanted=_kinds(wanted if isinstance(wanted, list) else [wanted]),
        )
    if error.validator in _LIMITS:
        return InputError(
            "schema.limit",
            _LIMITS[error.validator],
            where=where,
            name=name,
            value=str(_told(error.instance))[:60],
            limit=error.validator_value,
        )
    return InputError(
        "schema.value",
        N_("{name}: {detail}. Mend the value."),
        where=where,
        name=name,
        detail=str(error.message)[:200].rstrip("."),
    )


_KINDS = {
    "object": N_("a mapping"),
    "array": N_("a list"),
    "string": N_("a text"),
    "number": N_("a number"),
    "integer": N_("a whole number"),
    "boolean": N_("true or false"),
    "null": N_("empty"),
}
"""What JSON Schema calls a type, as writers of YAML call it."""


def _kinds(types: list[str]) -> InputError:
    """Return types in words, to be told within a sentence."""
    first = InputError(f"schema.type.{types[0]}", _KINDS[types[0]])
    if len(types) == 1:
        return first
    return InputError("schema.type.either", N_("{one} or {other}"), one=first, other=_kinds(types[1:]))


def _kind_or_value(value: Any) -> object:
    """Return what a value is where it is of many parts or of none, and else the value."""
    kind = {dict: "object", list: "array", type(None): "null"}.get(type(value))
    if kind:
        return _kinds([kind])
    if isinstance(value, bool):
        return str(value).lower()
    told = str(_told(value))[:60]
    return f'"{told}"' if isinstance(value, str) else told


def _told(value: Any) -> Any:
    """Return a value of a file for people: a number that is too long for them in short."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    short = in_short(value)
    return value if short == str(value) else short


_LIMITS = {
    "minimum": N_("{name}: {value} is less than {limit}. Give {limit} or more."),
    "exclusiveMinimum": N_("{name}: {value} is not above {limit}. Give more than {limit}."),
    "maximum": N_("{name}: {value} is greater than {limit}. Give {limit} or less."),
    "exclusiveMaximum": N_("{name}: {value} is not below {limit}. Give less than {limit}."),
    "pattern": N_('{name}: "{value}" does not match {limit}. Write it so.'),
    "minLength": N_("{name} is too short. Give {limit} characters or more."),
    "maxLength": N_("{name} is too long. Give {limit} characters or fewer."),
    "minItems": N_("{name} has too few entries. Give {limit} or more."),
    "maxItems": N_("{name} has too many entries. Give {limit} or fewer."),
    "minProperties": N_("{name} has too few keys. Give {limit} or more."),
}
