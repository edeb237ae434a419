"""Headers, refusals and the pages for what goes wrong."""

import gzip
import logging

import pytest
from django.test import Client

PAGES = ["/", "/decide/", "/rules/", "/rules/hk.cap599a.s14/", "/measures/", "/facts/", "/zone/"]
LARGEST_BYTES = 150_000


@pytest.fixture(autouse=True)
def _quiet():
    logging.getLogger("django.request").setLevel(logging.CRITICAL)
    logging.getLogger("django.security").setLevel(logging.CRITICAL)
    yield
    logging.getLogger("django.request").setLevel(logging.NOTSET)
    logging.getLogger("django.security").setLevel(logging.NOTSET)


@pytest.mark.parametrize("page", [*PAGES, "/nowhere/"])
def test_the_content_security_policy_allows_nothing_inline(client, page):
    policy = client.get(page).headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy + ";"
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy


def test_each_page_carries_the_headers_that_keep_it_safe(client):
    headers = client.get("/").headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"


@pytest.mark.parametrize("page", PAGES)
def test_no_page_is_heavier_than_150_kb_compressed(client, page):
    assert len(gzip.compress(client.get(page).content)) < LARGEST_BYTES


@pytest.mark.django_db
def test_a_form_of_many_items_is_not_heavier_either(client):
    typed = {f"f-{place}-category": "human_blood" for place in range(30)}
    response = client.post("/decide/", {"flow": "goods", "direction": "cn-hk", "items": "30", **typed})
    assert response.status_code == 200
    assert len(gzip.compress(response.content)) < LARGEST_BYTES


@pytest.mark.parametrize("page", ["/nowhere/", "/rules/hk.nothing/", "/measures/hk.nothing/"])
def test_an_unknown_address_says_so_and_offers_a_search(client, page):
    response = client.get(page)
    assert response.status_code == 404
    assert 'role="search"' in response.content.decode()


def test_an_unknown_rule_offers_the_nearest_one(client):
    assert "hk.cap599a.s14" in client.get("/rules/hk.cap599a.s15/").content.decode()


@pytest.mark.parametrize("asked", ["en", "zh-HK", "zh-CN"])
def test_a_form_from_elsewhere_is_refused_in_the_readers_language(asked):
    client = Client(enforce_csrf_checks=True)
    response = client.post("/decide/", {"flow": "goods"}, headers={"accept-language": asked})
    assert response.status_code == 403
    assert "<h1>" in response.content.decode()
    assert "CSRF" not in response.content.decode()


@pytest.mark.parametrize("asked", ["en", "zh-HK", "zh-CN"])
def test_a_mistake_of_ours_shows_no_traceback(monkeypatch, asked):
    def break_down(*arguments, **named):
        raise RuntimeError("what only we should see")

    monkeypatch.setattr("riverloop.apps.clearance.law.packs", break_down)
    response = Client(raise_request_exception=False).get("/rules/", headers={"accept-language": asked})
    html = response.content.decode()
    assert response.status_code == 500
    assert "what only we should see" not in html
    assert "Traceback" not in html
    assert "<h1>" in html


def test_facts_never_stand_in_an_address(client):
    html = client.get("/decide/?flow=goods&f-0-category=human_blood").content.decode()
    assert 'name="f-0-' not in html
    assert 'id="facts"' not in html


@pytest.mark.parametrize("page", ["/decide/result/", "/decide/movement.json", "/decide/decision.json"])
def test_a_decision_is_only_given_to_a_posted_form(client, page):
    assert client.get(page).status_code == 405


@pytest.mark.django_db
def test_pages_with_facts_are_kept_by_no_cache(client):
    response = client.post("/decide/", {"flow": "goods", "direction": "cn-hk"})
    assert "no-store" in response.headers["Cache-Control"]
