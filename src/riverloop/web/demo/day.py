"""A day of the demo: movements of all flows, filed, decided, asked about, refused and crossed by the demo's cast.

A generator with a fixed seed draws from the file of the zone beside this module, and everything goes through the
services that the pages use, by a clock of its own: it is filed and worked on the day before, and crosses at its hour.
A zone without such a file has a cast and no day.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, time, timedelta
from importlib import resources
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from riverloop.apps.clearance import services as clearance
from riverloop.apps.clearance.models import Movement, Question
from riverloop.apps.clearance.outcomes import outcome_of
from riverloop.apps.clearance.services import Draft, DraftItem
from riverloop.apps.desk import services as desk
from riverloop.apps.desk.models import Matter
from riverloop.apps.documents import services as documents
from riverloop.apps.nodes.here import hosted_sides, hosts_both
from riverloop.apps.parties import services as parties
from riverloop.apps.parties.here import zone
from riverloop.apps.parties.models import Organisation, Person, Role, User
from riverloop.apps.record.rounds import logs_round
from riverloop.core.kernel.instants import date_in, time_zone
from riverloop.core.kernel.sides import origin
from riverloop.core.kernel.sources import read_yaml
from riverloop.web.demo.clock import Clock, clock_of_the_day

_NOTE = "Synthetic: made by the demo."
_ACTS = {"referral": ("allow", "refuse"), "refusal": ("refuse", "refuse"), "permit": ("accept", "reject")}
_ASKED_ABOUT = ("referral", "refusal")
_HOLDER_SHARE = 12  # of a hundred crossings of their employer's people
_PAUSE = timedelta(seconds=40)  # between two things that officers or coordinators do


def day_load(*, now: datetime | None = None) -> int:
    """Load the day, unless a day is there already, and return how many movements it has."""
    spec = day_spec()
    if spec is None or Movement.objects.exists():
        return 0
    return Day(spec, now or timezone.now()).load()


def day_spec() -> Mapping[str, Any] | None:
    file = resources.files("riverloop.web.demo").joinpath(f"{zone().id}.yaml")
    if not file.is_file():
        return None
    value: Mapping[str, Any] = read_yaml(file.read_text("utf-8"), name=file.name).value
    return value


class Day:
    """One day, drawn from its file."""

    def __init__(self, spec: Mapping[str, Any], now: datetime) -> None:
        self.spec, self.now = spec, now
        self.random = random.Random(spec["seed"])  # noqa: S311 - the same day for everyone, and nothing to guess
        self.crossers: dict[tuple[str, str], User] = {}
        self.refused: set[str] = set()  # movements of holders, by the ref that both sides know
        self.tenants = {side: self.tenants_of(side) for side in hosted_sides()}
        self.people = {
            side: {one.id: list(one.people.all()) for one, _ in pairs} for side, pairs in self.tenants.items()
        }

        held = Role.objects.filter(kind="holder", user__is_demo=True, ended_at=None).select_related("person")
        self.holders = {role.person.organisation_id: role.person for role in held if role.person}

    def load(self) -> int:
        """File, decide, answer and let cross."""
        with clock_of_the_day() as clock:
            with transaction.atomic():  # stopped half way, nothing of it is there, and the next start begins anew
                clock.put_to(self.hour_before("file"))
                for side in self.tenants:
                    self.add_people(side)
                self.add_permits()
                filed = self.file()
            for part in (self.officers, self.coordinators, self.cross):
                with transaction.atomic():  # what each side tells the other goes at once, and is decided on at once
                    part(clock)
                if hosts_both():
                    logs_round()  # what both cleared crosses once both have signed it
        return filed

    def hour_before(self, work: str) -> datetime:
        """Return when something is done on the day before."""
        clock = zone().sides[0].side.time_zone
        return datetime.combine(
            date_in(self.now, clock) - timedelta(days=1), time(self.spec["evening"][work]), time_zone(clock)
        )

    def tenants_of(self, side: str) -> list[tuple[Organisation, User]]:
        roles = Role.objects.filter(kind="coordinator", owner_side=side, user__is_demo=True, ended_at=None)
        return [
            (role.organisation, role.user)
            for role in roles.select_related("organisation", "user").order_by("granted_at", "id")
            if role.organisation
        ]

    def add_people(self, side: str) -> None:
        """Add those whom movements are about; the tenants' people of the cast are among them."""
        wanted = self.spec["people"][side]
        for number in range(1, wanted["count"] + 1):
            employer = self.tenants[side][number % len(self.tenants[side])][0]
            name, latin = (wanted[key].format(n=f"{number:03}") for key in ("name", "latin"))
            added = parties.person_add(side=side, name=name, name_latin=latin, organisation=employer)
            self.people[side][employer.id].append(added)

    def add_permits(self) -> None:
        for place, one in enumerate(self.spec["permits"]):
            for number, (organisation, user) in enumerate(self.tenants.get(one["side"], ())):
                documents.permit_add(
                    by=user,
                    organisation=organisation,
                    document=one["document"],
                    number=f"SYNTHETIC-{place + 1}{number + 1:03}",
                    issuer=one["issuer"],
                    issued_on=self.today(one["side"]) - timedelta(days=60),
                    expires_on=self.today(one["side"]) + timedelta(days=300),
                    quantity=one["quantity"],
                    unit=one["unit"],
                )

    def today(self, side: str) -> date:
        return date_in(self.now, zone().side(side).side.time_zone)

    # Filing --------------------------------------------------------------------------------------------------

    def file(self) -> int:
        """File the drafts of each tenant at once."""
        kinds, own = self.spec["kinds"], list(self.of_holders())
        drawn = self.random.choices(kinds, [kind["share"] for kind in kinds], k=self.spec["movements"] - len(own))
        drafts: dict[str, list[Draft]] = {}
        by: dict[str, tuple[Organisation, User]] = {}
        for number, kind in enumerate([*own, *drawn], 1):
            if origin(kind["direction"]) not in self.tenants:  # the other side's node files it
                continue
            organisation, user = kind.get("tenant") or self.random.choice(self.tenants[origin(kind["direction"])])
            by[organisation.id] = (organisation, user)
            drafts.setdefault(organisation.id, []).append(self.draft(kind, organisation, number))
        for key, (organisation, user) in by.items():
            clearance.movements_declare(by=user, organisation=organisation, drafts=drafts[key], twice=True)
        refused = [_reference(number) for number, kind in enumerate(own, 1) if kind["refused"]]
        self.refused = set(Movement.objects.filter(reference__in=refused).values_list("ref", flat=True))
        return sum(map(len, drafts.values()))

    def of_holders(self) -> Iterator[Mapping[str, Any]]:
        """Yield the kinds of movement that the holders of the cast find on their page in any case."""
        kinds = {kind["name"]: kind for kind in self.spec["kinds"]}
        for side, wanted in self.spec["holders"].items():
            for tenant in self.tenants.get(side, ()):
                for one in wanted if tenant[0].id in self.holders else ():
                    kind, facts = kinds[one["kind"]], one.get("facts", {})
                    yield {
                        **kind,
                        "tenant": tenant,
                        "person": self.holders[tenant[0].id],
                        "refused": one.get("refused", False),
                        "at": one["at"],
                        "facts": kind["facts"] | facts,
                        "vary": {name: values for name, values in kind["vary"].items() if name not in facts},
                        "days": kind.get("days", {}) | one.get("days", {}),
                    }

    def draft(self, kind: Mapping[str, Any], organisation: Organisation, number: int) -> Draft:
        side = origin(kind["direction"])
        day = self.today(side)
        facts = dict(kind["facts"]) | {name: self.random.choice(values) for name, values in kind["vary"].items()}
        facts |= {name: (day + timedelta(days=days)).isoformat() for name, days in kind.get("days", {}).items()}
        first, last = kind["at"]
        minutes = self.random.randrange(first * 60, last * 60, 5)
        clock = time_zone(zone().side(side).side.time_zone)
        person = kind.get("person") or (self.traveller(organisation) if kind["flow"] == "person" else None)
        return Draft(
            flow=kind["flow"],
            direction=kind["direction"],
            crossing_at=datetime.combine(day, time(minutes // 60, minutes % 60), clock),
            items=[DraftItem(facts=facts, person=person)],
            control_point=facts.get("control_point", ""),
            reference=_reference(number),
        )

    def traveller(self, organisation: Organisation) -> Person:
        """Draw somebody of the tenant's; the holder of the cast now and then, to have something to read."""
        people = self.people[organisation.owner_side][organisation.id]
        holder = self.holders.get(organisation.id)
        return holder if holder and self.random.randrange(100) < _HOLDER_SHARE else self.random.choice(people)

    # Following -----------------------------------------------------------------------------------------------

    def officers(self, clock: Clock) -> None:
        """Let the officers of the demo do part of what waits for them."""
        begin = self.hour_before("officers")
        refused = set(Movement.objects.filter(ref__in=self.refused).values_list("id", flat=True))
        for place, matter in enumerate(self.matters()):
            staff = self.staff(matter)
            self.draw_for(f"{matter.kind} {matter.authority} {matter.rule} {matter.subject}")
            clock.put_to(begin + place * _PAUSE)
            if staff and matter.subject in refused:
                self.sign(matter, staff)
            elif staff:
                self.act(matter, staff)

    def matters(self) -> Iterable[Matter]:
        """Return what waits for officers."""
        return Matter.objects.exclude(state="closed").order_by("due_at", "id")

    def movements(self) -> QuerySet[Movement]:
        """Return the movements of the day."""
        return Movement.objects.all()

    def draw_for(self, key: str) -> None:
        """Begin to draw for something; here one draw follows the other."""

    def staff(self, matter: Matter) -> list[User]:
        roles = Role.objects.filter(
            kind="officer", authority=matter.authority, user__is_demo=True, ended_at=None
        ).select_related("user")
        return [role.user for role in roles.order_by("granted_at", "id")]

    def act(self, matter: Matter, staff: list[User]) -> None:
        shares = self.spec["officers"]
        drawn = self.random.randrange(100)
        doing = next((name for name, upto in _running(shares) if drawn < upto), "")
        if not doing:
            return
        officer = staff[0]
        desk.matter_claim(by=officer, matter=matter, seen=matter.version)
        matter.refresh_from_db()
        if doing == "ask" and matter.kind in _ASKED_ABOUT:
            due = self.now + timedelta(days=3)
            text = f"Please say more about the purpose. {_NOTE}"
            desk.matter_ask(by=officer, matter=matter, text=text, facts=[], due_at=due, seen=matter.version)
        elif doing in ("decide", "refuse"):
            self.decide(matter, staff, _ACTS[matter.kind][doing == "refuse"])

    def sign(self, matter: Matter, staff: list[User]) -> None:
        """Refuse, by two officers where it takes two."""
        desk.matter_decide(by=staff[0], matter=matter, act="refuse", reason=_NOTE, seen=matter.version)
        matter.refresh_from_db()
        if matter.state == "proposed":
            desk.matter_confirm(by=staff[1], matter=matter, agreed=True, reason=_NOTE, seen=matter.version)

    def decide(self, matter: Matter, staff: list[User], act: str) -> None:
        desk.matter_decide(by=staff[0], matter=matter, act=act, reason=_NOTE, seen=matter.version)
        matter.refresh_from_db()
        if matter.state == "proposed" and len(staff) > 1 and self.random.random() < 1 / 2:
            desk.matter_confirm(by=staff[1], matter=matter, agreed=True, reason=_NOTE, seen=matter.version)

    def coordinators(self, clock: Clock) -> None:
        """Answer part of what was asked."""
        begin = self.hour_before("answers")
        users = {organisation.id: user for pairs in self.tenants.values() for organisation, user in pairs}
        asked = Question.objects.filter(
            answered_at=None, closed_at=None, movement__organisation__in=users, movement__in=self.movements()
        )
        for place, question in enumerate(asked.select_related("movement").order_by("asked_at", "id")):
            clock.put_to(begin + place * _PAUSE)
            self.draw_for(question.id)
            if self.random.randrange(100) < self.spec["questions_answered"]:
                self.answer(question, users[question.movement.organisation_id or ""])

    def answer(self, question: Question, by: User) -> None:
        clearance.question_answer(by=by, question=question, text=_NOTE, facts={})

    def cross(self, clock: Clock) -> None:
        """Let those cross that both sides cleared and whose hour has come."""
        staff = list(Role.objects.filter(kind__in=("gate", "officer"), user__is_demo=True).select_related("user"))
        staff.sort(key=lambda role: (role.kind != "gate", role.granted_at, role.id))
        due = self.movements().filter(crossing_at__lte=self.now, withdrawn_at=None, crossed_at=None)
        for movement in due.order_by("crossing_at", "id"):
            leaves = movement.owner_side == origin(movement.direction)
            if leaves and outcome_of(movement) == "cleared":
                clock.put_to(movement.crossing_at)
                own = [role.user for role in staff if role.owner_side == movement.owner_side]
                last = self.crossers.get((movement.owner_side, movement.flow))  # most likely may again
                self.let_cross(movement, [last, *own] if last else own)

    def let_cross(self, movement: Movement, staff: list[User]) -> None:
        by = next((user for user in staff if user.has_perm("clearance.cross_movement", movement)), None)
        if by is not None:
            self.crossers[movement.owner_side, movement.flow] = by
            self.look(by, movement)
            clearance.movement_cross(by=by, movement=movement, at=movement.crossing_at)

    def look(self, by: User, movement: Movement) -> None:
        """Record that staff of a gate looked at whom they let cross."""
        people = [item.person for item in movement.items.select_related("person") if item.person]
        if people and any(role.kind == "gate" for role in by.held_roles):
            parties.view_record(viewer=by, subjects=people, purpose="crossing", page="parties:people")


def _reference(number: int) -> str:
    return f"DEMO-{number:04}"


def _running(shares: Mapping[str, int]) -> Iterator[tuple[str, int]]:
    upto = 0
    for name, share in shares.items():
        upto += share
        yield name, upto
