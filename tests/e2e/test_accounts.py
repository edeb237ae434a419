"""People sign in in a real browser, in three languages, by hand and by keyboard; axe finds nothing."""

import pytest

from tests.cast import PASSWORD, Cast

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
OPEN = ["/account/sign-in/", "/account/password/forgotten/", "/account/sign-up/"]
OWN = ["/account/", "/account/second-factor/", "/account/sessions/", "/account/password/", "/who-looked/"]


@pytest.fixture
def cast(transactional_db):
    from riverloop.apps.parties.services import view_record

    made = Cast()
    view_record(viewer=made.oscar, subjects=[made.hana_herself], purpose="case", page="parties:person", case="HK-7")
    return made


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
