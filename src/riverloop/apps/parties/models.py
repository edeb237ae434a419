"""Who there is. Each row belongs to one side, and points only to rows of that side."""

from __future__ import annotations

import unicodedata
from functools import cached_property
from typing import Any, ClassVar

import rules
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import Q, Value
from django.db.models.functions import Coalesce

from riverloop.apps.nodes import keys
from riverloop.apps.parties.here import active_language
from riverloop.apps.parties.words import DOCUMENT_WORDS, PURPOSE_WORDS, ROLE_WORDS
from riverloop.core.identity import mask_number
from riverloop.core.kernel.ids import new_id

SIDE_LENGTH = 8
NAME_LENGTH = 200


def random_id_field() -> models.CharField[str, str]:
    """Return a primary key that tells nothing and is unique on both sides."""
    return models.CharField(primary_key=True, max_length=26, default=new_id, editable=False)


def side_field() -> models.CharField[str, str]:
    """Return the field for the side that a row belongs to."""
    return models.CharField(max_length=SIDE_LENGTH, db_index=True)


def normal_email(email: str) -> str:
    """Return a mail address in the one form in which it is kept: addresses that look alike are one account."""
    return unicodedata.normalize("NFKC", email).strip().lower()


class UserManager(BaseUserManager["User"]):
    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email=normal_email(username or ""))


class User(AbstractBaseUser):
    """An account: one person's way in at one side. Roles say what it may do."""

    id = random_id_field()
    owner_side = side_field()
    email = models.EmailField(unique=True, max_length=254)
    name = models.CharField(max_length=NAME_LENGTH)
    language = models.CharField(max_length=8, default="en")
    is_active = models.BooleanField(default=True)
    is_demo = models.BooleanField(default=False)  # may be entered without a password, in demo mode alone
    created_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)
    erased_at = models.DateTimeField(null=True, blank=True)  # name and address gone, by the retention table

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name", "owner_side"]

    def __str__(self) -> str:
        return self.id  # and never the address: it is what logs and tracebacks show

    def clean(self) -> None:
        super().clean()
        self.email = normal_email(self.email)

    @cached_property
    def held_roles(self) -> list[Role]:
        """The roles that this account holds now; read once a request."""
        return list(self.roles.filter(ended_at=None).select_related("organisation", "person").order_by("granted_at"))

    def has_perm(self, permission: str, what: Any = None) -> bool:
        return bool(self.is_active and rules.has_perm(permission, self, what))


class Named(models.Model):
    """Something with a name in its own script and, if that is not Latin, one that Latin readers can read."""

    name = models.CharField(max_length=NAME_LENGTH)
    name_latin = models.CharField(max_length=NAME_LENGTH, blank=True)

    class Meta:
        abstract = True

    @property
    def shown_name(self) -> str:
        """The name that suits the language of the page."""
        return (self.name_latin or self.name) if active_language() == "en" else self.name


class Organisation(Named):
    """A tenant of a park."""

    id = random_id_field()
    owner_side = side_field()
    park = models.CharField(max_length=40)  # id in the zone file
    uscc = models.CharField(max_length=18, blank=True)  # unified social credit code
    business_registration = models.CharField(max_length=40, blank=True)
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.id


class Person(Named):
    """A holder: the person whom a listing, a pass or a decision is about."""

    id = random_id_field()
    owner_side = side_field()
    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, null=True, blank=True, related_name="people"
    )
    created_at = models.DateTimeField()
    left_at = models.DateTimeField(null=True, blank=True)  # no longer of the organisation, which stays named
    erased_at = models.DateTimeField(null=True, blank=True)  # name and numbers gone, by the retention table

    class Meta:
        indexes = [
            models.Index(fields=["owner_side", "name_latin", "name", "id"], name="parties_people_by_name"),
            models.Index(fields=["organisation", "name_latin", "name", "id"], name="parties_people_of_tenant"),
        ]

    def __str__(self) -> str:
        return self.id


class IdentityNumber(models.Model):
    """A document number of a person: sealed, and found by an index that only the side's key can make."""

    id = random_id_field()
    owner_side = side_field()
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="identity_numbers")
    kind = models.CharField(max_length=24, choices=DOCUMENT_WORDS)
    sealed = models.BinaryField()
    finding_index = models.BinaryField(max_length=32)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["owner_side", "finding_index"], name="parties_one_person_a_number"),
        ]

    def __str__(self) -> str:
        return self.id

    def opened(self) -> str:
        """Return the number; whoever shows it records the view."""
        return keys.unseal(self.owner_side, self.sealed)

    def masked(self) -> str:
        """Return the number as its holder knows it again and nobody else can use it."""
        return mask_number(self.opened())


ROLE_SCOPES = {
    "holder": "person",
    "coordinator": "organisation",
    "officer": "authority",
    "gate": "control_point",
    "operator": "park",
    "planner": "",
    "treasurer": "",
    "auditor": "",
}
"""What each role is held for; without one, for the whole side."""

_SCOPES = tuple(dict.fromkeys(scope for scope in ROLE_SCOPES.values() if scope))


def _is_empty(scope: str) -> Q:
    return Q(**{f"{scope}__isnull": True}) if scope in ("person", "organisation") else Q(**{scope: ""})


def _fits_scope() -> Q:
    fits = Q()
    for kind, wanted in ROLE_SCOPES.items():
        clause = Q(kind=kind)
        for scope in _SCOPES:
            clause &= ~_is_empty(scope) if scope == wanted else _is_empty(scope)
        fits |= clause
    return fits


class Role(models.Model):
    """What an account may do, for whom, since when. One account may hold several."""

    id = random_id_field()
    owner_side = side_field()
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="roles")
    kind = models.CharField(max_length=12, choices=ROLE_WORDS)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, blank=True, related_name="roles")
    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, null=True, blank=True, related_name="roles"
    )
    authority = models.CharField(max_length=40, blank=True)  # these three: ids in the zone file
    control_point = models.CharField(max_length=40, blank=True)
    park = models.CharField(max_length=40, blank=True)
    granted_at = models.DateTimeField()
    granted_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="granted_roles")
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=_fits_scope(), name="parties_role_has_its_scope"),
            models.UniqueConstraint(
                *("user", "kind", "authority", "control_point", "park"),
                *(Coalesce(scope, Value("")) for scope in ("person", "organisation")),
                condition=Q(ended_at=None),
                name="parties_role_held_once",
            ),
            models.UniqueConstraint(
                fields=["person"], condition=Q(kind="holder", ended_at=None), name="parties_one_account_a_person"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"


class ViewRecord(models.Model):
    """Who looked at whose personal data, when, and what for."""

    id = random_id_field()
    owner_side = side_field()
    viewer = models.ForeignKey(User, on_delete=models.PROTECT, related_name="views")
    role = models.ForeignKey(Role, on_delete=models.PROTECT, related_name="views")  # in which they could look
    subject = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="views")
    purpose = models.CharField(max_length=16, choices=PURPOSE_WORDS)
    case = models.CharField(max_length=60, blank=True)
    page = models.CharField(max_length=60)  # name of the address, which holds no data
    at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["subject", "-at", "id"], name="parties_views_of_subject"),
            models.Index(fields=["owner_side", "-at", "id"], name="parties_views_of_side"),
        ]

    def __str__(self) -> str:
        return self.id


class ApiToken(models.Model):
    """What a program signs in with: it may do what its account may, within its scopes, until it ends."""

    id = random_id_field()
    owner_side = side_field()
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=60)
    scopes = models.JSONField(default=list)  # of TOKEN_SCOPES
    prefix = models.CharField(max_length=12)  # by which its owner knows it again
    digest = models.BinaryField(max_length=32, unique=True)  # SHA-256 of the token, which has 256 random bits
    second_factor = models.BooleanField(default=False)  # was shown when the token was made
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["user", "-made_at"], name="parties_tokens_of_account")]

    def __str__(self) -> str:
        return self.id  # and never the prefix: a log needs none of it

    def may(self, scope: str) -> bool:
        """Say whether the token reaches this far; what its account may not do, it may not do either."""
        return scope in self.scopes


class IdempotencyKey(models.Model):
    """A write that a program asked for once, with the answer it got, so that asking again does nothing anew."""

    id = random_id_field()
    owner_side = side_field()
    token = models.ForeignKey(ApiToken, on_delete=models.CASCADE, related_name="idempotency_keys")
    key = models.CharField(max_length=100)
    request = models.CharField(max_length=200)  # method and path
    body_sha256 = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(null=True, blank=True)  # None: still being answered
    answer = models.TextField(blank=True)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["token", "key"], name="parties_idempotency_key_once")]
        indexes = [models.Index(fields=["at"], name="parties_idempotency_by_age")]

    def __str__(self) -> str:
        return self.id
