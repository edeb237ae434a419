"""Plane geometry for outlines in metres: areas, banks and crossings, exact enough for a drawing to scale."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import combinations, pairwise

Point = tuple[float, float]
Segment = tuple[Point, Point]


def area(outline: Sequence[Point]) -> float:
    """Return the area inside an outline, by the shoelace formula.

    Args:
        outline: corners in order, either way round; the last joins the first.
    """
    return abs(sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in edges(outline))) / 2


def edges(outline: Sequence[Point]) -> Iterator[Segment]:
    """Yield the sides of an outline, the closing one last."""
    return pairwise([*outline, outline[0]])


def crosses_itself(outline: Sequence[Point]) -> bool:
    """Say whether two sides of an outline meet other than at the corner they share."""
    sides = list(edges(outline))
    last = len(sides) - 1
    return any(
        _meet(one, other)
        for (i, one), (j, other) in combinations(enumerate(sides), 2)
        if j - i > 1 and (i, j) != (0, last)
    )


def distance(point: Point, line: Sequence[Point]) -> float:
    """Return the distance from a point to a line of segments."""
    return min(math.dist(point, _nearest(point, segment)) for segment in pairwise(line))


def meets(outline: Sequence[Point], line: Sequence[Point]) -> bool:
    """Say whether a line of segments crosses or touches an outline; one that lies within it does neither."""
    sides = list(edges(outline))
    return any(_meet(side, segment) for segment in pairwise(line) for side in sides)


def clearance(outline: Sequence[Point], line: Sequence[Point]) -> float:
    """Return the distance between an outline and a line of segments; 0 if they meet.

    Two segments that do not meet are nearest at an end of one of them.
    """
    if meets(outline, line):
        return 0.0
    from_corners = min(distance(corner, line) for corner in outline)
    closed = [*outline, outline[0]]
    return min(from_corners, *(distance(point, closed) for point in line))


def is_left(point: Point, line: Sequence[Point]) -> bool:
    """Say whether a point lies to the left of a line, looking from its first point to its last.

    Where a bend is nearest, the turn from one segment to the next decides.
    """
    segments = list(pairwise(line))
    gaps = [math.dist(point, _nearest(point, segment)) for segment in segments]
    least = min(gaps)
    near = [segment for segment, gap in zip(segments, gaps, strict=True) if gap - least < 1e-9 * (1 + least)]
    turned = sum(_unit_turn(segment, point) for segment in near)
    return turned > 0


def centroid(outline: Sequence[Point]) -> Point:
    """Return the centre of the area inside an outline."""
    doubled = x_sum = y_sum = 0.0
    for (x1, y1), (x2, y2) in edges(outline):
        turn = x1 * y2 - x2 * y1
        doubled += turn
        x_sum += (x1 + x2) * turn
        y_sum += (y1 + y2) * turn
    return x_sum / (3 * doubled), y_sum / (3 * doubled)


def contains(outline: Sequence[Point], point: Point, *, tolerance: float = 0.0) -> bool:
    """Say whether a point lies inside an outline or within ``tolerance`` metres of it."""
    if tolerance and distance(point, [*outline, outline[0]]) <= tolerance:
        return True
    x, y = point
    inside = False
    for (x1, y1), (x2, y2) in edges(outline):
        if (y1 > y) != (y2 > y) and x < x1 + (y - y1) * (x2 - x1) / (y2 - y1):
            inside = not inside
    return inside


def _nearest(point: Point, segment: Segment) -> Point:
    (x1, y1), (x2, y2) = segment
    dx, dy = x2 - x1, y2 - y1
    length = dx * dx + dy * dy
    along = ((point[0] - x1) * dx + (point[1] - y1) * dy) / length if length else 0.0
    along = max(0.0, min(1.0, along))
    return x1 + along * dx, y1 + along * dy


def _turn(segment: Segment, point: Point) -> float:
    """Return more than 0 if the point lies left of the segment, less if right, 0 if in line."""
    (x1, y1), (x2, y2) = segment
    return (x2 - x1) * (point[1] - y1) - (y2 - y1) * (point[0] - x1)


def _unit_turn(segment: Segment, point: Point) -> float:
    return _turn(segment, point) / (math.dist(*segment) or 1.0)


def _meet(one: Segment, other: Segment) -> bool:
    if _are_apart(one, other, 0) or _are_apart(one, other, 1):
        return False
    starts, ends = _turn(one, other[0]), _turn(one, other[1])
    first, last = _turn(other, one[0]), _turn(other, one[1])
    if starts * ends < 0 and first * last < 0:
        return True
    touches = ((starts, one, other[0]), (ends, one, other[1]), (first, other, one[0]), (last, other, one[1]))
    return any(turn == 0 and _in_box(segment, point) for turn, segment, point in touches)


def _are_apart(one: Segment, other: Segment, axis: int) -> bool:
    (a, b), (c, d) = (one[0][axis], one[1][axis]), (other[0][axis], other[1][axis])
    return max(a, b) < min(c, d) or max(c, d) < min(a, b)


def _in_box(segment: Segment, point: Point) -> bool:
    (x1, y1), (x2, y2) = segment
    return min(x1, x2) <= point[0] <= max(x1, x2) and min(y1, y2) <= point[1] <= max(y1, y2)
