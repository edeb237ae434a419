"""A planner in a real browser: change a scenario, run it, read the answer, ask more, compare; axe finds nothing."""

import os

import pytest

from riverloop.apps.lab.models import Experiment
from riverloop.apps.runs import work
from tests.apps.lab.conftest import scenarios as scenarios  # noqa: PLC0414 - the same small scenarios
from tests.cast import Cast

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
KINDS = ["lab.experiment"]


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


@pytest.fixture
def look(assert_accessible):
    """Have axe read a page, see that it does not scroll sideways, and keep its picture where somebody wants to look."""

    def at(page, name):
        assert_accessible(page)
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), name
        if folder := os.environ.get("LAB_PICTURES"):
            page.screenshot(path=f"{folder}/{name}-{page.viewport_size['width']}.png", full_page=True)

    return at


def work_for(page):
    """Do what waits while the page does not ask how far it is: the tests' database in memory takes no two at once."""
    address = page.url
    page.goto("about:blank")
    work.work_all(KINDS)
    page.goto(address)


@pytest.mark.parametrize(("phone", "dark"), [(True, True), (False, False)])
def test_a_planner_runs_a_scenario_reads_the_answer_asks_more_and_compares(
    open_as, cast, scenarios, look, *, phone, dark
):
    page = open_as(cast.paul, phone=phone, dark=dark)
    page.goto("/lab/")
    look(page, "home")
    page.get_by_role("link", name="A small bridge").click()
    look(page, "scenario")
    page.get_by_label("value People a day").fill("3200")
    page.get_by_text("A failure of one side's system").click()
    page.get_by_label("Whose system fails").select_option(label="Hong Kong")
    page.get_by_label("from", exact=True).fill("08:00")
    page.get_by_label("until", exact=True).fill("08:30")
    page.get_by_role("button", name="Run it", exact=True).first.click()
    page.get_by_text("Waiting for its turn").wait_for()
    look(page, "waiting")
    work_for(page)
    page.get_by_role("heading", name="How sure it is").wait_for()
    for one in page.locator("details").all():
        one.evaluate("one => one.open = true")
    look(page, "answer")
    page.get_by_role("button", name="Find the least roster").click()
    page.get_by_text("Waiting for its turn").wait_for()
    work_for(page)
    page.get_by_text("paid hours a day").wait_for()
    look(page, "least-roster")
    page.goto("/lab/scenarios/bridge/")
    page.get_by_role("button", name="Run every design and compare").click()
    page.get_by_text("They are at work").wait_for()
    look(page, "comparing")
    work_for(page)
    page.get_by_role("heading", name="How sure the differences are").wait_for()
    look(page, "comparison")
    page.goto("/lab/experiments/")
    look(page, "experiments")


def test_without_javascript_a_text_is_mended_run_kept_and_deleted(open_as, cast, scenarios, look):
    page = open_as(cast.paul, javascript=False)
    page.goto("/lab/scenarios/minimal/?show=text")
    text = scenarios["minimal"]
    page.get_by_label("Text of the scenario (YAML)").fill(text.replace("channels: 12", "chanels: 12"))
    page.get_by_role("button", name="Run this text").click()
    assert page.get_by_text("Line 3:").is_visible()
    assert "chanels: 12" in page.get_by_label("Text of the scenario (YAML)").input_value()
    page.get_by_label("Text of the scenario (YAML)").fill(text)
    page.get_by_label("Title", exact=True).fill("Mine")
    page.get_by_role("button", name="Keep as a copy of my own").last.click()
    assert page.get_by_role("heading", name="Mine").is_visible()
    page.get_by_role("link", name="Delete it").click()
    page.get_by_role("button", name="Delete it").click()
    assert page.get_by_text("None yet.").is_visible()


@pytest.mark.parametrize("phone", [True, False])
def test_anybody_looks_at_real_traffic(open_page, look, scenarios, *, phone):
    page = open_page(phone=phone)
    page.goto("/lab/traffic/?by=month")
    look(page, "traffic")
    page.get_by_label("Control point").select_option(label="Shenzhen Bay")
    page.get_by_role("button", name="Show", exact=True).click()
    page.get_by_text("Source and terms").wait_for()
    look(page, "traffic-bay")


def test_an_experiment_is_stopped_and_asked_again(open_as, cast, scenarios, look):
    page = open_as(cast.paul)
    page.goto("/lab/scenarios/minimal/")
    page.get_by_role("button", name="Run it", exact=True).first.click()
    page.get_by_role("button", name="Stop it").click()
    page.get_by_text("Cancelled").wait_for()
    look(page, "stopped")
    page.get_by_role("button", name="Ask it again").click()
    page.get_by_text("Waiting for its turn").wait_for()
    work_for(page)
    page.get_by_role("heading", name="How sure it is").wait_for()
    assert Experiment.objects.filter(answered_at=None).count() == 1


@pytest.mark.parametrize("phone", [True, False])
def test_mistakes_confirmations_and_other_answers_are_read_by_everyone(open_as, cast, scenarios, look, *, phone):
    page = open_as(cast.paul, phone=phone)
    page.goto("/lab/scenarios/bridge/")
    page.get_by_label("value People a day").fill("many")
    page.get_by_role("button", name="Run it", exact=True).first.click()
    page.get_by_text('"many" is not a number').wait_for()
    look(page, "mistake")
    page.goto("/lab/scenarios/bridge/?show=text")
    text = page.get_by_label("Text of the scenario (YAML)")
    wrong = scenarios["bridge"].replace("seed: 7", "sead: 7")
    text.fill(wrong)
    page.get_by_role("button", name="Run this text").click()
    page.get_by_text(f"Line {wrong.split(chr(10)).index('sead: 7') + 1}:").wait_for()
    look(page, "mistake-in-text")
    page.goto("/lab/scenarios/bridge/")
    page.get_by_role("button", name="Run it", exact=True).first.click()
    work_for(page)
    page.get_by_role("heading", name="How sure it is").wait_for()
    for question, button in (
        ("Which assumption decides it?", "Swing every assumption"),
        ("At what demand is another design better?", "Find where the answer turns"),
        ("How few channels keep the pledge?", "Find the least channels"),
    ):
        address = page.url
        page.get_by_text(question, exact=True).click()
        page.get_by_role("button", name=button).click()
        work_for(page)
        page.get_by_role("heading", name="What it rests on").wait_for()
        look(page, button.lower().replace(" ", "-"))
        page.goto(address)
    page.get_by_role("link", name="Delete it").click()
    look(page, "delete")
