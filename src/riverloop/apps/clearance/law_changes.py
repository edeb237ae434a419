"""Open movements are decided anew when the law, a paper or a standing answer changed, or their time has passed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from riverloop.apps.clearance import exchange
from riverloop.apps.clearance.deciding import decide_subjects, movements_decide
from riverloop.apps.clearance.models import Movement
from riverloop.apps.clearance.papers import draw_for
from riverloop.apps.clearance.selectors import rulebook
from riverloop.apps.clearance.stated import subjects_of
from riverloop.apps.desk.models import StandingAnswer
from riverloop.apps.documents.models import Permit
from riverloop.apps.runs.services import run_start
from riverloop.apps.runs.work import Progress, register, timetable

DECIDE_ANEW, BY_PERMIT, BY_ANSWER = "clearance.decide_anew", "clearance.permit_changed", "clearance.answer_changed"
_EVERY = timedelta(minutes=10)
_AT_ONCE = 50  # movements that are decided while somebody waits; more are decided in the background
_BATCH = 200


def register_runs() -> None:
    """Tell the worker how movements are decided anew, and how often to look."""
    register(DECIDE_ANEW, _decide_anew)
    register(BY_PERMIT, _by_permit)
    register(BY_ANSWER, _by_answer)
    timetable(DECIDE_ANEW, _EVERY)


def open_movements(side: str) -> QuerySet[Movement]:
    """Return a side's movements of which something may still change."""
    return Movement.objects.filter(
        owner_side=side, withdrawn_at=None, crossed_at=None, erased_at=None, own_low__isnull=False
    )


def _decide_anew(progress: Progress) -> dict[str, Any]:
    """Decide what was decided by another law than today's, or whose decision holds no longer."""
    side, packs = progress.run.owner_side, rulebook().packs.sha256
    law = open_movements(side).exclude(own_packs=packs)
    decided = _in_batches(progress, law, "law")
    over = open_movements(side).filter(own_packs=packs, own_valid_until__lt=timezone.now())
    return {"law": decided, "expired": _in_batches(progress, over, "expired")}


def _in_batches(progress: Progress | None, wanted: QuerySet[Movement], cause: str) -> int:
    ids = list(wanted.order_by("pk").values_list("pk", flat=True))
    if progress:
        progress.total(progress.done + len(ids))
    for start in range(0, len(ids), _BATCH):
        part = ids[start : start + _BATCH]
        _decide_batch(part, cause)
        if progress:
            progress.step(len(part))
    return len(ids)


@transaction.atomic
def _decide_batch(ids: list[str], cause: str) -> None:
    still = Movement.objects.filter(pk__in=ids, withdrawn_at=None, crossed_at=None, erased_at=None)
    movements_decide(still.select_for_update().order_by("pk"), cause=cause)


# A permit changed --------------------------------------------------------------------------------------------------


def permit_decide(permit: Permit) -> None:
    """Decide again what a permit bears on: at once if little waits, otherwise in the background."""
    ids = list(_borne_on(permit).values_list("pk", flat=True)[: _AT_ONCE + 1])
    if len(ids) > _AT_ONCE:
        run_start(side=permit.owner_side, kind=BY_PERMIT, params={"permit": permit.id})
    elif ids:
        _refile(ids)


def _borne_on(permit: Permit) -> QuerySet[Movement]:
    document = rulebook().packs.dictionary.documents.get(permit.document)
    flows = document.flows if document else ()
    found = open_movements(permit.owner_side).filter(organisation=permit.organisation_id, flow__in=flows)
    return found.filter(Q(items__person=permit.person_id)).distinct() if permit.person_id else found


@transaction.atomic
def _refile(ids: list[str]) -> None:
    still = Movement.objects.filter(pk__in=ids, withdrawn_at=None, crossed_at=None, erased_at=None)
    subjects = subjects_of(still.select_for_update().order_by("crossing_at", "pk"))
    draw_for(subjects)
    decide_subjects(subjects, cause="permit", before=lambda every: exchange.declared_tell(every, exchange.RESTATED))


def _by_permit(progress: Progress) -> dict[str, Any]:
    permit = Permit.objects.filter(pk=progress.run.params["permit"], owner_side=progress.run.owner_side).first()
    ids = list(_borne_on(permit).values_list("pk", flat=True)) if permit else []
    progress.total(len(ids))
    for start in range(0, len(ids), _BATCH):
        part = ids[start : start + _BATCH]
        _refile(part)
        progress.step(len(part))
    return {"decided": len(ids)}


# A standing answer changed -----------------------------------------------------------------------------------------


def on_standing_answer_changed(sender: object, answer: StandingAnswer, **_: object) -> None:
    """Decide again what a standing answer bears on: it may settle a whole queue, so in the background if it is long."""
    ids = list(_answered_by(answer).values_list("pk", flat=True)[: _AT_ONCE + 1])
    if len(ids) > _AT_ONCE:
        run_start(side=answer.owner_side, kind=BY_ANSWER, params={"answer": answer.id})
    elif ids:
        _decide_batch(ids, "authority")


def _answered_by(answer: StandingAnswer) -> QuerySet[Movement]:
    found = open_movements(answer.owner_side)
    found = found.filter(flow=answer.flow) if answer.flow else found
    return found.filter(organisation=answer.organisation_id) if answer.organisation_id else found


def _by_answer(progress: Progress) -> dict[str, Any]:
    answer = StandingAnswer.objects.filter(pk=progress.run.params["answer"], owner_side=progress.run.owner_side).first()
    return {"decided": _in_batches(progress, _answered_by(answer), "authority") if answer else 0}
