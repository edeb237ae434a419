"""The page that tells a programmer what can be asked for, made from the description of the API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from riverloop.apps.parties.words import N_
from riverloop.web.api import openapi
from riverloop.web.api.problems import KINDS

TAGS = {
    "law": N_("The law"),
    "movements": N_("Movements"),
    "documents": N_("Papers and files"),
    "desk": N_("Queues and duties"),
    "parties": N_("Oneself, organisations and people"),
}


@require_safe
def start(request: HttpRequest) -> HttpResponse:
    described = openapi.described()
    rows = [
        _row(method, path, operation, described)
        for path, methods in described["paths"].items()
        for method, operation in methods.items()
    ]
    groups = [(tag, _(title), [row for row in rows if row["tag"] == tag]) for tag, title in TAGS.items()]
    kinds = [
        {"kind": kind, "title": _(kind.title), "detail": _(kind.detail).format(**_EXAMPLES)} for kind in KINDS.values()
    ]
    context = {"about": described["info"]["description"], "groups": [one for one in groups if one[2]], "kinds": kinds}
    return render(request, "web/api.html", context)


_EXAMPLES = {"scope": "movements:write", "wanted": "application/json", "seconds": 30}
_SHARED = {"Accept-Language", "Idempotency-Key"}


def _row(method: str, path: str, operation: Mapping[str, Any], described: Mapping[str, Any]) -> dict[str, Any]:
    scopes = [scope for one in operation["security"] for scope in one.get("token", [])]
    return {
        "id": operation["operationId"],
        "tag": (operation.get("tags") or [""])[0],
        "method": method.upper(),
        "path": path,
        "summary": operation["summary"],
        "open": {} in operation["security"],
        "scope": scopes[0] if scopes else "",
        "parameters": [one for one in operation["parameters"] if one["name"] not in _SHARED],
        "fields": _body_fields(operation, described),
        "answers": ", ".join(sorted(operation["responses"])),
    }


def _body_fields(operation: Mapping[str, Any], described: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the fields of what is sent, each with its type and whether it must be there."""
    for content in operation.get("requestBody", {}).get("content", {}).values():
        schema = _found(content["schema"], described)
        required = schema.get("required", [])
        return [
            {"name": name, "type": _type(one), "text": one.get("description", ""), "needed": name in required}
            for name, one in schema.get("properties", {}).items()
        ]
    return []


def _found(schema: Mapping[str, Any], described: Mapping[str, Any]) -> Mapping[str, Any]:
    name = schema.get("$ref", "").rpartition("/")[2]
    return described["components"]["schemas"].get(name, schema) if name else schema


def _type(schema: Mapping[str, Any]) -> str:
    """Return a schema in a word or two, as a programmer would say it."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "anyOf" in schema:
        return " | ".join(dict.fromkeys(_type(one) for one in schema["anyOf"]))
    if "enum" in schema:
        return " | ".join(str(one) for one in schema["enum"])
    kind = str(schema.get("format") or schema.get("type") or schema.get("const") or "")
    return f"{kind} of {_type(schema['items'])}" if kind == "array" and "items" in schema else kind
