"""The shapes that charts are made of, in Altair: lines, bars, dots with their intervals, and bars to both sides.

Each takes a sheet and what JSON can hold. Where a text stands is reckoned here and not measured by the renderer, which
has not the reader's fonts. No two series differ by colour alone: lines have dashes, points and letters; bars stand
below their names.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from functools import reduce
from typing import Any

import altair as alt

from riverloop.apps.lab.svg import Data, Sheet

STYLES = (
    ("var(--chart-1)", (1, 0), "circle"),
    ("var(--chart-2)", (7, 4), "square"),
    ("var(--chart-3)", (2, 3), "triangle-up"),
    ("var(--chart-4)", (9, 3), "diamond"),
)
"""Colour, dashes and points of each series of a chart, of which there are four at the most."""

ROW = 44
"""Height of a row that holds a name and, below it, a bar or a dot, in CSS pixels."""

_INK, _SOFT, _LINE = "var(--ink)", "var(--ink-soft)", "var(--line-strong)"
_WORDS, _X2, _Y2 = alt.Text("text:N"), alt.X2("x2:Q"), alt.Y2("y2:Q")  # as objects: from texts, Altair is slow
_NAME_AT, _BAR_AT, _BAR = 0.3, 0.7, 0.17  # of a row
_CLEAR = 8.0  # pixels to the next line, below which a letter would stand for either
_SAID_AT = -15  # where it is said what rules stand for
_VALUE_WIDTH = 74  # room for what stands at the end of the longest bar
_DENSE = 60  # points of a line, from which on each is not marked


def lines(sheet: Sheet, data: Data) -> alt.LayerChart:
    """Draw lines over a common axis, each with its letter at where it stands most apart from the others.

    ``data``: ``x`` and ``y`` (``domain``, ``ticks`` as pairs of value and label, ``title``), ``series`` (``style``,
    ``letter``, ``points`` as pairs, perhaps ``band`` as triples of x, low and high), ``rules`` (``y`` or ``x``,
    ``label``) and ``step`` for what stays the same between points.
    """
    x, y = _axis("x", data["x"], sheet), _axis("y", data["y"], sheet)
    layers = _axes(sheet, data, x, y)
    shape = {"interpolate": "step-after"} if data.get("step") else {}
    for one in data["series"]:
        colour, _, _ = STYLES[one["style"]]
        if one.get("band"):
            rows = [{"x": at, "y": low, "y2": high} for at, low, high in one["band"] if None not in (low, high)]
            band = alt.Chart(_values(rows)).mark_area(fill=colour, fillOpacity=0.18, **shape)
            layers.append(band.encode(x=x, y=y, y2=_Y2))
    for one in data["series"]:
        colour, dashes, point = STYLES[one["style"]]
        chart = alt.Chart(_values([{"x": at, "y": value} for at, value in one["points"]]))
        layers.append(chart.mark_line(stroke=colour, strokeWidth=2, strokeDash=list(dashes), **shape).encode(x=x, y=y))
        if len(one["points"]) <= _DENSE and not data.get("step"):
            chart = alt.Chart(_values([{"x": at, "y": value} for at, value in _known(one)]))
            layers.append(chart.mark_point(shape=point, size=22, filled=True, fill=colour, opacity=1).encode(x=x, y=y))
    return alt.layer(*layers, _text(_letters(sheet, data), x, y, dy=-9, fontWeight="bold"))


def bars(sheet: Sheet, data: Data) -> alt.LayerChart:
    """Draw a bar for each row below its name, with its value at the end.

    ``data``: ``rows`` (``name``, ``style``, ``value``, ``text``).
    """
    rows = list(enumerate(data["rows"]))
    room = max([row["value"] for _, row in rows] + [1e-9]) * sheet.width / max(sheet.width - _VALUE_WIDTH, 1)
    x, y = alt.X("x:Q").scale(domain=[0, room], nice=False).axis(None), _rows(data)
    drawn = [_bar(place, row["value"], fill=STYLES[row["style"]][0], stroke=None) for place, row in rows]
    told = [{"x": row["value"], "y": place + _BAR_AT, "text": row["text"]} for place, row in rows]
    return alt.layer(*_names(sheet, data, y), _rects(drawn, x, y), _text(told, x, y, dx=6, align="left"))


def dots(sheet: Sheet, data: Data) -> alt.LayerChart:
    """Draw a dot and its interval for each row below its name.

    ``data``: ``x`` as of lines, ``rows`` (``name``, ``told``, ``style``, ``value``, ``low``, ``high``), ``rules``
    (``x``, ``label``).
    """
    x, y = _axis("x", data["x"], sheet), _rows(data)
    drawn = [
        {"y": place + _BAR_AT, "x": row["value"], "low": row["low"], "high": row["high"]}
        | {"colour": STYLES[row["style"]][0], "point": STYLES[row["style"]][2]}
        for place, row in enumerate(data["rows"])
    ]
    points = alt.Chart(_values(drawn)).mark_point(size=90, filled=True, opacity=1)
    return alt.layer(
        *_names(sheet, data, y),
        *_ticks(sheet, data["x"], x),
        *_marks_across(data.get("rules", []), x, data["x"]["domain"], y, len(data["rows"])),
        _spans([row | {"x": row["low"], "x2": row["high"]} for row in drawn if row["low"] is not None], x, y, 3),
        points.encode(x=x, y=y, fill=_as_is(alt.Fill("colour:N")), shape=_as_is(alt.Shape("point:N"))),
    )


def both_ways(sheet: Sheet, data: Data) -> alt.LayerChart:
    """Draw how far something moves to either side: the low end hollow, the high end filled.

    ``data``: ``x`` as of lines, ``rows`` (``name``, ``told``, ``low`` and ``high``, each a ``value`` with its bounds
    ``from`` and ``to``).
    """
    x, y = _axis("x", data["x"], sheet), _rows(data)
    colour = STYLES[0][0]
    ends = [
        (place + shift, row[end], fill)
        for place, row in enumerate(data["rows"])
        for end, shift, fill in (("low", -_BAR / 2, "var(--surface)"), ("high", _BAR / 2, colour))
        if row[end] is not None
    ]
    drawn = [_bar(at, end["value"], half=_BAR / 2, fill=fill, stroke=colour) for at, end, fill in ends]
    bounds = [{"x": end["from"], "x2": end["to"], "y": at + _BAR_AT, "colour": _INK} for at, end, _ in ends]
    return alt.layer(
        *_names(sheet, data, y),
        *_ticks(sheet, data["x"], x),
        _rects(drawn, x, y),
        _spans(bounds, x, y, 1),
        _base(data, x, y),
    )


# Parts -----------------------------------------------------------------------------------------------------------


def _values(rows: Sequence[Mapping[str, Any]]) -> alt.Data:
    return alt.Data(values=list(rows))


def _axis(name: str, axis: Data, sheet: Sheet) -> Any:
    """Return the channel of an axis, which draws its lines and leaves its words to :func:`_ticks`."""
    channel = alt.X("x:Q") if name == "x" else alt.Y("y:Q")
    values = [value for value, _ in _shown(axis, sheet)]
    drawn = alt.Axis(values=values, labels=False, ticks=name == "x", title=None, grid=name == "y", domain=name == "x")
    return channel.scale(domain=axis["domain"], nice=False, zero=False).axis(drawn)


def _rows(data: Data) -> Any:
    return alt.Y("y:Q").scale(domain=[0, max(len(data["rows"]), 1)], reverse=True, nice=False).axis(None)


def _shown(axis: Data, sheet: Sheet) -> Any:
    """Return the ticks of an axis that a sheet has room for."""
    return axis.get("narrow", axis["ticks"]) if sheet.width < _ROOMY else axis["ticks"]


_ROOMY = 400


def _axes(sheet: Sheet, data: Data, x: Any, y: Any) -> list[alt.Chart]:
    """Return the words of both axes, and what is drawn across."""
    up = [{"y": value, "text": label} for value, label in _shown(data["y"], sheet)]
    words = alt.Chart(_values(up)).mark_text(align="right", dx=-8, fill=_SOFT)
    heading = alt.Chart(_values([{"text": data["y"]["title"]}])).mark_text(align="left", baseline="top", fill=_SOFT)
    layers = [
        words.encode(x=alt.XValue(0), y=y, text=_WORDS),
        heading.encode(x=alt.XValue(-sheet.left), y=alt.YValue(-sheet.top), text=_WORDS),
        *_ticks(sheet, data["x"], x),
    ]
    level = [rule for rule in data.get("rules", []) if "y" in rule]
    said = " · ".join(f"┄ {rule['label']}" for rule in level if rule["label"])
    rules = alt.Chart(_values([{"y": rule["y"]} for rule in level])).mark_rule(stroke=_INK, strokeDash=[3, 3])
    label = alt.Chart(_values([{"text": said}])).mark_text(align="right", baseline="top", fill=_INK)
    layers += [rules.encode(y=y), label.encode(x=alt.XValue(sheet.width), y=alt.YValue(_SAID_AT), text=_WORDS)]
    upright = [rule for rule in data.get("rules", []) if "x" in rule]
    return layers + _marks_across(upright, x, data["x"]["domain"])


def _marks_across(
    rules: Sequence[Data], x: Any, domain: Sequence[float], y: Any = None, rows: int = 0
) -> list[alt.Chart]:
    """Return upright rules, across rows only where nothing is written; each has its label where there is more room."""
    layers = []
    for left in (True, False):
        chosen = [rule for rule in rules if (rule["x"] < sum(domain) / 2) == left]
        label = alt.Chart(_values([{"x": rule["x"], "text": rule["label"]} for rule in chosen]))
        words = label.mark_text(align="left" if left else "right", dx=4 if left else -4, baseline="top", fill=_INK)
        layers.append(words.encode(x=x, y=alt.YValue(_SAID_AT), text=_WORDS))
    places = [{"y": place + _NAME_AT + 0.18, "y2": place + 1} for place in range(rows)] or [{}]
    drawn = [{"x": rule["x"]} | place for rule in rules for place in places]
    chart = alt.Chart(_values(drawn)).mark_rule(stroke=_INK, strokeDash=[3, 3])
    return [*layers, chart.encode(x=x, y=y, y2=_Y2) if rows else chart.encode(x=x)]


def _ticks(sheet: Sheet, axis: Data, x: Any) -> list[alt.Chart]:
    """Return the words of the lower axis."""
    across = [{"x": value, "text": label} for value, label in _shown(axis, sheet)]
    words = alt.Chart(_values(across)).mark_text(baseline="top", dy=8, fill=_SOFT)
    title = alt.Chart(_values([{"text": axis.get("title", "")}])).mark_text(baseline="top", fill=_SOFT)
    return [
        words.encode(x=x, y=alt.YValue(sheet.height), text=_WORDS),
        title.encode(x=alt.XValue(sheet.width / 2), y=alt.YValue(sheet.height + 24), text=_WORDS),
    ]


def _names(sheet: Sheet, data: Data, y: Any) -> list[alt.Chart]:
    """Return the names of rows, and at their right what is told of each."""
    rows = [(place + _NAME_AT, row["name"], row.get("told", "")) for place, row in enumerate(data["rows"])]
    room = sheet.width + sheet.left
    names = [{"y": at, "text": shortened(name, room - text_width(told) - 12)} for at, name, told in rows]
    told = [{"y": at, "text": told} for at, _, told in rows]
    left = alt.Chart(_values(names)).mark_text(align="left", fill=_INK)
    right = alt.Chart(_values(told)).mark_text(align="right", fill=_INK)
    return [
        left.encode(x=alt.XValue(-sheet.left), y=y, text=_WORDS),
        right.encode(x=alt.XValue(sheet.width + sheet.right), y=y, text=_WORDS),
    ]


def _as_is(channel: Any) -> Any:
    """Return a channel whose data are colours or shapes themselves."""
    return channel.scale(None).legend(None)


def _bar(place: float, end: float, *, half: float = _BAR, fill: str, stroke: str | None) -> dict[str, Any]:
    bounds = {"x": 0, "x2": end, "y": place + _BAR_AT - half, "y2": place + _BAR_AT + half}
    return bounds | {"fill": fill, "stroke": stroke}


def _rects(rows: Sequence[Data], x: Any, y: Any) -> alt.Chart:
    chart = alt.Chart(_values(rows)).mark_rect()
    colours = {"fill": _as_is(alt.Fill("fill:N")), "stroke": _as_is(alt.Stroke("stroke:N"))}
    return chart.encode(x=x, x2=_X2, y=y, y2=_Y2, **colours)


def _spans(rows: Sequence[Data], x: Any, y: Any, width: int) -> alt.Chart:
    chart = alt.Chart(_values(rows)).mark_rule(strokeWidth=width)
    return chart.encode(x=x, x2=_X2, y=y, stroke=_as_is(alt.Stroke("colour:N")))


def _base(data: Data, x: Any, y: Any) -> alt.Chart:
    """Return the upright line from which bars begin."""
    chart = alt.Chart(_values([{"x": 0, "y": 0, "y2": len(data["rows"])}]))
    return chart.mark_rule(stroke=_LINE).encode(x=x, y=y, y2=_Y2)


def _text(rows: Sequence[Data], x: Any, y: Any, **style: Any) -> alt.Chart:
    return alt.Chart(_values(rows)).mark_text(**({"fill": _INK} | style)).encode(x=x, y=y, text=_WORDS)


def _letters(sheet: Sheet, data: Data) -> list[dict[str, Any]]:
    """Return each line's letter at the point of it that is farthest from all others, clear of the letters before it."""
    low, high = data["y"]["domain"]
    first, last = data["x"]["domain"]
    across, up = sheet.width / ((last - first) or 1), sheet.height / ((high - low) or 1)
    placed: list[dict[str, Any]] = []
    for one in data["series"]:
        others = [dict(_known(other)) for other in data["series"] if other is not one]
        best = reduce(
            lambda held, point: max(held, (_clearance(point, others, placed, across, up), *point)),
            _known(one),
            (-1.0, 0.0, 0.0),
        )
        if one.get("letter") and best[0] >= _CLEAR:
            placed.append({"x": best[1], "y": best[2], "text": one["letter"]})
    return placed


def _known(one: Data) -> list[tuple[float, float]]:
    return [(at, value) for at, value in one["points"] if value is not None]


def _clearance(
    point: Sequence[float],
    others: Sequence[Mapping[float, float]],
    placed: Sequence[Data],
    across: float,
    up: float,
) -> float:
    """Return how many pixels a point lies from other lines and letters, as far as that matters to a reader."""
    x, y = point
    apart = [abs(other[x] - y) * up for other in others if x in other]
    apart += [max(abs(one["x"] - x) * across, abs(one["y"] - y) * up) for one in placed]
    return min([*apart, 60.0])


# Texts -----------------------------------------------------------------------------------------------------------


def text_width(text: str) -> float:
    """Return about how many pixels a text of 12 pixels' height takes: a Chinese character is as wide as it is high."""
    return sum(12.0 if unicodedata.east_asian_width(letter) in "WF" else 6.8 for letter in text)


def shortened(text: str, width: float) -> str:
    """Return a text that fits, with an ellipsis where it was cut; its table has it in full."""
    if text_width(text) <= width:
        return text
    while text and text_width(text) + 12 > width:
        text = text[:-1]
    return f"{text.rstrip()}…"
