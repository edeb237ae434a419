"""What a file of several designs may not say, and the one line that says what, where, and how to mend it."""

import pytest

from riverloop.core.kernel.errors import InputError
from riverloop.core.queueing.designs import open_scenario_file
from tests.core.queueing.halls import COUNTED, HALLS, OUT, STAFF, counts, halls
from tests.core.queueing.scenes import CONTRACT


def refusal(text, **asked):
    with pytest.raises(InputError) as refused:
        open_scenario_file(text, name="halls.yaml").scenario(**asked)
    return str(refused.value)


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        # Parameters
        ("per_day: $jobs", "per_day: $jobz", 'halls.yaml:9: There is no parameter "jobz". Did you mean "jobs"?'),
        (
            "per_day: $jobs",
            "per_day: 9",
            'halls.yaml:3: Nothing uses the parameter "jobs". Write $jobs where it belongs',
        ),
        (
            "gates: {value: 3}",
            "gates: {value: [3]}",
            "halls.yaml:8: parameters.gates.value is a list, and must be a number or a text.",
        ),
        ("gates: {value: 3}", "gates: {value: a lot}", 'halls.yaml:8: "a lot" is neither a number nor a word.'),
        ("gates: {value: 3}", "gates: {value: $jobs}", 'halls.yaml:8: "$jobs" is neither a number nor a word.'),
        ("gates: {value: 3}", "gates: {low: 3}", 'halls.yaml:8: parameters.gates lacks "value". Add it.'),
        ("gates: {value: 3}", "gates: {valeu: 3, value: 3}", 'has no key "valeu". Did you mean "value"?'),
        (
            "gates: {value: 3}",
            "gates: {value: 3.5}",
            'halls.yaml:15: With "gates" at 3.5: stations.0.roster.0.channels is 3.5, and must be a whole number',
        ),
        (
            "gates: {value: 3}",
            "gates: {value: -3}",
            'halls.yaml:15: With "gates" at -3: stations.0.roster.0.channels: -3 is less than',
        ),
        (
            "value: 12}",
            "value: -12}",
            'halls.yaml:14: With "gate_seconds" at -12: stations.0.service.mean_seconds: -12 is less than',
        ),
        (
            '"06:30"',
            '"25:30"',
            'halls.yaml:7: The value 25:30 of "opens" does not lie between low 06:00 and high 07:00.',
        ),
        ("low: 1000, ", "", 'halls.yaml:3: "jobs" has only one of low and high. Give both, or none.'),
        (
            "low: 1000",
            "low: 1500",
            'halls.yaml:3: The value 1400 of "jobs" does not lie between low 1500 and high 2000.',
        ),
        ("low: 1000", 'low: "06:00"', "halls.yaml:3: The value 1400"),
        ("as_of: 2025-12-22", "as_of: soon", 'halls.yaml:3: parameters.jobs.as_of: "soon" does not match'),
        ("gates: {value: 3}", "rest: {value: 3}", "halls.yaml:8: No parameter is named rest"),
        # What is left
        ("resident: $by_gate, ", "", "halls.yaml:9: $rest is what other shares leave of one. Give it once"),
        ("value: 0.75, low: 0.5, high: 0.9", "value: 1.2", "halls.yaml:9: The shares beside $rest sum to 1.2"),
        ("visitor: $rest", "visitor: 0.5", "halls.yaml:9: The shares of the classes sum to 1.25, not to one."),
        # Designs and cases
        ("  one_hall:", "  one hall:", 'halls.yaml:21: designs: "one hall" does not match'),
        ("kind: legal", "kind: leagl", 'Did you mean "legal"?'),
        (
            "    route: [gate",
            "    routes: [gate",
            'halls.yaml:32: designs.two_halls has no key "routes". Did you mean "route"?',
        ),
        (
            "    route: [gate",
            "    parameters: {}\n    route: [gate",
            'halls.yaml:32: designs.two_halls has no key "parameters". Its keys are title, note',
        ),
        ("walk, counter]", "wakl, counter]", 'halls.yaml:32: There is no station "wakl". Did you mean "walk"?'),
        (
            "{jobs: {value: 50000",
            "{jobz: {value: 50000",
            'halls.yaml:36: There is no parameter "jobz". Did you mean "jobs"?',
        ),
        ("low: 40000", "low: 55000", 'halls.yaml:36: The value 50000 of "jobs" does not lie between low 55000'),
        ("gates: 40}", "gates: forty two}", 'halls.yaml:36: "forty two" is neither a number nor a word.'),
        # Texts
        ("{en: A hall", "{fr: A hall", 'halls.yaml:1: title has no key "fr".'),
        # Area
        ("area: {per_waiting_m2: 1.5, source: assumed}\n", "", "halls.yaml:15: Nothing says how much room a waiting"),
        ("per_waiting_m2: 1.5", "per_waiting_m2: -1.5", "halls.yaml:18: area.per_waiting_m2: -1.5 is less than"),
    ],
)
def test_a_mistake_in_a_file_of_designs_is_one_line_with_its_place(old, new, line):
    assert old in HALLS
    changed = HALLS.replace(old, new, 1)
    told = refusal(changed, design="two_halls" if "wakl" in new else "")
    assert line in told
    assert told.startswith("halls.yaml:")
    assert "\n" not in told


@pytest.mark.parametrize(
    ("asked", "line"),
    [
        (
            {"design": "tow_halls"},
            'There is no design "tow_halls". Did you mean "two_halls"? There are one_hall, two_halls.',
        ),
        ({"case": "latre"}, 'There is no case "latre". Did you mean "later"? There are opening, later.'),
        ({"values": {"jobz": 3}}, 'There is no parameter "jobz". Did you mean "jobs"?'),
        ({"values": {"jobs": float("nan")}}, '"nan" is neither a number nor a word.'),
        ({"values": {"jobs": True}}, '"True" is neither a number nor a word.'),
        (
            {"values": {"gates": 2.5}},
            'halls.yaml:15: With "gates" at 2.5: stations.0.roster.0.channels is 2.5, and must be a whole number',
        ),
        (
            {"values": {"jobs": "median"}},
            'halls.yaml:9: With "jobs" at median: arrivals.passengers_per_day is "median", and',
        ),
    ],
)
def test_what_is_asked_of_a_file_must_be_in_it(asked, line):
    assert line in refusal(HALLS, **asked)


def test_a_design_or_case_of_a_file_that_has_none_is_refused():
    assert 'There is no design "two_halls". There are –.' in refusal(CONTRACT, design="two_halls")


def test_an_outage_of_a_side_names_a_side_and_ends_after_it_begins():
    assert refusal(OUT.replace("{side: east", "{side: eats")).startswith(
        'halls.yaml:20: No station is of the side "eats". Did you mean "east"? There are east, west.'
    )
    assert refusal(OUT.replace('until: "10:30"', 'until: "09:30"')).startswith(
        "halls.yaml:20: An outage runs from 10:00"
    )


def test_a_swing_that_nobody_gave_ends_is_refused_when_asked_for():
    with pytest.raises(InputError, match=r'halls.yaml:8: Nothing says how far "gates" may lie from 3'):
        halls().swings(names=["gates"])
    with pytest.raises(InputError, match=r'There is no parameter "jobz". Did you mean "jobs"'):
        halls().swings(names=["jobz"])


def test_an_end_that_cannot_be_simulated_is_told_with_its_parameter():
    wide = HALLS.replace("visitor: $rest", "visitor: 0.2, worker: $rest").replace(
        "  visitor: {}", "  visitor: {}\n  worker: {}"
    )
    wide = wide.replace("{resident: {}, visitor: {}}", "{resident: {}, visitor: {}, worker: {}}")
    told = r'halls.yaml:5: With "by_gate" at 0.9: The shares beside \$rest sum to 1.1'
    with pytest.raises(InputError, match=told):
        halls(wide).swings()
    with pytest.raises(InputError, match=told):
        halls(wide).check_ends()


def test_ends_that_only_fail_together_are_ends_all_the_same():
    both = HALLS.replace("visitor: $rest", "visitor: $tourists, worker: $rest").replace(
        "  gate_seconds:", "  tourists: {value: 0.05, low: 0, high: 0.2}\n  gate_seconds:"
    )
    both = both.replace("  visitor: {}\n", "  visitor: {}\n  worker: {}\n").replace(
        "{resident: {}, visitor: {}}", "{resident: {}, visitor: {}, worker: {}}"
    )
    halls(both).check_ends()


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("low: 1000", "low: -1", '3: With "jobs" at -1: arrivals.passengers_per_day: -1 is less than 0.'),
        ("{value: 12}", "{value: 12, low: -2, high: 15}", '6: With "gate_seconds" at -2: stations.0.service.mean_s'),
        ("{value: 12}", "{value: 12, low: 9, high: 1e9}", '6: With "gate_seconds" at 1000000000: stations.0.service'),
        (
            "{value: 3}",
            "{value: 3, low: -1, high: 4}",
            '8: With "gates" at -1: stations.0.roster.0.channels: -1 is less',
        ),
        (
            "{value: 3}",
            "{value: 3, low: 2.5, high: 4}",
            '8: With "gates" at 2.5: stations.0.roster.0.channels is 2.5, and must be a whole number',
        ),
        ("low: 40000", "low: -4", '36: With "jobs" at -4: arrivals.passengers_per_day: -4 is less than 0.'),
    ],
)
def test_an_end_that_may_not_stand_there_is_refused_when_the_file_is_read(old, new, line):
    assert old in HALLS
    with pytest.raises(InputError) as refused:
        halls(HALLS.replace(old, new, 1))
    assert f"halls.yaml:{line}" in str(refused.value)


@pytest.mark.parametrize(
    ("text", "old", "new", "line"),
    [
        (STAFF, "value: 0.7", "value: 1.7", "x.yaml:13: The shares beside $rest sum to 1.7"),
        (STAFF, "share: $rest", "share: 0.2", "x.yaml:11: The shares of the shifts sum to 0.9, not to one."),
        (
            STAFF,
            "across: 0.4",
            "across: 1.4",
            "x.yaml:10: arrivals.0.demand.groups.0.share_living_across: 1.4 is greater",
        ),
        (
            STAFF,
            "minutes_before: 30",
            "minutes_before: -30",
            "x.yaml:14: arrivals.0.demand.groups.0.minutes_before: -30",
        ),
        (STAFF, 'until: "19:00"', 'until: "10:00"', "x.yaml:13: A shift ends when it begins."),
        (
            STAFF,
            "over: {going: 1}",
            "ovre: {going: 1}",
            'x.yaml:16: There is no direction "ovre". Did you mean "over"?',
        ),
        (STAFF, "{going: 1}", "{goign: 1}", 'x.yaml:16: There is no class "goign". Did you mean "going"?'),
        (STAFF, "{going: 1}", "{going: 0.5}", "x.yaml:16: The shares of the classes sum to 0.5, not to one."),
        (STAFF, "name: staff\n", "name: staff\n    hours: 3\n", "x.yaml:4: Arrivals given by demand take no hours."),
        (COUNTED, "bridge", "brigde", "x.yaml:3: There is no such control point."),
        (COUNTED, "day: median", "day: medain", 'x.yaml:3: "medain" is no day. Did you mean "median"?'),
        (COUNTED, "2025-12-31", "2024-12-31", "x.yaml:3: The span ends before it begins."),
        (COUNTED, "[0.25, 0.5, 0.25]", "[0.25, 0.5]", "x.yaml:4: The shares of the profile sum to 0.75, not to one."),
        (COUNTED, "visitors: {", "vistors: {", 'x.yaml:6: No class "vistors" is counted. Did you mean "visitors"?'),
        (COUNTED, "name: out\n", "name: out\n    size: 3\n", "x.yaml:2: Arrivals need one of rate_per_hour"),
    ],
)
def test_a_mistake_about_who_comes_is_told_with_its_line(text, old, new, line):
    assert old in text
    with pytest.raises(InputError) as refused:
        open_scenario_file(text.replace(old, new, 1), name="x.yaml").scenario(traffic=counts)
    assert line in str(refused.value)


def test_real_days_need_somebody_who_has_them():
    with pytest.raises(InputError, match=r"counted.yaml:3: There is no real traffic at hand here."):
        open_scenario_file(COUNTED, name="counted.yaml").scenario()
