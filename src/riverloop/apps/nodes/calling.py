"""How one side's node calls the other's: straight where both live here, else over HTTPS with both certificates pinned.

A call has bounds of time and size, whatever the other node does: its clock runs from the first packet to the last
byte, and what is longer than an answer may be is not read on.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import ssl
from threading import Timer
from urllib.parse import urlsplit

from riverloop.apps.nodes import certificates
from riverloop.apps.nodes.endpoints import function_of
from riverloop.apps.nodes.here import hosted_sides, hosts, other_side
from riverloop.apps.nodes.links import link_answered, link_failed, link_refused, why_not_now
from riverloop.apps.nodes.peers import Peer, own_host, peer
from riverloop.apps.nodes.words import N_
from riverloop.core.kernel.errors import RiverloopError

CONNECT_SECONDS = 5
TOTAL_SECONDS = 25
MOST_ANSWER_BYTES = 8_000_000
MOST_BODY_BYTES = 16_000_000
_MOST_REFUSAL_BYTES = 4_096
_MOST_LINE = 200


class PeerError(RiverloopError):
    """The other side's node was not reached, or did not answer as it should; nothing is lost, and it is tried again."""


class RefusedError(PeerError):
    """The other side's node was reached and refused: the same would be refused again."""


def call(side: str, name: str, body: bytes) -> bytes:
    """Call a side, as the other one, and return its answer; not within a transaction.

    Args:
        side: who is called.
        name: what is called, as it was registered with ``on_call``.
        body: what is handed over, of at most ``MOST_BODY_BYTES``.

    Raises:
        PeerError: in one line, what stood in the way. While a node does not answer, it is called at times alone, and
            the same line is raised between them.
    """
    if hosts(side):
        return _straight(side, name, body)
    (own,) = hosted_sides()
    waits = why_not_now(own)
    if waits is not None:
        raise _as_peer_error(waits)
    try:
        answer = _over_https(own, side, name, body)
    except RefusedError as error:
        link_answered(own, side)
        link_refused(own, side, error)
        raise
    except PeerError as error:
        link_failed(own, side, error)
        raise
    link_answered(own, side)
    return answer


def _as_peer_error(error: RiverloopError) -> PeerError:
    return PeerError(error.code, error.message, where=error.where, **error.parameters)


def _straight(side: str, name: str, body: bytes) -> bytes:
    function = function_of(name)
    if function is None:
        raise _unknown(side, name)
    try:
        return function(other_side(side), side, body)
    except RiverloopError as error:
        raise _refused(side, error) from error


def _unknown(side: str, name: str) -> PeerError:
    return RefusedError("nodes.unknown_call", N_('The node of {side} knows no call "{name}".'), side=side, name=name)


def _refused(side: str, line: str | RiverloopError) -> PeerError:
    return RefusedError("nodes.refused", N_("It was refused by {side}: {line}"), side=side, line=line)


def _over_https(own: str, side: str, name: str, body: bytes) -> bytes:
    try:
        other = peer(side)
        context = _context(own, other)
    except RiverloopError as error:
        raise _as_peer_error(error) from None
    except OSError as error:
        raise PeerError(
            "nodes.own_certificate",
            N_("The certificate of this node does not belong to its key. Make both again: riverloop node show --renew"),
        ) from error
    connection = _Pinned(other, context)
    clock = Timer(TOTAL_SECONDS, connection.cut_off)
    clock.daemon = True
    clock.start()
    try:
        connection.request("POST", f"/peer/{name}", body, {"Content-Type": "application/octet-stream"})
        response = connection.getresponse()
        if response.status != http.HTTPStatus.OK:
            raise _judged(side, name, response)
        answer = _read(side, response)
    except (OSError, http.client.HTTPException, AttributeError, ValueError) as error:
        if connection.is_cut:
            raise _slow(side) from error
        raise _failed(side, error) from error
    except PeerError:
        if connection.is_cut:
            raise _slow(side) from None
        raise
    finally:
        clock.cancel()
        connection.close()
    if connection.is_cut:  # what was read after the cut counts for nothing
        raise _slow(side)
    return answer


def _slow(side: str) -> PeerError:
    return PeerError("nodes.slow", N_("The node of {side} was cut off: it did not end its answer in time."), side=side)


def _context(own: str, other: Peer) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.check_hostname = False  # not a name but the certificate itself is known: see _Pinned
    context.load_verify_locations(cadata=other.certificate)
    context.load_cert_chain(certificates.certificate_file(own, own_host()), certificates.key_file(own))
    return context


class _OtherCertificateError(OSError):
    pass


class _Pinned(http.client.HTTPConnection):
    """A connection to the other node that takes one certificate and no other."""

    def __init__(self, other: Peer, context: ssl.SSLContext) -> None:
        parts = urlsplit(other.url)
        super().__init__(str(parts.hostname), parts.port or http.client.HTTPS_PORT, timeout=CONNECT_SECONDS)
        self._context, self._known = context, certificates.der_of(other.certificate)
        self.is_cut = False
        self._held: socket.socket | None = None

    def connect(self) -> None:
        held = socket.create_connection((self.host, self.port), timeout=CONNECT_SECONDS)
        held.settimeout(TOTAL_SECONDS)
        self.sock = self._held = self._context.wrap_socket(held, do_handshake_on_connect=False)
        if self.is_cut:  # before there was anything to cut off
            raise TimeoutError
        self.sock.do_handshake()
        if self.sock.getpeercert(binary_form=True) != self._known:
            raise _OtherCertificateError

    def cut_off(self) -> None:
        """End it from another thread, at whatever point it is: while an answer is read, ``sock`` may be gone."""
        self.is_cut = True
        if self._held is not None:
            with contextlib.suppress(OSError):
                socket.socket.shutdown(self._held, socket.SHUT_RDWR)  # that of TLS would first let bare words pass


def _read(side: str, response: http.client.HTTPResponse) -> bytes:
    """Read an answer to its end. It says beforehand how long it is, so that a part is never taken for the whole."""
    if response.length is None or response.length > MOST_ANSWER_BYTES:
        raise PeerError(
            "nodes.too_long",
            N_("The node of {side} was cut off: its answer is endless, or longer than {megabytes} MB."),
            side=side,
            megabytes=MOST_ANSWER_BYTES // 1_000_000,
        )
    return response.read()  # raises if less comes


def _judged(side: str, name: str, response: http.client.HTTPResponse) -> PeerError:
    """Return what an answer that is none says."""
    if response.status == http.HTTPStatus.NOT_FOUND:
        return _unknown(side, name)
    if response.status == http.HTTPStatus.CONFLICT:
        return _refused(side, _line_of(response.read(_MOST_REFUSAL_BYTES)))
    return PeerError(
        "nodes.status", N_("The node of {side} answered with status {status}."), side=side, status=response.status
    )


def _line_of(answer: bytes) -> str:
    """Return the one line of a refusal; it is theirs, so it is shortened and nothing unseen stays in it."""
    try:
        line = str(json.loads(answer)["line"])
    except (ValueError, KeyError, TypeError, RecursionError):
        line = "?"
    return "".join(letter for letter in line if letter.isprintable())[:_MOST_LINE]


def _failed(side: str, error: Exception) -> PeerError:
    if isinstance(error, _OtherCertificateError | ssl.SSLCertVerificationError):
        return PeerError(
            "nodes.wrong_certificate",
            N_("What answers at the address of {side} has another certificate than the one that is trusted."),
            side=side,
        )
    if isinstance(error, TimeoutError):
        return PeerError("nodes.silent", N_("The node of {side} does not answer."), side=side)
    if isinstance(error, ssl.SSLError | ConnectionResetError | http.client.RemoteDisconnected | BrokenPipeError):
        return PeerError(
            "nodes.broken_off",
            N_("The node of {side} broke off. If that stays so, it does not trust this node's certificate."),
            side=side,
        )
    return PeerError("nodes.unreachable", N_("The node of {side} cannot be reached."), side=side)
