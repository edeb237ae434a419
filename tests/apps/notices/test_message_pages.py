"""An auditor sees what crossed from and to the own side, and that it was read is recorded."""

import pytest
from django.db import transaction

from riverloop.apps.notices import receiving, views
from riverloop.apps.notices.messages import Outgoing, messages_deliver, messages_send, on_message
from riverloop.apps.notices.models import Message
from riverloop.apps.record.models import PendingRecord
from riverloop.core.kernel.ids import new_id

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def handlers(monkeypatch):
    monkeypatch.setattr(receiving, "_handlers", {})
    on_message("movement.declared", lambda *_: None)


def declared(subject):
    body = {"movement": subject, "flow": "goods", "items": [{"category": "human_blood"}]}
    return Outgoing("movement.declared", "declare", "goods", subject, body)


def send(*subjects, from_side="cn", to_side="hk"):
    with transaction.atomic():
        messages_send(from_side=from_side, to_side=to_side, outgoing=[declared(one) for one in subjects])
    messages_deliver()


def test_before_anything_crossed_the_page_says_so(cast, enter):
    assert "Nothing has crossed yet" in enter(cast.ada).get("/messages/").text


def test_the_list_names_the_fields_that_crossed_and_none_of_their_values(cast, enter):
    subject = new_id()
    send(subject)
    page = enter(cast.ada).get("/messages/").text
    assert "category, flow, movement" in page
    assert f"{subject[:5]}-{subject[5:10]}" in page
    assert "human_blood" not in page


def test_each_auditor_sees_the_own_sides_copies_alone(cast, enter):
    send(new_id())
    copies = {message.owner_side: message for message in Message.objects.all()}
    for auditor, own, other in ((cast.ada, "hk", "cn"), (cast.amy, "cn", "hk")):
        client = enter(auditor)
        assert client.get(f"/messages/{copies[own].id}/").status_code == 200
        assert client.get(f"/messages/{copies[other].id}/").status_code == 404


def test_one_message_is_shown_as_it_was_signed_and_reading_it_is_recorded(cast, enter):
    send(new_id())
    own = Message.objects.get(owner_side="hk")
    page = enter(cast.ada).get(f"/messages/{own.id}/").text
    assert "human_blood" in page
    assert "Verified" in page
    (record,) = PendingRecord.objects.filter(kind="message.read")
    assert record.payload == f'{{"by":"{cast.ada.id}","message":"{own.ref}"}}'


def test_a_copy_that_was_changed_since_says_that_it_does_not_verify(cast, enter):
    send(new_id())
    own = Message.objects.get(owner_side="hk")
    Message.objects.filter(pk=own.pk).update(body='{"flow":"data"}')
    assert "It does not verify" in enter(cast.ada).get(f"/messages/{own.id}/").text


@pytest.mark.parametrize(
    ("query", "shown"),
    [("way=sent", 0), ("way=received", 2), ("state=received", 2), ("state=refused", 0), ("state=bogus", 2), ("", 2)],
)
def test_the_list_is_narrowed(cast, enter, query, shown):
    send(new_id(), new_id())
    assert enter(cast.ada).get(f"/messages/?{query}").text.count("movement.declared") == shown


def test_the_list_finds_a_movement_by_its_number(cast, enter):
    one, other = new_id(), new_id()
    send(one, other)
    page = enter(cast.ada).get(f"/messages/?about={one[:5]}-{one[5:10]}".lower()).text
    assert one[5:10] in page
    assert other[5:10] not in page


def test_a_long_list_comes_in_parts_and_each_message_once(cast, enter, monkeypatch, django_assert_max_num_queries):
    monkeypatch.setattr(views, "A_PAGE", 4)
    send(*[new_id() for _ in range(10)])
    client, address, seen = enter(cast.ada), "/messages/", []
    while address:
        with django_assert_max_num_queries(9):
            response = client.get(address)
        seen += [row["message"].id for row in response.context["rows"]]
        address = "/messages/" + response.context["next"] if response.context["next"] else ""
    assert len(seen) == len(set(seen)) == 10
