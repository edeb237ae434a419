"""Every page speaks English, Traditional and Simplified Chinese, each as its readers write it."""

import re

import pytest

from riverloop.web.preferences import negotiate, normalise

GOODS = {"flow": "goods", "direction": "cn-hk", "f-0-category": "human_blood", "f-0-suspected_infectious": "yes"}
PAGES = [
    "/",
    "/decide/",
    "/rules/",
    "/rules/hk.cap599a.s14/",
    "/measures/",
    "/measures/hk.cap599a/",
    "/facts/",
    "/zone/",
]
LANGUAGES = {"en-GB": "en", "zh-HK": "zh-Hant", "zh-CN": "zh-Hans"}


@pytest.mark.parametrize(
    ("tag", "ours"),
    [
        ("en", "en"),
        ("en-US", "en"),
        ("zh-HK", "zh-hant"),
        ("zh-TW", "zh-hant"),
        ("zh-MO", "zh-hant"),
        ("zh-Hant", "zh-hant"),
        ("zh-Hant-HK", "zh-hant"),
        ("zh_Hant_HK", "zh-hant"),
        ("zh-CN", "zh-hans"),
        ("zh-SG", "zh-hans"),
        ("zh-Hans-HK", "zh-hans"),
        ("zh", "zh-hans"),
        ("yue", "zh-hant"),
        ("fr", None),
        ("", None),
    ],
)
def test_a_language_tag_is_known_by_its_script_then_its_place(tag, ours):
    assert normalise(tag) == ours


@pytest.mark.parametrize(
    ("header", "ours"),
    [
        ("", "en"),
        ("fr-FR, de;q=0.9", "en"),
        ("fr, zh-TW;q=0.8, en;q=0.7", "zh-hant"),
        ("en;q=0.3, zh-CN;q=0.9", "zh-hans"),
        ("zh-HK;q=0, en", "en"),
        ("zh;q=banana", "zh-hans"),
    ],
)
def test_the_first_wanted_language_that_is_ours_is_taken(header, ours):
    assert negotiate(header) == ours


@pytest.mark.parametrize("asked", LANGUAGES)
@pytest.mark.parametrize("page", PAGES)
def test_each_page_answers_in_the_language_asked_for(client, page, asked):
    response = client.get(page, headers={"accept-language": asked})
    assert response.status_code == 200
    assert f'<html lang="{LANGUAGES[asked]}"' in response.content.decode()
    assert "Accept-Language" in response.headers["Vary"]


@pytest.mark.parametrize("asked", LANGUAGES)
@pytest.mark.parametrize("page", ["/decide/", "/decide/result/"])
@pytest.mark.django_db
def test_each_posted_page_answers_in_the_language_asked_for(client, page, asked):
    response = client.post(page, GOODS, headers={"accept-language": asked})
    assert response.status_code == 200
    assert f'<html lang="{LANGUAGES[asked]}"' in response.content.decode()


def visible(html):
    """Return what a reader sees, without code, texts marked as English, and the names of languages."""
    body = html[html.index("<body") :]
    body = re.sub(r"<(svg|script|code|pre)\b.*?</\1>", " ", body, flags=re.DOTALL)
    body = re.sub(r'<(\w+)[^>]*(?:class="[^"]*code[^"]*"|lang="en")[^>]*>.*?</\1>', " ", body, flags=re.DOTALL)
    return re.sub(r"https?://\S+", " ", re.sub(r"<[^>]+>", " ", body))


@pytest.mark.parametrize("asked", ["zh-HK", "zh-CN"])
@pytest.mark.django_db
def test_no_english_sentence_is_left_on_a_chinese_page(client, asked):
    for page in [*PAGES, "/nowhere/"]:
        text = visible(client.get(page, headers={"accept-language": asked}).content.decode())
        assert re.findall(r"\b[a-z]+ [a-z]+ [a-z]+\b", text) == [], page
    for page in ("/decide/", "/decide/result/"):
        text = visible(client.post(page, GOODS, headers={"accept-language": asked}).content.decode())
        assert re.findall(r"\b[a-z]+ [a-z]+ [a-z]+\b", text) == [], page


def test_the_switch_keeps_the_language_and_goes_back_to_the_page(client):
    response = client.post("/preferences/", {"set_language": "zh-hant", "next": "/rules/?flow=goods"})
    assert response.headers["Location"] == "/rules/?flow=goods"
    assert '<html lang="zh-Hant"' in client.get("/rules/").content.decode()


def test_the_switch_never_leads_to_another_site(client):
    for elsewhere in ("https://example.org/", "//example.org/", "javascript:alert(1)"):
        response = client.post("/preferences/", {"set_language": "en", "next": elsewhere})
        assert response.headers["Location"] == "/"


@pytest.mark.django_db
def test_changing_the_language_keeps_what_was_typed(client):
    html = client.post("/decide/", {**GOODS, "set_language": "zh-hans"}).content.decode()
    assert '<html lang="zh-Hans"' in html
    assert '<option value="human_blood" selected>' in html


def test_the_theme_is_chosen_without_a_script(client):
    assert 'data-theme="auto"' in client.get("/").content.decode()
    client.post("/preferences/", {"set_theme": "dark", "next": "/"})
    assert 'data-theme="dark"' in client.get("/").content.decode()
    client.post("/preferences/", {"set_theme": "purple", "next": "/"})
    assert 'data-theme="dark"' in client.get("/").content.decode()
