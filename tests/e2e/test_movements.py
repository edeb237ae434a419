"""People work with movements in a real browser: filed, answered, crossed, objected to; axe finds nothing."""

import pytest

from tests.apps.clearance.filing import BLOOD, file_goods, file_person
from tests.cast import Cast

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def cast(transactional_db):
    return Cast()


@pytest.fixture
def open_as(open_page, enter, live_server):
    """Open a page as somebody who has signed in; signing in has its own tests."""

    def opened(user, **options):
        page = open_page(**options)
        cookie = enter(user).cookies["sessionid"]
        page.context.add_cookies([{"name": "sessionid", "value": cookie.value, "url": live_server.url}])
        return page

    return opened


def sideways(page):
    return page.evaluate("() => document.documentElement.scrollWidth > window.innerWidth")


@pytest.fixture
def filed(cast):
    from tests.apps.clearance.test_movement_pages import notice_on, question_on

    goods, person = file_goods(cast, BLOOD, reference="Study 7", days=0), file_person(cast, days=0)
    question, notice = question_on(goods), notice_on(person)
    return {
        "goods": f"/movements/{goods.id}/",
        "person": f"/movements/{person.id}/",
        "answer": f"/movements/{goods.id}/questions/{question.id}/",
        "remedy": f"/movements/{person.id}/notices/{notice.id}/",
    }


@pytest.mark.parametrize(("phone", "dark"), [(True, False), (False, True)])
def test_axe_finds_nothing_and_no_page_scrolls_sideways(open_as, assert_accessible, cast, filed, *, phone, dark):
    goods, person = filed["goods"], filed["person"]
    pages = {
        "dora": [
            *("/", "/day/", "/movements/", "/movements/?q=nothing", "/movements/new/", goods, person),
            *(f"{goods}changes/", f"{goods}restate/", f"{goods}withdraw/", filed["answer"]),
        ],
        "hana": ["/me/", person, filed["remedy"]],
        "oscar": ["/day/", "/movements/", person],
        "greta": ["/day/", goods, f"{goods}cross/"],
        "pat": ["/day/"],
    }
    for name, paths in pages.items():
        page = open_as(getattr(cast, name), phone=phone, dark=dark)
        for path in paths:
            page.goto(path)
            assert_accessible(page)
            assert not sideways(page), path


@pytest.mark.parametrize("language", ["zh-HK", "zh-CN"])
def test_no_page_scrolls_sideways_in_chinese(open_as, cast, filed, language):
    page = open_as(cast.dora, phone=True, language=language)
    for path in ("/", "/day/", "/movements/", filed["goods"], filed["person"]):
        page.goto(path)
        assert not sideways(page), path


@pytest.mark.parametrize("javascript", [True, False])
def test_a_coordinator_declares_files_restates_and_withdraws(open_as, cast, javascript):
    page = open_as(cast.dora, javascript=javascript)
    page.goto("/movements/new/")
    page.check("input[name=flow][value=goods]")
    page.check("input[name=direction][value=hk-cn]")
    page.click("form.start button.primary")
    page.select_option("#f-0-category", "equipment")
    page.click("text=Read the reasons")
    page.click("text=File this movement")
    page.fill("#reference", "Study 7")
    page.click("text=File this movement >> nth=-1")
    page.wait_for_url("**/movements/*/?said=filed")
    assert "Filed." in page.inner_text(".verdict")
    page.click("text=Change what is stated")
    page.select_option("#f-0-category", "document")
    page.click("text=Save the changes")
    page.wait_for_selector("text=What is stated")
    assert "version 2" in page.inner_text(".stated")
    page.click("text=What has changed")
    assert "What is stated otherwise" in page.inner_text("main")
    page.go_back()
    page.click("text=Withdraw")
    page.check("input[name=sure]")
    page.click("button:has-text('Withdraw')")
    page.wait_for_selector("text=Withdrawn on")


def test_a_holder_objects_by_keyboard(open_as, cast, filed):
    page = open_as(cast.hana, phone=True)
    page.goto("/me/")
    page.focus("a.button:has-text('Object to the refusal')")
    page.keyboard.press("Enter")
    page.wait_for_selector("#text")
    page.focus("#text")
    page.keyboard.type("It is me.")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=You have objected")


def test_a_page_prints_without_its_buttons(open_as, cast, filed):
    page = open_as(cast.dora)
    page.goto(filed["goods"])
    page.emulate_media(media="print")
    assert page.locator(".actions").is_hidden()
    assert page.locator("h1.sentence").is_visible()
