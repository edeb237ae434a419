"""Pages of the lab: changed, run, read, asked, compared, kept; refused in one line; seen by the planners of a side."""

import csv
import io
import json
import re
from urllib.parse import parse_qs, urlsplit

import pytest
import yaml

from riverloop.apps.lab import services, svg
from riverloop.apps.lab.models import Experiment, SavedScenario
from riverloop.apps.parties.services import role_grant
from riverloop.apps.runs import work
from riverloop.apps.runs.models import Run
from tests.cast import account, again

pytestmark = pytest.mark.django_db
BRIDGE = "/lab/scenarios/bridge/"


@pytest.fixture
def paul(enter, cast, scenarios):
    """Paul, a planner of side hk, at his browser."""
    return enter(cast.paul)


def answered(client, address, **typed):
    """Run a scenario as a page does, let the worker answer, and return the experiment."""
    response = client.post(address, {"act": "run", **typed})
    assert response.status_code == 302, response.content.decode()
    work.work_all([services.EXPERIMENT])
    key = response.headers["Location"].rstrip("/").rpartition("/")[2]
    return Experiment.objects.get(pk=key)


def page_of(client, experiment):
    response = client.get(f"/lab/experiments/{experiment.id}/")
    assert response.status_code == 200
    return plain(response)


def plain(response):
    """Return the words of a page."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode())).replace("&quot;", '"')


# Running


def test_a_scenario_is_run_and_its_answer_says_whether_the_pledge_is_kept(paul):
    experiment = answered(paul, BRIDGE)
    words = page_of(paul, experiment)
    assert "The pledge is kept:" in words
    assert 'They wait longest at "Exit hall"' in words
    assert "4 replications: with a confidence of 95%, the share lies between" in words
    assert "Staff hours a day: Hong Kong" in words
    assert "Land on both banks" in words
    assert "A small bridge · Two halls · At opening" in words
    assert experiment.summary["met"] is True


def test_what_was_typed_is_run_and_stands_in_the_scenario_that_is_downloaded(paul):
    experiment = answered(
        paul,
        BRIDGE,
        **{"p.people": "2500", "s.exit.channels": "5", "s.entry.roster": "07:00-22:00 4", "pledge.minutes": "20"},
        **{"w.replications": "2", "o.side": "hk", "o.from": "08:00", "o.until": "08:30"},
    )
    text = paul.get(f"/lab/experiments/{experiment.id}/scenario.yaml").content.decode()
    raw = yaml.safe_load(text)
    assert text.startswith("# riverloop simulate scenario.yaml --design two_halls --case opening\n")
    assert raw["parameters"]["people"]["value"] == 2500
    exit_hall, entry = raw["designs"]["two_halls"]["stations"]
    assert exit_hall["channels"] == 5
    assert entry["roster"] == [{"from": "07:00", "until": "22:00", "channels": 4}]
    assert raw["pledge"] == {"minutes": 20, "share": 0.95}
    assert raw["side_outages"] == [{"side": "hk", "from": "08:00", "until": "08:30"}]
    assert "# a comment that stays" in text
    assert experiment.values == {"people": 2500}
    words = page_of(paul, experiment)
    assert "changed" in words
    assert "Exit hall: out of order from 08:00 until 08:30." in words
    assert "With it less without it, for the same passengers" in words


def test_a_case_has_its_own_values(paul):
    experiment = answered(paul, BRIDGE, case="later", design="one_queue", **{"p.people": "3500"})
    assert "set: {people: 3500}" in experiment.text
    assert experiment.result["about"]["passengers_a_day"] == pytest.approx(3500)


def test_a_queue_that_cannot_drain_is_an_answer_with_its_shortfall(paul):
    words = page_of(paul, answered(paul, "/lab/scenarios/overfull/"))
    assert 'The queue at "counter" cannot drain:' in words
    assert "11 channels would be needed throughout" in words


def test_real_days_are_chosen_by_control_point_and_date(paul):
    typed = {"t.control_point": "lok_ma_chau_spur_line", "t.day": "date", "t.date": "2025-05-01"}
    shown = paul.get("/lab/scenarios/real-days/", typed).content.decode()
    assert 'value="2025-05-01"' in shown
    experiment = answered(paul, "/lab/scenarios/real-days/", **typed)
    stream = yaml.safe_load(experiment.text)["arrivals"][0]["traffic"]
    assert {key: str(one) for key, one in stream.items()} == {
        "control_point": "lok_ma_chau_spur_line",
        "day": "2025-05-01",
        "direction": "departure",
    }
    assert "Lok Ma Chau Spur Line (Futian), 2025-05-01" in page_of(paul, experiment)


def test_days_on_which_nobody_comes_are_answered_all_the_same(paul):
    outage = {"o.side": "hk", "o.from": "08:00", "o.until": "08:30"}
    experiment = answered(paul, BRIDGE, **{"w.demand_factor": "0.0000001", "w.replications": "2"}, **outage)
    assert experiment.result["result"]["passengers"] == 0
    assert "The pledge is" in page_of(paul, experiment)
    assert paul.get(f"/lab/experiments/{experiment.id}/report.html").status_code == 200


# Mistakes


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ({"p.people": "many"}, 'People a day: "many" is not a number. Give one.'),
        ({"p.people": "2,5"}, 'People a day: "2,5" is not a number. Give one.'),
        ({"p.people": "5000", "p.people.low": "6000", "p.people.high": "4000"}, "People a day: "),
        ({"s.exit.channels": "2.5"}, 'Channels (Exit hall): "2.5" is not a whole number. Give one.'),
        ({"s.exit.channels": "-1"}, "-1"),
        ({"s.entry.roster": "07:00 to noon"}, "is no line of a roster. Write it as 06:00-09:00 3."),
        ({"s.entry.roster": "07:00-08:00 2\n09:00-10:00 2"}, "08:00"),
        ({"o.side": "hk", "o.from": "late", "o.until": "09:00"}, '"late" is no time of the day. Write it as 09:30.'),
        ({"pledge.share": "120"}, "1.2"),
    ],
)
def test_a_mistake_in_a_field_is_one_line_and_keeps_what_was_typed(paul, typed, told):
    response = paul.post(BRIDGE, {"act": "run", **typed})
    assert response.status_code == 400
    assert told in plain(response)
    for value in typed.values():
        assert value.split("\n")[0] in response.content.decode()
    assert not Experiment.objects.exists()
    assert not Run.objects.exists()


@pytest.mark.parametrize("act", ["run", "copy"])
def test_a_mistake_in_the_text_is_told_with_its_line_and_nothing_is_kept(paul, scenarios, act):
    text = scenarios["bridge"].replace("share: 0.75", "share: 0.8")
    line = text.split("\n").index("  resident: {share: 0.8, title: {en: Residents, zh-Hant: 居民, zh-Hans: 居民}}") + 1
    response = paul.post(BRIDGE, {"act": act, "text": text, "title": "x"})
    assert response.status_code == 400
    assert "sum to 1.05, not to one" in plain(response)
    assert f"Line {line - 1}:" in plain(response) or f"Line {line}:" in plain(response)
    assert "share: 0.8" in response.content.decode()
    assert not SavedScenario.objects.exists()
    assert not Experiment.objects.exists()


@pytest.mark.parametrize(
    ("text", "told"),
    [("", "Line 1:"), ("a: [", "This is not YAML"), ("- a", "the file is a list, and must be a mapping")],
)
def test_what_is_no_scenario_at_all_is_refused(paul, text, told):
    response = paul.post(BRIDGE, {"act": "run", "text": text})
    assert (response.status_code, told in plain(response)) == (400, True)


def test_a_text_that_is_too_long_is_refused(paul, scenarios):
    response = paul.post(BRIDGE, {"act": "run", "text": scenarios["bridge"] + "#" * 200_000})
    assert (response.status_code, "Shorten it." in plain(response)) == (400, True)


def test_too_much_work_is_refused_before_it_is_taken(paul, settings):
    settings.RIVERLOOP_LAB_VISITS = 5_000
    response = paul.post(BRIDGE, {"act": "run"})
    assert (response.status_code, "visits to stations" in plain(response)) == (400, True)
    assert not Experiment.objects.exists()


def test_a_crowd_that_no_memory_holds_is_refused(paul, scenarios):
    response = paul.post(BRIDGE, {"act": "run", "text": scenarios["minimal"].replace("hours: 20", "hours: 200000")})
    assert (response.status_code, "come in one go" in plain(response)) == (400, True)


def test_more_experiments_than_may_wait_are_refused(paul, settings):
    settings.RIVERLOOP_LAB_WAITING = 2
    for _ in range(2):
        assert paul.post("/lab/scenarios/minimal/", {"act": "run"}).status_code == 302
    response = paul.post("/lab/scenarios/minimal/", {"act": "run"})
    assert (response.status_code, "wait for their answer already" in plain(response)) == (409, True)
    assert Experiment.objects.count() == 2


# Asking more


def test_the_least_channels_are_found(paul):
    experiment = answered(paul, BRIDGE)
    words = asked(paul, experiment, kind="least_channels", stations=["exit", "entry"], confidence="95")
    assert "The least that keeps the pledge: Exit hall:" in words


def test_the_least_roster_is_found_in_shifts(paul):
    experiment = answered(paul, BRIDGE)
    words = asked(paul, experiment, kind="least_roster", station="exit", shift_hours="4, 8", confidence="90")
    assert "paid hours a day at Exit hall keep the pledge" in words
    assert "Exit hall (as found)" in words
    assert "Exit hall (as it stands)" in words
    assert "Of those who pass it, within the pledge" in words
    assert "in shifts of 4 and 8 hours" in words


def test_assumptions_are_swung(paul):
    words = asked(paul, answered(paul, BRIDGE), kind="tornado", measure="journey_seconds")
    assert '"People a day" moves it most.' in words or '"Seconds at a counter" moves it most.' in words


def test_the_demand_at_which_the_answer_turns_is_looked_for(paul):
    words = asked(
        paul,
        answered(paul, BRIDGE),
        kind="break_even",
        against="one_queue",
        measure="journey_seconds",
        low="0.5",
        high="2",
    )
    assert "Of the demands that were tried, One queue is better at 0.5, 0.875, 1.25, 1.625 and 2 times." in words


def asked(client, experiment, **typed):
    response = client.post(f"/lab/experiments/{experiment.id}/ask/", typed)
    assert response.status_code == 302, plain(response)
    work.work_all([services.EXPERIMENT])
    return plain(client.get(response.headers["Location"]))


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ({"kind": "least_channels"}, "Choose the stations"),
        ({"kind": "least_channels", "stations": "exit", "confidence": "100"}, "is not a number from 50 to 99.9"),
        ({"kind": "least_roster", "station": "exit", "shift_hours": "25"}, "whole hours from 1 to 24"),
        ({"kind": "least_roster", "station": "exit", "shift_hours": "9" * 5000}, "whole hours from 1 to 24"),
        ({"kind": "tornado", "measure": "colour"}, "Choose what is to be watched."),
        ({"kind": "break_even", "measure": "share_within", "low": "2", "high": "1"}, "is not below the greatest"),
    ],
)
def test_what_cannot_be_asked_is_refused_in_a_line(paul, typed, told):
    experiment = answered(paul, BRIDGE)
    response = paul.post(f"/lab/experiments/{experiment.id}/ask/", typed)
    assert (response.status_code, told in plain(response)) == (400, True)
    assert Experiment.objects.count() == 1


def test_what_the_simulator_refuses_is_told_on_the_page_of_the_experiment(paul, scenarios):
    tight = scenarios["minimal"] + "pledge: {minutes: 0.01, share: 0.99}\n"
    experiment = answered(paul, "/lab/scenarios/minimal/", text=tight)
    words = asked(paul, experiment, kind="least_roster", station="counter", shift_hours="8")
    assert "Failed" in words
    assert 'No roster of "counter" keeps the pledge' in words


# Comparing


def test_every_design_is_run_and_compared_on_the_same_passengers(paul):
    response = paul.post(BRIDGE, {"act": "run_all", "case": "later"})
    address = response.headers["Location"]
    assert len(parse_qs(urlsplit(address).query)["x"]) == 2
    assert "They are at work" in plain(paul.get(address))
    work.work_all([services.EXPERIMENT])
    words = plain(paul.get(address))
    assert "One queue less Two halls" in words
    assert "sure" in words
    assert "Staff hours a day: The mainland" in words
    assert paul.get(address.replace("?", "report.html?")).headers["Content-Disposition"].endswith('"report.html"')


def test_those_that_did_not_see_the_same_passengers_say_so_instead(paul):
    ours = answered(paul, BRIDGE)
    theirs = answered(paul, BRIDGE, **{"w.seed": "8"})
    words = plain(paul.get(f"/lab/compare/?x={ours.id}&x={theirs.id}"))
    assert "These did not see the same passengers" in words


def test_one_alone_or_what_is_not_there_is_not_compared(paul):
    experiment = answered(paul, BRIDGE)
    for query in ("", f"x={experiment.id}", f"x={experiment.id}&x=nothing&x={experiment.id}"):
        assert "Tick them in the list." in plain(paul.get(f"/lab/compare/?{query}"))


# Charts


@pytest.fixture
def undrawn(monkeypatch, settings, tmp_path):
    settings.RIVERLOOP_DATA = tmp_path
    monkeypatch.setattr(svg, "_held", {})


def pictures(page, address):
    """Return where a page fetches the pictures that are not drawn yet, after asking for it."""
    return re.findall(r'class="chart-later" hx-get="([^"]+)"', page.get(address).content.decode())


def test_a_page_does_not_wait_for_its_pictures(paul, undrawn):
    experiment = answered(paul, BRIDGE)
    page = f"/lab/experiments/{experiment.id}/"
    later = pictures(paul, page)
    assert [address.split("/")[-2] for address in later] == ["waits", "classes", "queues", "pledge", "staff"]
    for address in later:
        assert paul.get(address).content.decode().count('role="img"') == 2
    assert not pictures(paul, page)
    assert paul.get(page).content.decode().count('role="img"') == 2 * len(later)


def test_without_scripts_the_pictures_come_with_the_page(paul, undrawn):
    experiment = answered(paul, BRIDGE)
    assert not pictures(paul, f"/lab/experiments/{experiment.id}/?draw=now")


def test_pictures_side_by_side_are_of_the_same_simulations(paul, undrawn):
    address = paul.post(BRIDGE, {"act": "run_all", "case": "later"}).headers["Location"]
    work.work_all([services.EXPERIMENT])
    later = pictures(paul, address)
    assert len(later) == 5
    for one in later:
        assert 'role="img"' in paul.get(one.replace("&amp;", "&")).content.decode()
    assert not pictures(paul, address)


def test_a_picture_that_there_is_not_is_not_found(paul):
    experiment = answered(paul, BRIDGE)
    assert paul.get(f"/lab/experiments/{experiment.id}/charts/areas/").status_code == 404
    assert paul.get(f"/lab/compare/charts/queues/?x={experiment.id}").status_code == 404


# Files


def test_an_answer_is_taken_away_as_json_and_as_a_report(paul):
    experiment = answered(paul, BRIDGE)
    found = json.loads(paul.get(f"/lab/experiments/{experiment.id}/result.json").content)
    assert set(found["result"]["stations"]) == {"exit", "entry"}
    assert len(found["replications"]) == 4
    report = paul.get(f"/lab/experiments/{experiment.id}/report.html").content.decode()
    assert report.startswith("<!doctype html>")
    assert "A small bridge" in report


# Stopping, deleting


def test_an_experiment_that_waits_is_stopped_at_once_and_asked_again(paul):
    page = paul.post(BRIDGE, {"act": "run"}).headers["Location"]
    assert paul.post(f"{page}cancel/").status_code == 302
    assert "Cancelled" in plain(paul.get(page))
    work.work_all([services.EXPERIMENT])
    assert not Experiment.objects.get().result
    again_page = paul.post(f"{page}again/").headers["Location"]
    work.work_all([services.EXPERIMENT])
    assert "The pledge is kept:" in plain(paul.get(again_page))


def test_stopping_on_the_run_leads_back_to_the_experiment(paul):
    page = paul.post(BRIDGE, {"act": "run"}).headers["Location"]
    run = Run.objects.get()
    assert paul.post(f"/runs/{run.id}/cancel/").headers["Location"] == page


def test_an_experiment_is_deleted_once_that_is_confirmed(paul):
    experiment = answered(paul, BRIDGE)
    page = f"/lab/experiments/{experiment.id}/delete/"
    assert "links to it lead nowhere" in plain(paul.get(page))
    assert Experiment.objects.exists()
    assert paul.post(page).status_code == 302
    assert not Experiment.objects.exists()


# Keeping


def test_a_copy_is_kept_changed_renamed_restored_and_deleted(paul, scenarios):
    page = paul.post(BRIDGE, {"act": "copy", "title": "  My   bridge ", "p.people": "2500"}).headers["Location"]
    saved = SavedScenario.objects.get()
    assert (saved.title, saved.based_on, saved.owner_side) == ("My bridge", "bridge", "hk")
    assert "value: 2500" in saved.text
    assert "begun from “A small bridge”" in plain(paul.get(page))
    address = f"/lab/scenarios/{saved.id}/"
    paul.post(address, {"act": "save", "title": "My bridge", "s.exit.channels": "9"})
    assert "channels: 9" in SavedScenario.objects.get().text
    paul.post(address, {"act": "rename", "title": "Another name"})
    assert SavedScenario.objects.get().title == "Another name"
    assert paul.post(address, {"act": "rename", "title": " "}).status_code == 400
    assert "Replace my text" in plain(paul.get(f"{address}restore/"))
    paul.post(f"{address}restore/")
    assert SavedScenario.objects.get().text == scenarios["bridge"]
    assert "Delete this scenario?" in plain(paul.get(f"{address}delete/"))
    paul.post(f"{address}delete/")
    assert not SavedScenario.objects.exists()


@pytest.mark.parametrize(
    ("title", "told"),
    [
        ("\u200b\u200d", "A scenario needs a title"),
        ("\u3164", "A scenario needs a title"),
        ("\ufe0f \u2800", "A scenario needs a title"),
        ("Bridge \u202egnp.exe", "holds a character that cannot be seen"),
        ("Bridge\u2066", "holds a character that cannot be seen"),
        ("Bri\x1b[31mdge", "holds a character that cannot be seen"),
    ],
)
def test_a_title_that_shows_nothing_or_hides_something_is_refused(paul, title, told):
    response = paul.post(BRIDGE, {"act": "copy", "title": title})
    assert (response.status_code, told in plain(response)) == (400, True)
    assert not SavedScenario.objects.exists()
    paul.post(BRIDGE, {"act": "copy", "title": "A bridge"})
    own = SavedScenario.objects.get()
    response = paul.post(f"/lab/scenarios/{own.id}/", {"act": "rename", "title": title})
    assert (response.status_code, told in plain(response)) == (400, True)
    own.refresh_from_db()
    assert own.title == "A bridge"


def test_what_was_asked_of_a_deleted_scenario_stays(paul):
    paul.post(BRIDGE, {"act": "copy", "title": "Mine"})
    saved = SavedScenario.objects.get()
    experiment = answered(paul, f"/lab/scenarios/{saved.id}/")
    paul.post(f"/lab/scenarios/{saved.id}/delete/")
    assert "The pledge is kept:" in page_of(paul, experiment)


# Lists


def test_experiments_are_searched_filtered_and_shown_a_page_at_a_time(paul, monkeypatch):
    from riverloop.apps.lab import experiment_views

    monkeypatch.setattr(experiment_views, "A_PAGE", 2)
    for key in ("bridge", "minimal", "overfull"):
        answered(paul, f"/lab/scenarios/{key}/")
    paul.post("/lab/scenarios/minimal/", {"act": "run"})
    first = paul.get("/lab/experiments/").content.decode()
    assert first.count('class="chosen-row"') == 2
    after = re.search(r'rel="next" href="\?after=(\w+)"', first)[1]
    assert paul.get(f"/lab/experiments/?after={after}").content.decode().count('class="chosen-row"') == 2
    assert "A small bridge" in plain(paul.get("/lab/experiments/?q=SMALL+two"))
    assert "No experiment matches." in plain(paul.get("/lab/experiments/?q=nowhere"))
    waiting = paul.get("/lab/experiments/?state=waiting").content.decode()
    assert waiting.count('class="chosen-row"') == 1
    assert "Waiting for its turn" in waiting
    assert "A queue cannot drain" in plain(paul.get("/lab/experiments/?q=overfull&kind=simulate"))


def test_a_list_costs_as_many_queries_for_many_as_for_one(paul, django_assert_max_num_queries):
    for _ in range(4):
        answered(paul, "/lab/scenarios/minimal/")
    with django_assert_max_num_queries(12):
        paul.get("/lab/experiments/")


# Who


def test_planners_of_a_side_see_what_each_keeps_and_change_only_their_own(paul, enter, cast):
    paul.post(BRIDGE, {"act": "copy", "title": "Mine"})
    saved, experiment = SavedScenario.objects.get(), answered(paul, BRIDGE)
    petra = enter(account("petra", "hk", "planner"))
    assert "Mine" in plain(petra.get("/lab/"))
    assert petra.get(f"/lab/experiments/{experiment.id}/").status_code == 200
    assert petra.post(f"/lab/scenarios/{saved.id}/", {"act": "save", "title": "Hers"}).status_code == 403
    assert petra.post(f"/lab/scenarios/{saved.id}/delete/").status_code == 403
    assert petra.post(f"/lab/experiments/{experiment.id}/delete/").status_code == 403
    assert petra.post(f"/lab/scenarios/{saved.id}/", {"act": "copy", "title": "Hers"}).status_code == 302
    peng = enter(account("peng", "cn", "planner"))
    assert "Mine" not in plain(peng.get("/lab/"))
    for path in (
        f"/lab/scenarios/{saved.id}/",
        f"/lab/experiments/{experiment.id}/",
        f"/lab/experiments/{experiment.id}/result.json",
    ):
        assert peng.get(path).status_code == 404


def test_a_coordinator_who_also_plans_may_do_both(enter, cast, scenarios):
    role_grant(user=cast.dora, kind="planner")
    assert enter(again(cast.dora)).get("/lab/").status_code == 200


# Real traffic


def test_anybody_reads_real_traffic_with_its_source(client, cast, scenarios):
    words = plain(client.get("/lab/traffic/?point=shenzhen_bay&by=month&first=2025-01-01&last=2025-12-31"))
    assert "Source: Immigration Department" in words
    assert "Shenzhen Bay" in words
    assert "Simulate this day" not in words


def test_a_planner_is_led_from_a_day_to_its_simulation(paul):
    shown = paul.get("/lab/traffic/?point=shenzhen_bay&first=2025-05-01&last=2025-05-01").content.decode()
    link = re.search(r'href="(/lab/scenarios/real-days/\?[^"]+)"', shown)[1].replace("&amp;", "&")
    assert 'value="2025-05-01"' in paul.get(link).content.decode()


def test_the_table_is_given_as_csv_with_its_source(client, cast):
    response = client.get(
        "/lab/traffic/table.csv?point=shenzhen_bay&first=2025-05-01&last=2025-05-02&direction=arrival"
    )
    rows = list(csv.reader(io.StringIO(b"".join(response.streaming_content).decode("utf-8-sig"))))
    assert rows[0][0].startswith("# Source: Immigration Department")
    assert rows[1] == [
        "day",
        *(f"arrival {name}" for name in ("hong_kong_residents", "mainland_visitors", "other_visitors", "total")),
    ]
    assert [row[0] for row in rows[2:]] == ["2025-05-02", "2025-05-01"]
    assert int(rows[2][4]) == sum(map(int, rows[2][1:4]))


@pytest.mark.parametrize(
    "query",
    ["point=nowhere", "by=year", "first=x", "page=-1", "page=99999", "direction=up", "passengers=all"],
)
def test_an_address_that_asks_for_what_there_is_not_shows_something_sensible(client, cast, query):
    assert client.get(f"/lab/traffic/?{query}").status_code == 200


def test_a_span_without_a_day_is_told_in_a_line(client, cast):
    response = client.get("/lab/traffic/?first=2025-05-02&last=2025-05-01")
    assert (response.status_code, "The span ends before it begins" in plain(response)) == (400, True)
    assert client.get("/lab/traffic/table.csv?first=1990-01-01&last=1990-01-02").status_code == 400
    response = client.get("/lab/traffic/?last=0001-01-01")
    assert (response.status_code, "The span ends before it begins" in plain(response)) == (400, True)
