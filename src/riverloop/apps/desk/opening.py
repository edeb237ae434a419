"""Matters as the apps above open and close them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from riverloop.apps.desk import deadlines
from riverloop.apps.desk.kinds import kind_of
from riverloop.apps.desk.models import OPEN_ONCE, Matter, Step
from riverloop.apps.desk.steps import closing, in_parts, payload_of, step_take
from riverloop.apps.parties.here import zone
from riverloop.apps.parties.models import Organisation, Person, User
from riverloop.apps.record.rows import rows_insert
from riverloop.apps.record.services import records_append
from riverloop.core.kernel.instants import read_instant


@dataclass(frozen=True, slots=True)
class NewMatter:
    """A matter to be opened.

    Args:
        authority: whom it is for; one that the side lacks goes to the side's first, which can hand it over.
        kind: name of a kind.
        subject: id of what it is about.
        rule: id of the rule that asks, if one does.
        rule_version: hash of that rule's text.
        flow: person, goods or data, if it has one.
        topic: what it is within its kind.
        organisation: of whoever filed.
        person: whom it is about.
        of: the matter that it is a remedy against.
        text: what whoever asks has to say.
        due_at: by when it is to be answered, where a law says so; otherwise the zone file does.
        item: place of the one item of the subject that it is about, from 0; None: all of it.
    """

    authority: str
    kind: str
    subject: str
    rule: str = ""
    rule_version: str = ""
    flow: str = ""
    topic: str = ""
    organisation: Organisation | None = None
    person: Person | None = None
    of: Matter | None = None
    text: str = ""
    due_at: datetime | None = None
    item: int | None = None


@transaction.atomic
def matters_open(*, side: str, new: Iterable[NewMatter]) -> list[Matter]:
    """Open matters; of what is open already for the same thing or item, rule and authority, none is opened again.

    Returns:
        Those opened.
    """
    wanted = {_key(one): one for one in new}
    open_already = _open_keys(side, [one.subject for one in wanted.values()])
    now = timezone.now()
    matters = [_matter(side, one, now) for key, one in wanted.items() if key not in open_already]
    rows_insert(matters)
    _steps_of_many(matters, "opened", now)
    return matters


def _key(new: NewMatter) -> tuple[object, ...]:
    if new.kind in OPEN_ONCE:
        return (new.kind, new.subject, new.rule, new.authority, new.item)
    return (id(new),)


def _open_keys(side: str, subjects: list[str]) -> set[tuple[object, ...]]:
    found: set[tuple[object, ...]] = set()
    for part in in_parts(dict.fromkeys(subjects)):
        rows = Matter.objects.filter(owner_side=side, kind__in=OPEN_ONCE, subject__in=part, closed_at=None)
        found |= set(rows.values_list("kind", "subject", "rule", "opened_for", "item"))
    return found


def _matter(side: str, new: NewMatter, now: datetime) -> Matter:
    known = [authority.id for authority in zone().side(side).side.authorities]
    authority = new.authority if new.authority in known else known[0]
    return Matter(
        owner_side=side,
        authority=authority,
        opened_for=new.authority,
        kind=new.kind,
        topic=new.topic,
        subject=new.subject,
        item=new.item,
        rule=new.rule,
        rule_version=new.rule_version,
        flow=new.flow,
        organisation=new.organisation,
        person=new.person,
        of=new.of,
        text=new.text,
        opened_at=now,
        due_at=new.due_at or deadlines.due_for(new.kind, side, authority, now),
        version=1,
    )


@transaction.atomic
def matters_close(*, matters: Iterable[Matter], act: str, reason: str = "") -> list[Matter]:
    """Close matters that need nobody any longer, such as those that a newer decision has overtaken.

    Args:
        matters: those that are closed already stay as they are.
        act: a word for how they closed, such as ``superseded``.
        reason: why, if that is not plain.

    Returns:
        Those closed.
    """
    now, closed = timezone.now(), []
    for part in in_parts([matter.pk for matter in matters]):
        closed += list(Matter.objects.select_for_update().filter(pk__in=part, closed_at=None).order_by("pk"))
    for matter in closed:
        matter.state, matter.act, matter.reason, matter.closed_at = "closed", act, reason, now
        matter.proposed_act, matter.proposed_by, matter.answer_due_at = "", None, None
        matter.version += 1
    fields = ["state", "act", "reason", "closed_at", "proposed_act", "proposed_by", "answer_due_at", "version"]
    Matter.objects.bulk_update(closed, fields, batch_size=200)
    _steps_of_many(closed, "closed", now, text=reason, details={"act": act})
    return closed


def _steps_of_many(
    matters: list[Matter], act: str, now: datetime, *, text: str = "", details: dict[str, str] | None = None
) -> None:
    steps = [
        Step(
            owner_side=matter.owner_side,
            matter=matter,
            number=matter.version,
            act=act,
            text=text,
            details=details or {},
            at=now,
        )
        for matter in matters
    ]
    rows_insert(steps)
    for side in sorted({step.owner_side for step in steps}):
        own = [step for step in steps if step.owner_side == side]
        records_append(side, [(f"matter.{act}", payload_of(step), step.matter.subject) for step in own])


@transaction.atomic
def matter_answered(*, matter: Matter, text: str = "", by: User | None = None) -> Matter:
    """Say that what was asked for has come: the matter is to be decided again, and its clock runs on."""
    now = Matter.objects.select_for_update().get(pk=matter.pk)
    if now.state != "waiting":
        return now
    asked = now.steps.filter(act="asked").latest("number")
    before = read_instant(asked.details["due_before"])
    due = deadlines.due_after_waiting(now.owner_side, before, asked.at, timezone.now())
    return step_take(now, "answered", by=by, text=text, state="open", answer_due_at=None, due_at=due)


@transaction.atomic
def matter_withdraw(*, matter: Matter, by: User | None = None, reason: str = "") -> Matter:
    """Take back what was asked of an authority; the app above has checked that ``by`` may."""
    now = Matter.objects.select_for_update().get(pk=matter.pk)
    if now.state == "closed":
        return now
    step_take(now, "withdrawn", by=by, text=reason, **closing("withdrawn", reason))
    kind_of(now).on_withdrawn(now, by)
    return now
