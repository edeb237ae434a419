"""People sign in by password and second factor; whoever guesses is locked out; nobody signs themselves up."""

import logging
import re
import time

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth as totp
from django.contrib.auth.models import AnonymousUser
from django.core.cache import cache

from riverloop.apps.parties.invitations import invite
from riverloop.apps.parties.models import User
from riverloop.web.demo.cast import cast_load
from tests.cast import PASSWORD, again

pytestmark = pytest.mark.django_db
SIGN_IN = "/account/sign-in/"
LANGUAGES = ["en", "zh-HK", "zh-CN"]


@pytest.fixture(autouse=True)
def _afresh(caplog):
    cache.clear()
    logging.getLogger("django.request").setLevel(logging.CRITICAL)
    yield
    logging.getLogger("django.request").setLevel(logging.NOTSET)
    said = " ".join(record.getMessage() for record in caplog.records)
    assert "example.org" not in said, "a log names a person"


def sign_in(client, email="dora@example.org", password=PASSWORD):
    return client.post(SIGN_IN, {"login": email, "password": password})


def code_of(secret):
    return totp.format_hotp_value(totp.hotp_value(secret, int(time.time()) // 30))


def confirm(client):
    """Say again that it is oneself, which changing a way to sign in asks for."""
    return client.post("/account/confirm/", {"password": PASSWORD})


@pytest.fixture
def set_up_app(client, transactional_db):  # what is noted in the session is noted once the set-up is committed
    def set_up():
        confirm(client)
        page = client.get("/account/second-factor/app/add/").content.decode()
        secret = re.search(r'class="code">([A-Z2-7]+)<', page)[1]
        return secret, client.post("/account/second-factor/app/add/", {"code": code_of(secret)})

    return set_up


# With a password


def test_a_holder_signs_in_and_reads_her_own_account(client, cast):
    assert sign_in(client, "  HANA@example.org ").headers["Location"] == "/account/"
    html = client.get("/account/").content.decode()
    assert "Holder (Hong Kong Park)" in html
    assert "hana@example.org" in html


@pytest.mark.parametrize(("email", "password"), [("dora@example.org", "wrong"), ("stranger@example.org", PASSWORD)])
def test_a_wrong_pair_is_told_in_the_same_words_whoever_it_is(client, cast, email, password):
    response = sign_in(client, email, password)
    assert response.status_code == 200
    assert "do not belong together" in response.content.decode()


def test_five_wrong_passwords_lock_that_account_from_that_address_and_the_right_one_no_longer_helps(client, cast):
    for spelt in ("dora@example.org", "DORA@example.org", " dora@example.org") * 2:
        last = sign_in(client, spelt, "wrong")
    assert last.status_code == 429
    assert sign_in(client).status_code == 429
    assert client.get("/account/").status_code == 302
    assert sign_in(client, "eve@example.org").status_code == 302
    elsewhere = client.post(SIGN_IN, {"login": "dora@example.org", "password": PASSWORD}, REMOTE_ADDR="10.1.2.3")
    assert elsewhere.status_code == 302


def test_a_closed_account_does_not_sign_in(client, cast):
    User.objects.filter(pk=cast.hana.pk).update(is_active=False)
    assert sign_in(client, "hana@example.org").headers["Location"] == "/account/closed/"
    assert client.get("/account/").status_code == 302


def test_whoever_signs_in_goes_where_they_were_going_and_never_to_another_site(client, cast):
    form = {"login": "hana@example.org", "password": PASSWORD}
    assert client.post(SIGN_IN, {**form, "next": "/who-looked/"}).headers["Location"] == "/who-looked/"
    client.post("/account/sign-out/")
    assert client.post(SIGN_IN, {**form, "next": "https://example.com/"}).headers["Location"] == "/account/"


def test_signing_in_turns_the_page_to_the_accounts_language_and_the_switch_is_remembered(client, cast):
    User.objects.filter(pk=cast.hana.pk).update(language="zh-hant")
    sign_in(client, "hana@example.org")
    assert '<html lang="zh-Hant"' in client.get("/account/").content.decode()
    client.post("/preferences/", {"set_language": "zh-hans", "next": "/"})
    assert again(cast.hana).language == "zh-hans"


def test_signing_out_takes_a_press_and_not_a_link(client, cast):
    sign_in(client, "hana@example.org")
    client.get("/account/sign-out/")
    assert client.get("/account/").status_code == 200
    client.post("/account/sign-out/")
    assert client.get("/account/").status_code == 302


@pytest.mark.parametrize("path", ["/account/sign-up/", "/account/elsewhere/sign-up/"])
def test_nobody_signs_themselves_up(client, path):
    form = {"email": "new@example.org", "password1": PASSWORD, "password2": PASSWORD}
    assert client.post(path, form).status_code in (200, 302)
    assert not User.objects.exists()


# Invitations and forgotten passwords


def test_an_invitation_makes_an_account_whose_owner_sets_the_password(client, db):
    path = invite(email="Ming@example.org", name="Ming", side="hk", kind="officer", held_for="hk.dh")
    first = client.get(path)
    page = client.get(first.headers["Location"])
    assert page.status_code == 200
    form = {"password1": "crabs of the river", "password2": "crabs of the river"}
    assert client.post(first.headers["Location"], form).status_code == 302
    assert sign_in(client, "ming@example.org", "crabs of the river").status_code == 302
    client.post("/account/sign-out/")
    assert "no longer works" in client.get(path).content.decode()


def test_a_forgotten_password_is_set_from_a_letter_in_the_readers_language(client, cast, mailoutbox):
    client.post("/account/password/forgotten/", {"email": "hana@example.org"}, headers={"accept-language": "zh-HK"})
    (letter,) = mailoutbox
    assert letter.to == ["hana@example.org"]
    assert "密碼" in letter.subject
    assert "/account/password/new/" in letter.body


def test_asking_for_a_letter_tells_nobody_whether_an_account_exists(client, cast, mailoutbox):
    known = client.post("/account/password/forgotten/", {"email": "hana@example.org"})
    unknown = client.post("/account/password/forgotten/", {"email": "stranger@example.org"})
    assert known.headers["Location"] == unknown.headers["Location"]
    assert [letter.to for letter in mailoutbox] == [["hana@example.org"]]


# The second factor


def test_an_officer_sets_up_an_app_and_from_then_on_shows_its_code(client, cast, set_up_app):
    sign_in(client, "oscar@example.org")
    assert client.get("/people/").headers["Location"] == "/account/second-factor/needed/"
    secret, response = set_up_app()
    assert response.headers["Location"] == "/account/second-factor/codes/"
    assert client.get("/people/").status_code == 200
    client.post("/account/sign-out/")
    cache.clear()  # a code is taken once, and the clock of a test does not wait for the next
    assert sign_in(client, "oscar@example.org").headers["Location"] == "/account/second-factor/show/"
    assert client.get("/people/").status_code == 302
    client.post("/account/second-factor/show/", {"code": "000000"})
    assert client.get("/people/").status_code == 302
    client.post("/account/second-factor/show/", {"code": code_of(secret)})
    assert client.get("/people/").status_code == 200


def test_changing_how_one_signs_in_is_asked_for_again(client, cast):
    sign_in(client, "hana@example.org")
    response = client.get("/account/second-factor/app/add/")
    assert response.headers["Location"].startswith("/account/confirm/?next=")
    client.post("/account/confirm/", {"password": "wrong"})
    assert client.get("/account/second-factor/app/add/").status_code == 302
    confirm(client)
    assert client.get("/account/second-factor/app/add/").status_code == 200


def test_a_session_that_owes_its_second_factor_cannot_pay_with_another(client, cast, set_up_app):
    from django.test import Client

    earlier = Client()
    sign_in(earlier, "oscar@example.org")
    sign_in(client, "oscar@example.org")
    set_up_app()
    assert client.get("/people/").status_code == 200
    assert earlier.get("/people/").status_code == 302
    confirm(earlier)
    earlier.post("/account/second-factor/codes/new/")
    assert earlier.get("/people/").status_code == 302


def test_guessing_codes_ends_soon(client, cast, set_up_app):
    sign_in(client, "oscar@example.org")
    secret, _ = set_up_app()
    client.post("/account/sign-out/")
    sign_in(client, "oscar@example.org")
    for _ in range(11):
        last = client.post("/account/second-factor/show/", {"code": "000000"})
    assert "Too many attempts" in last.content.decode()
    client.post("/account/second-factor/show/", {"code": code_of(secret)})
    assert client.get("/people/").status_code == 302


def test_a_recovery_code_works_once(client, cast, set_up_app):
    sign_in(client, "oscar@example.org")
    set_up_app()
    code = re.search(r'<li class="code">(\w+)<', client.get("/account/second-factor/codes/").content.decode())[1]
    for expected in (200, 302):
        client.post("/account/sign-out/")
        sign_in(client, "oscar@example.org")
        client.post("/account/second-factor/show/", {"code": code})
        assert client.get("/people/").status_code == expected


def test_the_only_second_factor_of_a_role_that_needs_one_is_not_removed(client, cast, set_up_app):
    sign_in(client, "oscar@example.org")
    set_up_app()
    assert client.post("/account/second-factor/app/remove/").status_code == 200
    assert Authenticator.objects.filter(user=cast.oscar, type="totp").exists()


def test_a_holder_may_add_one_and_remove_it_again(client, cast, set_up_app):
    sign_in(client, "hana@example.org")
    set_up_app()
    client.post("/account/second-factor/app/remove/")
    assert not Authenticator.objects.filter(user=cast.hana, type="totp").exists()


def test_secrets_of_second_factors_are_sealed(client, cast, set_up_app):
    sign_in(client, "oscar@example.org")
    secret, _ = set_up_app()
    kept = " ".join(str(one.data) for one in Authenticator.objects.all())
    assert secret not in kept


def test_pages_of_the_second_factor_keep_to_the_policy(client, cast):
    sign_in_page = client.get(SIGN_IN)
    sign_in(client, "oscar@example.org")
    confirm(client)
    paths = ("/account/second-factor/app/add/", "/account/second-factor/keys/add/")
    for response in [sign_in_page, *(client.get(path) for path in paths)]:
        html = response.content.decode()
        assert response.status_code == 200
        assert "data:image" not in html
        assert not re.findall(r"<[^>]+\sstyle=", html)
        assert not re.findall(r"<script(?![^>]*(?:\ssrc=|type=\"application/json\"))", html)


# The demo


def press(client, user):
    return client.post("/account/demo/", {"account": user.pk})


def test_in_the_demo_one_press_signs_in_as_a_named_role(client, settings):
    settings.RIVERLOOP_DEMO = True
    cast_load()
    html = client.get(SIGN_IN).content.decode()
    assert "Coordinator of Delta Biolabs (Hong Kong Park)" in html
    coordinator = User.objects.get(email="coordinator-hk-hk-park-1@demo.invalid")
    assert press(client, coordinator).headers["Location"] == "/account/"
    assert client.get("/people/").status_code == 200


def test_outside_the_demo_no_demo_account_opens(client, settings):
    cast_load()
    settings.RIVERLOOP_DEMO = False
    for user in User.objects.all():
        assert press(client, user).status_code == 404
        assert not user.has_usable_password()
    assert "Delta" not in client.get(SIGN_IN).content.decode()
    assert client.get("/account/").status_code == 302


def test_in_the_demo_no_real_account_opens_without_its_password(client, cast, settings):
    settings.RIVERLOOP_DEMO = True
    assert press(client, cast.ada).status_code == 404
    assert client.post("/account/demo/", {"account": "nobody"}).status_code == 404
    assert client.get("/account/demo/").status_code == 405


def test_the_cast_holds_every_role_on_both_sides_and_is_loaded_once(db):
    from riverloop.apps.parties.models import ROLE_SCOPES, Role

    assert cast_load() == cast_load() == User.objects.count()
    for side in ("hk", "cn"):
        assert {role.kind for role in Role.objects.filter(owner_side=side)} == set(ROLE_SCOPES)


# Three languages


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_of_an_account_speaks_the_readers_language(client, cast, set_up_app, language):
    tag = {"en": "en", "zh-HK": "zh-hant", "zh-CN": "zh-hans"}[language]
    User.objects.update(language=tag)
    headers = {"accept-language": language}
    paths = [SIGN_IN, "/account/password/forgotten/", "/account/password/forgotten/sent/", "/account/sign-up/"]
    wrong = sign_in_page(client, headers)
    pages = {path: client.get(path, headers=headers).content.decode() for path in paths} | {"wrong": wrong}
    sign_in(client, "oscar@example.org")
    needed = client.get("/account/second-factor/needed/", headers=headers).content.decode()
    ask = client.get("/account/confirm/", headers=headers).content.decode()
    confirm(client)
    app = client.get("/account/second-factor/app/add/").content.decode()
    set_up_app()
    paths = ["", "password/", "second-factor/", "second-factor/codes/", "second-factor/codes/new/"]
    paths += ["second-factor/app/remove/", "second-factor/keys/", "second-factor/keys/add/", "sessions/", "sign-out/"]
    pages |= {path: client.get(f"/account/{path}").content.decode() for path in paths} | {
        "app": app,
        "needed": needed,
        "ask": ask,
    }
    pages["people"] = client.post("/people/", {"text": "x"}).content.decode()
    pages["case"] = client.get(f"/people/{cast.hana_herself.id}/").content.decode()
    for name, html in pages.items():
        if language == "en":
            assert '<html lang="en"' in html, name
        else:
            assert english_left(html) == [], name


def sign_in_page(client, headers):
    return client.post(SIGN_IN, {"login": "x@example.org", "password": "x"}, headers=headers).content.decode()


def english_left(html):
    from tests.web.test_languages import visible

    return re.findall(r"\b[A-Za-z][a-z]+ [a-z]+\b", visible(html))


# OpenID Connect


@pytest.fixture
def issuer(settings):
    app = {"provider_id": "oidc", "name": "Loop ID", "client_id": "riverloop", "secret": "x"}
    app["settings"] = {"server_url": "https://id.example.org"}
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"OAUTH_PKCE_ENABLED": True, "APPS": [app]}}


def test_an_issuer_that_is_set_up_is_offered_and_otherwise_none_is(client, settings, issuer):
    html = client.get(SIGN_IN).content.decode()
    assert "Sign in with Loop ID" in html
    assert 'action="/account/elsewhere/oidc/' in html
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": []}}
    assert "Loop ID" not in client.get(SIGN_IN).content.decode()


def come_back(client, email):
    """Come back from the issuer with what it says of somebody, as allauth hands it on."""
    from allauth.account.models import EmailAddress
    from allauth.core import context
    from allauth.socialaccount.adapter import get_adapter
    from allauth.socialaccount.helpers import complete_social_login
    from allauth.socialaccount.models import SocialAccount, SocialLogin
    from django.test import RequestFactory

    request = RequestFactory().get("/account/elsewhere/oidc/back/")
    request.session, request.user = client.session, AnonymousUser()
    told = SocialLogin(
        provider=get_adapter().get_provider(request, "oidc"),
        account=SocialAccount(provider="oidc", uid="7"),
        user=User(email=email),
        email_addresses=[EmailAddress(email=email, verified=True, primary=True)],
    )
    with context.request_context(request):
        return complete_social_login(request, told), request


def test_an_issuers_account_opens_the_one_here_with_the_same_address(client, cast, issuer):
    response, request = come_back(client, "hana@example.org")
    assert response.status_code == 302
    assert request.user == cast.hana


def test_an_issuers_account_that_nobody_invited_opens_nothing_and_makes_none(client, cast, issuer):
    before = User.objects.count()
    response, request = come_back(client, "stranger@example.org")
    assert not request.user.is_authenticated
    assert User.objects.count() == before
    assert response.status_code in (200, 302)
