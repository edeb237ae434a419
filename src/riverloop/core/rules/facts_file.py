"""From facts files to the dictionary of facts, documents, routes, acts and calendars."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from riverloop.core.kernel.errors import PackError, did_you_mean
from riverloop.core.kernel.instants import read_date
from riverloop.core.kernel.sources import Source
from riverloop.core.rules.facts import Choice, Dictionary, Document, Fact, Named, WorkingCalendar, dictionary

FACT_KEYS = ("facts", "documents", "routes", "acts", "calendars")


def read_dictionary(sources: Sequence[Source]) -> Dictionary:
    """Put facts files together into one dictionary.

    Args:
        sources: facts files that passed their schema.

    Raises:
        PackError: a name declared twice, a choice fact without choices, or a document dated by no fact.
    """
    entries: dict[str, list[tuple[Source, int, dict[str, Any]]]] = {key: [] for key in FACT_KEYS}
    for source in sources:
        for key in FACT_KEYS:
            entries[key] += [(source, place, raw) for place, raw in enumerate(source.value.get(key) or [])]
    for key, listed in entries.items():
        _refuse_twice(key, listed)
    words = dictionary(
        [_fact(*entry) for entry in entries["facts"]],
        [_document(raw) for _, _, raw in entries["documents"]],
        [_named(raw) for _, _, raw in entries["routes"]],
        [_named(raw) for _, _, raw in entries["acts"]],
        [_calendar(*entry) for entry in entries["calendars"]],
    )
    for source, place, raw in entries["documents"]:
        dated = raw.get("dated")
        if dated and dated["fact"] not in words.facts:
            raise PackError(
                "packs.dated",
                'The document is dated by "{fact}", which is not a fact.{hint}',
                where=source.where("documents", place, "dated"),
                fact=dated["fact"],
                hint=did_you_mean(dated["fact"], words.facts) or " Declare it.",
            )
    return words


def _refuse_twice(key: str, listed: Iterable[tuple[Source, int, dict[str, Any]]]) -> None:
    seen: dict[str, str] = {}
    for source, place, raw in listed:
        name, where = raw["name"], source.where(key, place)
        if key == "routes":  # each flow has its own
            name = f"{name} ({raw['flow']})"
        if name in seen:
            raise PackError(
                "packs.twice",
                '"{name}" is declared twice; first at {first}. Keep one.',
                where=where,
                name=name,
                first=seen[name],
            )
        seen[name] = where


def _fact(source: Source, place: int, raw: dict[str, Any]) -> Fact:
    choices = tuple(
        Choice(one, {}) if isinstance(one, str) else Choice(one["name"], one.get("label") or {})
        for one in raw.get("choices") or ()
    )
    where = source.where("facts", place)
    if raw["type"] == "choice" and not choices:
        raise PackError(
            "packs.choices",
            'The fact "{name}" declares no choices. List them.',
            where=where,
            name=raw["name"],
        )
    fact = Fact(
        name=raw["name"],
        flows=tuple(raw["flows"]),
        kind=raw["type"],
        choices=choices,
        pattern=raw.get("pattern", ""),
        unit=raw.get("unit", ""),
        minimum=raw.get("minimum"),
        maximum=raw.get("maximum"),
        source=raw.get("source", "applicant"),
        side=raw.get("side", "each"),
        visible_to=_visible_to(raw),
        label=raw.get("label") or {},
        help=raw.get("help") or {},
    )
    if raw.get("absent") is not None:
        return replace(fact, absent=fact.read(raw["absent"], where=where))
    return fact


def _visible_to(raw: Mapping[str, Any]) -> tuple[str, ...]:
    visible = raw.get("visible_to", "each")
    return () if isinstance(visible, str) else tuple(visible)


def _document(raw: dict[str, Any]) -> Document:
    dated = raw.get("dated") or {}
    return Document(
        name=raw["name"],
        flows=tuple(raw["flows"]),
        issuer=raw.get("issuer", ""),
        quantity=raw.get("quantity", False),
        dated_fact=dated.get("fact", ""),
        dated_months=dated.get("months", 0),
        visible_to=_visible_to(raw),
        label=raw.get("label") or {},
        help=raw.get("help") or {},
    )


def _named(raw: dict[str, Any]) -> Named:
    return Named(raw["name"], raw["flow"], raw.get("label") or {}, raw.get("help") or {})


def _calendar(source: Source, place: int, raw: dict[str, Any]) -> WorkingCalendar:
    until = read_date(raw["published_until"], where=source.where("calendars", place, "published_until"))
    return WorkingCalendar(raw["name"], raw["country"], until, raw.get("label") or {})
