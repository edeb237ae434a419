"""A person declares a movement step by step and reads what both sides say."""

import json
import logging
import re

import pytest

from riverloop.apps.clearance.explain import explain
from riverloop.apps.clearance.selectors import rulebook, zone
from riverloop.core.rules.decide import decide
from riverloop.core.rules.decisions import read_movement

pytestmark = pytest.mark.django_db

GOODS = {"flow": "goods", "direction": "cn-hk", "at": "2026-11-22T09:00"}
BLOOD = {**GOODS, "f-0-category": "human_blood"}


@pytest.fixture(autouse=True)
def _quiet():
    logging.getLogger("django.request").setLevel(logging.CRITICAL)
    yield
    logging.getLogger("django.request").setLevel(logging.NOTSET)


def asked(html):
    """Return the names of the facts that the form asks, papers included."""
    return set(re.findall(r'name="f-0-([a-z0-9_]+)"', html))


def main_part(html):
    return html.split("<details")[0]


def test_only_what_can_change_the_outcome_is_asked_first_and_a_few_at_a_time(client):
    html = client.post("/decide/", GOODS).content.decode()
    first = asked(main_part(html))
    assert "category" in first
    assert len(first) <= 6


def test_an_answer_makes_other_questions_fall_away(client):
    for name in ("animal_species_group",):
        before = asked(client.post("/decide/", GOODS).content.decode())
        after = asked(client.post("/decide/", {**GOODS, "f-0-category": "document"}).content.decode())
        assert name not in after or name in before


def test_an_answered_question_stays_and_can_be_cleared(client):
    html = client.post("/decide/", BLOOD).content.decode()
    assert '<option value="human_blood" selected>' in html
    html = client.post("/decide/", {**BLOOD, "do": "forget:0:category"}).content.decode()
    assert '<option value="human_blood" selected>' not in html


def test_a_required_paper_is_asked_for_on_a_card_of_its_own(client):
    plain = client.post("/decide/", BLOOD).content.decode()
    assert "has_dh_import_permit" not in asked(main_part(plain))
    suspected = {**BLOOD, "f-0-suspected_infectious": "yes"}
    html = client.post("/decide/", suspected).content.decode()
    assert "has_dh_import_permit" in asked(main_part(html))
    assert "dh_import_permit_expires_on" not in asked(html)
    held = client.post("/decide/", {**suspected, "f-0-has_dh_import_permit": "yes"}).content.decode()
    assert {"dh_import_permit_expires_on", "dh_import_permit_quantity_left"} <= asked(held)


@pytest.mark.parametrize("path", ["/decide/", "/decide/result/", "/decide/decision.json"])
def test_what_only_an_officer_may_state_is_refused(client, path):
    person = {"flow": "person", "direction": "cn-hk", "f-0-watch_hit": "yes"}
    response = client.post(path, person)
    assert response.status_code == 400
    assert "officer" in response.content.decode()


def test_what_only_an_officer_may_state_is_never_asked(client):
    html = client.post("/decide/", {"flow": "person", "direction": "hk-cn"}).content.decode()
    assert "watch_hit" not in html


@pytest.mark.parametrize(
    "wrong",
    [
        {"flow": "ideas", "direction": "cn-hk"},
        {"flow": "goods", "direction": "cn-mo"},
        {"flow": "goods"},
        {**GOODS, "f-0-colour": "red"},
        {**GOODS, "f-0-purpose": "study"},
    ],
)
def test_a_form_that_no_page_here_makes_is_refused_in_words(client, wrong):
    response = client.post("/decide/", wrong)
    assert response.status_code == 400
    assert 'role="alert"' in response.content.decode()


@pytest.mark.parametrize(
    ("name", "typed"),
    [("primary_ml", "a lot"), ("un_number", "UN 33"), ("category", "soup"), ("suspected_infectious", "maybe")],
)
def test_a_mistake_keeps_what_was_typed_and_marks_the_field(client, name, typed):
    html = client.post("/decide/", {**GOODS, f"f-0-{name}": typed}).content.decode()
    assert 'aria-invalid="true"' in html
    assert f'id="e-f-0-{name}"' in html
    assert f"&quot;{typed}&quot;" in html or f'value="{typed}"' in html or name == "suspected_infectious"


def test_a_date_that_does_not_exist_is_kept_and_marked(client):
    person = {"flow": "person", "direction": "cn-hk", "f-0-document_expires_on": "2026-02-30"}
    html = client.post("/decide/", person).content.decode()
    assert 'value="2026-02-30"' in html
    assert "is not a date" in html


def test_a_time_that_does_not_exist_is_kept_and_marked(client):
    html = client.post("/decide/", {**GOODS, "at": "2026-02-30T09:00"}).content.decode()
    assert 'value="2026-02-30T09:00"' in html
    assert 'id="e-at"' in html


def test_a_form_with_a_mistake_is_not_decided(client):
    response = client.post("/decide/result/", {**GOODS, "f-0-primary_ml": "a lot"})
    assert 'id="facts"' in response.content.decode()


def test_items_are_added_duplicated_and_removed(client):
    html = client.post("/decide/", {**BLOOD, "do": "add"}).content.decode()
    assert html.count('class="item"') == 2
    html = client.post("/decide/", {**BLOOD, "do": "duplicate:0"}).content.decode()
    assert html.count('<option value="human_blood" selected>') == 2
    two = {**BLOOD, "items": "2", "f-1-category": "reagent"}
    html = client.post("/decide/", {**two, "do": "remove:0"}).content.decode()
    assert html.count('class="item"') == 1
    assert '<option value="reagent" selected>' in html


def test_a_form_takes_only_so_many_items(client):
    html = client.post("/decide/", {**GOODS, "items": "9999", "do": "add"}).content.decode()
    assert html.count('class="item"') == 30


def test_a_live_answer_is_only_the_form_and_the_sentence(client):
    response = client.post("/decide/", BLOOD, headers={"hx-request": "true"})
    html = response.content.decode()
    assert "<html" not in html
    assert 'id="facts"' in html
    assert 'id="outcome" hx-swap-oob="innerHTML"' in html


def test_a_decision_leads_with_one_sentence_then_a_column_for_each_side(client):
    html = client.post("/decide/result/", {**BLOOD, "f-0-suspected_infectious": "yes"}).content.decode()
    sentence, columns = html.index('<h1 class="sentence">'), html.index('class="sides"')
    assert sentence < columns
    assert html.count('<article class="side side-') == 2
    assert "Prevention and Control of Disease Regulation" in html
    assert 'href="/rules/hk.cap599a.s14/"' in html
    assert "https://www.elegislation.gov.hk/hk/cap599A" in html


def test_an_outcome_is_told_by_a_symbol_and_a_word_and_never_by_colour_alone(client):
    html = client.post("/decide/result/", BLOOD).content.decode()
    sides = html.partition("earliest")[0]  # which has a symbol of its own
    assert len(re.findall(r'class="outcome-word"><svg class="symbol".*?</svg>[^<]+<', sides, re.DOTALL)) == 2


def test_an_assumed_rule_is_labelled_as_pilot(client):
    person = {
        "flow": "person",
        "direction": "cn-hk",
        "at": "2026-11-22T09:00",
        "f-0-listed": "yes",
        "f-0-control_point": "west_bridge",
        "f-0-listing_control_points": "west_bridge",
        "f-0-listing_expires_on": "2027-11-22",
        "f-0-listing_suspended": "no",
    }
    assert "pilot, not law" in client.post("/decide/result/", person).content.decode()


def test_the_declaration_downloads_as_what_the_command_reads(client):
    response = client.post("/decide/movement.json", {**BLOOD, "f-0-primary_ml": "12.5"})
    assert response.headers["Content-Disposition"] == 'attachment; filename="movement.json"'
    raw = json.loads(response.content)
    assert raw["facts"] == {"category": "human_blood", "primary_ml": 12.5}
    assert raw["at"] == "2026-11-22T09:00:00+08:00"


def test_the_decision_downloads_as_documented(client):
    raw = json.loads(client.post("/decide/decision.json", BLOOD).content)
    assert set(raw) == {"outcome", "at_best", "at_worst", "valid_until", "packs", "sides"}
    assert set(raw["sides"]) == {"hk", "cn"}


def test_deciding_again_takes_the_present_time(client):
    html = client.post("/decide/result/", {**BLOOD, "at": "2025-01-02T03:04", "again": "1"}).content.decode()
    assert "2025-01-02T03:04" not in html


def test_every_rule_page_and_measure_page_opens(client):
    from riverloop.apps.clearance.law import packs

    for rule in packs().rules.values():
        html = client.get(f"/rules/{rule.id}/").content.decode()
        assert rule.version in html
        assert rule.measure in html
    for measure in packs().measures:
        assert client.get(f"/measures/{measure}/").status_code == 200


def test_rules_are_found_by_word_and_by_filter(client):
    def listed(query):
        return set(re.findall(r'href="/rules/([^"/]+)/"', client.get(f"/rules/?{query}").content.decode()))

    everything = listed("")
    assert "hk.cap599a.s14" in listed("q=infectious")
    assert "hk.cap599a.s14" in listed("q=%E5%82%B3%E6%9F%93")
    assert listed("side=hk&flow=goods") < everything
    assert listed("status=pilot") < everything
    assert listed("q=nothing-like-this") == set()
    assert listed("verified=primary").isdisjoint(listed("verified=none"))


@pytest.mark.parametrize("path", ["/decide/movement.json", "/decide/decision.json"])
def test_a_file_is_not_given_while_a_mistake_stands(client, path):
    response = client.post(path, {**GOODS, "f-0-primary_ml": "a lot"})
    assert response.headers["Content-Type"].startswith("text/html")
    assert 'id="e-f-0-primary_ml"' in response.content.decode()
    assert 'value="a lot"' in response.content.decode()


def test_a_start_that_lacks_something_keeps_what_was_chosen(client):
    html = client.post("/decide/", {"flow": "goods", "at": "2027-01-02T03:04"}).content.decode()
    assert 'value="goods" required checked' in html
    assert 'value="2027-01-02T03:04"' in html
    assert 'name="direction" value="cn-hk" required checked' not in html


@pytest.mark.parametrize(
    "at",
    [
        "0001-01-01T00:00",
        "1900-01-02T00:00",
        "1900-01-01T00:00",
        "2199-12-31T23:59",
        "9999-12-31T23:59",
        "NaN",
        "x" * 90,
    ],
)
@pytest.mark.parametrize("path", ["/decide/", "/decide/result/", "/decide/decision.json"])
def test_an_instant_out_of_reach_is_marked_in_the_form_and_never_breaks_it(client, path, at):
    response = client.post(path, {**GOODS, "at": at})
    assert response.status_code == 200
    assert 'id="e-at"' in response.content.decode()


@pytest.mark.parametrize("at", ["1900-01-03T00:00", "1903-05-14T02:00", "2199-12-30T23:59"])
def test_an_instant_before_standard_time_or_far_ahead_is_decided(client, at):
    response = client.post("/decide/result/", {**GOODS, "at": at})
    assert response.status_code == 200
    assert 'class="sides"' in response.content.decode()


def test_a_rule_for_an_authority_alone_shows_neither_id_nor_reason_to_others():
    """An officer states a hit; the page and the file of anyone else name no rule for it."""
    book, here = rulebook(), zone()
    for side in here.boundary.sides:
        raw = {
            "flow": "person",
            "direction": "cn-hk",
            "at": "2026-11-22T09:00:00+08:00",
            "facts": {},
            "own": {side.id: {"watch_hit": True}},
        }
        decision = decide(book, read_movement(raw, here.boundary, book.packs.dictionary))
        secret = [hit.rule.rule for hit in decision.sides[side.id].rules if hit.rule.rule.disclose == "authority"]
        assert secret
        file = json.dumps(decision.as_json(conceal=True))
        told = explain(decision, here, "en", str)
        page = repr([(rule.id, rule.reason, rule.law) for one in told.sides for rule in one.rules])
        for rule in secret:
            assert rule.id not in file + page
            assert rule.reason["en"] not in file + page
