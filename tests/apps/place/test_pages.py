"""The page of the zone: the map, its tables, what is known, told and assumed, in three languages."""

import dataclasses
import re

import pytest
from django.template import Context, Template
from django.urls import reverse
from django.utils import translation

from riverloop.apps.clearance import law
from riverloop.apps.place import selectors
from riverloop.apps.place.words import DESIGN_WORDS, FIELD_WORDS, STATUS_WORDS, STEP_WORDS
from riverloop.zones import load_zone, zone_names
from riverloop.zones.loader import schema

LANGUAGES = [("en", "en"), ("zh-HK", "zh-Hant"), ("zh-CN", "zh-Hans")]


@pytest.fixture
def read_page(client, settings, tmp_path):
    """Read the page of the zone in a language."""
    settings.STATIC_ROOT = tmp_path

    def read(language="en"):
        answer = client.get(reverse("place:zone"), headers={"accept-language": language})
        assert answer.status_code == 200
        return answer.content.decode()

    return read


def drawn(zone, language="en"):
    with translation.override(language):
        return Template("{% load zone_map %}{% zone_map zone %}").render(Context({"zone": zone}))


@pytest.mark.parametrize(("asked", "language"), LANGUAGES)
def test_the_page_names_both_parks_with_their_areas_in_the_readers_language(read_page, asked, language):
    page, zone = read_page(asked), load_zone()
    for entry in (zone, *zone.parks, *zone.parks[1].parts, *zone.control_points, zone.river):
        assert entry.title[language] in page
    assert zone.map_note[language] in page
    assert ">87 " in re.sub(r"\s+", " ", page) or "87公" in page


def test_the_map_is_an_image_with_a_title_and_a_description(read_page):
    page = read_page()
    svg = re.search(r"<svg class=\"zone-map-drawing\".*?</svg>", page, flags=re.DOTALL).group()
    assert 'role="img"' in svg
    for name in re.search(r'aria-labelledby="([^"]+)"', svg).group(1).split():
        assert page.count(f'id="{name}"') == 1
    assert "style=" not in svg
    assert "Hong Kong Park" in svg


def test_the_map_uses_points_for_decimals_in_every_language():
    for asked, _ in LANGUAGES:
        page = drawn(load_zone(), asked.lower())
        paths = re.findall(r' d="([^"]+)"', page)
        assert paths
        assert all(re.fullmatch(r"[MLQVHZ0-9. -]+", path) for path in paths)


def test_both_years_in_which_a_bridge_is_expected_are_shown_with_who_says_so(read_page):
    page = read_page()
    assert "Expected 2026 (The Secretary" in page
    assert "Expected 2027 (Sonny Lo" in page


def test_what_is_assumed_is_called_a_pilot_and_links_to_its_rule(read_page):
    page = read_page()
    assert "pilot, not law" in page.lower()
    for rule in load_zone().assume:
        assert reverse("clearance:rule", args=[rule]) in page


@pytest.mark.parametrize(
    ("when", "language", "said"),
    [
        ("2026", "en", "2026"),
        ("2026", "zh-Hant", "2026年"),
        ("2025-12", "en", "December 2025"),
        ("2025-12", "zh-Hans", "2025年12月"),
        ("2025-11-06", "en", "6 November 2025"),
        ("2025-11-06", "zh-Hant", "2025年11月6日"),
        ("", "en", ""),
    ],
)
def test_a_year_a_month_and_a_date_are_told_in_words(when, language, said):
    assert selectors.when_text(when, language) == said


def test_every_figure_shows_its_source(read_page):
    page = read_page()
    for figure in load_zone().figures:
        assert figure.text["en"].replace("'", "&#x27;") in page
        for name in figure.references:
            assert load_zone().references[name].title["en"] in page


def test_what_one_side_tells_the_other_links_to_the_fact_it_is(read_page):
    page = read_page()
    assert f'href="{reverse("clearance:facts")}#purpose"' in page
    assert f'href="{reverse("clearance:facts")}#paper-dh_import_permit"' in page
    assert "watch_hit" not in page


@pytest.mark.parametrize("name", zone_names())
def test_every_field_that_is_told_has_a_name_for_people(name):
    words = law.packs().dictionary
    codes = {field for row in load_zone(name).disclosures for field in row.fields}
    assert {code for code in codes if selectors.field_label(code, words)[0] == code} == set()


def test_every_word_of_the_schema_has_a_name_for_people():
    known = schema()["properties"]
    point = known["control_points"]["items"]["properties"]
    assert set(point["status"]["enum"]) == set(STATUS_WORDS)
    assert set(point["design"]["enum"]) == set(DESIGN_WORDS)
    assert set(known["disclosure"]["items"]["properties"]["step"]["enum"]) == set(STEP_WORDS)


def test_no_name_for_a_field_is_left_over():
    codes = {field for name in zone_names() for row in load_zone(name).disclosures for field in row.fields}
    assert set(FIELD_WORDS) <= codes


def test_what_was_made_up_says_so():
    zone = load_zone()
    assert "Synthetic" not in drawn(zone)
    park = dataclasses.replace(zone.parks[0], synthetic=True)
    point = dataclasses.replace(zone.control_points[0], synthetic=True)
    made_up = dataclasses.replace(
        zone, sha256="made up", parks=(park, zone.parks[1]), control_points=(point, *zone.control_points[1:])
    )
    assert drawn(made_up).count("Synthetic") == 3  # in the legend and in both tables


def test_another_zone_is_shown_just_so(read_page, monkeypatch):
    other = load_zone("hengqin")
    monkeypatch.setattr("riverloop.apps.place.views.zone", lambda: other)
    monkeypatch.setattr("riverloop.web.context.zone", lambda: other)
    monkeypatch.setattr("riverloop.apps.nodes.here.zone", lambda: other)
    page = read_page()
    assert "106 km²" in page
    assert "Nothing: only rules in force count." in page
    assert other.note["en"].split(";")[0].replace("'", "&#x27;") in page
    assert "Hong Kong" not in page.split("<main", 1)[1].split("</main>", 1)[0]


def test_the_page_only_answers_reading(client):
    assert client.post(reverse("place:zone")).status_code in (403, 405)
