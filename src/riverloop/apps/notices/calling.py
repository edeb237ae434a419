"""Calling an address that somebody else typed: only in the open Internet, once, within bounds of time and size.

The name is resolved first, every address it has must be a public one, and the call goes to that very address, so that
a name which means something else a moment later leads nowhere. No redirect is followed.
"""

from __future__ import annotations

import contextlib
import http.client
import ipaddress
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from threading import Timer
from urllib.parse import SplitResult, urlsplit

from django.conf import settings

from riverloop.apps.notices.words import N_
from riverloop.core.kernel.errors import InputError

_CONNECT_SECONDS = 5
_TOTAL_SECONDS = 15
_MOST_READ_BYTES = 4_096
_HTTPS_PORT, _HTTP_PORT = 443, 80
_LATE = N_("The address did not answer in time.")
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


@dataclass(frozen=True, slots=True)
class Called:
    """How a call went.

    Args:
        status: of HTTP, or None if nothing answered.
        error: why it did not succeed, in one line marked for translation; empty if it did.
    """

    status: int | None
    error: str = ""

    @property
    def taken(self) -> bool:
        """Whether the address took what it was sent."""
        return not self.error


def local_allowed() -> bool:
    """Say whether addresses of this computer and plain HTTP may be called: in development and tests alone."""
    allowed: bool = settings.RIVERLOOP_WEBHOOKS_LOCAL
    return allowed


def check_url(url: str) -> str:
    """Return an address that may be called, in its one form.

    Raises:
        InputError: it is none, is not HTTPS, or leads to this computer or a private network.
    """
    parts = _split(url)
    if not parts.hostname or parts.username or parts.password or parts.fragment:
        raise _not_an_address()
    if parts.scheme != "https" and not (parts.scheme == "http" and local_allowed()):
        raise InputError(
            "notices.https", N_("A webhook is called by HTTPS alone. Give an address that begins https://.")
        )
    try:
        literal = ipaddress.ip_address(parts.hostname)
    except ValueError:
        return parts.geturl()
    _check_public([str(literal)])
    return parts.geturl()


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url.strip())
        _ = parts.port  # it is read only now
        (parts.hostname or "").encode("idna")
    except ValueError:
        raise _not_an_address() from None
    if not url.isascii() or any(character.isspace() or not character.isprintable() for character in url.strip()):
        raise _not_an_address()
    return parts


def _not_an_address() -> InputError:
    return InputError(
        "notices.url",
        N_(
            "This is not an address to call. Give one such as https://example.org/riverloop, without a name and "
            "password in it."
        ),
    )


def call(url: str, *, body: bytes, headers: Mapping[str, str]) -> Called:
    """Post to an address once, and say how it went."""
    try:
        parts = urlsplit(check_url(url))
        addresses = _resolved(parts)
        _check_public(addresses)
    except InputError as error:
        return Called(None, error.message)
    except OSError:
        return Called(None, N_("The name of the address cannot be resolved."))
    return _post(parts, addresses[0], body, headers)


def _resolved(parts: SplitResult) -> list[str]:
    """Return every address that a name has, in the order in which the system would try them."""
    found = socket.getaddrinfo(parts.hostname, _port(parts), type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def _port(parts: SplitResult) -> int:
    return parts.port or (_HTTPS_PORT if parts.scheme == "https" else _HTTP_PORT)


def _check_public(addresses: list[str]) -> None:
    """Refuse a name if any of its addresses is not in the open Internet."""
    if local_allowed():
        return
    if not addresses or not all(_is_public(address) for address in addresses):
        raise InputError(
            "notices.private_address",
            N_("The address leads to this computer or a private network. Give one in the open Internet."),
        )


def _is_public(text: str) -> bool:
    address = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if address in _NAT64:
            inner = ipaddress.IPv4Address(address.packed[-4:])
        if address.teredo is not None:
            return False
        if inner is not None:
            return _is_public(str(inner))
    return address.is_global and not (
        address.is_multicast or address.is_reserved or address.is_loopback or address.is_link_local
    )


class _Pinned(http.client.HTTPConnection):
    """A connection to one resolved address that speaks to the name it was resolved from."""

    def __init__(self, parts: SplitResult, address: str) -> None:
        super().__init__(str(parts.hostname), _port(parts), timeout=_CONNECT_SECONDS)
        self._address = address
        self._held: socket.socket | None = None
        self.is_cut = False
        self._tls = ssl.create_default_context() if parts.scheme == "https" else None

    def connect(self) -> None:
        self.sock = self._held = socket.create_connection((self._address, self.port), timeout=self.timeout)
        if self._tls is not None:
            self.sock = self._held = self._tls.wrap_socket(
                self.sock, server_hostname=self.host, do_handshake_on_connect=False
            )
        if self.is_cut:  # before there was anything to cut off
            raise TimeoutError
        if isinstance(self.sock, ssl.SSLSocket):
            self.sock.do_handshake()

    def cut_off(self) -> None:
        """End it from another thread, at whatever point it is: while an answer is read, ``sock`` may be gone."""
        self.is_cut = True
        if self._held is not None:
            with contextlib.suppress(OSError):
                socket.socket.shutdown(self._held, socket.SHUT_RDWR)  # that of TLS would first let bare words pass


def _post(parts: SplitResult, address: str, body: bytes, headers: Mapping[str, str]) -> Called:
    connection = _Pinned(parts, address)
    clock = Timer(_TOTAL_SECONDS, connection.cut_off)  # a drop of answer now and then resets no other clock
    clock.daemon = True
    clock.start()
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    # The default port is not part of a host's name; http.client knows only that of plain HTTP.
    standard = parts.port in (None, _HTTPS_PORT if parts.scheme == "https" else _HTTP_PORT)
    host = f"[{parts.hostname}]" if ":" in str(parts.hostname) else str(parts.hostname)
    try:
        connection.request(
            "POST", path, body, {**headers, "Host": host if standard else f"{host}:{parts.port}", "Connection": "close"}
        )
        response = connection.getresponse()
        if connection.is_cut:  # in the middle of its head
            return Called(None, _LATE)
        with contextlib.suppress(OSError, http.client.HTTPException, AttributeError, ValueError):
            response.read(_MOST_READ_BYTES)  # for good manners: what it says beside its status is nobody's business
        return _judged(response.status)
    except ssl.SSLError:
        return Called(None, _LATE if connection.is_cut else N_("The address has no valid certificate."))
    except TimeoutError:
        return Called(None, _LATE)
    except (OSError, http.client.HTTPException, AttributeError, ValueError):  # a connection cut off has no socket
        return Called(None, N_("The address did not answer, or broke off."))
    finally:
        clock.cancel()
        connection.close()


def _judged(status: int) -> Called:
    if http.HTTPStatus.OK <= status < http.HTTPStatus.MULTIPLE_CHOICES:
        return Called(status)
    if status < http.HTTPStatus.BAD_REQUEST:
        return Called(status, N_("The address answered with a redirect, and none is followed."))
    return Called(status, N_("The address did not take it."))
