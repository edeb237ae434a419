"""The chart of real traffic: days, or weeks or months of them where there are many."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from itertools import groupby
from statistics import fmean
from typing import Any, Literal, NamedTuple

from babel.dates import format_skeleton
from django.utils.translation import gettext as _

from riverloop.apps.clearance.formats import date_text, locale
from riverloop.apps.lab.figures import Chart, Table, both_sizes, key, language, line, nothing, number, scale
from riverloop.apps.lab.words import sentences

Step = Literal["day", "week", "month"]
_FEW, _SOME = 100, 1_100
"""Days up to which each is a point of its own; days up to which each week is."""
_MANY = 5_000  # passengers a day, from which on the axis counts thousands


class Span(NamedTuple):
    """A day, week or month of one series: its first day, the mean of its days, the least and the greatest."""

    first: date
    mean: float
    least: float
    most: float


def traffic_series(
    days: Sequence[date], series: Mapping[str, Sequence[float | None]], *, source: str, step: Step | None = None
) -> Chart:
    """Return passengers a day over time; of many days, weeks or months with their mean, least and greatest day.

    Args:
        days: in order; they may have gaps.
        series: for each of up to four labels, a number a day, or None where none was published.
        source: who published them.
        step: what a point stands for; without it, what can be read.
    """
    title, step = _("Passengers a day"), step or _step(len(days))
    found = {label: list(_spans(days, numbers, step)) for label, numbers in series.items()}
    if not any(found.values()):
        return nothing("traffic", title, source, _("No days were chosen, or nothing was published of them."))
    most = max(span.most for spans in found.values() for span in spans)
    unit, told = (1000.0, _("thousand a day")) if most >= _MANY else (1.0, _("passengers a day"))
    lines = [_line(place, spans, unit, step) for place, spans in enumerate(found.values())]
    data = {"x": _calendar(days[0], days[-1], step), "y": scale(0, most / unit, told), "series": lines}
    picture = both_sizes("lines", data, title, _described(found), key=key(list(found)))
    return Chart("traffic", title, picture, _table(found, step), f"{_about(step)} {source}".strip())


def _step(days: int) -> Step:
    return "day" if days <= _FEW else "week" if days <= _SOME else "month"


def _first(day: date, step: Step) -> date:
    """Return the first day of the span that a day lies in; weeks begin on Monday."""
    return {"day": day, "week": day - timedelta(days=day.weekday()), "month": day.replace(day=1)}[step]


def _spans(days: Sequence[date], numbers: Sequence[float | None], step: Step) -> Iterator[Span]:
    known = ((day, float(value)) for day, value in zip(days, numbers, strict=True) if value is not None)
    for first, group in groupby(known, key=lambda pair: _first(pair[0], step)):
        values = [value for _day, value in group]
        yield Span(first, fmean(values), min(values), max(values))


def _line(style: int, spans: Sequence[Span], unit: float, step: Step) -> dict[str, Any]:
    half = {"day": 0.0, "week": 3.5, "month": 15.0}[step]  # days: a span is drawn at its middle
    points = [(span.first.toordinal() + half, span.mean / unit) for span in spans]
    band = [[span.first.toordinal() + half, span.least / unit, span.most / unit] for span in spans]
    return line(style, points, **({} if step == "day" else {"band": band}))


def _table(found: Mapping[str, Sequence[Span]], step: Step) -> Table:
    by_first = [{span.first: span for span in spans} for spans in found.values()]
    firsts = sorted({first for spans in by_first for first in spans})
    if step == "day":
        cells = tuple(
            (_day(first), *(number(spans[first].mean if first in spans else None, 0) for spans in by_first))
            for first in firsts
        )
        return Table((_("Day"), *found), cells)
    what = (_("mean"), _("least day"), _("greatest day"))
    head = (
        _("Week from") if step == "week" else _("Month"),
        *(_("{name}: {what}").format(name=label, what=one) for label in found for one in what),
    )
    write = _day if step == "week" else _month
    return Table(
        head,
        tuple((write(first), *(text for spans in by_first for text in _told(spans.get(first)))) for first in firsts),
    )


def _told(span: Span | None) -> tuple[str, str, str]:
    if span is None:
        return (number(None),) * 3
    return (number(span.mean, 0), number(span.least, 0), number(span.most, 0))


def _described(found: Mapping[str, Sequence[Span]]) -> str:
    said = []
    for label, spans in found.items():
        if spans:
            most = max(spans, key=lambda span: span.most)
            said.append(
                _("{label}: mean {mean}, greatest day {most}.").format(
                    label=label, mean=number(fmean(span.mean for span in spans), 0), most=number(most.most, 0)
                )
            )
    return sentences(*said)


def _about(step: Step) -> str:
    return {
        "day": "",
        "week": _("Each point is the mean of a week; the band goes from its least to its greatest day."),
        "month": _("Each point is the mean of a month; the band goes from its least to its greatest day."),
    }[step]


# Dates -----------------------------------------------------------------------------------------------------------


def _calendar(first: date, last: date, step: Step) -> dict[str, Any]:
    """Return the axis from one day to another, with as many dates as there is room for."""
    begin, end = _first(first, step).toordinal(), max(last.toordinal(), first.toordinal() + 1)
    return {"domain": [begin, end], "ticks": _dates(first, last, 8), "narrow": _dates(first, last, 4), "title": ""}


def _dates(first: date, last: date, most: int) -> list[list[Any]]:
    days = (last - first).days + 1
    if days <= _CLOSE * most:
        every = -(-days // most)
        return [[at, _short_day(date.fromordinal(at))] for at in range(first.toordinal(), last.toordinal() + 1, every)]
    every = next((one for one in _MONTHS if days / _MONTH_DAYS / one <= most), _MONTHS[-1])
    months = [date(year, month, 1) for year in range(first.year, last.year + 1) for month in range(1, 13)]
    shown = [day for day in months if first <= day <= last and (12 * day.year + day.month - 1) % every == 0]
    return [[day.toordinal(), _month(day)] for day in shown]


_CLOSE = 12  # days between dates, from which on months are named instead
_MONTHS = (1, 2, 3, 6, 12, 24, 60)
_MONTH_DAYS = 30.44


def _day(day: date) -> str:
    return date_text(day, language())


def _short_day(day: date) -> str:
    return str(format_skeleton("MMMd", day, locale=locale(language())))


def _month(day: date) -> str:
    return str(format_skeleton("yMMM", day, locale=locale(language())))
