"""Invitations: an account with a role, and the address at which its owner sets the password.

Who invites gives no more than their own role allows, never to themselves, and never learns the address at which the
password is set: that goes to the invited by mail.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from smtplib import SMTPException
from typing import Any

import structlog
from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.core.exceptions import PermissionDenied
from django.core.mail import send_mail
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import override

from riverloop.apps.parties import services
from riverloop.apps.parties.models import ROLE_SCOPES, Organisation, Person, Role, User, normal_email
from riverloop.apps.parties.words import N_
from riverloop.core.kernel.errors import InputError

_ROWS: dict[str, Any] = {"organisation": Organisation, "person": Person}
_MOST_AN_HOUR = 60  # grants by one account: nobody invites more, and trying out addresses takes long
_logger: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(__name__)


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
        grant(user=user, kind=kind, held_for=held_for)
    return password_path(user)


def grant(*, user: User, kind: str, held_for: str = "") -> Role:
    """Grant a role for what has this id, as the command line does.

    Raises:
        InputError: there is no such role, or nothing with this id.
    """
    scope = ROLE_SCOPES.get(kind, "")
    given: dict[str, Any] = {scope: _row(scope, held_for) if scope in _ROWS else held_for} if scope else {}
    return services.role_grant(user=user, kind=kind, **given)


@transaction.atomic
def coordinator_invite(*, by: User, organisation: Organisation, email: str, name: str, language: str) -> User:
    """Let somebody file for an organisation.

    Raises:
        InputError: the address is none, is one's own, or belongs elsewhere.
        PermissionDenied: one may not invite for this organisation.
    """
    if not by.has_perm("parties.invite_coordinator", organisation):
        raise PermissionDenied
    user = _account(by=by, email=email, name=name, language=language)
    services.role_grant(user=user, kind="coordinator", organisation=organisation, granted_by=by)
    return user


@transaction.atomic
def holder_invite(*, by: User, person: Person, email: str, language: str) -> User:
    """Let a person see what is theirs.

    Raises:
        InputError: the address is none, is one's own, belongs elsewhere, or the person has an account.
        PermissionDenied: one may not invite this person.
    """
    if not by.has_perm("parties.invite_holder", person):
        raise PermissionDenied
    user = _account(by=by, email=email, name=person.name, language=language)
    services.role_grant(user=user, kind="holder", person=person, granted_by=by)
    return user


def _account(*, by: User, email: str, name: str, language: str) -> User:
    """Return the account of an address at one's side, made if there is none."""
    if by.granted_roles.filter(granted_at__gt=timezone.now() - timedelta(hours=1)).count() >= _MOST_AN_HOUR:
        raise InputError("parties.too_many_invitations", N_("That was a lot of invitations. Go on in an hour."))
    address = normal_email(email)
    if address == by.email:
        raise InputError(
            "parties.own_role", N_("Nobody gives a role to themselves. Ask a colleague, or the operator of the node.")
        )
    known = User.objects.filter(email=address).first()
    if known is None:
        return services.user_add(email=address, name=name, side=by.owner_side, language=language)
    if known.owner_side != by.owner_side or not known.is_active:
        raise InputError("parties.address", N_("This address cannot be invited here. Ask for another one."))
    return known


def is_open(user: User) -> bool:
    """Say whether an account was invited and never yet entered, so that it can be invited again."""
    return user.is_active and user.last_login is None and not user.has_usable_password()


def send(user: User, *, home: str) -> bool:
    """Mail an account that it has a role, and where to set a password if it has none; say whether that went out.

    Args:
        user: the account.
        home: address of the start page, ending in a slash.
    """
    path = password_path(user) if is_open(user) else reverse("account_login")
    context = {"address": home.rstrip("/") + path, "is_new": is_open(user)}
    with override(user.language):
        subject = render_to_string("account/email/invitation_subject.txt").strip()
        text = render_to_string("account/email/invitation_message.txt", context)
    try:
        send_mail(subject, text, None, [user.email])
    except (OSError, SMTPException) as error:
        _logger.warning("an invitation could not be sent", error=type(error).__name__)
        return False
    return True


def password_path(user: User) -> str:
    """Return the path at which an account's owner sets a password, once."""
    key = f"{user_pk_to_url_str(user)}-{default_token_generator.make_token(user)}"
    uid, _, token = key.partition("-")
    return reverse("account_reset_password_from_key", kwargs={"uidb36": uid, "key": token})


def account_named(email: str) -> User:
    """Return the account with an address.

    Raises:
        InputError: there is none.
    """
    found = User.objects.filter(email=normal_email(email)).first()
    if found is None:
        raise InputError(
            "parties.no_account", N_("There is no account with this address. Make one: riverloop user add")
        )
    return found


def role_named(key: str) -> Role:
    """Return the role with an id.

    Raises:
        InputError: there is none.
    """
    found = Role.objects.select_related("user").filter(pk=key).first()
    return found if found is not None else _row("role", key)


def role_rows(*, email: str = "", with_ended: bool = False) -> Iterator[tuple[str, ...]]:
    """Yield roles as the command line lists them: id, address, kind, what for, since, until."""
    found = Role.objects.select_related("user").order_by("user__email", "granted_at", "id")
    if email:
        found = found.filter(user=account_named(email))
    if not with_ended:
        found = found.filter(ended_at=None)
    for role in found:
        held_for = role.organisation_id or role.person_id or role.authority or role.control_point or role.park or "-"
        until = role.ended_at.date().isoformat() if role.ended_at else ""
        yield (role.id, role.user.email, role.kind, held_for, role.granted_at.date().isoformat(), until)


def _row(scope: str, key: str) -> Any:
    found = _ROWS[scope].objects.filter(pk=key).first() if scope in _ROWS else None
    if found is None:
        raise InputError(
            "parties.row",
            N_('There is no {scope} with the id "{key}". Copy it from its page.'),
            scope=scope,
            key=key[:40],
        )
    return found
