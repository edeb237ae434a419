"""One cell as the value of a fact: as the form reads it, and as spreadsheets of three languages write it."""

from __future__ import annotations

import re
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING

from riverloop.apps.clearance.sentences import N_, direction_text
from riverloop.apps.clearance.typed import NONE_OF_THESE, read_typed, read_when
from riverloop.core.kernel.errors import InputError, did_you_mean
from riverloop.core.kernel.sides import LANGUAGES, origin
from riverloop.core.rules.facts import Fact, Value

if TYPE_CHECKING:
    from riverloop.zones import Zone

_YES = frozenset({"yes", "y", "true", "1", "x", "\N{CHECK MARK}", "\N{HEAVY CHECK MARK}", "\u662f", "\u6709", "\u771f"})
_NO = frozenset({"no", "n", "false", "0", "\u5426", "\u6c92\u6709", "\u6ca1\u6709", "\u7121", "\u65e0", "\u5047"})
_DAY = re.compile(r"(\d{4})[-/.\u5e74](\d{1,2})[-/.\u6708](\d{1,2})\u65e5?(?:[ T]+(\d{1,2}):(\d{2})(?::\d{2})?)?")
_LIST = re.compile(r"[;\uff1b\u3001|,\uff0c]")


def read_cell(fact: Fact, text: str) -> Value | None:
    """Return the value of a cell, or None where it is empty.

    Raises:
        InputError: it is no value of this fact; the message says what to write instead.
    """
    if not text:
        return None
    if fact.kind == "boolean":
        plain = text.casefold()
        return read_typed(fact, ["yes" if plain in _YES else "no" if plain in _NO else _not_boolean(text)])
    if fact.kind == "date":
        return read_typed(fact, [plain_day(text)])
    if fact.kind == "choice":
        return read_typed(fact, [_choice(fact, text)])
    if fact.kind == "choices":
        return read_typed(fact, [_choice(fact, one.strip()) for one in _LIST.split(text) if one.strip()])
    return read_typed(fact, [text])


def _not_boolean(text: str) -> str:
    raise InputError("import.boolean", N_('"{text}" is neither yes nor no. Write yes or no.'), text=text[:40])


def plain_day(text: str) -> str:
    """Return a date as year-month-day, with the time if there is one, however a spreadsheet parts it."""
    found = _DAY.fullmatch(text.strip())
    if not found:
        return text
    year, month, day, hour, minute = found.groups()
    clock = f"T{int(hour):02}:{minute}" if hour else ""
    return f"{year}-{int(month):02}-{int(day):02}{clock}"


def _choice(fact: Fact, text: str) -> str:
    if not fact.choices or text == NONE_OF_THESE:
        return text
    known = _choices(fact.name, tuple((one.name, *one.label.values()) for one in fact.choices))
    found = known.get(text.casefold())
    if found is None:
        raise InputError(
            "import.choice",
            N_('"{text}" is not in the list.{hint} Write one of: {known}.'),
            text=text[:40],
            hint=did_you_mean(text, fact.choice_names),
            known=", ".join(fact.choice_names),
        )
    return found


@lru_cache(maxsize=256)
def _choices(_name: str, titles: tuple[tuple[str, ...], ...]) -> dict[str, str]:
    return {title.casefold(): name for name, *rest in reversed(titles) for title in (name, *rest)}


def read_direction(text: str, zone: Zone) -> str:
    """Return a direction from its code, or from its words in any language that needs no catalogue.

    Raises:
        InputError: the zone has no such direction.
    """
    known = zone.boundary.directions
    plain = re.sub(r"\s*(?:-|\u2192|>|->|\u2013)\s*", "-", text.casefold())
    if plain in known:
        return plain
    for one in known:
        ends = one.split("-")
        for language in LANGUAGES:
            titles = [zone.side(side).title[language].casefold() for side in ends]
            if plain in ("-".join(titles), direction_text(one, zone, language, str).casefold()):
                return one
    raise InputError(
        "import.direction",
        N_('"{text}" is no direction here.{hint} Write {known}.'),
        text=text[:40],
        hint=did_you_mean(text[:40], known),
        known=" / ".join(known),
    )


def read_crossing(text: str, direction: str, zone: Zone) -> datetime:
    """Return when something crosses, by the clock of the side of departure.

    Raises:
        InputError: no date and time that exist.
    """
    plain = plain_day(text)
    if "T" not in plain and ":" not in plain:
        raise InputError(
            "import.crossing_at",
            N_('"{text}" is not a date with a time. Write it as 2026-11-22 09:00.'),
            text=text[:40],
        )
    return read_when(plain, zone.boundary.side(origin(direction)).time_zone)


def read_point(text: str, zone: Zone) -> str:
    """Return a control point from its code or its name.

    Raises:
        InputError: the zone has no such control point.
    """
    plain = text.casefold()
    for point in zone.control_points:
        if plain in (point.id, *(title.casefold() for title in point.title.values())):
            return point.id
    known = [point.id for point in zone.control_points]
    raise InputError(
        "import.control_point",
        N_('"{text}" is no control point here.{hint} Write one of: {known}.'),
        text=text[:40],
        hint=did_you_mean(text[:40], known),
        known=", ".join(known),
    )
