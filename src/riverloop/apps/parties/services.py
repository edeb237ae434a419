"""Writes of parties. Whatever changes who may see or do something is recorded with it."""

from __future__ import annotations

from collections.abc import Iterable

from allauth.account.models import EmailAddress
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.utils import timezone

from riverloop.apps.parties import keys
from riverloop.apps.parties.here import zone
from riverloop.apps.parties.models import (
    ROLE_SCOPES,
    IdentityNumber,
    Organisation,
    Person,
    Role,
    User,
    ViewRecord,
    normal_email,
)
from riverloop.apps.parties.numbers import normal_number
from riverloop.apps.parties.words import N_, PURPOSE_WORDS
from riverloop.apps.record.services import record_append
from riverloop.core.identity import read_uscc
from riverloop.core.kernel.errors import InputError, did_you_mean
from riverloop.core.kernel.instants import date_in

# Accounts


@transaction.atomic
def user_add(*, email: str, name: str, side: str, language: str = "en", is_demo: bool = False) -> User:
    """Make an account that has no password yet: its owner sets one by an invitation, or signs in by OIDC.

    Raises:
        InputError: the address is none, or is taken.
    """
    address = normal_email(email)
    try:
        validate_email(address)
    except ValidationError:
        raise InputError(
            "parties.email", N_('"{email}" is not a mail address. Give one such as name@example.org.'), email=email[:80]
        ) from None
    if User.objects.filter(email=address).exists():
        raise InputError(
            "parties.email_taken", N_("{email} has an account already. Grant that account a role."), email=address
        )
    user = User(
        email=address,
        name=name.strip(),
        owner_side=zone().side(side).id,
        language=language,
        is_demo=is_demo,
        created_at=timezone.now(),
    )
    user.set_unusable_password()
    user.save(force_insert=True)
    EmailAddress.objects.create(user=user, email=address, verified=True, primary=True)
    record_append(side=user.owner_side, kind="account.added", payload={"account": user.id})
    return user


def user_set_language(*, user: User, language: str) -> None:
    """Remember the language in which an account reads."""
    if user.language != language:
        user.language = language
        user.save(update_fields=["language"])


@transaction.atomic
def user_close(*, user: User) -> None:
    """Close an account: it can no longer sign in, and its open pages stop working."""
    user.is_active = False
    user.save(update_fields=["is_active"])
    record_append(side=user.owner_side, kind="account.closed", payload={"account": user.id})


# Organisations and people


def organisation_add(
    *, side: str, park: str, name: str, name_latin: str = "", uscc: str = "", business_registration: str = ""
) -> Organisation:
    """Add a tenant of a park.

    Raises:
        InputError: the park is not this side's, or the credit code does not hold together.
    """
    _check_park(side, park)
    return Organisation.objects.create(
        owner_side=side,
        park=park,
        name=name.strip(),
        name_latin=name_latin.strip(),
        uscc=read_uscc(uscc) if uscc else "",
        business_registration=business_registration.strip(),
        created_at=timezone.now(),
    )


def person_add(*, side: str, name: str, name_latin: str = "", organisation: Organisation | None = None) -> Person:
    """Add a person, at a side, employed by an organisation of that side or by none."""
    side = zone().side(side).id
    if organisation is not None:
        _check_same_side(side, organisation.owner_side)
    return Person.objects.create(
        owner_side=side,
        name=name.strip(),
        name_latin=name_latin.strip(),
        organisation=organisation,
        created_at=timezone.now(),
    )


def identity_number_add(*, person: Person, kind: str, number: str) -> IdentityNumber:
    """Keep a document number of a person, sealed.

    Raises:
        InputError: it does not hold together, or somebody holds it already.
    """
    side = zone().side(person.owner_side)
    plain = normal_number(kind, number, on=date_in(timezone.now(), side.side.time_zone))
    try:
        with transaction.atomic():
            return IdentityNumber.objects.create(
                owner_side=person.owner_side,
                person=person,
                kind=kind,
                sealed=keys.seal(person.owner_side, plain),
                finding_index=keys.finding_index(person.owner_side, kind, plain),
                created_at=timezone.now(),
            )
    except IntegrityError:
        raise InputError(
            "parties.number_taken", N_("A person with this number is registered already. Look for them by it.")
        ) from None


def identity_numbers_reseal(*, side: str) -> int:
    """Seal every number of a side with its newest key, and return how many there are."""
    count = 0
    for number in IdentityNumber.objects.filter(owner_side=side).iterator():
        number.sealed = keys.reseal(side, number.sealed)
        number.save(update_fields=["sealed"])
        count += 1
    return count


# Roles


@transaction.atomic
def role_grant(
    *,
    user: User,
    kind: str,
    person: Person | None = None,
    organisation: Organisation | None = None,
    authority: str = "",
    control_point: str = "",
    park: str = "",
    granted_by: User | None = None,
) -> Role:
    """Grant a role to an account, for one thing of the account's own side.

    Raises:
        InputError: no such role, it lacks what it is held for, that belongs to the other side, or it is held already.
    """
    if kind not in ROLE_SCOPES:
        raise InputError(
            "parties.role",
            N_('There is no role "{kind}".{hint} Choose one of {known}.'),
            kind=kind,
            hint=did_you_mean(kind, ROLE_SCOPES),
            known=", ".join(ROLE_SCOPES),
        )
    given = {
        "person": person,
        "organisation": organisation,
        "authority": authority,
        "control_point": control_point,
        "park": park,
    }
    _check_scope(kind, {name for name, value in given.items() if value})
    for row in (person, organisation, granted_by):
        if row is not None:
            _check_same_side(user.owner_side, row.owner_side)
    _check_places(user.owner_side, authority, control_point, park)
    if Role.objects.filter(user=user, kind=kind, ended_at=None, **given).exists():
        raise InputError("parties.role_held", N_("The account holds this role already. Nothing needs to be done."))
    role = Role.objects.create(
        owner_side=user.owner_side, user=user, kind=kind, granted_at=timezone.now(), granted_by=granted_by, **given
    )
    user.__dict__.pop("held_roles", None)
    _record_role("role.granted", role, granted_by)
    return role


@transaction.atomic
def role_end(*, role: Role, ended_by: User | None = None) -> Role:
    """End a role; that it was held stays known."""
    role.ended_at = timezone.now()
    role.save(update_fields=["ended_at"])
    role.user.__dict__.pop("held_roles", None)
    _record_role("role.ended", role, ended_by)
    return role


def _record_role(what: str, role: Role, by: User | None) -> None:
    payload = {
        "role": role.id,
        "account": role.user_id,
        "kind": role.kind,
        "person": role.person_id,
        "organisation": role.organisation_id,
        "authority": role.authority,
        "control_point": role.control_point,
        "park": role.park,
        "by": by.id if by else None,
    }
    record_append(side=role.owner_side, kind=what, payload=payload)


# Who looked

_LOOKS = {"own_staff": "coordinator", "case": "officer", "audit": "auditor"}


@transaction.atomic
def view_record(
    *, viewer: User, subjects: Iterable[Person], purpose: str, page: str, case: str = ""
) -> list[ViewRecord]:
    """Record that personal data of others is about to be shown. Looking at oneself is no view.

    Args:
        viewer: who looks.
        subjects: whose data is shown; all at the viewer's side.
        purpose: one of ``PURPOSE_WORDS``.
        page: name of the address.
        case: number of the case, which the purpose ``case`` needs.

    Raises:
        InputError: there is no purpose, or no case number where one is needed.
        PermissionDenied: someone of the other side is among them, or no role looks for this purpose.
    """
    if purpose not in PURPOSE_WORDS:
        raise InputError("parties.purpose", N_("Say what you need to look for. Choose a purpose."))
    if purpose == "case" and not case.strip():
        raise InputError("parties.case", N_("Looking for a case needs its number. Give the case number."))
    own = {role.person_id for role in viewer.held_roles}
    others = [person for person in subjects if person.id not in own]
    role = next((role for role in viewer.held_roles if role.kind == _LOOKS[purpose]), None)
    if role is None or any(person.owner_side != viewer.owner_side for person in others):
        raise PermissionDenied
    at = timezone.now()
    views = ViewRecord.objects.bulk_create(
        ViewRecord(
            owner_side=viewer.owner_side,
            viewer=viewer,
            role=role,
            subject=person,
            purpose=purpose,
            case=" ".join(case.split())[:60],
            page=page,
            at=at,
        )
        for person in others
    )
    if views:
        payload = {
            "viewer": viewer.id,
            "purpose": purpose,
            "page": page,
            "views": {view.id: view.subject_id for view in views},
        }
        record_append(side=viewer.owner_side, kind="people.viewed", payload=payload)
    return views


# Checks


def _check_scope(kind: str, given: set[str]) -> None:
    wanted = {ROLE_SCOPES[kind]} - {""}
    if given != wanted:
        raise InputError(
            "parties.role_scope",
            N_("The role {kind} is held for {wanted}, but {given} was given. Give exactly that."),
            kind=kind,
            wanted=", ".join(sorted(wanted)) or "-",
            given=", ".join(sorted(given)) or "-",
        )


def _check_same_side(one: str, other: str) -> None:
    if one != other:
        raise InputError(
            "parties.other_side",
            N_("That belongs to side {other}, and this to {one}. Each side keeps its own: make one there."),
            one=one,
            other=other,
        )


def _check_park(side: str, park: str) -> None:
    known = [one.id for one in zone().parks if one.side == zone().side(side).id]
    if park not in known:
        raise _unknown(park, known)


def _check_places(side: str, authority: str, control_point: str, park: str) -> None:
    known = [one.id for one in zone().side(side).side.authorities]
    if authority and authority not in known:
        raise _unknown(authority, known)
    if control_point:
        zone().control_point(control_point)
    if park:
        _check_park(side, park)


def _unknown(name: str, known: list[str]) -> InputError:
    return InputError(
        "parties.unknown",
        N_('This side has no "{name}".{hint} It has {known}.'),
        name=name,
        hint=did_you_mean(name, known),
        known=", ".join(known),
    )
