"""An officer's day at the queue, by the keyboard alone, as a browser shows it."""

import pytest
from playwright.sync_api import expect

from riverloop.apps.desk.models import Matter
from tests.apps.desk.conftest import opened
from tests.cast import Cast

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def sign_in(client, live_server):
    """Sign a browser's page in as somebody."""

    def into(page, user):
        client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
        session = client.session
        session["second_factor_set_up_by"] = user.pk
        session.save()
        page.context.add_cookies([{"name": "sessionid", "value": session.session_key, "url": live_server.url}])

    return into


@pytest.mark.parametrize("phone", [False, True])
def test_an_officer_finds_opens_and_decides_by_the_keyboard(open_page, sign_in, assert_accessible, phone):
    cast, page = Cast(), open_page(phone=phone)
    first, second = opened(cast, flow="goods"), opened(cast, flow="person", person=cast.hana_herself)
    Matter.objects.filter(pk=first.pk).update(due_at=first.due_at.replace(year=2025))
    sign_in(page, cast.oscar)
    page.goto("/queue/?tab=all")
    assert_accessible(page)
    page.get_by_role("rowheader").get_by_role("link").first.focus()
    page.keyboard.press("ArrowDown")
    expect(page.locator(f'a[href="/queue/{second.id}/"]')).to_be_focused()
    page.keyboard.press("Home")
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{page.url.split('/queue/')[0]}/queue/{first.id}/")
    assert_accessible(page)
    page.get_by_label("Reason").first.fill("The papers are as they should be.")
    page.get_by_role("button", name="Allow").press("Enter")
    expect(page.get_by_role("status")).to_contain_text("This is the next one")
    expect(page.get_by_text("Ha Na")).to_be_visible()
    page.wait_for_load_state("load")  # what is said stands there before the styles do
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    page.get_by_role("button", name="Give it back").press("Enter")
    expect(page.get_by_role("status")).to_contain_text("back in the queue")


def test_it_works_without_javascript(open_page, sign_in):
    cast, page = Cast(), open_page(javascript=False)
    opened(cast, flow="goods")
    sign_in(page, cast.oscar)
    page.goto("/queue/")
    page.get_by_role("button", name="Take the most urgent").click()
    page.get_by_role("button", name="Allow").click()
    expect(page.get_by_role("status")).to_have_text("Decided.")


@pytest.mark.parametrize("phone", [False, True])
def test_an_officer_gives_those_who_cross_together_one_answer(open_page, sign_in, assert_accessible, phone):
    cast, page = Cast(), open_page(phone=phone)
    first = opened(cast, flow="person", item=0)
    others = [opened(cast, flow="person", subject=first.subject, item=item) for item in (1, 2, 3)]
    sign_in(page, cast.oscar)
    page.goto(f"/queue/{first.id}/")
    page.get_by_text("The same answer for others of the movement").click()
    assert_accessible(page)
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    together = page.locator("details[open]")
    together.get_by_label("Item 3").uncheck()
    together.get_by_label("Then open the next for me").uncheck()
    together.get_by_role("button", name="Allow").click()
    expect(page.get_by_role("status")).to_have_text("Decided.")
    states = [Matter.objects.get(pk=one.pk).state for one in (first, *others)]
    assert states == ["closed", "closed", "open", "closed"]


WIDER_THAN_ITS_BOX = """
selects => selects.flatMap(select => {
  const style = getComputedStyle(select), pen = document.createElement("canvas").getContext("2d");
  pen.font = style.font;
  const room = select.clientWidth - parseFloat(style.paddingInlineStart) - parseFloat(style.paddingInlineEnd) - 16;
  return [...select.options].map(option => option.text).filter(text => pen.measureText(text).width > room);
})
"""
"""Which choices would be cut; beside its text a box holds an arrow of 16 pixels."""


@pytest.mark.parametrize("language", ["en", "zh-HK", "zh-CN"])
def test_no_choice_of_the_filters_is_cut_on_a_phone(open_page, sign_in, language):
    cast, page = Cast(), open_page(phone=True, language=language)
    sign_in(page, cast.oscar)
    page.goto("/queue/")
    assert page.locator(".filters select").evaluate_all(WIDER_THAN_ITS_BOX) == []
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
