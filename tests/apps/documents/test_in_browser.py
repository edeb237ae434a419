"""The pages of permits as a person finds them: readable to all, and a file too large is told before it is sent."""

from decimal import Decimal
from io import BytesIO

import pytest

from riverloop.apps.documents import services
from riverloop.core.kernel.ids import new_id
from tests.apps.documents import samples
from tests.apps.documents.test_permits import permit_of

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def as_dora(cast, enter, open_page, live_server):
    session = enter(cast.dora).cookies["sessionid"].value

    def opened(**options):
        page = open_page(**options)
        page.context.add_cookies([{"name": "sessionid", "value": session, "url": live_server.url}])
        return page

    return opened


@pytest.fixture
def own_folder(settings, tmp_path):
    settings.RIVERLOOP_DATA = tmp_path


@pytest.mark.usefixtures("own_folder")
@pytest.mark.parametrize("options", [{}, {"phone": True, "dark": True, "language": "zh-HK"}])
def test_the_pages_are_accessible(cast, as_dora, assert_accessible, options):
    permit = permit_of(cast)
    name = f"Certificates of analysis {'long ' * 15}.csv"
    services.file_store(by=cast.dora, organisation=cast.delta, name=name, content=BytesIO(b"a,b\n1,2\n"))
    services.draw(permit=permit, subject=new_id(), quantity=Decimal("2.5"))
    page = as_dora(**options)
    for address in ("/permits/", "/permits/new/", f"/permits/{permit.id}/", "/files/", "/files/new/"):
        page.goto(address)
        assert_accessible(page)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_permit_is_added_with_its_paper_and_found_by_its_number(as_dora, tmp_path, settings):
    settings.RIVERLOOP_DATA = tmp_path
    page = as_dora()
    page.goto("/permits/")
    page.get_by_role("link", name="Add the first permit").click()
    page.get_by_label("Kind of paper").select_option("dh_import_permit")
    page.get_by_label("Number").fill("DH-2026-1")
    page.get_by_label("Issued by").fill("Department of Health")
    page.get_by_label("Issued on").fill("2026-11-01")
    page.get_by_label("Quantity").fill("250")
    page.get_by_label("Unit").select_option("mL")
    paper = {"name": "permit.pdf", "mimeType": "application/pdf", "buffer": samples.pdf()}
    page.get_by_label("The paper itself").set_input_files(paper)
    page.get_by_role("button", name="Add it").click()
    page.get_by_role("link", name="permit.pdf").wait_for()
    page.get_by_role("link", name="Permits").last.click()
    page.get_by_text("Search and filter").click()
    page.get_by_label("Number, or its beginning").fill("dh-2026")
    page.get_by_role("button", name="Show").click()
    page.get_by_text("250 mL left").wait_for()
    assert "2026" not in page.url


def test_too_large_a_file_is_told_before_it_is_sent(as_dora):
    page = as_dora()
    page.goto("/files/new/")
    large = {"name": "a.csv", "mimeType": "text/csv", "buffer": b"1" * 20_000_001}
    page.get_by_label("File").set_input_files(large)
    assert "up to 20 MB" in page.get_by_label("File").evaluate("field => field.validationMessage")
