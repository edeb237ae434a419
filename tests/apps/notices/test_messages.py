"""What one side tells the other arrives once, in order, as it was signed, and holds only what may cross."""

import pytest
from django.db import transaction
from django.utils import timezone

from riverloop.apps.notices import receiving
from riverloop.apps.notices.messages import Outgoing, messages_deliver, messages_send, on_message
from riverloop.apps.notices.models import Message
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


def test_nothing_is_sent_outside_a_transaction(heard):
    if transaction.get_connection().in_atomic_block:
        pytest.skip("the test itself is in a transaction")


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
