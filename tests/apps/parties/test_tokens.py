"""Tokens are shown once, kept as a hash, and worth no more than their account at the moment of use."""

import re
import time
from datetime import timedelta

import pytest
from allauth.account.internal.flows import login
from django.utils import timezone

from riverloop.apps.parties.models import ApiToken
from riverloop.apps.parties.services import role_grant, user_close
from riverloop.apps.parties.tokens import LONGEST_DAYS, token_end, token_make, token_of
from riverloop.apps.record.selectors import records_of
from riverloop.core.kernel.errors import InputError

pytestmark = pytest.mark.django_db


def make(user, *, scopes=("movements:read",), days=30, with_second_factor=True, name="Our system"):
    return token_make(user=user, name=name, scopes=scopes, days=days, with_second_factor=with_second_factor)


def test_a_token_opens_its_account_and_its_text_is_kept_nowhere(cast):
    token, text = make(cast.dora)
    assert token_of(f"Bearer {text}") == token
    assert token_of(f"bearer  {text} ").user == cast.dora
    row = ApiToken.objects.values().get()
    assert text not in str(row)
    assert text.encode() not in bytes(row["digest"])
    assert text.startswith(row["prefix"])


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer ", "Bearer rl_x", "Basic abc", "Bearer ☃", "rl_", "Bearer rl_é"]
)
def test_what_is_no_token_opens_nothing(cast, header):
    make(cast.dora)
    assert token_of(header) is None


def test_a_token_that_ended_or_ran_out_or_whose_account_closed_opens_nothing(cast):
    ended, text = make(cast.dora)
    token_end(token=ended)
    assert token_of(f"Bearer {text}") is None
    old, text = make(cast.dora)
    ApiToken.objects.filter(pk=old.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    assert token_of(f"Bearer {text}") is None
    _, text = make(cast.hana)
    user_close(user=cast.hana)
    assert token_of(f"Bearer {text}") is None


def test_a_role_that_needs_a_second_factor_needs_it_for_its_token(cast):
    with pytest.raises(InputError, match="second factor"):
        make(cast.dora, with_second_factor=False)
    assert not ApiToken.objects.exists()


def test_a_holders_token_needs_none_and_stops_when_a_role_comes_that_does(cast):
    _, text = make(cast.hana, with_second_factor=False)
    assert token_of(f"Bearer {text}")
    role_grant(user=cast.hana, kind="auditor")
    assert token_of(f"Bearer {text}") is None


@pytest.mark.parametrize(
    "wrong",
    [{"scopes": ["movements:rite"]}, {"scopes": []}, {"days": 0}, {"days": LONGEST_DAYS + 1}, {"name": " "}],
)
def test_a_token_that_makes_no_sense_is_refused(cast, wrong):
    with pytest.raises(InputError):
        make(cast.dora, **wrong)


def test_a_token_reaches_as_far_as_its_scopes(cast):
    token, _ = make(cast.dora, scopes=["movements:write", "movements:read"])
    assert token.scopes == ["movements:read", "movements:write"]
    assert token.may("movements:read")
    assert not token.may("people:read")


def test_making_and_ending_are_recorded_once_each_and_say_nothing_of_the_secret(cast):
    token, text = make(cast.dora)
    token_end(token=token)
    token_end(token=token)
    made, ended = records_of(side="hk", kind="token.made").get(), records_of(side="hk", kind="token.ended").get()
    assert token.id in ended.payload
    assert text not in made.payload
    assert token.prefix not in made.payload


def test_when_a_token_was_last_used_is_kept_to_the_minute_and_costs_one_write_a_minute(cast, django_assert_num_queries):
    _token, text = make(cast.dora)
    token_of(f"Bearer {text}")
    assert ApiToken.objects.get().last_used_at
    with django_assert_num_queries(2):  # the token with its account, and its roles
        token_of(f"Bearer {text}")


# The page

PAGE = "/account/tokens/"
SHOWN = re.compile(r"rl_[\w-]{43}")
FORM = {"name": "Our system", "scopes": ["movements:read"], "days": "30"}


def freshly(client, user, *methods):
    """Note in the session that the account was confirmed just now."""
    session = client.session
    session[login._AUTHENTICATION_METHODS_USER_SESSION_KEY] = user.pk
    session[login.AUTHENTICATION_METHODS_SESSION_KEY] = [{"method": method, "at": time.time()} for method in methods]
    session.save()
    return client


def test_a_role_that_needs_a_second_factor_shows_it_again_before_a_token_is_made(cast, enter):
    client = enter(cast.dora)  # shown, but not just now
    assert client.get(PAGE).headers["Location"].startswith("/account/second-factor/confirm/?next=")
    assert client.post(PAGE, FORM).status_code == 302
    freshly(client, cast.dora, "password")
    assert client.post(PAGE, FORM).status_code == 302
    assert not ApiToken.objects.exists()
    freshly(client, cast.dora, "password", "mfa")
    html = client.post(PAGE, FORM).content.decode()
    assert token_of(f"Bearer {SHOWN.search(html)[0]}").second_factor
    assert not SHOWN.search(client.get(PAGE).content.decode())


def test_a_holder_types_the_password_again_and_an_old_sign_in_does_not_do(cast, enter):
    client = enter(cast.hana, second_factor=False)
    assert client.get(PAGE).headers["Location"].startswith("/account/confirm/?next=")
    freshly(client, cast.hana, "password")
    assert "rl_" in client.post(PAGE, FORM).content.decode()


def test_a_mistake_in_the_form_keeps_what_was_typed(cast, enter):
    client = freshly(enter(cast.hana), cast.hana, "password")
    html = client.post(PAGE, {**FORM, "days": "9999"}).content.decode()
    assert 'value="Our system"' in html
    assert 'class="error"' in html
    assert not ApiToken.objects.exists()


def test_one_ends_ones_own_token_and_nobody_elses(cast, enter):
    token, text = make(cast.dora)
    assert enter(cast.eve).post(f"/account/tokens/{token.id}/end/").status_code == 404
    assert token_of(f"Bearer {text}")
    enter(cast.dora).post(f"/account/tokens/{token.id}/end/")
    assert token_of(f"Bearer {text}") is None


def test_a_password_set_by_mail_ends_the_tokens(cast, client):
    from riverloop.apps.parties.invitations import password_path

    _, text = make(cast.dora)
    form = {"password1": "eleven river crabs", "password2": "eleven river crabs"}
    client.post(client.get(password_path(cast.dora)).headers["Location"], form)
    assert token_of(f"Bearer {text}") is None
