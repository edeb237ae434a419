"""``riverloop simulate``: the answer as a table and as JSON, and what is refused."""

import json
import re

import pytest

from riverloop.cli.simulating import MEASURES
from riverloop.core.queueing import differences
from tests.core.queueing.halls import HALLS, OUT
from tests.core.queueing.scenes import CONTRACT, DAY

SHORT = CONTRACT.replace("2000", "40")


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "scenario.yaml"
    path.write_text(SHORT, encoding="utf-8")
    return path


def test_the_answer_is_one_json_object_and_nothing_else(run, file):
    status, out, err = run("simulate", str(file), "--json")
    assert (status, err) == (0, "")
    answer = json.loads(out)
    assert answer["passengers"] == pytest.approx(4 * 40 * 600, rel=0.02)
    low, high = answer["stations"]["counter"]["wait_seconds"]["ci95"]
    assert low <= answer["stations"]["counter"]["wait_seconds"]["mean"] <= high
    assert {"utilisation", "queue_max"} <= answer["stations"]["counter"].keys()
    assert answer["pledge"]["share_within"] == 1


def test_the_answer_is_a_table_that_a_person_reads(run):
    status, out, _ = run("simulate", "-", stdin=SHORT)
    assert status == 0
    assert "100.0% are through within 30 minutes" in out
    assert re.search(r"passengers in all, in 4 replications of 40 hours\.\n", out)
    assert out.index("seconds of waiting at") < out.index("\ncounter ") < out.index("\nwhole journey ")
    assert "\nStaff hours in each run: " in out


def test_a_comparison_in_which_nobody_comes_or_of_one_replication_says_so(run, tmp_path):
    path = tmp_path / "few.yaml"
    path.write_text(SHORT + "demand_factor: 0.0000001\n", encoding="utf-8")
    status, out, _ = run("simulate", str(path), "--against", str(path))
    assert status == 0
    assert "  journey_seconds: nothing to compare: hardly anybody came\n" in out
    assert "  share_within: no difference\n" in out
    assert "Nobody comes, so that no pledge is kept or broken." in out
    assert "nan" not in out
    status, _, err = run("simulate", str(path), "--break-even", str(path))
    assert (status, "hardly anybody comes" in err, "replication tells" in err) == (1, True, False)
    path.write_text(SHORT.replace("replications: 4", "replications: 1"), encoding="utf-8")
    status, out, _ = run("simulate", str(path), "--against", str(path))
    assert "  journey_seconds: one replication tells no difference apart\n" in out


@pytest.mark.parametrize("more", [(), ("--list",), ("--json",)])
def test_a_title_that_a_terminal_would_obey_is_refused_with_its_line(run, more):
    status, out, err = run("simulate", "-", *more, stdin='title: "\\e]0;mine\\a\\e[31mred"\n' + SHORT)
    if not more or more == ("--json",):
        assert (status, out) == (1, "")
        assert err == (
            "standard input:1: The character U+001B cannot be seen and may do harm where it is shown. Take it out.\n"
        )


def test_what_a_mistake_quotes_of_a_file_is_shown_and_not_obeyed(run):
    status, _, err = run("simulate", "-", stdin="a: !x%1b%5b31m y\n")
    assert status == 1
    assert "\x1b" not in err
    assert "\\x1b[31m" in err


def test_a_number_that_nobody_can_write_out_is_told_in_short(run):
    status, _, err = run("simulate", "qingmao", "--set", "joint_lanes=1e300")
    assert status == 1
    assert "1e300 is" in err
    assert "00000000" not in err


def test_a_tornado_is_refused_before_anything_is_run(run, tmp_path, monkeypatch):
    monkeypatch.setattr("riverloop.cli.simulated.run", None)
    path = tmp_path / "halls.yaml"
    path.write_text(SHORT, encoding="utf-8")
    status, _, err = run("simulate", str(path), "--tornado")
    assert (status, "No parameter says between what it may lie." in err) == (1, True)


def test_a_queue_that_cannot_drain_is_told_with_what_is_lacking(run):
    status, out, _ = run("simulate", "-", stdin=SHORT.replace("channels: 12", "channels: 9"))
    assert status == 0
    assert 'The queue of "counter" cannot drain:' in out
    assert "11 channels would be needed throughout." in out


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            SHORT.replace("[counter]", "[couter]"),
            'standard input:4: There is no station "couter". Did you mean "counter"?',
        ),
        (SHORT.replace("rate_per_hour: 600", "rate_per_hour: .nan"), "standard input:1: .nan is not a number here."),
        ("- a", "standard input:1: the file is a list, and must be a mapping. Write it so."),
        ("seed: {a: 1}", "standard input:1: seed is a mapping, and must be a whole number."),
        ('seed: "many"', 'standard input:1: seed is "many", and must be a whole number.'),
        ("seed:", "standard input:1: seed is empty, and must be a whole number."),
        ("", "standard input:1: The file is empty."),
    ],
)
def test_a_mistake_ends_with_one_line_and_status_1(run, text, said):
    status, out, err = run("simulate", "-", stdin=text)
    assert (status, out) == (1, "")
    assert err.startswith(said)
    assert err.count("\n") == 1


def test_a_file_that_is_not_there_is_told(run):
    status, _, err = run("simulate", "nowhere.yaml")
    assert status == 1
    assert "nowhere.yaml: The file cannot be read" in err


def test_two_designs_are_compared_on_the_same_passengers(run, file, tmp_path):
    other = tmp_path / "other.yaml"
    other.write_text(SHORT.replace("channels: 12", "channels: 13"), encoding="utf-8")
    _, out, _ = run("simulate", str(file), "--against", str(other), "--json")
    found = json.loads(out)["against"][0]["difference"]["journey_seconds"]
    assert found["sure"] is True
    assert found["ci95"][0] > 0
    _, out, _ = run("simulate", str(file), "--against", str(other))
    assert "The first less this one, on the same passengers:" in out


def test_the_least_that_keeps_the_pledge_is_found(run):
    text = DAY + "pledge: {minutes: 10}\n"
    words = ("--least-channels", "customs", "--least-roster", "customs", "--shift-hours", "4,8")
    status, out, _ = run("simulate", "-", *words, "--json", stdin=text)
    assert status == 0
    answer = json.loads(out)
    assert answer["least_channels"]["met"] is True
    assert len(answer["least_roster"]["channels"]) == 24
    roster = answer["least_roster"]
    assert roster["shift_hours"] == sum(roster["channels"])
    assert roster["paid_hours"] == pytest.approx(roster["shift_hours"] + roster["overtime_hours"])
    assert {"wait_seconds", "share_within_at_station", "worst_class", "now"} <= roster.keys()
    assert answer["least_channels"]["stations"]["customs"].keys() == roster["now"].keys() | {"now"}
    _, out, _ = run("simulate", "-", *words, "--every-hour", stdin=text)
    assert "Least channels that keep the pledge: customs" in out
    assert 'Least roster of "customs":' in out
    assert "customs, as it stands" in out
    _, out, _ = run("simulate", "-", "--least-channels", "customs", stdin=DAY + "pledge: {minutes: 1}\n")
    assert "No number of channels there keeps the pledge" in out


@pytest.mark.parametrize(
    "words",
    [
        ("--shift-hours", "0,8"),
        ("--cluster", "tcp://x:1"),
        ("--backend", "spark"),
        ("--set", "jobs"),
        ("--set", "jobs=1", "--set", "jobs=2"),
        ("--confidence", "nan"),
        ("--between", "1e-9,1e9"),
        ("--between", "2,1"),
        ("--between", "one,two"),
        ("--tornado", "happiness"),
        ("--measure", "happiness"),
        ("--against", "a", "--against", "b", "--against", "c", "--against", "d"),
    ],
)
def test_wrong_usage_is_status_2(run, file, words):
    status, _, err = run("simulate", str(file), *words)
    assert status == 2
    assert "Error: " in err


def test_threads_give_the_same_answer(run, file):
    _, alone, _ = run("simulate", str(file), "--json", "--jobs", "1")
    _, together, _ = run("simulate", str(file), "--json", "--backend", "threads", "--jobs", "2")
    assert together == alone


# Files of several designs ----------------------------------------------------------------------------------------


def test_a_file_or_the_name_of_a_bundled_one_must_be_given(run):
    status, _, err = run("simulate")
    assert status == 2
    assert "`riverloop simulate --list` lists them." in err


def test_a_design_and_a_case_are_chosen_and_parameters_set(run):
    words = ("--design", "two_halls", "--case", "later", "--set", "jobs=900", "--set", "gate_seconds=9.5")
    _, out, _ = run("simulate", "-", *words, "--json", stdin=HALLS)
    answer = json.loads(out)
    assert (answer["design"], answer["case"]) == ("two_halls", "later")
    assert answer["parameters"] == {"jobs": 900, "by_gate": 0.75, "gate_seconds": 9.5, "gates": 40}
    assert answer["passengers"] == pytest.approx(4 * 900, rel=0.1)
    assert set(answer["stations"]) == {"gate", "walk", "counter"}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--design", "tow_halls"), 'standard input:21: There is no design "tow_halls". Did you mean "two_halls"?'),
        (("--case", "latre"), 'standard input:34: There is no case "latre". Did you mean "later"?'),
        (("--set", "jobz=3"), 'standard input:2: There is no parameter "jobz". Did you mean "jobs"?'),
        (
            ("--set", "gates=2.5"),
            'standard input:15: With "gates" at 2.5: stations.0.roster.0.channels is 2.5, and must be a whole number.',
        ),
        (("--against", "design:tow_halls"), 'standard input:21: There is no design "tow_halls".'),
        (("--break-even", "design:tow_halls"), 'standard input:21: There is no design "tow_halls".'),
        (("--without-outages",), "standard input: Nothing is ever out of order here."),
        (
            ("--against", "hetao-west-brige"),
            'There is no file "hetao-west-brige", and no bundled scenario is called so.',
        ),
    ],
)
def test_what_is_asked_must_be_in_the_file(run, words, said):
    status, out, err = run("simulate", "-", *words, stdin=HALLS)
    assert (status, out) == (1, "")
    assert err.startswith(said)
    assert err.count("\n") == 1


def test_up_to_four_answers_stand_side_by_side(run, tmp_path):
    other = tmp_path / "other.yaml"
    other.write_text(HALLS.replace("channels: 4", "channels: 5"), encoding="utf-8")
    words = ("--against", "design:two_halls", "--against", str(other))
    _, out, _ = run("simulate", "-", *words, "--json", stdin=HALLS)
    first, second = json.loads(out)["against"]
    assert (first["design"], second["design"]) == ("two_halls", "one_hall")
    assert first["difference"]["journey_seconds"]["mean"] < 0
    assert first["difference"]["journey_seconds"]["sure"] is True
    _, out, _ = run("simulate", "-", *words, stdin=HALLS)
    assert out.count("The first less this one, on the same passengers:") == 2
    assert "\nA hall for two sides · two_halls · Opening\n" in out


def test_what_an_outage_does_is_told(run):
    _, out, _ = run("simulate", "-", "--without-outages", "--set", "jobs=9000", "--json", stdin=OUT)
    still = json.loads(out)["without_outages"]
    assert still["difference"]["journey_seconds"]["mean"] > 0
    _, out, _ = run("simulate", "-", "--without-outages", stdin=OUT)
    assert "What the outages do:" in out


def test_what_moves_the_answer_most_is_listed(run):
    _, out, _ = run("simulate", "-", "--tornado", "--json", stdin=HALLS)
    found = json.loads(out)["tornado"]
    assert found["measure"] == "journey_p95_seconds"
    assert {one["name"] for one in found["bars"]} == {"jobs", "by_gate", "opens"}
    _, out, _ = run("simulate", "-", "--tornado", "share_within", stdin=HALLS)
    assert "What moves share_within most" in out
    status, _, err = run("simulate", "-", "--tornado", stdin=CONTRACT.replace("2000", "20"))
    assert (status, err.count("\n")) == (1, 1)
    assert "No parameter says between what it may lie." in err


def test_the_demand_at_which_another_design_overtakes_is_told(run):
    words = ("--break-even", "design:two_halls", "--between", "0.5,8")
    _, out, _ = run("simulate", "-", *words, "--json", stdin=HALLS)
    found = json.loads(out)["break_even"]
    assert found["measure"] == "journey_seconds"
    assert (found["better_below"], found["finding"]) == ("ours", "turns")
    assert 6 < found["sure_below"] < found["factor"] < found["sure_above"] < 8
    assert [point["factor"] for point in found["points"]][:: len(found["points"]) - 1] == [0.5, 8]
    _, out, _ = run("simulate", "-", *words, stdin=HALLS)
    assert f"Up to {found['factor']:.4g} times the demand the first is better; above it, the other.\n" in out
    assert "Nearest to that it is sure of the first at " in out
    assert "\n0.5 times " in out


def test_bundled_scenarios_are_listed_and_run_by_their_names(run):
    _, out, _ = run("simulate", "--list")
    assert "hetao-west-bridge" in out
    _, out, _ = run("simulate", "--list", "--json")
    assert "co_located" in {one["name"]: one for one in json.loads(out)}["hetao-west-bridge"]["designs"]
    _, out, _ = run("simulate", "hetao-west-bridge", "--design", "co_located", "--json")
    assert json.loads(out)["design"] == "co_located"


def test_what_was_claimed_stands_beside_what_the_model_says(run):
    _, out, _ = run("simulate", "-", "--design", "two_halls", stdin=HALLS)
    assert "\nClaimed: Ten minutes longer\n  The model: a journey takes " in out
    _, out, _ = run("simulate", "-", "--against", "design:two_halls", "--json", stdin=HALLS)
    answer = json.loads(out)
    assert "claims" not in answer
    assert answer["against"][0]["claims"] == [
        {
            "text": {"": "Ten minutes longer"},
            "value": 10,
            "unit": "minutes",
            "measure": "journey_seconds",
            "as_of": "",
            "source": "",
        }
    ]
    told = SHORT + "claims: [{text: Nobody waits, measure: complaints, as_of: 2025-12, source: A paper}]\n"
    _, out, _ = run("simulate", "-", stdin=told)
    assert "\nClaimed: Nobody waits (A paper, 2025-12)\n  The model does not tell this.\n" in out


NOTED = (
    HALLS.replace("parameters:", "note: Made up for tests.\nparameters:", 1)
    .replace("    title: {en: One hall,", "    note: One hall on one bank.\n    title: {en: One hall,")
    .replace("  opening: {title:", "  opening: {note: As it begins., title:")
)


def test_the_text_tells_what_the_page_tells(run):
    status, out, _ = run("simulate", "-", stdin=NOTED)
    assert (status, out.splitlines()[0]) == (0, "A hall for two sides · One hall · Opening")
    for said in (
        "\nScenario: Made up for tests.\nDesign: One hall on one bank.\nCase: As it begins.\n",
        "\nGate (gate)  ",
        "\ncounter  ",
        "\nResident (resident)  ",
        "\nStaff hours a day: east ",
        "\nBottleneck: ",
        "\nWhat the design needs besides:\n  legal  A decision (Nobody, 2025-12)\n",
    ):
        assert said in out
    assert re.search("seconds of the journey, by class +passengers a day +mean +p50 +p95 +within the pledge\n", out)
    assert "08:00 to 09:00" not in out
    unsourced = NOTED.replace(", as_of: 2025-12, source: Nobody", "")
    assert "\n  legal  A decision (assumed)\n" in run("simulate", "-", stdin=unsourced)[1]


def test_columns_stand_below_each_other_in_chinese_too(run):
    _, out, _ = run("simulate", "-", stdin=SHORT.replace("name: counter", "name: counter, title: 櫃位"))
    head, station, journey = (next(one for one in out.splitlines() if one.startswith(word)) for word in BEGIN)
    assert station.index("12") == journey.index("72") - 2 == head.index("mean") - 2


BEGIN = ("seconds of waiting", "櫃位 (counter)", "whole journey")


def test_hours_in_which_anybody_comes_are_printed_where_they_are_asked_for(run):
    _, out, _ = run("simulate", "-", "--by-hour", stdin=DAY)
    hours = re.findall(r"\n([0-9]{2}):00 to [0-9]{2}:00 +([0-9,.]+) +[0-9.]+ +[0-9.]+ +[0-9.]+% +\d", out)
    assert hours
    assert all(float(came.replace(",", "")) > 0 for _, came in hours)
    assert "00" not in dict(hours)
    assert re.search(r"\n09:00 to 10:00 .* at \w+\n", out)
    assert "Every hour is like the others" in run("simulate", "-", "--by-hour", stdin=SHORT)[1]


def test_passengers_are_told_of_a_day(run):
    _, out, _ = run("simulate", "-", stdin=HALLS)
    came = int(re.search(r"\n([0-9,]+) passengers a day, in 4 replications\.\n", out)[1].replace(",", ""))
    assert came == pytest.approx(1400, rel=0.1)
    _, out, _ = run("simulate", "-", stdin=HALLS.replace("replications: 4", "replications: 1"))
    assert " passengers a day, in 1 replication.\n" in out


def test_what_a_design_needs_and_every_note_and_title_is_in_the_json(run):
    answer = json.loads(run("simulate", "-", "--json", stdin=NOTED)[1])
    assert answer["needs"] == [
        {
            "kind": "legal",
            "text": {"en": "A decision", "zh-Hant": "決定", "zh-Hans": "决定"},
            "as_of": "2025-12",
            "source": "Nobody",
        }
    ]
    assert answer["note"] == {"": "Made up for tests."}
    assert (answer["design_note"], answer["case_note"]) == ({"": "One hall on one bank."}, {"": "As it begins."})
    assert (answer["design_title"]["en"], answer["case_title"]["en"]) == ("One hall", "Opening")
    assert answer["stations"]["gate"]["title"]["en"] == "Gate"


@pytest.mark.parametrize("more", [(), ("--against", "design:two_halls"), ("--by-hour",)])
def test_where_nobody_got_a_dash_is_printed_and_json_has_null(run, more):
    words = ("simulate", "-", "--set", "gates=0", "--design", "two_halls", *more)
    text = HALLS.replace("name: gate, channels: $gates", "name: gate, roster: [{from: 6, until: 24, channels: $gates}]")
    _, out, _ = run(*words, stdin=text)
    assert re.search("\ncounter +– +– +– +– +– ", out)
    assert "nan" not in out.lower()
    assert re.search('The queue of "gate" cannot drain: .* 1 channel would be needed throughout', out)
    _, out, _ = run(*words, "--json", stdin=text)
    assert json.loads(out, parse_constant=pytest.fail)["journey_seconds"]["mean"] is None


def test_a_value_outside_its_stated_range_is_taken_and_said_to_be(run):
    words = ("simulate", "-", "--set", "jobs=3000", "--tornado")
    _, out, _ = run(*words, stdin=HALLS)
    assert "\njobs is 3000: outside the stated range, 1000 to 2000.\n" in out
    answer = json.loads(run(*words, "--json", stdin=HALLS)[1])
    assert answer["outside_stated"] == {"jobs": [1000, 2000]}
    jobs = {one["name"]: one for one in answer["tornado"]["bars"]}["jobs"]
    assert (jobs["low_value"], jobs["high_value"]) == (1000, 3000)
    assert "outside" not in run("simulate", "-", "--set", "jobs=2000", stdin=HALLS)[1]


def test_nothing_is_sure_where_a_queue_does_not_drain(run, tmp_path):
    full, other = tmp_path / "full.yaml", tmp_path / "other.yaml"
    full.write_text(SHORT.replace("channels: 12", "channels: 8"), encoding="utf-8")
    other.write_text(SHORT, encoding="utf-8")
    _, out, _ = run("simulate", str(full), "--against", str(other))
    assert "  nothing to compare: in the first, a queue does not drain\n" in out
    assert "journey_seconds:" not in out
    found = json.loads(run("simulate", str(full), "--against", str(other), "--json")[1])["against"][0]["difference"]
    assert found["journey_seconds"]["ci95"][0] > 0
    assert not any(one["sure"] for one in found.values())


def test_where_none_overtakes_it_is_told_where_that_was_looked_for(run, tmp_path):
    other = tmp_path / "other.yaml"
    other.write_text(SHORT.replace("channels: 12", "channels: 14"), encoding="utf-8")
    words = ("simulate", "-", "--break-even", str(other), "--between", "0.9,1.1")
    _, out, _ = run(*words, stdin=SHORT)
    assert "journey_seconds beside that of the other, 0.9 to 1.1 times the demand:" in out
    assert "Wherever a difference shows at the demands tried, the other is better." in out
    assert re.search(r"\n0\.9 times +[0-9.]+ \(95% sure: .*\) +the other\n", out)
    assert re.search(r"\n1\.1 times +[0-9.]+ \(95% sure: .*\) +the other\n", out)
    assert json.loads(run(*words, "--json", stdin=SHORT)[1])["break_even"]["between"] == [0.9, 1.1]


def test_the_help_says_what_is_in_other_languages(run):
    assert "Language of --report" in run("simulate", "--help")[1]


def test_what_a_file_holds_is_listed(run):
    _, out, _ = run("simulate", "-", "--list", stdin=HALLS)
    assert "jobs          1400   1000 and 2000    persons  2025-12-22  Statements" in out
    _, out, _ = run("simulate", "-", "--list", "--json", stdin=HALLS)
    listed = json.loads(out)
    assert list(listed["designs"]) == ["one_hall", "two_halls"]
    assert listed["parameters"]["gates"]["source"] == "assumed"


def test_the_measures_are_those_of_the_core():
    assert tuple(differences.MEASURES) == MEASURES
