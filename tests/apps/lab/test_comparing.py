"""What a comparison says: what each design's journey holds, what was claimed of a difference, and what is not sure."""

import html
import re

import pytest
from django.utils import translation

from riverloop.apps.lab import comparing, drawn, services
from riverloop.apps.lab.models import Experiment
from riverloop.apps.runs import work
from riverloop.core.queueing.designs import open_scenario_file
from riverloop.core.queueing.sensitivity import BreakEven
from tests.apps.lab import samples
from tests.apps.lab.bridges import BRIDGE

pytestmark = pytest.mark.django_db
PAGE = "/lab/scenarios/bridge/"
CLAIMED = BRIDGE.replace(
    "    title: {en: One queue,",
    """    note: {en: The journey holds one check., zh-Hant: 只計一次查驗。, zh-Hans: 只计一次查验。}
    claims:
      - {text: {en: Saves a minute, zh-Hant: 節省一分鐘, zh-Hans: 节省一分钟}, value: 1, unit: minutes,
         measure: journey_seconds, against: two_halls, source: A paper}
      - {text: {en: Half a minute at opening, zh-Hant: 啟用時半分鐘, zh-Hans: 启用时半分钟}, value: 30, unit: seconds,
         measure: journey_seconds, case: opening, source: A paper}
    title: {en: One queue,""",
)
TWO = BRIDGE.replace(
    "    title: {en: Two halls,",
    "    note: {en: Both checks., zh-Hant: 兩次查驗。, zh-Hans: 两次查验。}\n    title: {en: Two halls,",
)
FULL = CLAIMED.replace("channels: 6,", 'roster: [{from: "06:00", until: "18:00", channels: 1}],')
"""The one queue cannot drain."""


@pytest.fixture
def paul(enter, cast, scenarios):
    return enter(cast.paul)


def run(client, text, design, case="opening"):
    response = client.post(PAGE, {"act": "run", "text": text, "design": design, "case": case})
    assert response.status_code == 302, response.content.decode()
    work.work_all([services.EXPERIMENT])
    return Experiment.objects.get(pk=response.headers["Location"].rstrip("/").rpartition("/")[2])


def words(client, address):
    response = client.get(address)
    assert response.status_code == 200
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode())))


def page(client, *found):
    return words(client, "/lab/compare/?" + "&".join(f"x={one.id}" for one in found))


def report(client, *found):
    return words(client, "/lab/compare/report.html?" + "&".join(f"x={one.id}" for one in found))


# What each journey holds


def test_the_note_of_each_design_stands_above_the_numbers_of_page_and_report(paul):
    text = CLAIMED.replace(
        "    title: {en: Two halls,",
        TWO.split("designs:\n  two_halls:\n")[1].split("title: {en: Two")[0] + "title: {en: Two halls,",
    )
    found = run(paul, text, "one_queue"), run(paul, text, "two_halls")
    for told, numbers in ((page(paul, *found), "The numbers"), (report(paul, *found), "The answer")):
        for note in ("The journey holds one check.", "Both checks."):
            assert told.index(note) < told.index(f" {numbers} ")


# What was claimed


def test_a_claimed_difference_is_answered_where_both_designs_are_compared(paul):
    ours, theirs = run(paul, CLAIMED, "one_queue"), run(paul, CLAIMED, "two_halls")
    told = comparing.differences_json(ours.result, theirs.result)["journey_seconds"]
    minutes = f'{round(-told["mean"] / 60, 2):g} min less than "Two halls" (sure to 95%:'
    for found in ((ours, theirs), (theirs, ours)):
        for said in (page(paul, *found), report(paul, *found)):
            assert "Saves a minute" in said
            assert minutes in said


def test_alone_a_claimed_difference_is_left_to_a_comparison(paul):
    ours = run(paul, CLAIMED, "one_queue")
    for address in ("", "report.html"):
        assert 'A comparison with "Two halls" tells it.' in words(paul, f"/lab/experiments/{ours.id}/{address}")


def test_beside_other_passengers_a_claimed_difference_is_not_told(paul):
    ours = run(paul, CLAIMED, "one_queue")
    theirs = run(paul, CLAIMED.replace("seed: 7", "seed: 8"), "two_halls")
    assert "did not see the same passengers, or one replication only" in page(paul, ours, theirs)


def test_beside_another_case_a_claimed_difference_is_left_to_a_comparison(paul):
    ours, theirs = run(paul, CLAIMED, "one_queue"), run(paul, CLAIMED, "two_halls", "later")
    assert 'A comparison with "Two halls" tells it.' in page(paul, ours, theirs)


def test_a_claim_of_one_case_is_told_there_alone_in_its_own_unit(paul):
    opening, later = (run(paul, CLAIMED, "one_queue", case) for case in ("opening", "later"))
    mean = opening.result["result"]["journey_seconds"]["mean"]
    for address in ("", "report.html"):
        said = words(paul, f"/lab/experiments/{opening.id}/{address}")
        assert f"Half a minute at opening {mean:.0f} s on average" in said
        assert "Half a minute" not in words(paul, f"/lab/experiments/{later.id}/{address}").split("Scenario text")[0]


def test_minutes_that_are_claimed_are_answered_in_minutes(paul):
    text = CLAIMED.replace("value: 30, unit: seconds", "value: 0.5, unit: minutes")
    ours = run(paul, text, "one_queue")
    mean = ours.result["result"]["journey_seconds"]["mean"] / 60
    assert f"{mean:.1f} min on average" in words(paul, f"/lab/experiments/{ours.id}/")


# What is not sure


def test_where_a_queue_does_not_drain_no_difference_is_called_sure(paul):
    found = run(paul, FULL, "one_queue"), run(paul, FULL, "two_halls")
    assert not found[0].result["result"]["drains"]
    told = comparing.differences_json(*(one.result for one in found))
    assert not any(one["sure"] for one in told.values())
    shown = page(paul, *found)
    assert "The queues of One queue do not drain: times depend on how long that lasts" in shown
    assert "not sure: a queue does not drain" in shown
    assert not re.search(r"min sure ", shown)
    written = report(paul, *found)
    assert "Whether One queue or Two halls is quicker cannot be told: the queues of One queue do not drain." in written
    assert "that is sure" not in written
    assert "Quickest on average: Two halls" in written
    for said in (shown, written):
        assert 'no difference from "Two halls" that counts: a queue of one of the two does not drain' in said
        assert "nothing that counts: a queue does not drain here" in said


def test_page_and_report_say_that_they_are_sure_against_chance_alone(paul):
    found = run(paul, CLAIMED, "one_queue"), run(paul, CLAIMED, "two_halls")
    for said in (page(paul, *found), report(paul, *found), words(paul, f"/lab/experiments/{found[0].id}/")):
        assert "a matter of chance alone" in said
        assert '"Which assumption decides it?" in the lab' in said


def test_no_difference_at_all_is_called_so_on_page_and_report(paul):
    text = CLAIMED.replace("pledge: {minutes: 30, share: 0.95}", "pledge: {minutes: 600, share: 0.95}")
    found = run(paul, text, "one_queue"), run(paul, text, "two_halls")
    assert "0 points 0 points to 0 points none at all" in page(paul, *found)
    assert "0 points 0 points to 0 points none at all" in report(paul, *found)


def test_the_longest_queue_is_said_to_be_of_all_replications(paul):
    found = run(paul, CLAIMED, "one_queue")
    assert "Longest queue of all replications" in words(paul, f"/lab/experiments/{found.id}/")
    assert "Longest queue of all replications (persons), and where" in words(
        paul, f"/lab/experiments/{found.id}/report.html"
    )


# At what demand another design is better


def turning(*means, measure="journey_seconds", lacks=None, half=5):
    """Give what was found of a demand at which A and B change places."""
    demands = (0.5, 2) if len(means) == 2 else (0.5, 1, 2)
    share = measure == "share_within"
    tried = [
        (at, samples.difference(mean, half, of_share=share, **(lacks or {}).get(at, {})))
        for at, mean in zip(demands, means, strict=True)
    ]
    asked = {"measure": measure, "against": "b", "against_title": {"en": "B"}, "between": [0.5, 2]}
    one = BreakEven(tuple(tried)).as_json() | asked | {"passengers_a_day": 100}
    return {"break_even": one, "about": {"design": {"key": "a", "title": {"en": "A"}}}}


def found_of(*means, **more):
    with translation.override("en"):
        return drawn.found("break_even", turning(*means, **more))


@pytest.mark.parametrize(
    ("low", "high", "told"),
    [
        (-60, -90, "Of the demands that were tried, A is better at 0.5 and 2 times."),
        (60, 90, "Of the demands that were tried, B is better at 0.5 and 2 times."),
        (0, 0, "A and B do the same at 0.5 and 2 times the demand."),
        (1, -1, "At 0.5 and 2 times the demand, no difference between A and B shows that chance would not make."),
        (-90, 3, "Of the demands that were tried, A is better at 0.5 times."),
        (0, -90, "From 2 times the demand on, A is better; below, no difference shows, or it cannot be told."),
    ],
)
def test_an_answer_that_does_not_turn_claims_no_more_than_was_tried(low, high, told):
    half = 0 if low == high == 0 else 5
    found = found_of(low, high, half=half)
    assert found["headline"] == told
    assert found["sure"].startswith("Nothing is said of any other demand.")
    assert ("at 2 times" in found["sure"]) == (high == 3)
    assert [row[0] for row in found["table"].rows] == ["0.5 times", "2 times"]
    assert "throughout" not in str(found)


def test_an_answer_that_turns_tells_every_demand_that_was_tried():
    found = found_of(-60, -1, 90)
    assert found["headline"].startswith("Up to 1.5 times the demand A is better; above it, B.")
    assert "150 passengers a day" in found["headline"]
    assert found["sure"].startswith("Nearest to that the first is sure at 0.5 times, and the other at 2 times.")
    assert "taken to turn once between" in found["sure"]
    assert "No difference shows, or none that chance would not make, at 1 times." in found["sure"]
    assert [row[0] for row in found["table"].rows] == ["0.5 times", "1 times", "2 times"]
    assert [row[3:] for row in found["table"].rows] == [
        ("A", "sure"),
        ("no difference shows", "not sure"),
        ("B", "sure"),
    ]
    assert "B is better; above it, A." in found_of(60, 1, -90)["headline"]
    assert "A is better; above it, B." in found_of(60, 1, -90, measure="share_within")["headline"]


def test_where_they_do_the_same_between_one_and_the_other_no_demand_is_named():
    found = found_of(-60, 0, 90, half=0)
    assert found["headline"].startswith(
        "Up to 0.5 times the demand A is better, from 2 times on B; between them they do"
    )
    assert found["table"].rows[1][3] == "the same"


GROWS, LEAVES = {"theirs_drains": False}, {"theirs_drains": False, "theirs_serves_all": False}
BOTH = LEAVES | {"ours_drains": False, "ours_serves_all": False}


@pytest.mark.parametrize(
    ("lacks", "told"),
    [
        ({}, "the first is sure at 0.5 times, and the other at 2 times."),
        ({2: GROWS}, "the first is sure at 0.5 times; the other is sure at no demand tried."),
        ({0.5: GROWS}, "the other is sure at 2 times; the first is sure at no demand tried."),
        ({0.5: GROWS, 2: GROWS}, "Neither is sure at any demand that was tried."),
    ],
)
def test_how_sure_an_answer_is_that_turns(lacks, told):
    assert told in found_of(-60, 90, lacks=lacks)["sure"]


def test_an_answer_that_turns_again_says_so_and_nothing_of_one_turn():
    again = found_of(-60, 90, -60)["sure"]
    assert again.startswith("Further up it turns again")
    assert "turn once" not in again
    assert "turns again" not in found_of(-60, 90, 60)["sure"]


def test_where_queues_do_not_drain_nothing_is_sure_and_it_is_told():
    found = found_of(-60, -90, lacks={2: GROWS})
    assert found["headline"].startswith("Of the demands that were tried, A is better at 0.5 and 2")
    assert [row[4] for row in found["table"].rows] == ["sure", "the queues of B do not drain"]
    assert "depends on how long that lasts, and none is called sure" in found["sure"]
    assert "not everybody" not in found["sure"]


@pytest.mark.parametrize(
    ("means", "lacks", "better"),
    [
        ((-60, -90), {2: LEAVES}, "A"),  # even those whom B served took longer there
        ((-60, 90), {2: LEAVES}, "cannot be told"),
        ((-60, 90), {2: BOTH}, "cannot be told"),
    ],
)
def test_times_of_those_who_are_served_speak_for_nobody_who_leaves_others_out(means, lacks, better):
    found = found_of(*means, lacks=lacks)
    assert found["headline"].startswith("Of the demands that were tried, A is better at 0.5")
    assert found["table"].rows[1][3] == better
    assert "not everybody is served in" in found["table"].rows[1][4]
    assert "If the design that leaves people out takes longer even so, the other is the better" in found["sure"]
    assert ("It cannot be told which is better at 2 times." in found["sure"]) == (better != "A")
    shares = found_of(60, -90, lacks=lacks, measure="share_within")
    assert shares["table"].rows[1][3:] == (
        "B",
        "the queues of A and B do not drain" if lacks[2] is BOTH else "the queues of B do not drain",
    )
    assert "leaves people out" not in shares["sure"]


def test_what_is_said_holds_of_every_demand_of_which_it_is_said():
    same = found_of(0, 60, half=0, lacks={2: BOTH})
    assert same["headline"] == "A and B do the same at 0.5 times the demand."
    fading = found_of(0, -60, -60, half=0, lacks={2: BOTH})
    assert fading["headline"] == "Of the demands that were tried, A is better at 1 times."
    assert found_of(0, -60, -60, half=0)["headline"].startswith("From 1 times the demand on, A is better")


def test_where_nothing_can_be_told_nothing_is():
    found = found_of(-60, 90, lacks={0.5: BOTH, 2: BOTH})
    assert found["headline"] == "At none of the demands that were tried can it be told which is better."


@pytest.mark.parametrize(
    ("low", "high", "lacks", "told"),
    [
        (-30, 90, {}, '"Jobs" moves it most.'),
        (-3, 4, {}, '"Jobs" moves it most, if by no more than chance might.'),
        (0, 0, {}, "Nothing moves it."),
        (-30, 90, LEAVES, '"Jobs" moves it most, of what can be told.'),
        (0, 90, LEAVES, ""),
    ],
)
def test_what_moves_an_answer_most_is_named_if_it_can_be_told(low, high, lacks, told):
    untold = "How far Jobs may move it cannot be told: not everybody is served there, or as it stands." if lacks else ""
    bar = {"name": "jobs", "label": {"en": "Jobs"}, "low_value": 1, "high_value": 2}
    half = 5 if low else 0
    ends = {"low": samples.difference(low, half).as_json(), "high": samples.difference(high, half, **lacks).as_json()}
    with translation.override("en"):
        found = drawn.found("tornado", {"tornado": {"measure": "journey_seconds", "bars": [bar | ends]}})
    assert found["headline"] == " ".join(filter(None, (told, untold)))


def test_assumptions_of_one_name_are_told_apart():
    wide, none = ({"name": name, "label": {"en": "Time"}, "low_value": 1, "high_value": 2} for name in ("a", "b"))
    wide |= {"low": samples.difference(-30, 5).as_json(), "high": samples.difference(90, 5).as_json()}
    none |= {"low": samples.difference(0, 0).as_json(), "high": None}
    with translation.override("en"):
        found = drawn.found("tornado", {"tornado": {"measure": "journey_seconds", "bars": [wide, none]}})
    assert found["headline"].startswith('"Time" moves it most, of what can be told. How far Time may move it')


def test_a_change_to_where_queues_do_not_drain_is_told_as_such():
    bar = {"name": "jobs", "label": {"en": "Jobs"}, "low_value": 1, "high_value": 2}
    lacks = {"ours_drains": False, "ours_serves_all": False}
    ends = {"low": samples.difference(-30, 5).as_json(), "high": samples.difference(90, 5, **lacks).as_json()}
    with translation.override("en"):
        found = drawn.found("tornado", {"tornado": {"measure": "journey_seconds", "bars": [bar | ends]}})
        assert "not everybody is served there" in found["table"].rows[0][4]
        assert "times are only of those who are" in found["sure"]
        shares = drawn.found("tornado", {"tornado": {"measure": "share_within", "bars": [bar | ends]}})
        assert "times" not in shares["sure"]


# What claims may say


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("against: two_halls", "against: tow_halls", r'claims.yaml:\d+: There is no design "tow_halls"'),
        ("against: two_halls", "against: one_queue", r'claims.yaml:\d+: There is no design "one_queue"'),
        ("case: opening", "case: openning", r'claims.yaml:\d+: There is no case "openning"'),
        (
            "measure: journey_seconds, against",
            "measure: passengers_per_day, against",
            r"claims.yaml:\d+: A claimed difference is of one of journey_seconds, journey_p95_seconds, share_within",
        ),
    ],
)
def test_a_claim_of_what_is_not_there_is_refused_with_its_line(old, new, told):
    from riverloop.core.kernel.errors import InputError

    with pytest.raises(InputError, match=told) as refused:
        open_scenario_file(CLAIMED.replace(old, new), name="claims.yaml")
    line = int(str(refused.value).split(":")[1])
    lines = CLAIMED.replace(old, new).splitlines()
    assert any(new.split(",")[0].split(": ")[1] in one for one in lines[line - 1 : line + 2])
