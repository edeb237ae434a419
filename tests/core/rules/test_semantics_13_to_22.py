"""Lines 13 to 22 of the rule semantics of the design, each under its number."""

from dataclasses import replace
from datetime import date, datetime

import pytest

from riverloop.core.kernel.errors import InputError, PackError
from riverloop.core.kernel.sides import Boundary
from riverloop.core.rules.rulebook import Rulebook
from tests.core.rules.lawbook import AA, BB, BOUNDARY, COVERED, TEXT, book, decide, ids, measure, packs, rule


def side(rulebook, *items, name="aa", **more):
    return decide(rulebook, *items, **more).sides[name]


# 13 Facts still needed


def test_13_facts_that_can_raise_the_level_come_first_and_settled_ones_not_at_all():
    law = book(
        rule("aa.route", "volume > 1", "{route: quick}"),
        rule("aa.r", "category = 'blood' AND (infected OR count > 3)", "{refuse: true}"),
    )
    assert side(law, {"category": "cells"}).all_missing_facts() == ("volume",)
    assert side(law, {"category": "blood"}).all_missing_facts() == ("infected", "count", "volume")
    assert side(law, {"category": "blood", "infected": False}).all_missing_facts() == ("count", "volume")


def test_13_nothing_is_asked_once_it_is_refused():
    law = book(rule("aa.r", "infected", "{refuse: true}"), rule("aa.s", "count > 1"))
    assert side(law, {"infected": True}).all_missing_facts() == ()


def test_13_a_displacing_rule_that_is_open_asks_its_facts():
    law = book(
        rule("aa.r", "infected", "{refuse: true}"),
        rule("aa.s", "count = 1", "{allow: passage}", overrides="[aa.r]"),
    )
    assert side(law, {"infected": True}).all_missing_facts() == ("count",)


def test_13_a_route_milder_than_a_certain_one_asks_nothing():
    law = book(
        rule("aa.q", "count = 1", "{route: quick}"),
        rule("aa.s", "infected", "{route: middle}"),
        rule("aa.t", "volume > 1", "{route: slow}"),
    )
    assert side(law, {"infected": True}).all_missing_facts() == ("volume",)
    assert side(law, {"infected": False}).all_missing_facts() == ("count", "volume")


def test_13_the_date_of_a_paper_is_asked_last_where_it_cannot_change_the_outcome():
    law = book(rule("aa.r", "TRUE", "{require: letter}"), rule("aa.s", "TRUE", "{require: assessment}"))
    found = side(law, {"has_assessment": True})
    assert (found.outcome, found.missing_facts, found.deciding_facts) == ("incomplete", (("assessed_on",),), (0,))
    found = side(law, {"has_assessment": True, "has_letter": True})
    assert (found.outcome, found.deciding_facts) == ("undetermined", (1,))


# 14 Lists


def test_14_true_displaced_undetermined_and_announced_rules_are_listed_apart():
    law = book(
        rule("aa.true", "infected"),
        rule("aa.over", "infected", "{allow: passage}", overrides="[aa.under]"),
        rule("aa.under", "infected"),
        rule("aa.open", "count > 1"),
        rule("aa.soon", "infected", in_force="{announced: true}"),
        rule("aa.false", "category = 'cells'"),
    )
    found = side(law, {"infected": True, "category": "blood"})
    assert ids(found.rules) == ["aa.over", "aa.true"]
    assert (ids(found.displaced), ids(found.undetermined), ids(found.announced)) == (
        ["aa.under"],
        ["aa.open"],
        ["aa.soon"],
    )


# 15 Routes


@pytest.mark.parametrize(
    ("facts", "route"),
    [
        ({"infected": True, "count": 1}, "slow"),
        ({"infected": False, "count": 1}, "quick"),
        ({"count": 1}, None),  # the stricter one is still open
        ({"infected": True}, "slow"),
        ({"infected": False, "count": 0}, None),
    ],
)
def test_15_the_strictest_true_route_wins_unless_a_stricter_one_is_open(facts, route):
    law = book(rule("aa.q", "count = 1", "{route: quick}"), rule("aa.s", "infected", "{route: slow}"))
    assert side(law, facts).route == route


# 16 Papers listed


def test_16_every_required_paper_is_listed_and_those_not_held_apart():
    law = book(
        rule("aa.r", "TRUE", "{require: letter}"),
        rule("aa.s", "TRUE", "{require: {any_of: [permit, assessment]}}"),
        rule("aa.t", "TRUE", "{require: permit}"),
    )
    written = decide(law, {"has_permit": True}).as_json()["sides"]["aa"]
    assert written["requires"] == ["letter", {"any_of": ["permit", "assessment"]}, "permit"]
    assert written["missing_documents"] == ["letter"]


# 17 Obligations


@pytest.mark.parametrize(
    ("oblige", "more", "due", "provisional"),
    [
        ("{act: report, days: 14}", {}, date(2026, 10, 12), False),
        ("{act: report, days: 3, calendar: bb_days}", {}, date(2026, 10, 8), False),  # over National Day
        (
            "{act: report, days: 3, calendar: aa_days}",
            {},
            date(2026, 10, 2),
            False,
        ),  # Hong Kong rests on the 1st
        ("{act: report, days: 3, calendar: own}", {}, date(2026, 10, 2), False),
        ("{act: report, days: 90, calendar: bb_days}", {}, date(2027, 2, 10), True),
        ("{act: report, days: 3, from: crossing}", {}, None, False),
        (
            "{act: report, days: 3, from: crossing}",
            {"crossing_at": "2026-10-01T23:00:00Z"},
            date(2026, 10, 5),
            False,
        ),
        ("{act: report, days: 3, from: collected_on}", {}, date(2026, 9, 4), False),
        ("{act: report, days: 3, from: assessed_on}", {}, None, False),
        ("{act: report, days: ':limit'}", {}, date(2026, 10, 5), False),
        ("{act: report}", {}, None, False),
    ],
)
def test_17_an_obligation_has_its_day(oblige, more, due, provisional):
    law = book(rule(when="TRUE", effect=f"{{oblige: {oblige}}}"), parameters="{limit: {values: {2020-01-01: 7}}}")
    found = side(law, {"collected_on": "2026-09-01"}, at="2026-09-28T12:00:00+08:00", **more).obliges[0]
    if oblige.startswith("{act: report, days: 90"):
        assert found.provisional
        assert found.due.year == 2027
    else:
        assert (found.due, found.provisional) == (due, provisional)


def test_17_working_days_that_nobody_has_declared_give_no_date():
    elsewhere = replace(AA, calendar="cc_days")
    packed = packs(measure(rule(when="TRUE", effect="{oblige: {act: report, days: 3, calendar: own}}")), COVERED)
    law = Rulebook(packed, Boundary("test", (elsewhere, BB)))
    assert (side(law, {}).obliges[0].due, side(law, {}).obliges[0].provisional) == (None, True)


def test_17_mainland_make_up_workdays_count():
    law = book(rule(when="TRUE", effect="{oblige: {act: report, days: 1, calendar: bb_days}}"))
    friday_before_a_working_saturday = "2026-02-13T12:00:00+08:00"
    assert side(law, {}, at=friday_before_a_working_saturday).obliges[0].due == date(2026, 2, 14)


def test_17_minutes_count_back_from_the_crossing():
    law = book(rule(when="TRUE", effect="{oblige: {act: report, minutes: -30, from: crossing}}"))
    due = side(law, {}, crossing_at="2026-06-03T01:00:00Z").obliges[0].due
    assert due == datetime.fromisoformat("2026-06-03T08:30:00+08:00")


# 18 Inspection


def test_18_inspect_gives_a_share_and_draws_nothing():
    assert side(book(rule(when="TRUE", effect="{inspect: {share: 0.05}}")), {}).inspects == ((0.05, "aa.r"),)


# 19 How long it holds


@pytest.mark.parametrize(
    ("rules", "facts", "until"),
    [
        ([rule(in_force="{from: 2020-01-01, until: 2026-07-31}")], {}, "2026-07-31T23:59:59+08:00"),
        ([rule(in_force="{from: 2026-08-01}")], {}, "2026-07-31T23:59:59+08:00"),
        ([rule(when="collected_on < :on")], {"collected_on": "2026-06-09"}, "2026-06-09T23:59:59+08:00"),
        ([rule(when="collected_on <= :on")], {"collected_on": "2026-06-09"}, "2026-06-08T23:59:59+08:00"),
        (
            [rule(when="collected_on + INTERVAL 1 MONTH < :on")],
            {"collected_on": "2026-05-31"},
            "2026-06-30T23:59:59+08:00",
        ),
        (
            [rule(when="collected_on < :on - INTERVAL 1 MONTH")],
            {"collected_on": "2026-05-31"},
            "2026-06-30T23:59:59+08:00",
        ),
        ([rule(when="collected_on < :on")], {"collected_on": "2026-01-01"}, None),
        (
            [rule(when="TRUE", effect="{require: permit}")],
            {"has_permit": True, "permit_expires_on": "2026-06-20"},
            "2026-06-20T23:59:59+08:00",
        ),
        (
            [rule(when="TRUE", effect="{require: assessment}")],
            {"has_assessment": True, "assessed_on": "2026-05-01"},
            "2026-08-01T23:59:59+08:00",
        ),
        ([rule()], {}, None),
    ],
)
def test_19_a_decision_holds_until_the_law_or_a_paper_turns(rules, facts, until):
    found = side(book(*rules), facts).valid_until
    assert (found.isoformat() if found else None) == until


def test_19_the_day_after_valid_until_really_decides_otherwise():
    law = book(rule(when="collected_on + INTERVAL 1 MONTH < :on"))
    facts = {"collected_on": "2026-05-31"}
    until = side(law, facts).valid_until
    assert side(law, facts, at=until.isoformat()).outcome == "cleared"
    assert side(law, facts, at="2026-07-01T00:00:00+08:00").outcome == "referred"


# 20 dead rules: test_dead.py


# 21 Silence


@pytest.mark.parametrize(
    ("coverage", "facts", "outcome"),
    [
        ("[]", {}, "referred"),
        ("[{flow: person}]", {}, "referred"),
        ("[{flow: goods, direction: bb-aa}]", {}, "referred"),
        ("[{flow: goods, direction: [aa-bb]}]", {}, "cleared"),
        ("[{flow: goods, subject: category = 'blood'}]", {"category": "blood"}, "cleared"),
        ("[{flow: goods, subject: category = 'blood'}]", {"category": "cells"}, "referred"),
        ("[{flow: goods, subject: category = 'blood'}]", {}, "undetermined"),
    ],
)
def test_21_silence_does_not_clear(coverage, facts, outcome):
    law = book(rule("aa.r", "FALSE OR count > 99"), coverage=coverage)
    decision = decide(law, {"count": 1, **facts})
    assert decision.sides["aa"].outcome == outcome
    if outcome == "referred":
        assert decision.as_json()["sides"]["aa"]["rules"][0]["reason"]["en"] == "No rule here covers this."
    if outcome == "undetermined":
        assert decision.sides["aa"].all_missing_facts() == ("category",)


def test_21_coverage_by_an_announced_rule_counts_only_while_it_does():
    covering = rule("aa.r", "infected", "{route: quick}", in_force="{announced: true}")
    coverage = "[{flow: goods, rule: aa.r}]"
    assert side(book(covering, coverage=coverage), {}).outcome == "referred"
    assert side(book(covering, coverage=coverage, assume=("aa.r",)), {}).outcome == "cleared"


def test_21_a_side_without_packs_refers_everything():
    law = Rulebook(packs(measure(rule())), BOUNDARY)
    assert decide(law, {"infected": False}).sides["bb"].outcome == "referred"


def test_21_a_coverage_begins_with_its_law_or_on_the_day_it_says():
    later = rule(when="count > 9", in_force="{from: 2025-01-01}")
    assert side(book(later), {"count": 1}, at="2024-12-31T12:00:00+08:00").outcome == "referred"
    assert side(book(later), {"count": 1}, at="2025-01-01T12:00:00+08:00").outcome == "cleared"
    dated = book(later, coverage="[{flow: goods, from: 2026-01-01}]")
    assert side(dated, {"count": 1}, at="2025-12-31T12:00:00+08:00").outcome == "referred"


# 22 Remedies


@pytest.mark.parametrize("effect", ["{refuse: true}", "{suspend: listing}"])
def test_22_a_refusal_without_a_remedy_is_refused_at_load(effect):
    with pytest.raises(PackError, match="gives no remedy. Add `remedy:`"):
        packs(measure(rule(effect=effect, remedy="")))


def test_22_a_refusal_carries_its_remedy():
    written = decide(book(rule(effect="{refuse: true}")), {"infected": True}).as_json()
    remedy = written["sides"]["aa"]["rules"][0]["remedy"]
    assert (remedy["body"], remedy["days"], remedy["measure"]) == ("aa.one", 14, "aa.act")


# Seeing


def test_a_side_decides_from_what_it_may_see():
    law = book(rule("aa.r", "secret"), files=(measure(rule("bb.r", "infected"), name="bb.law"),))
    decision = decide(law, {"secret": True, "infected": False})
    assert (decision.sides["aa"].outcome, decision.sides["bb"].outcome) == ("referred", "cleared")


def test_a_rule_that_reads_what_its_side_may_not_see_is_refused():
    with pytest.raises(PackError, match="only aa may see"):
        packs(measure(rule("bb.r", "secret", "{refer: bb.one}"), name="bb.act"))


def test_an_officers_fact_of_one_side_is_not_the_others():
    shared = measure(
        rule("both.watch", "hit", "{refer: customs}", disclose="authority"),
        name="both.list",
        authority="both",
    )
    law = book(rule("aa.r", "count > 1"), files=(shared,))
    decision = decide(law, {"count": 0}, own={"aa": {"hit": True}})
    assert (decision.sides["aa"].outcome, decision.sides["bb"].outcome) == ("referred", "cleared")
    to_others = decision.as_json()["sides"]["aa"]["rules"][0]["reason"]["en"]
    to_officer = decision.as_json(authority_of=frozenset({"aa"}))["sides"]["aa"]["rules"][0]["reason"]["en"]
    assert (to_others, to_officer) == ("An authority looks at this itself.", "Because.")
    concealed = decision.as_json(conceal=True)["sides"]["aa"]
    assert (
        [one["id"] for one in concealed["rules"]] == [one["rule"] for one in concealed["refers"]] == ["aa.undisclosed"]
    )
    assert "watch" not in str(concealed)


def test_a_document_rule_is_made_for_each_document():
    shared = measure(
        rule(
            "zone.used",
            "document_held AND document_quantity_left < quantity",
            "{refuse: true}",
            each_document="quantity",
        ),
        name="zone.act",
        authority="zone",
    )
    law = book(rule("aa.r", "count > 1"), files=(shared,))
    assert "zone.used.permit" in law.packs.rules
    used = {"count": 0, "has_permit": True, "permit_quantity_left": 1, "quantity": 2}
    assert decide(law, used).outcome == "refused"
    assert decide(law, {**used, "permit_quantity_left": 2}).outcome == "cleared"
    assert decide(law, {"count": 0}).outcome == "cleared"


def test_texts_are_in_three_languages():
    broken = measure(rule()).replace(f"reason: {TEXT}", "reason: {en: Because.}")
    with pytest.raises(InputError, match='lacks "zh-Hant"'):
        packs(broken)
    assert COVERED
