"""The page of the zone in a real browser."""

import pytest

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(
    ("language", "phone", "dark"), [("en", True, False), ("zh-HK", False, True), ("zh-CN", True, True)]
)
def test_the_zone_is_accessible_and_fits_the_screen(open_page, assert_accessible, language, phone, dark):
    page = open_page(phone=phone, language=language, dark=dark)
    page.goto("/zone/")
    for closed in page.locator("details").all():
        closed.locator("summary").click()
    assert_accessible(page)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_text_of_the_map_stays_readable_on_a_phone(open_page):
    page = open_page(phone=True)
    page.goto("/zone/")
    heights = page.evaluate(
        """() => [...document.querySelectorAll('.zone-map-drawing text')].map(text =>
            parseFloat(getComputedStyle(text).fontSize) * text.getScreenCTM().a)"""
    )
    assert min(heights) >= 10  # CSS pixels


def test_no_two_texts_of_the_map_overlap(open_page):
    for phone in (True, False):
        for language in ("en", "zh-HK", "zh-CN"):
            page = open_page(phone=phone, language=language)
            page.goto("/zone/")
            overlapping = page.evaluate(
                """() => {
                    const texts = [...document.querySelectorAll('.zone-map-drawing text')];
                    const boxes = texts.map(text => text.getBoundingClientRect());
                    const meet = (a, b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
                    return texts.flatMap((one, i) => texts.slice(i + 1).flatMap((other, j) =>
                        meet(boxes[i], boxes[i + 1 + j]) ? [one.textContent + '/' + other.textContent] : []));
                }"""
            )
            assert overlapping == []
