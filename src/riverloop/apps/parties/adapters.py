"""How allauth is told our ways: nobody signs themselves up, no message is flashed, secrets are sealed."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from riverloop.apps.nodes import keys
from riverloop.apps.parties import second_factor
from riverloop.apps.parties.models import User, normal_email

_ACCOUNTS = "accounts"  # secrets of authenticators are the node's, and no side's
_YEAR_SECONDS = 365 * 24 * 3600


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    error_messages = DefaultAccountAdapter.error_messages | {
        "account_inactive": _("This account is closed. Ask whoever invited you."),
        "email_password_mismatch": _("The mail address and the password do not belong together. Check both."),
        "enter_current_password": _("This is not your present password. Type it again."),
        "incorrect_password": _("This is not your password. Type it again."),
        "incorrect_code": _("This code does not fit. Wait for the next one and type that."),
        "invalid_password_reset": _("This link was used already or has grown old. Ask for a new one."),
        "too_many_login_attempts": _("Too many attempts. Wait a quarter of an hour and try again."),
        "rate_limited": _("Too many attempts. Wait a quarter of an hour and try again."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def add_message(self, *arguments: Any, **named: Any) -> None:
        """Say nothing: each page shows what was done."""

    def clean_email(self, email: str) -> str:
        return normal_email(email)

    def authenticate(self, request: HttpRequest, **credentials: Any) -> Any:
        if "email" in credentials:
            credentials["email"] = normal_email(credentials["email"])
        return super().authenticate(request, **credentials)

    def post_login(self, request: HttpRequest, user: User, **named: Any) -> HttpResponse:
        """Go on in the language that the account reads."""
        response: HttpResponse = super().post_login(request, user, **named)
        keep_language(response, user.language)
        return response


class SocialAccountAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]
    """Signing in elsewhere opens an account that is here; it makes none."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        return False


class SecondFactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    error_messages = DefaultMFAAdapter.error_messages | {
        "incorrect_code": _("This code does not fit. Wait for the next one and type that."),
        "cannot_delete_authenticator": _("Your role needs a second factor. Set up another before you remove this one."),
    }

    def encrypt(self, text: str) -> str:
        return keys.seal(_ACCOUNTS, text).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return keys.unseal(_ACCOUNTS, encrypted_text.encode())

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        """Keep one second factor, where a role needs it."""
        if authenticator.type == Authenticator.Type.RECOVERY_CODES or not second_factor.is_needed(authenticator.user):
            return True
        others = Authenticator.objects.filter(user=authenticator.user).exclude(pk=authenticator.pk)
        return bool(others.exclude(type=Authenticator.Type.RECOVERY_CODES).exists())

    def build_totp_svg(self, url: str) -> str:
        """Return the QR code as an element of the page: an address of `data:` is refused by our policy."""
        svg: str = super().build_totp_svg(url)
        return svg[svg.index("<svg") :]

    def generate_authenticator_name(self, user: User, type: Any) -> str:  # noqa: A002 - allauth's own name
        return str(_("Key"))


def keep_language(response: HttpResponse, language: str) -> None:
    """Remember a language in the browser, as the switch on each page does."""
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        language,
        max_age=_YEAR_SECONDS,
        samesite="Lax",
        secure=bool(settings.LANGUAGE_COOKIE_SECURE),
        httponly=True,
    )
