"""What one side tells the other arrives once, in order, as it was signed, and holds only what may cross."""

from dataclasses import replace
from datetime import timedelta
from random import Random
from types import SimpleNamespace

import pytest
from django.db import transaction
from django.utils import timezone

from riverloop.apps.nodes import keys
from riverloop.apps.notices import envelopes, receiving, signing
from riverloop.apps.notices import messages as outbox
from riverloop.apps.notices.backoff import message_tried_again
from riverloop.apps.notices.envelopes import envelope_of, signed_bytes
from riverloop.apps.notices.messages import Outgoing, messages_deliver, messages_send, on_message
from riverloop.apps.notices.models import Message, Webhook
from riverloop.apps.record.models import PendingRecord
from riverloop.apps.record.services import record_append
from riverloop.core.kernel.errors import ZoneError
from riverloop.core.kernel.ids import new_id

pytestmark = pytest.mark.django_db


@pytest.fixture
def heard(monkeypatch):
    """What the receivers' handler was handed, in order; it takes every kind that these tests send."""
    monkeypatch.setattr(receiving, "_handlers", {})
    calls = []
    for kind in ("movement.declared", "side.decided"):
        on_message(kind, lambda messages, bodies: calls.append((messages, bodies)))
    return calls


def declared(subject="", **fields):
    body = {"movement": subject, "flow": "goods", **fields}
    return Outgoing("movement.declared", "declare", "goods", subject, body)


def decided(subject, outcome="cleared"):
    return Outgoing("side.decided", "side_decision", "goods", subject, {"movement": subject, "outcome": outcome})


def send(*outgoing, from_side="cn", to_side="hk"):
    with transaction.atomic():
        return messages_send(from_side=from_side, to_side=to_side, outgoing=outgoing)


@transaction.atomic
def send_and_fail():
    send(declared(new_id()))
    send(declared(new_id(), reference="PO 7"))


def due_now():
    Message.objects.filter(state="queued").update(next_try_at=timezone.now())


def bodies_of(heard):
    return [body for _, bodies in heard for body in bodies]


def test_a_message_reaches_the_other_side_and_each_side_keeps_its_copy(heard):
    subject = new_id()
    (sent,) = send(declared(subject, items=[{"category": "human_blood"}]))
    assert messages_deliver() == 1
    own, theirs = Message.objects.get(owner_side="cn"), Message.objects.get(owner_side="hk")
    assert (own.state, theirs.state, own.ref, theirs.ref) == ("delivered", "received", sent.ref, sent.ref)
    assert own.body == theirs.body
    assert bodies_of(heard) == [{"movement": subject, "flow": "goods", "items": [{"category": "human_blood"}]}]
    assert messages_deliver() == 0


def test_it_goes_by_itself_once_the_transaction_commits(heard, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        send(declared(new_id()))
    assert len(heard) == 1


@pytest.mark.django_db(transaction=True)
def test_nothing_is_sent_outside_a_transaction(heard):
    with pytest.raises(transaction.TransactionManagementError, match="inside the atomic block"):
        messages_send(from_side="cn", to_side="hk", outgoing=[declared(new_id())])


@pytest.mark.django_db(transaction=True)
def test_what_is_undone_is_not_told(heard):
    with pytest.raises(ZoneError):
        send_and_fail()
    assert messages_deliver() == 0
    assert not heard


@pytest.mark.parametrize(
    "fields",
    [
        {"reference": "PO 7"},
        {"items": [{"category": "human_blood"}, {"holder": "X"}]},
        {"permits": [{"document": "ehealth", "number": "7"}]},
        {"permits": [{"document": "dh_import_permit", "number": "7", "remarks": "x"}]},
        {"items": [{"has_ehealth": True}]},
    ],
)
def test_a_field_that_is_not_in_the_disclosure_table_is_refused_and_named(heard, fields):
    with pytest.raises(ZoneError, match="may not be told"):
        send(declared(new_id(), **fields))
    assert not Message.objects.exists()


def test_a_disclosed_document_may_be_told_with_its_number_its_end_and_what_is_left(heard):
    permit = {"document": "dh_import_permit", "number": "7", "expires_on": "2027-01-01", "quantity": 3, "unit": "vial"}
    item = {"has_dh_import_permit": True, "dh_import_permit_expires_on": "2027-01-01"}
    send(declared(new_id(), permits=[permit], items=[item]))
    assert messages_deliver() == 1


def test_what_is_told_about_one_movement_comes_in_the_order_in_which_it_happened(heard):
    one, other = new_id(), new_id()
    send(declared(one), decided(one), declared(other), decided(one, "refused"))
    assert messages_deliver() == 4
    told = [(body["movement"], body.get("outcome")) for body in bodies_of(heard)]
    assert [outcome for subject, outcome in told if subject == one] == [None, "cleared", "refused"]
    assert [outcome for subject, outcome in told if subject == other] == [None]


def test_many_messages_of_a_kind_come_together(heard):
    send(*[one for subject in (new_id() for _ in range(40)) for one in (declared(subject), decided(subject))])
    assert messages_deliver() == 80
    assert [len(messages) for messages, _ in heard] == [40, 40]


def test_a_later_message_that_comes_first_waits_for_the_earlier_one(heard):
    subject = new_id()
    first, second = send(declared(subject), decided(subject))
    answers = receiving.receive("hk", [envelope_of(second)])
    assert answers[second.ref].word == "waiting"
    assert not heard
    answers = receiving.receive("hk", [envelope_of(second), envelope_of(first)])
    assert {answer.word for answer in answers.values()} == {"delivered"}
    assert [body.get("outcome") for body in bodies_of(heard)] == [None, "cleared"]


def test_what_waited_goes_at_once_when_the_late_message_is_taken(heard, monkeypatch):
    subject = new_id()
    send(declared(subject), decided(subject))
    handlers = dict(receiving._handlers)
    on_message("movement.declared", fail)
    assert messages_deliver() == 0
    monkeypatch.setattr(receiving, "_handlers", handlers)
    Message.objects.filter(number=1).update(next_try_at=timezone.now())
    assert messages_deliver() == 2


@pytest.mark.parametrize("times", [2, 5])
def test_a_message_that_comes_twice_is_taken_once(heard, times):
    (sent,) = send(declared(new_id()))
    for _ in range(times):
        answers = receiving.receive("hk", [envelope_of(sent), envelope_of(sent)])
        assert answers[sent.ref].word == "delivered"
    assert len(bodies_of(heard)) == 1
    assert messages_deliver() == 1
    assert len(bodies_of(heard)) == 1


def test_a_crash_between_taking_and_writing_it_down_does_not_take_it_twice(heard, monkeypatch):
    send(declared(new_id()))
    with monkeypatch.context() as patch:
        patch.setattr(outbox, "messages_settle", fail)
        with pytest.raises(RuntimeError):
            messages_deliver()
    assert messages_deliver() == 1
    assert len(bodies_of(heard)) == 1


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("body", '{"flow":"goods","movement":"another"}'),
        ("kind", "side.decided"),
        ("subject", "0" * 26),
        ("number", 2),
        ("from_side", "hk"),
        ("ref", "0" * 26),
        ("sent_at", timezone.now() - timedelta(days=1)),
        ("signature", bytes(64)),
        ("signature", b""),
        ("key_id", "0" * 16),
        ("form", 1),
    ],
    ids=lambda value: "" if isinstance(value, bytes) else None,
)
def test_a_message_that_was_changed_in_any_column_is_refused_and_told_in_one_line(heard, caplog, column, value):
    (sent,) = send(declared(new_id()))
    forged = replace(envelope_of(sent), **{column: value})
    answers = receiving.receive("hk", [forged])
    assert answers[forged.ref].word == "refused"
    assert not heard
    assert not Message.objects.filter(owner_side="hk").exists()
    assert [record.getMessage().count("\n") for record in caplog.records] == [0]


def test_a_message_of_another_zone_is_refused_though_the_same_key_signed_it(heard, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(envelopes, "zone", lambda: SimpleNamespace(id="hengqin"))
        (sent,) = send(declared(new_id()))
    assert receiving.receive("hk", [envelope_of(sent)])[sent.ref].word == "refused"
    assert not heard


def test_a_message_that_was_signed_before_zones_were_named_still_verifies_where_it_is_kept(heard):
    (sent,) = send(declared(new_id()))
    sent.form = 1
    sent.signature, sent.key_id = signing.sign("cn", signed_bytes(sent))
    sent.save()
    assert messages_deliver() == 1
    for copy in Message.objects.all():
        assert copy.form == 1
        assert signed_bytes(copy).startswith(b"riverloop message 1\n" + copy.ref.encode())
        assert signing.verify("cn", signed_bytes(copy), bytes(copy.signature), copy.key_id)


def test_a_message_for_another_side_is_refused(heard):
    (sent,) = send(declared(new_id()))
    assert receiving.receive("cn", [envelope_of(sent)])[sent.ref].word == "refused"


def test_a_forged_message_in_the_outbox_is_refused_for_ever_and_blocks_no_other_movement(heard):
    (forged,) = send(declared(new_id()))
    Message.objects.filter(pk=forged.pk).update(body='{"flow":"goods"}')
    send(declared(new_id()))
    assert messages_deliver() == 1
    forged.refresh_from_db()
    assert (forged.state, forged.next_try_at) == ("refused", None)
    assert "signature" in forged.error


def test_a_forged_message_takes_no_genuine_ones_place(heard):
    subject = new_id()
    (sent,) = send(declared(subject))
    forged = replace(envelope_of(sent), ref=new_id(), body="{}")
    receiving.receive("hk", [forged])
    assert messages_deliver() == 1


def test_messages_signed_before_the_key_was_changed_are_still_taken(heard):
    (old,) = send(declared(new_id()))
    keys.signing_key_add("cn")
    (new,) = send(declared(new_id()))
    assert old.key_id != new.key_id
    assert messages_deliver() == 2


def fail(*arguments):
    raise RuntimeError("Chan Tai Man")


def test_a_handler_that_fails_undoes_all_of_it_and_the_message_comes_again(heard, caplog):
    subject = new_id()
    (sent,) = send(declared(subject))

    def half(messages, bodies):
        Webhook.objects.all().delete()
        record_append(side="hk", kind="half.done", payload={})
        fail()

    on_message("movement.declared", half)
    assert messages_deliver() == 0
    assert not PendingRecord.objects.filter(kind="half.done").exists()
    assert not Message.objects.filter(owner_side="hk").exists()
    sent.refresh_from_db()
    assert (sent.state, sent.attempts) == ("queued", 1)
    assert sent.next_try_at > timezone.now()
    assert sent.error.startswith("The receiver's handler failed: RuntimeError at test_messages.py:")
    assert "Chan" not in caplog.text + sent.error
    on_message("movement.declared", lambda messages, bodies: heard.append((messages, bodies)))
    assert messages_deliver() == 0
    due_now()
    assert messages_deliver() == 1
    assert len(bodies_of(heard)) == 1


def test_one_movement_that_fails_holds_up_none_of_the_others(heard):
    subjects = [new_id() for _ in range(9)]

    def picky(messages, bodies):
        if any(body["movement"] == subjects[4] for body in bodies):
            raise RuntimeError
        heard.append((messages, bodies))

    on_message("movement.declared", picky)
    send(*[one for subject in subjects for one in (declared(subject), decided(subject))])
    assert messages_deliver() == 16
    assert {body["movement"] for body in bodies_of(heard)} == set(subjects) - {subjects[4]}
    assert set(Message.objects.filter(state="queued").values_list("subject", flat=True)) == {subjects[4]}


def test_a_kind_that_nobody_takes_waits_and_says_so(heard, monkeypatch):
    monkeypatch.setattr(receiving, "_handlers", {})
    (sent,) = send(declared(new_id()))
    assert messages_deliver() == 0
    sent.refresh_from_db()
    assert "No part of this program takes messages" in sent.error


def test_an_answer_that_a_handler_sends_goes_in_the_next_round(heard, django_capture_on_commit_callbacks):
    subject = new_id()

    def answer(messages, bodies):
        messages_send(from_side="hk", to_side="cn", outgoing=[decided(body["movement"]) for body in bodies])

    on_message("movement.declared", answer)
    with django_capture_on_commit_callbacks(execute=True):
        send(declared(subject))
    assert bodies_of(heard) == [{"movement": subject, "outcome": "cleared"}]
    assert set(Message.objects.values_list("state", flat=True)) == {"delivered", "received"}


def test_the_wait_grows_and_a_message_is_never_given_up():
    now = timezone.now()
    waits = [(message_tried_again(now, attempts) - now).total_seconds() for attempts in (1, 2, 3, 6, 100)]
    assert waits == [5, 30, 120, 3600, 3600]


def test_each_movement_has_numbers_of_its_own_from_each_side(heard):
    one, other = new_id(), new_id()
    send(declared(one), declared(other), decided(one))
    send(decided(one), from_side="hk", to_side="cn")
    send(decided(one))
    numbers = Message.objects.filter(state="queued").values_list("from_side", "subject", "number")
    assert sorted(numbers) == sorted([("cn", one, 1), ("cn", other, 1), ("cn", one, 2), ("hk", one, 1), ("cn", one, 3)])


def test_whatever_way_messages_come_they_are_taken_once_and_in_order(heard, fault_count, tell):
    subjects = [new_id() for _ in range(5)]
    sent = [envelope_of(one) for one in send(*[decided(subject, str(n)) for n in range(6) for subject in subjects])]
    for seed in range(fault_count(300)):
        Message.objects.filter(owner_side="hk").delete()
        heard.clear()
        shuffled = sent * 2
        Random(seed).shuffle(shuffled)
        while shuffled:
            few, shuffled = shuffled[:7], shuffled[7:]
            answers = receiving.receive("hk", few)
            shuffled += [one for one in few if answers[one.ref].word == "waiting"]
        told = bodies_of(heard)
        assert len(told) == len(sent)
        for subject in subjects:
            assert [one["outcome"] for one in told if one["movement"] == subject] == list("012345")
    tell("messages between the sides doubled and shuffled", fault_count(300), "each taken once, in order")


def test_the_number_of_queries_does_not_grow_with_the_messages(heard, django_assert_max_num_queries):
    with django_assert_max_num_queries(18):
        send(declared(new_id()))
        messages_deliver()
    pairs = [one for subject in (new_id() for _ in range(100)) for one in (declared(subject), decided(subject))]
    with django_assert_max_num_queries(40):  # SQLite takes some sixty rows at a time
        send(*pairs)
        messages_deliver()
