"""What a role is held for and where a row belongs: refused in one line if it is not this side's."""

from __future__ import annotations

from riverloop.apps.parties.here import zone
from riverloop.apps.parties.models import ROLE_SCOPES
from riverloop.apps.parties.words import N_
from riverloop.core.kernel.errors import InputError, did_you_mean


def check_scope(kind: str, given: set[str]) -> None:
    """Refuse a role that is held for something else, or for nothing."""
    wanted = {ROLE_SCOPES[kind]} - {""}
    if given != wanted:
        raise InputError(
            "parties.role_scope",
            N_("The role {kind} is held for {wanted}, but {given} was given. Give exactly that."),
            kind=kind,
            wanted=", ".join(sorted(wanted)) or "-",
            given=", ".join(sorted(given)) or "-",
        )


def check_same_side(one: str, other: str) -> None:
    """Refuse what belongs to the other side."""
    if one != other:
        raise InputError(
            "parties.other_side",
            N_("That belongs to side {other}, and this to {one}. Each side keeps its own: make one there."),
            one=one,
            other=other,
        )


def check_park(side: str, park: str) -> None:
    """Refuse a park that is not the side's."""
    known = [one.id for one in zone().parks if one.side == zone().side(side).id]
    if park not in known:
        raise _unknown(park, known)


def check_places(side: str, authority: str, control_point: str, park: str) -> None:
    """Refuse an authority, control point or park that the side lacks."""
    known = [one.id for one in zone().side(side).side.authorities]
    if authority and authority not in known:
        raise _unknown(authority, known)
    if control_point:
        zone().control_point(control_point)
    if park:
        check_park(side, park)


def _unknown(name: str, known: list[str]) -> InputError:
    return InputError(
        "parties.unknown",
        N_('This side has no "{name}".{hint} It has {known}.'),
        name=name,
        hint=did_you_mean(name, known),
        known=", ".join(known),
    )
