"""What a pack may not say: one line with what, where and how to mend it."""

import pytest

from riverloop.core.kernel.errors import InputError, RiverloopError
from riverloop.core.rules.cases import run_cases
from riverloop.core.rules.loader import load, read_sources, schema
from tests.core.rules.lawbook import BOUNDARY, COVERED, FACTS, TEXT, measure, packs, rule

GOOD = measure(rule(when="count >= :most"), parameters="{most: {unit: persons, values: {2020-01-01: 5}}}")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("measure:", "mesure:", 'the file lacks "measure"'),
        ("id: aa.act", "id: AA ACT", "measure.id"),
        (", verified: secondary", "", 'lacks "verified"'),
        ("verified: secondary", "verified: maybe", "Choose one of primary, secondary, none"),
        ("read_on: 2026-11-22", "read_on: 2026-02-30", "not a date"),
        ("read_on: 2026-11-22", "read_on: yesterday", "read_on"),
        ("flow: goods", "flow: good", 'Did you mean "goods"'),
        ("    effect: {refer: aa.one}", "    efect: {refer: aa.one}", 'lacks "effect"'),
        ("    effect: {refer: aa.one}", "    effect: {refers: aa.one}", 'Did you mean "refer"'),
        ("    effect: {refer: aa.one}", "    effect: {refer: aa.one, refuse: true}", "effect"),
        ("    effect: {refer: aa.one}", "    effect: {require: pemit}", 'Did you mean "permit"'),
        ("    effect: {refer: aa.one}", "    effect: {route: fast}", '"fast" is not declared'),
        ("    effect: {refer: aa.one}", "    effect: {advise: nothing}", '"nothing" is not declared'),
        (
            "    effect: {refer: aa.one}",
            "    effect: {oblige: {act: report, days: 3, minutes: 3}}",
            "not both",
        ),
        (
            "    effect: {refer: aa.one}",
            "    effect: {oblige: {act: report, from: count}}",
            "may not count from",
        ),
        (
            "    effect: {refer: aa.one}",
            "    effect: {oblige: {act: report, days: 3, calendar: cc}}",
            "no calendar",
        ),
        ("    effect: {refer: aa.one}", "    effect: {oblige: {act: report, days: ':x'}}", "no parameter"),
        ("from: 2020-01-01}", "from: 2020-13-01}", "not a date"),
        ("from: 2020-01-01}", "from: 2020-01-01, until: 2019-01-01}", "before it begins"),
        ("values: {2020-01-01: 5}", "values: {2020-01-01: 5, 2021-01-01: x}", "different types"),
        ("values: {2020-01-01: 5}", "values: {}", "values"),
        ("most:", "on:", "date of the decision"),
        ("count >= :most", "count >= :more", "no such parameter"),
        ("count >= :most", "cuont >= :most", 'Did you mean "count"'),
        ("rules:", "rules: [", "not YAML"),
        ("measure:", "measure: {}\nmeasure:", "given twice"),
    ],
)
def test_a_mistake_is_named_with_its_file_and_line(old, new, said):
    assert old in GOOD
    with pytest.raises(RiverloopError) as refused:
        packs(GOOD.replace(old, new, 1))
    line = str(refused.value)
    assert said in line
    assert line.startswith("pack/file0.yaml:")
    assert line.split(":")[1].isdigit()
    assert "\n" not in line


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "holds no"),
        ("[]", "holds no"),
        ("- 1", "holds no"),
        ("measure: *x", "YAML"),
        ("a: &x [*x]", "circle"),
        ("a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 30)), "far too much"),
        ("measure: {id: .nan}", "finite"),
        ("\x00", "cannot be seen"),
        ("measure: " + "[" * 3000, "YAML|deeply"),
        ("measure: {id: 99999999999999999999999}", "too large"),
        ("? [a]\n: b", "plain word"),
        ("!!python/object/apply:os.system ['true']", "tag"),
    ],
)
def test_rubbish_is_refused_in_one_line(text, said):
    with pytest.raises(InputError, match=said) as refused:
        read_sources({"pack/file.yaml": text})
    assert "\n" not in str(refused.value)


def test_a_rule_or_measure_given_twice_is_refused():
    with pytest.raises(RiverloopError, match="declared twice"):
        packs(measure(rule()), measure(rule()))
    with pytest.raises(RiverloopError, match="declared twice; first at pack/file0.yaml"):
        packs(measure(rule(), rule()))


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        (
            FACTS.replace("type: choice, choices: [blood, cells, other]", "type: choice"),
            "declares no choices",
        ),
        (FACTS.replace("name: infected", "name: count"), "declared twice"),
        (FACTS.replace("fact: assessed_on", "fact: nothing"), "is not a fact"),
        (FACTS.replace("absent: false", "absent: maybe"), "true or false"),
        (FACTS.replace("type: boolean", "type: bool"), "Choose one of"),
    ],
)
def test_a_mistaken_dictionary_is_refused(facts, said):
    with pytest.raises(RiverloopError, match=said):
        packs(measure(rule()), facts=facts)


def test_a_new_version_of_a_rule_has_another_hash_and_an_unchanged_one_the_same():
    before, same = packs(GOOD).rules["aa.r"].version, packs(GOOD).rules["aa.r"].version
    stricter = packs(GOOD.replace(": 5}", ": 4}")).rules["aa.r"].version
    assert before == same != stricter


def test_packs_carry_their_version_and_the_hash_of_their_text():
    law = packs(GOOD)
    assert law.packs["pack"].version == "0"
    assert law.packs["pack"].sha256 != packs(GOOD + "\n").packs["pack"].sha256


CASES = """
  - {name: five is enough, facts: {count: 5}, expect: {outcome: referred, fires: [aa.r]}}
  - {name: four is not, direction: aa-bb, facts: {count: 4}, expect: {outcome: cleared, not: [aa.r]}}
  - name: unknown
    facts: {}
    expect: {undetermined: [aa.r], missing_facts: [count], at_best: cleared, at_worst: referred}
"""


def test_cases_run_against_the_law_as_loaded():
    results = run_cases(packs(GOOD + "\ncases:" + CASES, COVERED), BOUNDARY)
    assert [result.mismatches for result in results] == [(), (), ()]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("outcome: referred", "outcome: cleared", "outcome is referred, not cleared"),
        ("not: [aa.r]", "fires: [aa.r]", "aa.r is not in fires"),
        ("fires: [aa.r]", "not: [aa.r]", "aa.r is true"),
        ("missing_facts: [count]", "missing_facts: [volume]", "volume is not in missing_facts"),
        ("outcome: cleared", "requires: [permit]", "requires is nothing"),
        ("outcome: cleared", "obliges: {report: null}", "report is not an obligation"),
        ("outcome: cleared", "route: slow", "route is None"),
    ],
)
def test_a_case_that_does_not_hold_says_what_it_got(old, new, said):
    results = run_cases(packs(GOOD + "\ncases:" + CASES.replace(old, new, 1), COVERED), BOUNDARY)
    assert said in "; ".join(line for result in results for line in result.mismatches)


@pytest.mark.parametrize(
    ("case", "said"),
    [
        ("{name: x, facts: {cuont: 1}, expect: {outcome: cleared}}", 'Did you mean "count"'),
        ("{name: x, facts: {}, items: [{}], expect: {outcome: cleared}}", "either"),
        ("{name: x, facts: {}, expect: {fires: [aa.nothing]}}", "does not exist"),
        ("{name: x, facts: {}, expect: {outcom: cleared}}", 'Did you mean "outcome"'),
    ],
)
def test_a_mistaken_case_is_refused(case, said):
    with pytest.raises(RiverloopError, match=said):
        run_cases(packs(GOOD + f"\ncases: [{case}]", COVERED), BOUNDARY)


def test_schemas_are_json_schemas():
    from jsonschema import Draft202012Validator

    for kind in ("measure", "facts", "pack"):
        Draft202012Validator.check_schema(schema(kind))
    assert TEXT


@pytest.mark.parametrize(
    ("when", "parameters", "said"),
    [
        ("category IN ()", "", "IN list is empty"),
        ("count > ?", "", "placeholders"),
        (":on > collected_on" + " + INTERVAL 1200 MONTH" * 2, "", "over a hundred years"),
        ("category IN (:kinds)", "{kinds: {values: {2020-01-01: [blod], 2026-01-01: [blood]}}}", "blod"),
        ("category = :kind", "{kind: {values: {2020-01-01: blod}}}", "blod"),
        ("count + :most > 3", "{most: {values: {2020-01-01: 9007199254740000, 2026-01-01: 1}}}", "pass 2.53"),
    ],
)
def test_what_would_fail_later_is_refused_now(when, parameters, said):
    with pytest.raises(RiverloopError, match=said):
        packs(measure(rule(when=when), parameters=parameters))


@pytest.mark.parametrize("days", ["9000000", "-800000", "':many'", "':half'", "':kinds'"])
def test_an_obligation_counts_whole_days_of_a_human_number(days):
    parameters = "{many: {values: {2020-01-01: 1, 2026-01-01: 99999}}, half: {values: {2020-01-01: 2.5}}, "
    parameters += "kinds: {values: {2020-01-01: [blood]}}}"
    with pytest.raises(RiverloopError, match="whole days or minutes|Give that type|oblige"):
        packs(measure(rule(effect=f"{{oblige: {{act: report, days: {days}}}}}"), parameters=parameters))


@pytest.mark.parametrize("text", ["in_force: {from: 9999-12-31}", "in_force: {from: 2020-01-01, until: 9999-12-31}"])
def test_a_day_outside_the_calendar_of_people_is_refused(text):
    with pytest.raises(RiverloopError, match="between 1900 and 2199"):
        packs(measure(rule()).replace("in_force: {from: 2020-01-01}", text))


def test_a_key_without_a_value_is_as_if_not_written():
    law = packs(measure(rule()) + "\ncases:\n", COVERED.replace("coverage: [{flow: goods}]", "coverage:"))
    assert "aa.r" in law.rules


def test_a_coverage_may_name_its_side_but_no_other():
    assert packs(measure(rule(), coverage="[{side: aa, flow: goods}]")).coverage
    with pytest.raises(RiverloopError, match="Leave `side` out"):
        packs(measure(rule(), coverage="[{side: bb, flow: goods}]"))


def test_an_alias_stands_for_what_it_names():
    text = measure(rule()).replace(f"reason: {TEXT}", "reason: *why").replace(f"title: {TEXT}", f"title: &why {TEXT}")
    assert packs(text).rules["aa.r"].reason["en"] == "Because."


def test_a_pack_lies_in_the_folder_of_its_name():
    texts = {
        "facts/all.yaml": FACTS,
        "aa/act.yaml": measure(rule()),
        "aa/pack.yaml": f"{{id: bb, version: '1', title: {TEXT}}}",
    }
    with pytest.raises(RiverloopError, match=r"^aa/pack.yaml:1: .*one name"):
        load(read_sources(texts))
