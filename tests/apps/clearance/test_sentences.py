"""One sentence says what both sides say, in each language."""

import gettext
from pathlib import Path

import pytest

import riverloop
from riverloop.apps.clearance.sentences import as_text, summary
from riverloop.core.rules.decide import decide
from riverloop.core.rules.decisions import read_movement
from riverloop.core.rules.rulebook import Rulebook
from riverloop.packs import load_packs
from riverloop.zones import load_zone

AT = "2026-11-22T09:00:00+08:00"
HARMLESS = {
    "regulated_as_drug_or_device": False,
    "un_number": "none",
    "human_genetic_material": False,
    "suspected_infectious": False,
    "prohibited_article": False,
    "strategic_item": False,
    "controlled_drug": False,
    "transport_mode": "road",
}


@pytest.fixture(scope="module")
def zone():
    return load_zone()


@pytest.fixture(scope="module")
def rulebook(zone):
    return Rulebook(load_packs(), zone.boundary)


@pytest.fixture(scope="module")
def translate():
    folder = Path(riverloop.__file__).parent / "web" / "locale"
    names = {"zh-Hant": "zh_Hant", "zh-Hans": "zh_Hans"}

    def of(language):
        if language == "en":
            return lambda text: text
        return gettext.translation("django", folder, [names[language]]).gettext

    return of


@pytest.fixture
def decided(rulebook, zone):
    def of(flow, facts):
        raw = {"flow": flow, "direction": "cn-hk", "at": AT, "facts": facts}
        return decide(rulebook, read_movement(raw, zone.boundary, rulebook.packs.dictionary))

    return of


def test_nothing_declared_says_that_answers_are_missing(decided, zone):
    sentence = summary(decided("goods", {}), zone, "en", str)
    assert sentence == "Neither side can say yet: a few answers are missing."


def test_a_missing_permit_is_named_in_the_sentence(decided, zone):
    decision = decided("goods", {"category": "human_blood", **HARMLESS, "suspected_infectious": True})
    paper = decision.packs.dictionary.documents["dh_import_permit"].label["en"]
    assert f"Hong Kong waits for the {paper}" in summary(decision, zone, "en", str)


def test_a_person_is_not_refused_by_a_rule_alone(decided, zone):
    facts = {"document_kind": "two_way_permit", "document_expires_on": "2020-01-01"}
    decision = decided("person", facts)
    assert decision.outcome == "refused"
    assert "proposes to refuse, and an officer decides" in summary(decision, zone, "en", str)


@pytest.mark.parametrize("language", ["en", "zh-Hant", "zh-Hans"])
def test_each_language_ends_its_own_sentence(decided, zone, translate, language):
    decision = decided("goods", {"category": "human_blood", "suspected_infectious": True})
    sentence = summary(decision, zone, language, translate(language))
    assert sentence.endswith("." if language == "en" else "。")
    assert "{" not in sentence
    if language != "en":
        assert "waits" not in sentence


@pytest.mark.parametrize("language", ["en", "zh-Hant", "zh-Hans"])
def test_plain_text_gives_both_sides_with_law_and_papers(decided, zone, translate, language):
    decision = decided("goods", {"category": "human_blood", "suspected_infectious": True})
    text = as_text(decision, zone, language, translate(language))
    for side in zone.boundary.sides:
        assert side.title[language] in text
    assert decision.packs.measures["hk.cap599a"].title[language] in text
    assert decision.packs.dictionary.documents["dh_import_permit"].label[language] in text


def test_a_watch_list_reason_is_not_told_to_the_person(rulebook, zone):
    facts = {"document_kind": "two_way_permit", "document_expires_on": "2030-01-01"}
    raw = {"flow": "person", "direction": "cn-hk", "at": AT, "facts": facts, "own": {"hk": {"watch_hit": True}}}
    decision = decide(rulebook, read_movement(raw, zone.boundary, rulebook.packs.dictionary))
    assert "watch" not in as_text(decision, zone, "en", str).lower()
