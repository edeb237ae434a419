"""Workers and servers that do the same at the same moment: it is done once, and in order."""

from datetime import timedelta
from threading import Barrier, Thread

import pytest
from django.db import connection, transaction

from riverloop.apps.notices import messages as outbox
from riverloop.apps.notices import receiving, webhooks
from riverloop.apps.notices.calling import Called
from riverloop.apps.notices.mails import mail_queue, mails_send
from riverloop.apps.notices.messages import Outgoing, messages_deliver, messages_send, on_message
from riverloop.apps.notices.models import Message
from riverloop.apps.runs import work, worker
from riverloop.apps.runs.models import Run
from riverloop.apps.runs.services import run_start
from riverloop.core.kernel.ids import new_id

AT_ONCE = 4


@pytest.fixture(autouse=True)
def _only_where_two_can_write_at_once():
    if connection.vendor != "postgresql":
        pytest.skip("SQLite takes one writer at a time")


@pytest.fixture(autouse=True)
def _own_registers(monkeypatch):
    monkeypatch.setattr(receiving, "_handlers", {})
    monkeypatch.setattr(work, "_functions", {})
    monkeypatch.setattr(work, "_timetables", {})
    monkeypatch.setattr(outbox, "_deliver_now", lambda: None)


def together(function):
    """Call a function in several threads at the same moment, and return what each returned or raised."""
    start, results = Barrier(AT_ONCE), []

    def one():
        start.wait()
        try:
            results.append(function())
        except Exception as error:  # noqa: BLE001 - the test reads it
            results.append(error)
        finally:
            connection.close()

    threads = [Thread(target=one) for _ in range(AT_ONCE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not [one for one in results if isinstance(one, Exception)], results
    return results


def decided(subject):
    return Outgoing("side.decided", "side_decision", "goods", subject, {"movement": subject, "outcome": "cleared"})


def send(*subjects):
    with transaction.atomic():
        return messages_send(from_side="cn", to_side="hk", outgoing=[decided(one) for one in subjects])


@pytest.mark.django_db(transaction=True)
def test_messages_that_many_deliver_at_once_are_taken_once():
    heard = []
    on_message("side.decided", lambda messages, _: heard.extend(message.ref for message in messages))
    subjects = [new_id() for _ in range(100)]
    send(*subjects, *subjects)
    together(messages_deliver)
    taken = list(Message.objects.filter(owner_side="hk").values_list("ref", flat=True))
    assert len(taken) == 200
    assert set(heard) == set(taken)
    assert set(Message.objects.filter(owner_side="cn").values_list("state", flat=True)) == {"delivered"}


@pytest.mark.django_db(transaction=True)
def test_what_many_tell_about_one_movement_at_once_is_numbered_without_a_gap():
    subject = new_id()
    together(lambda: [send(subject) for _ in range(5)])
    numbers = sorted(Message.objects.values_list("number", flat=True))
    assert numbers == list(range(1, 5 * AT_ONCE + 1))


@pytest.mark.django_db(transaction=True)
def test_runs_that_many_workers_take_at_once_are_done_once():
    done = []
    work.register("test.kind", lambda progress: done.append(progress.run.id) or {})
    for _ in range(40):
        run_start(side="hk", kind="test.kind", params={})
    together(work.work_all)
    assert len(done) == len(set(done)) == 40
    assert set(Run.objects.values_list("state", flat=True)) == {"done"}


@pytest.mark.django_db(transaction=True)
def test_the_timetable_is_kept_once_by_many_workers():
    work.timetable("test.daily", timedelta(days=1))
    together(worker.timetable_keep)
    assert sorted(Run.objects.values_list("owner_side", flat=True)) == ["cn", "hk"]


@pytest.mark.django_db(transaction=True)
def test_mails_and_calls_that_many_workers_send_at_once_go_once(cast, monkeypatch):
    from django.core import mail as sent_mail

    calls = []
    monkeypatch.setattr(webhooks, "call", lambda *_, headers, **__: calls.append(headers["webhook-id"]) or Called(200))
    webhooks.webhook_add(by=cast.dora, organisation=cast.delta, url="https://example.org/")
    webhooks.events_publish([(cast.delta, "movement.decided", {"n": n}) for n in range(50)])
    mail_queue(to=[cast.dora, cast.eve, cast.mei], kind="movement.crossed", path="/movements/1/")
    together(lambda: (mails_send(), webhooks.deliveries_send()))
    assert len(sent_mail.outbox) == 3
    assert len(calls) == len(set(calls)) == 50
