"""Closures, Polars and the decision agree on every rule set and every set of facts, on unknowns above all."""

from datetime import date, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from riverloop.core.kernel.errors import InputError
from riverloop.core.kernel.sides import Boundary
from riverloop.core.rules.closures import ON, compile_predicate, compile_residue
from riverloop.core.rules.columns import decide_columns, outcomes, replay, to_polars
from riverloop.core.rules.decide import decide as decide_movement
from riverloop.core.rules.decisions import Movement
from riverloop.core.rules.parsing import parse
from riverloop.core.rules.predicates import from_json, to_json
from riverloop.core.rules.rulebook import Rulebook
from tests.core.rules.lawbook import AA, BB, measure, packs, rule

WORDS = packs(measure(rule())).dictionary
FACTS = {fact.name: fact for fact in WORDS.of_flow("goods")}
TODAY = date(2026, 6, 1)
DATES = ["DATE '2026-05-31'", ":on", "collected_on", "assessed_on"]

days = st.integers(-400, 400).map(lambda number: TODAY + timedelta(days=number))
numbers = st.sampled_from(["count", "volume", "0", "3", "2.5", "2 * count + 1", "count - volume", "-1.5 * volume"])
dated = st.builds(
    lambda base, sign, number, unit: f"{base} {sign} INTERVAL {number} {unit}" if unit else base,
    st.sampled_from(DATES),
    st.sampled_from(["+", "-"]),
    st.integers(0, 40),
    st.sampled_from(["DAY", "MONTH", ""]),
)
comparisons = st.sampled_from(["=", "<>", "<", "<=", ">", ">="])
atoms = st.one_of(
    st.sampled_from(["infected", "hit", "has_letter", "TRUE", "FALSE", "category = 'blood'", "category <> 'cells'"]),
    st.sampled_from(
        ["category IN ('blood', 'other')", "category NOT IN ('cells')", "code = 'AB1'", "place IN (places)"]
    ),
    st.builds("{} {} {}".format, numbers, comparisons, numbers),
    st.builds("{} {} {}".format, dated, comparisons, dated),
    st.builds("count BETWEEN {} AND {}".format, st.integers(0, 5), st.integers(0, 9)),
)
predicates = st.recursive(
    atoms,
    lambda inner: st.one_of(
        inner.map("NOT ({})".format),
        st.builds("({}) AND ({})".format, inner, inner),
        st.builds("({}) OR ({})".format, inner, inner),
    ),
    max_leaves=6,
)
VALUES = {
    "infected": st.booleans(),
    "hit": st.booleans(),
    "category": st.sampled_from(["blood", "cells", "other"]),
    "count": st.integers(0, 10),
    "volume": st.sampled_from([0.0, 0.1, 0.30000000000000004, 2.5, 3.0, 999.5]),
    "quantity": st.sampled_from([1.0, 5.0]),
    "collected_on": days,
    "assessed_on": days,
    "code": st.sampled_from(["AB1", "CD2"]),
    "place": st.sampled_from(["west", "east"]),
    "places": st.lists(st.sampled_from(["west", "east"]), unique=True).map(lambda found: tuple(sorted(found))),
    "has_letter": st.booleans(),
    "has_permit": st.booleans(),
    "has_assessment": st.booleans(),
    "permit_expires_on": days,
    "permit_quantity_left": st.sampled_from([0.0, 4.0, 5.0]),
}
stated = st.fixed_dictionaries({}, optional=VALUES)


def frame(rows):
    """Put facts into columns of their types; what is not stated is null."""
    types = {"boolean": pl.Boolean, "integer": pl.Int64, "decimal": pl.Float64, "date": pl.Date}
    columns = {
        name: pl.Series(
            name,
            [list(row[name]) if isinstance(row.get(name), tuple) else row.get(name) for row in rows],
            dtype=pl.List(pl.String) if FACTS[name].kind == "choices" else types.get(FACTS[name].kind, pl.String),
        )
        for name in VALUES
    }
    return pl.DataFrame(columns)


@given(sql=predicates, rows=st.lists(stated, min_size=1, max_size=5))
def test_closures_and_polars_agree_on_every_predicate(sql, rows):
    predicate = parse(sql, FACTS, {"on": TODAY})
    assert from_json(to_json(predicate)) == predicate
    test = compile_predicate(predicate)
    columns = frame(rows).with_columns(pl.lit(TODAY).alias(ON))
    by_polars = columns.with_columns(truth=to_polars(predicate))["truth"].to_list()
    assert by_polars == [test({**row, ON: TODAY}) for row in rows]


@given(sql=predicates, facts=stated, more=stated)
def test_knowing_more_never_takes_back_a_certainty(sql, facts, more):
    test = compile_predicate(parse(sql, FACTS, {"on": TODAY}))
    before = test({**facts, ON: TODAY})
    after = test({**more, **facts, ON: TODAY})
    assert before is None or before is after


@given(sql=predicates, facts=stated, more=stated)
def test_only_facts_of_the_residue_can_settle_a_predicate(sql, facts, more):
    predicate = parse(sql, FACTS, {"on": TODAY})
    _, left = compile_residue(predicate)({**facts, ON: TODAY})
    test = compile_predicate(predicate)
    others = {name: value for name, value in more.items() if name not in left}
    assert test({**others, **facts, ON: TODAY}) is test({**facts, ON: TODAY})
    assert bool(left) is (test({**facts, ON: TODAY}) is None)


EFFECTS = [
    "{refuse: true}",
    "{refer: aa.one}",
    "{require: letter}",
    "{require: permit}",
    "{require: assessment}",
]
EFFECTS += ["{require: {any_of: [letter, permit]}}", "{route: slow}", "{allow: passage}", "{notify: aa.one}"]


@st.composite
def laws(draw):
    """Draw a law of up to six rules; a rule may override those after it."""
    count = draw(st.integers(1, 6))
    names = [f"aa.r{place}" for place in range(count)]
    written = []
    for place, name in enumerate(names):
        over = (
            draw(st.lists(st.sampled_from(names[place + 1 :]), unique=True, max_size=2)) if names[place + 1 :] else []
        )
        dates = draw(
            st.sampled_from(["{from: 2020-01-01}", "{from: 2026-06-01}", "{from: 2020-01-01, until: 2026-05-31}"])
        )
        written.append(
            rule(
                name,
                draw(predicates),
                draw(st.sampled_from(EFFECTS)),
                overrides=f"[{', '.join(over)}]",
                in_force=dates,
            )
        )
    coverage = draw(st.sampled_from(["[{flow: goods}]", "[]", "[{flow: goods, subject: category = 'blood'}]"]))
    return Rulebook(packs(measure(*written, coverage=coverage)), Boundary("test", (AA, BB)))


def decided(law, facts, at):
    return decide_movement(law, Movement("goods", "aa-bb", at, (facts,))).sides["aa"]


@settings(max_examples=60)
@given(law=laws(), rows=st.lists(stated, min_size=1, max_size=4), later=st.booleans())
def test_a_column_is_decided_as_each_of_its_movements(law, rows, later):
    at = datetime.fromisoformat("2026-06-15T12:00:00+00:00" if later else "2026-05-15T12:00:00+00:00")
    table = frame(rows).with_columns(
        pl.lit("goods").alias("flow"), pl.lit("aa-bb").alias("direction"), pl.lit(at).alias("at")
    )
    found = [partition for partition in replay(law, table) if partition.side == "aa"]
    assert len(found) == 1
    for row in found[0].frame.iter_rows(named=True):
        one = decided(law, rows[row["row"]], at)
        assert (row["low"], row["high"]) == (one.low, one.high)
        true = {hit.rule.id for hit in one.rules}
        unknown = {hit.rule.id for hit in one.undetermined}
        for day_rule in found[0].span.rules:
            expected = True if day_rule.id in true else None if day_rule.id in unknown else False
            assert row[day_rule.id] is expected


@settings(max_examples=150)
@given(law=laws(), facts=stated, more=stated)
def test_a_decision_is_sound_whatever_else_becomes_known(law, facts, more):
    at = datetime.fromisoformat("2026-06-15T12:00:00+00:00")
    before, after = decided(law, facts, at), decided(law, {**more, **closed(facts), **facts}, at)
    assert before.low <= after.low <= after.high <= before.high
    if before.outcome != "undetermined":
        assert before.outcome == after.outcome
    route_open = before.route is None
    assert route_open or after.route == before.route


def closed(facts):
    """Facts of a closed world are known to be absent when not stated, so more knowledge cannot add them."""
    return {name: FACTS[name].absent for name in VALUES if FACTS[name].absent is not None and name not in facts}


@settings(max_examples=150)
@given(law=laws(), facts=stated, more=stated)
def test_answering_what_is_asked_settles_the_decision(law, facts, more):
    at = datetime.fromisoformat("2026-06-15T12:00:00+00:00")
    known = {**facts}
    for _ in range(len(VALUES) + 1):
        decision = decided(law, known, at)
        asked = [name for name in decision.missing_facts[0] if name in VALUES]
        if not asked:
            break
        known[asked[0]] = {**DEFAULTS, **more}[asked[0]]
    assert decision.outcome != "undetermined"


DEFAULTS = {
    "infected": False, "hit": False, "category": "blood", "count": 1, "volume": 1.0, "quantity": 1.0,
    "collected_on": TODAY,
    "assessed_on": TODAY, "code": "AB1", "place": "west", "places": ("west",), "has_letter": False, "has_permit": False,
    "has_assessment": False, "permit_expires_on": TODAY, "permit_quantity_left": 5.0,
}  # fmt: skip


@settings(max_examples=100)
@given(law=laws(), facts=stated)
def test_nothing_outside_the_coverage_ever_clears(law, facts):
    at = datetime.fromisoformat("2026-06-15T12:00:00+00:00")
    covered = law.span("aa", "goods", "aa-bb", at.date()).rules[-1]
    decision = decided(law, facts, at)
    if covered.test({**facts, ON: at.date()}) is not False:
        assert decision.high >= 1
        assert decision.outcome != "cleared"


def test_partitions_follow_the_days_of_the_law_in_its_own_time_zone():
    law = Rulebook(
        packs(
            measure(
                rule("aa.old", "TRUE", in_force="{from: 2020-01-01, until: 2026-05-31}"),
                rule("aa.new", "TRUE", "{refuse: true}", in_force="{from: 2026-06-01}"),
            )
        ),
        Boundary("test", (AA, BB)),
    )
    at = [datetime.fromisoformat(one) for one in ("2026-05-31T15:59:59+00:00", "2026-05-31T16:00:00+00:00")]
    table = pl.DataFrame({"flow": ["goods"] * 2, "direction": ["aa-bb"] * 2, "at": at})
    levels = {
        row: low
        for part in replay(law, table)
        if part.side == "aa"
        for row, low in part.frame.select("row", "low").iter_rows()
    }
    assert levels == {0: 1, 1: 3}


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"flow": ["goods"], "direction": ["aa-bb"]}, 'lacks the column "at"'),
        ({"flow": ["goods"], "direction": ["aa-bb"], "at": ["2026"]}, "not of instants"),
        (
            {
                "flow": ["goods"],
                "direction": ["aa-cc"],
                "at": [datetime.fromisoformat("2026-01-01T00:00:00+00:00")],
            },
            "no direction",
        ),
        (
            {
                "flow": ["gods"],
                "direction": ["aa-bb"],
                "at": [datetime.fromisoformat("2026-01-01T00:00:00+00:00")],
            },
            "no flow",
        ),
        (
            {
                "flow": ["goods"],
                "direction": ["aa-bb"],
                "at": [datetime.fromisoformat("2026-01-01T00:00:00+00:00")],
                "cout": [1],
            },
            'Did you mean "count"',
        ),
        (
            {
                "flow": ["goods"],
                "direction": ["aa-bb"],
                "at": [datetime.fromisoformat("2026-01-01T00:00:00+00:00")],
                "count": ["1"],
            },
            "of type String",
        ),
    ],
)
def test_a_table_that_is_no_table_of_movements_is_refused(columns, said):
    law = Rulebook(packs(measure(rule())), Boundary("test", (AA, BB)))
    with pytest.raises(Exception, match=said):
        list(replay(law, pl.DataFrame(columns)))


@pytest.mark.parametrize(
    ("name", "column"),
    [
        ("volume", [1.0, float("nan")]),
        ("volume", [float("inf"), 1.0]),
        ("volume", [-1.0, 1.0]),
        ("count", [1, 2_000_000]),
        ("category", ["blood", "martian"]),
        ("code", ["AB1", "lol"]),
        ("collected_on", [date(2026, 1, 1), date(2300, 1, 1)]),
        ("places", [["west"], ["W!"]]),
    ],
)
def test_a_value_that_a_movement_may_not_state_is_refused_in_a_table_too(name, column):
    law = Rulebook(packs(measure(rule())), Boundary("test", (AA, BB)))
    at = datetime.fromisoformat("2026-01-01T00:00:00+00:00")
    table = pl.DataFrame({"flow": ["goods"] * 2, "direction": ["aa-bb"] * 2, "at": [at] * 2, name: column})
    with pytest.raises(InputError, match=f"column {name}: "):
        list(replay(law, table))


def test_outcome_words_of_columns():
    levels = pl.DataFrame({"low": [0, 1, 2, 3, 0], "high": [0, 1, 2, 3, 2]})
    words = levels.select(outcomes(pl.col("low"), pl.col("high")).alias("o"))["o"].to_list()
    assert words == ["cleared", "referred", "incomplete", "refused", "undetermined"]
    assert decide_columns
