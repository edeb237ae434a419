"""One node calls the other over TLS: only the trusted certificate counts, and no answer is endless in size or time."""

import contextlib
import json
import socket
import ssl
import threading
import time
from datetime import timedelta
from io import BytesIO

import pytest
from django.utils import timezone

from riverloop.apps.nodes import calling, certificates, endpoints, links, trusting
from riverloop.apps.nodes.calling import PeerError, RefusedError, call
from riverloop.apps.nodes.models import Link
from riverloop.apps.nodes.peers import peer

pytestmark = pytest.mark.django_db


class Answering:
    """Stands where side cn's node should be, with its certificate or another, and says whatever it was told to."""

    def __init__(self, context, answer, silent_seconds=0):
        self.context, self.answer, self.heard, self.silent_seconds = context, answer, [], silent_seconds
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        while True:
            try:
                plain, _ = self.socket.accept()
            except OSError:
                return
            time.sleep(self.silent_seconds)
            with contextlib.suppress(OSError), plain, self.context.wrap_socket(plain, server_side=True) as held:
                self.heard.append(read_request(held))
                self.answer(held)

    def close(self):
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)  # which wakes whoever waits in accept
        self.socket.close()
        self.thread.join(5)


def read_request(held):
    read = b""
    while b"\r\n\r\n" not in read:
        read += held.recv(65_536)
    head, _, body = read.partition(b"\r\n\r\n")
    length = int(next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length")).split()[1])
    while len(body) < length:
        body += held.recv(65_536)
    return head.split(b"\r\n")[0].decode(), body


def answered(status, body, **headers):
    lines = [f"HTTP/1.1 {status} x", *(f"{name.replace('_', '-')}: {value}" for name, value in headers.items()), "", ""]
    return "\r\n".join(lines).encode() + body


def saying(content):
    return lambda held: held.sendall(content)


def whole(status, body):
    return saying(answered(status, body, Content_Length=len(body)))


@pytest.fixture
def serve(nodes, monkeypatch):
    """Put something where side cn's node should be, and be side hk's: `serve(answer)`."""
    monkeypatch.setattr(calling, "CONNECT_SECONDS", 2)
    monkeypatch.setattr(calling, "TOTAL_SECONDS", 2)
    servers = []
    nodes.introduce()

    def start(answer, *, certificate_of="cn", **options):
        with nodes.at(certificate_of):
            shown = trusting.own_peer()
            files = certificates.certificate_file(shown.side, "127.0.0.1"), certificates.key_file(shown.side)
        with nodes.at("hk"):
            client = trusting.own_peer().certificate
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*files)
        context.load_verify_locations(cadata=client)
        context.verify_mode = ssl.CERT_REQUIRED
        server = Answering(context, answer, **options)
        servers.append(server)
        nodes.urls["cn"] = f"https://127.0.0.1:{server.port}"
        return server

    with nodes.at("hk"):
        yield start
    for server in servers:
        server.close()


@pytest.fixture
def at_cn(nodes):
    """Trust cn anew at the address where it now is."""

    def trust():
        shown = nodes.shown("cn")
        with nodes.at("hk"):
            trusting.peer_trust(shown, replace=True)

    return trust


def link():
    return Link.objects.get(owner_side="hk", side="cn")


def test_a_call_reaches_the_other_node_and_brings_back_its_answer(serve, at_cn):
    server = serve(whole(200, b"answer"))
    at_cn()
    assert call("cn", "messages", b"question") == b"answer"
    assert server.heard == [("POST /peer/messages HTTP/1.1", b"question")]
    assert link().up
    assert link().answered_at is not None


def test_another_certificate_than_the_trusted_one_is_told_from_a_node_that_is_down(serve, at_cn, nodes):
    server = serve(whole(200, b"answer"))
    at_cn()
    with nodes.at("cn"):
        certificates.certificate_renew("cn", "127.0.0.1")
    again = serve(whole(200, b"answer"))  # with the new certificate, which nobody trusts yet
    with nodes.at("hk"):
        trusted = peer("cn")
    assert trusted.url.endswith(str(server.port))
    trusting.peer_keep(type(trusted)(**{**json.loads(trusted.as_json()), "url": f"https://127.0.0.1:{again.port}"}))
    with pytest.raises(PeerError, match="has another certificate than the one that is trusted"):
        call("cn", "messages", b"secret")
    assert again.heard == []
    assert "another certificate" in link().trouble_text


ENDLESS = answered(200, b"x" * 1_000, Transfer_Encoding="chunked")
BROKEN = [
    (saying(b""), "broke off"),
    (saying(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"), "cannot be reached"),
    (saying(b"nonsense\r\n\r\n"), "cannot be reached"),
    (saying(answered(200, b"", Content_Length=calling.MOST_ANSWER_BYTES + 1)), "endless, or longer than 8 MB"),
    (saying(ENDLESS), "endless, or longer than 8 MB"),
    (saying(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 1_000), "endless, or longer than 8 MB"),
    (whole(500, b"Traceback"), "answered with status 500"),
    (saying(answered(302, b"", Location="https://example.org/", Content_Length=0)), "answered with status 302"),
]


@pytest.mark.parametrize(("answer", "line"), BROKEN)
def test_an_answer_that_is_none_is_told_in_one_line_and_the_link_is_down(serve, at_cn, answer, line):
    serve(answer)
    at_cn()
    with pytest.raises(PeerError, match=line):
        call("cn", "messages", b"")
    assert not link().up
    assert link().next_try_at is not None


def dripping(head):
    def answer(held):
        held.sendall(head)
        for _ in range(1_000):  # far beyond the bound
            held.sendall(b"x")
            time.sleep(0.05)

    return answer


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nX-Long: ",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1000000\r\n\r\n",
        b"HTTP/1.1 409 Conflict\r\nConnection: close\r\nContent-Length: 1000000\r\n\r\n",
    ],
)
def test_an_answer_that_never_ends_is_cut_off(serve, at_cn, head):
    serve(dripping(head))
    at_cn()
    with pytest.raises(
        PeerError, match="was cut off: its answer is endless|was cut off: it did not end its answer in time"
    ):
        call("cn", "messages", b"")


def test_a_node_that_does_not_greet_is_cut_off(serve, at_cn):
    serve(whole(200, b"answer"), silent_seconds=4)
    at_cn()
    with pytest.raises(PeerError, match="did not end its answer in time"):
        call("cn", "messages", b"")


def test_time_that_was_up_before_there_was_a_connection_ends_it_all_the_same(serve, at_cn, monkeypatch):
    server = serve(dripping(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n"))
    at_cn()
    connect = socket.create_connection

    def slowly(*given, **named):
        time.sleep(2.5)  # as where a name has several addresses
        return connect(*given, **named)

    monkeypatch.setattr(socket, "create_connection", slowly)
    with pytest.raises(PeerError, match="did not end its answer in time"):
        call("cn", "messages", b"")
    assert server.heard == []


def test_what_is_read_while_it_is_cut_off_counts_for_nothing(serve, at_cn, monkeypatch):
    """After the cut the connection is bare: what comes then may be anybody's."""
    serve(whole(200, b"answer"))
    at_cn()
    cut = calling._Pinned.cut_off
    connections = []
    monkeypatch.setattr(calling._Pinned, "cut_off", lambda one: connections.append(one) or cut(one))
    begun = calling._Pinned.__init__
    monkeypatch.setattr(calling._Pinned, "__init__", lambda one, *given: begun(one, *given) or connections.append(one))

    def read(side, response):
        connections[0].cut_off()
        return b"anybody's"

    monkeypatch.setattr(calling, "_read", read)
    with pytest.raises(PeerError, match="was cut off"):
        call("cn", "messages", b"")


def test_a_certificate_of_ones_own_that_is_not_of_its_key_is_told_in_one_line(serve, at_cn, nodes):
    serve(whole(200, b"answer"))
    at_cn()
    with nodes.at("hk"):
        key = certificates.key_file("hk")
        held = key.read_bytes()
        certificates.certificate_renew("hk", "127.0.0.1")
        key.write_bytes(held)  # as if it had ended between the two
    with pytest.raises(PeerError, match="certificate of this node .* riverloop node show --renew"):
        call("cn", "messages", b"")


def test_a_refusal_is_told_in_the_words_of_the_other_node_shortened_and_the_link_stays_up(serve, at_cn):
    line = "A fork.\x1b[31m" + "x" * 500
    serve(whole(409, json.dumps({"line": line}).encode()))
    at_cn()
    with pytest.raises(RefusedError, match=r"It was refused by cn: A fork.\[31mxxx") as refused:
        call("cn", "mirror", b"")
    assert len(str(refused.value)) < 250
    assert link().up
    assert "A fork" in link().refused_text


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b"\xff\x00", b"[" * 4_000])
def test_a_refusal_without_words_is_one_all_the_same(serve, at_cn, body):
    serve(whole(409, body))
    at_cn()
    with pytest.raises(RefusedError, match="It was refused by cn"):
        call("cn", "mirror", b"")


def test_a_node_that_is_not_trusted_yet_is_not_called(nodes):
    with nodes.at("hk"), pytest.raises(PeerError, match="is not known here"):
        call("cn", "messages", b"")


def test_a_node_that_is_down_is_not_called_again_at_once_but_within_half_a_minute(serve, at_cn, monkeypatch):
    server = serve(whole(200, b"answer"))
    at_cn()
    server.close()
    for _ in range(20):
        Link.objects.update(next_try_at=None)
        with pytest.raises(PeerError, match="cannot be reached"):
            call("cn", "messages", b"")
    pause = (link().next_try_at - timezone.now()).total_seconds()
    assert 20 < pause <= links.LONGEST_PAUSE_SECONDS
    monkeypatch.setattr(calling, "_over_https", lambda *_: pytest.fail("it was called"))
    with pytest.raises(PeerError, match="cannot be reached"):
        call("cn", "messages", b"")
    since = link().since
    a_week_later = timezone.now() + timedelta(days=7)
    monkeypatch.setattr(timezone, "now", lambda: a_week_later)
    monkeypatch.setattr(calling, "_over_https", lambda *_: b"answer")
    assert call("cn", "messages", b"") == b"answer"
    assert link().up
    assert link().since > since


def test_a_clock_that_was_put_back_keeps_nobody_from_trying():
    future = timezone.now() + timedelta(days=1)
    Link.objects.create(owner_side="hk", side="cn", since=future, next_try_at=future, trouble="{}")
    assert links.why_not_now("hk") is None


# The listener's own part


@pytest.fixture
def ask(nodes, monkeypatch):
    """Ask the application of hk's listener, as the server hands it on."""
    from riverloop.web.peering import application

    monkeypatch.setattr(endpoints, "_functions", {})
    monkeypatch.setattr("riverloop.web.peering.close_old_connections", lambda: None)

    def ask(path, body=b"", *, method="POST", length=None):
        heads = []
        environ = {
            "PATH_INFO": path, "REQUEST_METHOD": method, "wsgi.input": BytesIO(body),
            "CONTENT_LENGTH": str(len(body)) if length is None else length,
        }  # fmt: skip
        parts = application(environ, lambda status, headers: heads.append((status, dict(headers))))
        (head,) = heads
        return int(head[0].split()[0]), b"".join(parts)

    with nodes.at("hk"):
        yield ask


def test_the_listener_hands_a_call_to_its_function_as_the_other_side(ask):
    endpoints.on_call("echo", lambda from_side, to_side, body: f"{from_side} {to_side} ".encode() + body)
    assert ask("/peer/echo", b"hello") == (200, b"cn hk hello")
    assert link().heard_at is not None


@pytest.mark.parametrize(
    ("path", "options", "status"),
    [
        ("/peer/nothing", {}, 404), ("/", {}, 404), ("/account/login/", {}, 404), ("/peer/echo/../x", {}, 404),
        ("/peer/echo", {"method": "GET"}, 405), ("/peer/echo", {"length": ""}, 411),
        ("/peer/echo", {"length": "-1"}, 411), ("/peer/echo", {"length": "9" * 5_000}, 413),
        ("/peer/echo", {"length": str(calling.MOST_BODY_BYTES + 1)}, 413), ("/peer/echo", {"length": "10"}, 400),
    ],
)  # fmt: skip
def test_the_listener_answers_nothing_else(ask, path, options, status):
    endpoints.on_call("echo", lambda *_: pytest.fail("it was asked"))
    assert ask(path, b"half", **options) == (status, b"")


@pytest.mark.parametrize(
    ("length", "status", "said"),
    [
        ("", 411, ("nodes.body_endless", "The node of the mainland sent a body without its length")),
        (str(calling.MOST_BODY_BYTES + 1), 413, ("nodes.body_long", "The node of the mainland sent more than 16 MB")),
    ],
)
def test_a_body_that_is_endless_or_too_long_is_named_in_one_line_and_not_in_a_flood(ask, caplog, length, status, said):
    endpoints.on_call("echo", lambda *_: pytest.fail("it was asked"))
    for _ in range(20):
        assert ask("/peer/echo", b"half", length=length) == (status, b"")
    code, words = said
    assert words in link().refused_text
    (line,) = [one for one in caplog.records if "something of the other side was refused" in str(one.msg)]
    assert (line.msg["side"], line.msg["why"].code) == ("cn", code)


def test_a_call_whose_body_never_comes_ends_the_listener_and_not_its_threads_one_by_one(ask, monkeypatch):
    from riverloop.web import peering

    ended = []
    begun = time.monotonic()
    clock = [begun + calling.TOTAL_SECONDS - 1]

    class Stalling(BytesIO):
        def read(self, size=-1):
            assert not peering.is_stalled(clock[0])
            clock[0] += 5
            assert peering.is_stalled(clock[0])
            peering._end_when_stalled()
            return super().read(size)

    monkeypatch.setattr(peering.os, "_exit", ended.append)
    monkeypatch.setattr(
        peering.time, "monotonic", lambda: clock[0] if clock[0] > begun + calling.TOTAL_SECONDS else begun
    )
    body = Stalling(b"half")
    assert peering._body_of({"CONTENT_LENGTH": "4", "wsgi.input": body}) == (b"half", "")
    assert ended == [1]
    assert not peering.is_stalled(clock[0] + 1_000)


def test_a_refusal_leaves_as_one_line_and_a_mistake_of_ours_without_a_word(ask):
    def refuse(*_):
        raise PeerError("test.fork", "Index {index} is another here.", index=7)

    def fail(*_):
        raise RuntimeError("about Chan Tai Man")

    endpoints.on_call("refuse", refuse)
    endpoints.on_call("fail", fail)
    status, answer = ask("/peer/refuse")
    assert (status, json.loads(answer)) == (409, {"code": "test.fork", "line": "Index 7 is another here."})
    assert link().refused_text == "Index 7 is another here."
    assert ask("/peer/fail") == (500, b"")


def test_what_waits_goes_at_once_when_the_other_node_is_heard(ask):
    endpoints.on_call("echo", lambda *_: b"")
    soon = timezone.now() + timedelta(seconds=30)
    Link.objects.create(owner_side="hk", side="cn", since=timezone.now(), next_try_at=soon, trouble="{}")
    ask("/peer/echo")
    assert links.why_not_now("hk") is None
