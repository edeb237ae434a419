"""An address that somebody typed is called in the open Internet alone, once, and within bounds."""

import socket
import socketserver
import threading
import time
from http.server import BaseHTTPRequestHandler
from queue import Queue

import pytest

from riverloop.apps.notices import calling
from riverloop.apps.notices.calling import call, check_url
from riverloop.core.kernel.errors import InputError


@pytest.fixture
def local(settings):
    settings.RIVERLOOP_WEBHOOKS_LOCAL = True


class Listener(socketserver.ThreadingTCPServer):
    """A server on this computer that answers as it is told, and keeps what it was sent."""

    allow_reuse_address = daemon_threads = True

    def __init__(self, answer):
        listener = self
        self.heard = []

        class Answering(BaseHTTPRequestHandler):
            def do_POST(self):
                listener.heard.append(
                    (self.path, dict(self.headers), self.rfile.read(int(self.headers["Content-Length"])))
                )
                answer(self)

            def log_message(self, *arguments):
                pass

        super().__init__(("127.0.0.1", 0), Answering)
        self.url = f"http://127.0.0.1:{self.server_address[1]}/hook"


@pytest.fixture
def listen(local):
    servers = []

    def start(answer):
        server = Listener(answer)
        servers.append(server)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return server

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def answering(status, **headers):
    def answer(request):
        request.send_response(status)
        for name, value in {"Content-Length": "0", **headers}.items():
            request.send_header(name, value)
        request.end_headers()

    return answer


PRIVATE = [
    "127.0.0.1", "127.8.8.8", "0.0.0.0", "10.0.0.1", "172.16.3.4", "192.168.1.1", "169.254.169.254", "100.64.0.1",
    "224.0.0.1", "255.255.255.255", "192.0.2.1", "::1", "::", "fe80::1", "fc00::1", "ff02::1", "::ffff:127.0.0.1",
    "::ffff:10.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "2001:db8::1", "2001:0:53aa:64c::1",
]  # fmt: skip


@pytest.mark.parametrize("address", PRIVATE)
def test_no_address_of_a_private_network_may_be_called(address, monkeypatch):
    literal = f"[{address}]" if ":" in address else address
    with pytest.raises(InputError, match="open Internet"):
        check_url(f"https://{literal}/hook")
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [(2, 1, 6, "", (address, 443))])
    called = call("https://looks.public.example/hook", body=b"{}", headers={})
    assert "open Internet" in called.error


@pytest.mark.parametrize("address", ["1.1.1.1", "2606:4700:4700::1111", "64:ff9b::101:101"])
def test_addresses_of_the_open_internet_may_be(address):
    literal = f"[{address}]" if ":" in address else address
    assert check_url(f"https://{literal}/hook")


def test_a_name_with_one_private_address_among_public_ones_is_not_called(monkeypatch):
    found = [(2, 1, 6, "", ("1.1.1.1", 443)), (2, 1, 6, "", ("10.0.0.1", 443))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    assert "open Internet" in call("https://two.example/", body=b"{}", headers={}).error


def test_the_call_goes_to_the_very_address_that_was_checked(monkeypatch):
    asked, connected = [], []

    def resolve(*arguments, **named):
        asked.append(arguments[0])
        return [(2, 1, 6, "", ("1.1.1.1" if len(asked) == 1 else "127.0.0.1", 443))]

    def connect(address, **named):
        connected.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    monkeypatch.setattr(socket, "create_connection", connect)
    call("https://rebinds.example/hook", body=b"{}", headers={})
    assert (asked, connected) == (["rebinds.example"], [("1.1.1.1", 443)])


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/", "ftp://example.org/", "https://", "https:///hook", "https://user:word@example.org/",
        "https://example.org:99999/", "https://exa mple.org/", "https://example.org/\r\nHost: other", "javascript:1",
        "https://example.org/#part", "file:///etc/passwd", "", "//example.org/", "https://[::1", "https://夏.example/",
    ],
)  # fmt: skip
def test_what_is_no_https_address_is_refused_in_one_line(url):
    with pytest.raises(InputError) as refused:
        check_url(url)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("literal", ["2130706433", "0x7f000001", "127.1", "localhost", "0177.0.0.1"])
def test_other_ways_to_write_this_computer_lead_nowhere(literal):
    called = call(f"https://{literal}/", body=b"{}", headers={})
    assert called.error
    assert called.status is None


def test_a_call_that_is_taken_carries_its_body_and_headers(listen):
    server = listen(answering(204))
    called = call(server.url + "?a=1", body=b'{"type":"x"}', headers={"webhook-id": "7"})
    assert (called.taken, called.status) == (True, 204)
    ((path, headers, body),) = server.heard
    assert (path, headers["webhook-id"], body) == ("/hook?a=1", "7", b'{"type":"x"}')
    assert headers["Host"] == server.url.split("/")[2]


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_no_redirect_is_followed(listen, status):
    target = listen(answering(200))
    called = call(listen(answering(status, Location=target.url)).url, body=b"{}", headers={})
    assert (called.taken, called.status) == (False, status)
    assert "redirect" in called.error
    assert not target.heard


@pytest.mark.parametrize("status", [400, 404, 410, 500, 503])
def test_a_refusal_is_no_delivery(listen, status):
    called = call(listen(answering(status)).url, body=b"{}", headers={})
    assert (called.status, called.taken) == (status, False)
    assert (called.taken, called.error) == (False, "The address did not take it.")


def test_an_endless_answer_is_read_no_further_than_its_beginning(listen):
    ended = Queue()

    def flood(request):
        request.send_response(200)
        request.end_headers()
        ended.put(written_by(request, b"x" * 10_000, 100_000))

    assert call(listen(flood).url, body=b"{}", headers={}).taken
    assert ended.get(timeout=60) < 100_000


DRIPPED = {
    "the first line": (b"HTTP/1.1 2", False),
    "a header": (b"HTTP/1.1 200 OK\r\nX-Long: ", False),
    "the body": (b"HTTP/1.1 200 OK\r\nContent-Length: 4000\r\n\r\n", True),  # the status says that it is taken
    "a body without a length": (b"HTTP/1.1 200 OK\r\n\r\n", True),
    "a body before the end": (b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 4000\r\n\r\n", True),
    "the body of a refusal": (b"HTTP/1.1 500 No\r\nConnection: close\r\nContent-Length: 4000\r\n\r\n", False),
}


@pytest.mark.parametrize(("head", "taken"), DRIPPED.values(), ids=DRIPPED)
def test_an_answer_that_drips_is_cut_off(listen, monkeypatch, head, taken):
    monkeypatch.setattr(calling, "_TOTAL_SECONDS", 2)
    ended = Queue()

    def drip(request):
        request.wfile.write(head)
        ended.put(written_by(request, b"0", 1_000, pause_seconds=0.05))

    assert call(listen(drip).url, body=b"{}", headers={}).taken == taken
    assert ended.get(timeout=60) < 1_000


def written_by(request, piece, times, *, pause_seconds=0.0):
    """Write a piece over and over, and return how often it was taken before the other end had enough."""
    for count in range(times):
        try:
            request.wfile.write(piece)
            request.wfile.flush()
        except OSError:
            return count
        time.sleep(pause_seconds)
    return times


def test_nobody_there_is_told_in_one_line(local):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    assert (
        call(f"http://127.0.0.1:{port}/", body=b"{}", headers={}).error == "The address did not answer, or broke off."
    )


def test_a_name_that_resolves_to_nothing_is_told_in_one_line(monkeypatch):
    def fail(*arguments, **named):
        raise socket.gaierror

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    assert "cannot be resolved" in call("https://nowhere.example/", body=b"{}", headers={}).error
