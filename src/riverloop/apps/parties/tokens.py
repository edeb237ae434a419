"""API tokens: made once, shown once, kept as a hash, and worth no more than the account that made them."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from allauth.account.signals import password_reset
from django.db import transaction
from django.dispatch import receiver
from django.utils import timezone

from riverloop.apps.parties import second_factor
from riverloop.apps.parties.models import ApiToken, User
from riverloop.apps.parties.words import N_, TOKEN_SCOPES
from riverloop.apps.record.services import record_append
from riverloop.core.kernel.errors import InputError, did_you_mean

LONGEST_DAYS = 365
_MARK = "rl_"  # so that a token that leaked is known for one by those who search for such
_SECRET_BYTES = 32
_PREFIX_LENGTH = len(_MARK) + 6
_USED_AGAIN = timedelta(minutes=1)  # what is written of a token's use, no finer


@transaction.atomic
def token_make(
    *, user: User, name: str, scopes: Iterable[str], days: int, with_second_factor: bool
) -> tuple[ApiToken, str]:
    """Make a token, and return it with the text that is shown once and kept nowhere.

    Args:
        user: whose token it is.
        name: by which its owner tells it from others.
        scopes: of ``TOKEN_SCOPES``, at least one.
        days: for how long, 1 to 365.
        with_second_factor: whether the account has just shown its second factor.

    Raises:
        InputError: no such scope, no name, too long, or the account's role needs a second factor first.
    """
    chosen = _known(scopes)
    named = " ".join(name.split())[:60]
    if not named:
        raise InputError("parties.token_name", N_("Give the token a name by which you will know it again."))
    if not 1 <= days <= LONGEST_DAYS:
        raise InputError(
            "parties.token_days", N_("A token lasts 1 to {most} days. Give a number of days."), most=LONGEST_DAYS
        )
    if second_factor.is_needed(user) and not with_second_factor:
        raise InputError("parties.token_factor", N_("Your role needs a second factor. Show it, then make the token."))
    text, now = _MARK + secrets.token_urlsafe(_SECRET_BYTES), timezone.now()
    token = ApiToken.objects.create(
        owner_side=user.owner_side,
        user=user,
        name=named,
        scopes=chosen,
        prefix=text[:_PREFIX_LENGTH],
        digest=_digest(text),
        second_factor=with_second_factor,
        made_at=now,
        expires_at=now + timedelta(days=days),
    )
    payload = {"token": token.id, "account": user.id, "scopes": chosen, "days": days}
    record_append(side=user.owner_side, kind="token.made", payload=payload)
    return token, text


@transaction.atomic
def token_end(*, token: ApiToken) -> ApiToken:
    """End a token at once; ending it again changes nothing."""
    if token.ended_at is None:
        token.ended_at = timezone.now()
        token.save(update_fields=["ended_at"])
        record_append(side=token.owner_side, kind="token.ended", payload={"token": token.id, "account": token.user_id})
    return token


@receiver(password_reset)
def _end_all(user: User, **named: Any) -> None:
    """End the tokens of an account whose password was set by mail: whoever had made them may be why."""
    for token in user.api_tokens.filter(ended_at=None):
        token_end(token=token)


def token_of(header: str) -> ApiToken | None:
    """Return the live token, with its account, that an ``Authorization`` header bears; None if there is none.

    A token made without a second factor opens nothing once its account holds a role that needs one.

    Args:
        header: the header's value, such as ``Bearer rl_…``.
    """
    scheme, _, text = header.strip().partition(" ")
    text = text.strip()
    if scheme.lower() != "bearer" or not text.startswith(_MARK) or not text.isascii():
        return None
    token = ApiToken.objects.select_related("user").filter(digest=_digest(text)).first()
    now = timezone.now()
    if token is None or not _lives(token, now):
        return None
    if second_factor.is_needed(token.user) and not token.second_factor:
        return None
    if token.last_used_at is None or now - token.last_used_at > _USED_AGAIN:
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)
    return token


def _lives(token: ApiToken, now: datetime) -> bool:
    return token.ended_at is None and token.expires_at > now and token.user.is_active


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


def _known(scopes: Iterable[str]) -> list[str]:
    given = set(scopes)
    for scope in sorted(given - set(TOKEN_SCOPES)):
        raise InputError(
            "parties.token_scope",
            N_('There is no scope "{scope}".{hint} Choose from {known}.'),
            scope=scope[:40],
            hint=did_you_mean(scope, TOKEN_SCOPES),
            known=", ".join(TOKEN_SCOPES),
        )
    if not given:
        raise InputError("parties.token_scopes", N_("A token without a scope opens nothing. Choose at least one."))
    return [scope for scope in TOKEN_SCOPES if scope in given]
