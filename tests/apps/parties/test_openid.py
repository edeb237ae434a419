"""Accounts sign in by OpenID Connect at an issuer that really answers; what is not signed by it opens nothing."""

import logging
import time
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from allauth.socialaccount.models import SocialAccount
from cryptography.hazmat.primitives.asymmetric import rsa
from django.core.cache import cache

from riverloop.apps.parties.models import User
from riverloop.apps.parties.services import user_close
from tests.apps.parties.issuer import CLIENT, SECRET, Issuer

pytestmark = pytest.mark.django_db
BEGIN = "/account/elsewhere/oidc/"


@pytest.fixture(scope="module")
def running():
    issuer = Issuer()
    yield issuer
    issuer.stop()


@pytest.fixture
def issuer(running, settings, caplog):
    cache.clear()
    fresh = {"says": {"sub": "7", "email": "hana@example.org", "email_verified": True}, "besides": {}}
    vars(running).update(fresh, spoil=lambda claims: claims, algorithm="RS256", key=running.published, asked=[])
    running.names_itself = running.url
    app = {"provider_id": "oidc", "name": "Loop ID", "client_id": CLIENT, "secret": SECRET}
    settings.SOCIALACCOUNT_PROVIDERS = {
        "openid_connect": {"OAUTH_PKCE_ENABLED": True, "APPS": [{**app, "settings": {"server_url": running.url}}]}
    }
    logging.getLogger("django.request").setLevel(logging.CRITICAL)
    yield running
    logging.getLogger("django.request").setLevel(logging.NOTSET)
    assert "example.org" not in " ".join(record.getMessage() for record in caplog.records), "a log names a person"


def to_issuer(client):
    """Press the button, and return where the issuer sends the browser back to."""
    away = client.post(BEGIN).headers["Location"]
    back = requests.get(away, allow_redirects=False, timeout=10).headers["Location"]
    return away, back.replace("http://testserver", "")


def sign_in(client):
    return client.get(to_issuer(client)[1])


def signed_in(client):
    return User.objects.filter(pk=client.session.get("_auth_user_id")).first()


def test_the_whole_flow_opens_the_account_with_the_same_address(client, cast, issuer):
    response = sign_in(client)
    assert response.headers["Location"] == "/account/"
    assert signed_in(client) == cast.hana
    assert issuer.asked.count("/keys") == 1
    assert "hana@example.org" in client.get("/account/").content.decode()


def test_what_is_asked_of_the_issuer_is_a_code_with_pkce_and_a_state(client, cast, issuer):
    away, _ = to_issuer(client)
    asked = parse_qs(urlsplit(away).query)
    assert asked["code_challenge_method"] == ["S256"]
    assert asked["response_type"] == ["code"]
    assert len(asked["state"][0]) >= 16


def test_an_issuer_is_remembered_by_its_subject_and_not_by_the_address(client, cast, issuer):
    sign_in(client)
    client.post("/account/sign-out/")
    issuer.says["email"] = "somewhere-else@example.org"
    sign_in(client)
    assert signed_in(client) == cast.hana
    assert SocialAccount.objects.get().user == cast.hana


@pytest.mark.parametrize(
    "said",
    [
        {"email": "stranger@example.org"},
        {"email_verified": False},
        {"email": ""},
        {"email": "hana@example.org.evil.example"},
    ],
)
def test_whoever_is_unknown_or_unverified_enters_nothing_and_gets_no_account(client, cast, issuer, said):
    issuer.says.update(said)
    before = User.objects.count()
    assert sign_in(client).status_code in (200, 302, 401)
    assert signed_in(client) is None
    assert User.objects.count() == before


def test_a_closed_account_is_not_opened_by_the_issuer(client, cast, issuer):
    user_close(user=cast.hana)
    sign_in(client)
    assert signed_in(client) is None


def test_the_issuer_is_one_factor_and_a_role_that_needs_two_still_owes_the_second(client, cast, issuer):
    issuer.says["email"] = "oscar@example.org"
    sign_in(client)
    assert signed_in(client) == cast.oscar
    assert client.get("/people/").headers["Location"] == "/account/second-factor/needed/"


@pytest.mark.parametrize(
    "change",
    [
        {"aud": "another client"},
        {"iss": "https://another.example.org"},
        {"exp": int(time.time()) - 3600},
        {"sub": "8"},
    ],
)
def test_a_token_for_another_of_another_too_old_or_of_another_subject_opens_nothing(client, cast, issuer, change):
    issuer.spoil = lambda claims: {**claims, **change}
    assert sign_in(client).status_code == 401
    assert signed_in(client) is None


def test_a_token_that_another_key_signed_opens_nothing(client, cast, issuer):
    issuer.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    assert sign_in(client).status_code == 401
    assert signed_in(client) is None


def test_an_unsigned_token_opens_nothing(client, cast, issuer):
    issuer.algorithm = "none"
    assert sign_in(client).status_code == 401
    assert signed_in(client) is None


def test_what_the_issuer_says_besides_of_another_subject_opens_nothing(client, cast, issuer):
    issuer.besides = {"sub": "8", "email": "dora@example.org"}
    assert sign_in(client).status_code == 401
    assert signed_in(client) is None


def test_an_issuer_that_calls_itself_otherwise_is_not_believed(client, cast, issuer):
    issuer.names_itself = "https://another.example.org"
    back = to_issuer(client)[1]
    assert client.get(back).status_code == 401
    assert signed_in(client) is None


def test_a_code_is_worth_nothing_in_another_browser_or_a_second_time(client, cast, issuer):
    from django.test import Client

    back = to_issuer(client)[1]
    thief = Client()
    assert thief.get(back).status_code == 401
    assert signed_in(thief) is None
    assert client.get(back).status_code == 302
    client.post("/account/sign-out/")
    assert client.get(back).status_code == 401
    assert signed_in(client) is None


def test_an_issuer_that_does_not_answer_is_told_in_a_page(client, cast, issuer, settings):
    gone = settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"][0]
    gone["settings"]["server_url"] = "http://127.0.0.1:9"
    assert client.post(BEGIN).status_code == 401
