"""Messages that one node asks for again and the other keeps no longer: both go on without them once both agree.

A node that was restored from a backup older than retention reaches may wait for what its sender has deleted. What
follows waits with it, so that nothing is lost unseen, until the operator of each node has agreed to leave those
messages out. Either consent is recorded in its side's log, and the gap stays on the page of messages of both sides.
"""

from __future__ import annotations

from django.db import transaction
from django.db.models import Min, Q, QuerySet
from django.utils import timezone

from riverloop.apps.nodes.calling import call
from riverloop.apps.nodes.endpoints import on_call
from riverloop.apps.nodes.here import other_side
from riverloop.apps.nodes.links import link_refused
from riverloop.apps.notices.models import Channel, Gap, Message
from riverloop.apps.notices.words import N_
from riverloop.apps.record.services import record_append
from riverloop.core.kernel.canonical import canonical_json, read_json
from riverloop.core.kernel.errors import ConflictError, InputError, RiverloopError

CALL = "messages.gap"
AGREED = "messages.gap_agreed"  # what the log of each side holds of its consent
_LAST_PLACE = 2**62


# Where the messages were sent


def gap_found(side: str, place: int) -> Gap:
    """Return the messages from a place on that a side sent and keeps no longer."""
    other = other_side(side)
    later = Message.objects.filter(owner_side=side, from_side=side, place__gt=place)
    kept: int | None = later.aggregate(first=Min("place"))["first"]
    following = Channel.locked(side, side, other).next_place if kept is None else kept
    return _gap_keep(side, side, place, following)


def gap_told(gap: Gap) -> bool:
    """Tell the other node which messages its sender agreed to leave out, and return whether it goes on after them.

    Raises:
        PeerError: it was not reached, or did not answer as it should.
    """
    body = {"first": gap.first, "following": gap.following}
    return call(gap.to_side, CALL, canonical_json(body)) == _AGREED


def gap_line(gap: Gap) -> InputError:
    """Return what stands in the way at the sender's node, and how to mend it."""
    line = N_(
        "Messages {first} to {last}, for which {side} waits, are kept here no longer, and what follows waits as well. "
        "To go on without them, agree at both nodes: riverloop node gap"
    )
    if gap.agreed_at:
        line = N_(
            "Messages {first} to {last} are kept here no longer, and this node agreed to go on without them. What "
            "follows waits until the operator of {side} agrees as well: riverloop node gap"
        )
    return InputError("notices.gone", line, side=gap.to_side, first=gap.first, last=gap.last)


def numbers_before(side: str, messages: list[Message]) -> dict[str, int]:
    """Return, by ref, which number of its subject a side still keeps before each message; 0 for none.

    A receiver needs it where messages were left out, to tell one that is lost from one that is yet to come. Empty
    where none ever were.
    """
    if not Gap.objects.filter(owner_side=side, from_side=side, agreed_at__isnull=False).exists():
        return {}
    subjects = {one.subject for one in messages if one.subject}
    kept = Message.objects.filter(owner_side=side, from_side=side, subject__in=subjects).exclude(state="refused")
    numbers: dict[str, list[int]] = {}
    for subject, number in kept.values_list("subject", "number"):
        numbers.setdefault(subject, []).append(number)
    return {
        one.ref: max((number for number in numbers.get(one.subject, ()) if number < one.number), default=0)
        for one in messages
    }


# Where they were to arrive


@transaction.atomic
def gap_take(from_side: str, to_side: str, content: bytes) -> bytes:
    """Write down what another node keeps no longer, and say whether this one goes on without it.

    Raises:
        InputError: it cannot be read.
    """
    first, following = _read(content)
    channel = Channel.locked(to_side, from_side, to_side)
    if channel.next_place >= following:
        return _AGREED
    if channel.next_place != first:
        return _WAITS
    gap = _gap_keep(to_side, from_side, first, following)
    line = N_(
        "Messages {first} to {last}, for which this node waits, are kept at {side} no longer, and its operator agreed "
        "to go on without them. What follows waits until you agree as well: riverloop node gap"
    )
    error = InputError("notices.gap", line, side=from_side, first=first, last=gap.last)
    link_refused(to_side, from_side, error)
    return _WAITS


_AGREED, _WAITS = b'{"agreed":true}', b'{"agreed":false}'


def _read(content: bytes) -> tuple[int, int]:
    try:
        told = read_json(content.decode(), where=CALL)
        first, following = told["first"], told["following"]
        if type(first) is type(following) is int and 0 <= first < following < _LAST_PLACE:
            return first, following
    except (RiverloopError, ValueError, KeyError, TypeError):
        pass
    raise InputError("notices.gap_form", N_("This names no messages. Both nodes should run the same version."))


def left_out_from(from_side: str, to_side: str) -> int | None:
    """Return the first place that a receiver ever agreed to leave out; None if it never did."""
    agreed = Gap.objects.filter(owner_side=to_side, from_side=from_side, agreed_at__isnull=False)
    first: int | None = agreed.aggregate(first=Min("first"))["first"]
    return first


# At both


def gaps(side: str) -> QuerySet[Gap]:
    """Return what a side's node left out, or was asked to, the latest first."""
    return Gap.objects.filter(owner_side=side).order_by("-found_at", "-id")


@transaction.atomic
def gap_agree(side: str, *, first: int, last: int) -> Gap:
    """Agree, for the side of this node, to go on without some messages; it is recorded, and cannot be taken back.

    Args:
        side: whose operator agrees.
        first: place of the first message that is left out.
        last: place of the last one.

    Raises:
        ConflictError: no such messages are asked for and kept no longer.
    """
    wanted = Q(first=first, following=last + 1, agreed_at=None)
    gap = Gap.objects.select_for_update().filter(wanted, owner_side=side).first()
    if gap is None or not _is_open(gap):
        raise ConflictError(
            "notices.no_gap",
            N_("Nobody waits for messages {first} to {last}. See which there are: riverloop node gap"),
            first=first,
            last=last,
        )
    gap.agreed_at = timezone.now()
    gap.save(update_fields=["agreed_at"])
    payload = {"from": gap.from_side, "to": gap.to_side, "first": gap.first, "last": gap.last}
    record_append(side=side, kind=AGREED, payload=payload)
    return gap


def _is_open(gap: Gap) -> bool:
    """Say whether a gap still stands in the way; at the receiver's node, go on after it if it does."""
    if gap.owner_side == gap.from_side:
        return True
    channel = Channel.locked(gap.owner_side, gap.from_side, gap.to_side)
    moved = Channel.objects.filter(pk=channel.pk, next_place=gap.first).update(next_place=gap.following)
    return bool(moved)


def _gap_keep(owner: str, from_side: str, first: int, following: int) -> Gap:
    """Return a gap's row; one that has grown since it was agreed to is agreed to anew."""
    gap, _ = Gap.objects.get_or_create(
        owner_side=owner,
        from_side=from_side,
        first=first,
        defaults={"to_side": other_side(from_side), "following": following, "found_at": timezone.now()},
    )
    if gap.following != following:
        gap.following, gap.agreed_at = following, None
        gap.save(update_fields=["following", "agreed_at"])
    return gap


on_call(CALL, gap_take)
