"""What may cross: every field of a message is held to the zone file's disclosure table before it is signed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cache
from typing import Any, cast

from riverloop.apps.notices.words import N_
from riverloop.apps.parties.here import zone
from riverloop.core.kernel.errors import ZoneError
from riverloop.core.kernel.sides import Flow
from riverloop.zones.zone import Step

_ABOUT = frozenset({"movement", "items", "permits"})  # which movement it is about, and lists whose keys are fields
_OF_A_PERMIT = frozenset({"document", "number", "issuer", "issued_on", "expires_on", "quantity", "unit"})
_SUFFIXES = ("_expires_on", "_quantity_left")


def check_disclosed(*, step: str, to_side: str, flow: str, bodies: Iterable[Mapping[str, Any]]) -> None:
    """Refuse a body that holds a field which the other side may not be told.

    Args:
        step: a step of the disclosure table.
        to_side: who is told.
        flow: rows of this flow and of every flow count; without it, those of every flow.
        bodies: what is to be told.

    Raises:
        ZoneError: a field is not in the table.
    """
    allowed = _allowed(step, to_side, flow)
    for body in bodies:
        for field in _fields(body):
            if field not in allowed and not _is_of_document(field, allowed):
                raise ZoneError(
                    "notices.not_disclosed",
                    N_(
                        '{side} may not be told "{field}" at the step {step}: the zone file does not list it. '
                        "Leave it out, or add it to the disclosure table with its legal basis."
                    ),
                    side=to_side,
                    field=field,
                    step=step,
                )


@cache
def _allowed(step: str, to_side: str, flow: str) -> frozenset[str]:
    return zone().disclosed(cast("Step", step), to_side, cast("Flow | None", flow or None))


def _fields(body: Mapping[str, Any]) -> Iterator[str]:
    """Yield the name of every field: of the body, of each item, and of each permit that of its document."""
    yield from (field for field in body if field not in _ABOUT)
    for item in body.get("items", ()):
        yield from item
    for permit in body.get("permits", ()):
        yield permit["document"]
        yield from (field for field in permit if field not in _OF_A_PERMIT)


def _is_of_document(field: str, allowed: Collection[str]) -> bool:
    """Say whether a field tells no more than that a document is held, until when, and how much of it is left."""
    if field.startswith("has_") and field.removeprefix("has_") in allowed:
        return True
    return any(field.endswith(suffix) and field.removesuffix(suffix) in allowed for suffix in _SUFFIXES)
