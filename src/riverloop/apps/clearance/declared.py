"""What a person has declared so far: the posted form, kept as typed, with what could be read of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from riverloop.apps.clearance.sentences import N_
from riverloop.apps.clearance.typed import read_typed, read_when
from riverloop.core.kernel.errors import InputError
from riverloop.core.kernel.instants import time_zone
from riverloop.core.kernel.sides import FLOWS, origin
from riverloop.core.rules.decisions import Movement, read_movement
from riverloop.core.rules.facts import Dictionary, Value, as_json

if TYPE_CHECKING:
    from django.http import QueryDict

    from riverloop.zones import Zone

MOST_ITEMS = 30  # a page of more would be too heavy; a file takes a thousand
LONGEST_AT = 60  # characters: room for a mistake, to show it as it was typed
MOST_TEXTS = 200  # of one field
ASKED_OF_APPLICANT = ("applicant", "register")
_KEY = re.compile(r"f-(\d{1,3})-([a-z][a-z0-9_]*)")


@dataclass
class Item:
    """One item as typed: texts by fact, values read, mistakes found."""

    typed: dict[str, list[str]] = field(default_factory=dict)
    later: set[str] = field(default_factory=set)
    values: dict[str, Value] = field(default_factory=dict)
    errors: dict[str, InputError] = field(default_factory=dict)

    def copy(self) -> Item:
        return Item(dict(self.typed), set(self.later))


@dataclass
class Declared:
    """A movement as declared so far."""

    flow: str
    direction: str
    at: datetime
    at_typed: str
    at_error: InputError | None
    items: list[Item]

    def as_raw(self) -> dict[str, Any]:
        """Return it as ``riverloop decide`` reads it; what could not be read is left out."""
        facts = [{name: as_json(value) for name, value in item.values.items()} for item in self.items]
        head = {
            "flow": self.flow,
            "direction": self.direction,
            "at": _rfc3339(self.at),
            "crossing_at": _rfc3339(self.at),
        }
        return {**head, "facts": facts[0]} if len(facts) == 1 else {**head, "items": facts}

    def movement(self, zone: Zone, words: Dictionary) -> Movement:
        return read_movement(self.as_raw(), zone.boundary, words)

    @property
    def has_mistakes(self) -> bool:
        return self.at_error is not None or any(item.errors for item in self.items)

    def hidden(self) -> Iterator[tuple[str, str]]:
        """Yield every field as typed, for a form that carries it on."""
        yield from (
            ("flow", self.flow),
            ("direction", self.direction),
            ("at", self.at_typed),
            ("items", str(len(self.items))),
        )
        for place, item in enumerate(self.items):
            for name, texts in item.typed.items():
                yield from ((f"f-{place}-{name}", text) for text in texts)
            yield from (("later", f"f-{place}-{name}") for name in sorted(item.later))


def _rfc3339(at: datetime) -> str:
    """Write an instant; in UTC where its offset has seconds, as before standard time, since RFC 3339 has none."""
    offset = at.utcoffset()
    odd = offset is not None and offset % timedelta(minutes=1)
    return (at.astimezone(UTC) if odd else at).isoformat()


def default_at_typed(now: datetime, direction: str, zone: Zone) -> str:
    """Return now, as the clock on the side of departure shows it, to the minute."""
    return f"{now.astimezone(_clock(direction, zone)):%Y-%m-%dT%H:%M}"


def _clock(direction: str, zone: Zone) -> Any:
    return time_zone(zone.boundary.side(origin(direction)).time_zone)


def read_declared(post: QueryDict, zone: Zone, words: Dictionary, *, now: datetime) -> Declared:
    """Read a posted form.

    Args:
        post: the form.
        zone: whose directions it may take.
        words: the dictionary of facts.
        now: taken where no time is given.

    Raises:
        InputError: no form of ours would post this: a flow, direction or fact that does not exist, or a fact
            that only an officer states.
    """
    flow = post.get("flow", "")
    if flow not in FLOWS:
        raise InputError("form.flow", N_("Choose what crosses."))
    direction = post.get("direction", "")
    if direction not in zone.boundary.directions:
        raise InputError("form.direction", N_("Choose which way it crosses."))
    at_typed = post.get("at", "").strip()[:LONGEST_AT] or default_at_typed(now, direction, zone)
    at, at_error = now, None
    try:
        at = read_when(at_typed, zone.boundary.side(origin(direction)).time_zone)
    except InputError as error:
        at_error = error
    items = [Item() for _ in range(_count(post))]
    for place, name, texts in _posted_facts(post):
        if place < len(items):
            _check_offered(name, flow, words)
            items[place].typed[name] = texts
    for key in post.getlist("later"):
        found = _KEY.fullmatch(key)
        if found and int(found[1]) < len(items):
            items[int(found[1])].later.add(found[2])
    declared = Declared(flow, direction, at, at_typed, at_error, items)
    _act(declared, post.get("do", ""))
    for item in declared.items:
        _read_item(item, words)
    return declared


def _count(post: QueryDict) -> int:
    text = post.get("items", "1")
    return max(1, min(int(text), MOST_ITEMS)) if re.fullmatch(r"\d{1,4}", text, re.ASCII) else 1


def _posted_facts(post: QueryDict) -> Iterator[tuple[int, str, list[str]]]:
    for key, texts in post.lists():
        found = _KEY.fullmatch(key)
        if found:
            kept = [str(text)[:200] for text in texts[:MOST_TEXTS] if str(text).strip()]
            if kept:
                yield int(found[1]), found[2], kept


def _check_offered(name: str, flow: str, words: Dictionary) -> None:
    fact = words.facts.get(name)
    if fact is None or flow not in fact.flows:
        raise InputError("form.fact", N_('The form has no question "{fact}". Start again.'), fact=name[:60])
    if fact.source not in ASKED_OF_APPLICANT:
        raise InputError("form.officer", N_('Only an officer may state "{fact}". Leave it out.'), fact=name)


def _read_item(item: Item, words: Dictionary) -> None:
    for name, texts in item.typed.items():
        try:
            value = read_typed(words.facts[name], texts)
        except InputError as error:
            item.errors[name] = error
        else:
            if value is not None:
                item.values[name] = value


def _act(declared: Declared, action: str) -> None:
    """Do what a button asked: add, duplicate or remove an item, or forget an answer."""
    verb, *rest = action.split(":")
    items = declared.items
    place = int(rest[0]) if rest and re.fullmatch(r"\d{1,3}", rest[0], re.ASCII) else -1
    if verb == "add" and len(items) < MOST_ITEMS:
        items.append(Item())
    elif verb == "duplicate" and 0 <= place < len(items) < MOST_ITEMS:
        items.insert(place + 1, items[place].copy())
    elif verb == "remove" and 0 <= place < len(items) and len(items) > 1:
        del items[place]
    elif verb == "forget" and 0 <= place < len(items) and len(rest) > 1:
        items[place].typed.pop(rest[1], None)
        for suffix in ("_expires_on", "_quantity_left"):
            if rest[1].startswith("has_"):
                items[place].typed.pop(rest[1].removeprefix("has_") + suffix, None)
