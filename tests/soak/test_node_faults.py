"""A node that dies, or loses its database, while clients file movements: what was answered is kept, and once."""

import contextlib
import http.client
import json
import os
import random
import signal
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections import Counter

import pytest

from tests import postgres
from tests.installation import Installation, answers, free_port, wait_for

pytestmark = pytest.mark.slow
ZONE = "hengqin"  # its demo has a cast and no day
KILLED = 200
RESTARTED = 20
CLIENTS = 4
FACTS = {"personal_information": False, "important_data": False, "ciio": False, "sensitive_persons_ytd": 0}
TOKEN = """
from riverloop.web.server import load_demo
load_demo()
from riverloop.apps.parties.models import Role
from riverloop.apps.parties.tokens import token_make
from riverloop.apps.parties.words import TOKEN_SCOPES
from riverloop.apps.clearance.selectors import zone
role = Role.objects.filter(kind="coordinator").order_by("granted_at", "id").first()
token = token_make(user=role.user, name="tests", scopes=tuple(TOKEN_SCOPES), days=30, with_second_factor=True)[1]
(other,) = {one.id for one in zone().sides} - {role.owner_side}
print(token, f"{role.owner_side}-{other}")
"""
HELD = """
import json
import django; django.setup()
from riverloop.apps.clearance.models import Movement
from riverloop.apps.notices.models import Message
from riverloop.apps.record.models import Leaf, PendingRecord
from riverloop.apps.record.selectors import log_health
filed = Movement.objects.exclude(reference="")
sides = sorted({*Movement.objects.values_list("owner_side", flat=True)})
print(json.dumps({
    "references": list(filed.values_list("reference", flat=True)),
    "copies": Movement.objects.count() - filed.count(),
    "undecided": Movement.objects.filter(own_low=None).count() + Movement.objects.filter(other_low=None).count(),
    "waiting": Message.objects.filter(state__in=("queued", "refused")).count() + PendingRecord.objects.count(),
    "gaps": [one for one in sides if list(Leaf.objects.filter(owner_side=one).order_by("index").values_list("index",
             flat=True)) != list(range(log_health(one).size))],
    "behind": [one for one in sides if log_health(one).countersigned != log_health(one).size],
}))
"""


class Client(threading.Thread):
    """Files movement after movement, each under its own key, and each again until it is answered."""

    def __init__(self, name, address, token, direction):
        super().__init__(daemon=True)
        self.prefix, self.address, self.token, self.direction = name, address, token, direction
        self.filed, self.stop, self.odd = [], threading.Event(), Counter()

    def run(self):
        number = 0
        while not self.stop.is_set():
            number += 1
            reference = f"{self.prefix}-{number}"
            if self.file(reference):
                self.filed.append(reference)

    def file(self, reference):
        body = {
            "flow": "data", "direction": self.direction, "crossing_at": "2030-03-01T09:00:00+08:00", "twice": True,
            "reference": reference, "items": [{"facts": FACTS}],
        }  # fmt: skip
        until = None
        while until is None or time.monotonic() < until:
            request = urllib.request.Request(
                f"{self.address}/api/v1/movements",
                method="POST",
                data=json.dumps(body).encode(),
                headers={
                    "Authorization": f"Bearer {self.token}",
                    "Content-Type": "application/json",
                    "Idempotency-Key": reference,
                },
            )
            try:
                with urllib.request.urlopen(request, timeout=30) as answer:
                    return answer.status == 201
            except urllib.error.HTTPError as error:
                self.odd[error.code, said_in(error)] += 1
            except (OSError, http.client.HTTPException):  # it is down, or went down in the middle of its answer
                pass
            if self.stop.is_set() and until is None:  # what it was asked last it may have done: ask until it says so
                until = time.monotonic() + 100
            time.sleep(0.05)
        raise AssertionError(f"{reference} was never answered: {dict(self.odd)}")


def said_in(error):
    try:
        return error.read()[:300]
    except (OSError, http.client.HTTPException):  # it went down in the middle
        return b""


class Node:
    """A node that is ended by force and started again."""

    def __init__(self, installation):
        self.installation, self.port, self.process = installation, free_port(), None
        self.address = f"http://127.0.0.1:{self.port}"

    def start(self):
        def up():
            if self.process is None or self.process.poll() is not None:  # what was killed may hold the port a moment
                quiet = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.DEVNULL)
                self.process = self.installation.start(
                    "serve", "--port", str(self.port), start_new_session=True, **quiet
                )
                time.sleep(0.2)
            return answers(f"{self.address}/healthz")

        wait_for(up, 90)

    def kill(self):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


@contextlib.contextmanager
def filing(folder, url=""):
    """Give a node that serves while clients file, and what to call when they are to stop: it returns what was filed."""
    installation = Installation(folder, url, RIVERLOOP_ZONE=ZONE, RIVERLOOP_DEMO="1", RIVERLOOP_API_A_MINUTE="100000")
    token, direction = installation.python(TOKEN).split()
    node = Node(installation)
    clients = [Client(name, node.address, token, direction) for name in range(CLIENTS)]
    try:
        node.start()
        for client in clients:
            client.start()

        def ended():
            for client in clients:
                client.stop.set()
            for client in clients:
                client.join(timeout=120)
                assert not client.is_alive()
            return [reference for client in clients for reference in client.filed]

        yield node, ended
    finally:
        for client in clients:
            client.stop.set()
        node.kill()


def check(node, filed, folder):
    """Check that all that was answered is there once, on both sides, and that both logs verify."""

    def settled():
        held = json.loads(node.installation.python(HELD))
        return held if not (held["waiting"] or held["behind"] or held["undecided"]) else None

    held = wait_for(settled, 180)
    assert Counter(held["references"]) == Counter(filed), "an answered movement was lost, doubled or never answered"
    assert held["copies"] == len(filed)
    assert held["gaps"] == []
    export = folder / "export"
    node.installation.run("log", "export", export)
    node.installation.run("log", "verify", export)


def test_a_node_that_is_killed_while_clients_file_loses_and_doubles_nothing(tmp_path, fault_count, tell):
    chance, kills = random.Random(20261122), fault_count(KILLED)
    with filing(tmp_path / "data") as (node, ended):
        for _ in range(kills):
            time.sleep(chance.uniform(0.1, 2))
            node.kill()
            node.start()
        filed = ended()
        check(node, filed, tmp_path)
    tell(
        f"a node killed while {CLIENTS} clients file", kills,
        f"{len(filed):,} movements: none lost, none doubled, no gap, both logs verify",
    )  # fmt: skip


@pytest.mark.skipif(not postgres.binaries(), reason=f"PostgreSQL is missing. {postgres.HOW_TO_GET}")
def test_a_database_that_is_restarted_while_clients_file_loses_and_doubles_nothing(tmp_path, fault_count, tell):
    chance, restarts = random.Random(20261122), max(2, fault_count(RESTARTED))
    with postgres.serving() as server, filing(tmp_path / "data", server.url) as (node, ended):
        for _ in range(restarts):
            time.sleep(chance.uniform(1, 4))
            server.restart()
        filed = ended()
        assert node.process.poll() is None, "the node ended with its database"
        check(node, filed, tmp_path)
    tell(
        f"PostgreSQL restarted while {CLIENTS} clients file", restarts,
        f"{len(filed):,} movements: none lost, none doubled, no gap, both logs verify",
    )  # fmt: skip
