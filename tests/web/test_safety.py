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
@pytest.mark.parametrize("page", ["/decide/", "/decide/result/"])
def test_pages_with_facts_are_kept_by_the_readers_browser_alone(client, page):
    response = client.post(page, {"flow": "goods", "direction": "cn-hk"})
    assert set(response.headers["Cache-Control"].split(", ")) == {"private", "no-cache"}


@pytest.mark.django_db
def test_files_with_facts_are_kept_by_no_cache(client):
    response = client.post("/decide/decision.json", {"flow": "goods", "direction": "cn-hk"})
    assert "no-store" in response.headers["Cache-Control"]


TOO_LARGE = {"en": "That is too much at once", "zh-HK": "一次提交的內容過多", "zh-CN": "一次提交的内容过多"}
NOT_OURS = {"en": "That could not be read", "zh-HK": "未能讀取", "zh-CN": "无法读取"}
FORM_ONLY = {
    "en": "This page opens only from its form",
    "zh-HK": "此頁只能經表格開啟",
    "zh-CN": "此页只能通过表单打开",
}


@pytest.mark.parametrize("asked", TOO_LARGE)
@pytest.mark.parametrize(
    "typed", [{"f-0-category": "x" * 2_100_000}, {f"a{place}": "1" for place in range(20_001)}], ids=["bytes", "fields"]
)
def test_a_form_too_large_is_refused_in_the_readers_language(asked, typed):
    client = Client(enforce_csrf_checks=True)
    body = "&".join(f"{name}={text}" for name, text in typed.items())
    response = client.post(
        "/decide/", body, content_type="application/x-www-form-urlencoded", headers={"accept-language": asked}
    )
    assert response.status_code == 413
    assert TOO_LARGE[asked] in response.content.decode()


@pytest.mark.parametrize("asked", NOT_OURS)
@pytest.mark.parametrize(
    "content_type",
    ["application/x-www-form-urlencoded; charset=utf-16", "multipart/form-data", "multipart/form-data; boundary="],
)
def test_a_form_that_cannot_be_read_is_refused_in_the_readers_language(asked, content_type):
    client = Client(enforce_csrf_checks=True)
    response = client.post("/decide/", "flow=goods", content_type=content_type, headers={"accept-language": asked})
    assert response.status_code == 400
    assert NOT_OURS[asked] in response.content.decode()


@pytest.mark.parametrize("asked", FORM_ONLY)
@pytest.mark.parametrize("page", ["/decide/result/", "/decide/decision.json", "/preferences/"])
def test_the_address_of_a_form_opened_without_it_says_so(client, page, asked):
    response = client.get(page, headers={"accept-language": asked})
    assert response.status_code == 405
    assert response.headers["Allow"] == "POST"
    assert FORM_ONLY[asked] in response.content.decode()


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "TRACE", "BREW"])
@pytest.mark.parametrize("page", ["/", "/decide/", "/rules/"])
def test_a_method_that_no_page_takes_is_refused_in_words(page, method):
    response = Client(enforce_csrf_checks=True).generic(method, page)
    assert response.status_code == 405
    assert "<h1>" in response.content.decode()


def test_an_unknown_law_offers_the_nearest_law_and_not_a_rule(client):
    html = client.get("/measures/hk.cap599/").content.decode()
    assert 'href="../hk.cap599a/"' in html
    assert client.get("/measures/hk.cap599a/").status_code == 200


def test_a_page_is_sent_compressed_to_whoever_takes_it(client):
    response = client.get("/rules/", headers={"accept-encoding": "gzip"})
    assert response.headers["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in response.headers["Vary"]


@pytest.mark.django_db
def test_a_compressed_page_never_shows_the_same_token_twice(client):
    pages = [client.get("/decide/", headers={"accept-encoding": "gzip"}) for _ in range(2)]
    tokens = {str(page.context["csrf_token"]) for page in pages}
    assert len(tokens) == 2


def test_a_broken_page_stops_the_start_and_not_the_first_reader(monkeypatch):
    import importlib

    from django import urls

    from riverloop.web import wsgi

    asked = []
    real = urls.get_resolver
    monkeypatch.setattr(urls, "get_resolver", lambda: asked.append(1) or real())
    importlib.reload(wsgi)
    assert asked


@pytest.mark.django_db
@pytest.mark.parametrize(
    "address", ["/movements/%00/", "/movements/?q=%00", "/rules/?flow=%00", "/queue/?%00=1", "/a%00b/"]
)
def test_the_zero_character_is_refused_in_every_address(client, address):
    assert client.get(address).status_code == 400


@pytest.mark.django_db
@pytest.mark.parametrize("form", [{"flow": "goods\0"}, {"a\0b": "1"}])
def test_the_zero_character_is_refused_in_every_form(client, form):
    assert client.post("/decide/", form).status_code == 400


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/api/v1/movements", "/movements/", "/nothing/"])
def test_what_a_refused_request_still_sends_is_read_to_its_end(client, path):
    answer = client.generic("POST", path, b"x" * 300_000, content_type="text/plain")
    assert answer.status_code >= 300
    assert answer.wsgi_request.read() == b""  # else the server would end the connection, and lose what follows on it
