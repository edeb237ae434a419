"""A zone as its file tells it: sides, parks, a river, control points, what is disclosed and assumed."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from riverloop.core.kernel.errors import ZoneError, did_you_mean
from riverloop.core.kernel.schedules import LeadTime, OpeningHours, Schedule
from riverloop.core.kernel.sides import Boundary, Flow, Side, Text

Point = tuple[float, float]
Status = Literal["open", "planned", "proposed"]
Design = Literal["co_located", "two", "joint", "undecided"]
Step = Literal[
    "declare",
    "side_decision",
    "withdraw",
    "ask",
    "answer",
    "notify",
    "remedy",
    "endorse",
    "pass",
    "status",
    "cross",
    "cosign",
]
KeepUnit = Literal["years", "months", "days"]
Verified = Literal["primary", "secondary", "none"]


@dataclass(frozen=True, slots=True)
class Reference:
    """Where a statement of the zone file comes from.

    Args:
        id: name within the file.
        title: what it is, in three languages.
        published: year, month or date.
        verified: whether a person has read the primary text, a report of it, or nothing.
        url: its page, or empty.
    """

    id: str
    title: Text
    published: str
    verified: Verified
    url: str = ""


@dataclass(frozen=True, slots=True)
class ZoneSide:
    """One side of the zone.

    Args:
        side: the jurisdiction, as rules know it.
        currency: ISO 4217 code.
        accent: which of the two accent colours is its own.
    """

    side: Side
    currency: str
    accent: Literal[1, 2]

    @property
    def id(self) -> str:
        """Its short code."""
        return self.side.id

    @property
    def title(self) -> Text:
        """Its name in three languages."""
        return self.side.title


@dataclass(frozen=True, slots=True)
class River:
    """The water between the sides.

    Args:
        title: its name.
        line: metres, at least two points along its middle.
        width_m: metres, > 0.
        left: side on the left bank, looking from the first point to the last.
        right: side on the right bank.
    """

    title: Text
    line: tuple[Point, ...]
    width_m: float
    left: str
    right: str


@dataclass(frozen=True, slots=True)
class ParkPart:
    """A named part of a park.

    Args:
        id: name within the file.
        title: its name.
        area_m2: square metres.
        outline: metres, corners in order.
    """

    id: str
    title: Text
    area_m2: float
    outline: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Park:
    """One side's land.

    Args:
        id: name within the file.
        side: whose land it is.
        title: its short name.
        long_title: its full name; the short one if there is no other.
        area_m2: square metres.
        outline: metres, corners in order.
        parts: named parts; none, or all of it.
        law: which law holds there.
        buildings: what stands there, or None.
        references: ids of references.
        synthetic: whether it was made up, and is to be shown as such.
    """

    id: str
    side: str
    title: Text
    long_title: Text
    area_m2: float
    outline: tuple[Point, ...]
    parts: tuple[ParkPart, ...]
    law: Text
    buildings: Text | None
    references: tuple[str, ...]
    synthetic: bool = False


@dataclass(frozen=True, slots=True)
class Expected:
    """When somebody expects a control point to open.

    Args:
        when: year, month or date.
        reference: id of who says so.
    """

    when: str
    reference: str


@dataclass(frozen=True, slots=True)
class Traffic:
    """Passengers a day.

    Args:
        year: calendar year of the mean.
        per_day: passengers/day by direction.
        reference: id of the source.
    """

    year: int
    per_day: Mapping[str, int]
    reference: str


@dataclass(frozen=True, slots=True)
class ControlPoint:
    """A boundary crossing facility as planned or in use.

    Args:
        id: the code that rules and listings use.
        title: its name.
        status: open, planned or proposed.
        design: one co-located hall, two control points, joint clearance, or not decided.
        position: metres on the zone's map, or None if it lies off the map.
        expected: what is said of its opening; several may disagree.
        traffic: passengers, or None.
        note: what else to know, or None.
        references: ids of references.
        synthetic: whether it was made up, and is to be shown as such.
    """

    id: str
    title: Text
    status: Status
    design: Design
    position: Point | None
    expected: tuple[Expected, ...]
    traffic: Traffic | None
    note: Text | None
    references: tuple[str, ...]
    synthetic: bool = False


@dataclass(frozen=True, slots=True)
class Basis:
    """Why one side may tell the other, or why a thing is kept as long as it is.

    Args:
        id: name within the file.
        text: the reason, in three languages.
        measure: id of the measure it stands on, or empty.
        verified: what has been read of it.
    """

    id: str
    text: Text
    measure: str
    verified: Verified


@dataclass(frozen=True, slots=True)
class Disclosure:
    """One row of the disclosure table.

    Args:
        step: at which step it is told.
        flow: of which flow, or None for all.
        recipients: authorities that receive it.
        fields: facts, documents and parts of messages.
        basis: id of the basis.
    """

    step: Step
    flow: Flow | None
    recipients: tuple[str, ...]
    fields: tuple[str, ...]
    basis: str


@dataclass(frozen=True, slots=True)
class TwoOfficers:
    """An act that needs two officers.

    Args:
        act: its code.
        title: its name.
    """

    act: str
    title: Text


@dataclass(frozen=True, slots=True)
class DueDays:
    """How soon an authority is to answer one kind of matter.

    Args:
        kind: referral, refusal, remedy, permit or request.
        days: working days of the authority's side, > 0.
        authorities: days of those authorities that differ, by id.
        basis: id of the basis, or ``assumed``.
    """

    kind: str
    days: int
    authorities: Mapping[str, int]
    basis: str


@dataclass(frozen=True, slots=True)
class Retention:
    """How long one kind of thing is kept.

    Args:
        kind: the name by which an app knows what to delete.
        title: what it is.
        keep: how many of ``unit``, > 0.
        unit: calendar years or months, or days.
        starts: what the time is counted from.
        basis: id of the basis.
        note: what else to know, or None.
    """

    kind: str
    title: Text
    keep: int
    unit: KeepUnit
    starts: Text
    basis: str
    note: Text | None = None

    def before(self, now: datetime) -> datetime:
        """Return the instant before which what began to count is no longer kept.

        Args:
            now: aware; a day that the month found lacks becomes the month's last.
        """
        if self.unit == "days":
            return now - timedelta(days=self.keep)
        months = now.year * 12 + now.month - 1 - self.keep * (12 if self.unit == "years" else 1)
        year, month = divmod(months, 12)
        return now.replace(year=year, month=month + 1, day=min(now.day, monthrange(year, month + 1)[1]))


@dataclass(frozen=True, slots=True)
class Figure:
    """Something known of the zone, with where it comes from.

    Args:
        id: name within the file.
        label: what it says.
        text: the value as a person reads it.
        value: the value as a number, or None.
        unit: unit of ``value``: m2, people, organisations, percent, count or an ISO 4217 code.
        as_of: year, month or date for which it holds, or empty.
        references: ids of references.
        synthetic: whether it was made up, and is to be shown as such.
    """

    id: str
    label: Text
    text: Text
    value: float | None
    unit: str
    as_of: str
    references: tuple[str, ...]
    synthetic: bool = False


@dataclass(frozen=True, slots=True)
class Zone:
    """A zone that lies across a boundary.

    Args:
        id: short code.
        title: full name.
        short_title: name in running text.
        summary: one or two sentences.
        read_on: date on which its references were read.
        references: by id.
        sides: exactly two.
        schematic: whether outlines and positions are drawn, not surveyed.
        map_note: what the map says about that.
        river: the water between the sides.
        parks: at least one.
        control_points: facilities of the boundary.
        bases: by id.
        disclosures: what one side tells the other.
        assume: announced rules that count here, as a pilot.
        two_officers: acts that need two officers.
        desk: how soon each kind of matter is to be answered.
        retention: how long things are kept.
        lead_times: how long each document takes, by its name.
        opening_hours: of each control point for which any are stated.
        figures: what is known of the zone.
        note: what else to know about the file, or None.
        sha256: hash of the file, in hexadecimal.
    """

    id: str
    title: Text
    short_title: Text
    summary: Text
    read_on: str
    references: Mapping[str, Reference]
    sides: tuple[ZoneSide, ZoneSide]
    schematic: bool
    map_note: Text
    river: River
    parks: tuple[Park, ...]
    control_points: tuple[ControlPoint, ...]
    bases: Mapping[str, Basis]
    disclosures: tuple[Disclosure, ...]
    assume: tuple[str, ...]
    two_officers: tuple[TwoOfficers, ...]
    desk: tuple[DueDays, ...]
    retention: tuple[Retention, ...]
    lead_times: Mapping[str, LeadTime]
    opening_hours: Mapping[str, tuple[OpeningHours, ...]]
    figures: tuple[Figure, ...]
    note: Text | None
    sha256: str

    @property
    def boundary(self) -> Boundary:
        """The zone as rules need to know it."""
        one, other = self.sides
        return Boundary(self.id, (one.side, other.side), frozenset(self.assume))

    @property
    def currencies(self) -> tuple[str, ...]:
        """ISO 4217 codes in use, each once."""
        return tuple(dict.fromkeys(side.currency for side in self.sides))

    def side(self, side_id: str) -> ZoneSide:
        """Return the side with this id.

        Raises:
            InputError: the zone has no such side.
        """
        wanted = self.boundary.side(side_id).id
        return next(side for side in self.sides if side.id == wanted)

    def control_point(self, point_id: str) -> ControlPoint:
        """Return the control point with this id.

        Raises:
            ZoneError: the zone has no such control point.
        """
        known = {point.id: point for point in self.control_points}
        if point_id in known:
            return known[point_id]
        raise ZoneError(
            "zone.control_point",
            'Zone {zone} has no control point "{point}".{hint} It has {known}.',
            zone=self.id,
            point=point_id,
            hint=did_you_mean(point_id, known),
            known=", ".join(known),
        )

    def flows_through(self, point_id: str) -> frozenset[str]:
        """Return the flows that may pass a control point: those for which its opening hours are stated.

        Nothing passes one that is not open yet, or of which no hours are stated; data pass none.

        Raises:
            ZoneError: the zone has no such control point.
        """
        if self.control_point(point_id).status != "open":
            return frozenset()
        return frozenset(flow for row in self.opening_hours.get(point_id, ()) for flow in row.flows)

    def needs_two_officers(self, act: str) -> bool:
        """Say whether one officer alone may not do this."""
        return any(row.act == act for row in self.two_officers)

    def due_days(self, kind: str, authority: str) -> int:
        """Return the working days in which an authority is to answer a kind of matter.

        Raises:
            ZoneError: the file says nothing of this kind.
        """
        for row in self.desk:
            if row.kind == kind:
                return row.authorities.get(authority, row.days)
        raise ZoneError(
            "zone.due_days",
            'Zone {zone} says nothing of how soon a "{kind}" is to be answered. Add it under desk:.',
            zone=self.id,
            kind=kind,
        )

    def schedule(self, control_point: str = "") -> Schedule:
        """Return what is stated of time: lead times, answers, and the hours of a control point if one is given.

        Raises:
            ZoneError: the zone has no such control point.
        """
        authorities = [authority.id for side in self.sides for authority in side.side.authorities]
        row = next(row for row in self.desk if row.kind == "referral")
        hours = self.opening_hours.get(control_point)
        if control_point and self.control_point(control_point).status != "open":
            hours = ()
        return Schedule(
            papers=self.lead_times,
            answers={name: LeadTime(name, self.due_days("referral", name), row.basis) for name in authorities},
            hours=hours,
            time_zone=self.sides[0].side.time_zone,
        )

    def disclosed(self, step: Step, recipient: str, flow: Flow | None = None) -> frozenset[str]:
        """Return the fields that an authority, or any authority of a side, may be told at a step.

        Args:
            step: the step.
            recipient: id of an authority or of a side.
            flow: rows of this flow and of every flow; without it, of every flow only.
        """
        return frozenset(
            field
            for row in self.disclosures
            if row.step == step and row.flow in (None, flow)
            for one in row.recipients
            if recipient in (one, one.split(".")[0])
            for field in row.fields
        )
