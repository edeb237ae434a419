"""Finds room for labels on a map: clear of outlines, water and each other, and near what they name."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from riverloop.core.kernel.sides import Text
from riverloop.zones import geometry
from riverloop.zones.zone import Point

LINE_HEIGHT = 1.3
_NARROW, _WIDE = 0.6, 1.05  # ems: a Latin letter on average, a Chinese character
_STEP, _PADDING = 12.0, 8.0


def width_of(text: Text, size: float) -> float:
    """Return the width that a text takes in its widest language.

    Args:
        text: in every language.
        size: units of the drawing to the em.
    """
    return size * max(sum(_ems(letter) for letter in one) for one in text.values())


def _ems(letter: str) -> float:
    return _WIDE if unicodedata.east_asian_width(letter) in "WF" else _NARROW


def box(centre: Point, width: float, height: float) -> tuple[Point, ...]:
    """Return the corners of an upright rectangle."""
    (x, y), half, rise = centre, width / 2, height / 2
    return ((x - half, y - rise), (x + half, y - rise), (x + half, y + rise), (x - half, y + rise))


@dataclass(slots=True)
class Room:
    """What of a drawing is still free.

    Args:
        width: units of the drawing.
        height: units of the drawing.
        land: outlines to keep clear of, or to stay within.
        water: the river's line.
        water_half: half the river's width.
        taken: boxes in use.
    """

    width: float
    height: float
    land: Sequence[Sequence[Point]]
    water: Sequence[Point]
    water_half: float
    taken: list[tuple[Point, ...]] = field(default_factory=list)

    def take(self, centre: Point, width: float, height: float) -> None:
        """Mark a box as in use."""
        self.taken.append(box(centre, width, height))

    def inside(self, outline: Sequence[Point], width: float, height: float) -> Point | None:
        """Take the free place within an outline that is nearest to its centre, or None."""
        centre = geometry.centroid(outline)
        return self._nearest(centre, width, height, within=outline)

    def outside(self, target: Point, width: float, height: float, *, left_bank: bool | None = None) -> Point | None:
        """Take the free place clear of all land that is nearest to ``target``, or None.

        Args:
            target: where the label would be best.
            width: units of the drawing.
            height: units of the drawing.
            left_bank: on which bank of the water it must lie; None for either.
        """
        return self._nearest(target, width, height, left_bank=left_bank)

    def by_the_water(self, target: Point, width: float, height: float) -> Point | None:
        """Take the free place nearest to the water; of equals, the one nearest to ``target``."""

        def key(place: Point) -> tuple[float, float, Point]:
            return round(geometry.distance(place, self.water) / _STEP), math.dist(place, target), place

        return self._first(sorted(self._grid(target, width, height), key=key), width, height)

    def _nearest(
        self,
        target: Point,
        width: float,
        height: float,
        *,
        within: Sequence[Point] | None = None,
        left_bank: bool | None = None,
    ) -> Point | None:
        places = sorted(self._grid(target, width, height), key=lambda place: (math.dist(place, target), place))
        return self._first(places, width, height, within=within, left_bank=left_bank)

    def _first(
        self,
        places: Iterable[Point],
        width: float,
        height: float,
        *,
        within: Sequence[Point] | None = None,
        left_bank: bool | None = None,
    ) -> Point | None:
        for place in places:
            corners = box(place, width, height)
            if self._is_free(corners, within) and left_bank in (None, geometry.is_left(place, self.water)):
                self.taken.append(corners)
                return place
        return None

    def _grid(self, target: Point, width: float, height: float) -> Iterable[Point]:
        """Yield places for the centre of a box that keep it in the drawing, ``target`` among them."""
        half, rise = width / 2 + _PADDING, height / 2 + _PADDING
        for x in _steps(target[0], half, self.width - half):
            for y in _steps(target[1], rise, self.height - rise):
                yield x, y

    def _is_free(self, corners: tuple[Point, ...], within: Sequence[Point] | None) -> bool:
        if any(_overlap(corners, other) for other in self.taken):
            return False
        if within is not None:
            return geometry.contains(within, corners[0]) and _is_clear(corners, within)
        return not geometry.meets(_wider(corners, self.water_half), self.water) and all(
            not geometry.contains(outline, corners[0])
            and not geometry.contains(corners, outline[0])
            and _is_clear(corners, outline)
            for outline in self.land
        )


def _steps(best: float, least: float, most: float) -> list[float]:
    if most < least:
        return []
    first = min(max(best, least), most)
    down = [first - _STEP * count for count in range(int((first - least) / _STEP) + 1)]
    return down + [first + _STEP * count for count in range(1, int((most - first) / _STEP) + 1)]


def _is_clear(corners: Sequence[Point], outline: Sequence[Point]) -> bool:
    return not geometry.meets(corners, [*outline, outline[0]])


def _wider(corners: Sequence[Point], by: float) -> tuple[Point, ...]:
    (left, top), _, (right, bottom), _ = corners
    return (
        (left - by, top - by),
        (right + by, top - by),
        (right + by, bottom + by),
        (left - by, bottom + by),
    )


def _overlap(one: Sequence[Point], other: Sequence[Point]) -> bool:
    return all(
        min(corner[axis] for corner in one) < max(corner[axis] for corner in other)
        and min(corner[axis] for corner in other) < max(corner[axis] for corner in one)
        for axis in (0, 1)
    )
