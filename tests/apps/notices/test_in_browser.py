"""Pages of webhooks, messages and runs in a browser: readable to all, and live."""

import pytest
from django.db import transaction
from django.utils import timezone

from riverloop.apps.notices import receiving, webhooks
from riverloop.apps.notices.calling import Called
from riverloop.apps.notices.messages import Outgoing, messages_send, on_message
from riverloop.apps.notices.models import Gap, Message
from riverloop.apps.runs import work
from riverloop.apps.runs.models import Run
from riverloop.apps.runs.services import run_start
from riverloop.core.kernel.ids import new_id

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def entered(open_page, enter, live_server):
    """Open pages as somebody: `entered(cast.dora, phone=True)`."""

    def as_user(user, **options):
        page = open_page(**options)
        session = enter(user).cookies["sessionid"].value
        page.context.add_cookies([{"name": "sessionid", "value": session, "url": live_server.url}])
        return page

    return as_user


def fits(page):
    return page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_pages_are_readable_to_all_and_fit_a_phone(entered, cast, monkeypatch, assert_accessible):
    monkeypatch.setattr(webhooks, "call", lambda *_, **__: Called(503, "The address did not take it."))
    monkeypatch.setattr(receiving, "_handlers", {})
    on_message("movement.declared", lambda *_: None)
    webhook, _ = webhooks.webhook_add(by=cast.dora, organisation=cast.delta, url="https://example.org/riverloop")
    webhooks.webhook_test(by=cast.dora, webhook=webhook)
    subject = new_id()
    body = {"movement": subject, "flow": "goods", "items": [{"category": "human_blood"}]}
    with transaction.atomic():
        outgoing = [Outgoing("movement.declared", "declare", "goods", subject, body)]
        messages_send(from_side="cn", to_side="hk", outgoing=outgoing)
    message = Message.objects.get(owner_side="hk")
    for first, agreed_at in ((3, None), (120, timezone.now())):
        sides = {"owner_side": "hk", "from_side": "cn", "to_side": "hk"}
        Gap.objects.create(**sides, first=first, following=first + 4, found_at=timezone.now(), agreed_at=agreed_at)
    pages = {
        cast.dora: ["/webhooks/", f"/webhooks/{webhook.id}/"],
        cast.ada: ["/messages/", f"/messages/{message.id}/"],
    }
    for user, paths in pages.items():
        page = entered(user, phone=True)
        for path in paths:
            page.goto(path)
            assert_accessible(page)
            assert fits(page), path


def test_a_run_is_followed_without_a_hand_until_its_result(entered, cast, monkeypatch):
    for name in ("_functions", "_titles", "_pages"):
        monkeypatch.setattr(work, name, {})
    work.register("test.kind", lambda _: {}, title="Counting", page=lambda _: "/zone/")
    run = run_start(side="hk", kind="test.kind", params={}, by=cast.dora, total=4)
    page = entered(cast.dora)
    page.goto(f"/runs/{run.id}/")
    page.get_by_text("0 of 4").wait_for()
    Run.objects.update(state="running", done=3)
    page.get_by_text("3 of 4").wait_for()
    Run.objects.update(state="waiting")
    work.work_all()
    page.get_by_role("link", name="See the result").wait_for()


def test_a_run_is_stopped_without_javascript(entered, cast):
    run = run_start(side="hk", kind="test.kind", params={}, by=cast.dora)
    page = entered(cast.dora, phone=True, javascript=False)
    page.goto(f"/runs/{run.id}/")
    page.get_by_role("button", name="Stop it").click()
    page.get_by_text("Cancelled").wait_for()
    assert Run.objects.get().state == "cancelled"
