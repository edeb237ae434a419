"""Silence before a law begins does not clear: a plain movement goes only from the day on which its law is here."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from riverloop.core.kernel.sides import FLOWS
from riverloop.core.rules.decide import decide
from riverloop.core.rules.decisions import read_movement
from riverloop.core.rules.rulebook import Rulebook
from riverloop.packs import load_packs
from riverloop.zones import load_zone

PACKS = load_packs()
ZONE = load_zone("hetao")
LAW = Rulebook(PACKS, ZONE.boundary)
YEARS = [date(year, 6, 1) for year in (1990, 2000, 2005, 2010, 2017, 2019, 2021, 2023, 2025)]
TODAY = date(2026, 11, 22)
BEFORE_2026_20 = date(2026, 2, 9)  # since the day after, whatever enters the mainland is referred

PERSON = {"purpose": "research", "nationality": "CHN", "stay_days": 2, "listed": False, "visa": "none"}
PERSON |= {"document_expires_on": "2040-01-01", "hk_employment_permission": "none", "endorsement": "none"}
GOODS = {"regulated_as_drug_or_device": False, "un_number": "none", "dry_ice_kg": 0, "human_genetic_material": False}
GOODS |= {"prohibited_article": False, "strategic_item": False, "controlled_drug": False, "suspected_infectious": False}
GOODS |= {"transport_mode": "road", "quantity": 1, "used_in_park_only": False, "first_entry": False, "risk_tier": "low"}
APPROVED = {"has_gacc_special_article_approval": True}
DATA = {"personal_information": True, "important_data": False, "ciio": False, "hgr_information": False}
DATA |= {"persons_ytd": 5, "sensitive_persons_ytd": 0, "parties_registered_in_gba": False}

# What crosses, and from which day until which it clears on each side; a side that is left out never clears it.
PLAIN = {
    "a permanent resident comes home": (
        ("person", "cn-hk", {**PERSON, "document_kind": "hkid_permanent", "residence": "hk"}),
        {"hk": (date(1997, 7, 1), TODAY), "cn": (date(2013, 7, 1), TODAY)},
    ),
    "a Macao resident leaves the mainland": (
        ("person", "cn-hk", {**PERSON, "document_kind": "home_return_permit", "residence": "mo"}),
        {"cn": (date(2013, 7, 1), TODAY)},
    ),
    "a mainland researcher goes to Hong Kong": (
        (
            "person",
            "cn-hk",
            {
                **PERSON,
                "document_kind": "two_way_permit",
                "residence": "cn",
                "endorsement": "talent",
                "endorsement_expires_on": "2040-01-01",
            },
        ),
        {"cn": (date(2023, 2, 20), TODAY)},
    ),
    "a Hong Kong resident goes to the mainland": (
        ("person", "hk-cn", {**PERSON, "document_kind": "home_return_permit", "residence": "hk"}),
        {"hk": (date(1997, 7, 1), TODAY), "cn": (date(2013, 7, 1), TODAY)},
    ),
    "a Chinese citizen who lives elsewhere enters": (
        ("person", "hk-cn", {**PERSON, "document_kind": "prc_passport", "residence": "other"}),
        {"hk": (date(1997, 7, 1), TODAY)},
    ),
    "an instrument goes to Hong Kong": (
        ("goods", "cn-hk", {**GOODS, "category": "equipment"}),
        {"hk": (date(1997, 7, 1), TODAY), "cn": (date(2024, 9, 30), TODAY)},
    ),
    "an instrument goes to the mainland": (
        ("goods", "hk-cn", {**GOODS, "category": "equipment"}),
        {"hk": (date(1997, 7, 1), TODAY), "cn": (date(2024, 9, 30), BEFORE_2026_20)},
    ),
    "a document goes to Hong Kong": (
        ("goods", "cn-hk", {**GOODS, "category": "document"}),
        {"hk": (date(1997, 7, 1), TODAY), "cn": (date(2024, 9, 30), TODAY)},
    ),
    "screened blood goes to Hong Kong": (
        ("goods", "cn-hk", {**GOODS, **APPROVED, "category": "human_blood"}),
        {"hk": (date(2008, 7, 14), TODAY), "cn": (date(2019, 7, 1), TODAY)},
    ),
    "blood of category B goes to Hong Kong": (
        (
            "goods",
            "cn-hk",
            {
                **GOODS,
                **APPROVED,
                "category": "human_blood",
                "un_number": "UN3373",
                "has_un3373_triple_packing": True,
            },
        ),
        {"hk": (date(2011, 1, 1), TODAY), "cn": (date(2019, 7, 1), TODAY)},
    ),
    "DNA on dry ice goes to Hong Kong": (
        (
            "goods",
            "cn-hk",
            {**GOODS, **APPROVED, "category": "human_dna", "dry_ice_kg": 5, "has_dry_ice_marking": True},
        ),
        {"hk": (date(2011, 1, 1), TODAY), "cn": (date(2019, 7, 1), TODAY)},
    ),
    "a vaccine for research goes to the mainland": (
        ("goods", "hk-cn", {**GOODS, **APPROVED, "category": "biological_product"}),
        {"hk": (date(1997, 7, 1), TODAY), "cn": (date(2018, 11, 23), BEFORE_2026_20)},
    ),
    "plant tissue goes to the mainland": (
        (
            "goods",
            "hk-cn",
            {**GOODS, "category": "plant_sample", "biomaterial_level": 2, "has_quarantine_approval": True},
        ),
        {"cn": (date(2025, 12, 30), BEFORE_2026_20)},
    ),
    "a few records go to Hong Kong": (
        ("data", "cn-hk", DATA),
        {"hk": (date(1996, 12, 20), TODAY), "cn": (date(2024, 3, 22), TODAY)},
    ),
    "a few records go to the mainland": (
        ("data", "hk-cn", DATA),
        {"hk": (date(2012, 10, 1), TODAY), "cn": (date(2024, 3, 22), TODAY)},
    ),
}


def decided(flow, direction, facts, day):
    at = datetime(day.year, day.month, day.day, 12, tzinfo=ZoneInfo("Asia/Hong_Kong")).isoformat()
    raw = {"flow": flow, "direction": direction, "at": at, "facts": facts}
    return decide(LAW, read_movement(raw, ZONE.boundary, PACKS.dictionary))


@pytest.mark.parametrize("name", PLAIN)
def test_a_plain_movement_clears_while_its_law_is_here_and_never_before(name):
    movement, clears = PLAIN[name]
    days = {*YEARS, TODAY}
    for first, last in clears.values():
        days |= {first - timedelta(days=1), first, last}
    for day in sorted(days):
        for side, found in decided(*movement, day).sides.items():
            first, last = clears.get(side, (date.max, date.max))
            assert (found.outcome == "cleared") == (first <= day <= last), (side, day, found.outcome)
            if day < first:
                assert found.low >= 1, (side, day)


@pytest.mark.parametrize("name", PLAIN)
@pytest.mark.parametrize("side", [side.id for side in ZONE.boundary.sides])
def test_on_a_day_before_all_law_of_a_side_on_a_flow_nothing_clears(name, side):
    (flow, direction, facts), _ = PLAIN[name]
    own = [
        rule.starts for rule in PACKS.rules.values() if rule.owner == side and rule.flow == flow and not rule.announced
    ]
    day = min(own) - timedelta(days=1)
    found = decided(flow, direction, facts, day).sides[side]
    assert f"{side}.uncovered" in [hit.rule.id for hit in found.rules]
    assert found.outcome != "cleared"


def test_the_sweep_sees_every_flow_and_direction():
    seen = {(flow, direction) for (flow, direction, _), _ in PLAIN.values()}
    assert seen == {(flow, direction) for flow in FLOWS for direction in ZONE.boundary.directions}


@pytest.mark.parametrize("entry", PACKS.coverage, ids=lambda entry: f"{entry.measure}-{entry.starts}")
def test_every_coverage_says_from_which_day(entry):
    assert entry.starts > date(1990, 1, 1)
