"""How one side's node calls the other's: straight to the function where both live here."""

from __future__ import annotations

from riverloop.apps.nodes.endpoints import function_of
from riverloop.apps.nodes.here import hosts, other_side
from riverloop.apps.nodes.words import N_
from riverloop.core.kernel.errors import RiverloopError


class PeerError(RiverloopError):
    """The other side's node was not reached, or did not answer as it should; nothing is lost, and it is tried again."""


def call(side: str, name: str, body: bytes) -> bytes:
    """Call a side, as the other one, and return its answer.

    Args:
        side: who is called.
        name: what is called, as it was registered with ``on_call``.
        body: what is handed over.

    Raises:
        PeerError: in one line, what stood in the way.
    """
    if hosts(side):
        return _straight(side, name, body)
    raise PeerError("nodes.no_link", N_("There is no link to side {side} yet."), side=side)


def _straight(side: str, name: str, body: bytes) -> bytes:
    function = function_of(name)
    if function is None:
        raise PeerError("nodes.unknown_call", N_('Side {side} knows no call "{name}".'), side=side, name=name)
    return function(other_side(side), side, body)
