"""Lines 1 to 12 of the rule semantics of the design, each under its number."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from riverloop.core.kernel.errors import InputError, PackError
from riverloop.core.rules.decide import decide as decide_movement
from riverloop.core.rules.rulebook import Rulebook
from tests.core.rules.lawbook import BOUNDARY, book, decide, ids, measure, packs, rule


def side(rulebook, *items, name="aa", **more):
    return decide(rulebook, *items, **more).sides[name]


# 1 An absent fact is NULL


def test_01_an_absent_fact_and_an_explicit_null_are_both_unknown():
    law = book(rule(when="infected"))
    assert side(law, {}).outcome == side(law, {"infected": None}).outcome == "undetermined"


@pytest.mark.parametrize(
    ("fact", "value"),
    [
        ("volume", float("nan")),
        ("volume", float("inf")),
        ("volume", -1),
        ("volume", "3"),
        ("volume", True),
        ("count", 1.5),
        ("count", 2**60),
        ("category", "bllod"),
        ("category", 1),
        ("infected", 1),
        ("infected", "true"),
        ("collected_on", "2026-02-30"),
        ("collected_on", "22-11-2026"),
        ("collected_on", "0001-01-01"),
        ("code", "nope"),
        ("places", "x"),
        ("places", [1]),
    ],
)
def test_01_what_is_not_of_the_declared_type_is_refused_and_named(fact, value):
    with pytest.raises(InputError, match=rf"^movement.items\[0\].{fact}: .*Give "):
        decide(book(rule()), {fact: value})


def test_01_a_fact_that_is_not_declared_is_refused_with_the_nearest_name():
    with pytest.raises(InputError, match=r'no fact "infcted". Did you mean "infected"'):
        decide(book(rule()), {"infcted": True})


def test_01_a_fact_of_another_flow_is_refused():
    with pytest.raises(InputError, match="belongs to the flow person"):
        decide(book(rule()), {"adult": True})


# 2 The subset


@pytest.mark.parametrize(
    "sql",
    [
        "infected IS NULL",
        "infected IS TRUE",
        "COALESCE(infected, TRUE)",
        "CASE WHEN infected THEN TRUE END",
        "count / 2 > 1",
        "count % 2 = 1",
        "count * count > 1",
        "ABS(count) > 1",
        "category < 'blood'",
        "infected = 1",
        "count",
        "category LIKE 'b%'",
        "category || 'x' = 'x'",
        "category IN (SELECT 1)",
        "infected; DROP TABLE rules",
        "infected -- really",
        "infected /* really */",
        "CAST(count AS TEXT) = '1'",
        "count > '1'",
        "collected_on > '2026-01-01'",
        "collected_on > DATE '2026-02-30'",
        "collected_on + 1 > :on",
        "collected_on + INTERVAL 1 YEAR > :on",
        "category = 'bood'",
        "code = 'no'",
        "__import__('os').system('true')",
        "count = NULL",
        "nosuch",
        "count > :nosuch",
        "places = places",
        "",
        "infected AND",
        "(" * 400 + "infected" + ")" * 400,
    ],
)
def test_02_a_predicate_outside_the_subset_is_refused_with_file_and_line(sql):
    with pytest.raises(PackError, match=r"^pack/file0.yaml:\d+: "):
        packs(measure(rule(when=sql)))


@pytest.mark.parametrize(
    ("sql", "facts", "truth"),
    [
        ("category IN ('blood', 'cells')", {"category": "cells"}, True),
        ("category NOT IN ('blood')", {"category": "cells"}, True),
        ("category NOT IN ('blood')", {}, None),
        ("category <> 'blood'", {"category": "blood"}, False),
        ("count BETWEEN 3 AND 5", {"count": 5}, True),
        ("count BETWEEN 3 AND 5", {"count": 6}, False),
        ("2 * count - 1 >= volume + 0.5", {"count": 2, "volume": 2.5}, True),
        ("2 * count - 1 >= volume + 0.5", {"count": 2}, None),
        ("collected_on + INTERVAL 1 MONTH < :on", {"collected_on": "2026-05-01"}, False),
        ("collected_on + INTERVAL 30 DAY < :on", {"collected_on": "2026-05-01"}, True),
        ("collected_on < DATE '2026-05-02'", {"collected_on": "2026-05-01"}, True),
        ("place IN (places)", {"place": "west", "places": ["west", "east"]}, True),
        ("place IN (places)", {"place": "west", "places": []}, False),
        ("place IN (places)", {"place": "west"}, None),
        ("infected OR count > 3", {"count": 4}, True),
        ("infected OR count > 3", {"count": 3}, None),
        ("infected AND count > 3", {"count": 3}, False),
        ("NOT (infected AND count > 3)", {"count": 3}, True),
        ("infected = FALSE", {"infected": False}, True),
        ("infected <> TRUE", {}, None),
        ("TRUE", {}, True),
    ],
)
def test_02_predicates_follow_kleenes_tables(sql, facts, truth):
    decision = side(book(rule(when=sql)), facts)
    found = True if ids(decision.rules) else None if ids(decision.undetermined) else False
    assert found is truth


# 3 Parameters and :on


def test_03_on_is_the_date_in_the_sides_own_time_zone():
    aa = rule("aa.r", "collected_on = :on")
    bb = measure(rule("bb.r", "collected_on = :on", "{refer: bb.one}"), name="bb.act")
    law = Rulebook(packs(measure(aa), bb), BOUNDARY)
    decision = decide(law, {"collected_on": "2026-06-02"}, at="2026-06-01T20:00:00Z")
    assert ids(decision.sides["aa"].rules) == ["aa.r"]  # 04:00 on the 2nd in Hong Kong
    assert ids(decision.sides["bb"].rules) == []  # 21:00 on the 1st in London


def test_03_a_parameter_has_the_value_of_the_day():
    law = book(rule(when="count >= :most"), parameters="{most: {values: {2020-01-01: 5, 2026-06-01: 9}}}")
    assert ids(side(law, {"count": 7}, at="2026-05-31T23:59:59+08:00").rules) == ["aa.r"]
    assert ids(side(law, {"count": 7}, at="2026-06-01T00:00:00+08:00").rules) == []


def test_03_a_list_parameter_is_dated_too():
    law = book(
        rule(when="category IN (:kinds)"),
        parameters="{kinds: {values: {2020-01-01: [blood], 2026-01-01: [blood, cells]}}}",
    )
    assert ids(side(law, {"category": "cells"}, at="2025-12-31T12:00:00+08:00").rules) == []
    assert ids(side(law, {"category": "cells"}, at="2026-01-01T12:00:00+08:00").rules) == ["aa.r"]


# 4 Every day in force has a value


def test_04_a_parameter_without_a_value_on_a_day_in_force_is_refused():
    with pytest.raises(PackError, match="no value from 2020-01-01 to the day before 2021-01-01"):
        book(rule(when="count >= :most"), parameters="{most: {values: {2021-01-01: 5}}}")


# 5 Announced


def test_05_an_announced_rule_is_silent_unless_assumed_and_then_labelled():
    announced = rule(when="infected", effect="{refuse: true}", in_force="{announced: true}")
    silent = side(book(announced), {"infected": True})
    assert (silent.outcome, ids(silent.announced)) == ("cleared", ["aa.r"])
    assert not silent.announced[0].rule.assumed
    assumed = decide(book(announced, assume=("aa.r",)), {"infected": True})
    assert assumed.sides["aa"].outcome == "refused"
    assert assumed.as_json()["sides"]["aa"]["rules"][0]["assumed"] is True


# 6 Sides


def test_06_a_rule_binds_its_authoritys_side_and_a_shared_one_each_side():
    shared = measure(rule("zone.r", "infected", "{refer: customs}"), name="zone.act", authority="zone")
    law = book(rule("aa.r", "infected"), files=(shared,))
    decision = decide(law, {"infected": True})
    assert ids(decision.sides["aa"].rules) == ["aa.r", "zone.r"]
    assert ids(decision.sides["bb"].rules) == ["zone.r"]
    assert decision.sides["bb"].refers[0].rule.effect.value == "bb.one"  # the role, filled by the zone


def test_06_a_shared_rule_may_bind_one_end_only():
    shared = measure(rule("zone.r", "infected", "{refer: customs}", end="origin"), name="zone.act", authority="zone")
    decision = decide(book(rule("aa.r", "count > 1"), files=(shared,)), {"infected": True, "count": 0})
    assert (ids(decision.sides["aa"].rules), ids(decision.sides["bb"].rules)) == (["zone.r"], [])


@pytest.mark.parametrize(
    ("files", "said"),
    [
        (
            (
                measure(rule("aa.r", overrides="[bb.r]")),
                measure(rule("bb.r", effect="{refer: bb.one}"), name="bb.act"),
            ),
            "another side",
        ),
        (
            (measure(rule("aa.r", overrides="[aa.s]"), rule("aa.s", "count > 1", overrides="[aa.r]")),),
            "circle",
        ),
        ((measure(rule("aa.r", overrides="[aa.r]")),), "circle"),
        ((measure(rule("aa.r", overrides="[aa.x]")),), "does not exist"),
        (
            (measure(rule("aa.r", overrides="[aa.s]"), rule("aa.s", "count > 1"), verified="none"),),
            "override nothing",
        ),
    ],
)
def test_06_an_override_that_may_not_be_is_refused(files, said):
    with pytest.raises(PackError, match=said):
        packs(*files)


# 7 Effective


@pytest.mark.parametrize(
    ("facts", "outcome", "displaced"),
    [
        ({"infected": True, "count": 1}, "cleared", ["aa.general"]),
        ({"infected": True, "count": 0}, "refused", []),
        ({"infected": True}, "undetermined", []),
        ({"infected": False}, "cleared", []),
    ],
)
def test_07_a_special_rule_displaces_and_an_unknown_one_leaves_the_general_open(facts, outcome, displaced):
    general = rule("aa.general", "infected", "{refuse: true}")
    special = rule("aa.special", "count = 1", "{allow: passage}", overrides="[aa.general]")
    decision = side(book(general, special), facts)
    assert (decision.outcome, ids(decision.displaced)) == (outcome, displaced)


def test_07_a_displaced_rule_displaces_nothing():
    first = rule("aa.first", "infected", "{refuse: true}")
    second = rule("aa.second", "infected", "{allow: passage}", overrides="[aa.first]")
    third = rule("aa.third", "count = 1", "{allow: passage}", overrides="[aa.second]")
    assert side(book(first, second, third), {"infected": True, "count": 1}).outcome == "refused"


# 8 Papers


@pytest.mark.parametrize(
    ("facts", "outcome"),
    [
        ({}, "incomplete"),
        ({"has_permit": False}, "incomplete"),
        ({"has_permit": True}, "cleared"),
        ({"has_permit": True, "permit_expires_on": "2026-06-01"}, "cleared"),
        ({"has_permit": True, "permit_expires_on": "2026-05-31"}, "incomplete"),
        ({"has_permit": True, "permit_quantity_left": 5, "quantity": 5}, "cleared"),
        ({"has_permit": True, "permit_quantity_left": 4, "quantity": 5}, "incomplete"),
        ({"has_permit": True, "permit_quantity_left": 4}, "undetermined"),
        ({"permit_expires_on": "2027-01-01"}, "incomplete"),
    ],
)
def test_08_held_is_had_not_expired_and_enough(facts, outcome):
    law = book(rule(when="infected", effect="{require: permit}"))
    assert side(law, {"infected": True, **facts}).outcome == outcome


@pytest.mark.parametrize(
    ("facts", "outcome"),
    [
        ({"has_assessment": True, "assessed_on": "2026-03-01"}, "cleared"),
        ({"has_assessment": True, "assessed_on": "2026-02-28"}, "incomplete"),
        ({"has_assessment": True}, "undetermined"),
        ({"assessed_on": "2026-05-01"}, "incomplete"),
    ],
)
def test_08_a_dated_paper_grows_too_old(facts, outcome):
    assert side(book(rule(when="TRUE", effect="{require: assessment}")), facts).outcome == outcome


@pytest.mark.parametrize(
    ("facts", "unsettled"),
    [({"has_permit": True, "permit_quantity_left": 4}, (("permit",),)), ({"has_permit": True}, ()), ({}, ())],
)
def test_08_a_paper_that_is_held_and_may_fall_short_is_told_from_one_that_is_missing(facts, unsettled):
    law = book(rule(when="infected", effect="{require: permit}"))
    assert side(law, {"infected": True, **facts}).unsettled_documents == unsettled


# 9 Levels


@pytest.mark.parametrize(
    ("effect", "outcome"),
    [
        ("{refuse: true}", "refused"),
        ("refuse", "refused"),
        ("{require: letter}", "incomplete"),
        ("{refer: aa.two}", "referred"),
        ("{suspend: listing}", "cleared"),
        ("{allow: passage}", "cleared"),
        ("{route: slow}", "cleared"),
        ("{oblige: {act: report, days: 3}}", "cleared"),
        ("{inspect: {share: 0.1}}", "cleared"),
        ("{notify: aa.two}", "cleared"),
        ("{advise: report}", "cleared"),
    ],
)
def test_09_each_effect_has_its_level(effect, outcome):
    assert side(book(rule(when="TRUE", effect=effect)), {}).outcome == outcome


@pytest.mark.parametrize("effect", ["{refuse: true}", "{require: letter}", "{oblige: {act: report}}", "{route: quick}"])
def test_09_what_nobody_has_read_is_a_referral(effect):
    decision = side(book(rule(when="TRUE", effect=effect), verified="none"), {})
    assert (decision.outcome, decision.requires, decision.route) == ("referred", (), None)
    assert decision.refers[0].rule.effect.value == "aa.one"


# 10 Answers


def answered(law, answer="allow", version=None, until=None, at="2026-06-01T12:00:00+08:00"):
    stands = version or law.packs.rules["aa.r"].version
    one = {
        "side": "aa",
        "rule": "aa.r",
        "version": stands,
        "answer": answer,
        **({"until": until} if until else {}),
    }
    return decide(law, {"infected": True}, at=at, answers=[one]).sides["aa"]


def test_10_an_answer_replaces_the_level():
    law = book(rule())
    assert answered(law).outcome == "cleared"
    assert answered(law, "refuse").outcome == "refused"
    assert answered(law).refers == ()


def test_10_an_answer_stands_until_its_end_and_for_its_version_only():
    law = book(rule())
    assert answered(law, until="2026-06-01T13:00:00+08:00").outcome == "cleared"
    assert answered(law, until="2026-06-01T11:00:00+08:00").outcome == "referred"
    assert answered(law, version="0" * 12).outcome == "referred"


def test_10_of_two_answers_to_one_rule_the_refusal_stands_and_is_told():
    law = book(rule())
    version = law.packs.rules["aa.r"].version
    answers = [{"side": "aa", "rule": "aa.r", "version": version, "answer": one} for one in ("refuse", "allow")]
    for order in (answers, answers[::-1]):
        written = decide(law, {"infected": True}, answers=order).as_json()["sides"]["aa"]
        assert (written["outcome"], written["rules"][0]["answer"]) == ("refused", "refuse")


def test_10_what_no_rule_covers_can_be_answered_for_as_long_as_the_coverage_stays():
    law = book(rule(), coverage="[]")
    version = law.span("aa", "goods", "aa-bb", date(2026, 6, 1)).rules[-1].version
    one = {"side": "aa", "rule": "aa.uncovered", "version": version, "answer": "allow"}
    assert decide(law, {"infected": False}, answers=[one]).sides["aa"].outcome == "cleared"
    assert decide(law, {"infected": False}, answers=[{**one, "version": "x"}]).sides["aa"].outcome == "referred"


LAW = book(rule())


def answered_of(law, *answers, items=({"infected": True}, {"infected": True})):
    version = law.packs.rules["aa.r"].version
    said = [{"side": "aa", "rule": "aa.r", "version": version, **one} for one in answers]
    return decide(law, *items, answers=said)


def test_10_an_answer_for_one_item_leaves_the_others_as_they_are():
    law = book(rule())
    decision = answered_of(law, {"answer": "allow", "item": 1})
    said = decision.sides["aa"]
    assert said.item_levels == ((1, 1), (0, 0))
    assert decision.outcome == "referred", "the greatest counts"
    assert [(hit.rule.id, hit.item) for hit in said.refers] == [("aa.r", 0)]
    written = decision.as_json()["sides"]["aa"]
    assert [one.get("answer") for one in written["rules"]] == [None, "allow"]
    assert [one["item"] for one in written["refers"]] == [0]
    both = answered_of(law, {"answer": "allow", "item": 1}, {"answer": "refuse", "item": 0}).sides["aa"]
    assert both.item_levels == ((3, 3), (0, 0))


def test_10_an_officer_lifts_what_a_rule_refuses_of_one_item_alone():
    law = book(rule(effect="{refuse: true}"))
    said = answered_of(law, {"answer": "allow", "item": 0}).sides["aa"]
    assert (said.outcome, said.item_levels) == ("refused", ((0, 0), (3, 3)))


def test_10_an_answer_for_one_item_counts_before_one_for_every_item():
    law = book(rule())
    for apart, every, levels in (("allow", "refuse", ((3, 3), (0, 0))), ("refuse", "allow", ((0, 0), (3, 3)))):
        answers = [{"answer": every}, {"answer": apart, "item": 1}]
        for order in (answers, answers[::-1]):
            assert answered_of(law, *order).sides["aa"].item_levels == levels
    over = {"answer": "allow", "item": 1, "until": "2020-01-01T00:00:00+08:00"}
    assert answered_of(law, {"answer": "refuse"}, over).sides["aa"].item_levels == ((3, 3), (3, 3))


def test_10_a_decision_holds_until_an_answer_for_one_item_ends():
    law = book(rule())
    answer = {"answer": "allow", "item": 1, "until": "2026-06-01T13:00:00+08:00"}
    assert answered_of(law, answer).valid_until.isoformat() == "2026-06-01T13:00:00+08:00"


@pytest.mark.parametrize("item", [2, -1, True, "0", 0.0])
def test_10_an_answer_for_an_item_that_is_not_there_is_refused(item):
    with pytest.raises(InputError, match='The "item" of an answer'):
        answered_of(book(rule()), {"answer": "allow", "item": item})


def test_10_some_of_the_items_keep_the_answers_that_stand_for_them():
    facts = ({"infected": True}, {"infected": False}, {"infected": True})
    answers = [{"answer": "allow", "item": 2}, {"answer": "refuse", "item": 0}, {"answer": "allow"}]
    part = answered_of(book(rule()), *answers, items=facts).movement.of_items([1, 2])
    assert part.items == facts[1:]
    assert [(one.allow, one.item) for one in part.answers] == [(True, 1), (True, None)]


@given(
    facts=st.lists(st.fixed_dictionaries({}, optional={"infected": st.booleans()}), min_size=1, max_size=4),
    answers=st.lists(st.tuples(st.sampled_from(["allow", "refuse"]), st.sampled_from([None, 0, 1, 2, 3])), max_size=4),
)
def test_10_of_each_item_the_same_is_decided_alone_as_among_others(facts, answers):
    known = [(answer, item) for answer, item in answers if item is None or item < len(facts)]
    whole = answered_of(LAW, *({"answer": answer, "item": item} for answer, item in known), items=facts)
    levels = [decide_movement(LAW, whole.movement.of_items([place])).sides["aa"] for place in range(len(facts))]
    assert whole.sides["aa"].item_levels == tuple((one.low, one.high) for one in levels)
    assert whole.sides["aa"].low == max(one.low for one in levels)


# 11, 12 Outcomes


def test_11_lo_and_hi_apart_is_undetermined_with_the_best_and_worst():
    law = book(rule("aa.r", "infected", "{refuse: true}"), rule("aa.s", "count > 1", "{refer: aa.one}"))
    written = decide(law, {"count": 2}).as_json()
    assert (written["outcome"], written["at_best"], written["at_worst"]) == (
        "undetermined",
        "referred",
        "refused",
    )


def test_12_the_movement_takes_the_greatest_over_items_and_sides():
    bb = measure(
        rule("bb.r", "infected", "{refuse: true}", remedy="{body: bb.one, days: 1, measure: bb.act}"),
        name="bb.law",
    )
    law = book(rule("aa.r", "count > 1"), files=(bb,))
    decision = decide(law, {"count": 5, "infected": False}, {"count": 0, "infected": True})
    assert decision.outcome == "refused"
    assert decision.sides["aa"].outcome == "referred"
    assert decision.sides["bb"].item_levels == ((0, 0), (3, 3))
    assert [hit.item for hit in decision.sides["bb"].rules] == [1]
