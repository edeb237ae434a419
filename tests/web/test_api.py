"""What programs ask for, and how they are told what went wrong."""

import base64
import io
import json
import logging
from datetime import timedelta

import pytest
from django.utils import timezone

from riverloop.apps.clearance.models import Movement
from riverloop.apps.parties import services, tokens
from riverloop.apps.parties.models import ApiToken, IdempotencyKey, ViewRecord
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


# Movements


def test_a_movement_is_filed_read_and_listed(cast, dora):
    filed = file_one(dora, reference="PO-7")
    body = filed.json()
    assert filed.headers["Location"] == f"/api/v1/movements/{body['id']}"
    read = dora.get(f"/movements/{body['id']}").json()
    assert read["items"][0]["facts"]["category"]["value"] == "human_blood"
    assert {side["side"] for side in read["sides"]} == {"hk", "cn"}
    assert [row["id"] for row in dora.get("/movements?q=PO-7").json()["data"]] == [body["id"]]
    assert dora.get("/movements?outcome=refused").json()["data"] == []
    assert dora.get(f"/movements/{body['id']}/timeline").json()["data"][0]["kind"] == "filed"


def test_a_movement_of_a_person_needs_one_of_ones_own(cast, dora):
    person = {**MOVEMENT, "flow": "person", "items": [{"facts": {}}]}
    assert is_problem(dora.post("/movements", person), 422, "invalid")
    person["items"] = [{"facts": {}, "person": cast.edwin.id}]
    response = dora.post("/movements", person)
    assert is_problem(response, 422, "invalid")
    assert response.json()["errors"][0]["pointer"] == "#/items/0/person"
    person["items"] = [{"facts": {}, "person": cast.hana_herself.id}]
    assert dora.post("/movements", person).status_code == 201


def test_a_bad_fact_of_a_movement_is_pointed_at(dora):
    response = dora.post("/movements", {**MOVEMENT, "items": [{"facts": BLOOD}, {"facts": {"category": "x"}}]})
    assert is_problem(response, 422, "invalid")
    assert response.json()["errors"][0]["pointer"] == "#/items/1/facts/category"


def test_what_was_filed_already_is_a_conflict_unless_it_crosses_twice(dora):
    file_one(dora)
    assert is_problem(dora.post("/movements", MOVEMENT), 409, "conflict")
    file_one(dora, twice=True)


def test_nothing_of_another_tenant_is_there(cast, dora):
    movement = file_one(dora).json()["id"]
    permit = dora.post(
        "/permits", {"document": "dh_import_permit", "number": "A1", "issuer": "DH", "issued_on": "2026-01-05"}
    ).json()["id"]
    file = dora.upload("/files", file=csv()).json()["id"]
    for user in (cast.eve, cast.mei, cast.amy):
        other = program_of(user)
        for path in (f"/movements/{movement}", f"/permits/{permit}", f"/files/{file}", f"/files/{file}/content"):
            assert is_problem(other.get(path), 404, "not-found"), (user.name, path)
        assert other.get("/movements").json()["data"] == []
    eve = program_of(cast.eve)
    assert is_problem(eve.patch(f"/movements/{movement}", {}, If_Match="*"), 404, "not-found")
    assert is_problem(eve.post(f"/movements/{movement}/withdraw", If_Match="*"), 404, "not-found")
    assert is_problem(eve.post(f"/permits/{permit}/end"), 404, "not-found")
    assert is_problem(eve.upload("/files", file=csv(), subject=movement), 422, "invalid")


@pytest.mark.parametrize("strange", ["x", "%00", "0" * 27, "../me", "%F0%9F%A6%80", NOBODYS.lower(), NOBODYS + "%0A"])
def test_an_id_that_is_none_is_not_there(dora, strange):
    assert dora.get(f"/movements/{strange}").status_code in {200, 404}
    assert is_problem(dora.get(f"/permits/{strange}x"), 404)


# Changes of what was seen


def test_a_change_names_the_state_that_it_is_of(dora):
    filed = file_one(dora)
    path, change = filed.headers["Location"], {"items": [{"place": 0, "facts": {"suspected_infectious": False}}]}
    assert is_problem(dora.patch(path, change), 428, "precondition-required")
    assert is_problem(dora.patch(path, change, If_Match='"another"'), 412, "stale")
    first = dora.get(path).headers["ETag"]
    changed = dora.patch(path, change, If_Match=first)
    assert changed.status_code == 200
    assert changed.json()["items"][0]["facts"]["suspected_infectious"]["value"] is False
    again = {"items": [{"place": 0, "facts": {"suspected_infectious": True}}]}
    assert is_problem(dora.patch(path, again, If_Match=first), 412, "stale")
    assert dora.patch(path, again, If_Match=f"W/{dora.get(path).headers['ETag']}").status_code == 200


def test_a_state_is_the_same_in_every_language(cast, dora):
    path = file_one(dora).headers["Location"]
    chinese = Program(dora.token, "zh-HK").get(path).headers["ETag"]
    assert chinese != dora.get(path).headers["ETag"]
    assert dora.post(f"{path}/withdraw", If_Match=chinese).json()["state"] == "withdrawn"


def test_what_has_not_changed_is_not_sent_again(dora):
    path = file_one(dora).headers["Location"]
    etag = dora.get(path).headers["ETag"]
    assert dora.get(path, If_None_Match=etag).status_code == 304


def test_a_withdrawn_movement_cannot_change(dora):
    path = file_one(dora).headers["Location"]
    dora.post(f"{path}/withdraw", If_Match="*")
    assert is_problem(dora.patch(path, {"crossing_at": "2027-03-02T09:00:00+08:00"}, If_Match="*"), 409, "conflict")


# Once


def test_the_same_key_gives_the_same_answer_and_does_nothing_twice(dora):
    first = dora.post("/movements", MOVEMENT, Idempotency_Key="k-1")
    again = dora.post("/movements", MOVEMENT, Idempotency_Key="k-1")
    assert (again.status_code, again.content) == (201, first.content)
    assert again.headers["Location"] == first.headers["Location"]
    assert again.headers["ETag"] == first.headers["ETag"]
    assert again.headers["Idempotency-Replayed"] == "true"
    assert Movement.objects.filter(organisation__isnull=False).count() == 1


def test_a_key_is_for_one_request(dora):
    dora.post("/movements", MOVEMENT, Idempotency_Key="k-1")
    other = dora.post("/movements", {**MOVEMENT, "reference": "another"}, Idempotency_Key="k-1")
    assert is_problem(other, 422, "invalid")
    assert other.json()["errors"][0]["header"] == "Idempotency-Key"
    assert is_problem(dora.post(f"/permits/{NOBODYS}/end", Idempotency_Key="k-1"), 422, "invalid")


def test_two_programs_do_not_share_keys(cast, dora):
    dora.post("/movements", MOVEMENT, Idempotency_Key="k-1")
    assert program_of(cast.eve).post("/movements", MOVEMENT, Idempotency_Key="k-1").status_code == 201


def test_a_key_that_is_still_being_answered_is_a_conflict(dora):
    dora.post("/movements", MOVEMENT, Idempotency_Key="k-1")
    IdempotencyKey.objects.update(status=None)
    assert is_problem(dora.post("/movements", MOVEMENT, Idempotency_Key="k-1"), 409, "conflict")


def test_a_key_whose_request_never_ended_is_free_again(dora):
    dora.post("/movements", MOVEMENT, Idempotency_Key="k-1")
    IdempotencyKey.objects.update(status=None, at=timezone.now() - timedelta(minutes=5))
    again = dora.post("/movements", {**MOVEMENT, "twice": True}, Idempotency_Key="k-1")
    assert again.status_code == 201


def test_what_was_refused_keeps_no_key_and_leaves_nothing(dora):
    wrong = {**MOVEMENT, "direction": "nowhere"}
    assert is_problem(dora.post("/movements", wrong, Idempotency_Key="k-1"), 422)
    assert not IdempotencyKey.objects.exists()
    assert dora.post("/movements", MOVEMENT, Idempotency_Key="k-1").status_code == 201


def test_a_mistake_of_ours_keeps_no_key_and_nothing_of_what_was_done(dora, monkeypatch):
    def break_down(*arguments, **named):
        raise RuntimeError

    monkeypatch.setattr("riverloop.apps.clearance.api.movement_whole", break_down)
    assert is_problem(dora.post("/movements", MOVEMENT, Idempotency_Key="k-1"), 500, "broken")
    assert not Movement.objects.exists()
    assert not IdempotencyKey.objects.exists()


@pytest.mark.parametrize("key", ["", " ", "x" * 101, "a b", "é"])
def test_a_key_has_a_form(dora, key):
    assert is_problem(
        dora.post("/movements", MOVEMENT, Idempotency_Key=key.encode().decode("latin-1")), 400, "malformed"
    )


def csv(text=b"a,b\n1,2\n"):
    file = io.BytesIO(text)
    file.name = "lots.csv"
    return file


# Papers


def test_a_file_is_handed_in_once_and_given_back_as_it_was(dora):
    movement = file_one(dora).json()["id"]
    stored = dora.upload("/files", file=csv(), subject=movement)
    assert stored.status_code == 201
    assert stored.json()["subject"] == movement
    assert dora.get(f"/files?subject={movement}").json()["data"] == [stored.json()]
    content = dora.get(f"/files/{stored.json()['id']}/content")
    assert content.content == b"a,b\n1,2\n"
    assert content.headers["Content-Disposition"].startswith("attachment")
    assert content.headers["X-Content-Type-Options"] == "nosniff"


def test_a_large_file_is_taken_and_one_too_large_is_not(dora):
    assert dora.upload("/files", file=csv(b"a,b\n" * 900_000)).status_code == 201
    assert is_problem(dora.upload("/files", file=csv(b"a,b\n" * 5_200_000)), 413, "too-large")
    assert is_problem(dora.upload("/files", file=csv(b"MZ\x90\0" * 100)), 422, "invalid")


def test_an_upload_is_replayed_though_its_parts_are_sent_anew(cast, dora):
    from django.test import Client

    def send(text):
        headers = {"Authorization": f"Bearer {dora.token}", "Idempotency-Key": "f-1"}
        return Client(raise_request_exception=False).post("/api/v1/files", {"file": csv(text)}, headers=headers)

    assert send(b"a,b\n1,2\n").content == send(b"a,b\n1,2\n").content
    assert is_problem(send(b"a,b\n1,3\n"), 422, "invalid")


def test_a_form_that_cannot_be_read_is_a_problem(dora):
    kind = "multipart/form-data; boundary=x"
    for body in (b"--x\r\nrubbish", b"--x--", b"\xff" * 100):
        response = dora.ask("POST", "/files", body, Content_Type=kind)
        assert response.status_code in {400, 422}
        assert is_problem(response, response.status_code)


def test_a_permit_is_added_verified_and_ended(cast, dora):
    permit = {"document": "dh_import_permit", "number": "IP-1", "issuer": "DH", "issued_on": "2026-01-05"}
    added = dora.post("/permits", {**permit, "expires_on": "2030-01-01"})
    assert added.status_code == 201
    assert is_problem(dora.post("/permits", permit), 409, "conflict")
    assert is_problem(dora.post("/permits", {**permit, "number": "2", "person": NOBODYS}), 422, "invalid")
    path = f"/permits/{added.json()['id']}"
    assert dora.get(path).json()["state"] == "stated"
    assert is_problem(dora.post(f"{path}/verify", {"accepted": True}), 403, "forbidden")
    assert dora.post(f"{path}/end", {"reason": "lost"}).json()["state"] == "ended"


# Pages of a list


def walk(program, path, most=3):
    seen, cursor = [], ""
    for _ in range(50):
        page = program.get(f"{path}?limit={most}&cursor={cursor}").json()
        seen.append(page["data"])
        cursor = page["next"]
        if cursor is None:
            return seen
    raise AssertionError("the list never ends")


def test_a_list_gives_each_row_once_whatever_comes_meanwhile(dora):
    for day in range(1, 8):
        file_one(dora, crossing_at=f"2027-03-0{day // 2 + 1}T09:00:00+08:00", reference=str(day))
    pages = walk(dora, "/movements")
    assert [len(page) for page in pages] == [3, 3, 1]
    ids = [row["id"] for page in pages for row in page]
    assert len(set(ids)) == 7
    first = dora.get("/movements?limit=3").json()
    file_one(dora, crossing_at="2028-01-01T09:00:00+08:00")
    rest = dora.get(f"/movements?limit=200&cursor={first['next']}").json()["data"]
    assert [row["id"] for row in first["data"] + rest] == ids


@pytest.mark.parametrize("cursor", ["x", "bnVsbA", "WzEsIDJd", "é", "W10", "WyIyMDI2LTAxLTAxIiwgIngiXQ", "x" * 401])
@pytest.mark.parametrize("path", ["/movements", "/permits", "/files", "/people", "/organisations", "/obligations"])
def test_a_cursor_of_somebody_elses_making_is_refused(dora, cursor, path):
    response = dora.get(f"{path}?cursor={cursor}")
    assert is_problem(response, 422, "invalid")
    assert response.json()["errors"][0]["parameter"] == "cursor"


@pytest.mark.parametrize("limit", ["0", "201", "-1", "x", "9" * 30, "1.5"])
def test_a_page_has_a_least_and_a_most(dora, limit):
    assert is_problem(dora.get(f"/movements?limit={limit}"), 422, "invalid")


# People


def test_reading_a_name_is_recorded_first(cast, dora):
    assert [person["id"] for person in dora.get("/people").json()["data"]] == [cast.hana_herself.id]
    assert dora.get(f"/people/{cast.hana_herself.id}").json()["name_latin"] == "Ha Na"
    views = ViewRecord.objects.filter(viewer=cast.dora, subject=cast.hana_herself)
    assert set(views.values_list("page", "purpose")) == {
        ("api:people_list", "own_staff"),
        ("api:person_get", "own_staff"),
    }
    assert is_problem(dora.get(f"/people/{cast.edwin.id}"), 404, "not-found")


def test_looking_at_oneself_is_not(cast):
    assert program_of(cast.hana).get(f"/people/{cast.hana_herself.id}").status_code == 200
    assert not ViewRecord.objects.exists()


def test_no_cursor_holds_a_name(cast, dora):
    services.person_add(side="hk", name="Second Person", organisation=cast.delta)
    cursor = dora.get("/people?limit=1").json()["next"]
    held = json.loads(base64.urlsafe_b64decode(cursor + "=="))
    assert held == [cast.hana_herself.created_at.isoformat(), cast.hana_herself.id]


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
