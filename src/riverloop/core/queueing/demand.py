"""Who comes, worked out from who works there: groups of commuters and trips between the parks, as stated.

Every number is an assumption of whoever writes the scenario file. What comes out is a stream of passengers for each
direction, whose total is the product of what was stated: nothing is fitted, rounded or drawn.

How it is computed stands in docs/algorithms/demand.md.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from riverloop.core.kernel.errors import did_you_mean
from riverloop.core.kernel.words import N_
from riverloop.core.queueing.arrivals import HOUR_SECONDS, Arrivals
from riverloop.core.queueing.refusals import ScenarioError

DAY_MINUTES = 1440
MOST_MINUTES = 720.0
_SUM_TOLERANCE = 1e-6

_NO_CLASS = N_('There is no class "{name}".{hint} There are {known}.')
_NO_DIRECTION = N_('There is no direction "{name}".{hint} There are {known}.')
_NO_SHARE = N_("{name} is {value}. A share lies between 0 and 1.")

Cumulative = Callable[[float], float]
"""The share of people who have come by a minute of the day; outside the day it goes on."""


@dataclass(frozen=True, slots=True)
class WorkShift:
    """When a share of a group works.

    Args:
        share: of the group, between 0 and 1; the shares of a group sum to one.
        from_minutes: minute of the day at which it begins, 0 to 1440.
        until_minutes: minute of the day at which it ends; before ``from_minutes`` it is the next day's.
    """

    share: float
    from_minutes: float
    until_minutes: float


@dataclass(frozen=True, slots=True)
class Group:
    """People who work in one place and live across, each of whom crosses there and back on a working day.

    Args:
        name: of the group.
        direction: in which they go to work.
        back: in which they come home.
        jobs: people, >= 0.
        share_living_across: of ``jobs``, between 0 and 1.
        share_listed: of those living across, who may use it.
        attendance: of those listed, who come to work on the day.
        share_using: of those present, who cross here and not elsewhere.
        shifts: when they work.
        minutes_before: minutes between arriving here and the beginning of the shift, 0 to 720.
        minutes_after: minutes between the end of the shift and arriving here, 0 to 720.
        spread_minutes: standard deviation of both, 0 to 720.
    """

    name: str
    direction: str
    back: str
    jobs: float
    share_living_across: float
    shifts: tuple[WorkShift, ...]
    share_listed: float = 1.0
    attendance: float = 1.0
    share_using: float = 1.0
    minutes_before: float = 0.0
    minutes_after: float = 0.0
    spread_minutes: float = 0.0

    @property
    def people(self) -> float:
        """How many cross each way on the day."""
        return self.jobs * self.share_living_across * self.share_listed * self.attendance * self.share_using


@dataclass(frozen=True, slots=True)
class Visit:
    """Trips in working hours, there and back on the same day.

    Args:
        name: of the trips.
        direction: in which they go.
        back: in which they come back.
        people: who might go, >= 0.
        trips_per_person_per_day: of those listed, >= 0.
        from_minutes: minute of the day at which the first goes; they go evenly until the last.
        until_minutes: minute of the day at which the last goes.
        share_listed: of ``people``, who may use it.
        stays_minutes: minutes between going and coming back, in the mean.
        spread_minutes: standard deviation of the stay, 0 to 720.
    """

    name: str
    direction: str
    back: str
    people: float
    trips_per_person_per_day: float
    from_minutes: float
    until_minutes: float
    share_listed: float = 1.0
    stays_minutes: float = 0.0
    spread_minutes: float = 0.0

    @property
    def trips(self) -> float:
        """How many cross each way on the day."""
        return self.people * self.share_listed * self.trips_per_person_per_day


@dataclass(frozen=True)  # without slots, so that the class tells its default
class Demand:
    """Who uses a crossing on a working day.

    Args:
        groups: of commuters.
        visits: trips in working hours.
        bin_minutes: minutes for which a rate holds; a divisor of the day.
    """

    groups: tuple[Group, ...] = ()
    visits: tuple[Visit, ...] = ()
    bin_minutes: int = 15

    @property
    def directions(self) -> tuple[str, ...]:
        """The directions in which anybody crosses, in the order in which they are named."""
        found: dict[str, None] = {}
        ways = [(one.direction, one.back) for one in self.groups] + [(one.direction, one.back) for one in self.visits]
        for way, back in ways:
            found |= {way: None, back: None}
        return tuple(found)

    def passengers(self, direction: str) -> float:
        """Return how many cross in a direction on the day: the sum of the products that were stated."""
        of_groups = (one.people for one in self.groups if direction in (one.direction, one.back))
        of_visits = (one.trips for one in self.visits if direction in (one.direction, one.back))
        return math.fsum((*of_groups, *of_visits))

    def by_bin(self, direction: str) -> tuple[float, ...]:
        """Return how many cross in a direction in each bin of the day; they sum to ``passengers``."""
        parts = [part for one in self.groups for part in _of_group(one, direction, self.bin_minutes)]
        parts += [part for one in self.visits for part in _of_visit(one, direction, self.bin_minutes)]
        bins = DAY_MINUTES // self.bin_minutes
        return tuple(math.fsum(part[place] for part in parts) for place in range(bins))


def demand_streams(
    name: str,
    demand: Demand,
    *,
    shares: Mapping[str, Mapping[str, float]],
    class_names: Sequence[str],
    demand_factor: float = 1.0,
) -> tuple[Arrivals, ...]:
    """Return one stream of passengers a direction, over a day of 24 hours.

    Args:
        name: of the streams: each is called ``<name>-<direction>``.
        demand: who crosses.
        shares: by direction, the share of each passenger class; they sum to one.
        class_names: the classes of the scenario, in its order.
        demand_factor: what all are multiplied with, > 0.

    Raises:
        ScenarioError: something was stated that cannot be; its ``where`` is the path below ``demand`` or ``classes``.
    """
    check_demand(demand)
    for direction in shares:
        _check_known(direction, demand.directions, _NO_DIRECTION, f"classes.{direction}")
    return tuple(
        Arrivals(
            name=f"{name}-{direction}",
            rates_per_hour=tuple(one * 60 / demand.bin_minutes for one in demand.by_bin(direction)),
            horizon_seconds=24 * HOUR_SECONDS,
            factors=(demand_factor,),
            shares=class_shares(shares.get(direction, {}), class_names, where=f"classes.{direction}"),
        )
        for direction in demand.directions
    )


def class_shares(given: Mapping[str, float], class_names: Sequence[str], *, where: str) -> tuple[float, ...]:
    """Return shares in the order of the classes; where there is but one class, nothing need be said.

    Raises:
        ScenarioError: an unknown class, or they do not sum to one.
    """
    if not given and len(class_names) == 1:
        return (1.0,)
    if not given:
        raise ScenarioError(
            "scenario.shares",
            N_("Nothing says of which classes these passengers are. Give the share of each; they sum to one."),
            where=where,
        )
    for name, share in given.items():
        _check_known(name, class_names, _NO_CLASS, f"{where}.{name}")
        if not 0 <= share <= 1:
            raise _refused(f"{where}.{name}", _NO_SHARE, name=name, value=f"{share:g}")
    _check_sum(given.values(), N_("The shares of the classes sum to {total}, not to one. Mend them."), where)
    return tuple(float(given.get(name, 0)) for name in class_names)


# What cannot be --------------------------------------------------------------------------------------------------


def check_demand(demand: Demand) -> None:
    """Refuse what no day can hold.

    Raises:
        ScenarioError: see ``demand_streams``.
    """
    if not 1 <= demand.bin_minutes <= DAY_MINUTES or DAY_MINUTES % demand.bin_minutes:
        raise _refused("bin_minutes", N_("A day does not divide into parts of {given} minutes. Give 15, 30 or 60."),
                       given=demand.bin_minutes)  # fmt: skip
    if not (demand.groups or demand.visits):
        raise _refused("", N_("Nobody is stated who would come. Give groups or visits."))
    for place, one in enumerate(demand.groups):
        _check_group(one, f"groups.{place}")
    for place, trips in enumerate(demand.visits):
        _check_visit(trips, f"visits.{place}")


def _check_group(one: Group, where: str) -> None:
    _check_ways(one, where)
    _check_at_least_zero(one, where, "jobs")
    _check_shares(one, where, "share_living_across", "share_listed", "attendance", "share_using")
    _check_minutes(one, where, "minutes_before", "minutes_after", "spread_minutes")
    if not one.shifts:
        raise _refused(f"{where}.shifts", N_('Nothing says when "{name}" works. Give a shift.'), name=one.name)
    for place, shift in enumerate(one.shifts):
        here = f"{where}.shifts.{place}"
        _check_shares(shift, here, "share")
        _check_clock(shift.from_minutes, f"{here}.from")
        _check_clock(shift.until_minutes, f"{here}.until")
        if shift.from_minutes == shift.until_minutes:
            raise _refused(here, N_("A shift ends when it begins. Give it another end."))
    shares = [shift.share for shift in one.shifts]
    _check_sum(shares, N_("The shares of the shifts sum to {total}, not to one. Mend them."), f"{where}.shifts")


def _check_visit(one: Visit, where: str) -> None:
    _check_ways(one, where)
    _check_at_least_zero(one, where, "people", "trips_per_person_per_day", "stays_minutes")
    _check_shares(one, where, "share_listed")
    _check_minutes(one, where, "spread_minutes")
    _check_clock(one.from_minutes, f"{where}.from")
    _check_clock(one.until_minutes, f"{where}.until")
    if one.from_minutes >= one.until_minutes:
        raise _refused(f"{where}.until", N_("The last goes before the first. Let `until` be after `from`."))
    if one.until_minutes + one.stays_minutes > DAY_MINUTES:
        raise _refused(f"{where}.stays_minutes",
                       N_("Who goes last comes back after the day. Let them stay shorter, or go earlier."))  # fmt: skip


def _check_ways(one: Group | Visit, where: str) -> None:
    if one.direction == one.back:
        raise _refused(f"{where}.back", N_('The way there and the way back are both "{way}". Name two.'), way=one.back)


def _check_at_least_zero(one: object, where: str, *names: str) -> None:
    for name in names:
        value = getattr(one, name)
        if not (math.isfinite(value) and value >= 0):
            raise _refused(
                f"{where}.{name}", N_("{name} is {value}. Give zero or more."), name=name, value=f"{value:g}"
            )


def _check_shares(one: object, where: str, *names: str) -> None:
    for name in names:
        value = getattr(one, name)
        if not 0 <= value <= 1:
            raise _refused(f"{where}.{name}", _NO_SHARE, name=name, value=f"{value:g}")


def _check_minutes(one: Group | Visit, where: str, *names: str) -> None:
    for name in names:
        value = getattr(one, name)
        if not 0 <= value <= MOST_MINUTES:
            raise _refused(f"{where}.{name}", N_("{name} is {value}. Give 0 to {most} minutes."), name=name,
                           value=f"{value:g}", most=f"{MOST_MINUTES:g}")  # fmt: skip


def _check_clock(minutes: float, where: str) -> None:
    if not 0 <= minutes <= DAY_MINUTES:
        raise _refused(where, N_("This is no time of a day. Give 00:00 to 24:00."))


def _check_sum(shares: Iterable[float], message: str, where: str) -> None:
    total = math.fsum(shares)
    if abs(total - 1) > _SUM_TOLERANCE:
        raise _refused(where, message, total=f"{total:.6g}")


def _check_known(name: str, known: Sequence[str], message: str, where: str) -> None:
    if name not in known:
        raise _refused(where, message, name=name, hint=did_you_mean(name, known), known=", ".join(known))


def _refused(where: str, message: str, **parameters: object) -> ScenarioError:
    return ScenarioError("scenario.demand", message, where=where, **parameters)


# From instants to bins -------------------------------------------------------------------------------------------


def _of_group(one: Group, direction: str, bin_minutes: int) -> list[list[float]]:
    """Return the commuters of each shift by bin, if they go in this direction."""
    found = []
    for shift in one.shifts:
        people, spread = one.people * shift.share, one.spread_minutes
        if direction == one.direction:
            there = _of_day(shift.from_minutes - one.minutes_before)
            found.append(_spread(people, _normal(there, spread), bin_minutes))
        if direction == one.back:
            home = _of_day(shift.until_minutes + one.minutes_after)
            found.append(_spread(people, _normal(home, spread), bin_minutes))
    return found


def _of_day(minutes: float) -> float:
    """Return a minute below the end of the day, to which the remainder of a hair before midnight is rounded up."""
    return minutes % DAY_MINUTES % DAY_MINUTES


def _of_visit(one: Visit, direction: str, bin_minutes: int) -> list[list[float]]:
    """Return the trips by bin, if they go in this direction."""
    first, last, stay = one.from_minutes, one.until_minutes, one.stays_minutes
    if direction == one.direction:
        return [_spread(one.trips, _even(first, last, 0.0), bin_minutes)]
    if direction == one.back:
        return [_spread(one.trips, _even(first + stay, last + stay, one.spread_minutes), bin_minutes)]
    return []


def _spread(people: float, cumulative: Cumulative, bin_minutes: int) -> list[float]:
    """Cut a distribution to the day, so that all of its people come, and give them by bin."""
    reached = [cumulative(float(edge)) for edge in range(0, DAY_MINUTES + 1, bin_minutes)]
    parts = [max(after - before, 0.0) for before, after in pairwise(reached)]
    whole = math.fsum(parts)
    return [people * (part / whole) for part in parts]


def _normal(mean: float, spread: float) -> Cumulative:
    if spread == 0:
        return lambda minute: float(minute > mean)
    return lambda minute: _phi((minute - mean) / spread)


def _even(first: float, last: float, spread: float) -> Cumulative:
    """Evenly between two minutes, plus a normal deviation."""

    def before(minute: float) -> float:
        """The integral of the normal distribution's cumulative one."""
        if spread == 0:
            return max(minute, 0.0)
        z = minute / spread
        return minute * _phi(z) + spread * math.exp(-z * z / 2) / math.sqrt(2 * math.pi)

    return lambda minute: (before(minute - first) - before(minute - last)) / (last - first)


def _phi(z: float) -> float:
    return math.erfc(-z / math.sqrt(2)) / 2
