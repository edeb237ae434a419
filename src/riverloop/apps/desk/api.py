"""Queues and duties for programs. Whoever acts on a matter says which version of it they have seen."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from ninja import Query, Router, Schema
from pydantic import Field

from riverloop.apps.desk import services
from riverloop.apps.desk.kinds import kind_of, titles
from riverloop.apps.desk.models import Matter, Obligation, Step
from riverloop.apps.desk.permissions import officer_of
from riverloop.apps.desk.selectors import Sought, alike, matters, obligations, queue, steps
from riverloop.apps.parties.interface import (
    Count,
    Given,
    Instant,
    Line,
    Needs,
    Pages,
    PathId,
    Prose,
    caller,
    paged,
)
from riverloop.apps.parties.models import User
from riverloop.apps.parties.services import view_record
from riverloop.apps.parties.words import N_

router = Router(tags=["desk"])
READ, WRITE = Needs("desk:read"), Needs("desk:write")
Next = Annotated[str | None, Field(description=N_("Cursor of the next page; null on the last."))]


class MatterOut(Schema):
    id: str
    kind: str
    title: str
    authority: str
    subject: str = Field(description=N_("Id of the movement or permit that it is about, at this side."))
    item: int | None = Field(description=N_("Place, from 0, of the item that the matter is about; null: the whole."))
    rule: str
    flow: str
    state: Literal["open", "waiting", "proposed", "closed"]
    opened_at: datetime
    due_at: datetime
    claimed: bool
    mine: bool = Field(description=N_("Whether the account itself has claimed it."))
    act: str = Field(description=N_("How it was closed, or what is proposed."))
    version: int = Field(description=N_("Say it as “seen” with whatever is done."))


class StepOut(Schema):
    number: int
    act: str
    text: str
    at: datetime


class ActOut(Schema):
    name: str
    label: str
    needs_reason: bool
    two_officers: bool
    wants_until: bool


class AlikeOut(Schema):
    id: str
    item: int
    version: int


class MatterWhole(MatterOut):
    text: str
    reason: str
    until: datetime | None
    acts: list[ActOut]
    alike: list[AlikeOut] = Field(
        description=N_("What the same rule asks about other items of the same movement; it can be answered together.")
    )
    steps: list[StepOut]


class MattersOut(Schema):
    data: list[MatterOut]
    next: Next


def _fields(matter: Matter, user: User, title: str) -> dict[str, Any]:
    return {
        "id": matter.id,
        "kind": matter.kind,
        "title": title or _(kind_of(matter).label),
        "authority": matter.authority,
        "subject": matter.subject,
        "item": matter.item,
        "rule": matter.rule,
        "flow": matter.flow,
        "state": matter.state,
        "opened_at": matter.opened_at,
        "due_at": matter.due_at,
        "claimed": matter.claimed_by_id is not None,
        "mine": matter.claimed_by_id == user.id,
        "act": matter.act or matter.proposed_act,
        "version": matter.version,
    }


def matter_view(user: User, matter: Matter) -> None:
    """Record that an account looks at whom a matter is about."""
    about = list(kind_of(matter).people(matter))
    if about:
        purpose = "case" if officer_of(user, matter.owner_side, matter.authority) else "audit"
        view_record(viewer=user, subjects=about, purpose=purpose, page="api:matter_get", case=matter.number)


def _whole(matter: Matter, user: User) -> MatterWhole:
    """Return a matter with all that was said of it, having recorded whom it is about."""
    kind = kind_of(matter)
    matter_view(user, matter)
    return MatterWhole(
        **_fields(matter, user, titles([matter], user).get(matter.id, "")),
        text=matter.text,
        reason=matter.reason,
        until=matter.until,
        acts=[
            ActOut(
                name=name,
                label=_(act.label),
                needs_reason=act.needs_reason,
                two_officers=act.two_officers(matter),
                wants_until=act.wants_until,
            )
            for name, act in (kind.acts.items() if matter.closed_at is None else ())
        ],
        alike=[
            AlikeOut(id=one.id, item=one.item or 0, version=one.version)
            for one in alike(matter=matter, user=user)[: services.MOST_TOGETHER - 1]
        ],
        steps=[_step_out(step) for step in steps(matter=matter)],
    )


def _step_out(step: Step) -> StepOut:
    return StepOut(number=step.number, act=step.act, text=step.text, at=step.at)


class MattersSought(Schema):
    tab: Literal["all", "todo", "mine", "unclaimed"] = "all"
    kind: str = Field("", max_length=20)
    flow: Literal["", "person", "goods", "data"] = ""
    state: Literal["", "open", "waiting", "proposed", "closed"] = ""
    late: bool = False


@router.get("/matters", response=MattersOut, auth=READ, summary=N_("A queue: the most urgent first"))
def matters_list(request: HttpRequest, paging: Pages, sought: Annotated[MattersSought, Query()]) -> MattersOut:
    user = caller(request)
    order = ("-closed_at", "id") if sought.state == "closed" else ("due_at", "id")
    page, following = paged(queue(user, Sought(**sought.dict())), paging, order)
    named = titles(page, user)
    rows = [MatterOut(**_fields(matter, user, named.get(matter.id, ""))) for matter in page]
    return MattersOut(data=rows, next=following)


def _visible(request: HttpRequest, matter_id: str) -> tuple[User, Matter]:
    user = caller(request)
    return user, get_object_or_404(matters(visible_to=user), pk=matter_id)


@router.get("/matters/{matter_id}", response=MatterWhole, auth=READ, summary=N_("One matter, with its steps and acts"))
def matter_get(request: HttpRequest, matter_id: PathId) -> MatterWhole:
    user, matter = _visible(request, matter_id)
    return _whole(matter, user)


class Seen(Given):
    seen: Count = Field(description=N_("The version that was read; another one is refused."))


class ClaimIn(Seen):
    reason: Prose = Field("", description=N_("Needed to take it from a colleague."))


@router.post("/matters/{matter_id}/claim", response=MatterWhole, auth=WRITE, summary=N_("Claim a matter"))
def matter_claim(request: HttpRequest, matter_id: PathId, claim: ClaimIn) -> MatterWhole:
    user, matter = _visible(request, matter_id)
    return _whole(services.matter_claim(by=user, matter=matter, seen=claim.seen, reason=claim.reason), user)


@router.post("/matters/{matter_id}/release", response=MatterWhole, auth=WRITE, summary=N_("Give a matter back"))
def matter_release(request: HttpRequest, matter_id: PathId, given: Seen) -> MatterWhole:
    user, matter = _visible(request, matter_id)
    return _whole(services.matter_release(by=user, matter=matter, seen=given.seen), user)


class AskIn(Seen):
    text: Prose = ""
    facts: Annotated[list[Line], Field(max_length=100, description=N_("Names of facts and papers asked for."))] = []
    due_at: Instant


@router.post("/matters/{matter_id}/ask", response=MatterWhole, auth=WRITE, summary=N_("Ask whoever filed for more"))
def matter_ask(request: HttpRequest, matter_id: PathId, question: AskIn) -> MatterWhole:
    user, matter = _visible(request, matter_id)
    asked = services.matter_ask(
        by=user, matter=matter, text=question.text, facts=question.facts, due_at=question.due_at, seen=question.seen
    )
    return _whole(asked, user)


class OtherIn(Seen):
    id: Line


Others = Annotated[
    list[OtherIn],
    Field(
        max_length=services.MOST_TOGETHER - 1,
        description=N_("Which of `alike` get the same answer together with this one; all of them, or none."),
    ),
]


def _others(user: User, given: list[OtherIn]) -> list[services.Seen]:
    """Return other matters with the versions that were read; one that may not be seen is not there."""
    found = matters(visible_to=user).in_bulk([one.id for one in given])
    if len(found) < len({one.id for one in given}):
        raise Http404
    return [(found[one.id], one.seen) for one in given]


class DecideIn(Seen):
    act: Line = Field(description=N_("Name of one of the matter's acts."))
    reason: Prose = ""
    until: Instant | None = Field(None, description=N_("Last instant at which the answer stands."))
    others: Others = []


@router.post("/matters/{matter_id}/decide", response=MatterWhole, auth=WRITE, summary=N_("Decide a matter, or propose"))
def matter_decide(request: HttpRequest, matter_id: PathId, decision: DecideIn) -> MatterWhole:
    user, matter = _visible(request, matter_id)
    decided = services.matter_decide(
        by=user,
        matter=matter,
        act=decision.act,
        reason=decision.reason,
        until=decision.until,
        seen=decision.seen,
        others=_others(user, decision.others),
    )
    return _whole(decided, user)


class ConfirmIn(Seen):
    agreed: Annotated[bool, Field(strict=True)]
    reason: Prose = ""
    others: Others = []


@router.post(
    "/matters/{matter_id}/confirm", response=MatterWhole, auth=WRITE, summary=N_("Confirm what a colleague proposed")
)
def matter_confirm(request: HttpRequest, matter_id: PathId, answer: ConfirmIn) -> MatterWhole:
    user, matter = _visible(request, matter_id)
    confirmed = services.matter_confirm(
        by=user,
        matter=matter,
        agreed=answer.agreed,
        reason=answer.reason,
        seen=answer.seen,
        others=_others(user, answer.others),
    )
    return _whole(confirmed, user)


class HandOverIn(Seen):
    authority: Line
    reason: Prose


@router.post(
    "/matters/{matter_id}/hand-over", response=MatterOut, auth=WRITE, summary=N_("Hand a matter to another authority")
)
def matter_hand_over(request: HttpRequest, matter_id: PathId, given: HandOverIn) -> MatterOut:
    user, matter = _visible(request, matter_id)
    now = services.matter_hand_over(
        by=user, matter=matter, authority=given.authority, reason=given.reason, seen=given.seen
    )
    return MatterOut(**_fields(now, user, ""))


# Duties


class ObligationOut(Schema):
    id: str
    subject: str = Field(description=N_("Id of the movement."))
    item: int
    law_side: str
    rule: str
    act: str
    due_on: date | None
    due_at: datetime | None
    provisional: bool
    done_at: datetime | None


class ObligationsOut(Schema):
    data: list[ObligationOut]
    next: Next


def _obligation_out(one: Obligation) -> ObligationOut:
    return ObligationOut.from_orm(one)


class ObligationsSought(Schema):
    done: bool | None = None


@router.get("/obligations", response=ObligationsOut, auth=READ, summary=N_("What the laws ask to be done"))
def obligations_list(
    request: HttpRequest, paging: Pages, sought: Annotated[ObligationsSought, Query()]
) -> ObligationsOut:
    found = obligations(visible_to=caller(request))
    if sought.done is not None:
        found = found.filter(done_at__isnull=not sought.done)
    page, following = paged(found, paging, ("created_at", "id"))
    return ObligationsOut(data=[_obligation_out(one) for one in page], next=following)


class DoneIn(Given):
    done: Annotated[bool, Field(strict=True, description=N_("Whether it was seen to."))]


@router.post(
    "/obligations/{obligation_id}", response=ObligationOut, auth=WRITE, summary=N_("Say that something was done")
)
def obligation_set(request: HttpRequest, obligation_id: PathId, given: DoneIn) -> ObligationOut:
    user = caller(request)
    one = get_object_or_404(obligations(visible_to=user), pk=obligation_id)
    change = services.obligation_done if given.done else services.obligation_undone
    return _obligation_out(change(by=user, obligation=one))
