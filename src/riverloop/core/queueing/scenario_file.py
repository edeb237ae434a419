"""From the text of a scenario to what can be run; every mistake is one line with file, line and remedy.

The form is ``schema/scenario.schema.json``; what a schema cannot say is checked here.
"""

from __future__ import annotations

import json
from dataclasses import replace
from functools import lru_cache
from importlib import resources
from typing import Any

from riverloop.core.kernel.sources import Source, check_schema, read_yaml
from riverloop.core.queueing.arrivals import HOUR_SECONDS, Arrivals, Platoons
from riverloop.core.queueing.network import PassengerClass, Pledge, Scenario, Station, Step
from riverloop.core.queueing.plan import make_plan
from riverloop.core.queueing.reading import Entry, check_name, check_sum, read_station
from riverloop.core.queueing.refusals import ScenarioError

DEFAULT_REPLICATIONS = 10
_WARM_UP_SHARE = 0.05
_ONE_CLASS = "passenger"


@lru_cache(maxsize=1)
def scenario_schema() -> dict[str, Any]:
    """Return the JSON Schema of scenario files, for checks and editors."""
    text = resources.files("riverloop.core.queueing").joinpath("schema/scenario.schema.json").read_text("utf-8")
    read: dict[str, Any] = json.loads(text)
    return read


def read_scenario(text: str, *, name: str) -> Scenario:
    """Read a scenario file.

    Args:
        text: YAML.
        name: of the file, for messages.

    Raises:
        InputError: not YAML, not of the schema, or it says something that cannot be simulated.
    """
    return build_scenario(read_yaml(text, name=name))


def build_scenario(source: Source) -> Scenario:
    """Check a document as a whole and build the scenario.

    Raises:
        InputError: see ``read_scenario``.
    """
    if source.value is None:
        raise ScenarioError(
            "scenario.empty", "The file is empty. Give arrivals, stations and a route.", where=f"{source.name}:1"
        )
    check_schema(source, scenario_schema())
    raw = source.value
    class_names = list(raw.get("classes", {_ONE_CLASS: {}}))
    station_names = _station_names(source)
    stations = tuple(
        read_station(Entry(source).into("stations", place), one, class_names, station_names)
        for place, one in enumerate(raw["stations"])
    )
    classes = tuple(_read_class(source, name, stations) for name in class_names)
    arrivals, hours, days = _read_arrivals(source, class_names)
    scenario = Scenario(
        arrivals=arrivals,
        classes=classes,
        stations=stations,
        horizon_seconds=hours * HOUR_SECONDS,
        days=days,
        seed=raw.get("seed", 0),
        replications=raw.get("replications", DEFAULT_REPLICATIONS),
        pledge=Pledge(**raw.get("pledge", {})),
        stays_open=raw.get("after_close", "finish") == "finish",
        name=raw.get("name", ""),
    )
    scenario = _with_warm_up(source, scenario)
    try:
        make_plan(scenario)
    except ScenarioError as error:  # its message names the stations; the line is that of the first route
        error.where = source.where("route") if "route" in raw else source.where("classes")
        raise
    return scenario


def _with_warm_up(source: Source, scenario: Scenario) -> Scenario:
    hours = source.value.get("warm_up_hours", _WARM_UP_SHARE * scenario.hours if scenario.steady else 0)
    if hours >= scenario.hours:
        raise (
            Entry(source)
            .into("warm_up_hours")
            .refuse(
                "warm_up",
                "The warm-up of {hours} hours leaves nothing of {all} hours to measure. Shorten it.",
                hours=hours,
                all=scenario.hours,
            )
        )
    return replace(scenario, warm_up_seconds=hours * HOUR_SECONDS)


def _station_names(source: Source) -> list[str]:
    names: list[str] = []
    for place, raw in enumerate(source.value["stations"]):
        if raw["name"] in names:
            raise (
                Entry(source)
                .into("stations", place, "name")
                .refuse(
                    "twice",
                    'There are two stations "{name}". Rename one.',
                    name=raw["name"],
                )
            )
        names.append(raw["name"])
    return names


# Routes ----------------------------------------------------------------------------------------------------------


def _read_class(source: Source, name: str, stations: tuple[Station, ...]) -> PassengerClass:
    raw = source.value.get("classes", {}).get(name, {})
    entry = Entry(source, ("classes", name, "route") if "route" in raw else ("route",))
    route = raw.get("route", source.value.get("route"))
    if route is None:
        raise Entry(source, ("classes", name) if raw else ()).refuse(
            "route", 'Nothing says where "{name}" goes. Add a route: a list of stations.', name=name
        )
    steps = tuple(_read_step(entry.into(place), name, step, stations) for place, step in enumerate(route))
    return PassengerClass(name, steps, raw.get("priority", 1))


def _read_step(entry: Entry, class_name: str, raw: str | list[str], stations: tuple[Station, ...]) -> Step:
    step = (raw,) if isinstance(raw, str) else tuple(raw)
    by_name = {station.name: station for station in stations}
    for name in step:
        check_name(entry, name, list(by_name), "station")
    if len(step) > 1 and any(by_name[name].kind != "channels" for name in step):
        raise entry.refuse(
            "choice",
            "A walk or a shuttle is not chosen by its queue. Give it a step of its own.",
        )
    if not any(by_name[name].serves(class_name) for name in step):
        raise entry.refuse(
            "eligible",
            '"{name}" may use none of {stations}. Add a station for it, or list it under eligible.',
            name=class_name,
            stations=", ".join(step),
        )
    return step


# Arrivals --------------------------------------------------------------------------------------------------------


def _read_arrivals(source: Source, classes: list[str]) -> tuple[tuple[Arrivals, ...], float, int]:
    """Return the streams, the hours in which passengers come, and how many days there are."""
    entry, raw = Entry(source, ("arrivals",)), source.value["arrivals"]
    many = [(entry.into(place), one) for place, one in enumerate(raw)] if isinstance(raw, list) else [(entry, raw)]
    hours = [_hours(here, one) for here, one in many]
    days = [_days(one) for _, one in many]
    for (here, _), own_hours, own_days in zip(many, hours, days, strict=True):
        if own_hours != hours[0] or own_days not in (1, max(days)):
            raise here.refuse(
                "arrivals",
                "The streams of passengers cover different times. Give all the same hours and the same days.",
            )
    factor = float(source.value.get("demand_factor", 1))
    streams = tuple(
        _read_stream(here, one, classes, factor, (place, hours[0])) for place, (here, one) in enumerate(many)
    )
    if not any(stream.expected(day) for stream in streams for day in range(max(days))):
        raise entry.refuse("arrivals", "Nobody comes: every rate is zero. Give a rate.")
    if len({stream.name for stream in streams}) < len(streams):
        raise entry.refuse("twice", "Two streams of passengers have one name. Rename one.")
    return streams, hours[0], max(days)


def _hours(entry: Entry, raw: dict[str, Any]) -> float:
    rates = raw.get("rate_per_hour")
    if "passengers_per_day" in raw:
        fixed = 24.0
    elif isinstance(rates, list):
        fixed = float(len(rates))
    else:
        return float(raw.get("hours", 24))
    if raw.get("hours", fixed) != fixed:
        raise entry.into("hours").refuse(
            "hours",
            "These arrivals cover {fixed} hours. Take `hours` out.",
            fixed=f"{fixed:g}",
        )
    return fixed


def _days(raw: dict[str, Any]) -> int:
    daily = raw.get("passengers_per_day")
    return len(daily) if isinstance(daily, list) else 1


def _read_stream(
    entry: Entry, raw: dict[str, Any], classes: list[str], factor: float, place_and_hours: tuple[int, float]
) -> Arrivals:
    place, hours = place_and_hours
    platoons = _read_platoons(entry, raw)
    given = [key for key in ("rate_per_hour", "passengers_per_day", "size") if key in raw]
    if len(given) != 1:
        raise entry.refuse(
            "arrivals",
            "Arrivals need one of rate_per_hour, passengers_per_day and (for platoons) size. Give exactly one.",
        )
    factors: tuple[float, ...] = (factor,)
    rates: tuple[float, ...] = (0.0,)
    if given[0] == "rate_per_hour":
        rate = raw["rate_per_hour"]
        rates = tuple(map(float, rate)) if isinstance(rate, list) else (float(rate),)
    elif given[0] == "passengers_per_day":
        daily = raw["passengers_per_day"]
        factors = tuple(factor * one for one in (daily if isinstance(daily, list) else [daily]))
        profile = raw.get("profile", [1.0])
        check_sum(entry.into("profile"), profile, "The shares of the profile")
        rates = tuple(share * len(profile) / hours for share in profile)
    if "profile" in raw and given[0] != "passengers_per_day":
        raise entry.into("profile").refuse(
            "profile",
            "A profile spreads passengers_per_day. Give that instead of {key}.",
            key=given[0],
        )
    return Arrivals(
        name=raw.get("name", f"arrivals-{place}" if place else "arrivals"),
        rates_per_hour=rates,
        horizon_seconds=hours * HOUR_SECONDS,
        factors=factors,
        shares=_read_shares(entry, raw, classes),
        platoons=platoons,
    )


def _read_platoons(entry: Entry, raw: dict[str, Any]) -> Platoons | None:
    together = raw.get("process", "poisson") == "platoons"
    for key in ("every_seconds", "spread_seconds", "size"):
        if key in raw and not together:
            raise entry.into(key).refuse(
                "platoons",
                "Only platoons have {key}. Write `process: platoons`, or take it out.",
                key=key,
            )
    if not together:
        return None
    if "every_seconds" not in raw:
        raise entry.refuse("platoons", "Platoons need every_seconds, the time between two of them. Add it.")
    return Platoons(float(raw["every_seconds"]), float(raw.get("spread_seconds", 0)), raw.get("size", 0))


def _read_shares(entry: Entry, raw: dict[str, Any], classes: list[str]) -> tuple[float, ...]:
    shares = raw.get("shares")
    if shares is not None:
        entry = entry.into("shares")
        for name in shares:
            check_name(entry, name, classes, "class")
    elif len(classes) == 1:
        return (1.0,)
    else:
        stated = entry.source.value["classes"]
        entry = Entry(entry.source, ("classes",))
        for name in classes:
            if "share" not in stated[name]:
                raise entry.into(name).refuse("shares", 'Nothing says how many are "{name}". Add a share.', name=name)
        shares = {name: stated[name]["share"] for name in classes}
    check_sum(entry, list(shares.values()), "The shares of the classes")
    return tuple(float(shares.get(name, 0)) for name in classes)
