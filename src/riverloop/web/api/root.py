"""Puts the routers of all apps together under /api/v1/."""

from __future__ import annotations

from collections.abc import Iterator

from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError
from ninja.operation import Operation

from riverloop.apps.clearance.api import router as movements
from riverloop.apps.clearance.law_api import router as law
from riverloop.apps.desk.api import router as desk
from riverloop.apps.documents.api import router as documents
from riverloop.apps.parties.api import router as parties
from riverloop.core.kernel.errors import RiverloopError
from riverloop.web.api import openapi, problems, validation
from riverloop.web.api.once import once
from riverloop.web.api.reading import StrictParser

VERSION = "1.0.0"
PREFIX = "/api/v1/"


class _Api(NinjaAPI):
    def get_openapi_operation_id(self, operation: Operation) -> str:
        return operation.view_func.__name__  # as the table of access calls it


api = _Api(
    title="Riverloop",
    version=VERSION,
    parser=StrictParser(),
    urls_namespace="api",
    openapi_url=None,
    docs_url=None,
)
api.add_decorator(once, mode="view")
for _router in (law, movements, documents, desk, parties):
    api.add_router("", _router)


def every_operation() -> Iterator[list[Operation]]:
    """Yield the operations of each address."""
    for bound in api._get_bound_routers():  # noqa: SLF001 - ninja offers no other way to its operations
        for address in bound.path_operations.values():
            yield address.operations


@api.exception_handler(HttpError)
def _http_error(request: HttpRequest, error: HttpError) -> HttpResponse:
    found = problems.of_exception(request, error.__cause__) if isinstance(error.__cause__, Exception) else None
    return found or problems.of_status(request, error.status_code)


@api.exception_handler(AuthenticationError)
def _no_token(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
    return problems.problem(request, "unauthenticated")


@api.exception_handler(ValidationError)
def _invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    return validation.invalid(request, error.errors)


@api.exception_handler(RiverloopError)
def _refused(request: HttpRequest, error: RiverloopError) -> HttpResponse:
    return problems.of_error(request, error)


@api.exception_handler(Exception)
def _other(request: HttpRequest, error: Exception) -> HttpResponse:
    found = problems.of_exception(request, error)
    if found is None:
        raise error  # Django logs it, and answers with the problem of its status
    return found


@csrf_exempt
def description(request: HttpRequest) -> HttpResponse:
    """Give the OpenAPI description, in the language of the request."""
    if request.method != "GET":
        return problems.problem(request, "wrong-method", headers={"Allow": "GET, HEAD"})
    return HttpResponse(openapi.as_text(), content_type="application/json; charset=utf-8")


@csrf_exempt
def unknown(request: HttpRequest, rest: str) -> HttpResponse:
    return problems.problem(request, "not-found")


_patterns = [path("openapi.json", description, name="openapi"), *api.urls[0][:-1]]  # the last is ninja's own start page
urls = (_patterns, "api", "api")
