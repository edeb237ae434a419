"""From a document with every value in its place to the scenario; every mistake is one line with its place and remedy.

What the schema cannot say is checked here.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from riverloop.core.kernel.sources import Source
from riverloop.core.kernel.words import N_
from riverloop.core.queueing.arrivals import HOUR_SECONDS
from riverloop.core.queueing.network import PassengerClass, Pledge, Scenario, Station, Step, in_one_language
from riverloop.core.queueing.plan import make_plan
from riverloop.core.queueing.reading import (
    Entry,
    check_entries,
    check_least,
    check_most,
    check_name,
    read_outages,
    read_station,
    read_text,
)
from riverloop.core.queueing.reading_arrivals import read_arrivals
from riverloop.core.queueing.refusals import ScenarioError
from riverloop.core.queueing.rosters import DAY_SECONDS

if TYPE_CHECKING:
    from riverloop.core.queueing.real_traffic import Traffic

DEFAULT_REPLICATIONS = 10
_WARM_UP_SHARE = 0.05
_ONE_CLASS = "passenger"


def build_scenario(source: Source, traffic: Traffic | None = None) -> Scenario:
    """Build the scenario of a document.

    Args:
        source: of the schema, without parameters, designs and cases.
        traffic: where real days are from; None where there are none.

    Raises:
        InputError: it says something that cannot be simulated.
    """
    raw = source.value
    class_names = list(raw.get("classes", {_ONE_CLASS: {}}))
    stations = _read_stations(source, class_names)
    classes = tuple(_read_class(source, name, stations) for name in class_names)
    factor = float(raw.get("demand_factor", 1))
    arrivals = read_arrivals(Entry(source, ("arrivals",)), raw["arrivals"], class_names, factor, traffic)
    scenario = Scenario(
        arrivals=arrivals,
        classes=classes,
        stations=stations,
        horizon_seconds=arrivals[0].horizon_seconds,
        days=max(len(stream.factors) for stream in arrivals),
        seed=int(raw.get("seed", 0)),
        replications=int(raw.get("replications", DEFAULT_REPLICATIONS)),
        pledge=Pledge(**raw.get("pledge", {})),
        stays_open=raw.get("after_close", "finish") == "finish",
        name=raw.get("name") or in_one_language(read_text(raw.get("title"))),
        area_per_waiting_m2=raw["area"]["per_waiting_m2"] if "area" in raw else None,
    )
    _check_size(source, scenario)
    scenario = _with_warm_up(source, scenario)
    try:
        make_plan(scenario)
    except ScenarioError as error:  # its message names the stations; the line is that of the first route
        error.where = source.where("route") if "route" in raw else source.where("classes")
        raise
    return scenario


_MOST_TABLES = 600
_MOST_DAYS = 1_000_000
_MOST_CHANGES = 200_000
_MOST_DEPARTURES = 2_000_000


def _check_size(source: Source, scenario: Scenario) -> None:
    """Refuse what is well-formed, and no machine can bear: what repeats itself through a long run, above all."""
    entry = Entry(source)
    check_entries(entry.into("classes"), len(scenario.classes), _MOST_TABLES // (len(scenario.stations) + 1))
    check_most(entry.into("replications"), scenario.replications, _MOST_DAYS // scenario.days)
    days = max(math.ceil(scenario.horizon_seconds / DAY_SECONDS), 1)
    for place, station in enumerate(scenario.stations):
        here = entry.into("stations", place)
        check_entries(here.into("roster"), len(station.shifts), max(_MOST_CHANGES // days, 1))
        if station.shuttle and station.shuttle.headway_seconds:
            least = days * DAY_SECONDS / _MOST_DEPARTURES
            check_least(here.into("shuttle", "headway_seconds"), station.shuttle.headway_seconds, least)


def _with_warm_up(source: Source, scenario: Scenario) -> Scenario:
    hours = source.value.get("warm_up_hours", _WARM_UP_SHARE * scenario.hours if scenario.steady else 0)
    if hours >= scenario.hours:
        raise Entry(source, ("warm_up_hours",)).refuse(
            "warm_up",
            N_("The warm-up of {hours} hours leaves nothing of {all} hours to measure. Shorten it."),
            hours=hours,
            all=scenario.hours,
        )
    return replace(scenario, warm_up_seconds=hours * HOUR_SECONDS)


# Stations --------------------------------------------------------------------------------------------------------


def _read_stations(source: Source, class_names: list[str]) -> tuple[Station, ...]:
    names = _station_names(source)
    stations = tuple(
        read_station(Entry(source, ("stations", place)), one, class_names, names)
        for place, one in enumerate(source.value["stations"])
    )
    _check_area(source, stations)
    return _with_side_outages(source, stations)


def _station_names(source: Source) -> list[str]:
    names: list[str] = []
    for place, raw in enumerate(source.value["stations"]):
        if raw["name"] in names:
            raise Entry(source, ("stations", place, "name")).refuse(
                "twice", N_('There are two stations "{name}". Rename one.'), name=raw["name"]
            )
        names.append(raw["name"])
    return names


def _check_area(source: Source, stations: tuple[Station, ...]) -> None:
    for place, station in enumerate(stations):
        if station.area_m2_per_channel and "area" not in source.value:
            raise Entry(source, ("stations", place, "area_m2_per_channel")).refuse(
                "area",
                N_(
                    "Nothing says how much room a waiting passenger takes. Add `area: {{per_waiting_m2: 1.2}}` to the "
                    "file, or take this out."
                ),
            )


def _with_side_outages(source: Source, stations: tuple[Station, ...]) -> tuple[Station, ...]:
    """Add the outages of a side to every station with channels of that side."""
    entry = Entry(source, ("side_outages",))
    raw = source.value.get("side_outages", [])
    sides = dict.fromkeys(side for station in stations if station.kind == "channels" for side in station.sides)
    for place, (one, outage) in enumerate(zip(raw, read_outages(entry, raw), strict=True)):
        check_name(entry.into(place), one["side"], sides, "side")
        stations = tuple(
            replace(station, outages=(*station.outages, outage))
            if station.kind == "channels" and one["side"] in station.sides and outage.lasts
            else station
            for station in stations
        )
    return stations


# Routes ----------------------------------------------------------------------------------------------------------


def _read_class(source: Source, name: str, stations: tuple[Station, ...]) -> PassengerClass:
    raw = source.value.get("classes", {}).get(name, {})
    entry = Entry(source, ("classes", name, "route") if "route" in raw else ("route",))
    route = raw.get("route", source.value.get("route"))
    if route is None:
        raise Entry(source, ("classes", name) if raw else ()).refuse(
            "route", N_('Nothing says where "{name}" goes. Add a route: a list of stations.'), name=name
        )
    steps = tuple(_read_step(entry.into(place), name, step, stations) for place, step in enumerate(route))
    _check_diversions(source, name, steps, stations)
    return PassengerClass(name, steps, int(raw.get("priority", 1)), read_text(raw.get("title")))


def _check_diversions(source: Source, class_name: str, steps: tuple[Step, ...], stations: tuple[Station, ...]) -> None:
    """Refuse a failure that sends somebody to where they may not be served."""
    numbers = {station.name: number for number, station in enumerate(stations)}
    ahead = [name for step in steps for name in step if stations[numbers[name]].serves(class_name)]
    seen: set[str] = set()
    while ahead:
        place = numbers[ahead.pop()]
        failure = stations[place].failure
        if failure is None or stations[place].name in seen:
            continue
        seen.add(stations[place].name)
        if not stations[numbers[failure.divert_to]].serves(class_name):
            raise _not_eligible(
                Entry(source, ("stations", place, "failure", "divert_to")), class_name, (failure.divert_to,)
            )
        ahead.append(failure.divert_to)


def _not_eligible(entry: Entry, class_name: str, step: Step) -> ScenarioError:
    return entry.refuse(
        "eligible",
        N_('"{name}" may use none of {stations}. Add a station for it, or list it under eligible.'),
        name=class_name,
        stations=", ".join(step),
    )


def _read_step(entry: Entry, class_name: str, raw: str | list[str], stations: tuple[Station, ...]) -> Step:
    step = (raw,) if isinstance(raw, str) else tuple(raw)
    by_name = {station.name: station for station in stations}
    for name in step:
        check_name(entry, name, list(by_name), "station")
    if len(step) > 1 and any(by_name[name].kind != "channels" for name in step):
        raise entry.refuse(
            "choice",
            N_("A walk or a shuttle is not chosen by its queue. Give it a step of its own."),
        )
    if not any(by_name[name].serves(class_name) for name in step):
        raise _not_eligible(entry, class_name, step)
    return step
