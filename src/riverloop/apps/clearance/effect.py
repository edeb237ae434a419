"""When a joint step takes effect: once neither side can take back any more what both said.

What both sides cleared may cross when the message with each side's newest decision lies under a checkpoint that both
signed: the own one in the own log, the other's in the mirror of its log. On one node that takes a second; while the
link between two nodes is down, it waits.
"""

from __future__ import annotations

from riverloop.apps.clearance.exchange import DECIDED
from riverloop.apps.clearance.formats import instant_text
from riverloop.apps.clearance.models import Movement
from riverloop.apps.clearance.selectors import zone
from riverloop.apps.nodes.here import hosts_both
from riverloop.apps.nodes.links import link_of
from riverloop.apps.notices.effect import message_in_effect
from riverloop.apps.notices.models import Message
from riverloop.apps.parties.here import active_language
from riverloop.apps.parties.words import N_
from riverloop.core.kernel.errors import ConflictError


def _newest(movement: Movement) -> list[Message]:
    """Return the messages with both sides' newest decisions of a movement, as they are held here."""
    told = Message.objects.filter(owner_side=movement.owner_side, subject=movement.ref, kind=DECIDED)
    newest = (told.filter(from_side=side.id).order_by("-number").first() for side in zone().sides)
    return [message for message in newest if message is not None]


def why_not_yet(movement: Movement) -> ConflictError | None:
    """Return why what both sides cleared is not in effect yet; None if it is."""
    newest = _newest(movement)
    if all(message_in_effect(message) for message in newest):
        return None
    if any(message.state == "refused" for message in newest):
        return ConflictError(
            "clearance.decision_refused",
            N_(
                "The other side refused the message with this side's decision, so it has no effect there. An auditor "
                "reads why under Messages; state a fact of the movement anew, so that it is decided and told again."
            ),
        )
    link = None if hosts_both() else link_of(movement.owner_side)
    if link is None or link.up:
        return ConflictError(
            "clearance.proof_pending",
            N_(
                "Recorded, proof pending: it takes effect when both sides have signed it, in a few seconds. Try again "
                "then."
            ),
        )
    return ConflictError(
        "clearance.proof_waits",
        N_(
            "Recorded, proof pending: it takes effect when both sides have signed it, and the link to the other side "
            "has been down since {since}. Try again when it is back."
        ),
        since=instant_text(link.since, active_language(), zone().side(movement.owner_side).side.time_zone),
    )


def check_in_effect(movement: Movement) -> None:
    """Return if a joint step may follow on what both sides decided.

    Raises:
        ConflictError: it is not in effect yet.
    """
    pending = why_not_yet(movement)
    if pending is not None:
        raise pending
