"""Which operation of the API a request asks for: several methods share an address."""

from __future__ import annotations

from functools import cache

from django.http import HttpRequest
from ninja.operation import Operation

JSON = "application/json"
FORM = "multipart/form-data"
UNKNOWN = "api_unknown"  # name of the address that answers for all that there are none of


@cache
def _by_address() -> dict[str, dict[str, Operation]]:
    """Return the operations by their address's name, which is that of its first one, and by their method."""
    from riverloop.web.api.root import every_operation  # noqa: PLC0415 - the routers need what stands here

    found: dict[str, dict[str, Operation]] = {}
    for address in every_operation():
        by_method = {method: operation for operation in address for method in operation.methods}
        found[address[0].view_func.__name__] = by_method
    return found


def operation_of(request: HttpRequest) -> Operation | None:
    """Return the operation, or None where the address takes no such request."""
    match = request.resolver_match
    if match is None or match.namespace != "api":
        return None
    return _by_address().get(match.url_name or "", {}).get(request.method or "")


def page_name(request: HttpRequest) -> str:
    """Return by what name the table of access knows what a request asks for."""
    match = request.resolver_match
    if match is None:
        return UNKNOWN
    if match.namespace != "api":  # a page may share its short name with an operation
        return match.view_name
    operation = operation_of(request)
    if operation is None:  # told to anybody, since it holds for everybody
        return match.view_name if match.url_name not in _by_address() else UNKNOWN
    return f"api:{operation.view_func.__name__}"


def content_type_of(request: HttpRequest) -> str:
    """Return the type of content that an operation takes; nothing if it takes none."""
    operation = operation_of(request)
    sources = {model.__ninja_param_source__ for model in operation.models} if operation else set()
    if sources & {"file", "form"}:
        return FORM
    return JSON if "body" in sources else ""
