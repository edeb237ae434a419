"""What parties hold about one person, for the copy that they may ask for."""

from __future__ import annotations

from typing import Any

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession

from riverloop.apps.parties.models import Person, Role, User


def held_about(person: Person) -> list[dict[str, Any]]:
    """Return everything that parties hold about a person, as plain values; document numbers in full.

    The account that stands for the person now is in it; secrets of a second factor, and whoever looked by name,
    are not theirs and are left out.
    """
    accounts = User.objects.filter(roles__person=person, roles__ended_at=None).distinct().order_by("created_at", "id")
    return [_person(person), *(_account(user) for user in accounts), *_views(person)]


def _person(person: Person) -> dict[str, Any]:
    return {
        "kind": "person",
        "id": person.id,
        "side": person.owner_side,
        "name": person.name,
        "name_latin": person.name_latin,
        "organisation": person.organisation.name if person.organisation else None,
        "added": _instant(person.created_at),
        "left": _instant(person.left_at),
        "document_numbers": [
            {"kind": number.kind, "number": number.opened(), "added": _instant(number.created_at)}
            for number in person.identity_numbers.order_by("created_at", "id")
        ],
    }


def _account(user: User) -> dict[str, Any]:
    return {
        "kind": "account",
        "id": user.id,
        "mail_address": user.email,
        "name": user.name,
        "language": user.language,
        "made": _instant(user.created_at),
        "last_sign_in": _instant(user.last_login),
        "closed": _instant(user.closed_at),
        "roles": [_role(role) for role in user.roles.order_by("granted_at", "id")],
        "tokens": [
            {"name": token.name, "scopes": token.scopes, "made": _instant(token.made_at)}
            | {"expires": _instant(token.expires_at), "last_used": _instant(token.last_used_at)}
            | {"ended": _instant(token.ended_at)}
            for token in user.api_tokens.order_by("made_at", "id")
        ],
        "second_factors": [
            {"type": one.type, "added": _instant(one.created_at), "last_used": _instant(one.last_used_at)}
            for one in Authenticator.objects.filter(user=user).order_by("created_at", "id")
        ],
        "sessions": [
            {"since": _instant(one.created_at), "address": one.ip, "browser": one.user_agent}
            for one in UserSession.objects.filter(user=user).order_by("created_at", "id")
        ],
    }


def _role(role: Role) -> dict[str, Any]:
    return {"kind": role.kind, "since": _instant(role.granted_at), "until": _instant(role.ended_at)}


def _views(person: Person) -> list[dict[str, Any]]:
    found = person.views.select_related("role").order_by("at", "id")
    return [
        {"kind": "view", "at": _instant(view.at), "role": view.role.kind, "authority": view.role.authority or None}
        | {"purpose": view.purpose, "case": view.case or None}
        for view in found
    ]


def _instant(at: Any) -> str | None:
    return at.isoformat(timespec="seconds") if at else None
