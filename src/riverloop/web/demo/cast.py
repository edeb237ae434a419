"""The cast of the demo: accounts whose names say what they do, made from the zone file through the real services.

Everyone is made up. A cast that is there already is left alone, so that loading twice changes nothing.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from riverloop.apps.nodes.here import hosts
from riverloop.apps.parties import services
from riverloop.apps.parties.here import zone
from riverloop.apps.parties.models import Organisation, Person, User
from riverloop.core.kernel.sides import Authority
from riverloop.web.demo.clock import clock_of_the_day

_TENANTS = [
    ("三角洲生物科技", "Delta Biolabs"),
    ("河岸医药研究", "Riverbank Therapeutics"),
    ("榕树数据", "Banyan Data"),
    ("白鹭器械", "Egret Devices"),
]
_PEOPLE = [
    [("陳嘉欣", "Chan Ka Yan"), ("李志明", "Lee Chi Ming"), ("Anna Keller", "")],
    [("王晓梅", "Wang Xiaomei"), ("刘洋", "Liu Yang"), ("赵敏", "Zhao Min")],
]
_OFFICERS = {"immigration": 4, "customs": 2, "health": 2, "science": 2, "data": 2, "privacy": 1, "fire": 1, "local": 1}
"""How many of each. Two sign the refusal of a person, and neither of them decides what is said against it."""

_HERE_SINCE = timedelta(days=7)  # before the day for which they file


@transaction.atomic
def cast_load() -> int:
    """Add whoever of the cast is missing, and return how many accounts the cast has."""
    with clock_of_the_day() as clock:
        clock.put_to(timezone.now() - _HERE_SINCE)
        for number, side in enumerate(zone().sides):
            if hosts(side.id) and not User.objects.filter(is_demo=True, owner_side=side.id).exists():
                _Cast(side.id, number).load()
    return User.objects.filter(is_demo=True).count()


def _first_role(authority: Authority) -> str:
    """Return the role by which an authority's officers are listed: one that has several is listed once."""
    return next((role for role in _OFFICERS if role in authority.roles), "")


class _Cast:
    """The cast of one side."""

    def __init__(self, side: str, number: int) -> None:
        self.side, self.number = side, number

    def load(self) -> None:
        for park in [one for one in zone().parks if one.side == self.side]:
            self.tenants(park.id)
            self.account("operator", park.id, park=park.id)
        authorities = zone().side(self.side).side.authorities
        for role in _OFFICERS:
            for authority in [one for one in authorities if role == _first_role(one)]:
                for number in range(1, max(_OFFICERS.get(one, 0) for one in authority.roles) + 1):
                    suffix = authority.id if number == 1 else f"{authority.id}-{number}"
                    self.account("officer", suffix, number=number, authority=authority.id)
        for point in [one for one in zone().control_points if one.status == "open" and one.position]:
            self.account("gate", point.id, control_point=point.id)
        for kind in ("planner", "treasurer", "auditor"):
            self.account(kind, "")

    def tenants(self, park: str) -> None:
        """Add the tenants of a park; the first has people, and the first of them an account."""
        own = _TENANTS[self.number :: 2]
        made = [self.organisation(park, name, latin) for name, latin in own]
        for place, organisation in enumerate(made):
            self.account("coordinator", f"{park}-{place + 1}", organisation=organisation)
        people = [self.person(made[0], name, latin) for name, latin in _PEOPLE[self.number]]
        self.account("holder", park, person=people[0])

    def organisation(self, park: str, name: str, latin: str) -> Organisation:
        return services.organisation_add(side=self.side, park=park, name=name, name_latin=latin)

    def person(self, organisation: Organisation, name: str, latin: str) -> Person:
        return services.person_add(side=self.side, name=name, name_latin=latin, organisation=organisation)

    def account(self, kind: str, suffix: str, *, number: int = 0, **held_for: Any) -> None:
        place = suffix.replace("_", "-").replace(".", "-")
        address = "-".join(part for part in (kind, self.side, place) if part) + "@demo.invalid"
        name = held_for["person"].name if "person" in held_for else f"{kind.capitalize()} {number or ''}".strip()
        user = services.user_add(email=address, name=name, side=self.side, is_demo=True)
        services.role_grant(user=user, kind=kind, **held_for)
