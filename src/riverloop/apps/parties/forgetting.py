"""How what parties keep goes, when its time is over.

Rows that others point at are emptied of the person and stay as ids; the rest is deleted.
"""

from __future__ import annotations

from datetime import datetime

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from axes.models import AccessAttempt, AccessAttemptExpiration, AccessFailureLog, AccessLog
from django.contrib.sessions.models import Session
from django.db.models import Model, Q, QuerySet
from django.utils import timezone

from riverloop.apps.nodes.here import hosted_sides
from riverloop.apps.parties import retention
from riverloop.apps.parties.models import ApiToken, IdempotencyKey, Person, Role, User, ViewRecord
from riverloop.apps.parties.retention import BATCH
from riverloop.apps.parties.services import role_end
from riverloop.apps.runs.models import Run


def views_forget(before: datetime, side: str) -> int:
    """Delete who looked at whom."""
    return _delete(ViewRecord.objects.filter(owner_side=side, at__lt=before))


def tokens_forget(before: datetime, side: str) -> int:
    """Delete tokens that ended or ran out."""
    return _delete(ApiToken.objects.filter(Q(ended_at__lt=before) | Q(expires_at__lt=before), owner_side=side))


def idempotency_keys_forget(before: datetime, side: str) -> int:
    """Delete answers that were kept for a request that is repeated."""
    return _delete(IdempotencyKey.objects.filter(owner_side=side, at__lt=before))


def sessions_forget(before: datetime, side: str) -> int:
    """Delete sessions that ran out, and where they were; the nameless ones go with the first side here."""
    count = _delete(UserSession.objects.filter(_sessions_over(before), user__owner_side=side))
    if side == hosted_sides()[0]:
        count += _delete(Session.objects.filter(expire_date__lt=before))
    return count


def _sessions_over(before: datetime) -> Q:
    live = Session.objects.filter(expire_date__gte=before).values("session_key")
    return ~Q(session_key__in=live) & Q(last_seen_at__lt=before)


def attempts_forget(before: datetime, side: str) -> int:
    """Delete failed attempts to sign in. They name addresses that may be nobody's: they go with the first side here."""
    if side != hosted_sides()[0]:
        return 0
    old = AccessAttempt.objects.filter(attempt_time__lt=before)
    AccessAttemptExpiration.objects.filter(access_attempt__in=old.values("pk")).delete()
    failures, log = (model.objects.filter(attempt_time__lt=before) for model in (AccessFailureLog, AccessLog))
    return _delete(old) + _delete(failures) + _delete(log)


def runs_forget(before: datetime, side: str) -> int:
    """Delete background work that has ended."""
    return _delete(Run.objects.filter(owner_side=side, ended_at__lt=before))


def accounts_forget(before: datetime, side: str) -> int:
    """Empty closed accounts of name, address and every way to sign in; that one did something stays under its id."""
    found = list(User.objects.filter(owner_side=side, closed_at__lt=before, erased_at=None)[:BATCH])
    for model in (EmailAddress, Authenticator, SocialAccount, UserSession):
        model.objects.filter(user__in=found).delete()
    for user in found:
        user.email, user.name, user.erased_at = f"{user.id.lower()}@erased.invalid", "", timezone.now()
        user.set_unusable_password()
        user.save(update_fields=["email", "name", "erased_at", "password"])
    return len(found)


def people_forget(before: datetime, side: str) -> int:
    """Empty people who left of their names and numbers, and end the account's role that stood for them."""
    found = list(Person.objects.filter(owner_side=side, left_at__lt=before, erased_at=None)[:BATCH])
    for role in Role.objects.filter(person__in=found, ended_at=None).select_related("user"):
        role_end(role=role)
    for person in found:
        person.identity_numbers.all().delete()
        person.name, person.name_latin, person.erased_at = "", "", timezone.now()
        person.save(update_fields=["name", "name_latin", "erased_at"])
    return len(found)


def _delete(found: QuerySet[Model]) -> int:
    """Delete a part of what was found, and return how many rows of it went."""
    keys = list(found.order_by("pk").values_list("pk", flat=True)[:BATCH])
    found.model._default_manager.filter(pk__in=keys).delete()  # noqa: SLF001 - Django's documented interface
    return len(keys)


for _kind, _function in {
    "views": views_forget,
    "accounts": accounts_forget,
    "people": people_forget,
    "tokens": tokens_forget,
    "idempotency_keys": idempotency_keys_forget,
    "runs": runs_forget,
    "sessions": sessions_forget,
    "sign_in_attempts": attempts_forget,
}.items():
    retention.register(_kind, _function)
