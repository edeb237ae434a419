"""Reads what a person typed into the form, as the value of a fact."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime

from riverloop.apps.clearance.formats import number_text
from riverloop.apps.clearance.sentences import N_, Gettext
from riverloop.core.kernel.errors import InputError, RiverloopError
from riverloop.core.kernel.instants import FIRST_DAY, LAST_DAY, read_date, time_zone
from riverloop.core.rules.facts import LARGEST, NO_LIMIT, Fact, Value

NONE_OF_THESE = "-"
_GROUPED = re.compile(r"-?\d{1,3}(,\d{3})+(\.\d+)?")
_INTEGER = re.compile(r"-?\d{1,17}", re.ASCII)
_DECIMAL = re.compile(r"-?(\d{1,17}(\.\d{0,9})?|\.\d{1,9})", re.ASCII)


def read_typed(fact: Fact, typed: Sequence[str]) -> Value | None:
    """Return the value of what was typed, or None where nothing was.

    Raises:
        InputError: it is no value of this fact; the message says what to type instead.
    """
    texts = [text.strip() for text in typed if text.strip()]
    if not texts:
        return None
    return _READERS[fact.kind](fact, texts)


def read_when(text: str, zone: str) -> datetime:
    """Read a local date and time, such as 2026-11-22T09:00, in a time zone.

    Raises:
        InputError: it is not one that exists.
    """
    try:
        local = datetime.fromisoformat(text.strip())
        at = local.replace(tzinfo=time_zone(zone), second=0, microsecond=0)
        if local.tzinfo is None and all(
            FIRST_DAY < day < LAST_DAY for day in (local.date(), at.astimezone(UTC).date())
        ):
            return at
    except (ValueError, OverflowError):  # years 1 and 9999 may leave the calendar
        pass
    raise InputError(
        "form.when",
        N_("Give a date from 1900 to 2199 and a time that exist, such as 2026-11-22 09:00."),
        text=text[:40],
    )


def _read_boolean(fact: Fact, texts: list[str]) -> Value:
    if texts[0] in ("yes", "no"):
        return texts[0] == "yes"
    raise InputError("form.boolean", N_("Choose yes, no or not known."), fact=fact.name)


def _read_integer(fact: Fact, texts: list[str]) -> Value:
    text = _plain(texts[0])
    if not _INTEGER.fullmatch(text):
        raise InputError("form.integer", N_('"{text}" is not a whole number. Use digits only.'), text=texts[0][:40])
    return _bounded(fact, int(text))


def _read_decimal(fact: Fact, texts: list[str]) -> Value:
    text = _plain(texts[0])
    if not _DECIMAL.fullmatch(text):
        raise InputError(
            "form.decimal",
            N_('"{text}" is not a number. Use digits and at most one point, such as 12.5.'),
            text=texts[0][:40],
        )
    return _bounded(fact, float(text))


def _plain(text: str) -> str:
    """Drop grouping commas, and full-width digits as Chinese keyboards give them."""
    narrow = text.translate({0xFF10 + digit: str(digit) for digit in range(10)} | {0xFF0E: ".", 0xFF0D: "-"})
    return narrow.replace(",", "") if _GROUPED.fullmatch(narrow) else narrow


def _bounded(fact: Fact, number: float) -> Value:
    low, high = fact.bounds()
    if low <= number <= high:
        return number
    if high in (LARGEST, NO_LIMIT):
        raise InputError("form.least", N_("Give a number of at least {low}."), low=number_text(low, "en"))
    raise InputError(
        "form.bounds",
        N_("Give a number from {low} to {high}."),
        low=number_text(low, "en"),
        high=number_text(high, "en"),
    )


def _read_date(fact: Fact, texts: list[str]) -> Value:
    try:
        return fact.read(read_date(texts[0]))
    except InputError:
        raise InputError(
            "form.date",
            N_(
                '"{text}" is not a date from 1900 to 2199. Give one that exists, as year-month-day, such as 2026-11-22.'
            ),
            text=texts[0][:40],
        ) from None


def _read_choice(fact: Fact, texts: list[str]) -> Value:
    if texts[0] in fact.choice_names:
        return texts[0]
    raise InputError("form.choice", N_('"{text}" is not in the list. Choose from it.'), text=texts[0][:40])


def _read_code(fact: Fact, texts: list[str]) -> Value:
    for text in (texts[0], texts[0].upper(), texts[0].lower()):
        try:
            return fact.read(text)
        except InputError:
            continue
    raise InputError(
        "form.code", N_('"{text}" does not have the right form. See the line above the field.'), text=texts[0][:40]
    )


def _read_choices(fact: Fact, texts: list[str]) -> Value:
    if NONE_OF_THESE in texts:
        return ()
    try:
        return fact.read(texts)
    except InputError:
        raise InputError(
            "form.choice", N_('"{text}" is not in the list. Choose from it.'), text=", ".join(texts)[:40]
        ) from None


_READERS: dict[str, Callable[[Fact, list[str]], Value]] = {
    "boolean": _read_boolean,
    "integer": _read_integer,
    "decimal": _read_decimal,
    "date": _read_date,
    "choice": _read_choice,
    "code": _read_code,
    "choices": _read_choices,
}


def say(error: RiverloopError, _: Gettext) -> str:
    """Return an error's message in the language of ``_``, without where it stood."""
    return error.told(_)


def as_typed(value: Value) -> list[str]:
    """Return a value as the form would have it typed."""
    if isinstance(value, bool):
        return ["yes" if value else "no"]
    if isinstance(value, tuple):
        return list(value) or [NONE_OF_THESE]
    if isinstance(value, float) and value.is_integer():
        return [str(int(value))]
    return [value.isoformat() if isinstance(value, date) else str(value)]
