"""Parameters of a scenario file: named and dated assumptions, and how their values come to where they are used.

A value that is exactly ``$jobs`` stands for the value of the parameter ``jobs``, and ``$rest`` for what the shares
beside it leave of one.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from riverloop.core.kernel.sources import Path, Source, in_short
from riverloop.core.kernel.words import N_
from riverloop.core.queueing.network import Text
from riverloop.core.queueing.reading import Entry, check_name, read_text

Value = float | str
"""A number, or a word: a time of the day (``09:30``), a day (``median``, ``2025-05-01``), a side (``hk``)."""
Ends = tuple[Value, Value]
"""The least and the most that a value may be."""

ASSUMED = "assumed"
REST = "rest"
_REFERENCE = re.compile(r"\$([A-Za-z][A-Za-z0-9_-]*)")
_CLOCK = re.compile(r"([01]?[0-9]|2[0-4]):[0-5][0-9]")
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,59}")
_WORDS = frozenset({"title", "name", "note", "label", "source", "sources", "profile_source"})
"""Keys whose values are texts for people, in which nothing is replaced."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """An assumption by its name.

    Args:
        name: by which ``$name`` stands for it.
        value: a number, or a word such as ``09:30``, ``median`` or ``hk``.
        low: what it may be at the least; None if nobody said.
        high: what it may be at the most; None if nobody said.
        unit: of the number.
        as_of: date, month or year of the source.
        source: where the value is from, as a text or by language, or ``assumed``.
        group: parameters of one group are shown together.
        label: for people.
        stated: between what it was said to lie, where somebody took a value outside and widened both ends to hold it.
    """

    name: str
    value: Value
    low: Value | None = None
    high: Value | None = None
    unit: str = ""
    as_of: str = ""
    source: str | Text = ASSUMED
    group: str = ""
    label: Text = field(default_factory=dict)
    stated: Ends | None = None

    @property
    def assumed(self) -> bool:
        """Whether no source says so."""
        return self.source == ASSUMED

    @property
    def outside(self) -> Ends | None:
        """Between what it was said to lie, if its value lies outside."""
        return None if self.stated is None or between(self.stated[0], self.value, self.stated[1]) else self.stated

    def at(self, value: Value) -> Parameter:
        """Return it at another value: one outside of what was stated is taken, and both ends are widened to hold it."""
        if self.low is None or self.high is None:
            return replace(self, value=value)
        low, high = self.stated or (self.low, self.high)
        if between(low, value, high):
            return replace(self, value=value, low=low, high=high, stated=None)
        if between(low, high, value):
            return replace(self, value=value, low=low, high=value, stated=(low, high))
        if between(value, low, high):
            return replace(self, value=value, low=value, high=high, stated=(low, high))
        return replace(self, value=value, low=None, high=None, stated=None)  # of another kind


def read_parameter(entry: Entry, name: str, raw: Mapping[str, Any]) -> Parameter:
    """Read one parameter."""
    if name == REST:
        raise entry.refuse("parameter", N_("No parameter is named rest: $rest is what other shares leave. Rename it."))
    value = read_value(entry.into("value"), raw["value"])
    low, high = read_ends(entry, name, value, raw)
    return Parameter(
        name=name,
        value=value,
        low=low,
        high=high,
        unit=raw.get("unit", ""),
        as_of=str(raw.get("as_of", "")),
        source=raw.get("source", ASSUMED),
        group=raw.get("group", ""),
        label=read_text(raw.get("label")),
        stated=read_stated(entry, raw),
    )


def read_value(entry: Entry, raw: object) -> Value:
    """Read what a parameter may be."""
    if isinstance(raw, str) and _WORD.fullmatch(raw):
        return raw
    if isinstance(raw, int | float) and not isinstance(raw, bool) and math.isfinite(raw):
        return raw
    raise entry.refuse(
        "value",
        N_('"{value}" is neither a number nor a word. Give 1400, "09:30", median or 2025-05-01.'),
        value=str(raw)[:60],
    )


def read_ends(entry: Entry, name: str, value: Value, raw: Mapping[str, Any]) -> tuple[Value, Value] | tuple[None, None]:
    """Read between what a parameter may lie: both ends on either side of its value, or none."""
    if "low" not in raw and "high" not in raw:
        return None, None
    if "low" not in raw or "high" not in raw:
        raise entry.refuse("ends", N_('"{name}" has only one of low and high. Give both, or none.'), name=name)
    low, high = read_value(entry.into("low"), raw["low"]), read_value(entry.into("high"), raw["high"])
    if not between(low, value, high):
        raise entry.refuse(
            "ends",
            N_('The value {value} of "{name}" does not lie between low {low} and high {high}. Mend one of them.'),
            name=name,
            value=told(value),
            low=told(low),
            high=told(high),
        )
    return low, high


def read_stated(entry: Entry, raw: Mapping[str, Any]) -> Ends | None:
    """Read between what a parameter was said to lie before its ends were widened; None where they were not."""
    if "stated" not in raw:
        return None
    low, high = (read_value(entry.into("stated", place), one) for place, one in enumerate(raw["stated"]))
    return low, high


def told(value: Value) -> str:
    """Return a value as people write it."""
    return value if isinstance(value, str) else in_short(value)


def between(low: Value, value: Value, high: Value) -> bool:
    """Whether a value lies between two others of its kind."""
    numbers = [_number(one) for one in (low, value, high) if isinstance(one, str) == isinstance(value, str)]
    return len(numbers) == 3 and numbers[0] <= numbers[1] <= numbers[2]  # noqa: PLR2004 - two ends and what is between


def _number(value: Value) -> float:
    """Return what orders values: the hours of a time of the day; other words have no order."""
    if not isinstance(value, str):
        return value
    if not _CLOCK.fullmatch(value):
        return math.nan
    hours, minutes = value.split(":")
    return int(hours) + int(minutes) / 60


def fill(source: Source, values: Mapping[str, Value]) -> tuple[Source, Mapping[Path, str]]:
    """Put values where they are used.

    Args:
        source: a document; the lines of its values stay what they are.
        values: of every parameter.

    Returns:
        The document without any ``$name``, and which of them stood where.

    Raises:
        ScenarioError: it uses a name that is no parameter's, or the shares beside ``$rest`` leave nothing.
    """
    filling = _Filling(source, values)
    filled = filling.fill(source.value, ())
    return replace(source, value=filled), filling.used


class _Filling:
    """Copies a document with values in their places, and notes which were used where."""

    def __init__(self, source: Source, values: Mapping[str, Value]) -> None:
        self.source, self.values = source, values
        self.used: dict[Path, str] = {}

    def fill(self, raw: Any, path: Path) -> Any:
        if isinstance(raw, dict):
            return self.rest({k: v if k in _WORDS else self.fill(v, (*path, k)) for k, v in raw.items()}, path)
        if isinstance(raw, list):
            return self.rest([self.fill(one, (*path, place)) for place, one in enumerate(raw)], path)
        found = _REFERENCE.fullmatch(raw) if isinstance(raw, str) else None
        return self.value(found[1], path) if found else raw

    def value(self, name: str, path: Path) -> Value:
        if name == REST:
            return _OPEN  # until those beside it are known
        check_name(Entry(self.source, path), name, list(self.values), "parameter")
        self.used[path] = name
        return self.values[name]

    def rest(self, holder: Any, path: Path) -> Any:
        """Put what is left of one where ``$rest`` stands: beside shares, or as ``share`` beside others' ``share``."""
        children = list(holder.items() if isinstance(holder, dict) else enumerate(holder))
        self._leave([(holder, key, path) for key, _ in children if key != "share"])
        self._leave([(one, "share", (*path, key)) for key, one in children if isinstance(one, dict) and "share" in one])
        return holder

    def _leave(self, cells: list[tuple[Any, Any, Path]]) -> None:
        beside = [holder[key] for holder, key, _ in cells]
        if _OPEN not in beside:
            return
        holder, key, path = cells[beside.index(_OPEN)]
        beside.remove(_OPEN)
        entry = Entry(self.source, (*path, key))
        if not beside or not all(isinstance(share, int | float) for share in beside):
            raise entry.refuse("rest", N_("$rest is what other shares leave of one. Give it once, beside numbers."))
        left = 1 - math.fsum(beside)
        if left < 0:
            raise entry.refuse(
                "rest",
                N_("The shares beside $rest sum to {total}, which leaves nothing. Mend them."),
                total=f"{1 - left:.6g}",
            )
        holder[key] = left


_OPEN = f"${REST}"
