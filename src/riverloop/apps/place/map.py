"""The parks and the river of a zone as shapes for a drawing, to scale; no Django, no language."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from riverloop.apps.place.labels import LINE_HEIGHT, Room, width_of
from riverloop.core.kernel.sides import Text
from riverloop.zones.geometry import is_left
from riverloop.zones.zone import ControlPoint, Park, ParkPart, Point, Zone

WIDTH = 720.0
MARGIN = 16.0
TITLE_SIZE, SMALL_SIZE = 24.0, 21.0  # units of the drawing, as on a phone, where they are largest
MARK_RADIUS = 17.0
_LARGEST_HEIGHT = 560.0
_TOP_BAND, _BOTTOM_BAND, _SCALE_BAND = 84.0, 48.0, 52.0
_M_PER_KM, _M2_PER_HA, _M2_PER_KM2 = 1000, 10_000, 1_000_000
_AREA_TEXT: Text = {"en": "0000 ha", "zh-Hant": "0000公頃", "zh-Hans": "0000公顷"}


@dataclass(frozen=True, slots=True)
class Label:
    """A text in the drawing.

    Args:
        text: in every language.
        x: middle of its first line.
        y: middle of its box.
        accent: 1 or 2 for a side, 0 for neither.
    """

    text: Text
    x: float
    y: float
    accent: int = 0


@dataclass(frozen=True, slots=True)
class Area:
    """A size of land, in the larger unit once that reads better.

    Args:
        number: of that unit.
        unit: ``ha`` or ``km2``.
    """

    number: float
    unit: str


@dataclass(frozen=True, slots=True)
class Shape:
    """A park or a part of one.

    Args:
        land: what the zone file says of it.
        accent: colour of its side.
        path: SVG path data.
        area: its size.
        label: where its name stands, or None if there is no room.
    """

    land: Park | ParkPart
    accent: int
    path: str
    area: Area
    label: Label | None


@dataclass(frozen=True, slots=True)
class Mark:
    """A control point on the map.

    Args:
        number: what the table below calls it.
        point: what the zone file says of it.
        x: centre.
        y: centre.
    """

    number: int
    point: ControlPoint
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class ScaleBar:
    """A length on the map.

    Args:
        x: left end.
        y: height of the bar.
        length: units of the drawing.
        number: how many of ``unit`` it stands for.
        unit: ``m`` or ``km``.
    """

    x: float
    y: float
    length: float
    number: int
    unit: str

    @property
    def path(self) -> str:
        """The bar with a tick at each end, as SVG path data."""
        left, right, top = self.x, self.x + self.length, self.y - 6
        return f"M{left:.1f} {top:.1f} V{self.y:.1f} H{right:.1f} V{top:.1f}"

    @property
    def label_x(self) -> float:
        """Where the text begins."""
        return round(self.x + self.length + 10, 1)


@dataclass(frozen=True, slots=True)
class ZoneMap:
    """Everything a template needs to draw a zone.

    Args:
        width: units of the drawing.
        height: units of the drawing.
        units_per_m: scale.
        river: SVG path data of the river's line.
        river_width: units of the drawing.
        river_label: where its name stands, or None.
        parks: in the order of the zone file.
        parts: in the order of the zone file.
        sides: where the names of the sides stand.
        marks: control points that lie on the map.
        scale: the scale bar.
    """

    width: float
    height: float
    units_per_m: float
    river: str
    river_width: float
    river_label: Label | None
    parks: tuple[Shape, ...]
    parts: tuple[Shape, ...]
    sides: tuple[Label, ...]
    marks: tuple[Mark, ...]
    scale: ScaleBar


@dataclass(frozen=True, slots=True)
class _Frame:
    """From metres, y to the north, to units of the drawing, y downwards."""

    west: float
    north: float
    units_per_m: float
    offset: float
    height: float

    def point(self, place: Point) -> Point:
        x, y = place
        return self.offset + (x - self.west) * self.units_per_m, _TOP_BAND + (self.north - y) * self.units_per_m

    def points(self, places: Iterable[Point]) -> tuple[Point, ...]:
        return tuple(self.point(place) for place in places)


def draw(zone: Zone) -> ZoneMap:
    """Return the map of a zone."""
    return _Drawing(zone).map()


class _Drawing:
    def __init__(self, zone: Zone) -> None:
        self.zone, self.frame = zone, _frame(zone)
        river = self.frame.points(zone.river.line)
        self.river = _extended(river, WIDTH + self.frame.height)
        self.river_width = zone.river.width_m * self.frame.units_per_m
        self.room = Room(
            width=WIDTH,
            height=self.frame.height - _SCALE_BAND,
            land=[self.frame.points(park.outline) for park in zone.parks],
            water=self.river,
            water_half=self.river_width / 2,
        )

    def map(self) -> ZoneMap:
        # In this order: what comes later keeps clear of what came before.
        marks = tuple(self.marks())
        sides = tuple(label for side in self.zone.sides if (label := self.side_label(side.id)))
        parks = tuple(self.park(park) for park in self.zone.parks)
        parts = tuple(self.part(park, part) for park in self.zone.parks for part in park.parts)
        river_label = self.river_label()
        return ZoneMap(
            width=WIDTH,
            height=round(self.frame.height, 1),
            units_per_m=self.frame.units_per_m,
            river=curve_of(self.river),
            river_width=round(self.river_width, 1),
            river_label=river_label,
            parks=parks,
            parts=parts,
            sides=sides,
            marks=marks,
            scale=_scale_bar(self.frame),
        )

    def marks(self) -> Iterable[Mark]:
        for number, point in enumerate(self.zone.control_points, 1):
            if point.position is None:
                continue
            x, y = self.frame.point(point.position)
            self.room.take((x, y), 2 * MARK_RADIUS, 2 * MARK_RADIUS)
            yield Mark(number, point, round(x, 1), round(y, 1))

    def park(self, park: Park) -> Shape:
        outline, accent = self.frame.points(park.outline), self.zone.side(park.side).accent
        width = max(width_of(park.title, TITLE_SIZE), width_of(_AREA_TEXT, SMALL_SIZE))
        height = (TITLE_SIZE + SMALL_SIZE) * LINE_HEIGHT
        place = None if park.parts else self.room.inside(outline, width, height)
        if place is None:
            away = (_middle(outline)[0], 0.0 if self.is_left(park.side) else self.frame.height)
            place = self.room.outside(away, width, height, left_bank=self.is_left_on_paper(park.side))
        return Shape(
            park,
            accent,
            path_of(outline, closed=True),
            area_of(park.area_m2),
            _label(park.title, place, accent),
        )

    def part(self, park: Park, part: ParkPart) -> Shape:
        outline, accent = self.frame.points(part.outline), self.zone.side(park.side).accent
        width = max(width_of(part.title, SMALL_SIZE), width_of(_AREA_TEXT, SMALL_SIZE))
        place = self.room.inside(outline, width, 2 * SMALL_SIZE * LINE_HEIGHT)
        return Shape(
            part,
            accent,
            path_of(outline, closed=True),
            area_of(part.area_m2),
            _label(part.title, place, accent),
        )

    def is_left(self, side: str) -> bool:
        return self.zone.river.left == side

    def is_left_on_paper(self, side: str) -> bool:
        """On paper y runs downwards, so that left and right change places."""
        return not self.is_left(side)

    def river_label(self) -> Label | None:
        title, end = self.zone.river.title, self.river[-2]
        place = self.room.by_the_water(end, width_of(title, SMALL_SIZE), SMALL_SIZE * LINE_HEIGHT)
        return _label(title, place, 0)

    def side_label(self, side_id: str) -> Label | None:
        """Put the name of a side into a corner of the picture on its own bank."""
        side, left_bank = self.zone.side(side_id), self.is_left_on_paper(side_id)
        corners = [(x, y) for y in (0.0, self.room.height) for x in (0.0, WIDTH)]
        own = [corner for corner in corners if is_left(corner, self.river) is left_bank] or corners
        width = width_of(side.title, SMALL_SIZE)
        places = (self.room.outside(corner, width, SMALL_SIZE * LINE_HEIGHT, left_bank=left_bank) for corner in own)
        return _label(side.title, next(filter(None, places), None), side.accent)


def _label(text: Text, place: Point | None, accent: int) -> Label | None:
    return Label(text, round(place[0], 1), round(place[1], 1), accent) if place else None


def _frame(zone: Zone) -> _Frame:
    places = [corner for park in zone.parks for corner in park.outline] + list(zone.river.line)
    xs, ys = [place[0] for place in places], [place[1] for place in places]
    wide, high = max(xs) - min(xs), max(ys) - min(ys)
    scale = min((WIDTH - 2 * MARGIN) / wide, _LARGEST_HEIGHT / high)
    return _Frame(
        west=min(xs),
        north=max(ys),
        units_per_m=scale,
        offset=(WIDTH - wide * scale) / 2,
        height=_TOP_BAND + high * scale + _BOTTOM_BAND + _SCALE_BAND,
    )


def _middle(outline: Sequence[Point]) -> Point:
    xs, ys = [corner[0] for corner in outline], [corner[1] for corner in outline]
    return (min(xs) + max(xs)) / 2, (min(ys) + max(ys)) / 2


def _extended(line: Sequence[Point], by: float) -> tuple[Point, ...]:
    """Return a line whose ends run on, so that the river leaves the picture."""
    return (_beyond(line[1], line[0], by), *line, _beyond(line[-2], line[-1], by))


def _beyond(before: Point, end: Point, by: float) -> Point:
    length = math.dist(before, end)
    return end[0] + (end[0] - before[0]) / length * by, end[1] + (end[1] - before[1]) / length * by


def path_of(points: Iterable[Point], *, closed: bool = False) -> str:
    """Return points as SVG path data."""
    return "M" + " L".join(f"{x:.1f} {y:.1f}" for x, y in points) + ("Z" if closed else "")


def curve_of(points: Sequence[Point]) -> str:
    """Return a line as SVG path data, its bends rounded between the middles of its segments."""
    bends = [
        f"Q{x:.1f} {y:.1f} {(x + after[0]) / 2:.1f} {(y + after[1]) / 2:.1f}" for (x, y), after in pairwise(points[1:])
    ]
    (x, y), (end_x, end_y) = points[0], points[-1]
    return f"M{x:.1f} {y:.1f} {' '.join(bends)} L{end_x:.1f} {end_y:.1f}"


def area_of(area_m2: float) -> Area:
    """Return an area in hectares, or in square kilometres from ten of them on."""
    if area_m2 >= 10 * _M2_PER_KM2:
        return Area(round(area_m2 / _M2_PER_KM2, 2), "km2")
    return Area(round(area_m2 / _M2_PER_HA, 1), "ha")


def _scale_bar(frame: _Frame) -> ScaleBar:
    """Return a bar of 1, 2 or 5 times a power of ten metres, at most a quarter of the picture long."""
    most = WIDTH / 4 / frame.units_per_m
    power = 10 ** math.floor(math.log10(most))
    metres = max(step * power for step in (1, 2, 5) if step * power <= most)
    number, unit = (metres // _M_PER_KM, "km") if metres >= _M_PER_KM else (metres, "m")
    length = round(metres * frame.units_per_m, 1)
    return ScaleBar(MARGIN, round(frame.height - 16, 1), length, int(number), unit)
