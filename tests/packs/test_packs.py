"""The bundled law: every row has its cases and its three languages, and nothing outside the coverage clears."""

import re
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from riverloop.core.kernel.sides import FLOWS, LANGUAGES
from riverloop.core.rules.cases import run_cases
from riverloop.core.rules.closures import ON
from riverloop.core.rules.decide import decide
from riverloop.core.rules.decisions import Movement
from riverloop.core.rules.obligations import is_working_day
from riverloop.core.rules.predicates import facts_read
from riverloop.core.rules.rulebook import Rulebook
from riverloop.packs import load_packs
from riverloop.zones import load_zone, zone_names
from tests.packs.rows import CLOSED_LISTS

PACKS = load_packs()
ZONE = load_zone("hetao")
LAW = Rulebook(PACKS, ZONE.boundary)
SIDES = {side.id: side for side in ZONE.boundary.sides}
FIRES = {name for case in PACKS.cases for name in case.expect.get("fires", ())}
FIRES |= {name for case in PACKS.cases for name in case.expect.get("displaced", ())}
FIRES |= {name for case in PACKS.cases for name in case.expect.get("announced", ())}
SILENT = {name for case in PACKS.cases for name in case.expect.get("not", ())}
OPEN = {name for case in PACKS.cases for name in case.expect.get("undetermined", ())}


@pytest.mark.parametrize("zone", zone_names())
def test_every_case_that_a_lawyer_wrote_holds(zone):
    wrong = [
        f"{result.case.where}: {result.case.name}: {line}"
        for result in run_cases(PACKS, load_zone(zone).boundary)
        for line in result.mismatches
    ]
    assert wrong == []


def of_one_text(rule_id):
    """A rule made for each document is one text, so one document's cases speak for all."""
    return re.sub(r"^(zone\.permit-drawdown)\..*", r"\1", rule_id)


@pytest.mark.parametrize("rule", PACKS.rules.values(), ids=lambda rule: rule.id)
def test_every_rule_has_a_case_in_which_it_fires_one_in_which_it_does_not_and_one_unknown(rule):
    name = of_one_text(rule.id)
    assert name in set(map(of_one_text, FIRES)), "no case in which it fires"
    open_facts = [name for name in facts_read(rule.when) if PACKS.dictionary.facts[name].absent is None]
    if facts_read(rule.when):  # a rule that reads no fact is always true
        assert name in set(map(of_one_text, SILENT)), "no case in which it does not fire"
    if open_facts:  # what is absent from a closed world is not unknown
        assert name in set(map(of_one_text, OPEN)), "no case in which it is undetermined"


@pytest.mark.parametrize("row", CLOSED_LISTS, ids=str)
def test_every_row_of_the_law_is_encoded_and_reads_only_the_facts_of_its_closed_list(row):
    rules = [rule for rule in PACKS.rules.values() if rule.id == row or rule.id.startswith(f"{row}.")]
    rules = [rule for rule in rules if longest_row(rule.id) == row]
    assert rules, "not encoded"
    for rule in rules:
        papers = {fact.name for document in PACKS.dictionary.documents.values() for fact in document.facts()}
        assert facts_read(rule.when) - papers <= CLOSED_LISTS[row], rule.id


def longest_row(rule_id):
    return max((row for row in CLOSED_LISTS if rule_id == row or rule_id.startswith(f"{row}.")), key=len)


def texts():
    """Yield every text that the law shows a person, with where it stands."""
    yield from texts_of_rules()
    yield from texts_of_words()
    for measure in PACKS.measures.values():
        yield f"{measure.id} title", measure.title
        yield f"{measure.id} note", measure.note or ABSENT
    for entry in PACKS.coverage:
        yield f"{entry.measure} coverage", entry.note or ABSENT


ABSENT = dict.fromkeys(LANGUAGES, "-")  # a text that need not be there


def texts_of_rules():
    for rule in PACKS.rules.values():
        yield f"{rule.id} reason", rule.reason
        yield f"{rule.id} remedy", rule.remedy.text if rule.remedy else ABSENT
        yield f"{rule.id} next step", rule.next_step or ABSENT
        yield f"{rule.id} note", rule.note or ABSENT


def texts_of_words():
    words = PACKS.dictionary
    declared = [fact for fact in words.facts.values() if not fact.document]  # a document's facts are named by it
    routes = [route for routes in words.routes.values() for route in routes]
    for one in [*declared, *words.documents.values()]:
        yield f"{one.name} label", one.label
        yield f"{one.name} help", one.help
    for one in [*routes, *words.acts.values(), *(choice for fact in declared for choice in fact.choices)]:
        yield f"{one.name} label", one.label


def test_every_text_is_written_in_three_languages():
    lacking = [f"{name} in {language}" for name, text in texts() for language in LANGUAGES if not text.get(language)]
    assert lacking == []


# Characters that one way of writing has and the other has not; a text in the wrong one was converted by nobody.
ONLY_TRADITIONAL = set("這個來國門區樣準證號關務員過對時請與產業該據險辦應為實驗學術發認書將無還")
ONLY_SIMPLIFIED = set("这个来国门区样准证号关务员过对时请与产业该据险办应为实验学术发认书将无还") - ONLY_TRADITIONAL


def test_traditional_texts_hold_no_simplified_characters_and_the_other_way_round():
    simplified_only = ONLY_SIMPLIFIED - set("准")  # 批准 is written so in both
    wrong = [name for name, text in texts() if set(text["zh-Hant"]) & simplified_only]
    wrong += [name for name, text in texts() if set(text["zh-Hans"]) & (ONLY_TRADITIONAL - set("準"))]
    assert wrong == []


def test_every_refusal_names_who_hears_it_in_three_languages():
    for rule in PACKS.rules.values():
        if rule.effect.kind in ("refuse", "suspend"):
            assert rule.remedy
            assert all(rule.remedy.text.get(language) for language in LANGUAGES), rule.id
            assert rule.remedy.measure is None or rule.remedy.measure in PACKS.measures, rule.id


def test_every_authority_that_a_rule_names_is_in_the_zone():
    known = {authority.id for side in SIDES.values() for authority in side.authorities}
    for side in SIDES:
        for flow in FLOWS:
            for direction in ZONE.boundary.directions:
                for span in LAW.spans(side, flow, direction):
                    for rule in span.rules:
                        value = rule.effect.value
                        if rule.effect.kind in ("refer", "notify"):
                            named = value if isinstance(value, list) else [value]
                            assert set(named) <= known, rule.id


def test_what_the_zone_assumes_are_announced_rules_of_the_packs():
    for zone in zone_names():
        for name in load_zone(zone).boundary.assume:
            assert PACKS.rules[name].announced, name


def test_no_rule_but_an_officers_reads_an_officers_fact():
    for rule in PACKS.rules.values():
        for name in facts_read(rule.when):
            if PACKS.dictionary.facts[name].source == "officer":
                assert rule.disclose == "authority", rule.id


def test_working_calendars_are_announced_until_the_day_they_say():
    for calendar in PACKS.dictionary.calendars.values():
        year = calendar.published_until.year
        new_year = datetime(year, 1, 1).date()  # noqa: DTZ001 - a date is wanted
        days = [new_year + timedelta(days=number) for number in range(365)]
        assert not is_working_day(new_year, calendar)
        if calendar.country == "CN":  # only an announced year has make-up workdays on weekends
            assert any(day.weekday() >= 5 and is_working_day(day, calendar) for day in days)


# The bar: nothing outside the coverage clears ----------------------------------------------------------------------


def value_of(fact):
    return {
        "boolean": st.booleans(),
        "integer": st.integers(int(fact.minimum or 0), int(min(fact.maximum or 2_000_000, 2_000_000))),
        "decimal": st.sampled_from([0.0, 0.5, 1.0, 100.0, 5000.0]).filter(lambda n: n >= (fact.minimum or 0)),
        "date": st.dates(datetime(2024, 1, 1).date(), datetime(2028, 1, 1).date()),  # noqa: DTZ001
        "choice": st.sampled_from(fact.choice_names or ("",)),
        "code": st.sampled_from([c for c in CODES if re.fullmatch(fact.pattern or ".*", c)] or ["x"]),
        "choices": st.lists(st.sampled_from(fact.choice_names or ("futian", "west_bridge")), unique=True).map(
            lambda names: tuple(sorted(names))
        ),
    }[fact.kind]


CODES = ["none", "UN3373", "UN3480", "UN2814", "CHN", "GBR", "futian", "west_bridge", "HKD", "90189099", "mL"]


def facts_of(flow):
    return st.fixed_dictionaries({}, optional={fact.name: value_of(fact) for fact in PACKS.dictionary.of_flow(flow)})


@settings(max_examples=200)
@given(data=st.data(), flow=st.sampled_from(FLOWS), direction=st.sampled_from(ZONE.boundary.directions))
def test_nothing_outside_the_coverage_of_a_side_ever_clears(data, flow, direction):
    at = datetime.fromisoformat("2026-11-22T09:00:00+08:00")
    facts = data.draw(facts_of(flow))
    decision = decide(LAW, Movement(flow, direction, at, (facts,)))
    for side, found in decision.sides.items():
        span = LAW.span(side, flow, direction, at.date())
        visible = {name: value for name, value in facts.items() if name in span.facts}
        if span.rules[-1].test({**PACKS.dictionary.close(flow, visible), ON: at.date()}) is not False:
            assert found.outcome != "cleared"
            assert decision.outcome != "cleared"


@pytest.mark.parametrize("side", sorted(SIDES))
@pytest.mark.parametrize("direction", ZONE.boundary.directions)
@pytest.mark.parametrize(
    "facts", [{"category": "other"}, {"category": "equipment", "regulated_as_drug_or_device": True}]
)
def test_what_no_body_of_law_here_speaks_of_is_referred_whatever_else_is_known(side, direction, facts):
    at = datetime.fromisoformat("2026-11-22T09:00:00+08:00")
    known = {
        fact.name: False for fact in PACKS.dictionary.of_flow("goods") if fact.kind == "boolean" and not fact.document
    }
    known |= {"un_number": "none", "transport_mode": "road", "quantity": 1.0, **facts}
    decision = decide(LAW, Movement("goods", direction, at, (known,)))
    assert f"{side}.uncovered" in [hit.rule.id for hit in decision.sides[side].rules]
    assert decision.sides[side].low >= 1


def test_another_zone_takes_the_law_of_its_own_sides_and_refers_the_rest():
    hengqin = load_zone("hengqin")
    law = Rulebook(PACKS, hengqin.boundary)
    at = datetime.fromisoformat("2026-11-22T09:00:00+08:00")
    for flow in FLOWS:
        for direction in hengqin.boundary.directions:
            for side in hengqin.boundary.sides:
                ids = [rule.id for rule in law.span(side.id, flow, direction, at.date()).rules]
                assert not any(rule.startswith("hk.") for rule in ids)
            decision = decide(law, Movement(flow, direction, at, ({},)))
            assert decision.outcome != "cleared"
