"""Scenario files of several designs, cases and parameters: what comes out, and the one line that refuses them."""

import json

import pytest
from jsonschema import Draft202012Validator

from riverloop.core.kernel.sources import read_yaml
from riverloop.core.queueing.designs import Need, open_scenario_file
from riverloop.core.queueing.network import without_outages
from riverloop.core.queueing.running import run
from riverloop.core.queueing.schemas import filled_schema, scenario_schema
from tests.core.queueing.halls import COUNTED, HALLS, OUT, STAFF, counts, halls
from tests.core.queueing.scenes import CONTRACT, scenario


def test_the_first_design_and_case_are_taken_where_none_is_named():
    read = halls()
    assert read.scenario() == read.scenario("one_hall", "opening")
    assert [one.key for one in read.designs] == ["one_hall", "two_halls"]
    assert [one.key for one in read.cases] == ["opening", "later"]
    assert read.scenario().name == "A hall for two sides · One hall · Opening"


def test_a_file_without_designs_and_cases_has_one_of_each():
    read = open_scenario_file(CONTRACT, name="scene.yaml")
    assert [one.key for one in read.designs] == [one.key for one in read.cases] == [""]
    assert read.parameters == ()
    assert read.asked() == {}
    assert read.scenario() == scenario(CONTRACT)


def test_a_design_replaces_keys_of_the_file_and_keeps_the_others():
    one, two = halls().scenario("one_hall"), halls().scenario("two_halls")
    assert [station.name for station in one.stations] == ["gate", "counter"]
    assert [station.name for station in two.stations] == ["gate", "walk", "counter"]
    assert one.arrivals == two.arrivals
    assert (one.seed, one.replications) == (two.seed, two.replications)


def test_a_case_sets_parameters_and_whoever_asks_sets_them_last():
    read = halls()
    assert read.scenario().expected(0) == 1400
    assert read.scenario(case="later").expected(0) == 50000
    assert read.scenario(case="later", values={"jobs": 7}).expected(0) == 7
    assert read.scenario(case="later").stations[0].shifts[0].channels == 40
    assert read.values("later") == {"jobs": 50000, "by_gate": 0.75, "gate_seconds": 12, "opens": "06:30", "gates": 40}


def test_what_was_asked_names_the_parameters_that_the_design_uses():
    assert halls().asked("two_halls", "later", values={"by_gate": 0.5}) == {
        "design": "two_halls",
        "case": "later",
        "parameters": {"jobs": 50000, "by_gate": 0.5, "gate_seconds": 12, "gates": 40},
    }


def test_a_parameter_is_told_with_its_date_and_its_source():
    jobs = halls().parameter("jobs")
    assert (jobs.value, jobs.low, jobs.high, jobs.unit) == (1400, 1000, 2000, "persons")
    assert (jobs.as_of, jobs.source, jobs.assumed, jobs.group) == ("2025-12-22", "Statements", False, "demand")
    assert jobs.label["zh-Hant"] == "職位"
    assert halls().parameter("gates").assumed


def test_a_value_that_a_case_sets_is_not_told_with_the_source_of_another():
    later = {one.name: one for one in halls().parameters_of("later")}
    assert (later["jobs"].value, later["jobs"].low, later["jobs"].high) == (50000, 40000, 60000)
    assert (later["jobs"].source, later["jobs"].as_of) == ("A plan", "")
    assert later["gates"].assumed
    assert later["by_gate"] == halls().parameter("by_gate")


def test_what_a_design_needs_and_what_was_claimed_is_kept():
    one, two = halls().designs
    text = {"en": "A decision", "zh-Hant": "決定", "zh-Hans": "决定"}
    assert one.needs == (Need("legal", text, "2025-12", "Nobody"),)
    assert (two.claims[0].value, two.claims[0].measure) == (10, "journey_seconds")


def test_a_value_outside_its_ends_widens_them_and_what_was_stated_is_kept():
    jobs = halls().parameter("jobs")
    assert (jobs.outside, jobs.at(1000).outside) == (None, None)
    wide = jobs.at(3000)
    assert (wide.value, wide.low, wide.high, wide.outside) == (3000, 1000, 3000, (1000, 2000))
    assert (wide.at(500).low, wide.at(500).high, wide.at(500).outside) == (500, 2000, (1000, 2000))
    assert wide.at(1400) == jobs
    assert halls().parameter("opens").at("05:00").outside == ("06:00", "07:00")
    assert halls().parameter("gates").at(9).outside is None
    written = "value: 3000, low: 1000, high: 3000, stated: [1000, 2000]"
    text = HALLS.replace("value: 1400, low: 1000, high: 2000", written)
    assert open_scenario_file(text, name="halls.yaml").parameter("jobs") == wide


# Swings ----------------------------------------------------------------------------------------------------------


def test_a_swing_is_a_parameter_at_both_its_ends():
    swings = halls().swings()
    assert [one.name for one in swings] == ["jobs", "by_gate", "opens"]
    assert [swings[0].low.expected(0), swings[0].high.expected(0)] == [1000, 2000]
    assert swings[2].low.stations[0].shifts[0].from_seconds == 6 * 3600


def test_a_case_has_swings_of_its_own_and_none_where_nobody_said():
    later = halls().swings(case="later")
    assert [(later[0].low.expected(0), later[0].high.expected(0))] == [(40000, 60000)]
    outside = halls().swings(values={"jobs": 9000})[0]
    assert [outside.name, outside.low.expected(0), outside.high.expected(0)] == ["jobs", 1000, 9000]
    assert [one.name for one in halls().swings("two_halls", names=["jobs"])] == ["jobs"]


# Sides, outages, area --------------------------------------------------------------------------------------------


def test_an_outage_of_a_side_stops_every_channel_of_it():
    east = halls(OUT).scenario()
    assert [len(one.outages) for one in east.stations] == [1, 1]
    west = halls(OUT.replace("{side: east,", "{side: west, channels: 2,")).scenario()
    assert [len(one.outages) for one in west.stations] == [0, 1]
    assert west.stations[1].outages[0].channels == 2


def test_an_outage_that_ends_as_it_begins_is_none():
    assert not halls(OUT.replace('until: "10:30"', 'until: "10:00"')).scenario().outages
    assert not scenario(CONTRACT.replace("channels: 12", "channels: 12, outages: [{from: 5, until: 5}]")).outages


def test_without_its_outages_a_hall_serves_the_same_passengers_sooner():
    out = halls(OUT).scenario(values={"jobs": 6000})
    still = without_outages(out)
    assert out.outages
    assert not still.outages
    held_up, free = run(out), run(still)
    assert held_up.passengers == free.passengers
    assert held_up.journey.mean > free.journey.mean


def test_each_side_of_a_joint_station_gives_its_staff():
    hours = run(halls().scenario()).staff_hours()
    assert hours == {"east": pytest.approx(3 * 17.5 + 4 * 24), "west": pytest.approx(4 * 24)}


def test_a_hall_takes_up_its_greatest_queues_and_its_channels():
    result = run(halls().scenario(values={"jobs": 9000}))
    longest = sorted(one.queue_max[0] for one in result.replications)
    assert longest[-2] * 1.5 + 18 <= result.area_m2("gate") <= longest[-1] * 1.5 + 18
    answer = result.as_json()
    assert answer["area_m2"] == pytest.approx(sum(one["area_m2"] for one in answer["stations"].values()), abs=1e-4)
    assert run(scenario(CONTRACT.replace("2000", "20"))).as_json()["area_m2"] is None


def test_the_answer_says_what_people_call_a_station_and_where_numbers_are_from():
    text = HALLS.replace(
        "passengers_per_day: $jobs", "passengers_per_day: $jobs, profile: [1], profile_source: synthetic"
    )
    answer = run(halls(text).scenario()).as_json()
    assert answer["stations"]["gate"]["title"]["zh-Hans"] == "闸"
    assert answer["stations"]["counter"]["sides"] == ["east", "west"]
    assert answer["classes"]["resident"]["title"]["en"] == "Resident"
    assert answer["arrivals"] == {"arrivals": {"expected": 1400, "sources": [{"": "synthetic"}]}}


# Who comes -------------------------------------------------------------------------------------------------------


def test_those_who_work_across_come_both_ways():
    read = open_scenario_file(STAFF, name="staff.yaml").scenario()
    assert [one.name for one in read.arrivals] == ["staff-over", "staff-home"]
    assert [one.expected(0) for one in read.arrivals] == [pytest.approx(400), pytest.approx(400)]
    grown = open_scenario_file(STAFF + "demand_factor: 2\n", name="staff.yaml").scenario()
    assert grown.expected(0) == pytest.approx(1600)


def test_real_days_come_as_they_were_counted():
    read = open_scenario_file(COUNTED, name="counted.yaml").scenario(traffic=counts)
    assert {one.name: one.expected(0) for one in read.arrivals} == {"out-residents": 700, "out-visitors": 300}
    assert read.arrivals[0].shares == (0.9, 0.1)
    assert read.arrivals[0].sources == ({"": "Counted by somebody"}, {"": "synthetic: a hump"})


# The schema ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", [CONTRACT, HALLS, OUT, STAFF, COUNTED])
def test_editors_accept_a_parameter_wherever_a_value_may_stand(text):
    Draft202012Validator(scenario_schema()).validate(read_yaml(text, name="halls.yaml").value)


def test_once_values_are_in_their_places_no_parameter_is_accepted():
    assert '{"$ref": "#/$defs/parameter"}' in json.dumps(scenario_schema())
    assert '{"$ref": "#/$defs/parameter"}' not in json.dumps(filled_schema())
    unfilled = Draft202012Validator(filled_schema()).iter_errors(read_yaml(HALLS, name="halls.yaml").value)
    assert any(error.instance == "$jobs" for error in unfilled)
