"""Requests that nobody should send: every one is answered as the description says, and none breaks anything."""

import json
import logging
import random

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from django.test import Client
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from riverloop.web.api.problems import MEDIA_TYPE
from tests.tools import SOAKING
from tests.web.programs import BLOOD, DECLARED, program_of, token_for

pytestmark = pytest.mark.django_db
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
MOVEMENT = {
    "flow": "goods",
    "direction": "hk-cn",
    "crossing_at": "2027-03-01T09:00:00+08:00",
    "items": [{"facts": BLOOD}],
}
PERMIT = {"document": "dh_import_permit", "number": "IP-1", "issuer": "DH", "issued_on": "2026-01-05"}


@pytest.fixture(autouse=True)
def _without_limits(settings):
    settings.RIVERLOOP_API_A_MINUTE = 10**9
    for name in ("django.request", "django.security"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    yield
    for name in ("django.request", "django.security"):
        logging.getLogger(name).setLevel(logging.NOTSET)


@pytest.fixture
def known(cast):
    """Ids of what is there, by the name of the parameter that takes one."""
    from riverloop.apps.desk.models import Matter

    dora = program_of(cast.dora)
    movement = dora.post("/movements", MOVEMENT).json()["id"]
    permit = dora.post("/permits", PERMIT).json()["id"]
    matter = Matter.objects.filter(owner_side="hk").first()
    return {
        "movement_id": movement,
        "permit_id": permit,
        "person_id": cast.hana_herself.id,
        "matter_id": matter.id if matter else permit,
        "name": "hk.cap599a.s14",
    }


@pytest.fixture
def _one_connection(known):
    """Keep the connection of the test, which a server would close after each request; Django's own client does so."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


# What the description allows, and what it forbids


def ways_to_ask(mode):
    """Give each operation with the strategy that draws requests of it."""
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", get_wsgi_application())
    for result in schema.get_all_operations():
        operation = result.ok()
        yield operation, operation.as_strategy(generation_mode=mode)


def ways():
    """Give each role with each mode; outside a soak every role and every mode once."""
    modes = list(schemathesis.GenerationMode)
    for place, role in enumerate(["nobody", "coordinator", "officer", "auditor", "holder"]):
        for mode in modes if SOAKING else [modes[place % 2]]:
            yield pytest.param(role, mode, id=f"{role}-{mode.value}")


@pytest.mark.slow
@pytest.mark.parametrize(("role", "mode"), list(ways()))
@pytest.mark.usefixtures("_one_connection")
def test_every_operation_answers_as_it_is_described(cast, known, fault_count, role, mode):
    user = cast.of_role(role)
    headers = {"Accept-Encoding": "identity"}  # the test's own client unpacks nothing
    if user:
        headers["Authorization"] = f"Bearer {token_for(user)}"
    for operation, strategy in ways_to_ask(mode):

        @seed(0)
        @settings(
            max_examples=fault_count(100),
            database=None,
            deadline=None,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=strategy, real=st.booleans())
        def ask(case, real):
            if real:
                for name in case.path_parameters or ():
                    case.path_parameters[name] = known.get(name, case.path_parameters[name])
            case.headers.pop("Authorization", None)
            response = case.call(headers=headers)
            case.validate_response(response, checks=CHECKS)

        try:
            ask()
        except Unsatisfiable:  # nothing that is sent could be wrong
            assert mode is schemathesis.GenerationMode.NEGATIVE, operation
        except Exception as error:
            error.add_note(f"{operation.method} {operation.path} as {role}")
            raise


# What no description could think of

ASKED = [
    *(
        ("GET", path)
        for path in ("/facts", "/rules/x", "/zone", "/me", "/people", "/organisations", "/openapi.json", "")
    ),
    *(("GET", path) for path in ("/movements", "/movements/{movement_id}", "/files", "/permits", "/matters")),
    *(
        ("GET", path)
        for path in ("/people/{person_id}", "/permits/{permit_id}", "/matters/{matter_id}", "/obligations")
    ),
    *(("POST", path) for path in ("/decide", "/movements", "/files", "/permits", "/matters/{matter_id}/claim")),
    *(("POST", f"/movements/{{movement_id}}/{act}") for act in ("withdraw", "cross", "findings")),
    *(("POST", f"/matters/{{matter_id}}/{act}") for act in ("decide", "ask", "confirm", "hand-over")),
    *(("POST", f"/permits/{{permit_id}}/{act}") for act in ("verify", "end")),
    *(("POST", "/movements/{movement_id}/questions/{movement_id}/answer"), ("PATCH", "/movements/{movement_id}")),
]
BODIES = [
    *(DECLARED, MOVEMENT, PERMIT, {}, [], None, 0, "", {"seen": 1, "act": "allow", "reason": "x"}),
    {"items": [{"place": 0, "facts": {"suspected_infectious": None}}]},
    {"seen": 1, "text": "?", "facts": ["category"], "due_at": "2027-01-01T00:00:00Z"},
]
PIECES = [
    *(
        b"\x00",
        b"\xff\xfe",
        b"\\ud800",
        b"\\u0000",
        b"NaN",
        b"-Infinity",
        b"1e400",
        b"9" * 400,
        b"[" * 3000,
        b'{"":' * 99,
    ),
    *(b'"', b"{", b"}", b",", b"null", b"true", b"\r\n\r\n", b"--x--", b"%00", b"\xf0\x9f\xa6\x80", b"' OR 1=1 --"),
]
METHODS = ["GET", "POST", "PATCH", "PUT", "DELETE", "HEAD", "OPTIONS", "TRACE", "BREW"]
TYPES = [
    *["application/json"] * 12,
    "application/json;charset=latin1",
    "multipart/form-data; boundary=x",
    "text/xml",
    "",
    "\x7f",
]
QUERIES = [
    "",
    "?limit=x",
    "?cursor=%ff",
    "?limit=1&limit=2",
    "?q=%00",
    "?flow=goods",
    "?first=0001-01-01",
    "?%5B%5D=1",
    "?=&&",
]
NAMES = [
    "If-Match",
    "Idempotency-Key",
    "Authorization",
    "Accept-Language",
    "Accept",
    "Cookie",
    "X-Forwarded-Host",
    "Range",
]


def spoilt(chance, text):
    """Cut, repeat or swap parts of a text, or put something in that does not belong there."""
    for _ in range(chance.randrange(4)):
        at, to = sorted(chance.randrange(len(text) + 1) for _ in range(2))
        piece = chance.choice(PIECES)
        text = chance.choice(
            [text[:at] + piece + text[at:], text[:at] + text[to:], text[:to] + text[at:], text[:at] + piece + text[to:]]
        )[:200_000]
    return text


def malformed(chance, known, tokens):
    method, path = chance.choice(ASKED)
    method, path = chance.choice([method] * 9 + [chance.choice(METHODS)]), path.format(**known)
    path = chance.choice([path, path, path, path, spoilt(chance, path.encode()[:200]).decode("latin-1")])
    path = path.translate({ord(letter): f"%{ord(letter):02X}" for letter in "\r\n\x00 "})[:2000]
    headers = {"Authorization": f"Bearer {chance.choice(tokens)}", "If-Match": "*"}
    for name in chance.sample(NAMES, chance.choice([0, 0, 0, 1, 2])):
        headers[name] = spoilt(chance, headers.get(name, "x").encode()).decode("latin-1")[:5000]
    body = spoilt(chance, json.dumps(chance.choice(BODIES)).encode())
    return method, f"/api/v1{path}{chance.choice(QUERIES)}", body, chance.choice(TYPES), headers


@pytest.mark.slow
def test_no_malformed_request_breaks_anything(cast, known, fault_count, tell):
    chance, count = random.Random(20261122), fault_count(10_000)
    roles = (cast.dora, cast.oscar, cast.ada, cast.hana, cast.greta)
    tokens = [*[token_for(user) for user in roles] * 4, "rl_nobodys", ""]
    client, broken, answered = Client(raise_request_exception=False), [], {}
    for _ in range(count):
        method, path, body, kind, headers = malformed(chance, known, tokens)
        response = client.generic(method, path, body, content_type=kind, headers=headers)
        status = response.status_code
        answered[status] = answered.get(status, 0) + 1
        if status >= 500 or (status >= 400 and response.headers.get("Content-Type") != MEDIA_TYPE):
            broken.append((status, method, path[:200], body[:200], kind, headers))
    assert broken == []
    assert sum(answered.values()) == count
    kinds = ", ".join(f"{status}: {times:,}" for status, times in sorted(answered.items()))
    tell("malformed requests to the API", count, f"not one 5xx ({kinds})")
