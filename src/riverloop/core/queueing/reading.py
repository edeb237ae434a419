"""Parts of a scenario file: instants, distributions, rosters, stations; each mistake with its line."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from riverloop.core.kernel.errors import did_you_mean
from riverloop.core.kernel.sources import Source, in_short
from riverloop.core.kernel.words import N_
from riverloop.core.queueing.distributions import (
    Deterministic,
    Distribution,
    Empirical,
    Exponential,
    Gamma,
    LogNormal,
)
from riverloop.core.queueing.network import Failure, Shuttle, Station, Text
from riverloop.core.queueing.refusals import ScenarioError
from riverloop.core.queueing.rosters import DAY_SECONDS, Outage, Shift

_HOUR = 3600.0
SUM_TOLERANCE = 1e-6


@dataclass(frozen=True, slots=True)
class Entry:
    """A value of a scenario file that knows where it stands.

    Args:
        source: the file.
        path: keys and places that lead to the value.
    """

    source: Source
    path: tuple[str | int, ...] = ()

    def into(self, *path: str | int) -> Entry:
        """Return what stands further in."""
        return Entry(self.source, self.path + path)

    def refuse(self, code: str, message: str, **parameters: object) -> ScenarioError:
        """Return an error that names the line of this value."""
        return ScenarioError(f"scenario.{code}", message, where=self.source.where(*self.path), **parameters)


def check_sum(entry: Entry, shares: list[float], message: str) -> None:
    """Refuse shares that do not sum to one.

    Args:
        entry: where they stand.
        shares: numbers.
        message: what to say; ``{total}`` in it is what they sum to.
    """
    total = math.fsum(shares)
    if abs(total - 1) > SUM_TOLERANCE:
        raise entry.refuse("shares", message, total=f"{total:.6g}")


def check_most(entry: Entry, value: float, most: float) -> None:
    """Refuse a number that no run can bear."""
    if value > most:
        raise entry.refuse(
            "limit", N_("{name}: {value} is greater than {limit}. Give {limit} or less."), **_limit(entry, value, most)
        )


def check_least(entry: Entry, value: float, least: float) -> None:
    """Refuse a number so small that no run can bear it."""
    if value < least:
        raise entry.refuse(
            "limit", N_("{name}: {value} is less than {limit}. Give {limit} or more."), **_limit(entry, value, least)
        )


def check_entries(entry: Entry, count: int, most: int) -> None:
    """Refuse more of something than a run can bear."""
    if count > most:
        raise entry.refuse(
            "limit", N_("{name} has too many entries. Give {limit} or fewer."), **_limit(entry, count, most)
        )


def _limit(entry: Entry, value: float, limit: float) -> dict[str, str]:
    return {"name": ".".join(map(str, entry.path)), "value": in_short(float(f"{value:.6g}")), "limit": f"{limit:.10g}"}


def check_name(entry: Entry, name: str, known: Iterable[str], what: str) -> None:
    """Refuse a name that nothing has.

    Args:
        entry: where it stands.
        name: what was written.
        known: names that there are.
        what: is named so: one of ``UNKNOWN``.
    """
    known = list(known)
    if name not in known:
        raise entry.refuse(
            f"unknown_{what}",
            UNKNOWN[what],
            name=name,
            hint=did_you_mean(name, known),
            known=", ".join(known[:_MOST_TOLD]) + (", …" if len(known) > _MOST_TOLD else "") or "–",
        )


_MOST_TOLD = 20
UNKNOWN = {
    "station": N_('There is no station "{name}".{hint} There are {known}.'),
    "class": N_('There is no class "{name}".{hint} There are {known}.'),
    "direction": N_('There is no direction "{name}".{hint} There are {known}.'),
    "parameter": N_('There is no parameter "{name}".{hint} There are {known}.'),
    "design": N_('There is no design "{name}".{hint} There are {known}.'),
    "case": N_('There is no case "{name}".{hint} There are {known}.'),
    "side": N_('No station is of the side "{name}".{hint} There are {known}.'),
}


def seconds_of(value: str | float) -> float:
    """Return the seconds of ``HH:MM``, or of a number of hours."""
    if isinstance(value, str):
        hours, minutes = value.split(":")
        return int(hours) * _HOUR + int(minutes) * 60
    return value * _HOUR


def read_text(raw: str | Mapping[str, str] | None) -> Text:
    """Read a text of one language or of several."""
    if raw is None:
        return {}
    return {"": raw} if isinstance(raw, str) else dict(raw)


def read_stages(entry: Entry, raw: Any) -> tuple[Distribution, ...]:
    """Read a service: one distribution, or a list of them, one a stage."""
    if isinstance(raw, list):
        return tuple(read_distribution(entry.into(place), one) for place, one in enumerate(raw))
    return (read_distribution(entry, raw),)


def read_distribution(entry: Entry, raw: dict[str, Any]) -> Distribution:
    """Read how long something takes."""
    kind = raw["distribution"].replace("-", "")
    taken = {"distribution", *_KEYS[kind]}
    for key in raw:
        if key not in taken:
            raise entry.into(key).refuse(
                "distribution",
                N_('A distribution "{kind}" takes no {key}. It takes {known}.'),
                kind=kind,
                key=key,
                known=", ".join(_KEYS[kind]),
            )
    if kind == "empirical":
        return _read_empirical(entry, raw)
    seconds = raw.get("seconds") if kind == "deterministic" else None
    mean = raw.get("mean_seconds", seconds)
    if isinstance(mean, list) or mean is None or (mean == 0 and kind != "deterministic"):
        raise entry.refuse(
            "distribution",
            N_('A distribution "{kind}" needs mean_seconds above zero. Give it.'),
            kind=kind,
        )
    if kind == "deterministic":
        return Deterministic(float(mean))
    if kind == "exponential":
        return Exponential(float(mean))
    return _read_spread(entry, kind, raw, float(mean))


_KEYS = {
    "deterministic": ("mean_seconds", "seconds"),
    "exponential": ("mean_seconds",),
    "lognormal": ("mean_seconds", "sd_seconds", "cv"),
    "gamma": ("mean_seconds", "sd_seconds", "cv", "shape"),
    "empirical": ("seconds", "weights"),
}


def _read_spread(entry: Entry, kind: str, raw: dict[str, Any], mean: float) -> Distribution:
    given = [key for key in ("sd_seconds", "cv", "shape") if key in raw]
    if len(given) != 1:
        raise entry.refuse(
            "distribution",
            N_('A distribution "{kind}" needs one of {known} beside mean_seconds. Give exactly one.'),
            kind=kind,
            known=", ".join(_KEYS[kind][1:]),
        )
    key, value = given[0], float(raw[given[0]])
    least, most = _SPREADS if key != "shape" else (_SPREADS[1] ** -2, _SPREADS[0] ** -2)
    scale = mean if key == "sd_seconds" else 1.0
    check_least(entry.into(key), value, least * scale)
    check_most(entry.into(key), value, most * scale)
    if kind == "lognormal":
        return LogNormal(mean, value if key == "sd_seconds" else value * mean)
    return Gamma(mean, {"shape": value, "cv": value**-2, "sd_seconds": (mean / value) ** 2}[key])


_SPREADS = (1e-4, 100.0)
"""Standard deviations over means between which a distribution still is one that can be drawn."""


def _read_empirical(entry: Entry, raw: dict[str, Any]) -> Empirical:
    seconds = raw.get("seconds")
    if not isinstance(seconds, list):
        raise entry.refuse("distribution", N_("An empirical distribution needs a list of seconds. Give what was seen."))
    weights = raw.get("weights", [1 / len(seconds)] * len(seconds))
    if len(weights) != len(seconds):
        raise entry.into("weights").refuse(
            "weights",
            N_("There are {weights} weights for {values} values. Give one for each."),
            weights=len(weights),
            values=len(seconds),
        )
    check_sum(entry.into("weights"), weights, N_("The weights sum to {total}, not to one. Mend them."))
    pairs = sorted(zip(map(float, seconds), map(float, weights), strict=True))
    return Empirical(tuple(value for value, _ in pairs), tuple(weight for _, weight in pairs))


def read_shifts(entry: Entry, raw: list[dict[str, Any]]) -> tuple[Shift, ...]:
    """Read a roster: a gap or an overlap is refused, since nobody would know who is there."""
    shifts: list[Shift] = []
    for place, one in enumerate(raw):
        shift = Shift(seconds_of(one["from"]), seconds_of(one["until"]), int(one["channels"]))
        here = entry.into(place)
        if not 0 <= shift.from_seconds < shift.until_seconds <= DAY_SECONDS:
            raise here.refuse(
                "shift",
                N_("A shift runs from {first} until {last}. Let it end after it begins, by 24:00 of the same day."),
                first=one["from"],
                last=one["until"],
            )
        if shifts and shift.from_seconds > shifts[-1].until_seconds:
            raise here.refuse(
                "roster_gap",
                N_(
                    "The roster has a gap: nothing is said of {first} until {last}. Give a shift with 0 channels there."
                ),
                first=raw[place - 1]["until"],
                last=one["from"],
            )
        if shifts and shift.from_seconds < shifts[-1].until_seconds:
            raise here.refuse(
                "roster_overlap",
                N_("The roster overlaps: one shift ends at {first}, and the next begins at {last}. Mend one of them."),
                first=raw[place - 1]["until"],
                last=one["from"],
            )
        shifts.append(shift)
    return tuple(shifts)


def read_outages(entry: Entry, raw: list[dict[str, Any]]) -> tuple[Outage, ...]:
    """Read when channels are out of order; one that ends as it begins is none, so that a parameter may say so."""
    outages = []
    for place, one in enumerate(raw):
        lost = int(one["channels"]) if "channels" in one else None
        outage = Outage(seconds_of(one["from"]), seconds_of(one["until"]), lost)
        if outage.from_seconds > outage.until_seconds:
            raise entry.into(place).refuse(
                "outage",
                N_("An outage runs from {first} until {last}. Let it end after it begins."),
                first=one["from"],
                last=one["until"],
            )
        outages.append(outage)
    return tuple(outages)


def read_station(entry: Entry, raw: dict[str, Any], classes: list[str], names: list[str]) -> Station:
    """Read one station."""
    kind = raw.get("kind", "shuttle" if "shuttle" in raw else "channels")
    _check_keys(entry, raw, kind)
    for key in ("eligible", "service_by_class"):
        for name in raw.get(key, ()):
            check_name(entry.into(key), name, classes, "class")
    service = read_stages(entry.into("service"), raw["service"])
    by_class = {
        name: read_stages(entry.into("service_by_class", name), one)
        for name, one in raw.get("service_by_class", {}).items()
    }
    for name, stages in by_class.items():
        if len(stages) != len(service):
            raise entry.into("service_by_class", name).refuse(
                "stages",
                N_("The service of {name} has {own} stages, and that of the others {others}. Give as many."),
                name=name,
                own=len(stages),
                others=len(service),
            )
    return Station(
        name=raw["name"],
        kind=kind,
        service=service,
        service_by_class=by_class,
        channels=int(raw.get("channels", 1)),
        shifts=read_shifts(entry.into("roster"), raw.get("roster", [])),
        outages=tuple(one for one in read_outages(entry.into("outages"), raw.get("outages", [])) if one.lasts),
        by_priority=raw.get("discipline") == "priority",
        eligible=tuple(raw.get("eligible", ())),
        failure=_read_failure(entry.into("failure"), raw.get("failure"), len(service), names, raw["name"]),
        shuttle=_read_shuttle(entry.into("shuttle"), raw["shuttle"]) if kind == "shuttle" else None,
        stream=raw.get("stream", ""),
        sides=_read_sides(raw.get("side", "")),
        staff_per_channel=float(raw.get("staff_per_channel", 1)),
        area_m2_per_channel=float(raw.get("area_m2_per_channel", 0)),
        title=read_text(raw.get("title")),
    )


def _read_sides(raw: str | list[str]) -> tuple[str, ...]:
    return tuple(raw) if isinstance(raw, list) else (raw,) if raw else ()


_ONLY_CHANNELS = (
    "channels",
    "roster",
    "discipline",
    "failure",
    "outages",
    "eligible",
    "staff_per_channel",
    "area_m2_per_channel",
)


def _check_keys(entry: Entry, raw: dict[str, Any], kind: str) -> None:
    lacking = [key for key in ("service", *(("shuttle",) if kind == "shuttle" else ())) if key not in raw]
    if kind == "channels" and "channels" not in raw and "roster" not in raw:
        lacking.append("channels")
    if lacking:
        raise entry.refuse(
            "station",
            N_('Station "{name}" lacks {key}. Add it.'),
            name=raw["name"],
            key=lacking[0],
        )
    refused = [*(_ONLY_CHANNELS if kind != "channels" else ()), *(("shuttle",) if kind != "shuttle" else ())]
    for key in refused:
        if key in raw:
            raise entry.into(key).refuse(
                "station",
                N_('Station "{name}" takes no {key}, since it is of kind {kind}. Take it out.'),
                name=raw["name"],
                key=key,
                kind=kind,
            )
    if "roster" in raw and "channels" in raw:
        raise entry.into("channels").refuse(
            "station",
            N_('Station "{name}" takes no channels, since it has a roster. Take them out.'),
            name=raw["name"],
        )


def _read_failure(entry: Entry, raw: dict[str, Any] | None, stages: int, names: list[str], own: str) -> Failure | None:
    if raw is None:
        return None
    check_name(entry.into("divert_to"), raw["divert_to"], names, "station")
    if raw["divert_to"] == own:
        raise entry.into("divert_to").refuse(
            "cycle", N_('Station "{name}" diverts to itself. Name another one.'), name=own
        )
    shares = raw["share"] if isinstance(raw["share"], list) else [0.0] * (stages - 1) + [raw["share"]]
    if len(shares) != stages:
        raise entry.into("share").refuse(
            "stages",
            N_("There are {shares} shares for {stages} stages. Give one for each, or one number for the last."),
            shares=len(shares),
            stages=stages,
        )
    return Failure(tuple(map(float, shares)), raw["divert_to"], float(raw.get("blocks_seconds", 0)))


def _read_shuttle(entry: Entry, raw: dict[str, Any]) -> Shuttle:
    timetable, filled = "headway_seconds" in raw, "round_trip_seconds" in raw
    if timetable == filled:
        raise entry.refuse(
            "shuttle",
            N_(
                "A shuttle runs by a timetable (headway_seconds) or when full (wait_at_most_seconds, "
                "round_trip_seconds). Give one of the two."
            ),
        )
    shuttle = Shuttle(
        capacity=int(raw["capacity"]),
        headway_seconds=float(raw.get("headway_seconds", 0)),
        first_seconds=seconds_of(raw.get("first", 0)),
        last_seconds=seconds_of(raw.get("last", 24)),
        wait_at_most_seconds=float(raw.get("wait_at_most_seconds", 0)),
        vehicles=int(raw.get("vehicles", 1)),
        round_trip_seconds=float(raw.get("round_trip_seconds", 0)),
    )
    if shuttle.first_seconds > shuttle.last_seconds:
        raise entry.refuse("shuttle", N_("The last departure is before the first. Mend one of them."))
    return shuttle
