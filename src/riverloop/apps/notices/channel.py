"""From one node to the other: messages in places without gaps, so that what is lost on the way is missed.

The sender's log is its outbox: when the record ``message.sent`` becomes a leaf, the message gets the next place, in
the same transaction. Messages are pushed in the order of their places; the receiver says which place it takes next.
What comes twice it knows, what comes early it does not take, and the sender goes back to where it waits.

Source: the shape is that of C2SP tlog-mirror: indices without gaps, a receiver that says its next one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from threading import Event

import structlog
from django.db import close_old_connections, connection, transaction
from django.db.models import Q
from django.utils import timezone

from riverloop.apps.nodes.calling import PeerError, call
from riverloop.apps.nodes.here import hosted_sides, hosts, other_side
from riverloop.apps.nodes.links import link_refused
from riverloop.apps.notices.envelopes import Answer, Envelope, envelope_of
from riverloop.apps.notices.gaps import gap_found, gap_line, gap_told, numbers_before
from riverloop.apps.notices.messages import SENT, messages_settle
from riverloop.apps.notices.models import Channel, Message
from riverloop.apps.notices.pushes import CALL, Pushed, answer_read, push_written
from riverloop.apps.notices.words import N_
from riverloop.apps.record.models import Leaf
from riverloop.apps.record.sequencing import on_sequenced
from riverloop.core.kernel.errors import InputError

MOST_MESSAGES = 500  # in one push
MOST_BYTES = 4_000_000  # of bodies in one push; a longer message goes alone
_CHUNK = 500
_IDLE_SECONDS = 0.5
_PAUSE_SECONDS = 5.0  # after a mistake
_MOST_PUSHES = 200  # in one round: then whatever else waits gets its turn

_logger: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(__name__)


# Places


def places_give(side: str, leaves: Sequence[Leaf]) -> None:
    """Give the messages behind these leaves their places, in the leaves' order and transaction."""
    other = other_side(side)
    if hosts(other):
        return
    waiting = _without_place(side, sorted({leaf.subject for leaf in leaves}))
    found = [waiting[salt] for leaf in leaves if (salt := bytes(leaf.salt)) in waiting]
    if not found:
        return
    channel = Channel.locked(side, side, other)
    for place, message in enumerate(found, channel.next_place):
        message.place = place
    Message.objects.bulk_update(found, ["place"], batch_size=_CHUNK)
    Channel.objects.filter(pk=channel.pk).update(next_place=channel.next_place + len(found))


def _without_place(side: str, subjects: list[str]) -> dict[bytes, Message]:
    """Return the messages about these subjects that have no place yet, by the salt of their record."""
    found: dict[bytes, Message] = {}
    for start in range(0, len(subjects), _CHUNK):
        part = subjects[start : start + _CHUNK]
        own = Message.objects.filter(owner_side=side, from_side=side, place=None)
        for rows in (own.filter(subject__in=part), own.filter(subject="", ref__in=part)):
            found.update((bytes(row.salt), row) for row in rows.only("salt"))
    return found


on_sequenced(SENT, places_give)


# Pushing


def channels_push() -> int:
    """Push what waits for the other side's node, and return how many messages were taken there."""
    return sum(channel_push(side) for side in hosted_sides() if not hosts(other_side(side)))


def channels_keep(stopping: Event) -> None:
    """Push what gets a place until asked to stop: the worker's thread, so that no long run delays it."""
    while not stopping.is_set():
        try:
            close_old_connections()
            pushed = channels_push()
        except Exception:  # whatever it was, the next round may succeed
            _logger.exception("the channel waits")
            connection.close()
            stopping.wait(_PAUSE_SECONDS)
            continue
        if not pushed:
            stopping.wait(_IDLE_SECONDS)
    connection.close()


def channel_push(side: str) -> int:
    """Push what waits at a side for the other side's node until nothing is due, or the link breaks."""
    taken = 0
    for _ in range(_MOST_PUSHES):
        messages = _due(side)
        if not messages:
            break
        try:
            pushed = answer_read(call(other_side(side), CALL, push_written(side, _envelopes(side, messages))))
            delivered = _settled(side, messages, pushed)
            if not delivered and not _resumed(side, messages, pushed):
                break
        except PeerError:
            break  # the link says so, and when to try again
        taken += delivered
    return taken


def _due(side: str) -> list[Message]:
    """Return what goes next, in the order of places, of bounded number and length."""
    rows = Message.objects.filter(
        owner_side=side, from_side=side, state="queued", place__isnull=False, next_try_at__lte=timezone.now()
    )
    found: list[Message] = []
    length = 0
    for message in rows.order_by("place")[:MOST_MESSAGES]:
        length += len(message.body.encode())
        if found and length > MOST_BYTES:
            break
        found.append(message)
    return found


def _envelopes(side: str, messages: list[Message]) -> Iterable[Envelope]:
    before = numbers_before(side, messages)
    return (replace(envelope_of(one), after=before.get(one.ref)) for one in messages)


def _settled(side: str, messages: list[Message], pushed: Pushed) -> int:
    """Write down what was answered, and return how many messages were taken."""
    answered = [message for message in messages if message.ref in pushed.answers]
    return messages_settle(answered, {ref: Answer(*answer) for ref, answer in pushed.answers.items()})


def _resumed(side: str, messages: list[Message], pushed: Pushed) -> bool:
    """Go to where the receiver is, if it is elsewhere than this side thought, and say whether it was."""
    if pushed.taken_place is not None:
        return bool(_renumber(side, pushed))
    first = messages[0].place
    elsewhere = not pushed.answers and first is not None and pushed.next_place < first
    return elsewhere and _go_back(side, pushed.next_place)


def _go_back(side: str, place: int) -> bool:
    """Send again from a place on: the receiver has forgotten what it took, with a backup that it was restored from."""
    other = other_side(side)
    again = Message.objects.filter(owner_side=side, from_side=side, place__gte=place)
    if not again.filter(place=place).exists():
        return _leave_out(side, other, place)
    _logger.warning("the other side takes messages again from an earlier one", side=other, count=again.count())
    return bool(again.update(state="queued", next_try_at=timezone.now(), settled_at=None))


def _leave_out(side: str, other: str, place: int) -> bool:
    """Say that messages from a place on are kept no longer, and return whether both sides go on without them."""
    with transaction.atomic():
        gap = gap_found(side, place)
    if gap.agreed_at and gap_told(gap):
        return True
    link_refused(side, other, gap_line(gap))
    return False


def _place_anew(channel: Channel, messages: list[Message], first: int) -> None:
    """Give messages the places from one on, without a gap; the next message gets the place after them."""
    now = timezone.now()
    for start in range(0, len(messages), _CHUNK):  # a place is unique at any time
        part = [one.pk for one in messages[start : start + _CHUNK]]
        Message.objects.filter(pk__in=part).update(place=None)
    for place, message in enumerate(messages, first):
        message.place, message.state, message.next_try_at, message.settled_at = place, "queued", now, None
    Message.objects.bulk_update(messages, ["place", "state", "next_try_at", "settled_at"], batch_size=_CHUNK)
    Channel.objects.filter(pk=channel.pk).update(next_place=first + len(messages))


def _renumber(side: str, pushed: Pushed) -> int:
    """Give new places to what waits: this side has forgotten messages that the other has taken, with a backup."""
    other = other_side(side)
    with transaction.atomic():
        channel = Channel.locked(side, side, other)
        own = Message.objects.filter(owner_side=side, from_side=side)
        # The other node holds nothing yet from its next place on, whatever it said before it was restored itself.
        due = own.filter(Q(state="queued", place__gte=pushed.taken_place) | Q(place__gte=pushed.next_place))
        waiting = list(due.order_by("place"))
        forgotten = pushed.next_place - (pushed.taken_place or 0)
        _place_anew(channel, waiting, pushed.next_place)
    line = N_(
        "Up to {count} messages of this side that {side} holds are not known here: this node was restored from an "
        "older backup. What waits was numbered after them."
    )
    link_refused(side, other, InputError("notices.forgotten", line, side=other, count=forgotten))
    return len(waiting)
