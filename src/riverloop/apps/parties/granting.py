"""What stands in the way of granting a role: it is held already, or the account is a human's second way in.

Two officers have to agree where one alone might err or be bought, so one human shall not be both. An account is a way
in and proves nobody's identity; what shows that two are one human's is asked here, and the rest is for whoever grants
roles to know (docs/guides/look-after-a-node.md).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from riverloop.apps.parties.models import Person, Role, User, normal_email
from riverloop.apps.parties.words import N_
from riverloop.core.kernel.errors import InputError


def check_grantable(user: User, kind: str, given: Mapping[str, Any]) -> None:
    """Refuse a role that is held already, or that would make one human two officers.

    Raises:
        InputError: it may not be granted.
    """
    if Role.objects.filter(user=user, kind=kind, ended_at=None, **given).exists():
        raise role_held()
    if kind == "holder":
        if Role.objects.filter(kind="holder", person=given["person"], ended_at=None).exists():
            raise person_has_account()
        if Role.objects.filter(user=user, kind="officer", ended_at=None).exists():
            _check_one_officer(user, given["person"])
    if kind == "officer":
        _check_one_officer(user, None)


def role_held() -> InputError:
    """Return the refusal of a role that the account holds."""
    return InputError("parties.role_held", N_("The account holds this role already. Nothing needs to be done."))


def person_has_account() -> InputError:
    """Return the refusal of a second account of a person."""
    return InputError(
        "parties.person_has_account", N_("This person has an account already. End that role before you invite again.")
    )


def is_same_human(one: User, other: User) -> bool:
    """Say whether two accounts are one human's, as far as the accounts show it.

    They are if both hold or held the role of one person, reach one mailbox, or have one name in one mail domain.
    """
    if one.pk == other.pk or _people(one) & _people(other):
        return True
    if one.is_demo and other.is_demo:  # made up, named alike, and open to everyone
        return False
    (mailbox, domain), (other_mailbox, other_domain) = _mailbox(one), _mailbox(other)
    return domain == other_domain and (mailbox == other_mailbox or _name(one) == _name(other) != "")


def _check_one_officer(user: User, person: Person | None) -> None:
    others = User.objects.filter(roles__kind="officer", roles__ended_at=None, owner_side=user.owner_side)
    for other in others.exclude(pk=user.pk).distinct():
        if is_same_human(user, other) or (person is not None and person.pk in _people(other)):
            raise InputError(
                "parties.second_officer",
                N_(
                    "Another account of the same person is an officer already. Grant the role to that one. Of two "
                    "people with one name, write what tells them apart, such as a staff number, into the account's "
                    "name."
                ),
            )


def _people(user: User) -> set[str]:
    """Return the ids of whom an account holds or held the role of: that a role ended makes nobody somebody else."""
    found = Role.objects.filter(user=user, kind="holder").values_list("person", flat=True)
    return {person for person in found if person}


def _mailbox(user: User) -> tuple[str, str]:
    """Return mailbox and domain; what stands after a plus sign leads into the same mailbox."""
    local, _, domain = normal_email(user.email).rpartition("@")
    return local.partition("+")[0] or local, domain


def _name(user: User) -> str:
    return " ".join(user.name.casefold().split())
