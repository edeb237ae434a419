"""Dates, instants, numbers and places as each language writes them. No Django: the command line uses this too."""

from __future__ import annotations

from datetime import date, datetime
from functools import lru_cache

from babel import Locale
from babel.core import get_global
from babel.dates import format_date, format_time
from babel.lists import format_list
from babel.numbers import format_decimal, format_percent

from riverloop.core.kernel.instants import time_zone

_LOCALES = {"en": "en_GB", "zh-Hant": "zh_Hant_HK", "zh-Hans": "zh_Hans_CN"}


@lru_cache(maxsize=8)
def locale(language: str) -> Locale:
    """Return the conventions that a language is written by here; English is written as in Hong Kong."""
    return Locale.parse(_LOCALES.get(language, "en_GB"))


def date_text(day: date, language: str) -> str:
    """Return a date in words: 22 November 2026, 2026年11月22日."""
    return format_date(day, "long", locale=locale(language))


def instant_text(at: datetime, language: str, zone: str) -> str:
    """Return an instant as a clock in the time zone named ``zone`` shows it."""
    local = at.astimezone(time_zone(zone))
    clock = format_time(local, "HH:mm", locale=locale(language))
    return f"{date_text(local.date(), language)} {clock}"


def number_text(number: float, language: str) -> str:
    """Return a number with the language's grouping."""
    return format_decimal(number, locale=locale(language), decimal_quantization=False)


def share_text(share: float, language: str) -> str:
    """Return a share such as 0.05 as a percentage."""
    return format_percent(share, format="#,##0.##%", locale=locale(language))


def list_text(parts: list[str], language: str, *, either: bool = False) -> str:
    """Return parts joined by the language's own "and", or by its "or"."""
    return format_list(parts, style="or" if either else "standard", locale=locale(language))


@lru_cache(maxsize=8)
def countries(language: str) -> tuple[tuple[str, str], ...]:
    """Return (ISO 3166-1 alpha-3 code, name) of each nationality, in the order of the names.

    Source: Unicode CLDR, through Babel.
    """
    names = locale(language).territories
    found = {
        code: names[alpha2[0]]
        for code, alpha2 in get_global("territory_aliases").items()
        if _is_nationality(code) and len(alpha2) == 1 and alpha2[0] in names
    }
    return tuple(sorted(found.items(), key=lambda pair: (pair[1], pair[0])))


def _is_nationality(code: str) -> bool:
    return len(code) == _ALPHA_3 and code.isalpha() and code not in _NO_NATION


_ALPHA_3 = 3
_NO_NATION = frozenset(
    {
        *("BUR", "DDR", "FXX", "TMP", "YMD", "ZAR"),  # withdrawn by ISO 3166
        *("ASC", "CPT", "DGA", "QUU", "TAA", "XAA", "XBB", "XKK", "ZZZ"),  # CLDR's own
        *("HKG", "MAC", "TWN"),  # places whose people are nationals of China in both sides' law
    }
)


def own_language(country: str) -> str:
    """Return the language of ours that a territory's law is chiefly written in, or an empty string.

    Args:
        country: ISO 3166-1 alpha-2 code.

    Source: Unicode CLDR, likely subtags.
    """
    likely = str(get_global("likely_subtags").get(f"und_{country}", ""))
    for script in ("Hant", "Hans"):
        if likely.startswith(f"zh_{script}"):
            return f"zh-{script}"
    return "en" if likely.startswith("en") else ""
