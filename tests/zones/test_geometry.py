"""Areas, banks and crossings of outlines."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from riverloop.zones import geometry

SQUARE = ((0.0, 0.0), (10.0, 0.0), (10.0, 10.0), (0.0, 10.0))
EASTWARD = ((0.0, 0.0), (10.0, 0.0))
HAIRPIN = ((0.0, 0.0), (10.0, 1.0), (0.0, 2.0))


@pytest.mark.parametrize("outline", [SQUARE, tuple(reversed(SQUARE)), SQUARE[2:] + SQUARE[:2]])
def test_an_area_does_not_depend_on_where_or_which_way_the_outline_begins(outline):
    assert geometry.area(outline) == 100


@given(st.integers(3, 40), st.floats(1, 1e5), st.floats(0, 6.3))
def test_the_area_of_a_regular_polygon_is_the_closed_form(corners, radius, turn):
    angles = [turn + 2 * math.pi * corner / corners for corner in range(corners)]
    outline = [(radius * math.cos(angle), radius * math.sin(angle)) for angle in angles]
    closed_form = corners * radius**2 * math.sin(2 * math.pi / corners) / 2
    assert geometry.area(outline) == pytest.approx(closed_form, rel=1e-9)
    assert not geometry.crosses_itself(outline)
    assert geometry.centroid(outline) == pytest.approx((0, 0), abs=radius * 1e-6)


@pytest.mark.parametrize(
    "outline",
    [
        ((0, 0), (10, 10), (10, 0), (0, 10)),
        ((0, 0), (10, 0), (10, 10), (5, 0), (0, 10)),
        ((0, 0), (10, 0), (10, 10), (0, 10), (10, 0), (5, -5)),
    ],
)
def test_an_outline_that_crosses_or_touches_itself_is_noticed(outline):
    assert geometry.crosses_itself(outline)


@pytest.mark.parametrize(
    ("point", "expected"),
    [((5, 1), True), ((5, -1), False), ((-3, 0.5), True), ((13, -0.5), False)],
)
def test_a_bank_is_told_by_looking_along_the_line(point, expected):
    assert geometry.is_left(point, EASTWARD) is expected
    assert geometry.is_left(point, tuple(reversed(EASTWARD))) is not expected


def test_beyond_a_sharp_bend_the_turn_decides_and_not_one_segment_alone():
    assert geometry.is_left((5, 1), HAIRPIN)
    assert not geometry.is_left((12, 1), HAIRPIN)
    assert not geometry.is_left((11, -3), HAIRPIN)
    assert not geometry.is_left((11, 5), HAIRPIN)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (((-5, -3), (15, -3)), 3),
        (((12, 5), (20, 5)), 2),
        (((13, 14), (20, 20)), 5),
        (((-5, 5), (15, 5)), 0),
        (((10, 3), (20, 3)), 0),
        (((2, 2), (3, 3)), 2),
    ],
)
def test_the_clearance_is_the_shortest_way_from_outline_to_line(line, expected):
    assert geometry.clearance(SQUARE, line) == expected


@given(st.floats(0.01, 9.99), st.floats(0.01, 9.99))
def test_points_inside_are_contained_and_their_mirror_images_are_not(x, y):
    assert geometry.contains(SQUARE, (x, y))
    assert not geometry.contains(SQUARE, (-x, y))
    assert not geometry.contains(SQUARE, (x, 20 - y))


def test_the_tolerance_takes_in_the_edge():
    assert geometry.contains(SQUARE, (10.5, 5), tolerance=1)
    assert not geometry.contains(SQUARE, (11.5, 5), tolerance=1)
