"""A person at a real browser: with a mouse, with a keyboard alone, without JavaScript, in the dark."""

import re

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PAGES = [
    "/",
    "/decide/",
    "/rules/?flow=person",
    "/rules/hk.cap599a.s14/",
    "/measures/",
    "/measures/hk.cap599a/",
    "/facts/",
    "/nowhere/",
]
PHONE_AND_DESKTOP = pytest.mark.parametrize("phone", [True, False], ids=["phone", "desktop"])


def begin(page, flow="goods", direction="cn-hk"):
    page.goto("/")
    page.check(f'input[name="flow"][value="{flow}"]')
    page.check(f'input[name="direction"][value="{direction}"]')
    page.click("form.start button.primary")
    page.wait_for_selector("#facts")


def live(page, act):
    """Do something that sends the form, and wait until the answer stands on the page."""
    page.wait_for_load_state("load")  # on a busy machine a test is quicker than htmx, which then hears no change
    with page.expect_response(re.compile("/decide/$")):
        act()
    page.wait_for_function("() => !document.querySelector('.htmx-request, .htmx-settling, .htmx-swapping')")


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_axe_finds_nothing(open_page, assert_accessible, dark):
    page = open_page(dark=dark)
    for path in PAGES:
        page.goto(path)
        assert_accessible(page)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@PHONE_AND_DESKTOP
def test_axe_finds_nothing_on_the_form_and_the_decision(open_page, assert_accessible, dark, phone):
    page = open_page(dark=dark, phone=phone)
    begin(page)
    live(page, lambda: page.select_option("#f-0-category", "human_blood"))
    live(page, lambda: page.check("#f-0-suspected_infectious-yes"))
    page.evaluate("() => document.querySelectorAll('details').forEach((one) => { one.open = true })")
    assert_accessible(page)
    page.click("aside .button.primary")
    page.wait_for_selector(".sides")
    page.evaluate("() => document.querySelectorAll('details').forEach((one) => { one.open = true })")
    assert_accessible(page)


@pytest.mark.parametrize("language", ["en-GB", "zh-HK", "zh-CN"])
@PHONE_AND_DESKTOP
def test_no_page_scrolls_sideways(open_page, phone, language):
    page = open_page(phone=phone, language=language)
    for path in PAGES:
        page.goto(path)
        assert page.evaluate("() => document.documentElement.scrollWidth <= window.innerWidth"), path


def test_the_sentence_follows_each_answer_and_the_focus_stays(open_page):
    page = open_page()
    begin(page)
    before = page.inner_text("#outcome .sentence")
    live(page, lambda: page.select_option("#f-0-category", "human_blood"))
    live(page, lambda: page.check("#f-0-suspected_infectious-yes"))
    assert page.inner_text("#outcome .sentence") != before
    assert page.evaluate("() => document.activeElement.id") == "f-0-suspected_infectious-yes"


def test_what_is_being_typed_survives_an_answer_that_arrives_meanwhile(open_page):
    page = open_page()
    begin(page)
    live(page, lambda: page.select_option("#f-0-category", "human_blood"))
    page.route("**/decide/", lambda route: (page.wait_for_timeout(300), route.continue_()))
    page.focus("#f-0-un_number")
    page.evaluate("() => document.querySelector('#f-0-category').dispatchEvent(new Event('change', {bubbles: true}))")
    page.keyboard.type("UN3373", delay=20)
    page.wait_for_timeout(900)
    assert page.input_value("#f-0-un_number") == "UN3373"
    assert page.evaluate("() => document.activeElement.id") == "f-0-un_number"
    live(page, lambda: page.keyboard.press("Tab"))
    assert page.input_value("#f-0-un_number") == "UN3373"


def test_the_back_button_finds_the_answers_as_they_were_left(open_page):
    page = open_page()
    begin(page)
    live(page, lambda: page.select_option("#f-0-category", "human_blood"))
    live(page, lambda: page.check("#f-0-suspected_infectious-yes"))
    so_far = page.inner_text("#outcome .sentence")
    page.click("aside .button.primary")
    page.wait_for_selector(".sides")
    page.go_back()
    page.wait_for_function("() => document.querySelector('#f-0-suspected_infectious-yes')?.checked")
    assert page.input_value("#f-0-category") == "human_blood"
    assert page.inner_text("#outcome .sentence") == so_far
    page.go_forward()
    assert page.locator("article.side").count() == 2


def test_the_back_button_works_after_the_language_was_switched(open_page):
    page = open_page()
    begin(page)
    live(page, lambda: page.select_option("#f-0-category", "human_blood"))
    page.click('button[value="zh-hant"]')
    page.wait_for_selector('html[lang="zh-Hant"] #facts')
    page.click("aside .button.primary")
    page.wait_for_selector(".sides")
    page.go_back()
    page.wait_for_function("() => document.querySelector('#f-0-category')?.value === 'human_blood'")


def test_the_back_button_works_without_javascript(open_page):
    page = open_page(javascript=False)
    begin(page)
    page.select_option("#f-0-category", "human_blood")
    page.click("#facts .actions .primary")
    page.click("aside .button.primary")
    page.wait_for_selector(".sides")
    page.go_back()
    assert page.input_value("#f-0-category") == "human_blood"


@pytest.mark.parametrize("javascript", [True, False])
def test_switching_the_language_keeps_what_was_typed_and_not_sent(open_page, javascript):
    page = open_page(javascript=javascript)
    begin(page)
    page.fill("#f-0-un_number", "UN3373")
    page.click('button[value="zh-hant"]')
    page.wait_for_selector('html[lang="zh-Hant"] #facts')
    assert page.input_value("#f-0-un_number") == "UN3373"


def test_a_keyboard_alone_reaches_the_decision(open_page):
    page = open_page()
    page.goto("/")
    page.keyboard.press("Tab")
    assert page.evaluate("() => document.activeElement.className") == "skip"
    page.focus('input[name="flow"][value="person"]')
    page.keyboard.press("ArrowDown")
    assert page.is_checked('input[name="flow"][value="goods"]')
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_selector("#facts")
    page.focus("#f-0-category")
    live(page, lambda: page.keyboard.press("ArrowDown"))
    outline = page.evaluate("() => getComputedStyle(document.activeElement).outlineStyle")
    assert outline != "none"
    page.focus("aside .button.primary")
    page.keyboard.press("Enter")
    page.wait_for_selector(".sides")
    assert page.inner_text("h1.sentence")


def test_enter_in_a_text_field_continues_and_loses_nothing(open_page):
    page = open_page(javascript=False)
    begin(page)
    page.fill("#f-0-un_number", "UN3373")
    page.press("#f-0-un_number", "Enter")
    assert page.input_value("#f-0-un_number") == "UN3373"


def test_everything_works_without_javascript(open_page):
    page = open_page(javascript=False, language="zh-HK")
    begin(page)
    page.select_option("#f-0-category", "human_blood")
    page.check("#f-0-suspected_infectious-yes")
    page.click("#facts .actions .primary")
    page.check("#f-0-has_dh_import_permit-yes")
    page.click("#facts .actions .primary")
    page.fill("#f-0-dh_import_permit_expires_on", "2030-01-01")
    page.click('#facts button[value="add"]')
    assert page.locator("section.item").count() == 2
    assert page.input_value("#f-0-dh_import_permit_expires_on") == "2030-01-01"
    page.click('button[value="remove:1"]')
    page.click("aside .button.primary")
    assert page.locator("article.side").count() == 2
    page.click('button[value="zh-hans"]')
    assert page.locator("html").get_attribute("lang") == "zh-Hans"
    assert page.locator("article.side").count() == 2
    page.click(".actions .primary")
    assert page.input_value("#f-0-category") == "human_blood"


def test_a_mistake_is_shown_beside_its_field_and_listed_above(open_page):
    page = open_page()
    begin(page)
    live(page, lambda: page.select_option("#f-0-category", "human_blood"))
    page.fill("#f-0-un_number", "three")
    live(page, lambda: page.keyboard.press("Tab"))
    assert page.input_value("#f-0-un_number") == "three"
    assert page.locator("#e-f-0-un_number").is_visible()
    assert page.locator('.mistakes a[href="#f-0-un_number"]').count() == 1


def test_the_dark_switch_works_without_javascript(open_page):
    page = open_page(javascript=False)
    page.goto("/rules/")
    page.click('button[value="dark"]')
    assert page.url.endswith("/rules/")
    assert page.locator("html").get_attribute("data-theme") == "dark"


def test_targets_are_large_enough_for_a_finger(open_page):
    page = open_page(phone=True)
    begin(page)
    small = page.evaluate(
        """() => [...document.querySelectorAll('button, select, input:not([type=hidden]), summary')]
        .map((one) => one.closest('label') || one)
        .filter((one) => one.getClientRects().length && one.getAttribute('aria-hidden') !== 'true')
        .map((one) => one.getBoundingClientRect())
        .filter((box) => box.height < 43.5).length"""
    )
    assert small == 0
