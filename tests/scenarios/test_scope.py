"""Designs of one file are measured over the same way, so that what is left out of one journey is left out of all."""

from dataclasses import replace

import pytest

from riverloop.core.queueing.running import run
from riverloop.scenarios import bundled, open_bundled

COMPARED = [(one.key, design.key) for one in bundled() for design in one.designs if len(one.designs) > 1]
BY_BUS = {("hetao-west-bridge", "two_control_points")}
OF_ALL = {"hetao-west-bridge": ("walk_seconds",), "new-huanggang": ("walk_seconds", "bus_ride_seconds")}
"""Parameters by which every journey of a file is longer."""
LATER = 100  # seconds


def mean(key, design, **values):
    scenario = open_bundled(key).scenario(design, values=values)
    return run(replace(scenario, replications=2)).as_json()["journey_seconds"]["mean"]


@pytest.mark.parametrize(("key", "design"), COMPARED)
def test_the_way_over_the_river_is_in_every_journey_by_the_same_assumption(key, design):
    names = ("bus_ride_seconds",) if (key, design) in BY_BUS else OF_ALL[key]
    stated = open_bundled(key).values()
    for name in names:
        longer = mean(key, design, **{name: stated[name] + LATER}) - mean(key, design)
        assert longer == pytest.approx(LATER, abs=15), name


@pytest.mark.parametrize(("key", "design"), COMPARED)
def test_nobody_gets_through_without_a_way_over_the_river(key, design):
    scenario = open_bundled(key).scenario(design)
    ways = {one.name for one in scenario.stations if one.kind in {"walk", "shuttle"}}
    for one in scenario.classes:
        assert ways & {name for step in one.route for name in step}, one.name


@pytest.mark.parametrize(("key", "design"), COMPARED)
def test_each_design_says_in_three_languages_what_its_journey_holds(key, design):
    note = open_bundled(key).design(design).note
    assert "The journey holds" in note["en"]
    assert "全程時間包括" in note["zh-Hant"]
    assert "全程用时包括" in note["zh-Hans"]


def test_one_hall_and_two_halls_on_foot_differ_by_their_queues_alone():
    apart = mean("hetao-west-bridge", "co_located") - mean("hetao-west-bridge", "two_control_points_on_foot")
    assert apart == pytest.approx(0, abs=2)


def test_the_saving_that_is_claimed_of_one_hall_is_a_difference_from_two_control_points():
    (claim,) = open_bundled("hetao-west-bridge").claims_of("co_located")
    assert (claim.measure, claim.against, claim.unit) == ("journey_seconds", "two_control_points", "minutes")


def test_what_is_claimed_of_today_is_not_told_of_the_day_the_new_building_is_made_for():
    huanggang = open_bundled("new-huanggang")
    assert [one.case for one in huanggang.claims_of("old_halls", "today")] == ["today"]
    assert huanggang.claims_of("old_halls", "design_day") == ()
    assert [one.case for one in huanggang.claims_of("new_building", "design_day")] == ["", "design_day"]
