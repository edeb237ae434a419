"""The JSON Schema of scenario files, and the two forms in which a file is checked against it."""

from __future__ import annotations

import json
from functools import lru_cache
from importlib import resources
from typing import Any

_PARAMETER = {"$ref": "#/$defs/parameter"}
_WORDS_OF_A_DESIGN = ("title", "note", "needs", "claims")
_HEAD = ("title", "note", "parameters", "designs", "cases", "claims")


@lru_cache(maxsize=1)
def scenario_schema() -> dict[str, Any]:
    """Return the JSON Schema of scenario files, for checks and editors."""
    text = resources.files("riverloop.core.queueing").joinpath("schema/scenario.schema.json").read_text("utf-8")
    read: dict[str, Any] = json.loads(text)
    return read


@lru_cache(maxsize=1)
def filled_schema() -> dict[str, Any]:
    """Return the schema of a file in which every parameter has its value: no ``$name`` may stand any more."""
    schema: dict[str, Any] = _without_parameters(scenario_schema())
    return schema


@lru_cache(maxsize=1)
def head_schema() -> dict[str, Any]:
    """Return the schema of what is read first: parameters, and what designs and cases are called."""
    schema = filled_schema()
    design = schema["$defs"]["design"]
    words = {name: one if name in _WORDS_OF_A_DESIGN else True for name, one in design["properties"].items()}
    return {
        "type": "object",
        "properties": {name: schema["properties"][name] for name in _HEAD},
        "$defs": schema["$defs"] | {"design": {"type": "object", "properties": words, "additionalProperties": False}},
    }


def _without_parameters(node: Any) -> Any:
    """Take away every place where ``$name`` may stand for a value."""
    if isinstance(node, list):
        return [_without_parameters(one) for one in node]
    if not isinstance(node, dict):
        return node
    if _PARAMETER in node.get("anyOf", ()):
        kept = [one for one in node["anyOf"] if one != _PARAMETER]
        node = {name: one for name, one in node.items() if name != "anyOf"} | kept[0]
    return {name: _without_parameters(one) for name, one in node.items()}
