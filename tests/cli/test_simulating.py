"""``riverloop simulate``: the answer as a table and as JSON, and what is refused."""

import json

import pytest

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
    assert "wait: counter" in out


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
        ("- 1", "standard input:1: the file is"),
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
    assert answer["least_roster"]["paid_hours"] == sum(answer["least_roster"]["channels"])
    _, out, _ = run("simulate", "-", *words, "--every-hour", stdin=text)
    assert "Least channels that keep the pledge: customs" in out
    assert 'Least roster of "customs":' in out
    _, out, _ = run("simulate", "-", "--least-channels", "customs", stdin=DAY + "pledge: {minutes: 1}\n")
    assert "No number of channels there keeps the pledge" in out


@pytest.mark.parametrize("words", [("--shift-hours", "0,8"), ("--cluster", "tcp://x:1"), ("--backend", "spark")])
def test_wrong_usage_is_status_2(run, file, words):
    status, _, err = run("simulate", str(file), *words)
    assert status == 2
    assert "Error: " in err


def test_threads_give_the_same_answer(run, file):
    _, alone, _ = run("simulate", str(file), "--json", "--jobs", "1")
    _, together, _ = run("simulate", str(file), "--json", "--backend", "threads", "--jobs", "2")
    assert together == alone
