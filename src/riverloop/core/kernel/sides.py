"""Sides and the boundary between them, as the rules need to know them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from riverloop.core.kernel.errors import InputError, ZoneError, did_you_mean

Flow = Literal["person", "goods", "data"]
FLOWS: tuple[Flow, ...] = ("person", "goods", "data")
LANGUAGES = ("en", "zh-Hant", "zh-Hans")

Text = dict[str, str]
"""One text in every language: ``{"en": …, "zh-Hant": …, "zh-Hans": …}``."""


@dataclass(frozen=True, slots=True)
class Authority:
    """An agency of a side.

    Args:
        id: ``side.agency``, such as ``hk.dh``.
        title: its name in three languages.
        roles: what shared rules may call it by, such as ``health``.
    """

    id: str
    title: Text
    roles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Side:
    """One jurisdiction.

    Args:
        id: short lower-case code from the zone file.
        title: its name in three languages.
        time_zone: IANA name; a date in its law is a date there.
        calendar: name of its working calendar in the dictionary of facts.
        authorities: its agencies.
    """

    id: str
    title: Text
    time_zone: str
    calendar: str
    authorities: tuple[Authority, ...] = ()

    def authority(self, name: str) -> str:
        """Return the id of the authority with this id or role; a role that nobody has stays a role."""
        for authority in self.authorities:
            if name == authority.id or name in authority.roles:
                return authority.id
        return name if "." in name else f"{self.id}.{name}"


@dataclass(frozen=True, slots=True)
class Boundary:
    """Two sides and what the zone between them assumes.

    Args:
        zone: id of the zone.
        sides: exactly two.
        assume: ids of announced rules that count here, labelled as pilot.
    """

    zone: str
    sides: tuple[Side, Side]
    assume: frozenset[str] = field(default_factory=frozenset)

    def __post_init__(self) -> None:
        if len(self.sides) != 2 or self.sides[0].id == self.sides[1].id:  # noqa: PLR2004 - a boundary has two sides
            raise ZoneError("zone.sides", "A zone has exactly two different sides. Name two.", where=self.zone)

    @property
    def directions(self) -> tuple[str, str]:
        """Both directions, written ``from-to``."""
        one, other = (side.id for side in self.sides)
        return (f"{one}-{other}", f"{other}-{one}")

    def side(self, side_id: str, *, where: str = "") -> Side:
        """Return the side with this id.

        Raises:
            InputError: the zone has no such side.
        """
        for side in self.sides:
            if side.id == side_id:
                return side
        raise InputError(
            "sides.unknown",
            'Zone {zone} has no side "{side}". Its sides are {known}.',
            where=where,
            zone=self.zone,
            side=side_id,
            known=", ".join(side.id for side in self.sides),
        )

    def check_direction(self, direction: object, *, where: str = "") -> str:
        """Return ``direction`` if the zone has it.

        Raises:
            InputError: the zone lacks it.
        """
        if direction in self.directions:
            return str(direction)
        raise InputError(
            "sides.direction",
            'Zone {zone} has no direction "{direction}". Choose {known}.{hint}',
            where=where,
            zone=self.zone,
            direction=str(direction)[:40],
            known=" or ".join(self.directions),
            hint=did_you_mean(str(direction)[:40], self.directions),
        )


def origin(direction: str) -> str:
    """Return the side a direction leaves."""
    return direction.partition("-")[0]


def destination(direction: str) -> str:
    """Return the side a direction reaches."""
    return direction.partition("-")[2]
