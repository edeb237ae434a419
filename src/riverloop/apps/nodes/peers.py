"""The other side's node, as its operator showed it and ours trusted it: address, certificate and public keys.

It lies in the data folder as ``peers/<side>.json``. Nothing in it is secret, and everything in it counts: whoever
can put a file there speaks for the other side. So its operators compare it out of band.
"""

from __future__ import annotations

import contextlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from django.conf import settings

from riverloop.apps.nodes.here import hosts, zone
from riverloop.apps.nodes.words import N_
from riverloop.core.kernel.errors import InputError


@dataclass(frozen=True, slots=True)
class Peer:
    """What one node has to know of the other.

    Args:
        zone: id of the zone that it serves.
        side: the side that lives there.
        url: where it listens to this node: ``https://host:port``.
        certificate: PEM of the one certificate that it shows and that is trusted.
        message_keys: 32 bytes each, in hexadecimal; they verify its messages, newest first.
        log_vkeys: lines of C2SP verifier keys; they verify the checkpoints of its log, newest first.
        cosigner_vkeys: the same of its cosignatures.
    """

    zone: str
    side: str
    url: str
    certificate: str
    message_keys: tuple[str, ...]
    log_vkeys: tuple[str, ...]
    cosigner_vkeys: tuple[str, ...]

    @property
    def log_vkey(self) -> str:
        """The line of today's log key."""
        return self.log_vkeys[0]

    @property
    def cosigner_vkey(self) -> str:
        """The line of today's cosigner key."""
        return self.cosigner_vkeys[0]

    def as_json(self) -> str:
        """Return the file's text."""
        return json.dumps(asdict(self), indent=1)


def peer_file(side: str) -> Path:
    """Return where the node of a side is described."""
    path: Path = settings.RIVERLOOP_DATA / "peers" / f"{side}.json"
    return path


def peer_known(side: str) -> Peer | None:
    """Return the node of a side, or None while it is not trusted."""
    with contextlib.suppress(FileNotFoundError):
        kept: dict[str, Any] = json.loads(peer_file(side).read_text("utf-8"))
        return Peer(**{name: tuple(value) if isinstance(value, list) else value for name, value in kept.items()})
    return None


def peer(side: str) -> Peer:
    """Return the node of a side that lives elsewhere.

    Raises:
        InputError: it is not trusted yet.
    """
    found = None if hosts(side) else peer_known(zone().side(side).id)
    if found is None:
        raise InputError(
            "nodes.no_peer",
            N_("The node of side {side} is not known here. Run: riverloop node trust FILE"),
            side=side,
        )
    return found
