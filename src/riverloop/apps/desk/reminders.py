"""Mail from the desk: what is due soon, what waits for a second officer. A mail says that, and nothing of whom."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from riverloop.apps.desk.models import Matter, Obligation
from riverloop.apps.notices.mails import mail_queue
from riverloop.apps.parties.models import User
from riverloop.apps.runs.work import Progress, register, timetable

KIND = "desk.reminders"
OBLIGATION_AHEAD = timedelta(days=3)
MATTER_AHEAD = timedelta(days=1)
QUEUE, OBLIGATIONS, REQUESTS = "/queue/", "/obligations/", "/me/requests/"
_PART = 500


def holding(**role: Any) -> QuerySet[User]:
    """Return the accounts that hold a role now."""
    wanted = {f"roles__{name}": value for name, value in role.items()}
    return User.objects.filter(is_active=True, roles__ended_at=None, **wanted).distinct()


def second_officer_wanted(matter: Matter, by: User) -> None:
    """Tell the colleagues of an officer that a proposal waits for one of them."""
    colleagues = holding(kind="officer", authority=matter.authority, owner_side=matter.owner_side)
    mail_queue(to=colleagues.exclude(pk=by.pk), kind="matter.confirm", path=QUEUE)


def handed_over(matter: Matter) -> None:
    """Tell the officers of an authority that a matter came to them."""
    to = holding(kind="officer", authority=matter.authority, owner_side=matter.owner_side)
    mail_queue(to=to, kind="matter.handed_over", path=QUEUE)


def request_told(matter: Matter) -> None:
    """Tell a holder that their request was answered, or that something is asked about it."""
    mail_queue(to=holding(kind="holder", person=matter.person_id), kind="request.answered", path=REQUESTS)


def remind(progress: Progress) -> dict[str, int]:
    """Remind those of one side who have something to see to soon: once of an obligation, daily of matters."""
    side = progress.run.owner_side
    reminded = 0
    while count := _obligations(side):
        reminded += count
        progress.step(count)
    return {"obligations": reminded, "officers": _matters(side)}


@transaction.atomic
def _obligations(side: str) -> int:
    now = timezone.now()
    due = Obligation.objects.select_for_update().filter(
        owner_side=side, due_at__lt=now + OBLIGATION_AHEAD, done_at=None, dropped_at=None, reminded_at=None
    )
    rows = list(due.order_by("due_at", "id")[:_PART])
    organisations = {row.organisation_id for row in rows if row.organisation_id and not row.person_id}
    people = {row.person_id for row in rows if row.person_id}
    mail_queue(to=_seeing_to(organisations, people), kind="obligation.due", path=OBLIGATIONS)
    Obligation.objects.filter(pk__in=[row.pk for row in rows]).update(reminded_at=now)
    return len(rows)


def _seeing_to(organisations: Iterable[str], people: Iterable[str]) -> list[User]:
    coordinators = holding(kind="coordinator", organisation__in=list(organisations))
    return [*coordinators, *holding(kind="holder", person__in=list(people))]


@transaction.atomic
def _matters(side: str) -> int:
    """Tell officers of what they hold, and of what nobody of their authority holds, that is due soon or late."""
    soon = timezone.now() + MATTER_AHEAD
    due = Matter.objects.filter(owner_side=side, closed_at=None, due_at__lt=soon, state__in=("open", "proposed"))
    holders = set(due.filter(claimed_by__isnull=False).values_list("claimed_by", flat=True).distinct())
    unheld = set(due.filter(claimed_by=None).values_list("authority", flat=True).distinct())
    nobodys = Q(pk__in=holding(kind="officer", owner_side=side, authority__in=unheld).values("pk"))
    officers = User.objects.filter(Q(pk__in=holders) | nobodys, is_active=True)
    return mail_queue(to=officers, kind="matter.due", path=QUEUE)


register(KIND, remind)
timetable(KIND, timedelta(days=1))
