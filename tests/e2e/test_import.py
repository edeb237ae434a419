"""A table in a real browser: handed in, followed, shown, filed, accessible, on a phone and a desktop."""

import pytest

from riverloop.apps.clearance.importing import services
from riverloop.apps.clearance.models import Import, Movement
from riverloop.apps.runs import work
from tests.cast import Cast

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

TABLE = (
    "movement,direction,crossing_at,reference,category,suspected_infectious,transport_mode\n"
    "a,cn-hk,2026-12-01 09:00,Lot 1,human_blood,yes,road\n"
    "a,,,,human_dna,no,road\n"
    ",cn-hk,2026-12-02 09:00,Lot 2,equipment,,road\n"
)
BAD = TABLE + ",cn-hk,2026-12-03 09:00,Lot 3,human_blod,maybe,road\n"


@pytest.fixture
def signed_in(open_page, enter, live_server):
    """Open a page as Dora, who has shown her second factor."""
    cast = Cast()

    def open_as(**options):
        client = enter(cast.dora)
        page = open_page(**options)
        cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}
        page.context.add_cookies([cookie])
        return page

    return open_as


def hand_in(page, text):
    page.goto("/movements/import/")
    page.select_option("#flow", "goods")
    page.set_input_files("#file", {"name": "lots.csv", "mimeType": "text/csv", "buffer": text.encode()})
    page.locator("main form button.primary").click()
    page.wait_for_load_state()
    page.wait_for_url("**/movements/import/*/")


@pytest.mark.parametrize(("phone", "dark"), [(True, True), (False, False)])
def test_a_table_goes_from_the_file_to_filed_movements(signed_in, assert_accessible, phone, dark):
    page = signed_in(phone=phone, dark=dark)
    page.goto("/movements/import/")
    assert_accessible(page)
    hand_in(page, TABLE)
    page.get_by_text("Waiting").wait_for()
    assert_accessible(page)
    work.work_all([services.CHECK])
    page.get_by_role("button", name="File all 2 movements").wait_for()
    assert_accessible(page)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page.get_by_role("button", name="File all 2 movements").click()
    page.get_by_text("Waiting").wait_for()
    work.work_all([services.FILE])
    page.get_by_role("heading", name="Filed", exact=True).wait_for()
    assert_accessible(page)
    movement = Movement.objects.filter(owner_side="hk").order_by("crossing_at").first()
    page.goto(f"/movements/{movement.id}/earliest/")
    assert_accessible(page)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_without_javascript_a_table_is_followed_and_its_mistakes_are_read(signed_in):
    page = signed_in(javascript=False)
    hand_in(page, BAD)
    work.work_all([services.CHECK])
    page.goto(f"/movements/import/{Import.objects.get().id}/?show=wrong")
    assert page.get_by_text('"maybe" is neither yes nor no. Write yes or no.').is_visible()
    page.get_by_role("button", name="File only the 2 movements without a mistake").click()
    work.work_all([services.FILE])
    page.reload()
    assert page.get_by_role("heading", name="Filed", exact=True).is_visible()
