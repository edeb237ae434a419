"""What programs ask for, and how they are told what went wrong."""

import json
import logging
from datetime import timedelta

import pytest
from django.db import InterfaceError, OperationalError
from django.utils import timezone

from riverloop.apps.clearance.models import Movement
from riverloop.apps.parties import services, tokens
from riverloop.apps.parties.models import ApiToken
from riverloop.web.api import openapi
from riverloop.web.api.problems import KINDS
from riverloop.web.api.root import every_operation
from tests.web.programs import BLOOD, DECLARED, Program, is_problem, program_of, token_for

pytestmark = pytest.mark.django_db
NOBODYS = "0" * 26
MOVEMENT = {
    "flow": "goods",
    "direction": "hk-cn",
    "crossing_at": "2027-03-01T09:00:00+08:00",
    "items": [{"facts": BLOOD}],
}


@pytest.fixture(autouse=True)
def _quiet():
    for name in ("django.request", "django.security"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    yield
    for name in ("django.request", "django.security"):
        logging.getLogger(name).setLevel(logging.NOTSET)


@pytest.fixture
def anyone():
    return Program()


@pytest.fixture
def dora(cast):
    return program_of(cast.dora)


def file_one(program, **changes):
    response = program.post("/movements", {**MOVEMENT, **changes})
    assert response.status_code == 201, response.json()
    return response


# The law, open to all


def test_the_dictionary_says_what_may_be_stated_in_the_language_asked_for(anyone):
    facts = {fact["name"]: fact for fact in anyone.get("/facts?flow=goods").json()["data"]}
    assert facts["category"]["kind"] == "choice"
    assert "human_blood" in {choice["name"] for choice in facts["category"]["choices"]}
    chinese = Program(language="zh-HK").get("/facts/category")
    assert chinese.headers["Content-Language"] == "zh-hant"
    assert chinese.json()["label"] != facts["category"]["label"]


def test_rules_and_laws_are_listed_and_found_by_name(anyone):
    rules = anyone.get("/rules?flow=goods").json()["data"]
    assert "hk.cap599a.s14" in {rule["id"] for rule in rules}
    one = anyone.get("/rules/hk.cap599a.s14").json()
    assert one["effect"] == {"require": "dh_import_permit"}
    assert one["id"] in anyone.get(f"/measures/{one['measure']}").json()["rules"]
    assert len(anyone.get("/measures").json()["data"]) > 10
    assert {paper["name"] for paper in anyone.get("/papers?flow=goods").json()["data"]} >= {"dh_import_permit"}


def test_the_zone_names_its_directions(anyone):
    assert set(anyone.get("/zone").json()["directions"]) == {"hk-cn", "cn-hk"}


def test_deciding_says_what_the_page_says_and_keeps_nothing(anyone):
    decided = anyone.post("/decide", DECLARED)
    assert decided.status_code == 200
    body = decided.json()
    assert body["sides"]["hk"]["requires"] == ["dh_import_permit"]
    assert body["outcome"] in {"undetermined", "incomplete"}
    assert not Movement.objects.exists()


def test_many_items_are_decided_at_once(anyone):
    several = {**DECLARED, "items": [DECLARED["facts"]] * 3}
    del several["facts"]
    assert len(anyone.post("/decide", several).json()["sides"]["hk"]["items"]) == 3


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"facts": {"category": "nonsense"}}, "#/facts/category"),
        ({"facts": {"catgory": "human_blood"}}, "#/facts"),
        ({"at": "tomorrow"}, "#/at"),
        ({"direction": "nowhere"}, "#/direction"),
        ({"flow": "money"}, "#/flow"),
        ({"colour": "red"}, "#/colour"),
        ({"items": []}, "#"),
        ({"facts": {"category": 2**52}}, "#/facts/category"),
    ],
)
def test_a_mistake_is_pointed_at(anyone, change, pointer):
    response = anyone.post("/decide", {**DECLARED, **change})
    assert is_problem(response, 422, "invalid")
    (error,) = response.json()["errors"]
    assert error["pointer"] == pointer
    assert error["detail"]
    assert error["code"]


def test_what_an_officer_alone_may_state_is_refused(anyone):
    officers = [fact for fact in anyone.get("/facts?flow=person").json()["data"] if fact["source"] == "officer"]
    name = next(fact["name"] for fact in officers if fact["kind"] == "boolean")
    response = anyone.post("/decide", {**DECLARED, "flow": "person", "facts": {name: True}})
    assert is_problem(response, 422, "invalid")
    assert response.json()["errors"][0]["pointer"] == f"#/facts/{name}"


# What cannot be read


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b'{"flow": NaN}',
        b'{"flow": -Infinity}',
        b'{"flow": 1e999}',
        b"[" * 100_000,
        b'{"facts": ' + b'{"a":' * 50 + b"1" + b"}" * 51,
        b'{"flow": ' + b"9" * 5000 + b"}",
        b'{"flow": 99999999999999999999}',
        b'{"flow": "goods", "flow": "data"}',
        b'{"flow": "\xff"}',
        b'{"flow": "\\ud800"}',
        b'{"flow": "\\u0000"}',
        b"\xef\xbb\xbf{}",
        b"nothing",
        b"\x00",
    ],
)
def test_json_that_means_two_things_or_none_is_refused(anyone, body):
    assert is_problem(anyone.ask("POST", "/decide", body), 400, "malformed")


@pytest.mark.parametrize(
    "kind",
    ["text/plain", "application/x-www-form-urlencoded", "application/json; charset=utf-16", "multipart/form-data"],
)
def test_another_type_of_content_is_refused(anyone, kind):
    assert is_problem(anyone.ask("POST", "/decide", b"{}", Content_Type=kind), 415, "media-type")


def test_too_much_is_refused_before_it_is_read(anyone):
    assert is_problem(anyone.ask("POST", "/decide", b" " * 2_000_001), 413, "too-large")


@pytest.mark.parametrize(
    "path", ["/api/v1/nowhere", "/api/v1/", "/api/v2/facts", "/api/x", "/api/v1/facts/", "/api/v1/rules/no.such"]
)
def test_an_unknown_address_is_a_problem_and_no_page(anyone, path):
    assert is_problem(anyone.get(path), 404, "not-found")


@pytest.mark.parametrize("method", ["PUT", "DELETE", "TRACE", "OPTIONS", "PROPFIND", "POST"])
def test_a_method_that_an_address_does_not_take_is_told_which_it_takes(anyone, method):
    response = anyone.ask(method, "/facts")
    assert is_problem(response, 405, "wrong-method")
    assert response.headers["Allow"] == "GET"


def test_head_answers_as_get_does(anyone):
    assert anyone.ask("HEAD", "/zone").status_code == 200


@pytest.mark.parametrize("query", ["flow=money", "flow=goods&flow=data", "flow=%00"])
def test_a_query_that_is_not_understood_is_refused(anyone, query):
    assert anyone.get(f"/facts?{query}").status_code in {400, 422}


def test_a_mistake_of_ours_is_a_problem_that_tells_nothing_of_it(anyone, monkeypatch):
    def break_down(*arguments, **named):
        raise RuntimeError("what only we should see")

    monkeypatch.setattr("riverloop.apps.clearance.law.packs", break_down)
    response = anyone.get("/facts")
    assert is_problem(response, 500, "broken")
    assert "only we" not in response.content.decode()


@pytest.mark.parametrize("kind", [OperationalError, InterfaceError])
def test_a_database_that_is_down_is_told_as_what_passes(anyone, client, monkeypatch, kind):
    def down(*arguments, **named):
        raise kind("server closed the connection unexpectedly")

    monkeypatch.setattr("riverloop.apps.clearance.law.packs", down)
    response = anyone.get("/facts")
    assert is_problem(response, 503, "unavailable")
    assert response.headers["Retry-After"] == "5"
    client.raise_request_exception = False
    page = client.get("/facts/")
    assert page.status_code == 503
    assert "The database does not answer" in page.content.decode()


@pytest.mark.parametrize("language", ["zh-HK", "zh-CN", "en", "fr"])
def test_every_kind_of_problem_is_told_in_the_language_of_the_request(language):
    response = Program(language=language).get("/api/v1/nowhere")
    assert response.headers["Content-Language"] == {"zh-HK": "zh-hant", "zh-CN": "zh-hans"}.get(language, "en")


def test_a_host_that_is_not_ours_is_a_problem(client):
    response = client.get("/api/v1/facts", headers={"host": "elsewhere.example"})
    assert is_problem(response, 400, "malformed")


# Tokens


def test_without_a_token_nothing_of_anyones_is_given(anyone):
    response = anyone.get("/movements")
    assert is_problem(response, 401, "unauthenticated")
    assert response.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("token", ["rl_unknown", "x", "rl_" + "é" * 10])
@pytest.mark.parametrize("path", ["/movements", "/facts"])
def test_a_token_that_is_none_is_refused_even_where_none_is_needed(cast, token, path):
    response = Program().ask("GET", path, Authorization=f"Bearer {token}".encode().decode("latin-1"))
    assert is_problem(response, 401, "unauthenticated")


def test_a_token_that_ended_or_expired_or_whose_account_is_closed_opens_nothing(cast):
    for spoil in (
        lambda token: tokens.token_end(token=token),
        lambda token: ApiToken.objects.filter(pk=token.pk).update(expires_at=timezone.now() - timedelta(seconds=1)),
        lambda token: services.user_close(user=token.user),
    ):
        program = program_of(cast.eve)
        assert program.get("/me").status_code == 200
        spoil(ApiToken.objects.filter(user=cast.eve).latest("made_at"))
        assert is_problem(program.get("/me"), 401, "unauthenticated")


def test_a_token_made_without_a_second_factor_opens_nothing_once_its_role_needs_one(cast):
    program = program_of(cast.hana, second_factor=False)
    assert program.get("/movements").status_code == 200
    services.role_grant(user=cast.hana, kind="auditor")
    assert is_problem(program.get("/movements"), 401, "unauthenticated")


def test_a_token_reaches_no_farther_than_its_scopes(cast):
    program = program_of(cast.dora, scopes=["movements:read"])
    assert program.get("/movements").status_code == 200
    response = program.post("/movements", MOVEMENT)
    assert is_problem(response, 403, "scope")
    assert "movements:write" in response.json()["detail"]
    assert is_problem(program.get("/permits"), 403, "scope")


def test_no_session_opens_the_api(cast, enter):
    response = enter(cast.dora).get("/api/v1/me")
    assert is_problem(response, 401, "unauthenticated")
    assert "Set-Cookie" not in response.headers
    assert enter(cast.dora).get("/api/").status_code == 200


def test_what_is_somebodys_is_kept_by_no_cache(dora):
    assert "no-store" in dora.get("/movements").headers["Cache-Control"]


def test_me_says_whose_token_it_is(cast, dora):
    me = dora.get("/me").json()
    assert (me["id"], me["roles"][0]["kind"]) == (cast.dora.id, "coordinator")
    assert "email" not in json.dumps(me)


# How often


def test_too_many_requests_of_one_token_are_told_when_to_go_on(cast, settings):
    settings.RIVERLOOP_API_A_MINUTE = 3
    program, other = program_of(cast.dora), program_of(cast.eve)
    answers = [program.get("/me") for _ in range(4)]
    if answers[-1].status_code == 200:  # the minute turned meanwhile
        answers += [program.get("/me") for _ in range(4)]
    assert is_problem(answers[-1], 429, "too-many")
    assert 1 <= int(answers[-1].headers["Retry-After"]) <= 61
    assert answers[0].headers["RateLimit-Policy"] == '"minute";q=3;w=60'
    assert other.get("/me").status_code == 200


# The description


def every_reference(value):
    if isinstance(value, dict):
        for key, one in value.items():
            if key == "$ref":
                yield one
            else:
                yield from every_reference(one)
    elif isinstance(value, list):
        for one in value:
            yield from every_reference(one)


def test_the_description_names_every_operation_its_refusals_and_its_token(anyone):
    described = anyone.get("/openapi.json").json()
    assert described["openapi"].startswith("3.1")
    assert described["components"]["securitySchemes"]["token"]["scheme"] == "bearer"
    for reference in every_reference(described):
        found = described
        for step in reference.removeprefix("#/").split("/"):
            found = found[step]
    operations = {one.view_func.__name__: one for address in every_operation() for one in address}
    listed = {one["operationId"]: one for path in described["paths"].values() for one in path.values()}
    assert set(listed) == set(operations)
    for name, one in listed.items():
        assert {"400", "401", "422", "429", "500"} <= set(one["responses"]), name
        assert one["summary"], name
        if {} not in one["security"]:
            assert "403" in one["responses"], name


@pytest.mark.parametrize("language", ["zh-HK", "zh-CN"])
def test_the_description_is_read_in_each_language(language):
    described = Program(language=language).get("/openapi.json")
    assert described.headers["Content-Language"].startswith("zh")
    assert set(described.json()["paths"]) == set(openapi.described()["paths"])


def test_facts_are_described_by_the_dictionary(anyone):
    schemas = anyone.get("/openapi.json").json()["components"]["schemas"]
    category = schemas["GoodsFacts"]["properties"]["category"]["anyOf"][0]
    assert "human_blood" in category["enum"]
    stated = {name for flow in ("Person", "Goods", "Data") for name in schemas[f"{flow}Facts"]["properties"]}
    officers = {fact["name"] for fact in anyone.get("/facts").json()["data"] if fact["source"] == "officer"}
    assert not stated & officers


def test_the_page_for_programmers_lists_operations_and_problems(client):
    html = client.get("/api/").content.decode()
    for kind in KINDS:
        assert f'id="problem-{kind}"' in html
    for address in every_operation():
        for operation in address:
            assert f'id="{operation.view_func.__name__}"' in html


def test_a_token_stands_in_no_answer_and_no_log(cast, caplog):
    program = Program(token_for(cast.dora))
    for path in ("/me", "/movements", "/nowhere", f"/permits/{NOBODYS}"):
        assert program.token not in program.get(path).content.decode()
    assert program.token not in caplog.text
