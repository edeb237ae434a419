"""Which answers of its authorities a side decides with: to one movement, standing ones, and what a remedy changed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime

from django.db.models import Q

from riverloop.apps.clearance.models import Movement, Statement
from riverloop.apps.clearance.selectors import rulebook
from riverloop.apps.clearance.stated import APPLICANT
from riverloop.apps.desk.models import Matter, StandingAnswer
from riverloop.core.rules.decisions import Answer

KINDS = ("referral", "refusal", "remedy")
ALLOW, REFUSE = "allow", "refuse"


def answers_of(side: str, movements: Iterable[Movement], *, stored: bool = True) -> dict[str, tuple[Answer, ...]]:
    """Return the answers that each movement is decided with, by its id.

    Of several to one rule the latest counts, and one to the movement or to one of its items before a standing one.
    Facts that the applicant changed afterwards make an answer void, since nobody has looked at them: those of the
    item that it stands for, or any where it stands for all.

    Args:
        side: whose authorities answered.
        movements: rows of that side.
        stored: whether any of them can have been answered yet.
    """
    listed = list(movements)
    own: dict[str, dict[tuple[str, int | None], Answer]] = {}
    if stored:
        for matter, allow in _counting(side, {movement.id: movement for movement in listed}):
            answer = Answer(side, matter.rule, matter.rule_version, allow, matter.until, matter.item)
            own.setdefault(matter.subject, {})[matter.rule, matter.item] = answer
    standing = _standing(side)
    found = {}
    for movement in listed:
        held: dict[tuple[str, int | None], Answer] = {
            (one.rule, None): Answer(side, one.rule, one.rule_version, one.allow, one.until)
            for one in standing
            if one.flow in ("", movement.flow) and one.organisation_id in (None, movement.organisation_id)
        }
        found[movement.id] = tuple({**held, **own.get(movement.id, {})}.values())
    return found


def _counting(side: str, by_id: dict[str, Movement]) -> Iterator[tuple[Matter, bool]]:
    """Yield (matter, whether it allows) of the answers that the facts have not made void, oldest first."""
    given = _given(side, by_id)
    before = [matter for at, matter, _ in given if matter.item is not None and at < by_id[matter.subject].facts_at]
    stated = _stated_at({matter.subject for matter in before}) if before else {}
    for at, matter, allow in given:
        since = by_id[matter.subject].facts_at
        if matter.item is not None:
            since = min(since, stated.get((matter.subject, matter.item), since))
        if at >= since:
            yield matter, allow


def _stated_at(movements: Collection[str]) -> dict[tuple[str, int], datetime]:
    """Return when the applicant last stated anything but papers of each item, by movement and place."""
    known, found = rulebook().packs.dictionary.facts, {}
    rows = Statement.objects.filter(item__movement__in=movements, asserted_as=APPLICANT).order_by("number")
    for movement, place, at, facts in rows.values_list("item__movement", "item__place", "at", "facts"):
        if not all(name in known and known[name].document for name in facts):
            found[movement, place] = at
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
