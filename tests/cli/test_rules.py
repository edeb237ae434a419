"""``riverloop rules``: packs are checked, tried and listed."""

import json

import pytest

BLOOD = {
    "flow": "goods",
    "direction": "cn-hk",
    "at": "2026-11-22T09:00:00+08:00",
    "facts": {"suspected_infectious": True},
}


def test_the_bundled_packs_pass_their_check(run):
    status, out, _ = run("rules", "check")
    assert status == 0
    assert "loaded and checked" in out
    assert "cases passed, 0 failed" in out


def test_rules_are_listed_and_filtered(run):
    _, out, _ = run("rules", "list", "--side", "hk", "--flow", "data", "--json")
    listed = json.loads(out)
    assert listed
    assert all(rule["id"].startswith("hk.") and rule["flow"] == "data" for rule in listed)
    _, out, _ = run("rules", "list", "--status", "announced", "--lang", "zh-Hant")
    assert "zone.listing.valid" in out


def test_facts_are_listed(run):
    _, out, _ = run("rules", "facts", "goods")
    assert "category" in out
    _, out, _ = run("rules", "facts", "data", "--json")
    assert "persons_ytd" in [fact["name"] for fact in json.loads(out)]


PACK = """
measure: {id: hk.act, title: {en: A, zh-Hant: 甲, zh-Hans: 甲}, authority: hk.dh, verified: secondary,
  read_on: 2026-11-22}
coverage: [{flow: goods}]
rules:
  - id: hk.act.one
    flow: goods
    direction: cn-hk
    in_force: {from: 2020-01-01}
    when: suspected_infectious
    effect: {require: dh_import_permit}
    reason: {en: Because., zh-Hant: 因為。, zh-Hans: 因为。}
cases:
  - {name: it does, facts: {suspected_infectious: true}, expect: {outcome: incomplete, requires: [dh_import_permit]}}
"""


@pytest.mark.parametrize("name", ["act.yaml", "hk/act.yaml"])
def test_a_folder_of_ones_own_packs_uses_the_bundled_facts(run, tmp_path, name):
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text(PACK)
    assert run("rules", "check", str(tmp_path))[0] == 0
    status, out, _ = run("rules", "test", str(tmp_path))
    assert status == 0
    assert "ok  it does [hk]" in out
    _, out, _ = run("decide", "-", "--json", "--packs", str(tmp_path), stdin=json.dumps(BLOOD))
    assert json.loads(out)["sides"]["hk"]["outcome"] == "incomplete"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("when: suspected_infectious", "when: __import__('os').system('true')", ":10: A predicate may not use"),
        (
            "when: suspected_infectious",
            "when: suspected_infectious AND NOT suspected_infectious",
            ":6: Rule hk.act.one can never",
        ),
        ("when: suspected_infectious", "when: quantity > :most", ":10: The predicate reads"),
        ("{require: dh_import_permit}", "{refuse: true}", "gives no remedy"),
        ("requires: [dh_import_permit]}", "requires: []}", None),
        ("outcome: incomplete", "outcome: cleared", None),
    ],
)
def test_a_pack_that_does_not_hold_ends_with_one(run, tmp_path, old, new, said):
    assert old in PACK
    (tmp_path / "act.yaml").write_text(PACK.replace(old, new))
    status, out, err = run("rules", "check", str(tmp_path))
    assert status == 1
    if said:
        assert f"act.yaml{said}" in err if said.startswith(":") else said in err
        assert err.count("\n") == 1
    else:
        assert "act.yaml:14: it does [hk]: " in out


def test_a_folder_that_does_not_exist_is_named(run):
    status, out, err = run("rules", "check", "nowhere")
    assert (status, out) == (1, "")
    assert err == "nowhere: There is no such folder. Give one that holds rule packs.\n"
