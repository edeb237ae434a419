"""People sign in in a real browser, in three languages, by hand and by keyboard; axe finds nothing."""

import re
import time

import pytest
from allauth.account.internal.flows import login

from tests.cast import HKID, PASSWORD, Cast

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
OPEN = ["/account/sign-in/", "/account/password/forgotten/", "/account/sign-up/"]
OWN = ["/account/", "/account/second-factor/", "/account/sessions/", "/account/password/", "/who-looked/"]


@pytest.fixture
def cast(transactional_db):
    from riverloop.apps.parties.services import view_record

    made = Cast()
    view_record(viewer=made.oscar, subjects=[made.hana_herself], purpose="case", page="parties:person", case="HK-7")
    return made


@pytest.fixture
def enter_page(client, live_server):
    """Let a page's browser be signed in, having just shown the second factor: `enter_page(page, cast.dora)`."""

    def enter(page, user):
        client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
        session, now = client.session, time.time()
        session[login._AUTHENTICATION_METHODS_USER_SESSION_KEY] = user.pk
        session[login.AUTHENTICATION_METHODS_SESSION_KEY] = [
            {"method": method, "at": now} for method in ("password", "mfa")
        ]
        session.save()
        page.context.add_cookies([{"name": "sessionid", "value": session.session_key, "url": live_server.url}])
        return page

    return enter


def looked_after(cast):
    """Return the pages on which others are looked after, each with who opens it."""
    return [
        (cast.dora, "/people/"),
        (cast.dora, "/people/new/"),
        (cast.dora, f"/people/{cast.hana_herself.id}/edit/"),
        (cast.dora, "/account/tokens/"),
        (cast.pat, "/organisations/"),
        (cast.pat, "/organisations/new/"),
        (cast.pat, f"/organisations/{cast.delta.id}/"),
        (cast.pat, f"/roles/{cast.dora.roles.get().id}/end/"),
        (cast.pat, "/retention/"),
    ]


def sign_in(page, name):
    page.goto("/account/sign-in/")
    page.fill("#id_login", f"{name}@example.org")
    page.fill("#id_password", PASSWORD)
    page.press("#id_password", "Enter")
    page.wait_for_url("**/account/")


@pytest.mark.parametrize(("phone", "dark"), [(True, False), (False, True)])
def test_axe_finds_nothing_on_pages_of_an_account(open_page, assert_accessible, cast, phone, dark):
    page = open_page(phone=phone, dark=dark)
    for path in OPEN:
        page.goto(path)
        assert_accessible(page)
    sign_in(page, "hana")
    for path in [*OWN, f"/people/{cast.hana_herself.id}/"]:
        page.goto(path)
        assert_accessible(page)


@pytest.mark.parametrize("language", ["en-GB", "zh-HK", "zh-CN"])
def test_no_page_of_an_account_scrolls_sideways_on_a_phone(open_page, cast, language):
    page = open_page(phone=True, language=language)
    sign_in(page, "hana")
    for path in OWN:
        page.goto(path)
        assert page.evaluate("() => document.documentElement.scrollWidth <= window.innerWidth"), path


def test_signing_in_and_out_works_without_javascript(open_page, cast):
    page = open_page(javascript=False)
    sign_in(page, "hana")
    page.click("header .account button")
    assert page.locator("header .account a", has_text="Sign in").count() == 1


def test_a_passkey_is_added_and_signs_in(open_page, cast, live_server):
    page, origin = open_page(), live_server.url.replace("127.0.0.1", "localhost")  # digits are no name for a passkey
    keys = page.context.new_cdp_session(page)
    keys.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True}
    keys.send("WebAuthn.addVirtualAuthenticator", {"options": {**options, "isUserVerified": True}})
    page.goto(f"{origin}/account/sign-in/")
    page.fill("#id_login", "oscar@example.org")
    page.fill("#id_password", PASSWORD)
    page.press("#id_password", "Enter")
    page.wait_for_url("**/account/")
    page.goto(f"{origin}/account/second-factor/keys/add/")
    page.fill("#id_password", PASSWORD)
    page.press("#id_password", "Enter")
    page.wait_for_url("**/keys/add/")
    page.check("#id_passwordless")
    page.click("#key_add")
    page.wait_for_url("**/codes/**")
    page.click("header .account button")
    page.goto(f"{origin}/account/sign-in/")
    page.click("#passkey_login")
    page.wait_for_url("**/account/")
    page.goto(f"{origin}/people/")
    assert page.locator("#id_case").count() == 1


@pytest.mark.parametrize("look", [{"phone": True}, {"dark": True}])
def test_axe_finds_nothing_on_pages_that_look_after_others(open_page, enter_page, assert_accessible, cast, look):
    page = open_page(**look)
    for user, path in looked_after(cast):
        enter_page(page, user).goto(path)
        assert_accessible(page)


@pytest.mark.parametrize("language", ["en-GB", "zh-HK", "zh-CN"])
def test_no_page_that_looks_after_others_scrolls_sideways_on_a_phone(open_page, enter_page, cast, language):
    page = open_page(phone=True, language=language)
    for user, path in looked_after(cast):
        enter_page(page, user).goto(path)
        assert page.evaluate("() => document.documentElement.scrollWidth <= window.innerWidth"), path


def test_an_operator_invites_and_the_coordinator_adds_a_person_without_javascript(
    open_page, enter_page, cast, settings, mailoutbox
):
    page = enter_page(open_page(javascript=False), cast.pat)
    page.goto("/organisations/")
    page.click("text=Add a tenant")
    page.fill("#id_name", "Heron Optics")
    page.click("main button.primary")
    page.fill("#id_name", "Cora")
    page.fill("#id_email", "cora@example.org")
    page.click("main button.primary")
    page.wait_for_selector("text=not entered yet")
    invited = open_page(javascript=False)
    invited.goto(re.search(r"http://\S+", mailoutbox[0].body)[0])
    invited.fill("#id_password1", "twelve river crabs")
    invited.fill("#id_password2", "twelve river crabs")
    invited.press("#id_password2", "Enter")
    invited.wait_for_url("**/done/")
    from riverloop.apps.parties.models import User

    cora = enter_page(invited, User.objects.get(email="cora@example.org"))
    cora.goto("/people/")
    cora.click("text=Add a person")
    cora.fill("#id_name", "Tai Man")
    cora.select_option("#id_kind", "hkid")
    cora.fill("#id_number", HKID)
    cora.click("main button.primary")
    cora.wait_for_url("**/edit/")
    assert "123456" not in cora.content()
    assert cora.locator("main h1").inner_text() == "Tai Man"
