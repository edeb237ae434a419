"""Two nodes, each a server with a data folder, a database and keys of its own, and a way between them that breaks."""

import contextlib
import json
import random
import socket
import ssl
import time
import urllib.error
import urllib.request

import pytest

from tests.clocks import Clock
from tests.installation import Installation, database_of_its_own, free_port, wait_for
from tests.proxies import Proxy

pytestmark = [pytest.mark.slow, pytest.mark.database]
ZONE = "hengqin"  # its demo has a cast and no day; and nothing may know the sides of the other zone
CUTS = 400
WEEKS = 3
FACTS = {"personal_information": False, "important_data": False, "ciio": False, "sensitive_persons_ytd": 0}
MOVEMENT = {"flow": "data", "crossing_at": "2030-03-01T09:00:00+08:00", "items": [{"facts": FACTS}]}
TOKENS = """
import json
import django; django.setup()
from riverloop.apps.parties.models import Role
from riverloop.apps.parties.tokens import token_make
from riverloop.apps.parties.words import TOKEN_SCOPES
found = {}
for role in Role.objects.filter(kind__in=("coordinator", "officer"), user__is_demo=True).order_by("granted_at", "id"):
    token = token_make(user=role.user, name="tests", scopes=tuple(TOKEN_SCOPES), days=30, with_second_factor=True)[1]
    found.setdefault(role.kind, []).append(token)
print(json.dumps(found))
"""
HELD = """
import json, sys
import django; django.setup()
from django.db.models import Max
from riverloop.apps.notices.models import Channel, Message
from riverloop.apps.record.models import LogState
own, other = sys.argv[1:]
sent = Message.objects.filter(owner_side=own, from_side=own)
got = Message.objects.filter(owner_side=own, from_side=other)
state = LogState.objects.get(pk=own)
print(json.dumps({
    "sent": list(sent.order_by("place").values_list("ref", flat=True)),
    "places": list(sent.order_by("place").values_list("place", flat=True)),
    "waiting": sent.exclude(state="delivered").count(),
    "got": list(got.order_by("place").values_list("ref", flat=True)),
    "log": [state.size, state.published_size, state.cosigned_size],
}))
"""
TAKEN_IN_ORDER = """
import sys
import django; django.setup()
from riverloop.apps.notices.models import Message
last = {}
for subject, number in Message.objects.filter(from_side=sys.argv[1]).order_by("place").values_list("subject", "number"):
    assert not subject or number == last.get(subject, 0) + 1, (subject, number)
    last[subject] = number
"""
LOGS = """
import hashlib, json, sys
import django; django.setup()
from riverloop.apps.clearance.effect import why_not_yet
from django.utils import timezone
from riverloop.apps.clearance.models import Movement
from riverloop.apps.nodes.models import Link
from riverloop.apps.record.models import Leaf, MirrorLeaf
own, other = sys.argv[1:]
def digest(rows):
    found = [bytes(one) for one in rows.order_by("index").values_list("commitment", flat=True)]
    return len(found), hashlib.sha256(b"".join(found)).hexdigest()
print(json.dumps({
    "log": digest(Leaf.objects.filter(owner_side=own)),
    "mirror": digest(MirrorLeaf.objects.filter(owner_side=own, of_side=other)),
    "not in effect": sum(why_not_yet(one) is not None for one in Movement.objects.all()),
    "up": Link.objects.get().up,
    "days since the link changed": (timezone.now() - Link.objects.get().since).days,
}))
"""


class Node:
    """One side's node, its proxies and who acts there."""

    def __init__(self, side, folder, url, clock):
        self.side, self.clock = side, clock
        self.peer_port = free_port()
        self.proxy = Proxy(self.peer_port)  # the way to this node
        self.installation = Installation(
            folder,
            url,
            RIVERLOOP_ZONE=ZONE,
            RIVERLOOP_SIDE=side,
            RIVERLOOP_DEMO="1",
            RIVERLOOP_PEER_PORT=str(self.peer_port),
            RIVERLOOP_PEER_URL=f"https://127.0.0.1:{self.proxy.port}",
            RIVERLOOP_API_A_MINUTE="100000",
            RIVERLOOP_LOG="text",
            **clock.environment,
        )
        self.address, self.tokens = "", {}

    def ask(self, token, method, path, body=None):
        """Ask the node's API, and return what it answers."""
        request = urllib.request.Request(
            f"{self.address}/api/v1{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{method} {path}: {error.read().decode()}") from None

    def file(self, other, reference, *, twice=True):
        body = MOVEMENT | {"direction": f"{self.side}-{other.side}", "reference": reference, "twice": twice}
        return self.ask(self.tokens["coordinator"][0], "POST", "/movements", body)

    def movement(self, key):
        return self.ask(self.tokens["coordinator"][0], "GET", f"/movements/{key}")

    def decide_all(self):
        """Let each officer allow whatever waits in their queue; return how much that was."""
        count = 0
        for token in self.tokens["officer"]:
            for row in self.ask(token, "GET", "/matters?state=open")["data"]:
                whole = self.ask(token, "GET", f"/matters/{row['id']}")
                act = next(one["name"] for one in whole["acts"] if one["name"] in ("allow", "accept"))
                body = {"act": act, "reason": "As the papers say.", "seen": whole["version"]}
                self.ask(token, "POST", f"/matters/{row['id']}/decide", body)
                count += 1
        return count

    def held(self, other):
        return json.loads(self.installation.python(HELD, self.side, other.side))

    def logs(self, other):
        return json.loads(self.installation.python(LOGS, self.side, other.side))


@pytest.fixture(scope="module")
def nodes(tmp_path_factory, django_db_blocker):
    """Both nodes, introduced to each other and serving; each way between them goes through a proxy."""
    from riverloop.zones import load_zone

    folder = tmp_path_factory.mktemp("nodes")
    with contextlib.ExitStack() as stack:
        both, clock = [], Clock(folder / "clock")
        for side in (one.id for one in load_zone(ZONE).sides):
            url = stack.enter_context(database_of_its_own(f"riverloop_{side}"))
            both.append(Node(side, folder / side, url, clock))
            stack.callback(both[-1].proxy.close)
        shown = {node.side: node.installation.run("node", "show").stdout for node in both}
        for node, other in (both, reversed(both)):
            node.installation.run("node", "trust", "-", input=shown[other.side])
        for node in both:
            node.address, _ = stack.enter_context(node.installation.serving())
            node.tokens = json.loads(node.installation.python(TOKENS))
        yield sorted(both, key=lambda node: "coordinator" not in node.tokens)  # one side of this zone has no park


def told(node, key, side):
    """Return what a side says of a movement, as the other side's node tells its coordinator."""
    return next(one for one in node.movement(key)["sides"] if one["side"] == side)


def settled(one, other):
    """Say whether nothing is on its way any more, and both logs are countersigned to their ends."""
    first, second, again = one.held(other), other.held(one), one.held(other)
    quiet = first == again  # or the other node was read after something more went between them
    quiet = quiet and first["waiting"] == second["waiting"] == 0 and None not in first["places"] + second["places"]
    return quiet and all(len(set(log)) == 1 for log in (first["log"], second["log"])) and (first, second)


def test_what_is_filed_at_one_node_is_decided_at_the_other_and_read_back(nodes):
    one, other = nodes
    key = one.file(other, "E2E-1")["id"]
    wait_for(lambda: told(one, key, other.side)["outcome"] == "referred")
    assert wait_for(other.decide_all) >= 1
    wait_for(lambda: told(one, key, other.side)["outcome"] == "cleared")
    assert one.movement(key)["outcome"] == "referred"
    assert one.decide_all() >= 1
    assert one.movement(key)["outcome"] == "cleared"


def test_each_node_has_the_cast_of_its_own_side_alone_and_says_whose_it_is(nodes):
    for node, other in (nodes, reversed(nodes)):
        page = urllib.request.urlopen(f"{node.address}/account/sign-in/", timeout=30).read().decode()
        assert "this is the node of" in page
        assert "both sides run on one computer" not in page
        assert f"coordinator-{other.side}" not in page
        refused = node.installation.run(
            *("user", "add", "x@example.org", "--name", "X", "--side", other.side), check=False
        )
        assert refused.returncode == 1
        line = f"Side {other.side} does not live here: this is the node of side {node.side}."
        assert refused.stderr.startswith(line)
        assert refused.stderr.count("\n") == 1


CALL = b"POST /peer/messages HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"


def connected(node):
    return socket.create_connection(("127.0.0.1", node.peer_port), timeout=10)


def test_a_caller_without_the_trusted_certificate_gets_no_answer(nodes, tmp_path, settings):
    from riverloop.apps.nodes import certificates

    one, other = nodes
    settings.RIVERLOOP_DATA, settings.RIVERLOOP_SIDE = tmp_path, ""
    stranger = certificates.certificate_file("hk", "127.0.0.1"), certificates.key_file("hk")
    for files in (None, stranger):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        if files:
            context.load_cert_chain(*files)
        read = b""
        with contextlib.suppress(OSError), context.wrap_socket(connected(one)) as held:
            held.sendall(CALL)
            read = held.recv(1_000)
        assert read == b""
    with connected(one) as plain, contextlib.suppress(ConnectionResetError):
        plain.sendall(CALL)
        assert not plain.recv(1_000).startswith(b"HTTP/1.1 200")
    wait_for(lambda: "was cut off" in one.installation.python(REFUSED))
    key = one.file(other, "E2E-2")["id"]  # and the node goes on
    wait_for(lambda: told(one, key, other.side)["outcome"] == "referred")


REFUSED = """
import django; django.setup()
from riverloop.apps.nodes.models import Link
print(Link.objects.get().refused_text)
"""


def test_a_link_that_was_cut_is_made_up_for_without_a_hand(nodes):
    one, other = nodes
    for node in nodes:
        node.proxy.is_gone = True
    keys = [one.file(other, f"CUT-{number}")["id"] for number in range(5)]
    assert all(not told(one, key, other.side)["answered"] for key in keys)
    health = json.loads(urllib.request.urlopen(f"{one.address}/healthz", timeout=30).read())
    assert health is not None
    for node in nodes:
        node.proxy.heal()
    wait_for(lambda: all(told(one, key, other.side)["answered"] for key in keys), patience_seconds=60)


def test_a_way_that_cuts_holds_back_and_alters_loses_and_doubles_nothing(nodes, fault_count, tell):
    one, other = nodes
    chance, times = random.Random(20261122), fault_count(CUTS)
    begun = sum(node.proxy.passed for node in nodes)
    filed = 0
    while sum(node.proxy.passed for node in nodes) - begun < times:
        for node in nodes:
            node.proxy.heal()
            fault = chance.choice(("cut", "alter", "delay", "gone", "none"))
            if fault == "cut":
                node.proxy.cut_after = chance.randrange(1, 12_000)
            elif fault == "alter":
                node.proxy.alter_at = chance.randrange(1, 6_000)
            elif fault == "delay":
                node.proxy.delay_seconds = chance.random() / 20
            node.proxy.is_gone = fault == "gone"
        filed += 1
        one.file(other, f"F-{filed}")
        for node in nodes:
            node.decide_all()
    for node in nodes:
        node.proxy.heal()
    first, second = wait_for(lambda: settled(one, other), patience_seconds=120)
    assert first["got"] == second["sent"]
    assert second["got"] == first["sent"]
    for held in (first, second):
        assert held["places"] == list(range(len(held["places"])))
    one.installation.python(TAKEN_IN_ORDER, other.side)
    other.installation.python(TAKEN_IN_ORDER, one.side)
    tell("a connection between two nodes cut, altered, delayed or refused", times, f"{filed} movements, each once")


def test_nodes_cut_off_from_each_other_for_a_week_catch_up_by_themselves(nodes, fault_count, tell, tmp_path):
    """The clock of both goes on by a week while they work; then nobody does anything but mend the link."""
    one, other = nodes
    weeks, slowest, filed = fault_count(WEEKS), 0.0, []
    for week in range(weeks):
        told_before = [one.file(other, f"WEEK-{week}-0-{number}")["id"] for number in range(3)]
        wait_for(lambda: settled(one, other), patience_seconds=120)
        with link_cut(nodes):
            told_before.append(one.file(other, f"WEEK-{week}-0-gone")["id"])
            wait_for(lambda: not one.logs(other)["up"])
            away = [one.file(other, f"WEEK-{week}-{day}-{number}")["id"] for day, number in days_passed(one.clock)]
            assert other.decide_all() >= 3
            assert one.decide_all() >= len(away)
            check_apart(one, other, len(away))
            assert not any(told(one, key, other.side)["answered"] for key in away)
        began = time.monotonic()
        wait_for(lambda keys=away: all(told(one, key, other.side)["answered"] for key in keys), patience_seconds=60)
        slowest, filed = max(slowest, time.monotonic() - began), [*filed, *told_before, *away]
        other.decide_all()
        wait_for(lambda keys=filed: all(one.movement(key)["outcome"] == "cleared" for key in keys), 60)
    check_alike(one, other, tmp_path)
    tell(
        "two nodes cut off from each other for a week", weeks,
        f"{len(filed)} movements, each once, {slowest:.0f} s after the link's return; mirrors equal, both logs verify",
    )  # fmt: skip


@contextlib.contextmanager
def link_cut(nodes):
    for node in nodes:
        node.proxy.is_gone = True
    try:
        yield
    finally:
        for node in nodes:
            node.proxy.heal()


def check_apart(one, other, filed):
    """Insist that the week went by, that both went on meanwhile, and that nothing has effect that needs both."""
    first, second, logs = one.held(other), other.held(one), one.logs(other)
    assert logs["days since the link changed"] == 7
    assert first["waiting"] >= filed
    assert second["waiting"] >= 3
    for held in (first, second):
        assert held["log"][0] == held["log"][1] > held["log"][2]  # numbered and signed, not countersigned
    assert logs["not in effect"] >= filed


def days_passed(clock):
    """Move the clock on day by day, and give each day twice."""
    for day in range(1, 8):
        clock.move(days=1)
        for number in range(2):
            yield day, number


def check_alike(one, other, folder):
    """Insist that both hold the same messages and logs, that all is in effect, and that all of it verifies."""
    first, second = wait_for(lambda: settled(one, other), patience_seconds=120)
    assert first["got"] == second["sent"]
    assert second["got"] == first["sent"]
    logs, others = one.logs(other), other.logs(one)
    assert logs["log"] == others["mirror"]
    assert logs["mirror"] == others["log"]
    assert logs["not in effect"] == others["not in effect"] == 0
    for node in (one, other):
        node.installation.run("log", "export", folder / node.side)
        verified = node.installation.run("log", "verify", folder / node.side).stdout
        assert {one.side, other.side} <= set(verified.replace(":", " ").replace("/", " ").split())
