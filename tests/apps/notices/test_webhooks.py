"""A tenant's own system is told what happens, by calls that it can verify, and is told nothing about anyone."""

import base64
import hashlib
import hmac
import json
from datetime import timedelta

import pytest
from django.utils import timezone

from riverloop.apps.notices import webhooks
from riverloop.apps.notices.backoff import call_tried_again
from riverloop.apps.notices.calling import Called
from riverloop.apps.notices.models import Delivery, Mail, Webhook
from riverloop.apps.notices.webhooks import (
    deliveries_send,
    event_publish,
    events_publish,
    signature_of,
    webhook_add,
    webhook_end,
)
from riverloop.apps.record.models import PendingRecord
from riverloop.core.kernel.errors import InputError

pytestmark = pytest.mark.django_db
URL = "https://example.org/riverloop"
BODY = {"movement": "ABC", "outcome": "cleared", "count": 3, "at": "2026-11-22T09:00:00+08:00"}


@pytest.fixture
def calls(monkeypatch):
    """What was called, and `calls.answer`, which says how the next calls go."""

    class Calls(list):
        answer = Called(200)

    made = Calls()

    def call(url, *, body, headers):
        made.append((url, body, headers))
        return made.answer

    monkeypatch.setattr(webhooks, "call", call)
    return made


@pytest.fixture
def added(cast):
    return webhook_add(by=cast.dora, organisation=cast.delta, url=URL)


def publish(cast, **body):
    return event_publish(organisation=cast.delta, kind="movement.decided", body=body or BODY)


def due_now():
    Delivery.objects.filter(state="queued").update(next_try_at=timezone.now())


def test_a_call_is_signed_as_standard_webhooks_has_it(cast, added, calls):
    _, secret = added
    assert publish(cast) == 1
    assert deliveries_send() == 1
    ((url, body, headers),) = calls
    assert url == URL
    key = base64.b64decode(secret.removeprefix("whsec_"))
    assert len(key) == 32
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"
    assert abs(int(headers["webhook-timestamp"]) - timezone.now().timestamp()) < 60
    told = json.loads(body)
    assert (told["type"], told["data"]) == ("movement.decided", BODY)
    assert Delivery.objects.get().state == "delivered"


def test_the_signature_is_that_of_the_published_example():
    # Source: standard-webhooks/standard-webhooks, libraries/python/tests (Apache-2.0).
    secret, body = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", b'{"test": 2432232314}'
    signature = signature_of(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body)
    assert signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_the_secret_is_kept_sealed_and_shown_once(cast, added):
    _, secret = added
    assert secret.encode() not in bytes(Webhook.objects.get().sealed_secret)
    assert secret not in str(PendingRecord.objects.values_list("payload"))


def test_only_the_tenants_own_webhooks_are_told(cast, added, calls):
    assert event_publish(organisation=cast.egret, kind="movement.decided", body=BODY) == 0
    webhook_add(by=cast.eve, organisation=cast.egret, url="https://egret.example/")
    assert publish(cast) == 1


def test_many_events_are_queued_at_once(cast, added, django_assert_max_num_queries):
    with django_assert_max_num_queries(30):
        assert events_publish([(cast.delta, "movement.decided", BODY)] * 1_000) == 1_000


@pytest.mark.parametrize("body", [{"name": "夏娜"}, {"name": "Ha Na"}, {"a": {"b": ["x", "Ha Na"]}}, {"a": "x" * 65}])
def test_free_text_is_never_sent(cast, added, body):
    with pytest.raises(ValueError, match="no free text"):
        publish(cast, **body)


def test_a_call_that_fails_is_tried_again_for_three_days_and_then_given_up(cast, added, calls):
    publish(cast)
    calls.answer = Called(503, "The address did not take it.")
    assert deliveries_send() == 0
    waiting = Delivery.objects.get()
    assert (waiting.state, waiting.attempts, waiting.status) == ("queued", 1, 503)
    assert deliveries_send() == 0
    assert len(calls) == 1
    for _ in range(20):
        due_now()
        deliveries_send()
    given_up = Delivery.objects.get()
    assert (given_up.state, given_up.attempts) == ("failed", 10)
    assert len({headers["webhook-id"] for _, _, headers in calls}) == 1
    now = timezone.now()
    waits = [call_tried_again(now, attempts) - now for attempts in range(1, 10)]
    assert timedelta(days=3) <= sum(waits, timedelta()) < timedelta(days=4)
    assert waits == sorted(waits)


def test_one_that_answers_again_is_no_longer_failing(cast, added, calls):
    publish(cast)
    calls.answer = Called(None, "The address did not answer in time.")
    deliveries_send()
    assert Webhook.objects.get().failing_since is not None
    calls.answer = Called(200)
    due_now()
    assert deliveries_send() == 1
    assert Webhook.objects.get().failing_since is None


def test_whoever_added_one_that_fails_for_a_day_is_told_once(cast, added, calls):
    Webhook.objects.update(failing_since=timezone.now() - timedelta(days=2))
    calls.answer = Called(500, "The address did not take it.")
    for _ in range(3):
        publish(cast)
        due_now()
        deliveries_send()
    assert Mail.objects.get().kind == "webhook.failing"


def test_one_that_says_it_is_gone_is_told_nothing_more(cast, added, calls):
    publish(cast)
    publish(cast)
    calls.answer = Called(410, "The address did not take it.")
    deliveries_send()
    assert Webhook.objects.get().ended_at is not None
    assert not Delivery.objects.filter(state="queued").exists()
    assert publish(cast) == 0


def test_one_that_was_ended_is_told_nothing_more(cast, added, calls):
    publish(cast)
    webhook_end(by=cast.dora, webhook=added[0])
    assert deliveries_send() == 0
    assert publish(cast) == 0
    assert not calls
    assert PendingRecord.objects.filter(kind="webhook.ended").count() == 1
    webhook_end(by=cast.dora, webhook=added[0])
    assert PendingRecord.objects.filter(kind="webhook.ended").count() == 1


def test_an_address_is_added_once_and_five_at_most(cast, added):
    with pytest.raises(InputError, match="told already"):
        webhook_add(by=cast.dora, organisation=cast.delta, url=URL)
    for number in range(4):
        webhook_add(by=cast.dora, organisation=cast.delta, url=f"{URL}/{number}")
    with pytest.raises(InputError, match="There are 5 webhooks"):
        webhook_add(by=cast.dora, organisation=cast.delta, url=f"{URL}/more")


# Pages


def test_a_coordinator_adds_one_and_sees_its_secret_this_once(cast, enter):
    client = enter(cast.dora)
    assert "No system is told anything yet" in client.get("/webhooks/").text
    page = client.post("/webhooks/", {"url": URL}).text
    assert "whsec_" in page
    (webhook,) = Webhook.objects.all()
    assert webhook.organisation == cast.delta
    assert "whsec_" not in client.get("/webhooks/").text + client.get(f"/webhooks/{webhook.id}/").text


@pytest.mark.parametrize("url", ["http://example.org/", "https://127.0.0.1/", "nothing", ""])
def test_what_may_not_be_called_is_refused_and_kept_as_typed(cast, enter, url):
    page = enter(cast.dora).post("/webhooks/", {"url": url}).text
    assert "error" in page
    assert f'value="{url}"' in page or not url
    assert not Webhook.objects.exists()


def test_a_webhook_is_called_as_a_test_and_again_by_hand(cast, added, enter, calls):
    client, webhook = enter(cast.dora), added[0]
    calls.answer = Called(404, "The address did not take it.")
    assert client.post(f"/webhooks/{webhook.id}/test/").status_code == 302
    page = client.get(f"/webhooks/{webhook.id}/").text
    assert "The address did not take it." in page
    assert "(404)" in page
    assert Delivery.objects.get().state == "failed"
    calls.answer = Called(200)
    client.post(f"/webhooks/calls/{Delivery.objects.get().id}/resend/")
    assert Delivery.objects.get().state == "delivered"
    assert len({headers["webhook-id"] for _, _, headers in calls}) == 1
    told = PendingRecord.objects.filter(kind__in=("webhook.tested", "webhook.resent")).order_by("created_at")
    assert [one.kind for one in told] == ["webhook.tested", "webhook.resent"]
    assert {json.loads(one.payload)["by"] for one in told} == {cast.dora.id}


def test_a_coordinator_ends_one(cast, added, enter):
    client, webhook = enter(cast.dora), added[0]
    client.post(f"/webhooks/{webhook.id}/end/")
    assert Webhook.objects.get().ended_at is not None
    assert "Ended" in client.get(f"/webhooks/{webhook.id}/").text
    assert client.post(f"/webhooks/{webhook.id}/test/").status_code == 404


@pytest.mark.parametrize("outsider", ["eve", "mei"])
def test_anothers_webhook_is_not_there(cast, added, enter, calls, outsider):
    webhook = added[0]
    publish(cast)
    client = enter(getattr(cast, outsider))
    assert webhook.id not in client.get("/webhooks/").text
    assert client.get(f"/webhooks/{webhook.id}/").status_code == 404
    for path in (f"{webhook.id}/test", f"{webhook.id}/end", f"calls/{Delivery.objects.get().id}/resend"):
        assert client.post(f"/webhooks/{path}/").status_code == 404
    assert not calls
    assert Webhook.objects.get().ended_at is None
