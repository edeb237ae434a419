"""Invitations: an account with a role, and the address at which its owner sets the password."""

from __future__ import annotations

from typing import Any

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.db import transaction
from django.urls import reverse

from riverloop.apps.parties import services
from riverloop.apps.parties.models import ROLE_SCOPES, Organisation, Person, User
from riverloop.core.kernel.errors import InputError

_ROWS: dict[str, Any] = {"organisation": Organisation, "person": Person}


@transaction.atomic
def invite(*, email: str, name: str, side: str, kind: str = "", held_for: str = "", language: str = "en") -> str:
    """Make an account, grant it a role if one is named, and return the path at which a password is set.

    Args:
        email: the address that signs in.
        name: how the account is called.
        side: whose account it is.
        kind: a role, or nothing.
        held_for: id of what the role is held for.
        language: en, zh-hant or zh-hans.

    Raises:
        InputError: any of it is not so; nothing was made.
    """
    user = services.user_add(email=email, name=name, side=side, language=language)
    if kind:
        scope = ROLE_SCOPES.get(kind, "")
        given: dict[str, Any] = {scope: _row(scope, held_for) if scope in _ROWS else held_for} if scope else {}
        services.role_grant(user=user, kind=kind, **given)
    return password_path(user)


def password_path(user: User) -> str:
    """Return the path at which an account's owner sets a password, once."""
    key = f"{user_pk_to_url_str(user)}-{default_token_generator.make_token(user)}"
    uid, _, token = key.partition("-")
    return reverse("account_reset_password_from_key", kwargs={"uidb36": uid, "key": token})


def _row(scope: str, key: str):
    found = _ROWS[scope].objects.filter(pk=key).first()
    if found is None:
        raise InputError(
            "parties.row", 'There is no {scope} with the id "{key}". Copy it from its page.', scope=scope, key=key[:40]
        )
    return found
