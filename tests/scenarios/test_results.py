"""What the bundled files answer: every design and case runs, drains or says why not, and is compared fairly."""

from dataclasses import replace
from functools import cache

import pytest

from riverloop.core.queueing.running import run
from riverloop.scenarios import bundled, open_bundled
from riverloop.traffic.daily import DailyTraffic

ALL = [(one.key, design.key, case.key) for one in bundled() for design in one.designs for case in one.cases]
BUSIEST = {"hetao-west-bridge": "ten_years", "qingmao": "design_day", "new-huanggang": "design_day"}
CANNOT_DRAIN = ("new-huanggang", "old_halls", "design_day")


@cache
def traffic():
    return DailyTraffic.load(None)


def scenario(key, design, case):
    return open_bundled(key).scenario(design, case, traffic=traffic())


@cache
def answer(key, design, case):
    """Run once, with fewer replications than the file has: what is asked here hangs on none of them."""
    return run(replace(scenario(key, design, case), replications=2)).as_json()


@pytest.mark.parametrize(("key", "design", "case"), ALL)
def test_each_design_and_case_drains_or_says_what_is_lacking(key, design, case):
    found = answer(key, design, case)
    assert found["passengers"] > 0
    if (key, design, case) == CANNOT_DRAIN:
        assert not found["drains"]
        lacks = [one.get("channels_needed") or one.get("places_lacking") for one in found["shortfalls"]]
        assert all(lacks)
        assert all(one["passengers_left"] > 0 for one in found["shortfalls"])
    else:
        assert found["drains"]
        assert not found["shortfalls"]
        assert all(one["never_served"] == 0 for one in found["stations"].values())


@pytest.mark.parametrize(("key", "design", "case"), ALL)
def test_both_sides_have_stations_and_staff_in_both_directions(key, design, case):
    read = scenario(key, design, case)
    zone = {"qingmao": {"cn", "mo"}}.get(key, {"cn", "hk"})
    assert set(answer(key, design, case)["staff_hours"]) == zone
    assert all(hours > 0 for hours in answer(key, design, case)["staff_hours"].values())
    assert all(one.side for one in read.stations if one.kind == "channels")


@pytest.mark.parametrize(("key", "design", "case"), ALL)
def test_every_station_is_passed_and_none_is_idle_by_mistake(key, design, case):
    assert all(one["passengers"] > 0 for one in answer(key, design, case)["stations"].values())


@pytest.mark.parametrize(("key", "design", "case"), ALL)
def test_all_designs_of_a_case_see_the_same_passengers(key, design, case):
    first = open_bundled(key).designs[0].key
    ours, theirs = scenario(key, design, case), scenario(key, first, case)
    assert (ours.arrivals, ours.seed, ours.replications) == (theirs.arrivals, theirs.seed, theirs.replications)
    assert [one.name for one in ours.classes] == [one.name for one in theirs.classes]
    assert answer(key, design, case)["passengers"] == answer(key, first, case)["passengers"]


@pytest.mark.parametrize(("key", "design"), sorted({(key, design) for key, design, _ in ALL}))
def test_channels_follow_the_stated_rule_in_the_busiest_hour_of_the_busiest_case(key, design):
    case = BUSIEST.get(key, "peak")
    if (key, design, case) == CANNOT_DRAIN:
        case = "today"
    for name, station in answer(key, design, case)["stations"].items():
        busiest = max(one["utilisation"] or 0 for one in station["by_hour"])
        assert busiest < 0.97, f"{name} is {busiest:.0%} busy"


# What the numbers are about


def test_the_bridge_carries_registered_staff_and_not_the_traffic_of_its_neighbours():
    opening = scenario("hetao-west-bridge", "co_located", "opening")
    spur_line = scenario("lok-ma-chau-spur-line", "", "median")
    assert 1000 < opening.expected(0) < 3000
    assert spur_line.expected(0) > 100_000


def test_whoever_crosses_the_bridge_crosses_back():
    streams = {one.name: one.expected(0) for one in scenario("hetao-west-bridge", "", "opening").arrivals}
    assert streams["staff-to_hk"] == pytest.approx(streams["staff-to_cn"])


@pytest.mark.parametrize(
    ("key", "case", "day"),
    [
        ("lok-ma-chau-spur-line", "median", 68781 + 82982),
        ("lok-ma-chau-spur-line", "peak", 112539 + 144112),
        ("shenzhen-bay", "median", 48720 + 65767),
        ("shenzhen-bay", "peak", 105444 + 82929),
    ],
)
def test_real_days_hold_as_many_as_were_counted_and_the_case_says_how_many(key, case, day):
    assert scenario(key, "", case).expected(0) == pytest.approx(day)
    note = open_bundled(key).case(case).note["en"].replace(",", "")
    arrived, departed = (int(one) for one in note.split(": ")[1].split() if one.isdigit())
    assert arrived + departed == day


@pytest.mark.parametrize(("case", "passengers"), [("peak_day", 113_000), ("design_day", 200_000)])
def test_qingmao_sees_the_days_that_are_published(case, passengers):
    assert scenario("qingmao", "", case).expected(0) == pytest.approx(passengers)


def test_a_failure_of_one_side_stops_every_design_of_the_bridge():
    for design in open_bundled("hetao-west-bridge").designs:
        calm = answer("hetao-west-bridge", design.key, "opening")["journey_seconds"]["p99"]
        failed = answer("hetao-west-bridge", design.key, "opening_outage")["journey_seconds"]["p99"]
        assert failed > calm + 15 * 60, design.key


def test_joint_lanes_need_both_sides():
    lanes = scenario("hetao-west-bridge", "joint_clearance", "opening_outage").station("joint_lane_to_hk")
    assert lanes.outages, "an outage of Hong Kong's system stops a lane that Hong Kong opens half of"
