"""What the lab refuses, when, and in which words."""

import re

import pytest

from riverloop.apps.lab import services
from riverloop.apps.lab.models import Experiment, SavedScenario
from riverloop.apps.runs import work
from riverloop.apps.runs.models import Run
from riverloop.apps.runs.services import run_start
from tests.apps.lab.test_pages import BRIDGE, answered, asked, page_of, plain

pytestmark = pytest.mark.django_db


@pytest.fixture
def paul(enter, cast, scenarios):
    """Paul, a planner of side hk, at his browser."""
    return enter(cast.paul)


# At work


@pytest.mark.parametrize(
    ("tag", "told"),
    [
        ("en", 'Line 6: There is no class "nobody". Did you mean "anybody"?'),
        ("zh-hant", "第6行：沒有「nobody」這個旅客類別。你是否想輸入「anybody」？"),
        ("zh-hans", "第6行：没有“nobody”这一旅客类别。您是否想输入“anybody”？"),
    ],
)
def test_a_mistake_that_shows_only_at_work_is_told_with_its_line_in_every_language(paul, scenarios, tag, told):
    experiment = answered(paul, "/lab/scenarios/minimal/")
    text = scenarios["minimal"].replace("channels: 12", "channels: 12, eligible: [nobody]")
    Experiment.objects.update(text="classes: {anybody: {share: 1}}\n\n\n" + text, result=None, answered_at=None)
    again_run = run_start(side="hk", kind=services.EXPERIMENT, params={"experiment": experiment.id}, by=None)
    Experiment.objects.update(run_id=again_run.id)
    work.work_all([services.EXPERIMENT])
    paul.cookies.load({"language": tag})
    assert told in page_of(paul, experiment)


# Numbers


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ({"w.demand_factor": "1e300"}, "3e303 passengers come in one go"),
        ({"s.exit.channels": "1e300"}, "1e300 is greater"),
        ({"w.seed": "1e300"}, "1e300 is greater"),
    ],
)
def test_a_number_is_told_as_it_would_be_written(paul, typed, told):
    response = paul.post(BRIDGE, {"act": "run", **typed})
    assert (response.status_code, told in plain(response)) == (400, True)
    assert not re.search("[0-9]{20}", plain(response))


def test_more_passengers_than_a_word_has_letters_are_told_in_short(paul, scenarios):
    text = scenarios["minimal"].replace("rate_per_hour: 600", "rate_per_hour: 1e40")
    words = plain(paul.post("/lab/scenarios/minimal/", {"act": "run", "text": text}))
    assert "2e41 passengers" in words or "1e40 is greater" in words


# What was typed


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ({"w.demand_factor": "1_0"}, '"1_0" is not a number'),
        ({"p.people": "٣"}, '"٣" is not a number'),
        ({"o.from": "10:00", "o.until": "11:00"}, "Choose whose system fails"),
        ({"o.side": "hk", "o.from": "10:00", "o.until": "10:00"}, "A failure ends after it begins."),
        ({"o.side": "hk"}, 'from (A failure of one side&#x27;s system): "" is no time of the day'),
        ({"s.entry.roster": "early 3"}, 'Roster (Entry hall): "early 3" is no line of a roster.'),
        ({"s.exit.channels": "few"}, 'Channels (Exit hall): "few" is not a number.'),
    ],
)
def test_what_would_be_read_otherwise_or_not_at_all_is_refused(paul, typed, told):
    response = paul.post(BRIDGE, {"act": "run", **typed})
    assert (response.status_code, told in plain(response)) == (400, True)
    assert not Experiment.objects.exists()


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ({"t.day": "date", "t.date": ""}, 'The date: "" is no date. Write it as 2025-05-01.'),
        ({"t.day": "date", "t.date": "01/10/2025"}, 'The date: "01/10/2025" is no date.'),
        ({"t.from": "last year"}, 'Of the days from: "last year" is no date.'),
        ({"t.day": "date", "t.date": "2025-02-31"}, "2025-02-31"),
        ({"t.day": "date", "t.date": "2030-01-01"}, "Nothing was counted from 2030-01-01"),
    ],
)
def test_a_day_that_is_none_is_told_by_its_field(paul, typed, told):
    response = paul.post("/lab/scenarios/real-days/", {"act": "run", **typed})
    assert (response.status_code, told in plain(response)) == (400, True)
    assert not Experiment.objects.exists()


def test_other_days_are_named_in_the_words_of_each_language(paul):
    experiment = answered(paul, "/lab/scenarios/real-days/", **{"t.day": "peak"})
    case = experiment.names["case"]
    assert case["en"] == "Shenzhen Bay · The busiest day 2025-01-01–2025-12-31"
    assert case["zh-Hant"].split(" · ")[1].startswith("最繁忙的一日")
    assert "peak" not in "".join(case.values())


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ({"p.people": "-5"}, "People a day: -5 is less than 0. Give 0 or more."),
        ({"p.people.low": "-5"}, "People a day, at the least: -5 is less than 0. Give 0 or more."),
        ({"p.seconds": "0"}, "Seconds at a counter: A distribution"),
        ({"s.exit.channels": "1e300"}, "Channels (Exit hall): 1e300 is greater than"),
        ({"s.entry.roster": "06:00-09:00 99999"}, "Roster (Entry hall): 99999 is greater than"),
        (
            {"s.entry.roster": "09:00-06:00 3\n06:00-07:00 3"},
            "Roster (Entry hall): A shift runs from 09:00 until 06:00.",
        ),
        ({"pledge.share": "120"}, "Pledge: share of passengers: 1.2 is greater than 1."),
        ({"w.demand_factor": "0"}, "Demand, times what is stated: 0 is not above 0."),
        ({"p.people": "3000", "p.people.low": "3500"}, "People a day: 3000 does not lie between 3500 at the least"),
        ({"p.people.high": "1"}, "People a day: 3000 does not lie between 2000 at the least and 1 at the most."),
    ],
)
def test_a_value_that_cannot_be_is_told_by_the_label_of_its_field(paul, typed, told):
    response = paul.post(BRIDGE, {"act": "run", **typed})
    line = re.search('<p class="error">(.*?)</p>', response.content.decode())[1]
    assert (response.status_code, line.startswith(told)) == (400, True), line
    assert not re.search(r"Line \d|With |passengers_per_day|stations\.", line)
    assert not Experiment.objects.exists()


def test_part_of_a_channel_is_told_by_the_label_of_its_field(paul, scenarios):
    text = (
        scenarios["bridge"].replace("channels: 4  #", "channels: $lanes  #").replace("channels: 6", "channels: $lanes")
    )
    lanes = "  lanes: {value: 4, label: {en: Lanes, zh-Hant: 通道數目, zh-Hans: 通道数量}}\n"
    paul.post(BRIDGE, {"act": "copy", "title": "Mine", "text": text.replace("arrivals:", f"{lanes}arrivals:", 1)})
    address = f"/lab/scenarios/{SavedScenario.objects.get().id}/"
    response = paul.post(address, {"act": "run", "p.lanes": "1.5"})
    assert (response.status_code, "Lanes must be a whole number, and is 1.5." in plain(response)) == (400, True)
    paul.cookies.load({"language": "zh-hant"})
    assert "通道數目" in plain(paul.post(address, {"act": "run", "p.lanes": "1.5"}))


def test_a_value_outside_its_stated_range_is_taken_and_said_to_be(paul):
    experiment = answered(paul, BRIDGE, **{"p.people": "5000"})
    assert "value: 5000, low: 2000, high: 5000" in experiment.text
    assert "outside the stated range, 2,000 to 4,000" in plain(paul.get(f"/lab/experiments/{experiment.id}/"))
    paul.post(BRIDGE, {"act": "copy", "title": "Mine", "p.people": "5000"})
    address = f"/lab/scenarios/{SavedScenario.objects.get().id}/"
    assert "outside the stated range, 2,000 to 4,000" in plain(paul.get(address))
    back = answered(paul, address, **{"p.people": "2500"})
    assert "value: 2500, low: 2000, high: 4000" in back.text
    assert "stated" not in back.text
    assert "outside the stated range" not in plain(paul.get(f"/lab/experiments/{back.id}/"))
    wider = answered(paul, address, **{"p.people.high": "6000"})
    assert "value: 5000, low: 2000, high: 6000" in wider.text
    assert "stated" not in wider.text
    later = answered(paul, BRIDGE, case="later", **{"p.people": "100"})
    assert "set: {people: {value: 100, low: 100, high: 4000, stated: [2000, 4000]}}" in later.text
    assert "outside the stated range, 2,000 to 4,000" in plain(paul.get(f"/lab/experiments/{later.id}/"))


def test_a_mistake_of_a_field_is_shown_in_the_line_that_it_would_make(paul):
    response = paul.post(BRIDGE, {"act": "run", "w.demand_factor": "0"})
    assert re.search(r"demand_factor: 0\s*<", response.content.decode())


# In two windows


def test_what_another_window_changed_is_not_undone_unseen(paul):
    paul.post(BRIDGE, {"act": "copy", "title": "Mine"})
    own = SavedScenario.objects.get()
    address = f"/lab/scenarios/{own.id}/"
    version = re.search(r'name="version" value="(\w+)"', paul.get(address).content.decode())[1]
    assert paul.post(address, {"act": "save", "version": version, "p.people": "3100"}).status_code == 302
    own.refresh_from_db()
    for act in ("save", "run", "copy"):
        response = paul.post(address, {"act": act, "version": version, "p.people": "3000", "w.seed": "9"})
        assert response.status_code == 409
        assert "was changed since you opened it" in plain(response)
        assert 'value="9"' in response.content.decode()
    response = paul.post(address, {"act": "save", "version": version, "text": own.text + "# mine\n"})
    assert (response.status_code, "# mine" in response.content.decode()) == (409, True)
    assert paul.post(address, {"act": "run", "version": version, "text": own.text}).status_code == 302
    newer = re.search(r'name="version" value="(\w+)"', response.content.decode())[1]
    assert paul.post(address, {"act": "save", "version": newer, "p.people": "3000"}).status_code == 302
    assert SavedScenario.objects.count() == 1


# Asked for what is not there

NO_STATION = 'There is no station "attic" with channels. There are exit, entry.'
NO_DESIGN = 'There is no design "attic".'
BETWEEN = {"kind": "break_even", "measure": "share_within", "low": "0.5", "high": "2"}


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ({"kind": "least_channels", "stations": ["exit", "attic"]}, NO_STATION),
        ({"kind": "least_roster", "station": "attic"}, NO_STATION),
        ({"kind": "least_roster"}, 'There is no station "" with channels.'),
        ({**BETWEEN, "against": "attic"}, NO_DESIGN),
        ({**BETWEEN, "against": ""}, "Choose another design to compare with."),
        ({**BETWEEN, "against": "two_halls"}, "Choose another design to compare with."),
    ],
)
def test_what_a_scenario_has_not_is_refused_before_anything_is_kept(paul, typed, told):
    experiment = answered(paul, BRIDGE)
    response = paul.post(f"/lab/experiments/{experiment.id}/ask/", typed)
    assert (response.status_code, told in plain(response)) == (400, True)
    assert Experiment.objects.count() == Run.objects.count() == 1


@pytest.mark.parametrize("kind", ["least_channels", "least_roster"])
def test_one_replication_is_not_sized(paul, kind):
    experiment = answered(paul, BRIDGE, **{"w.replications": "1"})
    response = paul.post(
        f"/lab/experiments/{experiment.id}/ask/", {"kind": kind, "stations": "exit", "station": "exit"}
    )
    told = "One replication does not tell how sure an answer is. Give at least two `replications`."
    assert (response.status_code, told in plain(response)) == (400, True)
    assert Experiment.objects.count() == 1


def test_a_tornado_of_what_is_certain_is_refused(paul):
    experiment = answered(paul, "/lab/scenarios/minimal/")
    response = paul.post(f"/lab/experiments/{experiment.id}/ask/", {"kind": "tornado", "measure": "share_within"})
    assert (response.status_code, "No parameter says between what it may lie" in plain(response)) == (400, True)
    assert Experiment.objects.count() == 1


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ({"act": "run", "design": "attic"}, NO_DESIGN),
        ({"act": "run", "case": "attic"}, 'There is no case "attic". There are opening, later.'),
        ({"act": "run", "design": "one_queu"}, 'Did you mean "one_queue"?'),
        ({"act": "run_all", "designs": ["two_halls", "attic"]}, NO_DESIGN),
        ({"act": "run_all", "case": "attic"}, 'There is no case "attic".'),
        ({"act": "copy", "title": "x", "design": "attic"}, NO_DESIGN),
    ],
)
def test_a_design_or_case_that_is_not_there_is_refused_when_it_is_posted(paul, typed, told):
    response = paul.post(BRIDGE, typed)
    assert (response.status_code, told in plain(response)) == (400, True)
    assert not Experiment.objects.exists()
    assert not SavedScenario.objects.exists()


def test_one_that_is_not_there_is_none_to_show(paul):
    response = paul.get(BRIDGE, {"design": "attic", "case": "attic", "t.day": "attic", "designs": "attic"})
    assert response.status_code == 200


def test_a_text_without_the_design_that_was_shown_runs_its_first(paul, scenarios):
    chosen = {"design": "one_queue", "case": "later"}
    response = paul.post(BRIDGE, {"act": "run", "text": scenarios["minimal"], **chosen})
    assert response.status_code == 302
    renamed = scenarios["bridge"].replace("two_halls:", "halls:")
    response = paul.post(BRIDGE, {"act": "run", "text": renamed, "design": "two_halls"})
    assert response.status_code == 302
    response = paul.post(BRIDGE, {"act": "run", "text": renamed, "design": "attic"})
    assert (response.status_code, NO_DESIGN in plain(response)) == (400, True)
    assert {one.design for one in Experiment.objects.all()} == {"", "halls"}


def test_a_design_ticked_twice_is_one(paul):
    response = paul.post(BRIDGE, {"act": "run_all", "designs": ["one_queue", "one_queue"]})
    assert (response.status_code, "Tick two to 4" in plain(response)) == (400, True)


# Ends of what is uncertain


@pytest.mark.parametrize("act", ["run", "copy"])
def test_an_end_below_nothing_is_told_with_its_line_before_anything_is_kept(paul, scenarios, act):
    text = scenarios["bridge"].replace("low: 2000", "low: -1")
    response = paul.post(BRIDGE, {"act": act, "text": text, "title": "x"})
    told = 'Line 5: With "people" at -1: arrivals.passengers_per_day: -1 is less than 0.'
    assert (response.status_code, told in plain(response)) == (400, True)
    assert not Experiment.objects.exists()
    assert not SavedScenario.objects.exists()


def test_an_end_that_leaves_nothing_for_the_rest_is_refused_at_saving_and_before_a_tornado(paul, scenarios):
    text = (
        scenarios["bridge"]
        .replace("share: 0.75", "share: $residents")
        .replace("  visitor: {share: 0.25,", "  worker: {share: $rest}\n  visitor: {share: 0.2,")
    )
    text = text.replace("  people:", "  residents: {value: 0.75, low: 0.5, high: 0.9}\n  people:")
    told = 'Line 5: With "residents" at 0.9: The shares beside $rest sum to 1.1'
    response = paul.post(BRIDGE, {"act": "copy", "text": text, "title": "x"})
    assert (response.status_code, told in plain(response)) == (400, True)
    experiment = answered(paul, BRIDGE, text=text)
    response = paul.post(f"/lab/experiments/{experiment.id}/ask/", {"kind": "tornado", "measure": "share_within"})
    assert (response.status_code, told in plain(response)) == (400, True)
    assert Experiment.objects.count() == 1


# Side by side


def test_those_that_are_there_are_compared_and_too_many_are_told(paul):
    for seed in range(6):
        paul.post("/lab/scenarios/minimal/", {"act": "run", "w.seed": str(seed + 10), "w.replications": "2"})
        work.work_all([services.EXPERIMENT])
    keys = [one.id for one in Experiment.objects.order_by("created_at")]
    gone = [f"x=gone{number}" for number in range(4)]

    def compared(chosen):
        response = paul.get(f"/lab/compare/?{'&'.join([*gone, *(f'x={key}' for key in chosen)])}")
        rows = re.findall(r'<h2 class="compare-name"><a href="/lab/experiments/(\w+)/">', response.content.decode())
        return rows, "at most: these are the first" in plain(response)

    assert compared(keys[:2]) == (keys[:2], False)
    assert compared(keys[1:5]) == (keys[1:5], False)
    assert compared(keys) == (keys[:4], True)


# Where hardly anybody comes

NOBODY = {"w.demand_factor": "0.0000001"}


def test_simulations_to_which_nobody_came_have_no_times_to_compare(paul):
    response = paul.post(BRIDGE, {"act": "run_all", **NOBODY})
    work.work_all([services.EXPERIMENT])
    address = response.headers["Location"]
    words = plain(paul.get(address))
    assert words.count("nothing to compare: hardly anybody came") == 2
    assert "replication tells" not in words
    report = plain(paul.get(address.replace("?", "report.html?")))
    assert "Neither Two halls nor One queue is quicker: hardly anybody came." in report
    assert "replication tells" not in report


def test_a_demand_at_which_nobody_comes_turns_nothing(paul):
    experiment = answered(paul, BRIDGE, **NOBODY)
    typed = {**BETWEEN, "measure": "journey_seconds", "against": "one_queue"}
    words = asked(paul, experiment, **typed)
    assert "At 0.5 times the demand, hardly anybody comes" in words
    assert "replication tells" not in words


@pytest.mark.parametrize(
    "typed", [{**BETWEEN, "against": "one_queue"}, {"kind": "tornado", "measure": "journey_seconds"}]
)
def test_a_single_replication_is_not_asked_what_decides_its_answer(paul, typed):
    experiment = answered(paul, BRIDGE, **{"w.replications": "1"})
    response = paul.post(f"/lab/experiments/{experiment.id}/ask/", typed)
    assert (response.status_code, "One replication tells no difference apart" in plain(response)) == (400, True)
    assert Experiment.objects.count() == 1


def test_what_is_refused_is_not_called_kept_as_well(paul):
    address = paul.post(BRIDGE, {"act": "copy", "title": "Mine"}).headers["Location"]
    assert "Kept." in plain(paul.get(address))
    response = paul.post(address, {"act": "save", "w.seed": "many"})
    assert (response.status_code, "Kept." in plain(response)) == (400, False)
