"""Writes of parties. Whatever changes who may see or do something is recorded with it."""

from __future__ import annotations

from collections.abc import Iterable

from allauth.account.models import EmailAddress
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.utils import timezone

from riverloop.apps.nodes import keys
from riverloop.apps.nodes.here import check_hosted
from riverloop.apps.parties.granting import check_grantable, person_has_account, role_held
from riverloop.apps.parties.here import zone
from riverloop.apps.parties.models import (
    NAME_LENGTH,
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
from riverloop.apps.parties.placing import check_park, check_places, check_same_side, check_scope
from riverloop.apps.parties.tokens import token_end
from riverloop.apps.parties.words import N_, PURPOSE_WORDS
from riverloop.apps.record.services import record_append
from riverloop.core.identity import read_uscc
from riverloop.core.kernel.errors import InputError, did_you_mean
from riverloop.core.kernel.instants import date_in
from riverloop.core.kernel.letters import holds_unseen, looks_empty

# Accounts


@transaction.atomic
def user_add(*, email: str, name: str, side: str, language: str = "en", is_demo: bool = False) -> User:
    """Make an account that has no password yet: its owner sets one by an invitation, or signs in by OIDC.

    Raises:
        InputError: the address is none, or is taken, or the side does not live on this node.
    """
    check_hosted(side)
    address = normal_email(email)
    try:
        validate_email(address)
    except ValidationError:
        raise InputError(
            "parties.email", N_('"{email}" is not a mail address. Give one such as name@example.org.'), email=email[:80]
        ) from None
    if User.objects.filter(email=address).exists():
        raise email_taken(address)
    user = User(
        email=address,
        name=name.strip(),
        owner_side=side,
        language=language,
        is_demo=is_demo,
        created_at=timezone.now(),
    )
    user.set_unusable_password()
    try:
        with transaction.atomic():
            user.save(force_insert=True)
    except IntegrityError:  # somebody else was invited by this address at the same moment
        raise email_taken(address) from None
    EmailAddress.objects.create(user=user, email=address, verified=True, primary=True)
    record_append(side=user.owner_side, kind="account.added", payload={"account": user.id})
    return user


def user_set_language(*, user: User, language: str) -> None:
    """Remember the language in which an account reads."""
    if user.language != language:
        user.language = language
        user.save(update_fields=["language"])


def email_taken(address: str) -> InputError:
    """Return the refusal of an address that has an account."""
    return InputError(
        "parties.email_taken", N_("{email} has an account already. Grant that account a role."), email=address
    )


@transaction.atomic
def user_close(*, user: User, closed_by: User | None = None) -> None:
    """Close an account: it can no longer sign in, its open pages and tokens stop working, and its roles end."""
    if user.closed_at is not None:
        return
    user.is_active, user.closed_at = False, timezone.now()
    user.save(update_fields=["is_active", "closed_at"])
    for token in user.api_tokens.filter(ended_at=None):
        token_end(token=token)
    for role in user.roles.filter(ended_at=None):
        role_end(role=role, ended_by=closed_by)
    record_append(side=user.owner_side, kind="account.closed", payload={"account": user.id})


# Organisations and people


@transaction.atomic
def organisation_add(
    *, side: str, park: str, name: str, name_latin: str = "", uscc: str = "", business_registration: str = ""
) -> Organisation:
    """Add a tenant of a park.

    Raises:
        InputError: the park is not this side's, it has no name, or the credit code does not hold together.
    """
    check_park(check_hosted(side), park)
    organisation = Organisation.objects.create(
        owner_side=side,
        park=park,
        name=_named(name),
        name_latin=_named_or_empty(name_latin),
        uscc=read_uscc(uscc) if uscc else "",
        business_registration=business_registration.strip(),
        created_at=timezone.now(),
    )
    record_append(
        side=side, kind="organisation.added", payload={"organisation": organisation.id, "park": organisation.park}
    )
    return organisation


@transaction.atomic
def person_add(*, side: str, name: str, name_latin: str = "", organisation: Organisation | None = None) -> Person:
    """Add a person, at a side, employed by an organisation of that side or by none.

    Raises:
        InputError: they have no name, or the organisation is the other side's.
    """
    check_hosted(side)
    if organisation is not None:
        check_same_side(side, organisation.owner_side)
    person = Person.objects.create(
        owner_side=side,
        name=_named(name),
        name_latin=_named_or_empty(name_latin),
        organisation=organisation,
        created_at=timezone.now(),
    )
    _record_person("person.added", person)
    return person


@transaction.atomic
def person_change(*, person: Person, name: str, name_latin: str = "") -> Person:
    """Correct the names of a person.

    Raises:
        InputError: there is no name.
    """
    person.name, person.name_latin = _named(name), _named_or_empty(name_latin)
    person.save(update_fields=["name", "name_latin"])
    _record_person("person.changed", person)
    return person


@transaction.atomic
def person_leave(*, person: Person) -> Person:
    """Note that a person left their organisation. They keep their own account; the organisation sees them no more."""
    if person.left_at is None:
        person.left_at = timezone.now()
        person.save(update_fields=["left_at"])
        _record_person("person.left", person)
    return person


def _record_person(what: str, person: Person) -> None:
    payload = {"person": person.id, "organisation": person.organisation_id}
    record_append(side=person.owner_side, kind=what, payload=payload)


def _named(name: str) -> str:
    named = " ".join(name.split())
    if looks_empty(named) or len(named) > NAME_LENGTH:
        raise InputError(
            "parties.name", N_("A name has 1 to {most} characters. Type the name as it is written."), most=NAME_LENGTH
        )
    if holds_unseen(named):  # such as one that turns a line
        raise InputError("parties.name", N_("The name holds a character that cannot be seen. Type it anew."))
    return named


def _named_or_empty(name: str) -> str:
    return _named(name) if name.strip() else ""


@transaction.atomic
def identity_number_add(*, person: Person, kind: str, number: str) -> IdentityNumber:
    """Keep a document number of a person, sealed.

    Raises:
        InputError: it does not hold together, or somebody else holds it already.
    """
    side = zone().side(person.owner_side)
    plain = normal_number(kind, number, on=date_in(timezone.now(), side.side.time_zone))
    index = keys.finding_index(person.owner_side, kind, plain)
    if person.identity_numbers.filter(finding_index=index).exists():
        return person.identity_numbers.get(finding_index=index)
    try:
        with transaction.atomic():
            added = IdentityNumber.objects.create(
                owner_side=person.owner_side,
                person=person,
                kind=kind,
                sealed=keys.seal(person.owner_side, plain),
                finding_index=index,
                created_at=timezone.now(),
            )
    except IntegrityError:
        raise InputError(
            "parties.number_taken",
            N_("A person with this number is registered already. Ask them, or whoever they work for."),
        ) from None
    _record_number("person.number_added", added)
    return added


@transaction.atomic
def identity_number_remove(*, number: IdentityNumber) -> None:
    """Keep a document number no longer."""
    _record_number("person.number_removed", number)
    number.delete()


def _record_number(what: str, number: IdentityNumber) -> None:
    payload = {"person": number.person_id, "number": number.id, "kind": number.kind}
    record_append(side=number.owner_side, kind=what, payload=payload)


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
        InputError: no such role, it lacks what it is held for, that belongs to the other side, it is held already,
            or another account of the same human is an officer.
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
    check_scope(kind, {name for name, value in given.items() if value})
    for row in (person, organisation, granted_by):
        if row is not None:
            check_same_side(user.owner_side, row.owner_side)
    check_places(user.owner_side, authority, control_point, park)
    check_grantable(user, kind, given)
    try:
        with transaction.atomic():
            role = Role.objects.create(
                owner_side=user.owner_side,
                user=user,
                kind=kind,
                granted_at=timezone.now(),
                granted_by=granted_by,
                **given,
            )
    except IntegrityError:  # granted at the same moment by somebody else
        raise person_has_account() if kind == "holder" else role_held() from None
    user.__dict__.pop("held_roles", None)
    _record_role("role.granted", role, granted_by)
    return role


@transaction.atomic
def role_end(*, role: Role, ended_by: User | None = None) -> Role:
    """End a role; that it was held stays known, and ending it again changes nothing."""
    now = timezone.now()
    if Role.objects.filter(pk=role.pk, ended_at=None).update(ended_at=now):
        role.ended_at = now
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

_LOOKS = {"own_staff": "coordinator", "case": "officer", "crossing": "gate", "audit": "auditor"}


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
    roles = [role for role in viewer.held_roles if role.kind == _LOOKS[purpose]]
    if not roles or any(person.owner_side != viewer.owner_side for person in others):
        raise PermissionDenied
    at = timezone.now()
    views = ViewRecord.objects.bulk_create(
        ViewRecord(
            owner_side=viewer.owner_side,
            viewer=viewer,
            role=_role_for(person, roles),
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


def _role_for(person: Person, roles: list[Role]) -> Role:
    """Return the role in which one looks: with several organisations, that of the person's own."""
    return next((role for role in roles if role.organisation_id == person.organisation_id), roles[0])


@transaction.atomic
def search_record(*, officer: User, found: int) -> None:
    """Record that an officer searched for a person, even if nobody was found: trying names leaves a trace."""
    payload = {"officer": officer.id, "found": found}
    record_append(side=officer.owner_side, kind="people.searched", payload=payload)


@transaction.atomic
def accounts_view_record(*, viewer: User, accounts: Iterable[User], page: str) -> None:
    """Record that names and addresses of other accounts are about to be shown."""
    others = sorted({account.id for account in accounts} - {viewer.id})
    if others:
        payload = {"viewer": viewer.id, "page": page, "accounts": others}
        record_append(side=viewer.owner_side, kind="accounts.viewed", payload=payload)
