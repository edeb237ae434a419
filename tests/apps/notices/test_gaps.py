"""What a restored node asks for and the other keeps no longer is left out once both agree; nothing else is."""

import json
from dataclasses import replace

import pytest

from riverloop.apps.nodes.links import link_of
from riverloop.apps.notices import pushes, receiving
from riverloop.apps.notices.arriving import push_take
from riverloop.apps.notices.channel import channel_push
from riverloop.apps.notices.envelopes import envelope_of
from riverloop.apps.notices.gaps import AGREED, gap_agree, gap_take
from riverloop.apps.notices.messages import on_message
from riverloop.apps.notices.models import Gap, Message
from riverloop.apps.record.selectors import records_of
from riverloop.core.kernel.errors import ConflictError, InputError
from riverloop.core.kernel.ids import new_id
from tests.apps.notices.channels import arrived, due, forget, send, states

pytestmark = pytest.mark.django_db
NO_GAPS = [b"", b"[]", b"{}", b'{"first":1,"following":1}', b'{"first":-1,"following":2}', b"\xff"]


def agree_at_both(way, first, last):
    gap_agree("cn", first=first, last=last)
    assert channel_push("cn") == 0  # which tells the other node
    with way.nodes.at("hk"):
        gap_agree("hk", first=first, last=last)


def test_what_is_kept_no_longer_cannot_be_sent_again_and_the_node_says_so(way, heard):
    send(*(new_id() for _ in range(6)))
    channel_push("cn")
    heard.clear()
    forget(4, 2)
    send(new_id())
    assert channel_push("cn") == 0
    assert link_of("cn").refused_text.startswith("Messages 2 to 3, for which Hong Kong waits, are kept here no longer")
    assert heard == []


def test_what_is_kept_no_longer_is_left_out_once_both_sides_agree(way, heard):
    sent = send(*(new_id() for _ in range(6)))
    channel_push("cn")
    forget(4, 2)
    heard.clear()
    sent += send(new_id())
    channel_push("cn")
    gap_agree("cn", first=2, last=3)
    assert channel_push("cn") == 0
    assert "until the operator of Hong Kong agrees as well" in link_of("cn").refused_text
    with way.nodes.at("hk"):
        assert "are kept at the mainland no longer, and its operator agreed" in link_of("hk").refused_text
        gap_agree("hk", first=2, last=3)
    assert channel_push("cn") == 3
    assert arrived() == [one.ref for place, one in enumerate(sent) if place not in (2, 3)]
    assert states() == {"delivered"}
    told = [json.loads(one.payload) for side in ("cn", "hk") for one in records_of(side=side, kind=AGREED)]
    assert told == [{"first": 2, "from": "cn", "last": 3, "to": "hk"}] * 2


def test_one_side_alone_leaves_nothing_out(way, heard):
    send(*(new_id() for _ in range(3)))
    channel_push("cn")
    forget(2, 1)
    with way.nodes.at("hk"), pytest.raises(ConflictError, match="Nobody waits for messages 1 to 1"):
        gap_agree("hk", first=1, last=1)
    send(new_id())
    channel_push("cn")
    with pytest.raises(ConflictError, match="Nobody waits for messages 1 to 2"):
        gap_agree("cn", first=1, last=2)
    gap_agree("cn", first=1, last=1)
    heard.clear()
    due()
    assert channel_push("cn") == 0
    assert heard == []
    with way.nodes.at("hk"), pytest.raises(ConflictError, match="Nobody waits"):
        gap_agree("hk", first=1, last=2)


def test_a_gap_that_grew_before_both_agreed_is_agreed_to_anew(way):
    send(*(new_id() for _ in range(5)))
    channel_push("cn")
    forget(4, 1)
    send(new_id())
    channel_push("cn")
    gap_agree("cn", first=1, last=1)
    Message.objects.filter(owner_side="cn", place=2).delete()
    assert channel_push("cn") == 0
    assert "Messages 1 to 2, for which" in link_of("cn").refused_text
    agree_at_both(way, 1, 2)
    assert channel_push("cn") == 3


def test_where_nothing_is_kept_that_was_sent_what_comes_now_follows(way, heard):
    send(*(new_id() for _ in range(3)))
    channel_push("cn")
    forget(3, 3)
    heard.clear()
    send(new_id())
    channel_push("cn")
    agree_at_both(way, 0, 2)
    assert channel_push("cn") == 1
    assert len(heard) == 1


def test_what_follows_about_the_same_subject_is_taken_after_what_was_left_out_and_still_in_order(way, heard):
    subject = new_id()
    send(*[subject] * 5)
    channel_push("cn")
    forget(4, 2)  # numbers 2 and 3 are lost, 4 and 5 are sent again
    heard.clear()
    send(subject)
    channel_push("cn")
    agree_at_both(way, 1, 2)
    handler = receiving._handlers["side.decided"]

    def fail_the_fourth(messages, bodies):
        if any(one.number == 4 for one in messages):
            raise RuntimeError
        handler(messages, bodies)

    on_message("side.decided", fail_the_fourth)
    assert channel_push("cn") == 0  # what is not lost is waited for
    on_message("side.decided", handler)
    for _ in range(3):
        due()
        channel_push("cn")
    assert [body["number"] for body in heard] == [3, 4, 0]
    assert states() == {"delivered"}


def test_what_builds_on_a_message_that_was_left_out_is_refused_and_holds_up_nothing(way, heard):
    lost, fine = new_id(), new_id()
    send(lost, lost, lost, fine)
    channel_push("cn")
    forget(4, 1)
    heard.clear()
    send(fine)
    channel_push("cn")
    agree_at_both(way, 0, 0)
    handler = receiving._handlers["side.decided"]

    def unknown(messages, bodies):
        if any(one.subject == lost for one in messages):
            raise InputError("test.unknown", "The message does not fit what this side holds of the movement.")
        handler(messages, bodies)

    on_message("side.decided", unknown)
    for _ in range(3):
        due()
        channel_push("cn")
    assert len(heard) == 2
    refused = Message.objects.filter(owner_side="cn", state="refused")
    assert set(refused.values_list("subject", flat=True)) == {lost}
    assert refused.count() == 2
    assert "left out" in refused[0].error


def test_a_sender_cannot_leave_anything_out_by_its_own_word(way, heard):
    subject = new_id()
    _, second = send(subject, subject)
    with way.nodes.at("hk"):
        envelope = replace(envelope_of(second), place=0, after=0)
        answer = pushes.answer_read(push_take("cn", "hk", pushes.push_written("cn", [envelope])))
    assert answer.answers[second.ref][0] == "waiting"
    assert heard == []


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b'{"first":1,"following":1}', b'{"first":-1,"following":2}', b"\xff"]
)
def test_a_gap_that_names_no_messages_is_refused_in_one_line(way, body):
    with way.nodes.at("hk"), pytest.raises(InputError, match="names no messages"):
        gap_take("cn", "hk", body)


def test_the_page_of_messages_of_each_side_shows_what_was_left_out(cast, way, enter):
    send(*(new_id() for _ in range(3)))
    channel_push("cn")
    forget(2, 1)
    send(new_id())
    channel_push("cn")
    page = enter(cast.amy).get("/messages/").content.decode()
    assert "What follows waits until the operators of both sides agree" in page
    agree_at_both(way, 1, 1)
    assert {gap.agreed_at is None for gap in Gap.objects.all()} == {False}
    page = enter(cast.amy).get("/messages/").content.decode()
    assert "Messages 1 to 1" in page
    assert "operator agreed to go on without them" in page
