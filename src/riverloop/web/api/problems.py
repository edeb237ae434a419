"""What went wrong, told to a program: RFC 9457 problem details, in the language that it asked for."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import BadRequest, PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.core.exceptions import TooManyFieldsSent as TooManyFields
from django.core.exceptions import TooManyFilesSent as TooManyFiles
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from django.utils.encoding import escape_uri_path
from django.utils.translation import gettext as _

from riverloop.apps.parties.words import N_
from riverloop.core.kernel.errors import ConflictError, InputError, RiverloopError

PREFIX = "/api/"
MEDIA_TYPE = "application/problem+json"


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of problem: its status, what it is called and what mends it."""

    name: str
    status: int
    title: str
    detail: str

    @property
    def type(self) -> str:
        """The address that names the kind, and explains it."""
        return f"{PREFIX}#problem-{self.name}"


_KINDS = [
    Kind("malformed", 400, N_("This could not be read"), N_("Send what the description of the operation says.")),
    Kind(
        "unauthenticated",
        401,
        N_("A token is needed"),
        N_(
            "Send a live token as “Authorization: Bearer …”. Make one under “My account”; it ends on its day, and "
            "opens nothing if its role needs a second factor and it was made without one."
        ),
    ),
    Kind(
        "forbidden",
        403,
        N_("The account may not do this"),
        N_("No role of this account may do this. Use the token of an account that may."),
    ),
    Kind(
        "scope",
        403,
        N_("The token does not reach this far"),
        N_("This needs the scope “{scope}”. Make a token that has it."),
    ),
    Kind(
        "not-found",
        404,
        N_("There is no such thing"),
        N_("There is nothing here that this account may see. Check the address and the id."),
    ),
    Kind(
        "wrong-method",
        405,
        N_("This address takes no such request"),
        N_("Use one of the methods that the header “Allow” names."),
    ),
    Kind(
        "conflict",
        409,
        N_("Something stands in the way"),
        N_("Something has changed meanwhile. Read it again, then decide."),
    ),
    Kind(
        "stale",
        412,
        N_("It has changed since it was read"),
        N_("This has changed since you read it. Read it again, then decide."),
    ),
    Kind("too-large", 413, N_("That is too much at once"), N_("Send less at once, in several requests.")),
    Kind(
        "media-type",
        415,
        N_("This type of content is not taken"),
        N_("Send it as {wanted}, and say so in “Content-Type”."),
    ),
    Kind("invalid", 422, N_("Something in it is not right"), N_("Mend what “errors” points at, and send it again.")),
    Kind(
        "precondition-required",
        428,
        N_("Say which state you change"),
        N_("Send the ETag of what you read as “If-Match”."),
    ),
    Kind("too-many", 429, N_("Too many requests"), N_("Wait for {seconds} seconds, as “Retry-After” says.")),
    Kind(
        "broken",
        500,
        N_("That is our mistake"),
        N_("Nothing was changed. Ask again later; with the same Idempotency-Key nothing is done twice."),
    ),
    Kind(
        "unavailable",
        503,
        N_("The database does not answer"),
        N_("Ask again in a few seconds, as “Retry-After” says; with the same Idempotency-Key nothing is done twice."),
    ),
]
KINDS = {kind.name: kind for kind in _KINDS}
_BY_STATUS = {kind.status: kind for kind in reversed(_KINDS)}


def is_api(request: HttpRequest) -> bool:
    """Say whether a request is a program's: every address below /api/ but the page that describes them."""
    return request.path_info.startswith(PREFIX) and request.path_info != PREFIX


def problem(
    request: HttpRequest,
    name: str,
    detail: str = "",
    *,
    code: str = "",
    errors: Iterable[Mapping[str, Any]] = (),
    headers: Mapping[str, str] | None = None,
    **parameters: object,
) -> HttpResponse:
    """Return a problem as its answer.

    Args:
        request: what was asked; its path stands in the answer, and nothing of what it held.
        name: of ``KINDS``.
        detail: what is wrong and how to mend it, translated; the kind's own if it is left out.
        code: stable name of just this mistake; the kind's own if it is left out.
        errors: each with ``detail``, ``code`` and a ``pointer``, ``parameter`` or ``header`` that says where.
        headers: of the answer.
        **parameters: values for the kind's own detail.
    """
    kind = KINDS[name]
    listed = [dict(error) for error in errors]
    body = {
        "type": kind.type,
        "title": _(kind.title),
        "status": kind.status,
        "detail": detail or _(kind.detail).format(**parameters),
        "instance": escape_uri_path(request.path),
        "code": code or f"api.{kind.name.replace('-', '_')}",
        **({"errors": listed} if listed else {}),
    }
    text = json.dumps(body, ensure_ascii=True)
    response = HttpResponse(text, status=kind.status, content_type=MEDIA_TYPE, headers=dict(headers or {}))
    response.headers["Cache-Control"] = "no-store"
    if kind.status == _BY_STATUS[401].status:
        response.headers["WWW-Authenticate"] = 'Bearer realm="Riverloop", error="invalid_token"'
    return response


def of_status(request: HttpRequest, status: int, headers: Mapping[str, str] | None = None) -> HttpResponse:
    """Return the problem for a status that something else answered with."""
    kind = _BY_STATUS.get(status) or _BY_STATUS[400 if status < KINDS["broken"].status else 500]
    return problem(request, kind.name, headers=headers)


# From an exception

UNAVAILABLE = (OperationalError, InterfaceError)  # the database is down, restarts, or did not take its turn in time
RETRY_SECONDS = "5"
_UNREADABLE = (BadRequest, SuspiciousOperation, MultiPartParserError, UnreadablePostError)
_TOO_LARGE = (RequestDataTooBig, TooManyFields, TooManyFiles)


def of_exception(request: HttpRequest, error: Exception) -> HttpResponse | None:
    """Return the problem that an exception is; None if it is a mistake of ours."""
    if isinstance(error, RiverloopError):
        return of_error(request, error)
    if isinstance(error, UNAVAILABLE):
        return of_status(request, 503, {"Retry-After": RETRY_SECONDS})
    if isinstance(error, Http404):
        return problem(request, "not-found")
    if isinstance(error, PermissionDenied):
        scope = getattr(error, "scope", "")
        return problem(request, "scope", scope=scope) if scope else problem(request, "forbidden")
    if isinstance(error, _TOO_LARGE):
        return problem(request, "too-large")
    if isinstance(error, _UNREADABLE):
        return problem(request, "malformed")
    return None


def of_error(request: HttpRequest, error: RiverloopError) -> HttpResponse:
    """Return one of our own errors: what we say of it stands beside where it is."""
    text = error.told(_)
    if isinstance(error, ConflictError):
        return problem(request, "conflict", text, code=error.code)
    if error.code in _KIND_OF_CODE:
        return problem(request, _KIND_OF_CODE[error.code], text, code=error.code)
    place = place_of(error)
    errors = [{**place, "detail": text, "code": error.code}] if place else []
    return problem(request, "invalid", text, code=error.code, errors=errors)


_KIND_OF_CODE = {
    "api.if_match": "precondition-required",
    "api.changed": "stale",
    "api.json": "malformed",
    "api.key": "malformed",
    "documents.too_large": "too-large",
}
_PLACES = {"paging.cursor": {"parameter": "cursor"}, "api.key_reused": {"header": "Idempotency-Key"}}
_WHERE = re.compile(r"(?:movements\[0\]|movement|body)?((?:\.?[A-Za-z_][\w-]*|\[\d+\])*)", re.ASCII)
_STEP = re.compile(r"\[(\d+)\]|([A-Za-z_][\w-]*)", re.ASCII)


def place_of(error: RiverloopError) -> dict[str, str]:
    """Return where an error is, as a JSON pointer (RFC 6901) into what was sent; nothing if that is not known."""
    if error.code in _PLACES:
        return _PLACES[error.code]
    found = _WHERE.fullmatch(error.where) if error.where else None
    if found is None or not isinstance(error, InputError):
        return {}
    return {"pointer": pointer(step[0] or step[1] for step in _STEP.findall(found[1]))}


def pointer(steps: Iterable[str | int]) -> str:
    """Return a JSON pointer as a fragment."""
    return "#" + "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in steps)
