"""The other side's node, as its operator showed it and ours trusted it: address, certificate and public keys.

It lies in the data folder as ``peers/<side>.json``. Nothing in it is secret, and everything in it counts: whoever
can put a file there speaks for the other side. So its operators compare its fingerprint out of band.
"""

from __future__ import annotations

import json
import os
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

from riverloop.apps.nodes.here import hosts, zone
from riverloop.apps.nodes.words import N_
from riverloop.core.kernel.errors import InputError

TEXTS = ("zone", "side", "url", "certificate")
LISTS = ("message_keys", "log_vkeys", "cosigner_vkeys")
MOST_KEYS = 64  # of one sort: as many replacements as nobody makes


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
        """Return the file's text, always the same for the same peer."""
        return json.dumps(asdict(self), indent=1) + "\n"


def peer_file(side: str) -> Path:
    """Return where the node of a side is described."""
    path: Path = settings.RIVERLOOP_DATA / "peers" / f"{side}.json"
    return path


def peer_known(side: str) -> Peer | None:
    """Return the node of a side, or None while it is not trusted."""
    path = peer_file(side)
    try:
        return peer_read(path.read_bytes())
    except FileNotFoundError:
        return None
    except (ValueError, TypeError, RecursionError):
        raise InputError(
            "nodes.peer_file",
            N_("What was trusted of {side} cannot be read. Trust it again: riverloop node trust FILE --replace"),
            where=str(path),
            side=side,
        ) from None


def peer_read(content: bytes) -> Peer:
    """Return what a node showed.

    Raises:
        ValueError, TypeError, RecursionError: it has another form.
    """
    told = json.loads(content)
    if not isinstance(told, dict) or set(told) != {*TEXTS, *LISTS}:
        raise TypeError("JSON")
    for name in TEXTS:
        if not isinstance(told[name], str):
            raise TypeError(name)
    for name in LISTS:
        listed = told[name]
        if not isinstance(listed, list) or not 0 < len(listed) <= MOST_KEYS:
            raise TypeError(name)
        if not all(isinstance(one, str) for one in listed):
            raise TypeError(name)
    texts: dict[str, Any] = {name: told[name] for name in TEXTS}
    lists: dict[str, Any] = {name: tuple(told[name]) for name in LISTS}
    return Peer(**texts, **lists)


def peer(side: str) -> Peer:
    """Return the node of a side that lives elsewhere.

    Raises:
        InputError: it is not trusted yet.
    """
    found = None if hosts(side) else peer_known(zone().side(side).id)
    if found is None:
        raise InputError(
            "nodes.no_peer",
            N_("The node of {side} is not known here. Run: riverloop node trust FILE"),
            side=side,
        )
    return found


def peer_keep(one: Peer) -> None:
    """Keep what is trusted from now on; whoever reads meanwhile reads the old or the new, whole."""
    path = peer_file(one.side)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, written = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(one.as_json())
        file.flush()
        os.fsync(file.fileno())
    Path(written).replace(path)


def own_url() -> str:
    """Return where the other node reaches this one.

    Raises:
        InputError: this node listens at every address, and which one reaches it was not said.
    """
    given: str = settings.RIVERLOOP_PEER_URL
    host: str = settings.RIVERLOOP_PEER_HOST
    if not given and host in ("0.0.0.0", "::"):  # noqa: S104 - it is refused
        raise InputError(
            "nodes.own_url",
            N_("Set RIVERLOOP_PEER_URL to where the other node reaches this one, such as https://node.example:8443"),
        )
    return given or f"https://{f'[{host}]' if ':' in host else host}:{settings.RIVERLOOP_PEER_PORT}"


def own_host() -> str:
    """Return the host at which the other node reaches this one."""
    return urlsplit(own_url()).hostname or ""
