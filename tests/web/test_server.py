"""The server as it runs: what it sends, how its processes hold together, and how it stops."""

import gzip
import http.client
import json
import os
import re
import signal
import socket
import ssl
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from riverloop.web import metrics
from tests.installation import Installation, answers, free_port, health_of, wait_for

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """A server for all that does not end it, and where it logs."""
    folder = tmp_path_factory.mktemp("served")
    node = Installation(folder / "data").lay_older()
    with (folder / "log").open("wb") as log, node.serving(stderr=log) as (address, process):
        yield address, process, folder / "log"


def get(address, **headers):
    try:
        with urllib.request.urlopen(urllib.request.Request(address, headers=headers), timeout=30) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read()


def children_of(process_id):
    """Return the processes that another started, and those that they started."""
    listed = subprocess.run(["ps", "-eo", "pid=,ppid=,args="], capture_output=True, text=True, check=True).stdout
    rows = [line.split(None, 2) for line in listed.splitlines()]
    found, wanted = {}, {str(process_id)}
    while more := {pid: text for pid, parent, text in rows if parent in wanted and pid not in found}:
        found |= more
        wanted = set(more)
    return {int(pid): text for pid, text in found.items()}


def is_alive(process_id):
    try:
        state = Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


# What it sends


def test_static_files_are_sent_compressed_and_may_be_kept_for_ever(served):
    address, *_ = served
    _, headers, page = get(f"{address}/")
    (style,) = re.findall(r'href="(/static/riverloop/style\.[0-9a-f]+\.css)"', page.decode())
    status, headers, plain = get(address + style)
    assert (status, headers["Cache-Control"]) == (200, "max-age=315360000, public, immutable")
    _, headers, small = get(address + style, **{"Accept-Encoding": "gzip"})
    assert headers["Content-Encoding"] == "gzip"
    assert headers["Vary"] == "Accept-Encoding"
    assert gzip.decompress(small) == plain
    assert len(small) < len(plain) / 2


def test_a_page_is_compressed_and_kept_by_nobody_else(served):
    address, *_ = served
    _, headers, body = get(f"{address}/rules/", **{"Accept-Encoding": "gzip"})
    assert headers["Content-Encoding"] == "gzip"
    assert "immutable" not in headers.get("Cache-Control", "")
    assert b"<html" in gzip.decompress(body)


def test_every_line_of_its_log_is_json_and_says_how_requests_were_answered(served):
    address, _, log = served
    get(f"{address}/rules/nothing/?q=Chan")
    lines = [json.loads(line) for line in wait_for(lambda: log.read_text().splitlines())]
    assert {"answered"} <= {line["event"] for line in lines}
    assert any(line.get("route") == "rules/<str:rule_id>/" and line["status"] == 404 for line in lines)
    assert "Chan" not in log.read_text()


# How its processes hold together


def test_a_process_that_dies_is_replaced_and_what_was_counted_stays(served):
    address, process, _ = served
    for _ in range(5):
        get(f"{address}/rules/")
    before = counted(address, "rules/")
    assert before >= 5
    (server,) = [pid for pid, text in children_of(process.pid).items() if " serve " in text or "spawn_main" in text]
    os.kill(server, signal.SIGKILL)
    wait_for(lambda: server not in children_of(process.pid) and answers(f"{address}/healthz"))
    assert counted(address, "rules/") >= before
    (worker,) = [pid for pid, text in children_of(process.pid).items() if "riverloop work" in text]
    os.kill(worker, signal.SIGKILL)
    wait_for(
        lambda: [pid for pid, text in children_of(process.pid).items() if "riverloop work" in text and pid != worker]
    )
    assert process.poll() is None


def counted(address, route):
    text = get(f"{address}/metrics")[2].decode()
    assert metrics.CONTENT_TYPE
    found = re.search(rf'riverloop_answers_total{{method="GET",route="{route}",status="200"}} ([\d.]+)', text)
    return float(found.group(1)) if found else 0


def test_a_node_that_serves_is_well(served):
    address, *_ = served
    found = wait_for(lambda: (told := health_of(address))["checks"]["worker"]["state"] == "ok" and told)
    assert found["checks"]["database"]["state"] == "ok"


def test_no_process_outlives_a_server_that_is_killed(tmp_path):
    node = Installation(tmp_path / "data").lay_older()
    with node.serving() as (address, process):
        started = wait_for(lambda: len(found := children_of(process.pid)) >= 2 and found)
        process.kill()
        process.wait()
        wait_for(lambda: not [pid for pid in started if is_alive(pid)])
        assert not answers(f"{address}/healthz")
    node.run("work", "--once")  # and nobody holds the data folder


# How it stops


def test_a_request_under_way_is_answered_before_the_server_stops(tmp_path):
    node = Installation(tmp_path / "data").lay_older()
    with node.serving() as (address, process):
        host = urlsplit(address)
        body = b"flow=goods&direction=cn-hk"
        with socket.create_connection((host.hostname, host.port), timeout=60) as link:
            head = f"POST /decide/ HTTP/1.1\r\nHost: {host.netloc}\r\nContent-Length: {len(body)}\r\n"
            link.sendall(head.encode() + b"Content-Type: application/x-www-form-urlencoded\r\n\r\n" + body[:5])
            time.sleep(1)  # so that it is under way
            process.send_signal(signal.SIGTERM)
            time.sleep(1)
            link.sendall(body[5:])
            answer = http.client.HTTPResponse(link)
            answer.begin()
            assert answer.status == 403  # without a token of its form, but answered
            assert b"<h1>" in answer.read()
        assert process.wait(40) == 0
        assert children_of(process.pid) == {}


def test_a_node_and_its_listener_end_by_ctrl_c_and_kill_nobody(tmp_path):
    """A terminal sends the signal to every process of the node at once."""
    nodes = []
    for side in ("hk", "cn"):
        port = str(free_port())
        at = {"RIVERLOOP_PEER_PORT": port, "RIVERLOOP_PEER_URL": f"https://127.0.0.1:{port}"}
        nodes.append(Installation(tmp_path / side, RIVERLOOP_SIDE=side, **at))
    node, other = nodes
    node.run("node", "trust", "-", input=other.run("node", "show").stdout)
    ends = []
    while len(ends) < 3 and ends[-1:] != [(0, False)]:  # a machine that stalls for seconds may be too late once
        ends.append(ended_by_ctrl_c(node))
    assert ends[-1] == (0, False), ends


def ended_by_ctrl_c(node):
    """Return the code with which a node ends, and whether it had to kill one of its processes."""
    port, listens = str(free_port()), int(node.environment["RIVERLOOP_PEER_PORT"])
    process = node.start("serve", "--port", port, "--no-worker", start_new_session=True)
    try:
        wait_for(lambda: answers(f"http://127.0.0.1:{port}/healthz"), 90)
        wait_for(lambda: greets(listens))
        os.killpg(process.pid, signal.SIGINT)
        _, said = process.communicate(timeout=120)
    finally:
        process.kill()
    return process.returncode, "kill" in said.lower()


def greets(port):
    """Say whether a listener is there to its end: it shows its certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as link, context.wrap_socket(link):
            return True
    except OSError:
        return False


# Under systemd


@pytest.fixture
def told(tmp_path):
    """Listen as systemd does, and give what was said so far."""
    path = tmp_path / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(path))
        listener.settimeout(60)
        heard = []

        def until(word):
            while word not in heard:
                heard.extend(listener.recv(4096).decode().splitlines())
            return heard

        yield str(path), until


def test_the_worker_tells_systemd_that_it_goes_on_and_ends_however_often_it_is_asked(tmp_path, told):
    path, until = told
    node = Installation(tmp_path / "data", NOTIFY_SOCKET=path).lay_older()
    process = node.start("work", stdout=None, stderr=subprocess.DEVNULL)
    try:
        until("READY=1")
        until("WATCHDOG=1")
        process.send_signal(signal.SIGTERM)
        until("STOPPING=1")
        process.send_signal(signal.SIGTERM)  # at once, as when a terminal and whoever started it both ask
        process.communicate(timeout=40)
    finally:
        process.kill()
        process.communicate()
    assert process.returncode == 0


def test_the_server_tells_systemd_once_it_answers(tmp_path, told):
    path, until = told
    node = Installation(tmp_path / "data", NOTIFY_SOCKET=path, WATCHDOG_USEC="1000000").lay_older()
    with node.serving("--no-worker") as (address, _):
        assert until("READY=1")
        assert answers(f"{address}/healthz")
        until("WATCHDOG=1")
