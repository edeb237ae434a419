"""The description of the API: made from the operations and the dictionary of facts, in each language."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _
from ninja.openapi.schema import OpenAPISchema
from ninja.operation import Operation

from riverloop.apps.clearance.declared import ASKED_OF_APPLICANT
from riverloop.apps.parties.interface import Needs
from riverloop.apps.parties.law import rulebook
from riverloop.apps.parties.words import N_
from riverloop.core.kernel.sides import FLOWS
from riverloop.core.rules.facts import LARGEST, Dictionary, Fact
from riverloop.web.api.problems import KINDS, MEDIA_TYPE

ABOUT = N_(
    "Everything that the pages do, for programs: read the law, decide without keeping, file movements, hand in papers, "
    "work on a queue. A list is read page by page with “cursor”. A write takes an “Idempotency-Key”, under which it "
    "happens once. Whatever is refused is answered with problem details (RFC 9457)."
)
_KEY = {
    "in": "header",
    "name": "Idempotency-Key",
    "required": False,
    "description": N_("A new UUID for each new request: asking again with it does nothing twice, for 24 hours."),
    "schema": {"type": "string", "minLength": 1, "maxLength": 100, "pattern": "^[!-~]+$"},
}
_LANGUAGE = {
    "in": "header",
    "name": "Accept-Language",
    "required": False,
    "description": N_("The language of words in the answer: en, zh-Hant or zh-Hans."),
    "schema": {"type": "string"},
}
_TOKEN = {"type": "http", "scheme": "bearer", "description": N_("A token that an account made under “My account”.")}
_TRANSLATED = ("summary", "description", "title")


@cache
def _described(language: str) -> dict[str, Any]:
    """Return the description in the active language, which is the one that is named."""
    from riverloop.web.api.root import PREFIX, api, every_operation  # noqa: PLC0415 - the routers come first

    schema: dict[str, Any] = dict(OpenAPISchema(api, PREFIX))
    schema["info"]["description"] = ABOUT
    operations = {one.view_func.__name__: one for address in every_operation() for one in address}
    for methods in schema["paths"].values():
        for described in methods.values():
            _complete(described, operations[described["operationId"]])
    components = schema["components"]
    components["schemas"].update(_schemas())
    components["securitySchemes"] = {"token": _TOKEN}
    components["responses"] = {name: _response(name) for name in KINDS}
    del schema["servers"]
    return dict(_translated(schema))


def described() -> dict[str, Any]:
    """Return the OpenAPI 3.1 description in the active language; nothing may be changed in it."""
    return _described(get_language() or "en")


@cache
def _text(language: str) -> str:
    return json.dumps(_described(language), ensure_ascii=False)


def as_text() -> str:
    """Return the description as JSON."""
    return _text(get_language() or "en")


def _translated(value: Any, key: str = "") -> Any:
    if isinstance(value, Mapping) and "x-named" in value:  # pydantic refuses a reference that it did not make
        return {"$ref": f"#/components/schemas/{value['x-named']}"}
    if isinstance(value, Mapping):
        return {name: _translated(one, name) for name, one in value.items()}
    if isinstance(value, list):
        return [_translated(one) for one in value]
    return _(value) if key in _TRANSLATED and isinstance(value, str) and value else value


# What every operation says besides


def _complete(described: dict[str, Any], operation: Operation) -> None:
    """Add who may call an operation, what it may refuse, and headers that many share."""
    needs = next((one for one in operation.auth_callbacks if isinstance(one, Needs)), None)
    described["security"] = (
        [{"token": [needs.scope] if needs and needs.scope else []}] if needs else [{}, {"token": []}]
    )
    writes = needs is not None and "GET" not in operation.methods
    described["parameters"] = [*described.get("parameters", []), *([_KEY] if writes else []), _LANGUAGE]
    for name in _refusals(operation, writes=writes, closed=needs is not None):
        kind = KINDS[name]
        described["responses"].setdefault(str(kind.status), {"$ref": f"#/components/responses/{name}"})
    described["responses"] = {str(status): one for status, one in described["responses"].items()}
    described.pop("description", None) if not operation.description else None


def _refusals(operation: Operation, *, writes: bool, closed: bool) -> Iterator[str]:
    sources = {model.__ninja_param_source__ for model in operation.models}
    yield from ("malformed", "unauthenticated", "invalid", "too-many", "broken", "unavailable")
    if closed:
        yield "forbidden"
    if "path" in sources:
        yield "not-found"
    if sources & {"body", "form", "file"}:
        yield from ("too-large", "media-type")
    if writes:
        yield from ("conflict", "not-found")
    if operation.openapi_extra and operation.openapi_extra.get("x-if-match"):
        yield from ("stale", "precondition-required")


def _response(name: str) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if name == "too-many":
        headers["Retry-After"] = {"description": N_("Seconds to wait."), "schema": {"type": "integer"}}
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {"description": KINDS[name].title, "content": content, **({"headers": headers} if headers else {})}


_TEXT = {"type": "string"}
_PROBLEM = {
    "type": "object",
    "title": "Problem",
    "description": N_("What went wrong (RFC 9457)."),
    "required": ["type", "title", "status", "detail", "instance", "code"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference", "description": N_("Names the kind of problem.")},
        "title": {"type": "string", "description": N_("The kind in a few words.")},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": N_("What is wrong, and how to mend it.")},
        "instance": {"type": "string", "format": "uri-reference", "description": N_("The address that was asked.")},
        "code": {"type": "string", "description": N_("Stable name of just this mistake.")},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["detail", "code"],
                "properties": {
                    "pointer": {"type": "string", "description": N_("Where in the body (RFC 6901).")},
                    "parameter": {"type": "string", "description": N_("Which parameter.")},
                    "header": {"type": "string", "description": N_("Which header.")},
                    "detail": _TEXT,
                    "code": _TEXT,
                },
            },
        },
    },
}


# The facts of each flow


def _schemas() -> dict[str, Any]:
    words = rulebook().packs.dictionary
    flows = {f"{flow.capitalize()}Facts": _facts(flow, words) for flow in FLOWS}
    every = {"anyOf": [{"$ref": f"#/components/schemas/{name}"} for name in flows]}
    return {"Problem": _PROBLEM, **flows, "Facts": every}


def _facts(flow: str, words: Dictionary) -> dict[str, Any]:
    asked = [fact for fact in words.of_flow(flow) if fact.source in ASKED_OF_APPLICANT]
    properties = {fact.name: _fact(fact) for fact in asked}
    return {"type": "object", "properties": properties, "additionalProperties": False}


def _fact(fact: Fact) -> dict[str, Any]:
    """Return the schema of one fact; null says that it is not known."""
    kinds: dict[str, dict[str, Any]] = {
        "boolean": {"type": "boolean"},
        "integer": {"type": "integer", **_bounds(fact)},
        "decimal": {"type": "number", **_bounds(fact)},
        "date": {"type": "string", "format": "date"},
        "choice": {"type": "string", "enum": list(fact.choice_names)},
        "code": _code(fact),
        "choices": {
            "type": "array",
            "maxItems": 200,
            "items": {"type": "string", "enum": list(fact.choice_names)} if fact.choices else _code(fact),
        },
    }
    label = fact.label.get("en", "") or fact.name
    return {"anyOf": [kinds[fact.kind], {"type": "null"}], "x-label": dict(fact.label) or {"en": label}}


def _code(fact: Fact) -> dict[str, Any]:
    return {"type": "string", "maxLength": 200, "pattern": f"^(?:{fact.pattern})$" if fact.pattern else r"^\S+$"}


def _bounds(fact: Fact) -> dict[str, float]:
    low, high = fact.bounds()
    return {"minimum": max(low, -LARGEST), "maximum": min(high, LARGEST)}
