"""Requests come in whole, and then get their turn: whoever stalls keeps nobody else from being answered."""

import asyncio
import http.client
import json
import socket
import threading
import time
from urllib.parse import urlsplit

import pytest

from riverloop.web.arriving import Arrivals, GoneError
from tests.installation import Installation, answers

BLOOD = {
    "flow": "goods",
    "direction": "cn-hk",
    "at": "2026-11-22T09:00:00+08:00",
    "facts": {"category": "human_blood", "suspected_infectious": True},
}


def piece(body, more):
    return {"type": "http.request", "body": body, "more_body": more}


class Sender:
    """Gives the messages of a request, and then nothing more."""

    def __init__(self, *messages, pause_seconds=0.0):
        self.messages, self.pause_seconds = list(messages), pause_seconds

    async def __call__(self):
        if not self.messages:
            await asyncio.Event().wait()
        await asyncio.sleep(self.pause_seconds)
        return self.messages.pop(0)


def arrivals(**bounds):
    return Arrivals(**({"most_body_bytes": 100, "silent_seconds": 0.2, "whole_seconds": 0.5} | bounds))


# Bodies


def test_a_body_is_put_together_from_its_pieces():
    body = asyncio.run(arrivals().take(Sender(piece(b"ab", True), piece(b"c", True), piece(b"", False))))
    assert (body.content.read(), body.length, body.is_late) == (b"abc", 3, False)


def test_a_body_that_stalls_is_late_and_nothing_of_it_is_kept():
    body = asyncio.run(arrivals().take(Sender(piece(b"ab", True))))
    assert (body.content.read(), body.is_late) == (b"", True)


def test_a_body_that_trickles_is_late_when_its_time_is_over():
    sender = Sender(*[piece(b"a", True)] * 50, pause_seconds=0.05)
    body = asyncio.run(arrivals().take(sender))
    assert body.is_late
    assert len(sender.messages) > 20  # it was not heard out


def test_of_a_body_that_is_too_long_nothing_is_kept_and_its_sender_is_heard_out():
    sender = Sender(*[piece(b"x" * 60, True)] * 4, piece(b"", False))
    body = asyncio.run(arrivals().take(sender))
    assert (body.content.read(), body.length, body.is_late) == (b"", 240, False)
    assert sender.messages == []


def test_who_hangs_up_is_gone():
    with pytest.raises(GoneError):
        asyncio.run(arrivals().take(Sender(piece(b"ab", True), {"type": "http.disconnect"})))


def test_where_too_many_bodies_arrive_the_one_begun_first_gives_way():
    async def three():
        room = arrivals(most_arriving=2, silent_seconds=5, whole_seconds=5)
        stalled = [asyncio.create_task(room.take(Sender(piece(b"ab", True)))) for _ in range(2)]
        await asyncio.sleep(0.05)
        whole = await room.take(Sender(piece(b"abc", False)))
        done, _ = await asyncio.wait(stalled, timeout=1)
        assert done == {stalled[0]}
        stalled[1].cancel()
        return whole, stalled[0].result()

    whole, gave_way = asyncio.run(three())
    assert (whole.length, gave_way.is_late) == (3, True)


def test_where_room_grows_short_the_one_begun_first_gives_way():
    async def two():
        room = arrivals(most_held_bytes=150, silent_seconds=5, whole_seconds=5)
        stalled = asyncio.create_task(room.take(Sender(piece(b"x" * 90, True))))
        await asyncio.sleep(0.05)
        whole = await asyncio.wait_for(room.take(Sender(piece(b"y" * 90, False))), 1)
        return whole, await stalled

    whole, gave_way = asyncio.run(two())
    assert (whole.content.read(), gave_way.is_late) == (b"y" * 90, True)


def test_what_waits_for_its_turn_keeps_its_room_and_who_comes_later_waits():
    async def two():
        room = arrivals(most_held_bytes=150, silent_seconds=5, whole_seconds=5)
        first = await room.take(Sender(piece(b"x" * 90, False)))
        second = asyncio.create_task(room.take(Sender(piece(b"y" * 90, False))))
        await asyncio.sleep(0.05)
        assert not second.done()
        assert first.content.read() == b"x" * 90
        room.let_go(first)
        return await asyncio.wait_for(second, 1)

    assert asyncio.run(two()).content.read() == b"y" * 90


# Turns


@pytest.fixture
def turns():
    """Give what makes an application of turns over a given one of WSGI."""
    from riverloop.web.turns import Turns

    return lambda answer, **bounds: Turns(answer, arrivals(**bounds), taken_seconds=0.2)


def scope_of(path=b"/", headers=()):
    return {
        "type": "http", "method": "POST", "raw_path": path, "query_string": b"", "http_version": "1.1",
        "server": ("127.0.0.1", "80"), "client": ("127.0.0.1", "9"), "scheme": "http", "headers": list(headers),
    }  # fmt: skip


def asked(application, scope, sender, send=None):
    """Return every message that answers a request."""
    said = []

    async def keep(message):
        said.append(message)

    asyncio.run(application(scope, sender, send or keep))
    return said


def seen_by(turns, scope, *messages):
    """Return what the application sees of a request."""
    seen = {}

    def look(environ, start):
        start("200 OK", [("Content-Type", "text/plain")])
        seen.update(environ, content=environ["wsgi.input"].read())
        return [b"seen"]

    said = asked(turns(look), scope, Sender(*messages))
    assert said[0] == {"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]}
    assert b"".join(one.get("body", b"") for one in said[1:]) == b"seen"
    assert not said[-1].get("more_body")
    return seen


def test_the_application_sees_the_request_as_any_server_would_give_it(turns):
    headers = [(b"host", b"h"), (b"content-length", b"2"), (b"cookie", b"a=1"), (b"cookie", b"b=2"), (b"x-a", b"1")]
    seen = seen_by(turns, scope_of(b"/a%20b/%e4%b8%ad", headers), piece(b"ab", False))
    assert seen["PATH_INFO"].encode("latin1").decode() == "/a b/中"
    assert (seen["CONTENT_LENGTH"], seen["content"]) == ("2", b"ab")
    assert (seen["HTTP_COOKIE"], seen["HTTP_HOST"], seen["HTTP_X_A"]) == ("a=1; b=2", "h", "1")
    assert (seen["REMOTE_ADDR"], seen["REQUEST_METHOD"], seen["wsgi.url_scheme"]) == ("127.0.0.1", "POST", "http")


def test_a_body_that_came_in_parts_has_its_length(turns):
    seen = seen_by(turns, scope_of(), piece(b"ab", True), piece(b"c", False))
    assert (seen["CONTENT_LENGTH"], seen["content"]) == ("3", b"abc")


def test_a_header_that_would_pass_for_the_proxys_is_left_out(turns):
    headers = [(b"x_forwarded_for", b"10.0.0.1"), (b"x-forwarded-for", b"192.0.2.1")]
    assert seen_by(turns, scope_of(headers=headers), piece(b"", False))["HTTP_X_FORWARDED_FOR"] == "192.0.2.1"


def test_requests_are_answered_one_at_a_time_and_by_one_thread(turns):
    at_once, most, threads = [], [], set()

    def answer(environ, start):
        at_once.append(1)
        most.append(len(at_once))
        threads.add(threading.get_ident())
        time.sleep(0.02)
        at_once.pop()
        start("200 OK", [])
        return [b""]

    application = turns(answer)

    async def many():
        async def drop(message):
            pass

        await asyncio.gather(*(application(scope_of(), Sender(piece(b"", False)), drop) for _ in range(8)))

    asyncio.run(many())
    assert (max(most), len(most), len(threads)) == (1, 8, 1)


def test_who_does_not_take_an_answer_holds_no_turn(turns):
    closed = []

    class Endless:
        streaming = True

        def __iter__(self):
            while True:
                time.sleep(0.01)
                yield b"x" * 1000

        def close(self):
            closed.append(1)

    def answer(environ, start):
        start("200 OK", [])
        return Endless() if environ["PATH_INFO"] == "/endless" else [b"short"]

    application = turns(answer)
    short = []

    async def both():
        async def never(message):
            if message["type"] == "http.response.body":
                await asyncio.Event().wait()

        async def keep(message):
            short.append(message)

        stuck = asyncio.create_task(application(scope_of(b"/endless"), Sender(piece(b"", False)), never))
        await asyncio.sleep(0.05)
        await asyncio.wait_for(application(scope_of(), Sender(piece(b"", False)), keep), 2)
        await stuck

    asyncio.run(both())
    assert closed
    assert b"".join(one.get("body", b"") for one in short) == b"short"


def test_a_long_answer_goes_part_by_part_as_it_comes(turns):
    class Long(list):
        streaming = True

    def answer(environ, start):
        start("200 OK", [])
        return Long([b"x" * 30_000] * 5)

    said = asked(turns(answer), scope_of(), Sender(piece(b"", False)))
    assert [len(one["body"]) for one in said[1:]] == [90_000, 60_000, 0]
    assert [one["more_body"] for one in said[1:]] == [True, True, False]


def test_what_breaks_in_a_turn_reaches_the_server_and_ends_no_turn(turns):
    def answer(environ, start):
        if environ["PATH_INFO"] == "/broken":
            raise ValueError("broken")
        start("200 OK", [])
        return [b"ok"]

    application = turns(answer)
    with pytest.raises(ValueError, match="broken"):
        asked(application, scope_of(b"/broken"), Sender(piece(b"", False)))
    assert asked(application, scope_of(), Sender(piece(b"", False)))


@pytest.mark.django_db
def test_a_form_that_did_not_come_in_time_is_answered_in_the_readers_language(client):
    from riverloop.web.turns import LATE

    answer = client.post("/decide/", {"flow": "goods"}, headers={"accept-language": "zh-CN"}, **{"wsgi.input": LATE})
    assert answer.status_code == 400
    assert "重新发送" in answer.text


@pytest.mark.django_db
def test_what_a_program_did_not_send_in_time_is_a_problem(client):
    from riverloop.web.turns import LATE

    answer = client.post("/api/v1/decide", {}, content_type="application/json", **{"wsgi.input": LATE})
    assert (answer.status_code, answer.headers["Content-Type"]) == (400, "application/problem+json")


# The server itself


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    node = Installation(tmp_path_factory.mktemp("turns") / "data").lay_older()
    with node.serving("--no-worker") as (address, _):
        yield urlsplit(address)


def head(host, length, kind="application/x-www-form-urlencoded", path="/decide/"):
    lines = [f"POST {path} HTTP/1.1", f"Host: {host.netloc}", f"Content-Length: {length}", f"Content-Type: {kind}"]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def seconds_of_a_page(host):
    began = time.monotonic()
    assert answers(f"{host.geturl()}/rules/")
    return time.monotonic() - began


@pytest.mark.slow
def test_a_page_is_answered_at_once_while_twenty_bodies_stall(served):
    seconds_of_a_page(served)  # the first reads templates
    stalled = [socket.create_connection((served.hostname, served.port)) for _ in range(20)]
    try:
        for link in stalled:
            link.sendall(head(served, 1000) + b"flow=")
        time.sleep(0.5)
        assert max(seconds_of_a_page(served) for _ in range(5)) < 1
    finally:
        for link in stalled:
            link.close()
    assert seconds_of_a_page(served) < 1


@pytest.mark.slow
def test_a_slow_body_is_taken_while_pages_are_answered(served):
    body = json.dumps(BLOOD).encode()
    with socket.create_connection((served.hostname, served.port), timeout=30) as link:
        link.sendall(head(served, len(body), "application/json", "/api/v1/decide"))
        for letter in body[:20]:
            link.sendall(bytes([letter]))
            time.sleep(0.1)
        assert seconds_of_a_page(served) < 1
        link.sendall(body[20:])
        answer = http.client.HTTPResponse(link)
        answer.begin()
        assert answer.status == 200
        assert "outcome" in json.load(answer)


@pytest.mark.slow
def test_a_body_in_parts_of_no_stated_length_is_taken(served):
    link = http.client.HTTPConnection(served.hostname, served.port, timeout=30)
    body = json.dumps(BLOOD).encode()
    parts = (body[at : at + 40] for at in range(0, len(body), 40))
    link.request("POST", "/api/v1/decide", parts, {"Content-Type": "application/json"}, encode_chunked=True)
    assert link.getresponse().status == 200
    link.close()


@pytest.mark.slow
def test_who_sends_far_too_much_reads_that_it_is_too_much(served):
    link = http.client.HTTPConnection(served.hostname, served.port, timeout=60)
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    link.request("POST", "/decide/", b"a=" + b"x" * 30_000_000, form)
    answer = link.getresponse()
    assert answer.status == 413
    assert b"too much at once" in answer.read()
    link.close()
