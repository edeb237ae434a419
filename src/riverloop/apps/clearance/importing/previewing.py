"""What would come of the rows: both sides' law over each movement, nothing of it stored.

The other side's outcome is worked out from the public law and the applicant's own statements; only when the movements
are filed does that side answer itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.utils import timezone

from riverloop.apps.clearance.answers import answers_of
from riverloop.apps.clearance.filing import Draft, DraftItem, fingerprint_of, placed
from riverloop.apps.clearance.importing.models import ImportRow
from riverloop.apps.clearance.models import Item, Movement, Statement
from riverloop.apps.clearance.providers import fill
from riverloop.apps.clearance.selectors import rulebook
from riverloop.apps.clearance.stated import APPLICANT, Subject
from riverloop.apps.parties.models import Organisation
from riverloop.core.rules.decide import decide
from riverloop.core.rules.decisions import Decision, read_movement

_CHUNK = 500


@dataclass(slots=True)
class Would:
    """A movement as it would be filed, and what both sides' law says of it."""

    rows: list[ImportRow]
    fingerprint: str
    decision: Decision


def drafts_of(groups: Sequence[Sequence[ImportRow]], flow: str) -> list[Draft]:
    """Return the drafts of movements whose rows hold no mistake."""
    return [_draft(rows, flow) for rows in groups]


def _draft(rows: Sequence[ImportRow], flow: str) -> Draft:
    first = rows[0]
    return Draft(
        flow=flow,
        direction=first.direction,
        crossing_at=_time(first),
        items=[DraftItem(row.facts, row.person) for row in rows],
        control_point=first.control_point,
        reference=first.reference,
    )


def _time(row: ImportRow) -> datetime:
    if row.crossing_at is None:
        raise ValueError("a row without mistakes has a time")
    return row.crossing_at


def preview(
    groups: Sequence[Sequence[ImportRow]],
    organisation: Organisation,
    flow: str,
    step: Callable[[int], object] = int,
) -> list[Would]:
    """Decide movements without filing them.

    Args:
        groups: rows of each movement, without mistakes.
        organisation: for which they would be filed.
        flow: person, goods or data.
        step: called with the number of rows done.
    """
    found: list[Would] = []
    for start in range(0, len(groups), _CHUNK):
        part = groups[start : start + _CHUNK]
        found += _preview(part, organisation, flow)
        step(sum(len(rows) for rows in part))
    return found


def _preview(groups: Sequence[Sequence[ImportRow]], organisation: Organisation, flow: str) -> list[Would]:
    law, side = rulebook(), organisation.owner_side
    subjects = [_subject(rows, organisation, flow) for rows in groups]
    fill(subjects)
    answers = answers_of(side, [subject.movement for subject in subjects], stored=False)
    found = []
    for subject, rows in zip(subjects, groups, strict=True):
        movement = subject.movement
        raw = {
            "flow": flow,
            "direction": movement.direction,
            "at": movement.crossing_at.isoformat(),
            "crossing_at": movement.crossing_at.isoformat(),
            "items": [subject.facts(item) for item in subject.items],
        }
        read = read_movement(raw, law.boundary, law.packs.dictionary)
        facts = [subject.statements[item.id][0].facts for item in subject.items]
        found.append(
            Would(
                list(rows),
                fingerprint_of(movement, subject.items, facts),
                decide(law, replace(read, answers=answers[movement.id])),
            )
        )
    return found


def _subject(rows: Sequence[ImportRow], organisation: Organisation, flow: str) -> Subject:
    first, now = rows[0], timezone.now()
    movement = Movement(
        owner_side=organisation.owner_side,
        filed_side=organisation.owner_side,
        flow=flow,
        direction=first.direction,
        crossing_at=_time(first),
        control_point=first.control_point,
        organisation=organisation,
        reference=first.reference,
        declared_at=now,
        facts_at=now,
    )
    items = [
        Item(owner_side=movement.owner_side, movement=movement, place=place, person=row.person)
        for place, row in enumerate(rows)
    ]
    where = placed(flow, first.control_point)
    statements = {
        item.id: [
            Statement(
                owner_side=item.owner_side,
                item=item,
                number=1,
                facts={**where, **row.facts},
                asserted_as=APPLICANT,
                side=item.owner_side,
                at=now,
            )
        ]
        for item, row in zip(items, rows, strict=True)
    }
    return Subject(movement, items, statements, fresh=True)
