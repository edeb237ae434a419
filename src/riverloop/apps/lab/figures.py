"""What charts are put together from: their table, key and sheets, axes with round ticks, numbers as they are read."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from riverloop.apps.clearance.formats import number_text
from riverloop.apps.lab.svg import NARROW, PANEL, WIDE, Data, Drawing, Sheet
from riverloop.apps.lab.words import with_note
from riverloop.apps.nodes import here

LETTERS = "ABCD"
ROW_HEIGHT = 44
"""Of a row of bars or dots, in CSS pixels."""


@dataclass(frozen=True, slots=True)
class Table:
    """The numbers of a chart, as they are read: the first cell of a row names it."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Picture:
    """What a chart draws: one drawing for wide places and one for narrow ones, or small ones beside each other.

    Args:
        drawings: in order.
        names: of small ones, each above its own; none where there are two of the same.
        key: which line is which, as HTML.
    """

    drawings: tuple[Drawing, ...]
    names: tuple[str, ...] = ()
    key: SafeString = field(default_factory=SafeString)

    def is_kept(self) -> bool:
        """Whether all of it was drawn before."""
        return all(one.is_kept() for one in self.drawings)

    def html(self) -> SafeString:
        """Return the key and the drawings, to be put into a page as they are; what is not kept is drawn now."""
        drawn = [mark_safe(one.svg()) for one in self.drawings]  # noqa: S308 - cleaned
        if not self.names:
            return self.key + format_html('<div class="chart">{}</div>', _joined("{}", [(one,) for one in drawn]))
        one_panel = '<div class="chart-panel"><p class="chart-panel-name">{}</p>{}</div>'
        panels = _joined(one_panel, zip(self.names, drawn, strict=True))
        return self.key + format_html('<div class="chart chart-panels">{}</div>', panels)


def _joined(form: str, each: Iterable[tuple[str, ...]]) -> SafeString:
    return format_html_join("", form, each)


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart, the table behind it, and where its numbers come from.

    Args:
        name: of its kind, for links.
        title: what it shows, with its unit.
        picture: what it draws; None where there is nothing to draw.
        table: with the same numbers.
        source: where they come from.
        empty: why nothing is drawn.
    """

    name: str
    title: str
    picture: Picture | None
    table: Table
    source: str
    empty: str = ""

    @property
    def svg(self) -> SafeString:
        """Return its key and drawings as HTML; drawn now, unless they are kept."""
        return self.picture.html() if self.picture else SafeString("")


def nothing(name: str, title: str, source: str, why: str) -> Chart:
    """Return the chart of what cannot be drawn, and says why."""
    return Chart(name, title, None, Table((), ()), source, why)


def language() -> str:
    """Return the active language by the name that texts are held under."""
    return {"zh-hant": "zh-Hant", "zh-hans": "zh-Hans"}.get((get_language() or "en").lower(), "en")


def number(value: float | None, digits: int = 1) -> str:
    """Return a number for a table; of what is not known, a dash."""
    return "–" if value is None else number_text(round(value, digits) + 0.0, language())


def own(text: Mapping[str, str] | None, otherwise: str = "") -> str:
    """Return a text that a scenario may hold in several languages, in the active one or the nearest that it has."""
    held = text or {}
    return held.get(language()) or held.get("en") or held.get("") or next(iter(held.values()), "") or otherwise


def distinct(names: Sequence[str]) -> list[str]:
    """Return names of which none is another's: those that were alike are numbered."""
    return [
        name if names.count(name) == 1 else with_note(name, str(names[:place].count(name)))
        for place, name in enumerate(names, 1)
    ]


def side_name(side: str) -> str:
    """Return what a side is called: as the zone says, or as the scenario does."""
    if side in {"", "unnamed"}:
        return _("side not named")
    titles = {one.id: one.title for one in here.zone().sides}
    return own(titles.get(side), side)


def duration(seconds: float | None, digits: int = 1) -> str:
    """Return a time in seconds while it is short, and in minutes after."""
    if seconds is None:
        return "–"
    if abs(seconds) < _SHORT_SECONDS:
        return _("{number} s").format(number=number(seconds, digits))
    return _("{number} min").format(number=number(seconds / 60, digits))


# Sheets ----------------------------------------------------------------------------------------------------------


def both_sizes(
    shape: str, data: Data, title: str, description: str, *, rows: int = 0, key: SafeString | None = None
) -> Picture:
    """Return a drawing twice, for wide places and for narrow ones; the page's style shows one of them."""
    sheets = [_fitting(sheet, data, rows) for sheet in (WIDE, NARROW)]
    drawings = tuple(Drawing(shape, data, sheet, title, description) for sheet in sheets)
    return Picture(drawings, key=key or SafeString(""))


def panels(shape: str, each: Sequence[tuple[str, Data]], title: str, description: str) -> Picture:
    """Return small drawings beside each other, each under its name."""
    drawings = tuple(
        Drawing(shape, data, _fitting(PANEL, data), f"{title}: {name}", description) for name, data in each
    )
    return Picture(drawings, tuple(name for name, _data in each))


def _fitting(sheet: Sheet, data: Data, rows: int = 0) -> Sheet:
    """Return a sheet with room for what is drawn, and no more; rows have their names above them."""
    axis = data.get("x", {})
    sheet = replace(sheet, bottom=40 if axis.get("title") else 24 if axis else 4)
    if not rows:
        return sheet
    left = 14 if axis else 0
    width = sheet.left + sheet.width - left
    return replace(sheet, height=rows * ROW_HEIGHT, width=width, left=left, top=20 if data.get("rules") else 4)


# Keys ------------------------------------------------------------------------------------------------------------

_SAMPLES = (
    ("", '<circle cx="18" cy="6" r="3.2" class="chart-fill-1"/>'),
    ("7 4", '<path d="M15 3h6v6h-6z" class="chart-fill-2"/>'),
    ("2 3", '<path d="M18 2l4 7h-8z" class="chart-fill-3"/>'),
    ("9 3", '<path d="M18 2l4 4-4 4-4-4z" class="chart-fill-4"/>'),
)


def key(labels: Sequence[str], *, points: bool = True) -> SafeString:
    """Return which line is which: a sample of it, its letter and its name."""
    samples = zip(_SAMPLES, LETTERS, labels, strict=False)
    rows = [
        (style, dashes or "none", mark_safe(point if points else ""), letter, label)  # noqa: S308 - ours
        for style, ((dashes, point), letter, label) in enumerate(samples, 1)
    ]
    one = (
        '<li><svg viewBox="0 0 36 12" aria-hidden="true"><path d="M1 6H35" class="chart-stroke-{}" '
        'stroke-dasharray="{}"/>{}</svg><span><b>{}</b> {}</span></li>'
    )
    return format_html('<ul class="chart-key">{}</ul>', format_html_join("", one, rows))


def line(style: int, points: Iterable[tuple[float, float | None]], **more: Any) -> dict[str, Any]:
    """Return the series of a line, with its letter."""
    return {"style": style, "letter": LETTERS[style], "points": [list(point) for point in points], **more}


# Axes ------------------------------------------------------------------------------------------------------------


def scale(low: float, high: float, title: str = "", *, wanted: int = 4) -> dict[str, Any]:
    """Return an axis from ``low`` to ``high`` or a little beyond, with about ``wanted`` round steps."""
    high = high if high > low else low + 1.0
    span = high - low
    rough = span / wanted
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= rough * (1 - 1e-9))
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    digits = max(0, -math.floor(math.log10(step) + 1e-9) + (1 if f"{step / power:g}" == "2.5" else 0))
    ticks = [[place * step, number(place * step, digits)] for place in range(first, max(last, first + 1) + 1)]
    return {"domain": [ticks[0][0], ticks[-1][0]], "ticks": ticks, "title": title}


def clock(hours: Sequence[int]) -> dict[str, Any]:
    """Return the axis of a day from its first hour to the end of its last."""
    first, last = hours[0], hours[-1] + 1

    def every(step: int) -> list[list[Any]]:
        return [[hour, hour_text(hour)] for hour in range(first, last + 1) if hour % step == 0]

    few = last - first <= _FEW_HOURS
    return {
        "domain": [first, last],
        "ticks": every(1 if few else 2),
        "narrow": every(2 if few else 6),
        "title": _("Time of day"),
    }


_FEW_HOURS = 8


def hour_text(hour: int) -> str:
    """Return an hour as a clock shows it."""
    return f"{hour:02}:00"


def open_hours(hourly: Iterable[Sequence[Mapping[str, Any]]]) -> list[int]:
    """Return the hours from the first to the last in which anybody comes."""
    busy = [one["hour"] for rows in hourly for one in rows if one["passengers"] or one.get("queue_max")]
    return list(range(min(busy), max(busy) + 1)) if busy else []


Values = Sequence[float | None]
"""Numbers along an axis; None where there are none, such as the wait of an hour in which nobody was served."""


def known(values: Iterable[float | None]) -> list[float]:
    """Return the values that there are."""
    return [value for value in values if value is not None]


def in_unit(seconds: Iterable[float | None]) -> tuple[float, str]:
    """Return the unit, in seconds, in which to tell these times, and what it is called."""
    return (1.0, _("seconds")) if max(known(seconds), default=0.0) < _SHORT_SECONDS else (60.0, _("minutes"))


def divided(values: Iterable[float | None], unit: float) -> list[float | None]:
    """Return values in another unit."""
    return [None if value is None else value / unit for value in values]


_SHORT_SECONDS = 120.0
