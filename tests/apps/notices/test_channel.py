"""From node to node nothing is lost, doubled or put in another order, whatever the way between them does."""

import json
import random
import types
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from riverloop.apps.nodes import keys, trusting
from riverloop.apps.nodes.links import LONGEST_PAUSE_SECONDS, link_of
from riverloop.apps.notices import channel, envelopes, pushes, receiving, signing
from riverloop.apps.notices.arriving import push_take
from riverloop.apps.notices.channel import channel_push
from riverloop.apps.notices.effect import message_in_effect
from riverloop.apps.notices.envelopes import commitment_of_message, envelope_of, record_of, signed_bytes
from riverloop.apps.notices.messages import Outgoing, messages_deliver, messages_send, on_message
from riverloop.apps.notices.models import Channel, Message
from riverloop.apps.record.commitments import commitment_of
from riverloop.apps.record.models import Leaf, PendingRecord
from riverloop.apps.record.rounds import log_round
from riverloop.apps.record.sequencing import sequence
from riverloop.core.kernel.canonical import canonical_json
from riverloop.core.kernel.errors import InputError
from riverloop.core.kernel.ids import new_id
from tests.apps.notices.channels import altered, arrived, cut, due, send, states

pytestmark = pytest.mark.django_db
FAULTS = 4_000


def test_messages_get_places_without_gaps_when_they_are_sequenced_and_not_before(way, heard):
    subjects = [new_id() for _ in range(5)]
    with transaction.atomic():
        outgoing = [Outgoing("side.decided", "side_decision", "goods", one, {"movement": one}) for one in subjects]
        messages_send(from_side="cn", to_side="hk", outgoing=outgoing)
    assert channel_push("cn") == messages_deliver() == 0
    assert way.pushes == []
    sequence("cn")
    assert sorted(Message.objects.values_list("place", flat=True)) == list(range(5))
    assert channel_push("cn") == 5
    assert [one["movement"] for one in heard] == subjects
    assert len(way.pushes) == 1


def test_a_message_that_was_undone_leaves_no_gap(way, heard):
    send(new_id())
    with transaction.atomic():
        outgoing = [Outgoing("side.decided", "side_decision", "goods", "", {})]
        messages_send(from_side="cn", to_side="hk", outgoing=outgoing)
        transaction.set_rollback(True)
    send(new_id())
    assert sorted(Message.objects.values_list("place", flat=True)) == [0, 1]


def test_both_copies_open_the_commitment_in_the_senders_log(way):
    (sent,) = send(new_id())
    channel_push("cn")
    leaf = Leaf.objects.get(owner_side="cn", kind="message.sent")
    copies = Message.objects.filter(ref=sent.ref)
    assert {commitment_of_message(one) for one in copies} == {bytes(leaf.commitment)}
    assert leaf.subject == sent.subject
    assert copies.count() == 2


def test_a_message_is_in_effect_once_both_sides_signed_what_the_senders_log_holds_of_it(way):
    (sent,) = send(new_id())
    channel_push("cn")
    theirs = Message.objects.get(owner_side="hk")
    assert not message_in_effect(sent)
    assert not message_in_effect(theirs)
    log_round("cn")
    with way.nodes.at("hk"):
        assert message_in_effect(theirs)
    assert message_in_effect(sent)
    theirs.salt = bytes(32)
    assert not message_in_effect(theirs)


def test_a_message_about_nothing_gets_its_place_as_well(way, heard):
    with transaction.atomic():
        outgoing = [Outgoing("side.decided", "side_decision", "goods", "", {})]
        messages_send(from_side="cn", to_side="hk", outgoing=outgoing)
    log_round("cn")
    assert channel_push("cn") == 1
    assert heard == [{}]
    assert all(message_in_effect(one) for one in Message.objects.all())


def test_what_is_cut_off_in_the_middle_goes_on_where_it_was(way, heard, impatient, monkeypatch):
    monkeypatch.setattr(channel, "MOST_MESSAGES", 2)
    sent = send(*(new_id() for _ in range(7)))
    way.after = lambda answer: answer if len(way.pushes) < 3 else cut(answer)
    assert channel_push("cn") == 4
    assert len(heard) == 6  # the third push was taken, and its answer lost
    way.after = lambda answer: answer
    assert channel_push("cn") == 3
    assert len(heard) == 7
    assert arrived() == [one.ref for one in sent]
    assert states() == {"delivered"}


def test_a_push_that_comes_twice_does_nothing_the_second_time(way, heard):
    send(new_id(), new_id())
    channel_push("cn")
    with way.nodes.at("hk"):
        answer = pushes.answer_read(push_take("cn", "hk", way.pushes[0]))
    assert answer.next_place == 2
    assert {word for word, _ in answer.answers.values()} == {"delivered"}
    assert len(heard) == 2


def test_pushes_that_overtake_each_other_are_taken_in_the_order_of_their_places(way, heard):
    sent = send(*(new_id() for _ in range(4)))
    early = pushes.push_written("cn", [envelope_of(one) for one in Message.objects.filter(place__gte=2)])
    with way.nodes.at("hk"):
        answer = pushes.answer_read(push_take("cn", "hk", early))
    assert (answer.next_place, answer.answers, heard) == (0, {}, [])
    assert channel_push("cn") == 4
    assert arrived() == [one.ref for one in sent]


def test_what_one_subject_waits_for_holds_up_no_other(way, heard):
    (first, *_) = send(*(new_id() for _ in range(3)))
    monkey = receiving._handlers["side.decided"]

    def fail_first(messages, bodies):
        if any(one.ref == first.ref for one in messages):
            raise RuntimeError
        monkey(messages, bodies)

    on_message("side.decided", fail_first)
    channel_push("cn")
    assert len(heard) == 2
    on_message("side.decided", monkey)
    due()
    assert channel_push("cn") == 1
    assert len(heard) == 3
    assert states() == {"delivered"}


@pytest.mark.parametrize(
    "parts",
    [
        {"body": '{"outcome":"refused"}'}, {"subject": "0" * 26}, {"number": 7}, {"kind": "side.other"},
        {"sent_at": "2026-01-01T00:00:00+00:00"}, {"ref": "0" * 26}, {"signature": "A" * 86 + "=="},
    ],
)  # fmt: skip
def test_a_forged_message_is_refused_by_name_and_the_others_are_taken(way, heard, parts):
    send(new_id(), new_id())
    way.before = altered(**parts)
    channel_push("cn")
    assert len(heard) == 1
    with way.nodes.at("hk"):
        assert "A message of the mainland was refused: it is not what that side signed" in link_of("hk").refused_text


def test_a_message_under_a_key_that_is_not_trusted_yet_waits_until_it_is(way, heard):
    keys.signing_key_add("cn")
    send(new_id())
    channel_push("cn")
    assert heard == []
    assert Message.objects.get(owner_side="cn").error.startswith("The other node does not know the key")
    with way.nodes.at("hk"):
        assert "is signed with a key that is not trusted here" in link_of("hk").refused_text
        assert link_of("hk").refused_text.endswith("riverloop node trust FILE --replace")
    shown = way.nodes.shown("cn")
    with way.nodes.at("hk"):
        trusting.peer_trust(shown, replace=True)
    due()
    assert channel_push("cn") == 1
    assert len(heard) == 1


def before_zones_were_named(message):
    """Make a message what an older version signed: its record, and the signature, speak of no zone."""
    message.form = 1
    message.signature, message.key_id = signing.sign("cn", signed_bytes(message))
    record = PendingRecord.objects.filter(subject=message.subject, kind="message.sent").get()
    record.payload = canonical_json(record_of(message)).decode()
    record.commitment = commitment_of(record.payload.encode(), bytes(record.salt))
    record.save()
    message.save()


def send_as_before(subject):
    (sent,) = send(subject, sequenced=False)
    before_zones_were_named(sent)
    sequence("cn")
    return sent


def test_a_message_that_an_older_version_signed_is_taken_once_this_zones_log_holds_its_record(way, heard):
    send_as_before(new_id())
    assert channel_push("cn") == 0
    assert "did not name the zone" in Message.objects.get(owner_side="cn").error
    log_round("cn")
    due()
    assert channel_push("cn") == 1
    assert len(heard) == 1
    theirs = Message.objects.get(owner_side="hk")
    assert theirs.form == 1
    assert signing.verify("cn", signed_bytes(theirs), bytes(theirs.signature), theirs.key_id)
    with way.nodes.at("hk"):
        assert message_in_effect(theirs)


def test_a_push_of_an_older_version_is_read(way, heard):
    send_as_before(new_id())
    log_round("cn")

    def older(content):
        told = json.loads(content)
        told["messages"] = told.pop("signed")
        del told["messages"][0]["form"]
        return json.dumps(told).encode()

    way.before = older
    assert channel_push("cn") == 1
    assert len(heard) == 1


def test_a_message_of_another_zone_is_not_taken_though_the_same_key_signed_it(way, heard, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(envelopes, "zone", lambda: types.SimpleNamespace(id="hengqin"))
        send(new_id())
    channel_push("cn")
    assert heard == []
    assert Message.objects.get(owner_side="cn").state == "refused"


MALFORMED = [
    b"", b"\xff", b"null", b"[]", b"{}", b"[" * 5_000, b'{"zone":"hetao","from":"cn","to":"hk","signed":{}}',
    b'{"zone":"hetao","from":"cn","to":"hk","signed":[1]}', b'{"zone":"hetao","from":"cn","to":"hk","signed":[{}]}',
    b'{"zone":"hetao","from":"cn","to":"hk","messages":[{}]}',
]  # fmt: skip


@pytest.mark.parametrize("content", MALFORMED)
def test_a_push_that_is_none_is_refused_in_one_line(way, content):
    with way.nodes.at("hk"), pytest.raises(InputError, match="cannot be read"):
        push_take("cn", "hk", content)


WRONG = [
    {"place": -1}, {"place": True}, {"place": 2**63}, {"place": "0"}, {"place": None},
    {"number": -1}, {"number": 2**31}, {"number": 1.5},
    {"ref": "short"}, {"ref": None}, {"subject": "x" * 27}, {"kind": "side"}, {"kind": "a." + "b" * 99},
    {"key_id": "zz"}, {"sent_at": "yesterday"}, {"sent_at": "2026-01-01T00:00:00"},
    {"body": "[1]"}, {"body": {}}, {"body": '{"a":"\0"}'}, {"body": "{" * 5_000},
    {"form": 0}, {"form": 3}, {"form": True}, {"form": "2"},
    {"body": '{"a":"\ud800"}'}, {"signature": "AA=="}, {"signature": "é"}, {"salt": ""}, {"salt": 7},
]  # fmt: skip


@pytest.mark.parametrize("parts", WRONG)
def test_a_message_with_a_part_of_another_form_is_refused_with_its_push(way, heard, parts):
    send(new_id())
    way.before = altered(**parts)
    assert channel_push("cn") == 0
    assert "cannot be read" in link_of("cn").refused_text
    assert heard == []
    assert not Message.objects.filter(owner_side="hk").exists()


@pytest.mark.parametrize(
    ("part", "value", "line"),
    [("zone", "hengqin", "of zone hengqin"), ("from", "hk", "from hk to hk"), ("to", "cn", "from cn to cn")],
)
def test_a_push_for_another_node_is_refused_by_name(way, part, value, line):
    send(new_id())
    way.before = lambda content: json.dumps({**json.loads(content), part: value}).encode()
    assert channel_push("cn") == 0
    assert line in link_of("cn").refused_text


def test_two_messages_in_one_place_are_refused(way):
    send(new_id(), new_id())
    way.before = altered(place=1)
    assert channel_push("cn") == 0
    assert "cannot be read" in link_of("cn").refused_text


@pytest.mark.parametrize(
    "answer",
    [
        b"", b"[]", b"[" * 5_000, b'{"next":-1,"taken":null,"answers":{}}', b'{"next":1,"taken":null,"answers":[]}',
        b'{"next":1,"taken":null,"answers":{"x":["lost",""]}}', b'{"next":1,"answers":{}}',
        b'{"next":"1","taken":null,"answers":{}}',
    ],
)  # fmt: skip
def test_an_answer_that_is_none_leaves_everything_waiting(way, heard, answer):
    send(new_id())
    way.after = lambda _: answer
    assert channel_push("cn") == 0
    assert states() == {"queued"}
    way.after = lambda content: content
    assert channel_push("cn") == 1
    assert len(heard) == 1


def test_a_receiver_that_was_restored_from_a_backup_is_sent_again_what_it_forgot(way, heard):
    sent = send(*(new_id() for _ in range(5)))
    channel_push("cn")
    Message.objects.filter(owner_side="hk", place__gte=2).delete()
    Channel.objects.filter(owner_side="hk").update(next_place=2)
    heard.clear()
    sent += send(new_id())
    assert channel_push("cn") == 4
    assert len(heard) == 4
    assert arrived() == [one.ref for one in sent]
    assert states() == {"delivered"}


def test_a_sender_that_was_restored_from_a_backup_goes_on_after_what_the_other_holds(way, heard):
    send(*(new_id() for _ in range(5)))
    channel_push("cn")
    Message.objects.filter(owner_side="cn", place__gte=2).delete()
    Channel.objects.filter(owner_side="cn").update(next_place=2)
    heard.clear()
    send(new_id(), new_id())
    assert channel_push("cn") == 2  # after they were renumbered
    assert len(heard) == 2
    assert sorted(Message.objects.filter(owner_side="hk").values_list("place", flat=True)) == list(range(7))
    assert "restored from an older backup" in link_of("cn").refused_text


def test_a_restored_sender_with_more_to_say_than_it_forgot_goes_on_as_well(way, heard):
    send(*(new_id() for _ in range(5)))
    channel_push("cn")
    Message.objects.filter(owner_side="cn", place__gte=2).delete()
    Channel.objects.filter(owner_side="cn").update(next_place=2)
    heard.clear()
    send(*(new_id() for _ in range(9)))  # places 2 to 10, and the other node waits for 5
    channel_push("cn")
    send(new_id())
    channel_push("cn")
    assert len(heard) == 10
    assert sorted(Message.objects.filter(owner_side="hk").values_list("place", flat=True)) == list(range(15))
    assert states() == {"delivered"}


def test_after_both_were_restored_what_is_known_to_either_arrives(way, heard):
    send(*(new_id() for _ in range(5)))
    channel_push("cn")
    Message.objects.filter(owner_side="cn", place__gte=2).delete()
    Channel.objects.filter(owner_side="cn").update(next_place=2)
    send(*(new_id() for _ in range(9)))
    channel_push("cn")
    Message.objects.filter(owner_side="hk", place__gte=7).delete()
    Channel.objects.filter(owner_side="hk").update(next_place=7)
    send(new_id())
    channel_push("cn")
    assert sorted(Message.objects.filter(owner_side="hk").values_list("place", flat=True)) == list(range(15))


def test_another_message_with_the_number_of_one_that_was_taken_is_refused(way, heard):
    subject = new_id()
    send(subject, subject)
    channel_push("cn")
    Message.objects.filter(owner_side="cn").delete()
    heard.clear()
    send(subject)
    channel_push("cn")
    assert heard == []
    assert Message.objects.get(owner_side="cn").state == "refused"


def test_a_week_of_messages_goes_as_soon_as_the_link_is_back(way, heard, monkeypatch):
    start = timezone.now()
    way.before = cut
    clock = [start]
    monkeypatch.setattr(timezone, "now", lambda: clock[0])
    for day in range(7):
        clock[0] = start + timedelta(days=day)
        send(*(new_id() for _ in range(30)))
        assert channel_push("cn") == 0
    way.before = lambda content: content
    assert channel_push("cn") == 0  # the last try was a moment ago
    clock[0] += timedelta(seconds=LONGEST_PAUSE_SECONDS)
    assert channel_push("cn") == 210
    assert len(heard) == 210
    assert states() == {"delivered"}


def test_every_way_of_losing_doubling_and_reordering_ends_in_each_message_once_and_in_order(
    way, impatient, monkeypatch, fault_count, tell
):
    chance, times = random.Random(20261122), fault_count(FAULTS)
    monkeypatch.setattr(channel, "MOST_MESSAGES", 3)
    kept = []

    def before(content):
        fate = chance.random()
        kept.append(content)
        if fate < 0.2:  # lost on the way there
            cut(content)
        if fate < 0.5:  # an older push comes once more, before this one
            with way.nodes.at("hk"):
                push_take("cn", "hk", chance.choice(kept))
        if fate > 0.9:  # and something that nobody sent
            with way.nodes.at("hk"), pytest.raises(InputError):
                push_take("cn", "hk", content[: chance.randrange(len(content))])
        return content

    way.before = before
    way.after = lambda answer: cut(answer) if chance.random() < 0.2 else answer  # lost on the way back
    subjects, sent = [new_id() for _ in range(5)], []
    while len(way.pushes) < times:
        sent += send(*(chance.choice(subjects) for _ in range(chance.randrange(4))))
        channel_push("cn")
        del kept[:-20]
    way.before = way.after = lambda content: content
    while Message.objects.filter(owner_side="cn", state="queued").exists():
        due()
        channel_push("cn")
    assert arrived() == [one.ref for one in sent]
    for subject in subjects:
        own = [one for one in sent if one.subject == subject]
        assert [one.number for one in own] == list(range(1, len(own) + 1))
    assert states() <= {"delivered"}
    tell("a push lost, doubled, overtaken or cut", times, "each message once, in its order")


def test_sides_that_live_on_one_node_need_no_places(heard, monkeypatch):
    send(new_id())
    assert set(Message.objects.values_list("place", flat=True)) == {None}
    assert messages_deliver() == 1
    assert len(heard) == 1
