"""A second factor for every role that acts for others: asked of the session, not only of the account."""

from __future__ import annotations

from typing import Any

from allauth.account.authentication import get_authentication_records
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authenticator_added
from django.conf import settings
from django.dispatch import receiver
from django.http import HttpRequest

from riverloop.apps.parties.models import User

NEEDED_BY = frozenset({"coordinator", "officer", "gate", "operator", "planner", "treasurer", "auditor"})
"""Every role but the holder's, whose account shows only what is the holder's own."""

_SET_UP_HERE = "second_factor_set_up_by"  # key of the session: the account that set one up in it


def is_needed(user: User) -> bool:
    """Say whether a role of this account needs a second factor; in the demo none does."""
    return not settings.RIVERLOOP_DEMO and any(role.kind in NEEDED_BY for role in user.held_roles)


def was_given(request: HttpRequest, user: User) -> bool:
    """Say whether this session has shown the account's second factor, or set it up."""
    records = get_authentication_records(request, user)
    return request.session.get(_SET_UP_HERE) == user.id or any(one["method"] == "mfa" for one in records)


@receiver(authenticator_added)
def _note_set_up(request: HttpRequest, user: User, authenticator: Authenticator, **named: Any) -> None:
    """Count the first one as shown by setting it up; a further one says nothing of who adds it."""
    codes = Authenticator.Type.RECOVERY_CODES
    others = Authenticator.objects.filter(user=user).exclude(pk=authenticator.pk).exclude(type=codes)
    if authenticator.type != codes and not others.exists():
        request.session[_SET_UP_HERE] = user.id
