"""Two decisions of one movement, side by side."""

import pytest

from riverloop.apps.clearance.changes import compare
from riverloop.apps.clearance.selectors import rulebook, zone
from riverloop.core.rules.decide import decide
from riverloop.core.rules.decisions import read_movement

HEAD = {"flow": "goods", "direction": "cn-hk", "at": "2026-11-22T09:00:00+08:00"}


def decided(facts, **more):
    raw = {**HEAD, **more, "facts": facts}
    return decide(rulebook(), read_movement(raw, zone().boundary, rulebook().packs.dictionary))


def test_the_same_twice_differs_in_nothing():
    one = decided({"category": "human_blood"})
    assert compare(one, one).nothing


def test_a_fact_that_was_stated_anew_is_named_with_both_values():
    changes = compare(decided({"category": "human_blood"}), decided({"category": "document"}))
    assert [(one.name, one.before, one.after) for one in changes.facts] == [("category", "human_blood", "document")]


def test_a_rule_that_no_longer_speaks_is_lost_and_says_which_fact_turned_it():
    sick = {"category": "human_blood", "suspected_infectious": True}
    well = {"category": "human_blood", "suspected_infectious": False}
    changes = compare(decided(sick), decided(well))
    lost = {one.rule: one for side in changes.sides for one in side.rules if one.turn == "lost"}
    assert "suspected_infectious" in {name for one in lost.values() for name in one.facts}
    gained = {one.rule for side in compare(decided(well), decided(sick)).sides for one in side.rules}
    assert set(lost) <= gained


def test_why_names_only_rules_that_weigh_otherwise_and_only_where_the_outcome_moved():
    changes = compare(
        decided({"category": "human_blood", "suspected_infectious": True}), decided({"category": "document"})
    )
    for side in changes.sides:
        assert bool(side.why) <= side.moved
        assert all(one.weighs_otherwise for one in side.why)
    assert any(side.why for side in changes.sides)


@pytest.mark.parametrize("held", [True, False])
def test_a_paper_that_came_in_is_the_cause(held):
    sick = {"category": "human_blood", "suspected_infectious": True}
    before = decided(sick)
    paper = next(name for side in before.sides.values() for one in side.missing_documents for name in one)
    after = decided({**sick, f"has_{paper}": held})
    rules = [one for side in compare(before, after).sides for one in side.rules]
    assert any("paper" in one.causes for one in rules) is held


def test_a_time_that_moved_is_told():
    one = decided({"category": "document"}, crossing_at="2026-11-22T09:00:00+08:00")
    other = decided({"category": "document"}, crossing_at="2026-11-23T09:00:00+08:00")
    assert compare(one, other).crossing_moved
