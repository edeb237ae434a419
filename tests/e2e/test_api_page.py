"""The page for programmers, as they see it."""

import pytest

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(("language", "phone"), [("en", False), ("zh-HK", True), ("zh-CN", True)])
def test_the_page_for_programmers_can_be_read_by_everybody(open_page, assert_accessible, language, phone):
    page = open_page(language=language, phone=phone)
    page.goto("/api/")
    page.locator("#decide summary").click()
    assert page.locator("#decide").get_by_text("direction", exact=True).is_visible()
    assert_accessible(page)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
