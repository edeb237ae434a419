"""Zone files: the bundled ones load, and each mistake is one line that says where and how to mend it."""

import ast
import re
from datetime import date
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from riverloop import zones
from riverloop.core.kernel.errors import InputError, ZoneError
from riverloop.core.kernel.sources import Source, read_yaml
from riverloop.core.rules.rulebook import Rulebook
from riverloop.packs import load_packs
from riverloop.zones import geometry, loader
from riverloop.zones.checks import NEEDED_ROLES

NAME, TEXT = zones.zone_source("hetao")
SOURCE = Path(zones.__file__).parents[1]
BONDED = "zh-Hans: 福田保税区}\n        area_m2: "


@pytest.fixture(scope="module")
def packs():
    return load_packs()


def section(name):
    """Return one top-level section of the file, with its key."""
    return re.search(rf"^{name}:.*?(?=^\S)", TEXT, flags=re.MULTILINE | re.DOTALL).group()


def second_side():
    return TEXT[TEXT.index("  - id: cn\n") : TEXT.index("# Metres, x to the east")]


@pytest.mark.parametrize("name", zones.zone_names())
def test_each_bundled_zone_loads_and_has_a_boundary(name):
    zone = zones.load_zone(name)
    assert zone.id == name
    assert zone.boundary.zone == name
    assert [side.id for side in zone.sides] == [side.id for side in zone.boundary.sides]
    assert {park.side for park in zone.parks} <= {side.id for side in zone.sides}
    for side in zone.sides:
        roles = {role for authority in side.side.authorities for role in authority.roles}
        assert set(NEEDED_ROLES) <= roles
        assert zone.side(side.id) is side


def test_two_zones_are_bundled_and_they_differ_in_their_sides():
    first, second = (zones.load_zone(name) for name in zones.zone_names())
    assert {side.id for side in first.sides} != {side.id for side in second.sides}


def test_the_outlines_of_bundled_zones_are_to_scale():
    for name in zones.zone_names():
        for park in zones.load_zone(name).parks:
            assert geometry.area(park.outline) == park.area_m2
            for part in park.parts:
                assert geometry.area(part.outline) == part.area_m2


def test_the_default_zone_is_of_the_published_size():
    zone = zones.load_zone()
    areas = {park.id: park.area_m2 for park in zone.parks}
    assert areas == {"hk_park": 870_000, "sz_park": 3_020_000}
    assert [part.area_m2 for part in zone.parks[1].parts] == [1_350_000, 1_670_000]
    assert zone.currencies == ("HKD", "CNY")


def test_where_sources_disagree_on_an_opening_both_are_kept():
    expected = zones.load_zone().control_point("west_bridge").expected
    assert [(one.when, one.reference) for one in expected] == [
        ("2026", "secretary_2025"),
        ("2027", "article"),
    ]


def test_what_is_assumed_is_announced_in_the_packs(packs):
    rules = packs.rules
    for name in zones.zone_names():
        for rule in zones.load_zone(name).assume:
            assert rule in rules, f"{name}: {rule} is in no pack"
            assert rules[rule].announced, f"{name}: {rule} is in force and needs no assumption"


def test_every_authority_that_a_law_of_the_default_zone_names_is_in_the_zone_file(packs):
    zone = zones.load_zone()
    known = {authority.id for side in zone.sides for authority in side.side.authorities}
    sides = {side.id for side in zone.sides}
    named = {measure.authority for measure in packs.measures.values()}
    named |= {document.issuer for document in packs.dictionary.documents.values() if document.issuer}
    assert {name for name in named if name.split(".")[0] in sides and "." in name} <= known


# What one side tells the other


def test_a_side_is_told_each_fact_that_its_rules_may_read_and_none_that_they_may_not(packs):
    zone, words = zones.load_zone(), packs.dictionary
    messages = {"flow", "direction", "at", "crossing_at"}
    for side in zone.sides:
        for flow in ("person", "goods", "data"):
            told = zone.disclosed("declare", side.id, flow) - messages
            stated = {fact.name for fact in words.of_flow(flow) if fact.source == "applicant"}
            papers = {paper.name for paper in words.documents.values() if flow in paper.flows}
            of_papers = {fact.name for paper in words.documents.values() for fact in paper.facts()}
            may_see = {name for name in stated - of_papers if sees(words.facts[name], side.id)}
            may_see |= {name for name in papers if sees(words.documents[name], side.id)}
            registered = {fact.name for fact in words.of_flow(flow) if fact.source == "register"}
            assert told - registered == may_see, (side.id, flow)
            assert told & registered == registered & read_by(packs, zone.boundary, side.id, flow), (side.id, flow)


def read_by(packs, boundary, side, flow):
    """Return the facts that a side's rules read today."""
    book = Rulebook(packs, boundary)
    return {name for one in boundary.directions for name in book.span(side, flow, one, date(2026, 11, 23)).facts}


def sees(named, side):
    return not named.visible_to or side in named.visible_to


def test_what_only_an_officer_knows_is_never_told(packs):
    officers = {fact.name for fact in packs.dictionary.facts.values() if fact.source == "officer"}
    assert "watch_hit" in officers
    for name in zones.zone_names():
        for row in zones.load_zone(name).disclosures:
            assert not officers & set(row.fields)


def test_rows_of_another_flow_or_step_do_not_leak():
    zone = zones.load_zone()
    assert "purpose" in zone.disclosed("declare", "hk.immd", "person")
    assert "purpose" not in zone.disclosed("declare", "hk.ced", "goods")
    assert "purpose" not in zone.disclosed("declare", "hk.ced", "person")
    assert "outcome" in zone.disclosed("side_decision", "cn")
    assert "rules" not in zone.disclosed("side_decision", "cn")
    assert zone.disclosed("declare", "cn") == frozenset()


# Mistakes


def after(old, new, *, count=1):
    assert TEXT.count(old) >= 1, f"the file no longer holds {old!r}"
    return TEXT.replace(old, new, count)


def line_of(text, marker):
    return text[: text.index(marker)].count("\n") + 1


MISTAKES = [
    # of form
    ("sides:\n", "sides: [\n", "not YAML", None),
    ("id: hetao", "id: hetao\nid: hetao2", "given twice", "id: hetao2"),
    ("id: hetao", "id: *other", "not YAML", None),
    ("id: hetao", "id: He Tao", "does not match", "id: He Tao"),
    ("summary:", "sumary:", 'lacks "summary"', "id: hetao"),
    ("read_on:", "colour: blue\nread_on:", 'no key "colour"', "colour: blue"),
    ("short_title: {en: Hetao, ", "short_title: {", 'lacks "en"', "short_title: {"),
    (", zh-Hans: 深圳河}", "}", 'lacks "zh-Hans"', "title: {en: Shenzhen River"),
    ("zh-Hans: 深圳河}", "zh-Hans: ''}", "river.title.zh-Hans", "title: {en: Shenzhen River"),
    ("    status: planned", "    status: plannd", 'Did you mean "planned"', "status: plannd"),
    ("    design: undecided", "    design: unknown", "Choose one of", "design: unknown"),
    ("    position: [1500, 715]", "    position: [1500]", "position", "position: [1500]"),
    ("    position: [1500, 715]", "    position: [.nan, 715]", "not a number here", "position: [.nan"),
    ("    roles: [privacy]", "    roles: [privcy]", 'Did you mean "privacy"', "roles: [privcy]"),
    ("    accent: 2", "    accent: 3", "Choose one of 1, 2", "accent: 3"),
    ("  width_m: 90", "  width_m: 0", "river.width_m", "width_m: 0"),
    ("  - zone.listing.valid\n", "  - zone listing\n", "assume.0", "- zone listing"),
    ("  - zone.listing.valid\n", "  - zone.sample-listing\n", "non-unique", "assume:"),
    # of names and dates
    ("id: article\n", "id: xinhua\n", '"xinhua" is declared twice', None),
    ("id: east_bridge", "id: west_bridge", "declared twice; first at", "title: {en: East bridge"),
    ("id: futian_bonded", "id: hk_park", '"hk_park" is declared twice', "title: {en: Futian bonded"),
    ("act: revoke_pass", "act: refuse_person", "declared twice", "title: {en: Revoking"),
    ("references: [xinhua, article]", "references: [xinhau]", 'Did you mean "xinhua"', "[xinhau]"),
    (
        'when: "2027", reference: article',
        'when: "2027", reference: x',
        'no reference "x"',
        '"2027", reference: x',
    ),
    (
        "hk-cn: 82010}, reference: traffic_2025",
        "hk-cn: 82010}, reference: none",
        'no reference "none"',
        "82010}",
    ),
    ("basis: joint_outcome", "basis: joint", 'no basis "joint"', "basis: joint\n"),
    ("published: 2025-12-22", "published: 2025-02-30", "not a date that exists", "2025-02-30"),
    ("read_on: 2026-11-22", "read_on: 2026-13-01", "not a date that exists", "2026-13-01"),
    ("as_of: 2025-11-06", "as_of: 2025-11-31", "not a date that exists", "2025-11-31"),
    # of sides
    ("  - id: cn\n", "  - id: hk\n", 'Both sides are called "hk"', "title: {en: The mainland"),
    ("    accent: 2", "    accent: 1", "Both sides have accent colour 1", None),
    ("time_zone: Asia/Hong_Kong", "time_zone: Asia/Kowloon", "not an IANA time zone", "Asia/Kowloon"),
    ("time_zone: Asia/Hong_Kong", "time_zone: ../../etc", "not an IANA time zone", "../../etc"),
    ("id: hk.fsd", "id: cn.fsd", "stands under side hk", "id: cn.fsd"),
    ("id: hk.fsd", "id: hk.ced", '"hk.ced" is declared twice', None),
    ("roles: [data]\n", "roles: [local]\n", "no authority for data", None),
    ("roles: [trade]", "roles: [customs]", "Both hk.ced and hk.tid have the role customs", None),
    # of the map
    ("  left: cn", "  left: xx", 'no side "xx"', "left: xx"),
    ("  right: hk", "  right: cn", "Both banks belong to cn", "right: cn"),
    ("    - [700, 560]\n", "    - [700, 560]\n    - [700, 560]\n", "stands still at [700, 560]", None),
    ("  width_m: 90", "  width_m: 400", "reaches into the river", None),
    ("    side: hk\n", "    side: xx\n", 'no side "xx"', "side: xx"),
    ("    side: hk\n", "    side: cn\n", "lies on the bank of hk", None),
    ("area_m2: 870000", "area_m2: 875000", "drawn with 870000 m²", "area_m2: 875000"),
    (f"{BONDED}1350000", f"{BONDED}1300000", "drawn with 1350000 m²", "area_m2: 1300000"),
    ("      - [1990, 880]\n", "      - [3990, 480]\n", "hk_park", None),
    ("position: [1900, 975]", "position: [19000, 975]", "lies off the map", "[19000"),
    ("{cn-hk: 79745, hk-cn: 82010}", "{cn-hk: 79745, hk-mo: 82010}", 'no direction "hk-mo"', "hk-mo"),
    # of the disclosure table
    ("to: [hk.ced, hk.afcd]", "to: [hk.ced, hk.afdc]", 'Did you mean "hk.afcd"', "hk.afdc"),
    ("  - step: cosign", "  - step: cosine", 'Did you mean "cosign"', "step: cosine"),
    (
        "    fields: [suspected_infectious,",
        "    fields: [suspected infectious,",
        "disclosure",
        "suspected infectious",
    ),
]


@pytest.mark.parametrize(("old", "new", "said", "marker"), MISTAKES)
def test_a_mistake_is_named_with_its_file_and_line(old, new, said, marker):
    text = after(old, new)
    with pytest.raises(InputError) as refused:
        zones.read_zone(text, name=NAME)
    line = str(refused.value)
    assert said in line
    assert re.match(r"hetao\.yaml:\d+: \S.*\.$", line), line
    assert "\n" not in line
    if marker:
        at = line_of(text, marker)
        assert int(line.split(":")[1]) in (at, at - 1), f"{line}, not {at}"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "holds no zone"),
        ("- one\n- two", "holds no zone"),
        ("hetao", "holds no zone"),
        (TEXT.replace(second_side(), ""), "exactly two sides; this has 1"),
        (TEXT.replace(second_side(), second_side() + second_side().replace("cn", "xx")), "this has 3"),
        (
            TEXT.replace("\n      - [1640, 1614]\n      - [120, 1615]\n", "\n      - [120, 1615]\n", 1),
            "sz_park",
        ),
        (TEXT.replace(section("assume"), ""), 'lacks "assume"'),
        (TEXT.replace(section("assume"), "assume:\n"), "assume"),
    ],
)
def test_a_file_that_is_no_whole_zone_is_refused_in_one_line(text, said):
    with pytest.raises(InputError) as refused:
        zones.read_zone(text, name=NAME)
    assert said in str(refused.value)
    assert str(refused.value).startswith("hetao.yaml:")


def test_an_outline_that_crosses_itself_is_refused():
    text = after("      - [3560, 870]\n      - [3560, 692]\n", "      - [3560, 692]\n      - [3560, 870]\n")
    with pytest.raises(ZoneError, match="crosses or touches itself"):
        zones.read_zone(text, name=NAME)


def test_a_part_outside_its_park_is_refused():
    moved = TEXT[: TEXT.index("    parts:")] + TEXT[TEXT.index("    parts:") :].replace("[120, 1615]", "[60, 1615]", 1)
    text = moved.replace("area_m2: 1350000", "area_m2: 1377000")
    with pytest.raises(ZoneError, match=r"corner \[60, 1615\] of futian_bonded lies outside sz_park"):
        zones.read_zone(text, name=NAME)


def test_parts_that_do_not_add_up_are_refused():
    parts = TEXT[TEXT.index("    parts:") : TEXT.index("      - id: huanggang_port")]
    with pytest.raises(ZoneError, match="1670000 m² together, but it has 3020000"):
        zones.read_zone(TEXT.replace(parts, "    parts:\n"), name=NAME)


def test_a_zone_nobody_has_is_refused_with_the_nearest_name():
    with pytest.raises(ZoneError, match='Did you mean "hengqin"'):
        zones.load_zone("henqin")


def test_a_zone_may_be_a_file_of_ones_own(tmp_path):
    own = tmp_path / "own.yaml"
    own.write_text(TEXT.replace("id: hetao", "id: own"), encoding="utf-8")
    assert zones.load_zone(str(own)).id == "own"
    own.write_text(TEXT.replace("id: hetao", "id: other"), encoding="utf-8")
    assert zones.load_zone(str(own)).id == "other"


def test_a_file_that_cannot_be_read_is_refused_in_one_line(tmp_path):
    with pytest.raises(ZoneError, match="cannot be read"):
        zones.load_zone(str(tmp_path / "none.yaml"))
    (tmp_path / "latin.yaml").write_bytes("id: é".encode("latin-1"))
    with pytest.raises(ZoneError, match="not UTF-8"):
        zones.load_zone(str(tmp_path / "latin.yaml"))


# From a cache


def test_a_checked_zone_is_built_again_from_plain_values():
    source = read_yaml(TEXT, name=NAME)
    cached = Source(NAME, source.value, {}, source.sha256)
    assert zones.build_zone(cached) == zones.load_zone()
    assert zones.load_zone(check=False) == zones.load_zone()


@pytest.mark.parametrize("value", [None, [], {}, {"id": "x"}, {"sides": 1}])
def test_values_that_were_never_checked_are_refused_without_a_traceback(value):
    with pytest.raises(ZoneError, match="check=True"):
        zones.build_zone(Source("cache.yaml", value, {}))


def test_the_zone_answers_for_a_control_point_it_lacks():
    with pytest.raises(ZoneError, match='Did you mean "west_bridge"'):
        zones.load_zone().control_point("west_brige")


# The schema, and what is not hard-wired


def test_the_schema_is_a_json_schema_and_its_keys_are_read():
    Draft202012Validator.check_schema(loader.schema())
    assert set(read_yaml(TEXT, name=NAME).value) <= set(loader.schema()["properties"])


def test_no_code_of_core_or_apps_names_a_zone_a_side_a_park_or_a_control_point():
    loaded = [zones.load_zone(name) for name in zones.zone_names()]
    names = {zone.id for zone in loaded} | {side.id for zone in loaded for side in zone.sides}
    names |= {entry.id for zone in loaded for entry in (*zone.parks, *zone.control_points)}
    whole = re.compile(rf"(?:^|[^\w-])(?:{'|'.join(sorted(names))})(?:[^\w]|$)")
    named = [
        f"{path.relative_to(SOURCE)}: {text}"
        for part in ("core", "apps")
        for path in (SOURCE / part).rglob("*.py")
        for text in literals(path)
        if " " not in text and whole.search(text)
    ]
    assert set(named) - {"core/rules/columns.py: mo"} == set()  # a month, as Polars calls it


def literals(path):
    """Yield every text of a module that is not a docstring."""
    tree = ast.parse(path.read_text("utf-8"))
    spoken = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in spoken:
            yield node.value


def test_no_page_of_the_apps_names_a_zone_a_side_a_park_or_a_control_point():
    loaded = [zones.load_zone(name) for name in zones.zone_names()]
    titles = {text for zone in loaded for text in zone.short_title.values()}
    titles |= {text for zone in loaded for side in zone.sides for text in side.title.values()}
    pages = [(path, path.read_text("utf-8")) for path in (SOURCE / "apps").rglob("*.html")]
    assert [f"{path.name}: {title}" for path, text in pages for title in titles if title in text] == []


# The desk


def desk(text):
    """Return the file with another section on the desk."""
    return TEXT.replace(section("desk"), text)


def test_how_soon_a_matter_is_answered_depends_on_its_kind_and_authority():
    zone = zones.load_zone("hetao")
    assert zone.due_days("referral", "hk.immd") == 3
    assert zone.due_days("referral", "hk.ced") == 5
    with pytest.raises(ZoneError, match="Add it under desk"):
        zone.due_days("dance", "hk.immd")


@pytest.mark.parametrize("name", zones.zone_names())
def test_each_bundled_zone_says_of_every_kind_how_soon_and_that_it_is_assumed(name):
    zone = zones.load_zone(name)
    assert {row.kind for row in zone.desk} == {"referral", "refusal", "remedy", "permit", "request"}
    assert {row.basis for row in zone.desk} == {"assumed"}


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("  - {kind: refusal, days: 1, basis: assumed}\n", "", "Nothing is said of how soon"),
        ("{kind: refusal, days: 1", "{kind: refusal, days: 0", "0"),
        ("{kind: refusal,", "{kind: referral,", "declared twice"),
        ("hk.immd: 3", "hk.imd: 3", "hk.imd"),
        ("{kind: permit, days: 3, basis: assumed}", "{kind: permit, days: 3, basis: hearsay}", "hearsay"),
    ],
)
def test_a_mistake_in_how_soon_is_one_line(old, new, said):
    assert old in section("desk")
    with pytest.raises(InputError, match=said):
        zones.read_zone(desk(section("desk").replace(old, new)), name=NAME)
