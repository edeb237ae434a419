"""A second factor for every role that acts for others: asked of the session, not only of the account."""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import urlencode

from allauth.account import app_settings
from allauth.account.authentication import get_authentication_records
from allauth.account.internal.flows.reauthentication import get_reauthentication_flows
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authenticator_added
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.db import transaction
from django.dispatch import receiver
from django.http import HttpRequest
from django.urls import reverse

from riverloop.apps.parties.models import User
from riverloop.apps.record.services import record_append

NEEDED_BY = frozenset({"coordinator", "officer", "gate", "operator", "planner", "treasurer", "auditor"})
"""Every role but the holder's, whose account shows only what is the holder's own."""

_SET_UP_HERE = "second_factor_set_up_by"  # key of the session: the account that set one up in it
_SET_UP_AT = "second_factor_set_up_at"  # and when, in seconds


def is_needed(user: User) -> bool:
    """Say whether a role of this account needs a second factor; the demo's own cast shows none."""
    return not (settings.RIVERLOOP_DEMO and user.is_demo) and any(role.kind in NEEDED_BY for role in user.held_roles)


def was_given(request: HttpRequest, user: User) -> bool:
    """Say whether this session has shown the account's second factor, or set it up."""
    records = get_authentication_records(request, user)
    return request.session.get(_SET_UP_HERE) == user.id or any(one["method"] == "mfa" for one in records)


def was_given_just_now(request: HttpRequest, user: User) -> bool:
    """Say whether this session has shown the account's second factor within the last few minutes, or set it up."""
    shown = [one["at"] for one in get_authentication_records(request, user) if one["method"] == "mfa"]
    shown += [request.session.get(_SET_UP_AT, 0)] if request.session.get(_SET_UP_HERE) == user.id else []
    return bool(time.time() - max(shown, default=0) < app_settings.REAUTHENTICATION_TIMEOUT)


def asked_again(request: HttpRequest, user: User) -> str:
    """Return where to go to show once more that it is oneself; nothing if that was done just now.

    A role that needs a second factor shows that; any other account the password, or what else it has. In the demo
    nothing is asked.
    """
    if settings.RIVERLOOP_DEMO and user.is_demo:
        return ""
    if is_needed(user):
        is_fresh, page = was_given_just_now(request, user), "mfa_reauthenticate"
    else:
        is_fresh, page = _entered_just_now(request, user), "account_reauthenticate"
    return "" if is_fresh else f"{reverse(page)}?{urlencode({'next': request.path})}"


def _entered_just_now(request: HttpRequest, user: User) -> bool:
    """Say whether one signed in or confirmed just now; who has nothing to confirm with signed in elsewhere."""
    if not get_reauthentication_flows(user):
        return True
    entered = [one["at"] for one in get_authentication_records(request, user)]
    return bool(time.time() - max(entered, default=0) < app_settings.REAUTHENTICATION_TIMEOUT)


@transaction.atomic
def forget(*, user: User) -> int:
    """Take every second factor from an account whose owner lost them, end its sessions, and return how many went."""
    count: int = Authenticator.objects.filter(user=user).delete()[0]
    for session in UserSession.objects.filter(user=user):
        session.end()
    record_append(side=user.owner_side, kind="account.second_factor_forgotten", payload={"account": user.id})
    return count


@receiver(authenticator_added)
def _note_set_up(request: HttpRequest, user: User, authenticator: Authenticator, **named: Any) -> None:
    """Count the first one as shown by setting it up; a further one says nothing of who adds it."""
    codes = Authenticator.Type.RECOVERY_CODES
    others = Authenticator.objects.filter(user=user).exclude(pk=authenticator.pk).exclude(type=codes)
    if authenticator.type != codes and not others.exists():
        request.session[_SET_UP_HERE] = user.id
        request.session[_SET_UP_AT] = time.time()
