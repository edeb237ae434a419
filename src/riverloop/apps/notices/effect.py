"""When what was told can no longer be taken back by either side: both hold it under a checkpoint that both signed."""

from __future__ import annotations

from riverloop.apps.notices.envelopes import commitment_of_message
from riverloop.apps.notices.models import Message
from riverloop.apps.record.selectors import is_countersigned, is_mirrored, leaf_of


def message_in_effect(message: Message) -> bool:
    """Say whether the record of a message lies under a checkpoint that both sides signed.

    Args:
        message: a copy of either side. Of what its owner sent, the own log counts, as the other side countersigned it;
            of what it received, the mirror of the sender's log, as this side countersigned it.
    """
    if message.state == "refused":  # the other side does not hold it
        return False
    if not message.salt:  # told before there were logs: it counted when it was told
        return True
    commitment = commitment_of_message(message)
    if message.owner_side != message.from_side:
        return is_mirrored(side=message.owner_side, of_side=message.from_side, commitment=commitment)
    leaf = leaf_of(side=message.owner_side, subject=message.subject or message.ref, commitment=commitment)
    return leaf is not None and is_countersigned(side=message.owner_side, index=leaf.index)
