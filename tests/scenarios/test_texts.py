"""What the bundled files say to people: where each number is from, in three languages, and what is made up."""

import re

import pytest

from riverloop.core.queueing.designs import Claim
from riverloop.core.queueing.differences import MEASURES
from riverloop.scenarios import bundled, open_bundled, text_of
from tests.test_repository import LANGUAGES, entries_of, foreign_letters

KEYS = [one.key for one in bundled()]
UNITS = {"persons", "persons a day", "share", "trips a day", "clock", "minutes", "seconds", "ratio", "channels"}
UNITS |= {"officers", "m²", "day"}
KINDS = {"legal", "land", "cost", "staff"}

# What zone facts state, by the parameter that takes it.
STATED = [
    ("hetao-west-bridge", "jobs_hk", 1400),
    ("hetao-west-bridge", "jobs_sz", 15000),
    ("hetao-west-bridge", "sz_listed", 1500 / 15000),
    ("hetao-west-bridge", "e_channel_seconds", 12),
    ("hetao-west-bridge", "contactless_seconds", 7),
    ("hetao-west-bridge", "counter_seconds", 15),
    ("hetao-west-bridge", "cn_gate_seconds", 8),
    ("hetao-west-bridge", "cn_face_seconds", 10),
    ("hetao-west-bridge", "customs_read_seconds", 3),
    ("hetao-west-bridge", "customs_decide_seconds", 6),
    ("hetao-west-bridge", "joint_leave_seconds", 20 / 2),
    ("hetao-west-bridge", "joint_enter_seconds", 20 / 2),
    ("hetao-west-bridge", "pledge_minutes", 30),
    ("hetao-west-bridge", "pledge_share", 0.95),
    ("qingmao", "joint_lanes", 100 / 2),
    ("qingmao", "joint_leave_seconds", (20 + 30) / 2 / 2),
    ("qingmao", "to_mo", 113000 / 2),
    ("qingmao", "joint_uptake", 0.74),
    ("new-huanggang", "joint_lanes", 134 / 2),
    ("new-huanggang", "counters", 68 / 2),
    ("new-huanggang", "to_hk", 19825),
    ("new-huanggang", "to_cn", 18521),
]


def raw(key):
    return open_bundled(key).source.value


def arrivals(key):
    return raw(key)["arrivals"]


def claims(key):
    read = open_bundled(key)
    return [*read.claims, *(one for design in read.designs for one in design.claims)]


@pytest.mark.parametrize("key", KEYS)
def test_every_parameter_says_what_it_is_where_from_and_of_when(key):
    read = open_bundled(key)
    for case in read.cases:
        for one in read.parameters_of(case.key):
            assert set(one.label) == LANGUAGES, one.name
            assert one.unit in UNITS, one.name
            assert all((one.source, one.group)), one.name
            assert re.match(r"20\d\d", one.as_of), f"{one.name} in {case.key}"


@pytest.mark.parametrize("key", KEYS)
def test_a_case_that_changes_a_number_says_where_the_new_one_is_from(key):
    for name, case in raw(key)["cases"].items():
        for parameter, stated in case.get("set", {}).items():
            assert {"value", "as_of", "source"} <= stated.keys(), f"{parameter} in {name}"


@pytest.mark.parametrize(("key", "name", "value"), STATED)
def test_what_is_stated_somewhere_is_taken_as_stated_and_not_called_assumed(key, name, value):
    found = open_bundled(key).parameter(name)
    assert found.value == pytest.approx(value)
    assert not found.assumed


@pytest.mark.parametrize("key", KEYS)
def test_channels_that_nobody_published_are_called_assumed(key):
    stated = {one for file, one, _ in STATED if file == key}
    channels = [one for one in open_bundled(key).parameters if one.unit == "channels" and one.name not in stated]
    assert channels
    assert all(one.assumed for one in channels)


@pytest.mark.parametrize("key", KEYS)
def test_every_number_a_planner_might_doubt_is_a_parameter(key):
    """What is left as a bare number is a structure: shapes, seeds, the synthetic profile, the end of a timetable."""
    bare = {"seed", "replications", "shape", "bin_minutes", "last"}
    read = raw(key)
    for part in ("arrivals", "stations", "designs", "pledge", "area"):
        for path, value in numbers(read.get(part, {}), (part,)):
            everybody = "classes" in path and value == 1
            assert everybody or {"profile", "claims", "needs"} & set(path) or path[-1] in bare, f"{path}: {value}"


def numbers(node, path):
    if isinstance(node, dict):
        for name, one in node.items():
            yield from numbers(one, (*path, name))
    elif isinstance(node, list):
        for one in node:
            yield from numbers(one, path)
    elif isinstance(node, int | float) and "as_of" not in path:
        yield path, node


@pytest.mark.parametrize("key", KEYS)
def test_a_synthetic_profile_says_so_in_three_languages(key):
    profiled = [one for one in arrivals(key) if "profile" in one]
    assert profiled or key == "hetao-west-bridge"
    for one in profiled:
        said = one["profile_source"]
        assert "ynthetic" in said["en"]
        assert all("合成" in said[language] for language in ("zh-Hant", "zh-Hans"))


@pytest.mark.parametrize("key", KEYS)
def test_every_text_is_in_three_languages_each_in_its_own_letters(key):
    entries = list(entries_of(raw(key)))
    assert entries
    for place, entry in entries:
        assert {language for language, text in entry.items() if text} == LANGUAGES, place
        for language in ("zh-Hant", "zh-Hans"):
            assert not foreign_letters(str(entry[language]), language), f"{place} ({language})"


@pytest.mark.parametrize("key", KEYS)
def test_chinese_texts_leave_no_space_between_letters_and_digits(key):
    for place, entry in entries_of(raw(key)):
        for language in ("zh-Hant", "zh-Hans"):
            assert not re.search(r"[一-鿿] [0-9]|[0-9] [一-鿿]", str(entry[language])), place


# What designs need, and what was claimed


def test_both_years_in_which_the_west_bridge_is_expected_are_shown():
    note = open_bundled("hetao-west-bridge").note
    assert all("2026" in text and "2027" in text for text in note.values())


@pytest.mark.parametrize("design", open_bundled("hetao-west-bridge").designs, ids=lambda one: one.key)
def test_each_design_of_the_bridge_says_what_it_needs_besides(design):
    assert {one.kind for one in design.needs} >= KINDS
    assert all(set(one.text) == LANGUAGES and one.source and one.as_of for one in design.needs)


def test_one_hall_needs_the_national_legislature_and_joint_clearance_an_agreement_on_doors_and_data():
    designs = {one.key: one for one in open_bundled("hetao-west-bridge").designs}
    legal = {key: " ".join(one.text["en"] for one in d.needs if one.kind == "legal") for key, d in designs.items()}
    assert all(year in legal["co_located"] for year in ("2006", "2017"))
    assert all("national legislature" in legal[key] for key in ("co_located", "joint_clearance", "white_list_lane"))
    assert "national legislature" not in legal["two_control_points"]
    assert "doors and data" in legal["joint_clearance"]


@pytest.mark.parametrize("key", KEYS)
def test_a_claim_is_in_words_with_its_source_and_its_measure_is_one_that_a_run_answers(key):
    for one in claims(key):
        assert isinstance(one, Claim)
        assert set(one.text) == LANGUAGES
        assert all((one.source, one.as_of, one.value))
        assert one.measure in {"", "passengers_per_day", *MEASURES}


def test_what_is_published_of_qingmao_and_huanggang_stands_as_claims():
    assert {one.value for one in claims("qingmao")} == {30, 200000}
    assert {one.value for one in claims("new-huanggang")} == {30, 5, 200000}


@pytest.mark.parametrize("key", KEYS)
def test_the_file_tells_a_reader_what_assumed_means(key):
    assert text_of(key).startswith("# ")
    assert "assumed" in text_of(key).split("title:")[0]
