"""Mail says that something happened, in the reader's language, and nothing about anyone."""

from datetime import timedelta

import pytest
from django.core import mail as sent_mail
from django.utils import timezone
from django.utils.translation import gettext, override

from riverloop.apps.notices.backoff import mail_tried_again
from riverloop.apps.notices.mails import mail_kind, mail_queue, mails_send
from riverloop.apps.notices.models import Mail
from riverloop.apps.notices.words import MAIL_CLOSING, MAIL_WORDS
from riverloop.apps.parties.services import user_close, user_set_language

pytestmark = pytest.mark.django_db


def test_a_mail_names_what_happened_and_the_page_and_nobody(cast):
    assert mail_queue(to=[cast.dora], kind="movement.question", path="/movements/ABC/") == 1
    assert mails_send() == 1
    (one,) = sent_mail.outbox
    assert one.to == ["dora@example.org"]
    assert one.subject == "Riverloop: An authority asks something about a movement"
    assert "http://127.0.0.1:8000/movements/ABC/" in one.body
    assert "Dora" not in one.subject + one.body
    assert Mail.objects.get().state == "sent"
    assert mails_send() == 0


@pytest.mark.parametrize("language", ["en", "zh-hant", "zh-hans"])
def test_it_is_in_the_readers_language(cast, language):
    user_set_language(user=cast.dora, language=language)
    mail_queue(to=[cast.dora], kind="movement.notice", path="/movements/ABC/")
    mails_send()
    with override(language):
        assert gettext(MAIL_WORDS["movement.notice"]) in sent_mail.outbox[0].body
        assert gettext(MAIL_CLOSING) in sent_mail.outbox[0].body


def test_what_waits_for_one_reader_goes_in_one_mail(cast):
    for number in range(30):
        mail_queue(to=[cast.dora, cast.eve], kind="movement.question", path=f"/movements/{number}/")
    mail_queue(to=[cast.dora], kind="movement.crossed", path="/movements/7/")
    assert mails_send() == 2
    (dora,) = [one for one in sent_mail.outbox if one.to == ["dora@example.org"]]
    assert dora.subject == "Riverloop: 31 things to read"
    assert dora.body.count("http") == 11
    assert "(+ 20)" in dora.body


def test_the_same_mail_that_still_waits_is_queued_once(cast):
    assert mail_queue(to=[cast.dora], kind="movement.crossed", path="/movements/7/") == 1
    assert mail_queue(to=[cast.dora], kind="movement.crossed", path="/movements/7/") == 0
    mails_send()
    assert mail_queue(to=[cast.dora], kind="movement.crossed", path="/movements/7/") == 1


def test_a_closed_account_gets_none(cast):
    mail_queue(to=[cast.dora], kind="movement.crossed", path="/movements/7/")
    user_close(user=cast.dora)
    assert mails_send() == 0
    assert not sent_mail.outbox
    assert mail_queue(to=[cast.dora], kind="movement.crossed", path="/movements/8/") == 0


@pytest.mark.parametrize("path", ["/people/?name=Hana", "https://elsewhere.org/", "/people/夏娜/", "/a b/"])
def test_a_path_that_could_hold_a_name_is_refused(cast, path):
    with pytest.raises(ValueError, match="made of ids"):
        mail_queue(to=[cast.dora], kind="movement.crossed", path=path)


def test_a_kind_may_be_added_and_an_unknown_one_still_says_something(cast):
    mail_kind("test.kind", "The tide is in.")
    mail_queue(to=[cast.dora], kind="test.kind", path="")
    mail_queue(to=[cast.eve], kind="never.heard", path="")
    mails_send()
    assert sorted(one.subject for one in sent_mail.outbox) == [
        "Riverloop: Something has happened that concerns you",
        "Riverloop: The tide is in",
    ]


def test_a_server_that_refuses_is_tried_again_for_three_days_and_logs_no_address(cast, monkeypatch, caplog):
    mail_queue(to=[cast.dora], kind="movement.crossed", path="/movements/7/")

    def refuse(*arguments):
        raise ConnectionRefusedError("dora@example.org")

    monkeypatch.setattr("django.core.mail.EmailMessage.send", refuse)
    mails_send()
    one = Mail.objects.get()
    assert (one.state, one.attempts) == ("queued", 1)
    assert one.next_try_at > timezone.now()
    assert "dora" not in caplog.text
    for _ in range(20):
        Mail.objects.filter(state="queued").update(next_try_at=timezone.now())
        mails_send()
    assert Mail.objects.get().state == "failed"
    now = timezone.now()
    waits = [mail_tried_again(now, attempts) for attempts in range(1, 9)]
    assert timedelta(days=2.5) < sum(((one - now) for one in waits), timedelta()) < timedelta(days=4)


def test_a_worker_that_died_with_a_claim_leaves_the_mail_due_again(cast, monkeypatch):
    mail_queue(to=[cast.dora], kind="movement.crossed", path="/movements/7/")

    def die(message):
        raise SystemExit

    monkeypatch.setattr("django.core.mail.EmailMessage.send", die)
    with pytest.raises(SystemExit):
        mails_send()
    assert Mail.objects.get().state == "queued"
    assert timezone.now() < Mail.objects.get().next_try_at < timezone.now() + timedelta(minutes=6)
