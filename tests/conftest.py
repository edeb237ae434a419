"""Fixtures: pages in a real browser, and how many faults a fault test tries."""

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.tools import FOUND, SOAKING, find_chromium

CHROMIUM_OPTIONS = [
    "--no-sandbox",  # the tests may run as root, and open no page but their own
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1280, "height": 900}


@pytest.fixture(scope="session", autouse=True)
def data_folder(tmp_path_factory) -> Iterator[Path]:
    """Give every run a data folder of its own, to the commands that tests start as well."""
    from django.conf import settings

    folder = tmp_path_factory.mktemp("data")
    (folder / "static").mkdir()
    settings.RIVERLOOP_DATA, settings.STATIC_ROOT = folder, folder / "static"
    settings.RIVERLOOP_SIDE = ""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("RIVERLOOP_DATA", str(folder))
        environment.delenv("RIVERLOOP_SIDE", raising=False)
        yield folder


@pytest.fixture(autouse=True)
def fresh_logs(data_folder):
    """Let no test find the published log of another, whose database was rolled back: that would look like a restore."""
    yield
    if data_folder is not None:
        shutil.rmtree(data_folder / "log", ignore_errors=True)
    restoring = sys.modules.get("riverloop.apps.record.restoring")
    if restoring:
        restoring.ask_again()


@pytest.fixture(scope="session", autouse=True)
def quick_passwords():
    """Hash passwords as quickly as can be: hundreds of accounts sign in here, and none is anyone's."""
    from django.conf import settings

    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def cast(db):
    """Who is who: see tests/cast.py."""
    from tests.cast import Cast

    return Cast()


@pytest.fixture
def enter(client, settings):
    """Sign in as somebody, with what their role needs: `enter(cast.dora).get("/people/")`."""

    def as_user(user, *, second_factor=True):
        client.logout()
        client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
        if second_factor:
            session = client.session
            session["second_factor_set_up_by"] = user.pk
            session.save()
        return client

    return as_user


@pytest.fixture
def nodes(tmp_path):
    """Two nodes in one process, to be either in turn: see tests/nodes.py."""
    from tests.nodes import Nodes

    return Nodes(tmp_path)


@pytest.fixture(scope="session")
def fault_count() -> Callable[[int], int]:
    """Give how often to try: the full count in a soak, one in a hundred otherwise, and never none."""
    return lambda full: full if SOAKING else max(1, full // 100)


@pytest.fixture
def tell() -> Callable[[str, int, str], None]:
    """Say what a fault test found, for the table that a soak prints: `tell("killed", 20, "none lost")`."""
    return lambda fault, times, found: FOUND.append((fault, times, found))


@pytest.fixture(scope="session")
def browser():
    """Chromium, started once for all browser tests, which conftest.py puts last."""
    from playwright.sync_api import sync_playwright

    before = os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE")
    # From here on Django sees Playwright's event loop in this thread, though nothing here is asynchronous.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    try:
        with sync_playwright() as playwright:
            chromium = playwright.chromium.launch(executable_path=find_chromium(), args=CHROMIUM_OPTIONS)
            yield chromium
            chromium.close()
    finally:
        if before is None:
            del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def open_page(browser, live_server) -> Iterator[Callable]:
    """Open pages as a person would: `open_page(phone=True, language="zh-HK", dark=True, javascript=False)`.

    A page that logs an error, breaks its own content security policy or asks another host fails the test.
    """
    contexts, complaints = [], []

    def watch(page):
        page.on("pageerror", lambda error: complaints.append(f"{page.url}: {error}"))
        page.on("console", lambda said: hear(page, said))
        page.on("response", receive)

    def hear(page, said):
        # A refused form is answered with a 4xx, which Chromium logs as an error; `receive` judges answers.
        if said.type == "error" and not said.text.startswith("Failed to load resource"):
            complaints.append(f"{page.url}: {said.text}")

    def receive(response):
        if response.status >= 500 or (response.status >= 400 and "/static/" in response.url):
            complaints.append(f"{response.url} answered {response.status}")

    def keep_home(route):
        if urlsplit(route.request.url).hostname in {"127.0.0.1", "localhost"}:
            route.continue_()
        else:
            complaints.append(f"asked another host: {route.request.url}")
            route.abort()

    def open_one(*, phone=False, language="en", dark=False, javascript=True, **options):
        context = browser.new_context(
            base_url=live_server.url,
            viewport=PHONE if phone else DESKTOP,
            locale=language,
            color_scheme="dark" if dark else "light",
            java_script_enabled=javascript,
            has_touch=phone,
            **options,
        )
        context.route("http*://**", keep_home)
        context.on("page", watch)
        contexts.append(context)
        return context.new_page()

    yield open_one
    for context in contexts:
        context.close()
    assert not complaints, "\n".join(complaints)


@pytest.fixture
def page(open_page):
    """Open one page in English on a desktop."""
    return open_page()


@pytest.fixture(scope="session")
def assert_accessible() -> Callable:
    """Have axe read the open page by WCAG 2.2 AA; it must find nothing."""
    from axe_playwright_python.sync_playwright import Axe

    axe = Axe()
    standards = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

    def check(page):
        # A page still loading, swapping or fading has colours that nobody gets to read.
        page.wait_for_load_state("networkidle")
        page.wait_for_selector(".htmx-request, .htmx-swapping, .htmx-settling", state="detached")
        page.evaluate("() => Promise.allSettled(document.getAnimations().map((one) => one.finished))")
        found = axe.run(page, options={"runOnly": {"type": "tag", "values": standards}})
        assert found.violations_count == 0, found.generate_report()

    return check
