"""The map of a zone is to scale, and its labels lie clear of land, water and each other."""

import dataclasses
import itertools
import re

import pytest

from riverloop.apps.place import map as maps
from riverloop.apps.place.labels import LINE_HEIGHT, box, width_of
from riverloop.zones import geometry, load_zone, zone_names

ZONES = [load_zone(name) for name in zone_names()]


def corners(path):
    return [(float(x), float(y)) for x, y in re.findall(r"(-?[\d.]+) (-?[\d.]+)", path)]


def boxes(drawn):
    """Return the box of every label and mark, as on a phone, where they are largest."""
    titled = [(shape.label, maps.TITLE_SIZE, 2) for shape in drawn.parks]
    small = [(shape.label, maps.SMALL_SIZE, 2) for shape in drawn.parts]
    single = [(label, maps.SMALL_SIZE, 1) for label in (*drawn.sides, drawn.river_label)]
    for label, size, lines in (*titled, *small, *single):
        yield box((label.x, label.y), width_of(label.text, size), maps.SMALL_SIZE * lines * LINE_HEIGHT)
    for mark in drawn.marks:
        yield box((mark.x, mark.y), 2 * maps.MARK_RADIUS, 2 * maps.MARK_RADIUS)


@pytest.mark.parametrize("zone", ZONES, ids=lambda zone: zone.id)
def test_each_area_of_the_drawing_is_to_scale(zone):
    drawn = maps.draw(zone)
    for shape in (*drawn.parks, *drawn.parts):
        measured = geometry.area(corners(shape.path)) / drawn.units_per_m**2
        assert measured == pytest.approx(shape.land.area_m2, rel=2e-3)


@pytest.mark.parametrize("zone", ZONES, ids=lambda zone: zone.id)
def test_the_scale_bar_has_the_length_it_states(zone):
    drawn = maps.draw(zone)
    metres = drawn.scale.number * (1000 if drawn.scale.unit == "km" else 1)
    assert drawn.scale.length / drawn.units_per_m == pytest.approx(metres, rel=1e-3)
    assert drawn.width / 12 < drawn.scale.length <= drawn.width / 4


@pytest.mark.parametrize("zone", ZONES, ids=lambda zone: zone.id)
def test_north_is_up(zone):
    drawn = maps.draw(zone)
    for shape in drawn.parks:
        highest = max(range(len(shape.land.outline)), key=lambda place: shape.land.outline[place][1])
        on_paper = corners(shape.path)
        assert on_paper[highest][1] == min(y for _, y in on_paper)


@pytest.mark.parametrize("zone", ZONES, ids=lambda zone: zone.id)
def test_everything_has_a_label_inside_the_picture_and_no_two_meet(zone):
    drawn = maps.draw(zone)
    assert all(shape.label for shape in (*drawn.parks, *drawn.parts))
    assert len(drawn.sides) == 2
    placed = list(boxes(drawn))
    for one in placed:
        assert all(0 <= x <= drawn.width and 0 <= y <= drawn.height for x, y in one)
    for one, other in itertools.combinations(placed, 2):
        assert not geometry.meets(one, [*other, other[0]])
        assert not geometry.contains(one, other[0])


@pytest.mark.parametrize("zone", ZONES, ids=lambda zone: zone.id)
def test_the_name_of_a_side_stands_on_its_own_bank_and_in_its_own_colour(zone):
    drawn = maps.draw(zone)
    for side, label in zip(zone.sides, drawn.sides, strict=True):
        assert label.text == side.title
        assert label.accent == side.accent
        frame = maps._frame(zone)
        banks = geometry.is_left((label.x, label.y), frame.points(zone.river.line))
        assert banks is (zone.river.right == side.id)  # on paper left and right change places


def test_control_points_off_the_map_have_no_mark_and_the_others_keep_their_numbers():
    zone = load_zone()
    on_map = [number for number, point in enumerate(zone.control_points, 1) if point.position]
    assert [mark.number for mark in maps.draw(zone).marks] == on_map
    assert len(on_map) < len(zone.control_points)


def test_a_park_without_room_for_its_name_has_it_beside():
    zone = load_zone()
    park = zone.parks[0]
    tiny = dataclasses.replace(park, outline=tuple((x / 10 + 2400, y / 10 + 500) for x, y in park.outline))
    drawn = maps.draw(dataclasses.replace(zone, parks=(tiny, zone.parks[1])))
    label = drawn.parks[0].label
    assert label is not None
    assert not geometry.contains(corners(drawn.parks[0].path), (label.x, label.y))


def test_a_name_that_fits_nowhere_is_left_out_rather_than_put_over_others():
    zone = load_zone()
    endless = dict.fromkeys(zone.river.title, "x" * 200)
    river = dataclasses.replace(zone.river, title=endless)
    assert maps.draw(dataclasses.replace(zone, river=river)).river_label is None


@pytest.mark.parametrize(
    ("area_m2", "number", "unit"),
    [(870_000, 87, "ha"), (1_350_000, 135, "ha"), (15_500, 1.6, "ha"), (106_000_000, 106, "km2")],
)
def test_areas_are_told_in_the_unit_that_reads_best(area_m2, number, unit):
    assert maps.area_of(area_m2) == maps.Area(number, unit)


def test_a_curve_begins_and_ends_where_its_line_does():
    path = maps.curve_of([(0, 0), (10, 0), (20, 10)])
    assert path == "M0.0 0.0 Q10.0 0.0 15.0 5.0 L20.0 10.0"
