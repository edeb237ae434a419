"""The earliest lawful crossing in words, on the public page and the page of the zone."""

from datetime import datetime

import pytest

from riverloop.apps.clearance.earliest import explain_earliest, find, stated_control_point
from riverloop.core.rules.decisions import read_movement
from riverloop.core.rules.rulebook import Rulebook
from riverloop.packs import load_packs
from riverloop.zones import load_zone

BLOOD = {
    "category": "human_blood",
    "suspected_infectious": True,
    "human_genetic_material": False,
    "regulated_as_drug_or_device": False,
    "un_number": "UN3373",
    "transport_mode": "road",
    "prohibited_article": False,
    "strategic_item": False,
    "controlled_drug": False,
    "primary_ml": 10,
    "outer_ml": 100,
    "dry_ice_kg": 0,
}


@pytest.fixture(scope="module")
def zone():
    return load_zone()


@pytest.fixture(scope="module")
def book(zone):
    return Rulebook(load_packs(), zone.boundary)


def told(book, zone, now, facts, *, wanted=None, point="", flow="goods", direction="cn-hk"):
    raw = {"flow": flow, "direction": direction, "at": now, "facts": facts}
    movement = read_movement(raw, zone.boundary, book.packs.dictionary)
    at = datetime.fromisoformat(wanted) if wanted else None
    found = find(book, movement, zone, now=movement.at, wanted=at, control_point=point)
    return explain_earliest(found, movement, zone, "en", str, packs=book.packs, control_point=point)


def test_it_names_the_day_the_papers_and_what_was_assumed(book, zone):
    view = told(
        book, zone, "2026-11-23T09:00:00+08:00", BLOOD, wanted="2026-11-26T09:00:00+08:00", point="shenzhen_bay"
    )
    assert view.sentence == "It may cross on 22 December 2026 00:00 at the earliest."
    permit = next(step for step in view.steps if step.label == "import permit of the Department of Health")
    assert (permit.lead, permit.basis, permit.assumed) == ("5 working days", "assumed", True)
    assert (permit.file_by, permit.late) == ("19 November 2026", "4 days too late")
    assert view.hours == ["every day, all day"]


def test_the_control_point_is_taken_from_what_the_items_state(book, zone):
    words = book.packs.dictionary
    raw = {"flow": "person", "direction": "hk-cn", "at": "2026-11-23T09:00:00+08:00"}
    known = read_movement({**raw, "facts": {"control_point": "futian"}}, zone.boundary, words)
    unknown = read_movement({**raw, "facts": {"control_point": "elsewhere"}}, zone.boundary, words)
    assert (stated_control_point(known, zone), stated_control_point(unknown, zone)) == ("futian", "")


def test_a_control_point_that_is_not_open_yet_takes_nothing(book, zone):
    view = told(book, zone, "2026-11-23T09:00:00+08:00", {}, flow="person", direction="hk-cn", point="west_bridge")
    assert view.sentence == "No date: this control point does not take it."


def test_the_decision_page_says_when_it_may_cross_at_the_earliest(client, db):
    form = {"flow": "goods", "direction": "cn-hk", "items": "1", "f-0-category": "human_blood"}
    form |= {"f-0-suspected_infectious": "yes"}
    page = client.post("/decide/result/", form)
    assert page.status_code == 200
    assert "The earliest lawful crossing" in page.text
    assert "import permit of the Department of Health" in page.text


def test_the_page_of_the_zone_shows_every_lead_time_with_its_basis(client, db, zone):
    page = client.get("/zone/").text
    assert page.count('id="lead-times"') == 1
    assert "57 working days" in page
    assert "every day, 06:30 to 22:30" in page
