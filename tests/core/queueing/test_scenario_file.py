"""Scenario files: what they may say, and the one line that says what is wrong, where, and how to mend it."""

import json
import re
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from riverloop.core.kernel.errors import InputError
from riverloop.core.queueing.designs import open_scenario_file
from riverloop.core.queueing.distributions import Deterministic, Gamma, LogNormal
from riverloop.core.queueing.scenario_file import read_scenario, scenario_schema
from tests.core.queueing.scenes import CONTRACT, DAY, one_station, scenario

STATION = "  - {name: counter, channels: 12, service: {distribution: exponential, mean_seconds: 60}}"


def refusal(text):
    with pytest.raises(InputError) as refused:
        read_scenario(text, name="scene.yaml")
    return str(refused.value)


def test_the_schema_is_a_schema_and_every_key_of_it_is_read():
    Draft202012Validator.check_schema(scenario_schema())
    json.dumps(scenario_schema())


def test_the_small_form_is_read():
    read = scenario(CONTRACT)
    assert (read.seed, read.replications, read.hours) == (1, 4, 2000)
    assert [station.channels for station in read.stations] == [12]
    assert read.classes[0].route == (("counter",),)
    assert (read.pledge.minutes, read.pledge.share, read.pledge.of) == (30, 0.95, "journey")
    assert read.steady


def test_everything_else_has_a_default_or_a_place():
    read = scenario(DAY)
    assert read.days == 1
    assert not read.steady
    assert read.station("customs").closes(read.horizon_seconds) == 22.5 * 3600
    assert read.classes[1].route == (("gate", "counter"), ("bridge",), ("customs",))


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("{distribution: deterministic, seconds: 12}", Deterministic(12)),
        ("{distribution: log-normal, mean_seconds: 12, cv: 0.5}", LogNormal(12, 6)),
        ("{distribution: lognormal, mean_seconds: 12, sd_seconds: 3}", LogNormal(12, 3)),
        ("{distribution: gamma, mean_seconds: 12, cv: 0.5}", Gamma(12, 4)),
        ("{distribution: gamma, mean_seconds: 12, sd_seconds: 6}", Gamma(12, 4)),
    ],
)
def test_distributions_are_written_in_several_ways(written, read):
    assert scenario(one_station(f"channels: 1, service: {written}")).stations[0].service == (read,)


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        # Arrivals
        ("rate_per_hour: 600", "rate_per_hour: -600", "scene.yaml:1: arrivals.rate_per_hour: -600 is less than"),
        ("rate_per_hour: 600", "rate_per_hour: .nan", "scene.yaml:1: .nan is not a number here."),
        ("rate_per_hour: 600", "rate_per_hour: 0", "scene.yaml:1: Nobody comes: every rate is zero."),
        (
            "rate_per_hour: 600",
            "rate_per_hours: 600",
            'arrivals has no key "rate_per_hours". Did you mean "rate_per_hour"',
        ),
        ("rate_per_hour: 600, ", "", "scene.yaml:1: Arrivals need one of rate_per_hour"),
        ("rate_per_hour: 600", "rate_per_hour: 6, passengers_per_day: 9", "hours: 2000} covers"),
        ("hours: 2000", "hours: 0", "scene.yaml:1: arrivals.hours: 0 is not above 0"),
        ("rate_per_hour: 600", "rate_per_hour: [1, 2]", "These arrivals cover 2 hours. Take `hours` out."),
        ("process: poisson", "process: platoons", "Platoons need every_seconds"),
        ("process: poisson", "every_seconds: 60", "Only platoons have every_seconds."),
        ("hours: 2000", "profile: [1]", "A profile spreads passengers_per_day. Give that instead of rate_per_hour."),
        (
            "rate_per_hour: 600, hours: 2000",
            "passengers_per_day: 9, profile: [0.5, 0.4]",
            "scene.yaml:1: The shares of the profile sum to 0.9, not to one.",
        ),
        (
            "rate_per_hour: 600, hours: 2000",
            f"passengers_per_day: 9, profile: {[1] + [0] * 22}",
            "scene.yaml:1: A profile of 23 shares cuts the day into parts that are not whole minutes. Give 24 shares",
        ),
        # Stations
        ("channels: 12", "channels: 0", "scene.yaml:3: stations.0.channels: 0 is less than"),
        ("channels: 12", "channels: 2.5", "scene.yaml:3: stations.0.channels is 2.5, and must be a whole number"),
        ("channels: 12, ", "", 'scene.yaml:3: Station "counter" lacks channels.'),
        ("mean_seconds: 60", "mean_seconds: -60", "scene.yaml:3: stations.0.service.mean_seconds: -60 is less than"),
        ("mean_seconds: 60", "mean_seconds: 0", 'scene.yaml:3: A distribution "exponential" needs mean_seconds above'),
        ("mean_seconds: 60", "mean_seconds: 60, cv: 1", 'A distribution "exponential" takes no cv.'),
        ("exponential", "exponentail", 'Did you mean "exponential"?'),
        (
            "distribution: exponential",
            "distribution: gamma",
            'A distribution "gamma" needs one of sd_seconds, cv, shape',
        ),
        ("distribution: exponential, mean_seconds: 60", "distribution: empirical", "needs a list of seconds"),
        (
            "distribution: exponential, mean_seconds: 60",
            "distribution: empirical, seconds: [1, 2], weights: [0.5, 0.6]",
            "The weights sum to 1.1, not to one.",
        ),
        (
            "distribution: exponential, mean_seconds: 60",
            "distribution: empirical, seconds: [1, 2], weights: [1]",
            "There are 1 weights for 2 values.",
        ),
        ("channels: 12", "kind: walk, channels: 12", 'Station "counter" takes no channels, since it is of kind walk.'),
        ("channels: 12", "kind: shuttle", 'Station "counter" lacks shuttle.'),
        ("channels: 12", "shuttle: {capacity: 9}", "A shuttle runs by a timetable (headway_seconds) or when full"),
        ("channels: 12", "channels: 12, eligible: [nobody]", 'There is no class "nobody".'),
        ("channels: 12", "channels: 12, outages: [{from: 5, until: 4}]", "An outage runs from 5 until 4."),
        (
            "channels: 12",
            "channels: 12, failure: {share: 0.1, divert_to: desk}",
            'There is no station "desk". There are counter.',
        ),
        ("channels: 12", "channels: 12, failure: {share: 0.1, divert_to: counter}", "diverts to itself"),
        # Routes
        ("route: [counter]", "route: [couter]", 'scene.yaml:4: There is no station "couter". Did you mean "counter"?'),
        ("route: [counter]", "", 'Nothing says where "passenger" goes. Add a route'),
        (
            "route: [counter]",
            "route: [counter, counter]",
            "scene.yaml:4: Passengers would come back to counter → counter.",
        ),
        # The whole
        ("seed: 1", "seed: -1", "scene.yaml:5: seed: -1 is less than"),
        ("replications: 4", "replications: 0", "scene.yaml:6: replications: 0 is less than"),
        ("seed: 1", "seed: 1\nwarm_up_hours: 2000", "The warm-up of 2000 hours leaves nothing of 2000.0 hours"),
        ("seed: 1", "seed: 1\nseed: 2", 'scene.yaml:6: The key "seed" is given twice.'),
        ("seed: 1", "seed: 1\npledge: {share: 95}", "scene.yaml:6: pledge.share: 95 is greater than"),
        ("{process: poisson", "[{process: poisson", "scene.yaml:2: This is not YAML"),
        # What no machine can bear
        ("mean_seconds: 60", "mean_seconds: 1e300", "scene.yaml:3: stations.0.service.mean_seconds: 1e300 is greater"),
        (
            "distribution: exponential, mean_seconds: 60",
            "distribution: gamma, mean_seconds: 60, shape: 1e-300",
            "scene.yaml:3: stations.0.service.shape: 1e-300 is less than 0.0001. Give 0.0001 or more.",
        ),
        (
            "distribution: exponential, mean_seconds: 60",
            "distribution: gamma, mean_seconds: 60, sd_seconds: 1e-300",
            "scene.yaml:3: stations.0.service.sd_seconds: 1e-300 is less than 0.006.",
        ),
        (
            "distribution: exponential, mean_seconds: 60",
            "distribution: lognormal, mean_seconds: 60, cv: 1e200",
            "scene.yaml:3: stations.0.service.cv: 1e200 is greater than 100. Give 100 or less.",
        ),
        (
            "process: poisson, rate_per_hour: 600",
            "process: platoons, size: 9, every_seconds: 1e-7",
            "scene.yaml:1: arrivals.every_seconds: 1e-7 is less than 3.6. Give 3.6 or more.",
        ),
        (
            "channels: 12",
            "shuttle: {capacity: 9, headway_seconds: 1e-9}",
            "scene.yaml:3: stations.0.shuttle.headway_seconds: 1e-9 is less than 3.6288. Give 3.6288 or more.",
        ),
        ("channels: 12", f"outages: [{'{from: 1, until: 2},' * 101}], channels: 12", "outages has too many entries."),
        (
            "hours: 2000}",
            f"hours: 2000}}\nclasses: {{{', '.join(f'c{number}: {{share: 0.002}}' for number in range(500))}}}",
            "scene.yaml:2: classes has too many entries. Give 300 or fewer.",
        ),
    ],
)
def test_a_mistake_is_one_line_with_its_place_and_its_remedy(old, new, line):
    assert old in CONTRACT
    if line == "hours: 2000} covers":
        line = "scene.yaml:1: "
    told = refusal(CONTRACT.replace(old, new, 1))
    assert line in told
    assert told.startswith("scene.yaml:")
    assert "\n" not in told


ROSTER = """\
arrivals: {rate_per_hour: 60, hours: 24}
stations:
  - name: counter
    service: {distribution: exponential, mean_seconds: 60}
    roster:
      - {from: "06:00", until: "10:00", channels: 4}
      - {from: "10:30", until: "22:00", channels: 6}
route: [counter]
"""


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("", "", "scene.yaml:7: The roster has a gap: nothing is said of 10:00 until 10:30."),
        ("10:30", "09:30", "scene.yaml:7: The roster overlaps: one shift ends at 10:00, and the next begins at 09:30."),
        ("22:00", "10:30", "scene.yaml:7: A shift runs from 10:30 until 10:30."),
        ("22:00", "25:00", "scene.yaml:7: stations.0.roster.1.until"),
        ("channels: 6", "channels: -6", "scene.yaml:7: stations.0.roster.1.channels: -6 is less than"),
        ('"06:00"', "-1", "scene.yaml:6: stations.0.roster.0.from: -1 is less than"),
        (
            "    roster",
            "    channels: 3\n    roster",
            'scene.yaml:5: Station "counter" takes no channels, since it has a roster.',
        ),
    ],
)
def test_a_roster_says_of_each_hour_who_is_there(old, new, line):
    assert refusal(ROSTER.replace(old, new, 1)).startswith(line)


CLASSES = """\
arrivals: {rate_per_hour: 60, hours: 24}
classes:
  resident: {share: 0.7, route: [gate, [desk, counter]]}
  visitor: {share: 0.3, route: [counter]}
stations:
  - {name: gate, channels: 2, service: {distribution: exponential, mean_seconds: 60}}
  - {name: desk, channels: 2, eligible: [resident], service: {distribution: exponential, mean_seconds: 60}}
  - {name: counter, channels: 2, service: {distribution: exponential, mean_seconds: 60}}
  - {name: walk, kind: walk, service: {distribution: exponential, mean_seconds: 60}}
"""


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("share: 0.3", "share: 0.4", "scene.yaml:2: The shares of the classes sum to 1.1, not to one."),
        ("{share: 0.3, ", "{", 'scene.yaml:4: Nothing says how many are "visitor".'),
        ("hours: 24", "hours: 24, shares: {resident: 0.5, tourist: 0.5}", 'scene.yaml:1: There is no class "tourist".'),
        ("hours: 24", "hours: 24, shares: {resident: 0.5}", "scene.yaml:1: The shares of the classes sum to 0.5"),
        ("route: [counter]", "route: [desk]", 'scene.yaml:4: "visitor" may use none of desk.'),
        (
            "route: [counter]",
            "route: [[counter, walk]]",
            "scene.yaml:4: A walk or a shuttle is not chosen by its queue.",
        ),
        ("route: [counter]", "route: [counter, gate]", "scene.yaml:2: Passengers would come back to"),
        ("name: desk", "name: gate", 'scene.yaml:7: There are two stations "gate".'),
        (
            "channels: 2, service",
            "channels: 2, failure: {share: 0.1, divert_to: counter}, service",
            "scene.yaml:2: Passengers would come back to",
        ),
        (
            "channels: 2, service",
            (
                "channels: 2, service_by_class: {visitor: [{distribution: exponential, mean_seconds: 6}, "
                "{distribution: exponential, mean_seconds: 6}]}, service"
            ),
            "scene.yaml:6: The service of visitor has 2 stages, and that of the others 1.",
        ),
        (
            "channels: 2, service",
            "channels: 2, failure: {share: [0.1, 0.2], divert_to: walk}, service",
            "scene.yaml:6: There are 2 shares for 1 stages.",
        ),
    ],
)
def test_classes_and_routes_hang_together(old, new, line):
    scenario(CLASSES)
    assert refusal(CLASSES.replace(old, new, 1)).startswith(line)


def test_streams_of_passengers_cover_the_same_time_under_names_of_their_own():
    text = (
        "arrivals:\n  - {rate_per_hour: 5, hours: 5}\n  - {rate_per_hour: 5, hours: 6}\n" + CONTRACT.split("\n", 1)[1]
    )
    assert refusal(text).startswith("scene.yaml:3: The streams of passengers cover different times.")
    text = "arrivals:\n  - {name: a, rate_per_hour: 5}\n  - {name: a, rate_per_hour: 5}\n" + CONTRACT.split("\n", 1)[1]
    assert "Two streams of passengers have one name" in refusal(text)


def test_growth_multiplies_every_stream():
    assert scenario(CONTRACT + "demand_factor: 1.5\n").expected(0) == 600 * 2000 * 1.5


def test_the_scenarios_of_the_guide_are_read():
    guide = Path(__file__).parents[3] / "docs/guides/simulate-a-control-point.md"
    written = re.findall(r"```yaml\n(.*?)```", guide.read_text(encoding="utf-8"), flags=re.DOTALL)
    assert [len(scenario(text).stations) for text in written] == [1, 4, 2]
    assert written[0].strip() == CONTRACT.strip()


def test_every_design_and_case_of_the_guide_is_read():
    guide = Path(__file__).parents[3] / "docs/guides/simulate-a-control-point.md"
    written = re.findall(r"```yaml\n(.*?)```", guide.read_text(encoding="utf-8"), flags=re.DOTALL)[2]
    read = open_scenario_file(written, name="halls.yaml")
    found = {(one.key, case.key): read.scenario(one.key, case.key) for one in read.designs for case in read.cases}
    assert {key: (len(one.stations), one.expected(0)) for key, one in found.items()} == {
        ("one_hall", "opening"): (2, pytest.approx(1400)),
        ("one_hall", "ten_years"): (2, pytest.approx(5000)),
        ("two_halls", "opening"): (3, pytest.approx(1400)),
        ("two_halls", "ten_years"): (3, pytest.approx(5000)),
    }


def test_days_and_changes_that_nobody_could_wait_for_are_refused():
    many = CONTRACT.replace("rate_per_hour: 600, hours: 2000", f"passengers_per_day: [{'9, ' * 200}9]")
    told = refusal(many.replace("replications: 4", "replications: 9999"))
    assert told.startswith("scene.yaml:6: replications: 9999 is greater than 4975.")
    hourly = ", ".join(f"{{from: {hour}, until: {hour + 1}, channels: {hour % 2}}}" for hour in range(24))
    long = CONTRACT.replace("2000", "1000000").replace("channels: 12", f"roster: [{hourly}]")
    assert "stations.0.roster has too many entries. Give 4 or fewer." in refusal(long)


def test_nobody_is_diverted_to_where_they_may_not_be_served():
    text = """\
arrivals: {rate_per_hour: 60, hours: 24, shares: {listed: 0.5, other: 0.5}}
classes: {listed: {}, other: {}}
stations:
  - {name: gate, channels: 2, service: {distribution: exponential, mean_seconds: 12},
     failure: {share: 0.05, divert_to: desk}}
  - {name: desk, channels: 1, eligible: [listed], service: {distribution: exponential, mean_seconds: 20}}
route: [gate]
"""
    assert refusal(text).startswith('scene.yaml:5: "other" may use none of desk.')
    assert read_scenario(text.replace("eligible: [listed]", "eligible: [listed, other]"), name="scene.yaml")


def test_a_note_may_stand_beside_a_group_and_its_visits():
    text = """\
arrivals:
  demand:
    groups: [{name: staff, note: Of today, direction: in, back: out, jobs: 50, share_living_across: 1,
              shifts: [{share: 1, from: "09:00", until: "18:00"}]}]
    visits: [{name: meetings, note: {en: Mostly short}, direction: in, back: out, people: 10,
              trips_per_person_per_day: 1, from: "10:00", until: "11:00"}]
stations:
  - {name: counter, channels: 2, service: {distribution: exponential, mean_seconds: 60}}
route: [counter]
"""
    assert read_scenario(text, name="scene.yaml").expected(0) == pytest.approx(120)
