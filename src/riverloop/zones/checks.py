"""What a zone file must agree on with itself, beyond its schema."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import NoReturn

from riverloop.core.kernel.errors import InputError, ZoneError, did_you_mean
from riverloop.core.kernel.instants import read_date, time_zone
from riverloop.core.kernel.schedules import ASSUMED
from riverloop.core.kernel.sources import Path, Source
from riverloop.zones import geometry
from riverloop.zones.zone import Park, ParkPart, Point, Zone

NEEDED_ROLES = ("immigration", "customs", "health", "data")
NEEDED_KINDS = ("referral", "refusal", "remedy", "permit", "request")
_NAMED_BY = {"two_officers": "act", "desk": "kind", "retention": "kind", "lead_times": "document"}
_SIDES = 2
_AREA_TOLERANCE = 0.005
_EDGE_TOLERANCE_M = 1.0


def check_sides(source: Source) -> None:
    """Check that there are two sides, before a zone is built from them.

    Raises:
        ZoneError: one side, more than two, or twice the same.
    """
    raw = source.value["sides"]
    if len(raw) != _SIDES:
        _refuse(
            source,
            ("sides",),
            "zone.sides",
            "A zone has exactly two sides; this has {count}. Name two.",
            count=len(raw),
        )
    if raw[0]["id"] == raw[1]["id"]:
        _refuse(
            source,
            ("sides", 1, "id"),
            "zone.sides",
            'Both sides are called "{side}". Give each its own id.',
            side=raw[0]["id"],
        )
    if raw[0]["accent"] == raw[1]["accent"]:
        _refuse(
            source,
            ("sides", 1, "accent"),
            "zone.accent",
            "Both sides have accent colour {accent}. Give one 1 and the other 2.",
            accent=raw[0]["accent"],
        )


def check_zone(zone: Zone, source: Source) -> None:
    """Check a zone in itself.

    Args:
        zone: built from ``source``.
        source: for the lines of mistakes.

    Raises:
        ZoneError: the first contradiction.
    """
    _check_unique(source)
    _check_dates(source)
    for place, side in enumerate(zone.sides):
        _check_time_zone(source, place, side.side.time_zone)
        _check_authorities(zone, source, place)
    _check_references(zone, source)
    _check_river(zone, source)
    for place, park in enumerate(zone.parks):
        _check_park(zone, source, place, park)
    _check_control_points(zone, source)
    _check_disclosures(zone, source)
    _check_retention(zone, source)
    _check_desk(zone, source)
    _check_lead_times(zone, source)
    _check_opening_hours(zone, source)


def _refuse(source: Source, path: Path, code: str, message: str, **parameters: object) -> NoReturn:
    raise ZoneError(code, message, where=source.where(*path), **parameters)


# Names and dates ----------------------------------------------------------------------------------


def _named(source: Source) -> Iterator[tuple[str, Path]]:
    """Yield every id that must be its own, under the list it belongs to."""
    value = source.value
    for key in ("references", "control_points", "bases", "figures"):
        for place, entry in enumerate(value[key]):
            yield f"{key}.{entry['id']}", (key, place, "id")
    for key, name in _NAMED_BY.items():
        for place, entry in enumerate(value[key]):
            yield f"{key}.{entry[name]}", (key, place, name)
    for place, park in enumerate(value["parks"]):
        yield f"parks.{park['id']}", ("parks", place, "id")
        for number, part in enumerate(park.get("parts", ())):
            yield f"parks.{part['id']}", ("parks", place, "parts", number, "id")
    for place, side in enumerate(value["sides"]):
        for number, authority in enumerate(side["authorities"]):
            yield f"authorities.{authority['id']}", ("sides", place, "authorities", number, "id")


def _check_unique(source: Source) -> None:
    seen: dict[str, Path] = {}
    for name, path in _named(source):
        if name in seen:
            _refuse(
                source,
                path,
                "zone.twice",
                '"{name}" is declared twice; first at {first}. Keep one, or rename one.',
                name=name.split(".", 1)[1],
                first=source.where(*seen[name]),
            )
        seen[name] = path


def _dated(source: Source) -> Iterator[tuple[str, Path]]:
    value = source.value
    yield value["read_on"], ("read_on",)
    for place, entry in enumerate(value["references"]):
        yield entry["published"], ("references", place, "published")
    for place, entry in enumerate(value["control_points"]):
        for number, expected in enumerate(entry.get("expected", ())):
            yield expected["when"], ("control_points", place, "expected", number, "when")
    for place, entry in enumerate(value["figures"]):
        if "as_of" in entry:
            yield entry["as_of"], ("figures", place, "as_of")


def _check_dates(source: Source) -> None:
    for when, path in _dated(source):
        try:
            read_date(f"{when}-01-01"[:10])
        except InputError:
            _refuse(
                source,
                path,
                "zone.date",
                '"{when}" is not a date that exists. Give a year, month or day, such as 2026-11-22.',
                when=when,
            )


# Sides --------------------------------------------------------------------------------------------


def _check_time_zone(source: Source, place: int, name: str) -> None:
    try:
        time_zone(name)
    except InputError as error:
        _refuse(source, ("sides", place, "time_zone"), error.code, error.message, **error.parameters)


def _check_authorities(zone: Zone, source: Source, place: int) -> None:
    side = zone.sides[place].side
    holders: dict[str, str] = {}
    for number, authority in enumerate(side.authorities):
        path = ("sides", place, "authorities", number)
        if authority.id.split(".")[0] != side.id:
            _refuse(
                source,
                (*path, "id"),
                "zone.authority",
                'The authority "{id}" stands under side {side}. Begin its id with "{side}.", or move it.',
                id=authority.id,
                side=side.id,
            )
        for role in authority.roles:
            if role in holders:
                _refuse(
                    source,
                    (*path, "roles"),
                    "zone.role",
                    "Both {one} and {other} have the role {role}. Give it to one of them.",
                    one=holders[role],
                    other=authority.id,
                    role=role,
                )
            holders[role] = authority.id
    lacking = [role for role in NEEDED_ROLES if role not in holders]
    if lacking:
        _refuse(
            source,
            ("sides", place, "authorities"),
            "zone.role",
            "Side {side} has no authority for {lacking}. Give each of these roles to one.",
            side=side.id,
            lacking=", ".join(lacking),
        )


# What is named elsewhere in the file --------------------------------------------------------------


def _cited(zone: Zone) -> Iterator[tuple[str, Path]]:
    listed: tuple[tuple[str, Sequence[tuple[str, ...]]], ...] = (
        ("parks", [park.references for park in zone.parks]),
        ("control_points", [point.references for point in zone.control_points]),
        ("figures", [figure.references for figure in zone.figures]),
    )
    for key, rows in listed:
        for place, names in enumerate(rows):
            for number, name in enumerate(names):
                yield name, (key, place, "references", number)
    for place, point in enumerate(zone.control_points):
        for number, expected in enumerate(point.expected):
            yield expected.reference, ("control_points", place, "expected", number, "reference")
        if point.traffic:
            yield point.traffic.reference, ("control_points", place, "traffic", "reference")


def _check_references(zone: Zone, source: Source) -> None:
    for name, path in _cited(zone):
        _check_known(source, path, "reference", name, zone.references)


def _check_known(source: Source, path: Path, kind: str, name: str, known: Iterable[str]) -> None:
    names = list(known)
    if name not in names:
        _refuse(
            source,
            path,
            f"zone.{kind}",
            'There is no {kind} "{name}".{hint} The file has {known}.',
            kind=kind,
            name=name,
            hint=did_you_mean(name, names),
            known=", ".join(names),
        )


def _check_disclosures(zone: Zone, source: Source) -> None:
    authorities = [authority.id for side in zone.sides for authority in side.side.authorities]
    for place, row in enumerate(zone.disclosures):
        _check_known(source, ("disclosure", place, "basis"), "basis", row.basis, zone.bases)
        for number, recipient in enumerate(row.recipients):
            _check_known(source, ("disclosure", place, "to", number), "authority", recipient, authorities)


def _check_desk(zone: Zone, source: Source) -> None:
    authorities = [authority.id for side in zone.sides for authority in side.side.authorities]
    for place, row in enumerate(zone.desk):
        _check_known(source, ("desk", place, "basis"), "basis", row.basis, ["assumed", *zone.bases])
        for one in row.authorities:
            _check_known(source, ("desk", place, "authorities", one), "authority", one, authorities)
    missing = [kind for kind in NEEDED_KINDS if kind not in {row.kind for row in zone.desk}]
    if missing:
        _refuse(
            source,
            ("desk",),
            "zone.desk",
            "Nothing is said of how soon these are to be answered: {missing}. Give each its working days.",
            missing=", ".join(missing),
        )


def _check_lead_times(zone: Zone, source: Source) -> None:
    """Check who gives each paper; whether the packs know it, and a measure named as basis, a test checks."""
    known = [side.id for side in zone.sides]
    known += [authority.id for side in zone.sides for authority in side.side.authorities]
    for place, row in enumerate(source.value["lead_times"]):
        _check_basis(zone, source, ("lead_times", place, "basis"), row["basis"])
        if "by" in row:
            _check_known(source, ("lead_times", place, "by"), "authority", row["by"], known)
        elif row["working_days"]:
            _refuse(
                source,
                ("lead_times", place),
                "zone.lead_time",
                "Nobody's working days count for {document}. Name an authority or a side under by:, or say 0 days.",
                document=row["document"],
            )


def _check_opening_hours(zone: Zone, source: Source) -> None:
    points = [point.id for point in zone.control_points]
    for place, row in enumerate(source.value["opening_hours"]):
        path = ("opening_hours", place)
        _check_basis(zone, source, (*path, "basis"), row["basis"])
        _check_known(source, (*path, "control_point"), "control_point", row["control_point"], points)
        if row["opens"] >= row["closes"]:
            _refuse(
                source,
                (*path, "closes"),
                "zone.hours",
                "It closes at {closes}, but opens at {opens}. Give two rows for hours that pass midnight.",
                opens=row["opens"],
                closes=row["closes"],
            )


def _check_basis(zone: Zone, source: Source, path: Path, basis: str) -> None:
    if "." not in basis:  # with a point in it, it is a measure of the packs
        _check_known(source, path, "reference", basis, [ASSUMED, *zone.references])


def _check_retention(zone: Zone, source: Source) -> None:
    for place, row in enumerate(zone.retention):
        _check_known(source, ("retention", place, "basis"), "basis", row.basis, zone.bases)


# The map ------------------------------------------------------------------------------------------


def _check_river(zone: Zone, source: Source) -> None:
    ids = [side.id for side in zone.sides]
    for bank in ("left", "right"):
        _check_known(source, ("river", bank), "side", getattr(zone.river, bank), ids)
    if zone.river.left == zone.river.right:
        _refuse(
            source,
            ("river", "right"),
            "zone.banks",
            "Both banks belong to {side}. Give each side one bank.",
            side=zone.river.left,
        )
    for number, (before, after) in enumerate(pairwise(zone.river.line), 1):
        if before == after:
            _refuse(
                source,
                ("river", "line", number),
                "zone.line",
                "The river's line stands still at {point}. Leave one of the two points out.",
                point=_spoken(after),
            )


def _check_park(zone: Zone, source: Source, place: int, park: Park) -> None:
    path: Path = ("parks", place)
    _check_known(source, (*path, "side"), "side", park.side, [side.id for side in zone.sides])
    _check_outline(source, path, park)
    _check_bank(zone, source, path, park)
    if not park.parts:
        return
    for number, part in enumerate(park.parts):
        _check_outline(source, (*path, "parts", number), part)
        _check_inside(source, (*path, "parts", number, "outline"), park, part)
    total = sum(part.area_m2 for part in park.parts)
    if _differs(total, park.area_m2):
        _refuse(
            source,
            (*path, "parts"),
            "zone.area",
            "The parts of {park} have {total:.0f} m² together, but it has {area:.0f} m². Mend either.",
            park=park.id,
            total=total,
            area=park.area_m2,
        )


def _differs(measured: float, stated: float) -> bool:
    return abs(measured - stated) > _AREA_TOLERANCE * stated


def _check_outline(source: Source, path: Path, land: Park | ParkPart) -> None:
    if geometry.crosses_itself(land.outline):
        _refuse(
            source,
            (*path, "outline"),
            "zone.outline",
            "The outline of {id} crosses or touches itself. List its corners in order.",
            id=land.id,
        )
    drawn = geometry.area(land.outline)
    if _differs(drawn, land.area_m2):
        _refuse(
            source,
            (*path, "area_m2"),
            "zone.area",
            "{id} is drawn with {drawn:.0f} m², but area_m2 says {stated:.0f}. Mend either, to within 0.5 %.",
            id=land.id,
            drawn=drawn,
            stated=land.area_m2,
        )


def _check_inside(source: Source, path: Path, park: Park, part: ParkPart) -> None:
    for number, corner in enumerate(part.outline):
        if not geometry.contains(park.outline, corner, tolerance=_EDGE_TOLERANCE_M):
            _refuse(
                source,
                (*path, number),
                "zone.part",
                "The corner {corner} of {part} lies outside {park}. Move it inside.",
                corner=_spoken(corner),
                part=part.id,
                park=park.id,
            )


def _check_bank(zone: Zone, source: Source, path: Path, park: Park) -> None:
    river = zone.river
    if geometry.clearance(park.outline, river.line) < river.width_m / 2:
        _refuse(
            source,
            (*path, "outline"),
            "zone.river",
            "The outline of {park} reaches into the river. Keep it {half:g} m from the river's line.",
            park=park.id,
            half=river.width_m / 2,
        )
    bank = river.left if geometry.is_left(park.outline[0], river.line) else river.right
    if bank != park.side:
        _refuse(
            source,
            (*path, "outline"),
            "zone.bank",
            "{park} belongs to {side}, but lies on the bank of {bank}. Move it, or change its side.",
            park=park.id,
            side=park.side,
            bank=bank,
        )


def _check_control_points(zone: Zone, source: Source) -> None:
    corners = [corner for park in zone.parks for corner in park.outline] + list(zone.river.line)
    for place, point in enumerate(zone.control_points):
        path = ("control_points", place)
        if point.position and not _in_frame(point.position, corners):
            _refuse(
                source,
                (*path, "position"),
                "zone.position",
                "The control point {id} lies off the map at {position}. Move it, or write position: null.",
                id=point.id,
                position=_spoken(point.position),
            )
        for direction in point.traffic.per_day if point.traffic else ():
            known = zone.boundary.directions
            _check_known(source, (*path, "traffic", "per_day", direction), "direction", direction, known)


def _in_frame(position: Point, corners: Sequence[Point]) -> bool:
    xs, ys = [corner[0] for corner in corners], [corner[1] for corner in corners]
    return min(xs) <= position[0] <= max(xs) and min(ys) <= position[1] <= max(ys)


def _spoken(point: Point) -> str:
    return f"[{point[0]:g}, {point[1]:g}]"
