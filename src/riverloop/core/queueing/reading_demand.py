"""Arrivals that are worked out: from who works where, or from the passengers counted on real days."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from riverloop.core.kernel.errors import InputError
from riverloop.core.kernel.words import N_
from riverloop.core.queueing.arrivals import Arrivals
from riverloop.core.queueing.demand import Demand, Group, Visit, WorkShift, demand_streams
from riverloop.core.queueing.network import Text
from riverloop.core.queueing.reading import Entry, read_text, seconds_of
from riverloop.core.queueing.real_traffic import Traffic, read_day_choice, traffic_streams

_TIMES = ("from", "until")
_WORDS = ("name", "direction", "back")


def read_demand(entry: Entry, raw: Mapping[str, Any], class_names: list[str]) -> list[Arrivals]:
    """Read ``demand``: one stream a direction."""
    stated = raw["demand"]
    demand = Demand(
        groups=tuple(_read_group(one) for one in stated.get("groups", ())),
        visits=tuple(Visit(**_named(one, _TIMES)) for one in stated.get("visits", ())),
        bin_minutes=int(stated.get("bin_minutes", Demand.bin_minutes)),
    )
    shares = raw.get("classes", {})
    return _placed(entry, "demand", lambda: demand_streams(raw["name"], demand, shares=shares, class_names=class_names))


def _read_group(raw: Mapping[str, Any]) -> Group:
    shifts = tuple(WorkShift(**_named(one, _TIMES)) for one in raw["shifts"])
    return Group(**(_named(raw, ()) | {"shifts": shifts}))


def _named(raw: Mapping[str, Any], times: tuple[str, ...]) -> dict[str, Any]:
    """Return what was stated by the names of the program: minutes instead of times of the day, numbers as such."""
    return {
        f"{key}_minutes" if key in times else key: seconds_of(one) / 60
        if key in times
        else one
        if key in _WORDS or isinstance(one, list)
        else float(one)
        for key, one in raw.items()
        if key != "note"
    }


def read_traffic(
    entry: Entry, raw: Mapping[str, Any], class_names: list[str], traffic: Traffic | None
) -> list[Arrivals]:
    """Read ``traffic``: one stream a class that was counted."""
    here, stated = entry.into("traffic"), raw["traffic"]
    if traffic is None:
        raise here.refuse("traffic", N_("There is no real traffic at hand here. State passengers_per_day instead."))
    choice = _placed(
        entry, "traffic", lambda: [read_day_choice(stated["day"], stated.get("from"), stated.get("until"))]
    )[0]
    counts = _placed(entry, "traffic", lambda: [traffic(stated["control_point"], stated["direction"], choice)])[0]
    streams = _placed(
        entry,
        "traffic",
        lambda: traffic_streams(
            raw["name"],
            counts,
            profile=raw.get("profile", [1.0]),
            shares=raw.get("classes", {}),
            class_names=class_names,
        ),
    )
    sources = ({"": counts.source}, *read_sources(raw))
    return [replace(stream, sources=sources) for stream in streams]


def read_sources(raw: Mapping[str, Any]) -> tuple[Text, ...]:
    """Read where a profile is from."""
    return (read_text(raw["profile_source"]),) if "profile_source" in raw else ()


_BESIDE = ("classes", "profile")


def _placed(entry: Entry, key: str, read: Callable[[], Iterable[Any]]) -> list[Any]:
    """Call what knows nothing of lines, and give its errors the line of what they name."""
    try:
        return list(read())
    except InputError as error:
        if "/" in error.where:  # a file of somebody else's
            raise
        path = [int(part) if part.isdigit() else part for part in error.where.split(".") if part]
        here = entry.into(*path) if path and path[0] in _BESIDE else entry.into(key, *path)
        error.where = here.source.where(*here.path)
        raise
