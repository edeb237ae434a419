"""Real days as arrivals: counted passengers of a control point, spread over the day by a profile.

Where the numbers come from is no matter of the core: whoever opens a scenario file passes in a ``Traffic``.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal, Protocol

from riverloop.core.kernel.errors import did_you_mean
from riverloop.core.kernel.words import N_
from riverloop.core.queueing.arrivals import DAY_MINUTES, HOUR_SECONDS, PROFILE_PARTS, Arrivals
from riverloop.core.queueing.demand import class_shares
from riverloop.core.queueing.refusals import ScenarioError

Day = Literal["median", "peak", "mean", "all"]
DAYS: tuple[Day, ...] = ("median", "peak", "mean", "all")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_SUM_TOLERANCE = 1e-6


@dataclass(frozen=True, slots=True)
class DayChoice:
    """Which of the counted days is taken.

    Args:
        day: a date; or of a span the ``median`` or ``peak`` day by both directions together (so that both directions
            of a file come from one date: of two in the middle the lower, of equal ones the earliest), the ``mean``
            of all its days, or ``all`` of them one after the other.
        first: the first day of the span; None for the first that was counted.
        last: the last day of the span; None for the last that was counted.
    """

    day: Day | date
    first: date | None = None
    last: date | None = None


@dataclass(frozen=True, slots=True)
class Counts:
    """Passengers as counted.

    Args:
        dates: the days; where the mean was asked for, those over which it is taken.
        by_class: passengers a day of each traffic class, a number for each of ``dates``; one number for a mean.
        source: who counted what, and when, in one line.
    """

    dates: tuple[date, ...]
    by_class: Mapping[str, tuple[float, ...]]
    source: str


class Traffic(Protocol):
    """Gives counted passengers."""

    def __call__(self, control_point: str, direction: str, choice: DayChoice) -> Counts:
        """Return the passengers of a control point in a direction.

        Raises:
            InputError: the control point or direction is not known, or nothing was counted on those days.
        """
        ...


def read_day_choice(day: str, first: str | None = None, last: str | None = None) -> DayChoice:
    """Read which day is taken from the texts of a scenario file.

    Args:
        day: ``median``, ``peak``, ``mean``, ``all``, or a date as YYYY-MM-DD.
        first: the first day of the span, as YYYY-MM-DD.
        last: the last one.

    Raises:
        ScenarioError: its ``where`` is the key: ``day``, ``from`` or ``until``.
    """
    span = (_date_of(first, "from") if first else None, _date_of(last, "until") if last else None)
    if span[0] and span[1] and span[0] > span[1]:
        raise ScenarioError(
            "scenario.traffic", N_("The span ends before it begins. Mend one of its days."), where="until"
        )
    for name in DAYS:
        if day == name:
            return DayChoice(name, *span)
    if not _DATE.fullmatch(day):
        raise ScenarioError(
            "scenario.traffic",
            N_('"{day}" is no day.{hint} Give {known}, or a date such as 2025-05-01.'),
            where="day",
            day=day[:40],
            hint=did_you_mean(day, DAYS),
            known=", ".join(DAYS),
        )
    if any(span):
        raise ScenarioError(
            "scenario.traffic",
            N_("One date needs no span. Take `from` and `until` out, or ask for {known}."),
            where="from" if first else "until",
            known=", ".join(DAYS),
        )
    return DayChoice(_date_of(day, "day"))


def _date_of(text: str, key: str) -> date:
    try:
        if _DATE.fullmatch(text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise ScenarioError(
        "scenario.traffic", N_('"{text}" is no date. Write it as 2025-05-01.'), where=key, text=text[:40]
    )


def traffic_streams(
    name: str,
    counts: Counts,
    *,
    profile: Sequence[float],
    shares: Mapping[str, Mapping[str, float]],
    class_names: Sequence[str],
    demand_factor: float = 1.0,
) -> tuple[Arrivals, ...]:
    """Return one stream of passengers a traffic class, over days of 24 hours.

    Args:
        name: of the streams: each is called ``<name>-<traffic class>``.
        counts: passengers a day of each traffic class.
        profile: the share of a day's passengers in each of its equal parts; they sum to one.
        shares: by traffic class, the share of each passenger class; they sum to one.
        class_names: the classes of the scenario, in its order.
        demand_factor: what all are multiplied with, > 0.

    Raises:
        ScenarioError: something does not fit; its ``where`` is the path below ``profile`` or ``classes``.
    """
    _check_profile(profile)
    _check_classes(shares, counts)
    return tuple(
        Arrivals(
            name=f"{name}-{traffic_class}",
            rates_per_hour=tuple(share * len(profile) / 24 for share in profile),
            horizon_seconds=24 * HOUR_SECONDS,
            factors=tuple(demand_factor * one for one in counted),
            shares=class_shares(shares.get(traffic_class, {}), class_names, where=f"classes.{traffic_class}"),
        )
        for traffic_class, counted in counts.by_class.items()
    )


def _check_profile(profile: Sequence[float]) -> None:
    if not profile or any(not (math.isfinite(share) and share >= 0) for share in profile):
        raise ScenarioError(
            "scenario.profile", N_("A profile is a list of shares from 0 to 1. Give one."), where="profile"
        )
    if DAY_MINUTES % len(profile):
        raise ScenarioError("scenario.profile", PROFILE_PARTS, where="profile", count=len(profile))
    total = math.fsum(profile)
    if abs(total - 1) > _SUM_TOLERANCE:
        raise ScenarioError(
            "scenario.shares",
            N_("The shares of the profile sum to {total}, not to one. Mend them."),
            where="profile",
            total=f"{total:.6g}",
        )


def _check_classes(shares: Mapping[str, Mapping[str, float]], counts: Counts) -> None:
    known = list(counts.by_class)
    for name in shares:
        if name not in known:
            raise ScenarioError(
                "scenario.unknown_class",
                N_('No class "{name}" is counted.{hint} Those that are: {known}.'),
                where=f"classes.{name}",
                name=name,
                hint=did_you_mean(name, known),
                known=", ".join(known),
            )
    if shares:
        lacking = [name for name in known if name not in shares]
        if lacking:
            raise ScenarioError(
                "scenario.shares",
                N_("Nothing says of which classes the {lacking} are. Give their shares."),
                where="classes",
                lacking=lacking[0],
            )
