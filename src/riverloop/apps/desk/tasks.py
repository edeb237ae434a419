"""Obligations as tasks of whoever filed: set by the decision, done by a person."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from riverloop.apps.desk.models import Obligation
from riverloop.apps.desk.steps import in_parts
from riverloop.apps.parties.here import zone
from riverloop.apps.parties.models import Organisation, Person, User
from riverloop.apps.parties.words import N_
from riverloop.apps.record.rows import rows_insert
from riverloop.apps.record.services import record_append, records_append
from riverloop.core.kernel.errors import InputError
from riverloop.core.kernel.instants import end_of_day


@dataclass(frozen=True, slots=True)
class Wanted:
    """Something that a law asks to be done.

    Args:
        law_side: whose law.
        rule: id of the rule that asks it.
        act: name in the dictionary of acts.
        item: place of the item, from 0.
        due_on: last day at ``law_side``; None if it is counted in minutes, or not known yet.
        due_at: instant, for one counted in minutes.
        provisional: whether it lies beyond the holidays a government has announced.
        organisation: who has to see to it.
        person: whom it is about, if they have to see to it themselves.
    """

    law_side: str
    rule: str
    act: str
    item: int = 0
    due_on: date | None = None
    due_at: datetime | None = None
    provisional: bool = False
    organisation: Organisation | None = None
    person: Person | None = None

    @property
    def key(self) -> tuple[str, str, str, int]:
        """What tells it from others about the same subject."""
        return (self.law_side, self.rule, self.act, self.item)

    @property
    def last_instant(self) -> datetime | None:
        """By when it must be done."""
        if self.due_at is not None or self.due_on is None:
            return self.due_at
        return end_of_day(self.due_on, zone().side(self.law_side).side.time_zone)


def obligations_set(*, side: str, subject: str, wanted: Iterable[Wanted]) -> list[Obligation]:
    """Make the obligations of one subject what the laws ask now.

    What is new is added, what falls due otherwise is moved, what is asked no longer is dropped; what is done stays so.

    Args:
        side: of whoever has to do it.
        subject: id of the movement.
        wanted: everything that is asked of it.

    Returns:
        Those that the laws ask now.
    """
    return obligations_set_many(side=side, wanted={subject: list(wanted)})


@transaction.atomic
def obligations_set_many(*, side: str, wanted: Mapping[str, Sequence[Wanted]]) -> list[Obligation]:
    """Do the same for many subjects at once."""
    kept: list[Obligation] = []
    for subjects in in_parts(wanted):
        rows = Obligation.objects.select_for_update().filter(owner_side=side, subject__in=subjects).order_by("pk")
        kept += _set(side, {subject: wanted[subject] for subject in subjects}, list(rows))
    return kept


def _set(side: str, wanted: Mapping[str, Sequence[Wanted]], rows: list[Obligation]) -> list[Obligation]:
    now = timezone.now()
    known = {(row.subject, row.law_side, row.rule, row.act, row.item): row for row in rows}
    asked = {(subject, *one.key): one for subject, every in wanted.items() for one in every}
    new = [_obligation(side, key[0], one, now) for key, one in asked.items() if key not in known]
    moved = [row for key, row in known.items() if key in asked and _moved(row, asked[key])]
    dropped = [row for key, row in known.items() if key not in asked and row.dropped_at is None]
    for row in dropped:
        row.dropped_at = now
    rows_insert(new)
    fields = ["organisation", "person", "due_on", "due_at", "provisional", "dropped_at", "reminded_at"]
    Obligation.objects.bulk_update([*moved, *dropped], fields, batch_size=200)
    records_append(side, [("obligation.set", {"obligation": row.id, "subject": row.subject}) for row in new])
    return [*new, *(row for key, row in known.items() if key in asked)]


def _obligation(side: str, subject: str, one: Wanted, now: datetime) -> Obligation:
    return Obligation(
        owner_side=side,
        law_side=one.law_side,
        subject=subject,
        item=one.item,
        organisation=one.organisation,
        person=one.person,
        rule=one.rule,
        act=one.act,
        due_on=one.due_on,
        due_at=one.last_instant,
        provisional=one.provisional,
        created_at=now,
    )


def _moved(row: Obligation, one: Wanted) -> bool:
    """Bring a row up to what is asked now, and say whether it changed; whoever was reminded is reminded anew."""
    before = (row.due_on, row.due_at, row.provisional, row.dropped_at, row.organisation_id, row.person_id)
    if row.due_at != one.last_instant:
        row.reminded_at = None
    row.due_on, row.due_at, row.provisional, row.dropped_at = one.due_on, one.last_instant, one.provisional, None
    row.organisation, row.person = one.organisation, one.person
    return before != (row.due_on, row.due_at, row.provisional, row.dropped_at, row.organisation_id, row.person_id)


@transaction.atomic
def obligation_done(*, by: User, obligation: Obligation) -> Obligation:
    """Say that an obligation was seen to.

    Raises:
        InputError: the law asks it no longer.
        PermissionDenied: it is not ``by``'s to see to.
    """
    now = _own(by, obligation)
    if now.dropped_at is not None:
        raise InputError("desk.dropped", N_("The law asks this no longer, since the movement changed."))
    if now.done_at is None:
        now.done_at, now.done_by = timezone.now(), by
        now.save(update_fields=["done_at", "done_by"])
        _record(now, "done", by)
    return now


@transaction.atomic
def obligation_undone(*, by: User, obligation: Obligation) -> Obligation:
    """Take back that an obligation was seen to.

    Raises:
        PermissionDenied: it is not ``by``'s to see to.
    """
    now = _own(by, obligation)
    if now.done_at is not None:
        now.done_at, now.done_by = None, None
        now.save(update_fields=["done_at", "done_by"])
        _record(now, "undone", by)
    return now


def _own(by: User, obligation: Obligation) -> Obligation:
    now = Obligation.objects.select_for_update().get(pk=obligation.pk)
    if not by.has_perm("desk.do_obligation", now):
        raise PermissionDenied
    return now


def _record(obligation: Obligation, act: str, by: User) -> None:
    payload = {"obligation": obligation.id, "by": by.id}
    record_append(side=obligation.owner_side, kind=f"obligation.{act}", payload=payload, subject=obligation.subject)
