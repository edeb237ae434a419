"""Whether the ends of what is uncertain are values that may stand where they are used: found without simulating.

A schema is walked along the path of a value, which takes microseconds. What it speaks against is only suspected: the
whole document with that value decides.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from riverloop.core.kernel.sources import Path
from riverloop.core.queueing.parameters import Parameter, Value

_BESIDE = ("then", "else")
_TYPES: dict[str, type | tuple[type, ...]] = {"number": (int, float), "integer": (int, float), "string": str}


@dataclass(frozen=True, slots=True)
class End:
    """One end of a parameter.

    Args:
        value: of the parameter at this end.
        middle: its value otherwise.
        path: where the end stands in the file.
        case: in which it is the end; empty for all that say nothing else.
    """

    value: Value
    middle: Value
    path: Path
    case: str = ""


def ends_of(parameters: tuple[Parameter, ...], set_ends: Mapping[str, Mapping[str, Parameter]]) -> dict[str, list[End]]:
    """Return the ends of every parameter by its name.

    Args:
        parameters: of the file.
        set_ends: by case and name, parameters of whose ends the case says something itself.
    """
    found: dict[str, list[End]] = {}
    stated: list[tuple[Parameter, str, Path]] = [(one, "", ("parameters", one.name)) for one in parameters]
    stated += [(one, key, ("cases", key, "set", one.name)) for key, of in set_ends.items() for one in of.values()]
    for one, case, path in stated:
        for key, value in (("low", one.low), ("high", one.high)):
            if value is not None:
                found.setdefault(one.name, []).append(End(value, one.value, (*path, key), case))
    return found


class Suspicions:
    """Tells which values a schema may speak against, of those that stand where another one may.

    Args:
        schema: of the document.
    """

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self.schema = schema
        self.known: dict[Path, list[Mapping[str, Any]]] = {}

    def suspects(self, path: Path, end: End) -> bool:
        """Return whether a value may not stand where the parameter's other value may."""
        return any(_allows(one, end.middle) and not _allows(one, end.value) for one in self.said_of(path))

    def said_of(self, path: Path) -> list[Mapping[str, Any]]:
        """Return every part of the schema that may speak of what stands at a path."""
        alike = tuple(0 if isinstance(step, int) else step for step in path)
        if alike not in self.known:
            above = list(self._at(self.schema)) if not path else self.said_of(alike[:-1])
            inside = above if not path else [one for node in above for one in _into(node, alike[-1])]
            self.known[alike] = [one for node in inside for one in self._at(node)]
        return self.known[alike]

    def _at(self, node: Any) -> Iterator[Mapping[str, Any]]:
        """Yield a part of the schema, and all that it says of the same place elsewhere."""
        if not isinstance(node, Mapping):
            return
        yield node
        for one in (*node.get("anyOf", ()), *(node[key] for key in _BESIDE if key in node)):
            yield from self._at(one)
        if "$ref" in node:
            yield from self._at(self._referred(node["$ref"]))

    def _referred(self, reference: str) -> Any:
        found: Any = self.schema
        for step in reference.removeprefix("#/").split("/"):
            found = found[step]
        return found


def _into(node: Mapping[str, Any], step: str | int) -> Iterator[Any]:
    if isinstance(step, int):
        yield node.get("items")
    elif step in node.get("properties", {}):
        yield node["properties"][step]
    else:
        yield node.get("additionalProperties")


def _allows(said: Mapping[str, Any], value: Value) -> bool:
    """Return whether what a schema says of a value by itself lets it stand."""
    kind = said.get("type")
    if isinstance(kind, str) and not isinstance(value, _TYPES.get(kind, ())):
        return False
    if isinstance(value, str):
        return bool(re.search(said.get("pattern", ""), value)) and value in said.get("enum", (value,))
    return (
        (kind != "integer" or float(value).is_integer())
        and said.get("minimum", value) <= value <= said.get("maximum", value)
        and value not in (said.get("exclusiveMinimum"), said.get("exclusiveMaximum"))
        and said.get("exclusiveMinimum", value) <= value <= said.get("exclusiveMaximum", value)
    )
