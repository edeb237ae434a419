"""From the plain values of a zone file to a Zone; cheap, so that a checked file can be kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from riverloop.core.kernel.errors import ZoneError
from riverloop.core.kernel.schedules import WEEKDAYS, LeadTime, OpeningHours, read_minute
from riverloop.core.kernel.sides import Authority, Side
from riverloop.core.kernel.sources import Source
from riverloop.zones.zone import (
    Basis,
    ControlPoint,
    Disclosure,
    DueDays,
    Expected,
    Figure,
    Park,
    ParkPart,
    Point,
    Reference,
    Retention,
    River,
    Traffic,
    TwoOfficers,
    Zone,
    ZoneSide,
)

Raw = Mapping[str, Any]


def build_zone(source: Source) -> Zone:
    """Build the zone that a checked file describes.

    Args:
        source: what ``read_yaml`` returned, or a Source with the same value from a cache.

    Raises:
        ZoneError: the value is not that of a zone file.
    """
    try:
        return _zone(source.value, source.sha256)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ZoneError(
            "zone.shape",
            "This zone was never checked ({detail}). Read its file with check=True to see the mistake.",
            where=source.name,
            detail=str(error) or type(error).__name__,
        ) from None


def _zone(raw: Raw, sha256: str) -> Zone:
    one, other = (_side(side) for side in raw["sides"])
    return Zone(
        id=raw["id"],
        title=raw["title"],
        short_title=raw["short_title"],
        summary=raw["summary"],
        read_on=raw["read_on"],
        references={entry["id"]: _reference(entry) for entry in raw["references"]},
        sides=(one, other),
        schematic=raw["map"]["schematic"],
        map_note=raw["map"]["note"],
        river=_river(raw["river"]),
        parks=tuple(_park(park) for park in raw["parks"]),
        control_points=tuple(_control_point(point) for point in raw["control_points"]),
        bases={entry["id"]: _basis(entry) for entry in raw["bases"]},
        disclosures=tuple(_disclosure(row) for row in raw["disclosure"]),
        assume=tuple(raw["assume"]),
        two_officers=tuple(TwoOfficers(entry["act"], entry["title"]) for entry in raw["two_officers"]),
        desk=tuple(_due_days(row) for row in raw["desk"]),
        retention=tuple(_retention(row) for row in raw["retention"]),
        lead_times={row["document"]: _lead_time(row) for row in raw["lead_times"]},
        opening_hours=_opening_hours(raw["opening_hours"]),
        figures=tuple(_figure(entry) for entry in raw["figures"]),
        note=raw.get("note"),
        sha256=sha256,
    )


def _reference(raw: Raw) -> Reference:
    return Reference(raw["id"], raw["title"], raw["published"], raw["verified"], raw.get("url", ""))


def _side(raw: Raw) -> ZoneSide:
    authorities = tuple(
        Authority(entry["id"], entry["title"], tuple(entry.get("roles", ()))) for entry in raw["authorities"]
    )
    side = Side(raw["id"], raw["title"], raw["time_zone"], raw["calendar"], authorities)
    return ZoneSide(side, raw["currency"], raw["accent"])


def _points(raw: Sequence[Sequence[float]]) -> tuple[Point, ...]:
    return tuple((x, y) for x, y in raw)


def _river(raw: Raw) -> River:
    return River(raw["title"], _points(raw["line"]), raw["width_m"], raw["left"], raw["right"])


def _park(raw: Raw) -> Park:
    return Park(
        id=raw["id"],
        side=raw["side"],
        title=raw["title"],
        long_title=raw.get("long_title", raw["title"]),
        area_m2=raw["area_m2"],
        outline=_points(raw["outline"]),
        parts=tuple(
            ParkPart(part["id"], part["title"], part["area_m2"], _points(part["outline"]))
            for part in raw.get("parts", ())
        ),
        law=raw["law"],
        buildings=raw.get("buildings"),
        references=tuple(raw["references"]),
        synthetic=raw.get("synthetic", False),
    )


def _control_point(raw: Raw) -> ControlPoint:
    position, traffic = raw["position"], raw.get("traffic")
    return ControlPoint(
        id=raw["id"],
        title=raw["title"],
        status=raw["status"],
        design=raw["design"],
        position=(position[0], position[1]) if position else None,
        expected=tuple(Expected(entry["when"], entry["reference"]) for entry in raw.get("expected", ())),
        traffic=Traffic(traffic["year"], traffic["per_day"], traffic["reference"]) if traffic else None,
        note=raw.get("note"),
        references=tuple(raw["references"]),
        synthetic=raw.get("synthetic", False),
    )


def _basis(raw: Raw) -> Basis:
    return Basis(raw["id"], raw["text"], raw.get("measure", ""), raw["verified"])


def _disclosure(raw: Raw) -> Disclosure:
    return Disclosure(raw["step"], raw.get("flow"), tuple(raw["to"]), tuple(raw["fields"]), raw["basis"])


def _due_days(raw: Raw) -> DueDays:
    return DueDays(raw["kind"], raw["days"], raw.get("authorities", {}), raw["basis"])


def _retention(raw: Raw) -> Retention:
    ((unit, keep),) = raw["keep"].items()
    return Retention(raw["kind"], raw["title"], keep, unit, raw["from"], raw["basis"], raw.get("note"))


def _lead_time(raw: Raw) -> LeadTime:
    return LeadTime(raw.get("by", ""), raw["working_days"], raw["basis"])


def _opening_hours(rows: Sequence[Raw]) -> dict[str, tuple[OpeningHours, ...]]:
    read: dict[str, tuple[OpeningHours, ...]] = {}
    for row in rows:
        hours = OpeningHours(
            flows=tuple(row["flows"]),
            weekdays=frozenset(WEEKDAYS.index(day) for day in row.get("days", WEEKDAYS)),
            opens=read_minute(row["opens"]),
            closes=read_minute(row["closes"]),
            basis=row["basis"],
        )
        read[row["control_point"]] = (*read.get(row["control_point"], ()), hours)
    return read


def _figure(raw: Raw) -> Figure:
    return Figure(
        id=raw["id"],
        label=raw["label"],
        text=raw["text"],
        value=raw.get("value"),
        unit=raw.get("unit", ""),
        as_of=raw.get("as_of", ""),
        references=tuple(raw["references"]),
        synthetic=raw.get("synthetic", False),
    )
