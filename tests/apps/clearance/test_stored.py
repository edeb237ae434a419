"""A filed movement as each reader finds it, without a database."""

from dataclasses import dataclass

import pytest

from riverloop.apps.clearance.selectors import rulebook, zone
from riverloop.apps.clearance.stored import Reading, read_again, read_stored

BLOOD = {
    "flow": "goods",
    "direction": "cn-hk",
    "at": "2026-11-22T09:00:00+08:00",
    "facts": {"category": "human_blood", "suspected_infectious": True},
}
PERSON = {"flow": "person", "direction": "cn-hk", "at": "2026-11-22T09:00:00+08:00", "facts": {}}


@dataclass
class Kept:
    owner_side: str = "cn"
    direction: str = "cn-hk"
    flow: str = "goods"
    own_low: int | None = 1
    own_high: int | None = 1
    other_low: int | None = None
    other_high: int | None = None


def laid_out(kept, kind, raw=BLOOD, **more):
    decision = read_again({"movement": raw}, rulebook(), kept.owner_side)
    return read_stored(kept, decision, {}, Reading(kind), str, zone=zone(), language="en", **more)


def test_a_side_that_has_not_answered_says_so_in_the_sentence_and_in_its_column():
    stored = laid_out(Kept(), "applicant")
    assert "has not answered yet" in stored.explained.sentence
    assert [column.view.word for column in stored.columns if not column.answered] == ["Not answered yet"]


def test_the_answer_that_a_side_gave_counts_and_not_what_is_worked_out_here():
    stored = laid_out(Kept(other_low=0, other_high=0), "applicant")
    assert {column.view.outcome for column in stored.columns} == {"referred", "cleared"}


def test_the_applicant_reads_the_other_sides_reasons_by_the_public_rules():
    columns = {column.view.id: column for column in laid_out(Kept(other_low=2, other_high=2), "applicant").columns}
    assert columns["hk"].reasons == "public"
    assert columns["hk"].view.rules
    assert columns["cn"].reasons == "signed"


@pytest.mark.parametrize("kind", ["officer", "auditor"])
def test_an_officer_reads_the_other_sides_outcome_and_nothing_else_of_it(kind):
    stored = laid_out(Kept(other_low=2, other_high=2), kind)
    other = next(column for column in stored.columns if column.view.id == "hk")
    assert other.view.word == "Waiting for papers"
    shown = [other.reasons, other.view.rules, other.view.papers, other.view.missing, other.view.duties]
    assert not any(shown)
    assert "waits for papers" in stored.explained.sentence


def test_the_gate_reads_outcomes_alone():
    stored = laid_out(Kept(other_low=3, other_high=3), "gate")
    assert not any(column.view.rules or column.view.papers for column in stored.columns)


def test_a_refusal_of_a_person_is_a_proposal_until_an_officer_signs_it():
    refused = Kept(flow="person", own_low=3, own_high=3, other_low=0, other_high=0)
    assert "refuses it" in laid_out(refused, "applicant", PERSON).explained.sentence


def test_officers_facts_of_one_side_do_not_reach_what_is_said_of_the_other():
    words = rulebook().packs.dictionary
    found = next(fact for fact in words.of_flow("person") if fact.source == "officer" and fact.kind == "boolean")
    raw = {**PERSON, "facts": {found.name: True}}
    one, other = (read_again({"movement": each}, rulebook(), "cn").sides["hk"] for each in (raw, PERSON))
    assert one == other
