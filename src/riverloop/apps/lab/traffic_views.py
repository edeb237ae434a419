"""The traffic explorer: real passengers of control points, day by day, open to everyone."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import chain
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from babel.dates import format_skeleton
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from riverloop.apps.clearance.formats import date_text, locale
from riverloop.apps.lab import answers, charts, opening
from riverloop.apps.lab.permissions import sides_planned
from riverloop.apps.lab.traffic_charts import Step
from riverloop.apps.lab.words import BY_WORDS, WEEKDAY_WORDS
from riverloop.apps.parties.here import active_language, mistake_text
from riverloop.core.kernel.errors import InputError

if TYPE_CHECKING:
    from riverloop.traffic import DailyTraffic, Statistic

A_PAGE = 31  # rows of the table
_YEAR_DAYS = 365


@dataclass(frozen=True, slots=True)
class Wanted:
    """What of the traffic is looked at."""

    point: str
    direction: str
    passengers: str
    by: str
    first: date
    last: date

    @property
    def query(self) -> str:
        """The same as the query of an address."""
        return urlencode({name: str(getattr(self, name)) for name in self.__slots__})


def read_wanted(traffic: DailyTraffic, asked: Mapping[str, str]) -> Wanted:
    """Read what an address asks for; whatever is not known gives way to the newest year of the first control point."""
    points = {one.key: one for one in traffic.control_points()}
    point = asked.get("point", "")
    covered = points[point] if point in points else next(iter(points.values()))
    first_counted, last_counted = covered.first, covered.last
    last = _date(asked.get("last", "")) or last_counted
    first = _date(asked.get("first", "")) or date.fromordinal(
        max(last.toordinal() - _YEAR_DAYS + 1, first_counted.toordinal())
    )
    source = traffic.source
    return Wanted(
        point=covered.key,
        direction=asked.get("direction", "") if asked.get("direction", "") in source.directions else "",
        passengers=asked.get("passengers", "") if asked.get("passengers", "") in source.classes else "",
        by=asked.get("by", "") if asked.get("by", "") in BY_WORDS else "day",
        first=first,
        last=last,
    )


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


@require_safe
def traffic(request: HttpRequest) -> HttpResponse:
    """Show a control point's passengers: a chart, statistics, and the table a page at a time."""
    found = opening.daily_traffic()
    wanted = read_wanted(found, request.GET)
    source = found.source
    context: dict[str, Any] = {
        "wanted": wanted,
        "points": [(one.key, opening.said(one.title)) for one in found.control_points()],
        "directions": [(key, opening.said(title)) for key, title in source.direction_titles.items()],
        "classes": [(key, opening.said(title)) for key, title in source.class_titles.items()],
        "ways": [(key, _(word)) for key, word in BY_WORDS.items()],
        "source": source,
        "attribution": opening.said(source.attribution),
        "licence": opening.said(source.licence),
        "note": opening.said(source.note),
        "imported": [one.name for one in found.origins],
        "covered": next(one for one in found.control_points() if one.key == wanted.point),
        "simulate": opening.scenario_of_days(wanted.point) if sides_planned(request.user) else "",
    }
    try:
        context |= _shown(found, wanted, request.GET.get("page", ""))
    except InputError as error:
        context["problem"] = mistake_text(error)
        return render(request, "lab/traffic.html", context, status=400)
    return render(request, "lab/traffic.html", context)


def _shown(found: DailyTraffic, wanted: Wanted, asked_page: str) -> dict[str, Any]:
    table = rows_of(found, wanted)
    pages = max(-(-len(table) // A_PAGE), 1)
    page = min(max(int(asked_page), 1), pages) if asked_page.isdecimal() and len(asked_page) < 6 else 1  # noqa: PLR2004 - digits
    return {
        "chart": _chart(found, wanted),
        "statistics": [_told(found, one) for one in _statistics(found, wanted)],
        "head": head_of(found, wanted),
        "rows": [
            {
                "date": row["period"],
                "period": period_text(row["period"], wanted.by),
                "cells": [answers.number(one) for one in row["cells"]],
            }
            for row in table[(page - 1) * A_PAGE : page * A_PAGE]
        ],
        "page": page,
        "pages": pages,
        "count": len(table),
        "dated": wanted.by == "day",
    }


def _statistics(found: DailyTraffic, wanted: Wanted) -> tuple[Statistic, ...]:
    return found.statistics(
        [wanted.point],
        [wanted.direction] if wanted.direction else (),
        wanted.first,
        wanted.last,
        classes=[wanted.passengers] if wanted.passengers else (),
    )


def _told(found: DailyTraffic, one: Statistic) -> dict[str, str]:
    source = found.source
    direction = source.direction_titles.get(one.direction)
    passengers = source.class_titles.get(one.passenger_class)
    return {
        "direction": opening.said(direction) if direction else _("Both directions"),
        "passengers": opening.said(passengers) if passengers else _("All passengers"),
        "days": answers.number(one.days),
        "mean": answers.number(one.mean),
        "median": answers.number(one.median),
        "p95": answers.number(one.p95),
        "greatest": answers.number(one.greatest),
        "greatest_on": date_text(one.greatest_on, active_language()),
    }


def columns_of(found: DailyTraffic, wanted: Wanted) -> list[tuple[str, str]]:
    """Return the columns of the table: (direction, class), or the total of a direction."""
    directions = [wanted.direction] if wanted.direction else list(found.source.directions)
    kinds = [wanted.passengers] if wanted.passengers else [*found.source.classes, "total"]
    return [(direction, kind) for direction in directions for kind in kinds]


def head_of(found: DailyTraffic, wanted: Wanted) -> list[str]:
    """Return what the columns are called."""
    titles, ways = found.source.class_titles, found.source.direction_titles
    return [
        _("{direction}: {passengers}").format(
            direction=opening.said(ways[direction]),
            passengers=opening.said(titles[kind]) if kind in titles else _("all passengers"),
        )
        for direction, kind in columns_of(found, wanted)
    ]


def rows_of(found: DailyTraffic, wanted: Wanted) -> list[dict[str, Any]]:
    """Return the table: a row for each period, the latest first, with the mean passengers a day of each column."""
    frame = found.series(
        [wanted.point],
        [wanted.direction] if wanted.direction else (),
        wanted.first,
        wanted.last,
        by=wanted.by,  # type: ignore[arg-type]  # read_wanted knows the ways
        classes=[wanted.passengers] if wanted.passengers else (),
    )
    columns = columns_of(found, wanted)
    rows: dict[Any, dict[tuple[str, str], float]] = {}
    for row in frame.iter_rows(named=True):
        cells = rows.setdefault(row["period"], {})
        for direction, kind in columns:
            if direction == row["direction"]:
                cells[direction, kind] = row[kind]
    listed = [{"period": period, "cells": [cells.get(one) for one in columns]} for period, cells in rows.items()]
    return listed if wanted.by == "weekday" else listed[::-1]


def period_text(period: Any, by: str) -> str:
    """Return a period in words: a day, the week from one, a month, a day of the week."""
    if by == "weekday":
        return _(WEEKDAY_WORDS[period - 1])
    if by == "month":
        return str(format_skeleton("yMMMM", period, locale=locale(active_language())))
    told = date_text(period, active_language())
    return _("week from {day}").format(day=told) if by == "week" else told


def _chart(found: DailyTraffic, wanted: Wanted) -> Any:
    """Draw the days of each direction, whatever the table shows."""
    ways = [wanted.direction] if wanted.direction else list(found.source.directions)
    frame = found.series(
        [wanted.point], ways, wanted.first, wanted.last, classes=[wanted.passengers] if wanted.passengers else ()
    )
    days = sorted(set(frame["period"]))
    series = {}
    for way in ways:
        counted = {row["period"]: row["total"] for row in frame.iter_rows(named=True) if row["direction"] == way}
        series[opening.said(found.source.direction_titles[way])] = [counted.get(day) for day in days]
    steps: dict[str, Step] = {"week": "week", "month": "month"}
    return charts.traffic_series(days, series, source=opening.said(found.source.attribution), step=steps.get(wanted.by))


@require_safe
def traffic_csv(request: HttpRequest) -> HttpResponse | StreamingHttpResponse:
    """Give what the page shows as CSV, with its source in the first line."""
    found = opening.daily_traffic()
    wanted = read_wanted(found, request.GET)
    try:
        rows = rows_of(found, wanted)
    except InputError as error:
        return HttpResponse(mistake_text(error), status=400, content_type="text/plain; charset=utf-8")
    head = [wanted.by, *(f"{direction} {kind}" for direction, kind in columns_of(found, wanted))]
    lines = chain([[f"# {opening.said(found.source.attribution)}"], head], _lines(rows))
    response = StreamingHttpResponse(_written(lines), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{wanted.point}.csv"'
    return response


def _lines(rows: list[dict[str, Any]]) -> Iterator[list[Any]]:
    for row in rows:
        cells = ["" if one is None else round(one, 3) for one in row["cells"]]
        yield [row["period"], *(int(one) if one != "" and one == int(one) else one for one in cells)]


class _Echo:
    """Gives back what is written to it."""

    def write(self, text: str) -> str:
        return text


def _written(lines: Iterator[list[Any]]) -> Iterator[str]:
    writer = csv.writer(_Echo())
    yield "\ufeff"  # so that Excel reads it as UTF-8
    for line in lines:
        yield writer.writerow(line)
