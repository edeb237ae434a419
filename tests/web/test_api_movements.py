"""Movements, papers and people by the API: changed once, on what was read, and never another tenant's."""

import base64
import io
import json
import logging
from collections import deque
from datetime import timedelta

import pytest
from django.db import OperationalError, connection, transaction
from django.utils import timezone

from riverloop.apps.clearance.models import Movement
from riverloop.apps.parties import idempotency, services
from riverloop.apps.parties.idempotency import key_settle, keys_abandon
from riverloop.apps.parties.models import IdempotencyKey, ViewRecord
from riverloop.core.kernel.errors import ConflictError
from tests.web.programs import BLOOD, Program, is_problem, program_of

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
def dora(cast):
    return program_of(cast.dora)


def file_one(program, **changes):
    response = program.post("/movements", {**MOVEMENT, **changes})
    assert response.status_code == 201, response.json()
    return response


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


def person_movement(cast):
    facts = {"document_kind": "home_return_permit", "purpose": "research"}
    return {**MOVEMENT, "flow": "person", "items": [{"facts": facts, "person": cast.hana_herself.id}]}


def test_an_answer_given_again_is_another_look_at_whom_it_names(cast, dora):
    first = dora.post("/movements", person_movement(cast), Idempotency_Key="k-1")
    looks = ViewRecord.objects.filter(viewer=cast.dora, subject=cast.hana_herself)
    before = looks.count()
    assert "Ha Na" in first.text
    again = dora.post("/movements", person_movement(cast), Idempotency_Key="k-1")
    assert again.content == first.content
    assert looks.count() == before + 1


def test_an_answer_is_not_given_again_to_whom_no_longer_sees_the_row(cast, dora):
    assert dora.post("/movements", person_movement(cast), Idempotency_Key="k-1").status_code == 201
    services.role_end(role=cast.dora.roles.get())
    services.role_grant(user=cast.dora, kind="coordinator", organisation=cast.egret)
    looks = ViewRecord.objects.count()
    assert is_problem(dora.post("/movements", person_movement(cast), Idempotency_Key="k-1"), 404, "not-found")
    assert ViewRecord.objects.count() == looks
    assert IdempotencyKey.objects.get().status == 201


def test_of_everything_that_is_written_it_is_known_how_it_is_looked_at_again():
    from riverloop.web.api.again import SEEN, kind_of
    from riverloop.web.api.root import every_operation

    writing = [one for address in every_operation() for one in address if one.auth_callbacks and one.methods != ["GET"]]
    assert {kind_of(f"POST /api/v1{one.path}") for one in writing} == set(SEEN)


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


def test_a_node_that_starts_forgets_the_requests_that_its_end_cut_off_and_keeps_answers(dora):
    for key in ("k-1", "k-2"):
        dora.post("/movements", {**MOVEMENT, "twice": True}, Idempotency_Key=key)
    cut_off = IdempotencyKey.objects.get(key="k-1")
    IdempotencyKey.objects.filter(pk=cut_off.pk).update(status=None)
    assert keys_abandon() == 1
    again = dora.post("/movements", {**MOVEMENT, "twice": True}, Idempotency_Key="k-1")
    assert (again.status_code, again.headers.get("Idempotency-Replayed")) == (201, None)
    kept = dora.post("/movements", {**MOVEMENT, "twice": True}, Idempotency_Key="k-2")
    assert kept.headers["Idempotency-Replayed"] == "true"
    with pytest.raises(ConflictError):  # were it answered after all, it would be undone
        key_settle(row=cut_off, status=201, answer="{}")


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


def test_a_key_that_cannot_be_given_back_is_free_once_the_database_is_there_again(dora, monkeypatch):
    away = []

    def cut_off(execute, sql, *others):
        if away and "parties_idempotencykey" in sql:
            raise OperationalError
        return execute(sql, *others)

    with connection.execute_wrapper(cut_off):
        with monkeypatch.context() as broken:
            broken.setattr("riverloop.apps.clearance.api.movement_whole", lambda *_, **__: away.append(1) or 1 / 0)
            assert is_problem(dora.post("/movements", MOVEMENT, Idempotency_Key="k-1"), 500, "broken")
        away.clear()
        assert IdempotencyKey.objects.filter(status=None).exists()
        assert dora.post("/movements", MOVEMENT, Idempotency_Key="k-1").status_code == 201


def test_while_the_database_is_away_giving_back_is_tried_once_however_many_are_owed(dora, monkeypatch):
    owed, tried = deque("abc"), []
    monkeypatch.setattr(idempotency, "_owed", owed)

    def away(*arguments):
        tried.append(1)
        raise OperationalError

    with connection.execute_wrapper(away):
        idempotency.key_release(row=IdempotencyKey(pk="d"))
    assert (tried, list(owed)) == ([1], list("abcd"))
    idempotency.key_release(row=IdempotencyKey(pk="e"))
    assert not owed


@pytest.mark.django_db(transaction=True)
def test_a_key_that_the_database_still_holds_for_a_request_that_was_cut_is_not_waited_for(dora):
    if not connection.features.has_select_for_update_skip_locked:
        return  # the database takes one writer at a time, and this is about rows
    for key in ("k-1", "k-2"):
        dora.post("/movements", {**MOVEMENT, "twice": True}, Idempotency_Key=key)
    IdempotencyKey.objects.update(status=None)
    held, free = (IdempotencyKey.objects.get(key=key) for key in ("k-1", "k-2"))
    other = connection.copy()  # stands for the transaction of the one that was cut
    try:
        with transaction.atomic(), other.cursor() as cursor:
            other.set_autocommit(False)
            cursor.execute("UPDATE parties_idempotencykey SET status = 201 WHERE id = %s", [held.pk])
            idempotency.key_release(row=held)
            idempotency.key_release(row=free)
        assert list(IdempotencyKey.objects.values_list("key", flat=True)) == ["k-1"]
        assert list(idempotency._owed) == [held.pk]
        other.commit()  # it took effect after all
    finally:
        other.close()
    idempotency.key_release(row=free)
    assert not idempotency._owed
    assert IdempotencyKey.objects.get().status == 201


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
