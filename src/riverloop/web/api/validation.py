"""What a schema says of a request that does not fit it, in our words rather than the library's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from riverloop.apps.parties.words import N_
from riverloop.web.api.problems import pointer, problem

_WORDS = {
    "missing": N_("This is missing. Add it."),
    "extra_forbidden": N_("There is no such field. Leave it out, or check how it is spelt."),
    "string_type": N_("Give a text."),
    "string_too_long": N_("This is too long. Give at most {max_length} characters."),
    "string_too_short": N_("This is too short. Give at least {min_length} characters."),
    "string_pattern_mismatch": N_("This does not have the right form. See the description of the operation."),
    "int_type": N_("Give a whole number."),
    "int_parsing": N_("Give a whole number."),
    "int_from_float": N_("Give a whole number."),
    "int_parsing_size": N_("This number is too large."),
    "float_type": N_("Give a number."),
    "float_parsing": N_("Give a number."),
    "finite_number": N_("Give a number."),
    "decimal_type": N_("Give a number."),
    "decimal_parsing": N_("Give a number."),
    "decimal_max_digits": N_("This number has too many digits."),
    "decimal_max_places": N_("This number has too many digits after the point."),
    "decimal_whole_digits": N_("This number has too many digits."),
    "bool_type": N_("Give true or false."),
    "bool_parsing": N_("Give true or false."),
    "dict_type": N_("Give an object."),
    "model_type": N_("Give an object."),
    "model_attributes_type": N_("Give an object."),
    "list_type": N_("Give a list."),
    "too_long": N_("There are too many. Give at most {max_length}."),
    "too_short": N_("There are too few. Give at least {min_length}."),
    "greater_than": N_("Give a number greater than {gt}."),
    "greater_than_equal": N_("Give a number of at least {ge}."),
    "less_than": N_("Give a number less than {lt}."),
    "less_than_equal": N_("Give a number of at most {le}."),
    "literal_error": N_("Give one of {expected}."),
    "enum": N_("Give one of {expected}."),
}
_ANY = N_("This does not fit. See the description of the operation.")


def invalid(request: HttpRequest, found: Sequence[Mapping[str, Any]]) -> HttpResponse:
    """Return the problem for what pydantic found: an id that is none is not there, the rest is pointed at."""
    if any(one["loc"] and one["loc"][0] == "path" for one in found):
        return problem(request, "not-found")
    return problem(request, "invalid", errors=[_told(one) for one in found[:_MOST]])


_MOST = 100


def _told(one: Mapping[str, Any]) -> dict[str, str]:
    context = one.get("ctx") or {}
    if one["type"] == "riverloop":
        message = context["message"]
        detail = _(message).format(**context["parameters"])
        return {**_place(one["loc"]), "detail": detail, "code": context["code"]}
    detail = _(_WORDS.get(one["type"], _ANY)).format(**context)
    return {**_place(one["loc"]), "detail": detail, "code": f"api.{one['type']}"}


def _place(loc: Iterable[Any]) -> dict[str, str]:
    """Return where it is: the first step says in what, and a body's or a form's second is our own argument's name."""
    source, *steps = loc
    if source == "header":
        return {"header": str(steps[-1])}
    if source in ("query", "path"):
        return {"parameter": str(steps[-1])}
    return {"pointer": pointer(steps[1:] if source == "body" else steps[-1:])}
