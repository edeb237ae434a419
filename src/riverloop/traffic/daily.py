"""Passengers of control points, day by day: what came with Riverloop, and what was imported on top of it.

The columns of ``DailyTraffic.frame`` are ``date``, ``control_point``, ``direction``, one for each class of passengers,
and ``total``. A control point is named by its key in the source's file, and so are directions and classes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, get_args

import polars as pl

from riverloop.core.kernel.sides import Text
from riverloop.core.kernel.words import N_
from riverloop.core.queueing.real_traffic import Counts, DayChoice
from riverloop.traffic.refusals import TrafficError
from riverloop.traffic.sources import NO_CLASS, NO_CONTROL_POINT, NO_DIRECTION, Source, check_key, load_source
from riverloop.traffic.stored import Origin, merged, packaged, path_of, read_stored

By = Literal["day", "week", "month", "weekday"]
BY: tuple[By, ...] = get_args(By)
BOTH = "both"
TOTAL = "total"
_95 = 0.95


@dataclass(frozen=True, slots=True)
class Coverage:
    """What was counted of a control point.

    Args:
        key: of the control point.
        title: in three languages.
        first: the first day.
        last: the last day.
        days: how many days were counted.
        missing_days: how many lack between the first and the last.
        idle_days: how many were counted without a passenger: closed, mostly.
    """

    key: str
    title: Text
    first: date
    last: date
    days: int
    missing_days: int
    idle_days: int


@dataclass(frozen=True, slots=True)
class Statistic:
    """Passengers a day of one control point, direction and class, over a span.

    Args:
        control_point: its key.
        direction: its key, or ``both``: the two added up, day by day.
        passenger_class: its key, or ``total``.
        days: how many days were counted.
        mean: passengers a day.
        median: the number of a day that half of the days do not exceed: of two in the middle the lower.
        p95: the number of a day that 95% of the days do not exceed.
        greatest: passengers of the busiest day.
        greatest_on: that day; of equal ones the first.
    """

    control_point: str
    direction: str
    passenger_class: str
    days: int
    mean: float
    median: int
    p95: int
    greatest: int
    greatest_on: date


class DailyTraffic:
    """Counted passengers, to look at and to simulate with: it is a ``core.queueing.real_traffic.Traffic``.

    Args:
        source: whose table it is.
        frame: sorted by date, control point and direction; see the module.
        origins: files that were imported on top of what came with Riverloop.
    """

    def __init__(self, source: Source, rows: pl.DataFrame, origins: tuple[Origin, ...] = ()) -> None:
        self.source = source
        self.frame = rows.with_columns(pl.sum_horizontal(*source.classes).alias(TOTAL))
        self.origins = origins

    @classmethod
    def load(cls, folder: Path | None = None, *, source: str = "") -> DailyTraffic:
        """Return what is counted; reading it again costs nothing while nothing was imported.

        Args:
            folder: of imported rows (``traffic`` in the data folder); None for what came with Riverloop.
            source: whose table; without a name, the first that is bundled.

        Raises:
            TrafficError: the imported rows cannot be read.
        """
        of = load_source(source)
        return _loaded(of.id, folder, _state(path_of(folder, of)) if folder else None)

    # What there is -----------------------------------------------------------------------------------------------

    def control_points(self) -> tuple[Coverage, ...]:
        """Return what was counted of each control point, in the order of the source's file."""
        days = self.frame.group_by("control_point", "date").agg(pl.col(TOTAL).sum())
        found = days.group_by("control_point").agg(
            pl.col("date").min().alias("first"),
            pl.col("date").max().alias("last"),
            pl.len().alias("days"),
            (pl.col(TOTAL) == 0).sum().alias("idle_days"),
        )
        by_key = {row.pop("control_point"): row for row in found.iter_rows(named=True)}
        return tuple(
            Coverage(key=key, title=point.title, missing_days=_missing(by_key[key]), **by_key[key])
            for key, point in self.source.control_points.items()
            if key in by_key
        )

    def span(self) -> tuple[date, date]:
        """Return the first and the last day of all control points."""
        return self.frame["date"].min(), self.frame["date"].max()  # type: ignore[return-value]

    # Series and statistics ---------------------------------------------------------------------------------------

    def series(
        self,
        control_points: Sequence[str] = (),
        directions: Sequence[str] = (),
        first: date | None = None,
        last: date | None = None,
        *,
        by: By = "day",
        classes: Sequence[str] = (),
    ) -> pl.DataFrame:
        """Return passengers a day over time, or by the day of the week.

        Args:
            control_points: keys; without any, all.
            directions: keys; without any, both, each for itself.
            first: the first day; None for the first counted.
            last: the last day; None for the last counted.
            by: ``day``; ``week`` (from Monday) or ``month``, each by its first day, also where the span begins later;
                ``weekday`` from 1, Monday, to 7.
            classes: keys; without any, all.

        Returns:
            sorted rows of ``period`` (a date, or the number of a weekday), ``control_point``, ``direction``, the mean
            passengers a day of each class that was asked for, their ``total``, and ``days``, how many were counted.

        Raises:
            TrafficError: an unknown key, a span that ends before it begins, or nothing was counted in it.
        """
        if by not in BY:
            check_key(by, BY, N_('Days are not put together by "{key}".{hint} There are {known}.'))
        wanted = list(classes or self.source.classes)
        frame = self._chosen(control_points, directions, first, last, classes)
        grouped = frame.group_by(_period(by).alias("period"), "control_point", "direction", maintain_order=True).agg(
            pl.col(wanted).mean(), pl.len().alias("days")
        )
        rows = grouped.with_columns(pl.sum_horizontal(*wanted).alias(TOTAL)).select(
            "period", "control_point", "direction", *wanted, TOTAL, "days"
        )
        return rows.sort("period", "control_point", "direction")

    def statistics(
        self,
        control_points: Sequence[str] = (),
        directions: Sequence[str] = (),
        first: date | None = None,
        last: date | None = None,
        *,
        classes: Sequence[str] = (),
    ) -> tuple[Statistic, ...]:
        """Return mean, median, 95th percentile and busiest day, by control point, direction and class.

        Args:
            control_points: keys; without any, all.
            directions: keys, ``both`` among them; without any, each direction and both together.
            first: the first day; None for the first counted.
            last: the last day; None for the last counted.
            classes: keys, ``total`` among them; without any, each and the total.

        Raises:
            TrafficError: see ``series``.
        """
        ways = list(directions or (*self.source.directions, BOTH))
        kinds = list(classes or (*self.source.classes, TOTAL))
        of_ways, of_kinds = [one for one in ways if one != BOTH], [one for one in kinds if one != TOTAL]
        frame = self._chosen(control_points, () if BOTH in ways else of_ways, first, last, of_kinds)
        for one in of_ways:
            check_key(one, self.source.directions, NO_DIRECTION)
        points = [one for one in self.source.control_points if not control_points or one in control_points]
        return tuple(
            _statistic(days, kind, (point, way))
            for point in points
            for way in ways
            for days in [_days_of(frame.filter(pl.col("control_point") == point), way, kinds)]
            if days.height
            for kind in kinds
        )

    def _chosen(
        self,
        control_points: Sequence[str],
        directions: Sequence[str],
        first: date | None,
        last: date | None,
        classes: Sequence[str],
    ) -> pl.DataFrame:
        for given, known, message in (
            (control_points, self.source.control_points, NO_CONTROL_POINT),
            (directions, self.source.directions, NO_DIRECTION),
            (classes, self.source.classes, NO_CLASS),
        ):
            for one in given:
                check_key(one, known, message)
        if first and last and first > last:
            raise TrafficError("traffic.span", N_("The span ends before it begins. Mend one of its days."))
        frame = self.frame
        if control_points:
            frame = frame.filter(pl.col("control_point").is_in(list(control_points)))
        if directions:
            frame = frame.filter(pl.col("direction").is_in(list(directions)))
        found = frame.filter(pl.col("date").is_between(first or date.min, last or date.max))
        if found.is_empty():
            raise _nothing_counted(frame, control_points, first, last)
        return found

    # For a simulation --------------------------------------------------------------------------------------------

    def __call__(self, control_point: str, direction: str, choice: DayChoice) -> Counts:
        """Return the passengers of a control point in a direction, as a scenario file asks for them.

        Only days of which both directions are known count, so that both streams of a file have the same days.

        Raises:
            TrafficError: an unknown control point or direction, or nothing was counted on those days. Its ``where`` is
                the key of the scenario file that says so.
        """
        point = self.source.control_point(control_point)
        check_key(direction, self.source.directions, NO_DIRECTION, where="direction")
        on_a_date = choice.day if isinstance(choice.day, date) else None
        try:
            frame = self._chosen([control_point], (), on_a_date or choice.first, on_a_date or choice.last, ())
        except TrafficError as error:
            error.where = "day"
            raise
        days = _days_of(frame, BOTH, [TOTAL])
        if days.is_empty():
            raise TrafficError(
                "traffic.no_data",
                N_("Only one direction was counted on those days. Choose others."),
                where="day",
            )
        if choice.day in ("median", "peak"):
            days = days.filter(pl.col("date") == _day_of(days, str(choice.day)))
        own = _days_of(frame, direction, list(self.source.classes)).join(days.select("date"), on="date", how="semi")
        mean = choice.day == "mean"
        by_class = {
            name: (float(own[name].mean()),) if mean else tuple(map(float, own[name]))  # type: ignore[arg-type]
            for name in self.source.classes
        }
        return Counts(tuple(own["date"]), by_class, self._told(point.title["en"], direction, own["date"], mean=mean))

    def _told(self, title: str, direction: str, dates: pl.Series, *, mean: bool) -> str:
        way = self.source.direction_titles[direction]["en"].lower()
        span = f"{dates[0]}" if len(dates) == 1 else f"{dates[0]} to {dates[-1]}"
        about = f"{self.source.publisher['en']}, {self.source.title['en']}"
        return f"{about}: {title}, {way}, {'mean of ' if mean else ''}{span}"


def _state(path: Path) -> tuple[int, int, int] | None:
    """Return what changes when another file takes its place."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size


@lru_cache(maxsize=4)
def _loaded(source: str, folder: Path | None, _state: object) -> DailyTraffic:
    of = load_source(source)
    came = packaged(of)
    if folder is None:
        return DailyTraffic(of, came.rows)
    kept = read_stored(folder, of)
    return DailyTraffic(of, merged([came.rows, kept.rows]), kept.origins)


def _missing(coverage: dict[str, Any]) -> int:
    span: timedelta = coverage["last"] - coverage["first"]
    return span.days + 1 - int(coverage["days"])


def _period(by: By) -> pl.Expr:
    day = pl.col("date")
    if by == "weekday":
        return day.dt.weekday().cast(pl.Int32)
    return day if by == "day" else day.dt.truncate({"week": "1w", "month": "1mo"}[by])


def _days_of(frame: pl.DataFrame, direction: str, kinds: list[str]) -> pl.DataFrame:
    """Return the days of one control point with what each kind counts; ``both`` adds the directions up."""
    if direction != BOTH:
        return frame.filter(pl.col("direction") == direction).select("date", *kinds)
    added = frame.group_by("date").agg(pl.col(kinds).sum(), pl.len().alias("days")).sort("date")
    return added.filter(pl.col("days") == 2).select("date", *kinds)  # noqa: PLR2004 - both directions


def _statistic(days: pl.DataFrame, kind: str, of: tuple[str, str]) -> Statistic:
    counted = days[kind].sort()
    greatest = counted[-1]
    return Statistic(
        *of,
        kind,
        days=days.height,
        mean=float(counted.mean()),  # type: ignore[arg-type]
        median=counted[_rank(days.height, 0.5)],
        p95=counted[_rank(days.height, _95)],
        greatest=greatest,
        greatest_on=days.filter(pl.col(kind) == greatest)["date"][0],
    )


def _rank(count: int, share: float) -> int:
    """Return the place, from 0, of the least of ``count`` sorted numbers that this share does not exceed."""
    return max(math.ceil(count * share - 1e-9) - 1, 0)


def _day_of(days: pl.DataFrame, wanted: str) -> date:
    """Return the median or the peak day: of equal ones the first."""
    counted = days[TOTAL].sort()
    total = counted[-1] if wanted == "peak" else counted[_rank(days.height, 0.5)]
    found: date = days.filter(pl.col(TOTAL) == total)["date"][0]
    return found


def _nothing_counted(
    known: pl.DataFrame, control_points: Sequence[str], first: date | None, last: date | None
) -> TrafficError:
    what = ", ".join(control_points)
    if known.is_empty():
        return TrafficError(
            "traffic.no_data",
            N_('Nothing was ever counted of "{what}". Choose another control point.'),
            what=what,
        )
    known_first: date = known["date"].min()  # type: ignore[assignment]
    known_last: date = known["date"].max()  # type: ignore[assignment]
    return TrafficError(
        "traffic.no_data",
        N_(
            "Nothing was counted from {first} until {last}. Counted are {known_first} until {known_last}: choose days "
            "of that span."
        ),
        first=first or min(last or known_first, known_first),
        last=last or max(first or known_last, known_last),
        known_first=known_first,
        known_last=known_last,
    )
