"""What the API of any app is made of: who may call it, types of fields, pages of a list, changes of what was seen."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Annotated, Any, TypeVar

from django.core.exceptions import PermissionDenied
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest
from ninja import Path, Query, Schema
from ninja.errors import AuthenticationError
from pydantic import BeforeValidator, ConfigDict, Field, StrictInt, StringConstraints, WithJsonSchema
from pydantic_core import PydanticCustomError

from riverloop.apps.parties.here import active_language
from riverloop.apps.parties.models import ApiToken, User
from riverloop.apps.parties.words import N_
from riverloop.core.kernel.errors import InputError, RiverloopError
from riverloop.core.kernel.instants import read_date, read_instant

M = TypeVar("M", bound=Model)

MOST_A_PAGE = 200
LONGEST_CURSOR = 400  # characters


# Who may call it


class ScopeError(PermissionDenied):
    """The token does not reach this far."""

    def __init__(self, scope: str) -> None:
        super().__init__(scope)
        self.scope = scope


class Needs:
    """Asks for a token that reaches as far as an operation does; the table of access has asked for the role."""

    def __init__(self, scope: str) -> None:
        self.scope = scope

    def __call__(self, request: HttpRequest) -> ApiToken:
        token = getattr(request, "api_token", None)
        if token is None:
            raise AuthenticationError
        if self.scope and not token.may(self.scope):
            raise ScopeError(self.scope)
        return token  # type: ignore[no-any-return]


def caller(request: HttpRequest) -> User:
    """Return the account whose token a request bears."""
    if not isinstance(request.user, User):
        raise AuthenticationError
    return request.user


# Types of fields


class Given(Schema):
    """A body that a program sends: a name that is not known is refused, since it would be misspelt."""

    model_config = ConfigDict(extra="forbid")


def _reads(reader: Callable[[Any], Any]) -> BeforeValidator:
    """Have a field read as the core reads it, and keep the core's own words if it cannot be."""

    def read(value: Any) -> Any:
        try:
            return reader(value)
        except InputError as error:
            context = {"code": error.code, "message": error.message, "parameters": dict(error.parameters)}
            raise PydanticCustomError("riverloop", "{message}", context) from None

    return BeforeValidator(read)


Instant = Annotated[datetime, _reads(read_instant), WithJsonSchema({"type": "string", "format": "date-time"})]
Day = Annotated[date, _reads(read_date), WithJsonSchema({"type": "string", "format": "date"})]
Line = Annotated[str, StringConstraints(max_length=200, strip_whitespace=True)]
Prose = Annotated[str, StringConstraints(max_length=5000, strip_whitespace=True)]
Count = Annotated[StrictInt, Field(ge=0, le=2_000_000_000)]
ID_FORM = "^[0-9A-HJKMNP-TV-Z]{26}$"
Id = Annotated[str, StringConstraints(pattern=ID_FORM)]
PathId = Annotated[str, Path(description=N_("Id of 26 letters and digits."), pattern=ID_FORM)]


# Pages of a list


class Paging(Schema):
    """How much of a list, and from where."""

    limit: Annotated[int, Field(ge=1, le=MOST_A_PAGE, description=N_("How many rows at most."))] = 50
    cursor: Annotated[
        str,
        Field(
            max_length=LONGEST_CURSOR,
            description=N_("Where to go on: the “next” of the page before. Nothing for the first page."),
        ),
    ] = ""


Pages = Annotated[Paging, Query()]


def paged(rows: QuerySet[M], paging: Paging, order: Sequence[str]) -> tuple[list[M], str | None]:
    """Return a page of a list, and the cursor of the next one, or None on the last.

    A page begins after the row at which the one before ended, so that rows which come or go meanwhile move nothing.

    Args:
        rows: what the caller may see.
        paging: how much, and from where.
        order: fields that are never null, with ``-`` where the greatest comes first; the last is the primary key.
    """
    names = [name.lstrip("-") for name in order]
    if paging.cursor:
        rows = rows.filter(_after(order, _read_cursor(paging.cursor, rows.model, names)))
    found = list(rows.order_by(*order)[: paging.limit + 1])
    page = found[: paging.limit]
    return page, _cursor([getattr(page[-1], name) for name in names]) if len(found) > len(page) else None


def _after(order: Sequence[str], values: Sequence[Any]) -> Q:
    later, same = Q(), Q()
    for field, value in zip(order, values, strict=True):
        name = field.lstrip("-")
        later |= same & Q(**{f"{name}__lt" if field.startswith("-") else f"{name}__gt": value})
        same &= Q(**{name: value})
    return later


def _cursor(values: Sequence[Any]) -> str:
    text = json.dumps([value.isoformat() if isinstance(value, date) else value for value in values])
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _read_cursor(cursor: str, model: type[Model], names: Sequence[str]) -> list[Any]:
    try:
        raw = json.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True))
        fields = [model._meta.get_field(name) for name in names]  # noqa: SLF001 - Django's documented interface
        values = [_value_of(field, value) for field, value in zip(fields, raw, strict=True)]
    except (ValueError, TypeError, binascii.Error, RecursionError, OverflowError):
        raise InputError(
            "paging.cursor", N_("This cursor is none of ours. Take “next” of the page before, or leave it out.")
        ) from None
    return values


def _value_of(field: Any, value: Any) -> Any:
    """Return a key of a row as its column holds it, or raise ValueError or TypeError."""
    if field.get_internal_type() == "DateTimeField":
        at = datetime.fromisoformat(str(value))
        if at.tzinfo is None:
            raise ValueError
        return at
    if field.get_internal_type() == "DateField":
        return date.fromisoformat(str(value))
    if field.get_internal_type() == "CharField":
        if not re.fullmatch(r"[\w.:-]{1,80}", str(value), re.ASCII):
            raise ValueError
        return str(value)
    number = int(value)
    if abs(number) > 2**31:
        raise ValueError
    return number


# Changing what was seen


class PreconditionError(RiverloopError):
    """What is to be changed is not what the caller saw, or the caller did not say what they saw."""


def etag_of(*state: Any) -> str:
    """Return the entity tag of what these values tell one state of from another; it differs by language."""
    digest = hashlib.sha256(json.dumps(state, default=str).encode()).hexdigest()[:32]
    return f'"{digest}.{active_language()}"'


def check_seen(request: HttpRequest, etag: str) -> None:
    """Refuse a change of what has changed since the caller read it, in whatever language they read it.

    Raises:
        PreconditionError: there is no If-Match, or it names another state.
    """
    given = request.headers.get("If-Match", "").strip()
    if not given:
        raise PreconditionError(
            "api.if_match", N_("Say which state you change: send its ETag as If-Match, as it was given with the row.")
        )
    if given != "*" and _state_of(etag) not in {_state_of(one) for one in given.split(",")}:
        raise PreconditionError("api.changed", N_("This has changed since you read it. Read it again, then decide."))


def _state_of(etag: str) -> str:
    """Return the part that names the state; compression on the way makes a tag weak, and it names the same state."""
    return etag.strip().removeprefix("W/").strip('"').partition(".")[0]
