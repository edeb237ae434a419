"""Mistakes of what was typed into fields: told by the label of the field rather than by a name within the text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from riverloop.apps.lab.editing import Path
from riverloop.apps.lab.fields import Field, Form
from riverloop.apps.lab.words import N_, with_note
from riverloop.core.kernel.errors import InputError, RiverloopError
from riverloop.core.kernel.sources import read_yaml

_WITH = "scenario.with"


def labels_of(form: Form) -> dict[str, str]:
    """Return by the name of each field what it is called, with its station where it is of one."""
    of_places = {field.name: with_note(field.label, place.label) for place in form.places for field in place.fields}
    return {field.name: of_places.get(field.name, field.label) for field in form.fields}


def labelled(error: RiverloopError, form: Form, posted: Mapping[str, str], text: str) -> RiverloopError:
    """Return a mistake that names the field it is of; the same one where it is of none.

    Args:
        error: that what was typed cannot be simulated.
        form: as it was before anything was typed.
        posted: by name of the field.
        text: with what was typed, to which the line of the mistake belongs.
    """
    if not isinstance(error, InputError) or not error.code.startswith(("schema.", "scenario.")):
        return error
    changed = {one.name: one for one in form.fields if posted.get(one.name, one.value).strip() != one.value}
    name = (
        _of_parameter(error, {one: posted[one].strip() for one in changed})
        or _at_path(error, list(changed.values()))
        or _at_line(error, list(changed.values()), text)
    )
    return _told_by(labels_of(form)[name], error) if name else error


def _of_parameter(error: InputError, typed: Mapping[str, str]) -> str:
    """Return the field of the parameter at whose value, or at one of whose ends, the mistake came up."""
    if error.code != _WITH:
        return ""
    name, value = error.parameters["name"], error.parameters["value"]
    own = [field for field in (f"p.{name}", f"p.{name}.low", f"p.{name}.high") if field in typed]
    return next((field for field in own if typed[field] == value), own[0] if own else "")


def _at_path(error: InputError, changed: Sequence[Field]) -> str:
    """Return the field at whose place, or within, a schema found the mistake."""
    name = str(error.parameters.get("name", "")) if error.code.startswith("schema.") else ""
    return next((one.name for one in changed if f"{name}.".startswith(f"{_dotted(one)}.")), "")


def _dotted(field: Field) -> str:
    """Return the place of a field as a mistake names it: within the design, which is not said."""
    return ".".join(map(str, field.path[2:] if field.path[0] == "designs" else field.path))


def _at_line(error: InputError, changed: Sequence[Field], text: str) -> str:
    """Return the one field whose value stands in the line of the mistake, or that of the parameter that does."""
    line = error.where.rpartition(":")[2]
    if not line.isdecimal():
        return ""
    source = read_yaml(text, name="")
    there = [path for path, at in source.lines.items() if at == int(line)]
    used = {_value_at(source.value, path) for path in there}
    found = [
        one.name
        for one in changed
        if any(path[: len(one.path)] == one.path for path in there) or f"${one.name.removeprefix('p.')}" in used
    ]
    return found[0] if len(found) == 1 else ""


def _value_at(value: Any, path: Path) -> str:
    for step in path:
        value = value[step]
    return value if isinstance(value, str) else ""


def _told_by(label: str, error: InputError) -> InputError:
    """Return the mistake with a label in place of the name that it has in the text."""
    reason = error.parameters.get("reason")
    if error.code == _WITH and isinstance(reason, InputError) and reason.code.startswith("schema."):
        return _told_by(label, _at(error.where, reason))
    if error.code == _WITH:
        return _renamed(label, error)
    wanted = error.parameters.get("wanted")
    if isinstance(wanted, RiverloopError) and wanted.code == "schema.type.integer":
        return InputError(
            "lab.whole",
            N_("{label} must be a whole number, and is {typed}."),
            where=error.where,
            label=label,
            typed=error.parameters["value"],
        )
    if error.code.startswith("schema."):
        return _renamed(label, error)
    return InputError("lab.field", N_("{label}: {reason}"), where=error.where, label=label, reason=_at("", error))


def _renamed(label: str, error: InputError) -> InputError:
    return InputError(error.code, error.message, where=error.where, **{**error.parameters, "name": label})


def _at(where: str, error: InputError) -> InputError:
    return InputError(error.code, error.message, where=where, **error.parameters)
