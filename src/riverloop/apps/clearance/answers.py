"""Which answers of its authorities a side decides with: to one movement, standing ones, and what a remedy changed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Q

from riverloop.apps.clearance.models import Movement
from riverloop.apps.desk.models import Matter, StandingAnswer
from riverloop.core.rules.decisions import Answer

KINDS = ("referral", "refusal", "remedy")
ALLOW, REFUSE = "allow", "refuse"


def answers_of(side: str, movements: Iterable[Movement], *, stored: bool = True) -> dict[str, tuple[Answer, ...]]:
    """Return the answers that each movement is decided with, by its id.

    Of several to one rule the latest counts, and one to the movement itself before a standing one. Facts that the
    applicant changed afterwards make an answer void: nobody has looked at them.

    Args:
        side: whose authorities answered.
        movements: rows of that side.
        stored: whether any of them can have been answered yet.
    """
    listed = list(movements)
    own: dict[str, dict[str, Answer]] = {}
    if stored:
        by_id = {movement.id: movement for movement in listed}
        for at, matter, allow in _given(side, by_id):
            if at >= by_id[matter.subject].facts_at:
                answer = Answer(side, matter.rule, matter.rule_version, allow, matter.until)
                own.setdefault(matter.subject, {})[matter.rule] = answer
    standing = _standing(side)
    found = {}
    for movement in listed:
        held = {
            one.rule: Answer(side, one.rule, one.rule_version, one.allow, one.until)
            for one in standing
            if one.flow in ("", movement.flow) and one.organisation_id in (None, movement.organisation_id)
        }
        found[movement.id] = tuple({**held, **own.get(movement.id, {})}.values())
    return found


def _given(side: str, by_id: dict[str, Movement]) -> list[tuple[datetime, Matter, bool]]:
    """Return (when, matter, whether it allows), oldest first; an interim release allows until the remedy ends."""
    ids = list(by_id)
    matters: list[Matter] = []
    for start in range(0, len(ids), 2000):
        matters += Matter.objects.filter(
            Q(act__in=(ALLOW, REFUSE), closed_at__isnull=False) | Q(interim_at__isnull=False, closed_at=None),
            owner_side=side,
            kind__in=KINDS,
            subject__in=ids[start : start + 2000],
        )
    given = []
    for matter in matters:
        if matter.closed_at is not None:
            given.append((matter.closed_at, matter, matter.act == ALLOW))
        elif matter.interim_at is not None:
            given.append((matter.interim_at, matter, True))
    return sorted(given, key=lambda one: (one[0], one[1].id))


def _standing(side: str) -> list[StandingAnswer]:
    """Return a side's standing answers, what counts most last: those for one organisation, then refusals."""
    counting = StandingAnswer.objects.filter(owner_side=side, withdrawn_at=None, confirmed_at__isnull=False)
    return sorted(counting, key=lambda one: (one.organisation_id is not None, not one.allow, one.given_at))
