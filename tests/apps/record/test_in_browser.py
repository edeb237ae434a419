"""The page of the logs and that of a movement's proofs in a real browser: readable to all, on a phone too."""

import json

import pytest

from riverloop.apps.nodes import keys
from riverloop.apps.record.proofs import check_proof
from riverloop.apps.record.rounds import logs_round
from tests.apps.clearance.filing import file_goods

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def opened(page):
    for closed in page.locator("details").all():
        closed.locator("summary").click()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize(
    "seen",
    [
        {"language": "en", "phone": True},
        {"language": "zh-HK", "dark": True},
        {"language": "zh-CN", "phone": True, "dark": True},
    ],
)
def test_the_record_is_accessible_and_fits_the_screen(open_page, cast, assert_accessible, seen):
    page = open_page(**seen)
    page.goto("/log/")
    assert_accessible(page)
    file_goods(cast)
    logs_round()
    page.goto("/log/")
    opened(page)
    assert_accessible(page)


def test_an_auditor_downloads_a_proof_that_verifies(open_page, enter, live_server, cast, assert_accessible):
    own = file_goods(cast)
    logs_round()
    page = open_page(phone=True)
    session = enter(cast.ada).cookies["sessionid"].value
    page.context.add_cookies([{"name": "sessionid", "value": session, "url": live_server.url}])
    page.goto(f"/movements/{own.id}/")
    page.get_by_role("link", name="Proof", exact=True).click()
    opened(page)
    assert_accessible(page)
    with page.expect_download() as started:
        page.get_by_role("link", name="Download the proof").first.click()
    proof = json.loads(started.value.path().read_text())
    assert check_proof(proof, log_key=keys.log_verifiers("hk")[0]).opened
