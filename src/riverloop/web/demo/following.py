"""The day on two nodes: what arrives from the other side is worked on by the demo's cast when it comes.

Each node files its own half of the day when it is loaded. The other half comes over the link, later: the cast does with
it what it does on one computer, drawn for each matter by itself, so that it does not depend on what came first. What a
visitor files is left to visitors.
"""

from __future__ import annotations

import random
import time
from contextlib import suppress
from datetime import datetime, timedelta

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from riverloop.apps.clearance.models import Movement, Question
from riverloop.apps.desk.models import Matter
from riverloop.apps.nodes.here import hosted_sides
from riverloop.apps.parties.models import User
from riverloop.core.kernel.errors import RiverloopError
from riverloop.web.demo.clock import Clock
from riverloop.web.demo.day import Day, day_spec

_EVERY_SECONDS = 5.0
_FILED_WITHIN = timedelta(minutes=30)  # of the hour at which the day is filed, by its own clock
_AT_ONCE = 50  # matters in one round: the worker has other work as well
_OPENED = 1  # version of a matter that nobody has touched since it was opened
_last = [0.0]
_looked_at: set[str] = set()


def day_follow() -> None:
    """Do what the demo's cast does with what has arrived since; every few seconds at most."""
    if time.monotonic() - _last[0] < _EVERY_SECONDS:
        return
    _last[0] = time.monotonic()
    spec = day_spec()
    if spec is not None:
        day = _Following(spec, timezone.now())
        for part in (day.officers, day.coordinators, day.cross):
            part(_Now())


class _Now(Clock):
    """The real clock, which nobody puts anywhere."""

    def put_to(self, at: datetime) -> None:
        pass


class _Following(Day):
    """The day as it goes on: each thing by itself, and what cannot be done yet another time."""

    def movements(self) -> QuerySet[Movement]:
        filed = self.hour_before("file")
        return Movement.objects.filter(declared_at__gte=filed, declared_at__lt=filed + _FILED_WITHIN)

    def matters(self) -> list[Matter]:
        arrived = self.movements().exclude(filed_side__in=hosted_sides())
        untouched = Matter.objects.filter(state="open", version=_OPENED, subject__in=arrived.values("id"))
        found = list(untouched.exclude(pk__in=_looked_at).order_by("due_at", "id")[:_AT_ONCE])
        _looked_at.update(matter.pk for matter in found)  # what is drawn to be left alone is not drawn again
        return found

    def draw_for(self, key: str) -> None:
        self.random = random.Random(f"{self.spec['seed']} {key}")  # noqa: S311 - the same whenever it comes

    def act(self, matter: Matter, staff: list[User]) -> None:
        with suppress(RiverloopError, PermissionDenied), transaction.atomic():
            super().act(matter, staff)

    def answer(self, question: Question, by: User) -> None:
        with suppress(RiverloopError, PermissionDenied), transaction.atomic():
            super().answer(question, by)

    def let_cross(self, movement: Movement, staff: list[User]) -> None:
        with suppress(RiverloopError, PermissionDenied), transaction.atomic():
            super().let_cross(movement, staff)
