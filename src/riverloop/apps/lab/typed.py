"""What was typed into the editor's fields: read, and put into the text of the scenario."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.utils.translation import gettext as _

from riverloop.apps.lab import opening
from riverloop.apps.lab.editing import EditedText, Path
from riverloop.apps.lab.fields import CLOCK, DATE, Assumption, Field, Form, days_named, parameter_path, place_of
from riverloop.apps.lab.labelled import labels_of
from riverloop.apps.lab.words import N_, with_note
from riverloop.core.kernel.errors import InputError
from riverloop.core.kernel.sources import read_yaml
from riverloop.core.queueing.parameters import Parameter, between, told

_SHIFT = re.compile(r"\s*([0-9]{1,2}:[0-9]{2})\s*(?:-|–|—|to)\s*([0-9]{1,2}:[0-9]{2})\s+([0-9]{1,5})\s*")
_THOUSANDS = re.compile(r"-?[0-9]{1,3}(,[0-9]{3})+(\.[0-9]*)?")
"""A comma elsewhere may be meant as a decimal point: told rather than guessed."""
_NUMBER = re.compile(r"[-+]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]+)?")
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,59}")
_EXACT = 2**53
"""Whole numbers up to it are what they look like."""


def changed(text: str, design: str, case: str, form: Form, posted: Mapping[str, str]) -> str:
    """Return the text with every change that was typed.

    Args:
        text: as it was when the form was made.
        design: whose stations are asked.
        case: whose values are asked.
        form: of that text.
        posted: by name of the field; a field that is not there is not changed.

    Raises:
        InputError: what was typed is no such value.
    """
    labels, found = labels_of(form), dict[str, Any]()
    for field in form.fields:
        typed = posted.get(field.name, field.value).replace("\r\n", "\n").strip()
        if typed != field.value and not field.name.startswith(("o.", "t.")):
            found[field.name] = read(replace(field, label=labels[field.name]), typed)
    of_case = {one.name: one for one in opening.opened(text).parameters_of(case)}
    changes, without = list[tuple[Path, Any]](), list[Path]()
    for assumption in form.assumptions:
        puts, gone = _assumed(assumption, of_case[assumption.name], found)
        changes += puts
        without += gone
    changes += [(one.path, found[one.name]) for one in form.fields if one.name in found and one.name[:2] != "p."]
    edited = EditedText(text).put_all(changes)
    for path in without:
        edited = edited.without(path)
    edited = _with_outage(edited, form, posted)
    return _with_traffic(edited, design, case, form, posted).text


def _assumed(
    assumption: Assumption, stated: Parameter, typed: Mapping[str, Any]
) -> tuple[list[tuple[Path, Any]], list[Path]]:
    """Return what is put into the text for what was typed of an assumption, and what is taken out.

    A value outside of what was stated is taken: both ends are widened to hold it, and what was stated is kept beside.

    Raises:
        InputError: ends were typed that do not hold the value.
    """
    field, *ends = assumption.fields
    changed = [one for one in assumption.fields if one.name in typed]
    if not changed:
        return [], []
    value = typed.get(field.name, stated.value)
    if any(one.name in typed for one in ends):
        low, high = (typed.get(one.name, end) for one, end in zip(ends, (stated.low, stated.high), strict=True))
        _check_between(assumption.label, low, value, high)
        return [(one.path, typed[one.name]) for one in changed], [_beside(field.path, "stated")]
    taken = stated.at(value)
    if field.path[-1] != "value":  # a case that says no more than the value
        whole = {"value": value, "low": taken.low, "high": taken.high, "stated": list(taken.stated or ())}
        return [(field.path, whole if taken.outside else value)], []
    puts = [(field.path, value)]
    if stated.low is not None:
        puts += [(one.path, end) for one, end in zip(ends, (taken.low, taken.high), strict=True) if end is not None]
    if taken.stated:
        return [*puts, (_beside(field.path, "stated"), list(taken.stated))], []
    return puts, [_beside(field.path, "stated")]


def _beside(path: Path, key: str) -> Path:
    return (*path[:-1], key)


def _check_between(label: str, low: Any, value: Any, high: Any) -> None:
    if not between(low, value, high):
        raise InputError(
            "lab.ends",
            N_("{label}: {value} does not lie between {low} at the least and {high} at the most. Mend one of them."),
            label=label,
            low=told(low),
            value=told(value),
            high=told(high),
        )


def read(field: Field, typed: str) -> Any:
    """Read what was typed into a field.

    Raises:
        InputError: it is not of the field's form.
    """
    if field.form == "roster":
        return [_shift(field, line) for line in typed.split("\n") if line.strip()]
    if field.form == "clock":
        return _read_clock(field.label, typed)
    if field.form == "word":
        return _read_word(field.label, typed)
    return _read_number(field, typed)


def _read_number(field: Field, typed: str) -> float:
    plain = typed.replace(",", "") if _THOUSANDS.fullmatch(typed) else typed
    value = float(plain) if _NUMBER.fullmatch(plain) else math.nan
    if not math.isfinite(value):
        raise InputError(
            "lab.number", N_('{label}: "{typed}" is not a number. Give one.'), label=field.label, typed=typed[:40]
        )
    if field.form == "share":
        return round(value / 100, 9)
    if field.form == "whole" and not value.is_integer():
        raise InputError(
            "lab.whole", N_('{label}: "{typed}" is not a whole number. Give one.'), label=field.label, typed=typed[:40]
        )
    return int(value) if value.is_integer() and abs(value) <= _EXACT else value


def _read_clock(label: str, typed: str) -> str:
    if not CLOCK.fullmatch(typed):
        raise InputError(
            "lab.clock",
            N_('{label}: "{typed}" is no time of the day. Write it as 09:30.'),
            label=label,
            typed=typed[:40],
        )
    return typed


def _read_word(label: str, typed: str) -> str:
    if not _WORD.fullmatch(typed):
        raise InputError("lab.word", N_('{label}: "{typed}" is not one word. Mend it.'), label=label, typed=typed[:40])
    return typed


def _check_date(label: str, typed: str) -> None:
    if not DATE.fullmatch(typed):
        raise InputError(
            "lab.date", N_('{label}: "{typed}" is no date. Write it as 2025-05-01.'), label=label, typed=typed[:40]
        )


def _shift(field: Field, line: str) -> dict[str, Any]:
    found = _SHIFT.fullmatch(line)
    if found is None:
        raise InputError(
            "lab.roster",
            N_('{label}: "{line}" is no line of a roster. Write it as 06:00-09:00 3.'),
            label=field.label,
            line=line.strip()[:60],
        )
    return {"from": found[1], "until": found[2], "channels": int(found[3])}


def _with_outage(edited: EditedText, form: Form, posted: Mapping[str, str]) -> EditedText:
    if not form.outage:
        return edited
    before = {one.name: one.value for one in form.outage}
    after = {name: posted.get(name, value).strip() for name, value in before.items()}
    if after == before:
        return edited
    path = form.outage[0].path
    if not after["o.side"]:
        if not before["o.side"]:
            raise InputError("lab.outage", N_("Choose whose system fails, or leave the times of its failure empty."))
        return edited.without(path)
    labels = {one.name: with_note(one.label, _("A failure of one side's system")) for one in form.outage}
    times = {key: _read_clock(labels[f"o.{key}"], after[f"o.{key}"]) for key in ("from", "until")}
    if times["from"] == times["until"]:
        raise InputError("lab.outage", N_("A failure ends after it begins. Mend one of its times, or choose none."))
    return edited.put(path, [{"side": after["o.side"], **times}])


def _with_traffic(edited: EditedText, design: str, case: str, form: Form, posted: Mapping[str, str]) -> EditedText:
    """Change every stream of real days alike, so that both directions are of one date."""
    before = {one.name: one.value for one in form.traffic}
    after = {name: posted.get(name, value).strip() for name, value in before.items()}
    if after == before:
        return edited
    dated = after["t.day"] == "date"
    for one in form.traffic:
        if one.form == "date" and (after[one.name] or (dated and one.name == "t.date")):
            _check_date(one.label, after[one.name])
    wanted = {"control_point": after["t.control_point"], "day": after["t.date"] if dated else after["t.day"]}
    span = {} if dated else {key: after[f"t.{key}"] for key in ("from", "until") if after[f"t.{key}"]}
    raw = read_yaml(edited.text, name="").value
    named = dict(days_named(raw, design))
    for key, name in named.items():
        if key in wanted:
            edited = edited.put(parameter_path(raw, name, case), wanted[key])
    path, arrivals = place_of(raw, design, "arrivals")
    many = isinstance(arrivals, list)
    for place, one in enumerate(arrivals if many else [arrivals]):
        if "traffic" in one:
            kept = {key: one["traffic"][key] for key in named if key in wanted}
            days = {**wanted, "direction": one["traffic"]["direction"], **span, **kept}
            edited = edited.put((*path, place, "traffic") if many else (*path, "traffic"), days)
    return edited
