"""Whoever started a run follows it, stops it, and reads in one line why it failed; nobody else sees it."""

import pytest

from riverloop.apps.runs import work
from riverloop.apps.runs.models import Run
from riverloop.apps.runs.services import run_start
from riverloop.core.kernel.errors import InputError

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def own_kinds(monkeypatch):
    for name in ("_functions", "_titles", "_pages"):
        monkeypatch.setattr(work, name, {})


@pytest.fixture
def run(cast):
    work.register("test.kind", lambda _: {}, title="Counting", page=lambda run: f"/counted/{run.id}/")
    return run_start(side="hk", kind="test.kind", params={}, by=cast.dora, total=1_200)


def test_a_run_that_waits_shows_its_progress_and_how_to_stop_it(cast, enter, run):
    page = enter(cast.dora).get(f"/runs/{run.id}/").text
    assert "<h1>Counting</h1>" in page
    assert "0 of 1,200" in page
    assert '<progress aria-label="Counting" max="1200" value="0">' in page
    assert "Stop it" in page
    assert 'http-equiv="refresh"' in page


def test_only_its_part_is_sent_while_it_lasts_and_the_page_is_read_anew_at_its_end(cast, enter, run):
    client = enter(cast.dora)
    part = client.get(f"/runs/{run.id}/", headers={"HX-Request": "true"})
    assert "<html" not in part.text
    assert "HX-Refresh" not in part.headers
    work.work_all()
    part = client.get(f"/runs/{run.id}/", headers={"HX-Request": "true"})
    assert part.headers["HX-Refresh"] == "true"
    assert "hx-get" not in part.text


def test_a_run_that_is_done_leads_to_its_result(cast, enter, run):
    work.work_all()
    page = enter(cast.dora).get(f"/runs/{run.id}/").text
    assert f'href="/counted/{run.id}/"' in page
    assert "refresh" not in page
    assert "Stop it" not in page


def test_a_run_is_stopped_by_whoever_started_it(cast, enter, run):
    client = enter(cast.dora)
    assert client.post(f"/runs/{run.id}/cancel/").headers["Location"] == f"/runs/{run.id}/"
    assert "Cancelled" in client.get(f"/runs/{run.id}/").text
    assert not work.work_once()


def test_a_run_that_failed_says_why_in_one_line(cast, enter):
    def refuse(progress):
        raise InputError("x.y", "Row {row} has no date. Give one.", row=7)

    work.register("test.kind", refuse)
    run = run_start(side="hk", kind="test.kind", params={}, by=cast.dora)
    work.work_all()
    client = enter(cast.dora)
    assert '<p class="error" role="alert">Row 7 has no date. Give one.</p>' in client.get(f"/runs/{run.id}/").text
    assert "Row 7 has no date" in client.get("/runs/").text


def test_anothers_run_is_not_there_and_an_auditor_sees_those_of_the_side(cast, enter, run):
    for outsider in (cast.eve, cast.mei, cast.oscar, cast.amy, cast.nobody_yet):
        client = enter(outsider)
        assert client.get(f"/runs/{run.id}/").status_code == 404
        assert client.post(f"/runs/{run.id}/cancel/").status_code == 404
        assert "Counting" not in client.get("/runs/").text
    assert "Counting" in enter(cast.ada).get("/runs/").text
    assert Run.objects.get().state == "waiting"
