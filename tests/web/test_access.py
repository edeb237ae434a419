"""Each role on each page gets what the table says, and the table is the one that docs show."""

import logging

import pytest
from django.urls import get_resolver, reverse
from django.urls.resolvers import URLResolver

from riverloop.apps.parties.models import ROLE_SCOPES
from riverloop.apps.runs import heartbeat
from riverloop.web import access
from riverloop.web.access import EVERYONE, PAGES, PUBLIC, ROLES, SIGNED_IN, as_markdown
from tests.permissions import PATH

pytestmark = pytest.mark.django_db
EVERY_ROLE = [PUBLIC, SIGNED_IN, *ROLES]

ADDRESSES = {
    "api_unknown": "/api/nowhere",
    "desk:matter": "/queue/nothing/",
    "desk:feed_ics": "/calendar/nothing.ics",
    "clearance:import_template": "/movements/import/template/goods.csv",
    "clearance:import": "/movements/import/nothing/",
    "clearance:import_file": "/movements/import/nothing/file/",
    "clearance:import_discard": "/movements/import/nothing/discard/",
    "clearance:import_results": "/movements/import/nothing/results.csv",
    "clearance:movement_earliest": "/movements/nothing/earliest/",
    "clearance:movement": "/movements/nothing/",
    "clearance:movement_changes": "/movements/nothing/changes/",
    "clearance:movement_restate": "/movements/nothing/restate/",
    "clearance:movement_withdraw": "/movements/nothing/withdraw/",
    "clearance:movement_cross": "/movements/nothing/cross/",
    "clearance:movement_findings": "/movements/nothing/findings/",
    "clearance:question_answer": "/movements/nothing/questions/nothing/",
    "clearance:remedy_file": "/movements/nothing/notices/nothing/",
    "lab:scenario": "/lab/scenarios/nothing/",
    "lab:scenario_delete": "/lab/scenarios/nothing/delete/",
    "lab:scenario_restore": "/lab/scenarios/nothing/restore/",
    "lab:experiment": "/lab/experiments/nothing/",
    "lab:experiment_ask": "/lab/experiments/nothing/ask/",
    "lab:experiment_again": "/lab/experiments/nothing/again/",
    "lab:experiment_cancel": "/lab/experiments/nothing/cancel/",
    "lab:experiment_delete": "/lab/experiments/nothing/delete/",
    "lab:experiment_yaml": "/lab/experiments/nothing/scenario.yaml",
    "lab:experiment_json": "/lab/experiments/nothing/result.json",
    "lab:experiment_chart": "/lab/experiments/nothing/charts/waits/",
    "lab:compare_chart": "/lab/compare/charts/queues/",
    "lab:experiment_report": "/lab/experiments/nothing/report.html",
    "clearance:rule": "/rules/hk.cap599a.s14/",
    "clearance:measure": "/measures/hk.cap599a/",
    "account_reset_password_from_key": "/account/password/new/1-nothing/",
    "documents:permit": "/permits/nothing/",
    "documents:permit_verify": "/permits/nothing/verify/",
    "documents:permit_end": "/permits/nothing/end/",
    "documents:file": "/files/nothing/",
    "documents:file_erase": "/files/nothing/erase/",
    "runs:run": "/runs/nothing/",
    "runs:cancel": "/runs/nothing/cancel/",
    "notices:webhook": "/webhooks/nothing/",
    "notices:webhook_test": "/webhooks/nothing/test/",
    "notices:webhook_end": "/webhooks/nothing/end/",
    "notices:delivery_resend": "/webhooks/calls/nothing/resend/",
    "notices:message": "/messages/nothing/",
    "openid_connect_login": "/account/elsewhere/oidc/",
    "openid_connect_callback": "/account/elsewhere/oidc/back/",
    "mfa_remove_webauthn": "/account/second-factor/keys/1/remove/",
    "mfa_edit_webauthn": "/account/second-factor/keys/1/name/",
    "record:checkpoint": "/log/hk/checkpoint",
    "record:vkey": "/log/hk/vkey",
    "record:cosigner_vkey": "/log/hk/cosigner_vkey",
    "record:tile": "/log/hk/tile/0/000",
    "clearance:movement_proof": "/movements/nothing/proof/",
    "clearance:movement_proof_file": "/movements/nothing/proof/0.json",
    "parties:role_end": "/roles/0/end/",
    "parties:token_end": "/account/tokens/0/end/",
}
POSTED = {
    "desk:next",
    "desk:copy",
    "preferences",
    "clearance:result",
    "clearance:movement_json",
    "clearance:decision_json",
}
ANSWERS = {  # of whom the table admits, where it is not 200: no such row, an earlier step missing, already done
    "api_unknown": 404,
    "clearance:import": 404,
    "clearance:import_file": 405,
    "clearance:import_discard": 405,
    "clearance:import_results": 404,
    "clearance:movement_earliest": 404,
    "clearance:movement": 404,
    "clearance:movement_changes": 404,
    "clearance:movement_proof": 404,
    "clearance:movement_proof_file": 404,
    "record:checkpoint": 404,
    "record:vkey": 404,
    "record:cosigner_vkey": 404,
    "record:tile": 404,
    "clearance:movement_restate": 404,
    "clearance:movement_withdraw": 404,
    "clearance:movement_cross": 404,
    "clearance:movement_findings": 404,
    "clearance:question_answer": 404,
    "clearance:remedy_file": 404,
    "lab:scenario": 404,
    "lab:scenario_delete": 404,
    "lab:scenario_restore": 404,
    "lab:experiment": 404,
    "lab:experiment_ask": 405,
    "lab:experiment_again": 405,
    "lab:experiment_cancel": 405,
    "lab:experiment_delete": 404,
    "lab:experiment_yaml": 404,
    "lab:experiment_json": 404,
    "lab:experiment_chart": 404,
    "lab:compare_chart": 404,
    "lab:experiment_report": 404,
    "lab:compare_report": 404,
    "preferences": 302,
    "desk:next": 302,
    "desk:matter": 404,
    "desk:feed_ics": 404,
    "parties:demo_sign_in": 404,
    "openid_connect_login": 404,
    "documents:permit": 404,
    "documents:permit_verify": 405,
    "documents:permit_end": 405,
    "documents:file": 404,
    "documents:file_erase": 405,
    "runs:run": 404,
    "runs:cancel": 405,
    "notices:webhook": 404,
    "notices:webhook_test": 405,
    "notices:webhook_end": 405,
    "notices:delivery_resend": 405,
    "notices:message": 404,
    "openid_connect_callback": 404,
    "socialaccount_signup": 302,
    "mfa_authenticate": 302,
    "account_set_password": 302,
    "socialaccount_login_error": 401,
    "mfa_login_webauthn": 302,
    "mfa_reauthenticate": 302,
    "mfa_activate_totp": 302,
    "mfa_deactivate_totp": 404,
    "mfa_view_recovery_codes": 404,
    "mfa_generate_recovery_codes": 302,
    "mfa_download_recovery_codes": 404,
    "mfa_add_webauthn": 302,
    "mfa_reauthenticate_webauthn": 302,
    "mfa_remove_webauthn": 302,
    "mfa_edit_webauthn": 302,
    "parties:tokens": 302,  # to say again who it is
    "parties:token_end": 405,
    "parties:role_end": 404,
}
SIGNED_IN_ANSWERS = {"account_login": 302, "account_signup": 302}  # nothing to do there
PUBLIC_ANSWERS = {"account_logout": 302}


@pytest.fixture(autouse=True)
def _quiet():
    heartbeat.beat()  # as if a worker went round: else /healthz says that none does
    logging.getLogger("django.request").setLevel(logging.CRITICAL)
    yield
    logging.getLogger("django.request").setLevel(logging.NOTSET)


def every_name(resolver=None, prefix=""):
    for entry in (resolver or get_resolver()).url_patterns:
        if isinstance(entry, URLResolver):
            yield from every_name(entry, prefix + (f"{entry.namespace}:" if entry.namespace else ""))
        else:
            yield prefix + (entry.name or "")


def test_every_page_of_the_project_is_in_the_table_and_nothing_else():
    assert set(every_name()) == set(PAGES)


def test_the_table_speaks_of_every_role():
    assert set(ROLE_SCOPES) == set(ROLES)
    assert all(page.who <= {PUBLIC, SIGNED_IN, *ROLES} for page in PAGES.values())


def test_the_documented_table_is_the_one_in_force():
    assert PATH.read_text("utf-8") == as_markdown(), "Run: .venv/bin/python -m tests.permissions"


def open_page(client, name, cast):
    if name in ("parties:person", "parties:person_edit"):
        arguments = {"person_id": cast.hana_herself.id}
    else:
        arguments = {"organisation_id": cast.delta.id} if name == "parties:organisation" else None
    address = ADDRESSES.get(name) or reverse(name, kwargs=arguments)
    if name in POSTED or name == "parties:demo_sign_in":
        return client.post(address, {"flow": "goods", "direction": "cn-hk", "account": cast.dora.id})
    return client.get(address)


@pytest.mark.parametrize("role", EVERY_ROLE)
def test_each_role_gets_on_each_page_what_the_table_says(client, enter, cast, role):
    wrong = {}
    for name, page in PAGES.items():
        if name.startswith("api:"):  # asked with tokens: test_api_access.py
            continue
        user = cast.of_role(role)
        if user is None:
            client.logout()
        else:
            enter(user)
        response = open_page(client, name, cast)
        expected = expected_status(page, role)
        if response.status_code != expected:
            wrong[name] = (response.status_code, expected)
        if expected == 302 and role == PUBLIC and page.who != EVERYONE:
            assert response.headers["Location"].startswith("/account/sign-in/"), name
    assert wrong == {}


def expected_status(page, role):
    admitted = role in page.who or (role != PUBLIC and (SIGNED_IN in page.who))
    if not admitted:
        return 302 if role == PUBLIC else 403
    own = PUBLIC_ANSWERS if role == PUBLIC else SIGNED_IN_ANSWERS
    return own.get(page.name) or ANSWERS.get(page.name, 200)


def test_a_page_that_the_table_forgot_is_closed_to_all(client, cast, enter, monkeypatch):
    monkeypatch.setattr(access, "PAGES", {name: page for name, page in PAGES.items() if name != "place:zone"})
    assert client.get("/zone/").status_code == 403
    assert enter(cast.ada).get("/zone/").status_code == 403


def test_whoever_must_sign_in_first_comes_back_to_where_they_were_going(client, cast):
    assert client.get("/people/").headers["Location"] == "/account/sign-in/?next=%2Fpeople%2F"


def test_a_closed_account_is_signed_out_at_once(client, cast, enter):
    from riverloop.apps.parties import services

    enter(cast.dora)
    services.user_close(user=cast.dora)
    assert client.get("/people/").status_code == 302


def test_an_ended_role_opens_nothing_from_the_next_page_on(client, cast, enter):
    from riverloop.apps.parties import services

    enter(cast.dora)
    assert client.get("/people/").status_code == 200
    services.role_end(role=cast.dora.roles.get())
    assert client.get("/people/").status_code == 403


def test_no_cache_keeps_a_page_that_is_not_open_to_all(client, cast, enter):
    for path in ("/account/", "/people/", "/account/second-factor/", "/account/sessions/"):
        assert "no-store" in enter(cast.dora).get(path).headers["Cache-Control"], path
    assert "Cache-Control" not in client.get("/rules/").headers


# The second factor


@pytest.mark.parametrize("role", [role for role in ROLES if role != "holder"])
def test_a_role_that_acts_for_others_is_led_to_its_second_factor(enter, cast, role):
    client = enter(cast.of_role(role), second_factor=False)
    response = client.get("/account/sessions/")
    assert (response.status_code, response.headers["Location"]) == (302, "/account/second-factor/needed/")
    assert client.get("/account/second-factor/needed/").status_code == 200
    assert client.get("/rules/").status_code == 200


def test_a_holder_needs_none(enter, cast):
    assert enter(cast.hana, second_factor=False).get("/who-looked/").status_code == 200


def test_the_demos_own_cast_shows_none_and_any_other_account_does(enter, cast, settings):
    settings.RIVERLOOP_DEMO = True
    assert enter(cast.ada, second_factor=False).get("/who-looked/").status_code == 302
    type(cast.ada).objects.filter(pk=cast.ada.pk).update(is_demo=True)
    assert enter(cast.ada, second_factor=False).get("/who-looked/").status_code == 200


def test_a_second_factor_of_another_account_in_the_same_browser_does_not_count(enter, cast):
    client = enter(cast.ada, second_factor=False)
    session = client.session
    session["second_factor_set_up_by"] = cast.oscar.pk
    session.save()
    assert client.get("/who-looked/").status_code == 302
