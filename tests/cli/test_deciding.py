"""``riverloop decide``: what it prints, and how it ends."""

import json
import subprocess
import sys

import pytest

BLOOD = {
    "flow": "goods",
    "direction": "cn-hk",
    "at": "2026-11-22T09:00:00+08:00",
    "facts": {"category": "human_blood", "suspected_infectious": True},
}
GUEST = {
    "flow": "person",
    "direction": "cn-hk",
    "at": "2026-11-22T09:00:00+08:00",
    "facts": {"watch_hit": True, "document_kind": "two_way_permit"},
}
KEYS = {"outcome", "at_best", "at_worst", "valid_until", "packs", "sides"}
SIDE_KEYS = {
    "outcome", "at_best", "at_worst", "route", "requires", "missing_documents", "obliges", "refers", "inspects",
    "notifies", "missing_facts", "rules", "displaced", "undetermined", "announced",
}  # fmt: skip
RULE_KEYS = {"id", "effect", "measure", "verified", "url", "item", "assumed", "reason"}


def test_decide_answers_one_documented_json_object(run):
    status, out, err = run("decide", "-", "--json", stdin=json.dumps(BLOOD))
    answer = json.loads(out)
    assert (status, err) == (0, "")
    assert set(answer) >= KEYS
    assert set(answer["sides"]) == {"hk", "cn"}
    for side in answer["sides"].values():
        assert set(side) >= SIDE_KEYS
        for rule in [*side["rules"], *side["undetermined"], *side["announced"]]:
            assert set(rule) >= RULE_KEYS
            assert set(rule["reason"]) == {"en", "zh-Hant", "zh-Hans"}
    assert "dh_import_permit" in answer["sides"]["hk"]["missing_documents"]
    assert set(answer["packs"]["hk"]) == {"version", "sha256"}


def test_decide_reads_a_file_and_a_list_of_movements(run, tmp_path):
    path = tmp_path / "movements.json"
    path.write_text(json.dumps([BLOOD, {**BLOOD, "direction": "hk-cn"}]))
    status, out, _ = run("decide", str(path), "--json")
    assert status == 0
    assert len(json.loads(out)) == 2


def test_decide_takes_several_items(run):
    items = {**BLOOD, "items": [BLOOD["facts"], {"category": "equipment"}]}
    del items["facts"]
    _, out, _ = run("decide", "-", "--json", stdin=json.dumps(items))
    side = json.loads(out)["sides"]["hk"]
    assert len(side["items"]) == 2
    assert {rule["item"] for rule in side["rules"]} == {0, 1}


@pytest.mark.parametrize(
    ("lang", "said"),
    [("en", "Department of Health"), ("zh-Hant", "衞生署"), ("zh-Hans", "卫生署")],
)
def test_decide_speaks_three_languages(run, lang, said):
    status, out, _ = run("decide", "-", "--lang", lang, stdin=json.dumps(BLOOD))
    assert status == 0
    assert said in out
    assert "hk.cap599a.s14" in out


def test_assume_makes_an_announced_rule_count_and_labels_it(run):
    data = {**BLOOD, "flow": "data", "direction": "hk-cn", "facts": {"personal_information": True}}
    _, out, _ = run("decide", "-", "--json", stdin=json.dumps(data))
    side = json.loads(out)["sides"]["hk"]
    assert "hk.pdpo.s33" in [rule["id"] for rule in side["announced"]]
    _, out, _ = run("decide", "-", "--json", "--assume", "hk.pdpo.s33", stdin=json.dumps(data))
    side = json.loads(out)["sides"]["hk"]
    assert [rule["assumed"] for rule in side["rules"] if rule["id"] == "hk.pdpo.s33"] == [True]
    assert any(isinstance(paper, dict) for paper in side["missing_documents"])


def test_why_an_authority_looks_is_told_to_its_officers_only(run):
    _, out, _ = run("decide", "-", "--json", stdin=json.dumps(GUEST))
    assert "watch" not in json.dumps([rule["reason"] for rule in json.loads(out)["sides"]["hk"]["rules"]])
    _, out, _ = run("decide", "-", "--json", "--officer", "hk", stdin=json.dumps(GUEST))
    sides = json.loads(out)["sides"]
    assert "both.watch" in [rule["id"] for rule in sides["hk"]["rules"]]
    assert "watch" not in json.dumps(sides["cn"])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"direction": "cn-mo"}, 'movement.direction: Zone hetao has no direction "cn-mo". Choose'),
        ({"direction": 5}, "movement.direction"),
        ({"flow": "good"}, 'Did you mean "goods"'),
        ({"flow": None}, "no flow"),
        ({"at": "2026-02-30T09:00:00Z"}, "movement.at"),
        ({"at": "tomorrow"}, "movement.at"),
        ({"at": None}, "movement.at"),
        ({"facts": {"categry": "human_blood"}}, 'Did you mean "category"'),
        ({"facts": {"category": "blood"}}, 'movement.facts.category: The fact "category" cannot be'),
        ({"facts": {"suspected_infectious": "yes"}}, "true or false"),
        ({"facts": {"quantity": -1}}, "a number from 0"),
        ({"facts": {"dh_import_permit_expires_on": "2026-02-30"}}, "a date that exists"),
        ({"facts": {"persons_ytd": 1}}, "belongs to the flow data"),
        ({"facts": []}, "object"),
        ({"facts": {}, "items": [{}]}, 'either "facts" or "items"'),
        ({"items": []}, 'either "facts" or "items"'),
        ({"fcts": {}}, 'Did you mean "facts"'),
        ({"answers": [{}]}, "movement.answers[0]"),
        ({"answers": {}}, "is a list"),
        ({"own": {"mo": {}}}, 'no side "mo"'),
        ({"own": []}, "object"),
        ({"crossing_at": "noon"}, "movement.crossing_at"),
    ],
)
def test_a_mistaken_movement_is_refused_in_one_line(run, change, said):
    status, out, err = run("decide", "-", "--json", stdin=json.dumps({**BLOOD, **change}))
    assert (status, out) == (1, "")
    assert said in err
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "standard input:1: This is not JSON"),
        ("{", "standard input:1: This is not JSON"),
        ('{"flow": "goods",\n"at": NaN}', "NaN is not a number in JSON"),
        ('{"flow": "goods", "flow": "data"}', "given twice"),
        ("[" * 50_000, "nested too deeply"),
        ("5", "A movement is an object"),
        ("null", "A movement is an object"),
        ("[1]", "movement[0]: A movement is an object"),
        (b"\xff\xfe\x00", "not UTF-8"),
    ],
)
def test_rubbish_is_refused_in_one_line(run, text, said):
    status, out, err = run("decide", "-", stdin=text)
    assert (status, out) == (1, "")
    assert said in err
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["decide", "nothing.json"], "nothing.json: The file cannot be read (No such file or directory)"),
        (["decide", "-", "--lang", "fr"], 'There is no language "fr"'),
        (["decide", "-", "--zone", "heto"], 'Did you mean "hetao"'),
        (["decide", "-", "--assume", "hk.pdpo.s3"], 'Did you mean "hk.pdpo.s33"'),
        (["decide", "-", "--officer", "mo"], 'no side "mo"'),
    ],
)
def test_a_wrong_name_is_refused_with_the_nearest(run, words, said):
    status, out, err = run(*words, stdin=json.dumps(BLOOD))
    assert (status, out) == (1, "")
    assert said in err
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    "words", [["decide"], ["decide", "-", "--nothing"], ["nothing"], ["rules", "facts", "x"], ["serve", "--port", "0"]]
)
def test_wrong_usage_ends_with_two(run, words):
    status, out, err = run(*words)
    assert (status, out) == (2, "")
    assert "Usage: riverloop" in err


def test_the_process_itself_answers_and_never_shows_a_traceback(tmp_path):
    command = [sys.executable, "-m", "riverloop", "decide", "-", "--json"]
    good = subprocess.run(command, input=json.dumps(BLOOD), capture_output=True, text=True, check=False)
    bad = subprocess.run(command, input="{}", capture_output=True, text=True, check=False)
    assert (good.returncode, json.loads(good.stdout)["outcome"]) == (0, "undetermined")
    assert (bad.returncode, bad.stdout) == (1, "")
    assert "Traceback" not in bad.stderr


def test_a_cache_that_is_damaged_or_cannot_be_written_changes_nothing(run, tmp_path, monkeypatch):
    monkeypatch.setenv("RIVERLOOP_DATA", str(tmp_path))
    first = run("decide", "-", "--json", stdin=json.dumps(BLOOD))
    (kept,) = (tmp_path / "cache").glob("packs-*.json")
    kept.write_text("{")
    assert run("decide", "-", "--json", stdin=json.dumps(BLOOD)) == first
    assert run("decide", "-", "--json", stdin=json.dumps(BLOOD)) == first
    monkeypatch.setenv("RIVERLOOP_DATA", "/proc/nowhere")
    assert run("decide", "-", "--json", stdin=json.dumps(BLOOD)) == first


def test_decide_says_when_it_may_cross_at_the_earliest_if_asked(run):
    wanted = {**BLOOD, "crossing_at": "2026-11-25T09:00:00+08:00"}
    _, out, _ = run("decide", "-", "--json", "--earliest", stdin=json.dumps(wanted))
    found = json.loads(out)["earliest"]
    assert (found["state"], found["from"], found["at"]) == ("facts", BLOOD["at"], "2026-11-28T00:00:00+08:00")
    assert [(step["paper"], step["file_by"], step["late_days"]) for step in found["steps"]] == [
        ("dh_import_permit", "2026-11-18", 4)
    ]
    _, out, _ = run("decide", "-", "--earliest", stdin=json.dumps(wanted))
    assert out.rstrip().endswith("Not before 28 November 2026 00:00; some answers are still missing.")
    _, out, _ = run("decide", "-", "--json", stdin=json.dumps(wanted))
    assert "earliest" not in json.loads(out)
