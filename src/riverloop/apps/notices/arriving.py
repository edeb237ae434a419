"""What the other side's node pushes: taken in the order of its places, each once, with the next place kept with it."""

from __future__ import annotations

from dataclasses import replace

from django.db import transaction

from riverloop.apps.nodes.endpoints import on_call
from riverloop.apps.notices.envelopes import Envelope
from riverloop.apps.notices.gaps import left_out_from
from riverloop.apps.notices.models import Channel, Message
from riverloop.apps.notices.pushes import CALL, answer_written, push_read
from riverloop.apps.notices.receiving import receive


@transaction.atomic
def push_take(from_side: str, to_side: str, content: bytes) -> bytes:
    """Take a push, and say which place is next and what became of each message.

    Args:
        from_side: whose node calls.
        to_side: the side that lives here.
        content: of the push.

    Raises:
        InputError: it cannot be read, or is for another node.
    """
    envelopes = push_read(from_side, to_side, content)
    channel = Channel.locked(to_side, from_side, to_side)
    held = _held(to_side, from_side, envelopes)
    due: list[Envelope] = []
    following = channel.next_place
    for one in envelopes:
        place = one.place or 0
        if place > following:
            break  # what is before it has not come
        if held.get(place, one.ref) != one.ref:
            return answer_written(channel.next_place, {}, place)
        following = max(following, place + 1)
        due.append(one)
    answers = receive(to_side, _believed(from_side, to_side, due))
    Channel.objects.filter(pk=channel.pk).update(next_place=following)
    return answer_written(following, answers)


def _believed(from_side: str, to_side: str, envelopes: list[Envelope]) -> list[Envelope]:
    """Leave away that an earlier number is not kept, where this side never agreed that any be left out."""
    if all(one.after is None for one in envelopes):
        return envelopes
    first = left_out_from(from_side, to_side)
    return [one if first is not None and (one.place or 0) >= first else replace(one, after=None) for one in envelopes]


def _held(to_side: str, from_side: str, envelopes: list[Envelope]) -> dict[int, str]:
    """Return which message stands in each of these places already."""
    places = [one.place for one in envelopes if one.place is not None]
    rows = Message.objects.filter(owner_side=to_side, from_side=from_side, place__in=places)
    return {place: ref for place, ref in rows.values_list("place", "ref") if place is not None}


on_call(CALL, push_take)
