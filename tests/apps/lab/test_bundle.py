"""Looking closer at counted days: the script that draws is made once, loaded on demand, and obeys the page's policy."""

import subprocess

import pytest
from django.contrib.staticfiles import finders

from riverloop.apps.lab import bundle


def test_the_script_is_found_among_static_files_and_made_once(monkeypatch):
    path = finders.find("lab/vega.js")
    with open(path, encoding="utf-8") as file:  # noqa: PTH123 - Django gives a text
        assert "vegaEmbed" in file.read()
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: pytest.fail("made again"))
    assert finders.find("lab/vega.js") == path
    assert finders.find("lab/vega.css") is None
    ((name, storage),) = bundle.BundleFinder().list(None)
    assert storage.path(name) == path


def test_where_the_source_cannot_be_written_it_is_made_in_the_data_folder(monkeypatch, settings, tmp_path):
    settings.RIVERLOOP_DATA = tmp_path
    monkeypatch.setattr(bundle, "version", lambda _name: "0.0.test")
    monkeypatch.setattr("os.access", lambda *_: False)
    assert bundle.made() == tmp_path / "cache" / "vega-0.0.test"
    assert [path.name for path in bundle.made().iterdir()] == ["vega.js"]


@pytest.mark.browser
@pytest.mark.django_db
@pytest.mark.parametrize(("phone", "dark"), [(False, False), (True, True)])
def test_a_person_can_look_closer_under_the_pages_policy(open_page, assert_accessible, phone, dark):
    page = open_page(phone=phone, dark=dark)
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto("/lab/traffic/?first=2025-01-01&last=2025-12-31")
    assert not [url for url in asked if "vega" in url]
    page.get_by_role("button", name="Look closer").click()
    page.wait_for_selector("[data-explore-here] svg")
    assert len([url for url in asked if "vega" in url]) == 1
    assert page.locator("[data-explore-here] path[stroke='var(--chart-1)']").count()
    page.get_by_role("button", name="Look closer").wait_for(state="hidden")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert_accessible(page)


@pytest.mark.browser
@pytest.mark.django_db
def test_without_javascript_nothing_is_offered_that_does_not_work(open_page):
    page = open_page(javascript=False)
    page.goto("/lab/traffic/")
    assert page.get_by_role("button", name="Look closer").count() == 0
    assert page.locator("figure svg[role=img]").count()


@pytest.mark.browser
@pytest.mark.django_db
def test_days_that_cannot_be_fetched_are_said_to_be_in_the_table(open_page):
    page = open_page()
    page.route("**/table.csv*", lambda route: route.fulfill(status=404))
    page.goto("/lab/traffic/")
    page.get_by_role("button", name="Look closer").click()
    page.get_by_text("It could not be loaded.").wait_for()
    assert page.get_by_role("button", name="Look closer").is_enabled()
