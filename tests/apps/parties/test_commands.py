"""The commands of whoever runs the node: roles, accounts, lost second factors."""

import pytest
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from click.testing import CliRunner
from django.test import RequestFactory

from riverloop.apps.parties.lockout import address_of
from riverloop.apps.record.selectors import records_of
from riverloop.cli import app
from tests.cast import again

pytestmark = pytest.mark.django_db


@pytest.fixture
def run(monkeypatch):
    monkeypatch.setattr("riverloop.web.server.prepare", lambda **_: None)
    return lambda *words: CliRunner().invoke(app, words)


def test_a_role_is_granted_listed_and_ended(cast, run):
    assert run("role", "grant", "new@example.org", "officer", "--for", "hk.immd").exit_code == 0
    role = again(cast.nobody_yet).held_roles[0]
    listed = run("role", "list", "new@example.org").output
    assert role.id in listed
    assert "hk.immd" in listed
    assert run("role", "end", role.id).exit_code == 0
    assert again(cast.nobody_yet).held_roles == []
    assert role.id not in run("role", "list", "new@example.org").output
    assert role.id in run("role", "list", "new@example.org", "--all").output


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["role", "grant", "nobody@example.org", "auditor"], "no account with this address"),
        (["role", "grant", "new@example.org", "oficer"], 'Did you mean "officer"?'),
        (["role", "grant", "new@example.org", "coordinator", "--for", "x"], 'no organisation with the id "x"'),
        (["role", "end", "x"], 'no role with the id "x"'),
        (["user", "close", "nobody@example.org"], "no account with this address"),
    ],
)
def test_a_mistake_is_told_in_one_line(cast, run, words, said):
    assert said in str(run(*words).exception)


def test_closing_an_account_ends_its_roles_once(cast, run):
    run("user", "close", "dora@example.org")
    run("user", "close", "dora@example.org")
    assert not again(cast.dora).is_active
    assert not again(cast.dora).roles.filter(ended_at=None).exists()
    assert records_of(side="hk", kind="account.closed").count() == 1


def test_a_lost_second_factor_is_forgotten_with_every_session(cast, run, client):
    Authenticator.objects.create(user=cast.ada, type="totp", data={"secret": "x"})
    client.force_login(cast.ada, backend="allauth.account.auth_backends.AuthenticationBackend")
    UserSession.objects.get_or_create(
        session_key=client.session.session_key,
        defaults={"user": cast.ada, "ip": "127.0.0.1", "user_agent": "x", "data": {}},
    )
    assert "1 taken" in run("user", "forget-second-factor", "ada@example.org").output
    assert not Authenticator.objects.filter(user=cast.ada).exists()
    assert client.get("/account/").status_code == 302
    assert records_of(side="hk", kind="account.second_factor_forgotten").count() == 1


def test_behind_the_proxy_whoever_asks_counts_and_without_one_nobody_can_pretend(settings):
    request = RequestFactory().get("/", headers={"x-forwarded-for": "6.6.6.6, 10.0.0.7"}, REMOTE_ADDR="127.0.0.1")
    assert address_of(request) == "127.0.0.1"
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    assert address_of(request) == "10.0.0.7"
