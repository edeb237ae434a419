"""Rule semantics 20: a rule that can never be effective is refused, with the reason."""

import pytest

from riverloop.core.kernel.errors import PackError
from riverloop.core.rules.dead import refuse_dead_rules
from tests.core.rules.lawbook import measure, packs, rule


@pytest.mark.parametrize(
    "when",
    [
        "count > 5 AND count < 5",
        "count > 1000000",
        "volume < 0",
        "category = 'blood' AND category = 'cells'",
        "category NOT IN ('blood', 'cells', 'other')",
        "infected AND NOT infected",
        "FALSE",
        "2 * count = 3",
        "collected_on < :on AND collected_on > :on + INTERVAL 3 DAY",
        "collected_on > assessed_on AND assessed_on > :on AND collected_on < :on",
        "code = 'AB1' AND code = 'AB2'",
        "place IN (places) AND NOT place IN (places)",
        "collected_on < DATE '1900-01-01'",
    ],
)
def test_a_predicate_that_no_facts_make_true_is_dead(when):
    with pytest.raises(PackError, match=r"^pack/file0.yaml:\d+: Rule aa.r can never be effective: no facts"):
        refuse_dead_rules(packs(measure(rule(when=when))))


@pytest.mark.parametrize(
    "when",
    [
        "count > 5 AND count < 7",
        "volume > 5 AND volume < 5.1",
        "collected_on + INTERVAL 1 MONTH = :on",
        "collected_on + INTERVAL 1 MONTH > collected_on + INTERVAL 30 DAY",
        "place IN (places) AND place = 'west'",
        "code <> 'AB1'",
    ],
)
def test_a_predicate_that_some_facts_make_true_is_not(when):
    assert refuse_dead_rules(packs(measure(rule(when=when)))) == []


def test_a_rule_that_is_always_displaced_is_dead_and_the_displacing_rules_are_named():
    law = packs(
        measure(
            rule("aa.r", "count > 5"),
            rule("aa.s", "count > 3 AND infected", "{allow: passage}", overrides="[aa.r]"),
            rule("aa.t", "NOT infected", "{allow: passage}", overrides="[aa.r]"),
        )
    )
    with pytest.raises(PackError, match="displaced by aa.s, aa.t"):
        refuse_dead_rules(law)


def test_a_displacing_rule_that_is_itself_displaced_does_not_kill():
    law = packs(
        measure(
            rule("aa.r", "count > 5"),
            rule("aa.s", "TRUE", "{allow: passage}", overrides="[aa.r]"),
            rule("aa.t", "infected", "{allow: passage}", overrides="[aa.s]"),
        )
    )
    assert refuse_dead_rules(law) == []


def test_a_rule_displaced_in_one_span_only_is_told_and_not_refused():
    law = packs(
        measure(
            rule("aa.r", "count > 5"),
            rule("aa.s", "TRUE", "{allow: passage}", overrides="[aa.r]", in_force="{from: 2026-01-01}"),
        )
    )
    remarks = refuse_dead_rules(law)
    assert [(one.rule, one.detail) for one in remarks] == [
        ("aa.r", "cannot be effective in the span that begins on 2026-01-01")
    ]


def test_an_announced_rule_kills_nothing_since_it_may_never_count():
    law = packs(
        measure(
            rule("aa.r", "count > 5"),
            rule("aa.s", "TRUE", "{allow: passage}", overrides="[aa.r]", in_force="{announced: true}"),
        )
    )
    assert refuse_dead_rules(law) == []


def test_a_rule_is_alive_if_one_direction_is_left_to_it():
    law = packs(
        measure(
            rule("aa.r", "count > 5"),
            rule("aa.s", "TRUE", "{allow: passage}", overrides="[aa.r]", direction="aa-bb"),
        )
    )
    assert refuse_dead_rules(law) == []


def test_an_override_that_never_displaces_is_told():
    law = packs(measure(rule("aa.r", "count > 5"), rule("aa.s", "count < 5", "{allow: passage}", overrides="[aa.r]")))
    assert [one.detail for one in refuse_dead_rules(law)] == ["overrides aa.r, but the two are never true together"]


def test_a_threshold_that_leaves_no_room_on_some_days_only_is_told():
    law = packs(
        measure(
            rule("aa.r", "count >= :low AND count < :high"),
            parameters="{low: {values: {2020-01-01: 1, 2026-01-01: 9}}, high: {values: {2020-01-01: 5}}}",
        )
    )
    assert [one.rule for one in refuse_dead_rules(law)] == ["aa.r"]
