"""Making two nodes known to each other: what one shows, and what the other takes."""

from __future__ import annotations

from urllib.parse import urlsplit

from riverloop.apps.nodes import certificates, keys
from riverloop.apps.nodes.here import hosted_sides, hosts_both, other_side, zone
from riverloop.apps.nodes.peers import LISTS, Peer, own_host, own_url, peer_keep, peer_known, peer_read
from riverloop.apps.nodes.words import N_
from riverloop.core.kernel.errors import InputError, RiverloopError
from riverloop.core.tlog.keys import COSIGNATURE, ED25519, parse_vkey

_MOST_BYTES = 65_536
_KEY_BYTES = 32


def lone_side() -> str:
    """Return the side of this node.

    Raises:
        InputError: both sides live here, so there is no other node.
    """
    if hosts_both():
        raise InputError(
            "nodes.both_here",
            N_("Both sides live here, so there is no other node. Start it for one side: riverloop serve --side {side}"),
            side=hosted_sides()[0],
        )
    return hosted_sides()[0]


def own_peer(*, renew: bool = False) -> Peer:
    """Return what this node shows the other; its keys and certificate are made if there are none.

    Args:
        renew: make a new certificate, such as for another host.

    Raises:
        InputError: both sides live here, or the certificate names another host than the address.
    """
    side, host = lone_side(), own_host()
    if renew:
        certificates.certificate_renew(side, host)
    shown = certificates.certificate_of(side, host)
    if host not in certificates.hosts_named(shown):
        raise InputError(
            "nodes.certificate_host",
            N_(
                "The certificate names {named}, and the address is {url}. Set RIVERLOOP_PEER_URL as it was, or make a "
                "new certificate: riverloop node show --renew"
            ),
            named=", ".join(certificates.hosts_named(shown)),
            url=own_url(),
        )
    return Peer(
        zone=zone().id,
        side=side,
        url=own_url(),
        certificate=shown,
        message_keys=tuple(key.public_bytes_raw().hex() for key in keys.verifying_keys(side).values()),
        log_vkeys=tuple(key.line for key in keys.log_verifiers(side)),
        cosigner_vkeys=tuple(key.line for key in keys.cosigner_verifiers(side)),
    )


def fingerprint_of(one: Peer) -> str:
    """Return what two operators compare: it changes with every letter of what one node shows."""
    return certificates.fingerprint_of(one.as_json().encode())


def peer_trust(content: bytes, *, replace: bool = False, where: str = "") -> Peer:
    """Trust another node from now on.

    Args:
        content: what ``riverloop node show`` printed there.
        replace: take other keys, or another certificate, than those that are trusted.
        where: name of the file, for messages.

    Raises:
        InputError: malformed, of another zone, of this side, or with changed keys.
    """
    own = lone_side()
    found = _read(content, where)
    if found.zone != zone().id:
        raise _refusal(
            "zone", N_("This is a node of zone {zone}, and here is {here}."), where, zone=found.zone, here=zone().id
        )
    if found.side != other_side(own):
        raise _refusal(
            "own_side",
            N_("This is a node of side {side}. Trust that of side {other} here."),
            where,
            side=found.side,
            other=other_side(own),
        )
    _check(found, where)
    changed = _changed(peer_known(found.side), found)
    if changed and not replace:
        raise _refusal(
            "changed",
            N_(
                "The node of side {side} is trusted with another {changed}. Ask its operators by another channel "
                "whether they changed it, then add --replace."
            ),
            where,
            side=found.side,
            changed=", ".join(changed),
        )
    peer_keep(found)
    return found


def _refusal(name: str, message: str, where: str, **parameters: object) -> InputError:
    return InputError(f"nodes.trust_{name}", message, where=where, **parameters)


def _read(content: bytes, where: str) -> Peer:
    if len(content) > _MOST_BYTES:
        raise _malformed("JSON", where)
    try:
        return peer_read(content)
    except TypeError as error:
        raise _malformed(str(error), where) from None
    except (ValueError, RecursionError):
        raise _malformed("JSON", where) from None


def _malformed(part: str, where: str) -> InputError:
    return _refusal(
        "malformed",
        N_("This is not what another node showed ({part}). Run there: riverloop node show"),
        where,
        part=part,
    )


def _check(found: Peer, where: str) -> None:
    try:
        parts = urlsplit(found.url)
        port = parts.port
    except ValueError:
        raise _malformed("url", where) from None
    if (
        parts.scheme != "https"
        or not parts.hostname
        or port == 0
        or parts.username
        or parts.path
        or parts.query
        or parts.fragment
    ):
        raise _malformed("url", where)
    try:
        certificates.check_certificate(found.certificate)
        for lines, name, algorithm in (
            (found.log_vkeys, keys.origin_of(found.side), ED25519),
            (found.cosigner_vkeys, keys.cosigner_name(found.side), COSIGNATURE),
        ):
            for key in map(parse_vkey, lines):
                if key.name != name or key.algorithm != algorithm:
                    raise _malformed(key.name, where)
    except RiverloopError as error:
        raise InputError(error.code, error.message, where=where, **error.parameters) from None
    for text in found.message_keys:
        if not _is_key(text):
            raise _malformed("message_keys", where)


def _is_key(text: str) -> bool:
    try:
        return text == text.lower() and len(bytes.fromhex(text)) == _KEY_BYTES
    except ValueError:
        return False


def _changed(known: Peer | None, found: Peer) -> list[str]:
    """Return what differs of what must not change unseen; another address alone may."""
    if known is None:
        return []
    return [name for name in ("certificate", *LISTS) if getattr(known, name) != getattr(found, name)]
