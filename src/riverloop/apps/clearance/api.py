"""Movements for programs: filed, followed, stated anew, answered, withdrawn, crossed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from typing import Annotated, Any, Literal

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from ninja import Query, Router, Schema
from pydantic import Field, StrictBool

from riverloop.apps.clearance import services
from riverloop.apps.clearance.law_api import Facts, Flow
from riverloop.apps.clearance.models import Movement, Notice, Question
from riverloop.apps.clearance.movement_api import (
    EventOut,
    MovementOut,
    MovementWhole,
    event_out,
    movement_whole,
    movements_out,
    state_of,
)
from riverloop.apps.clearance.movement_list import Wanted, filtered
from riverloop.apps.clearance.movement_pages import movement_or_404, record_view
from riverloop.apps.clearance.selectors import movements, timeline
from riverloop.apps.documents.api import own_organisation
from riverloop.apps.parties.interface import (
    Count as Number,
)
from riverloop.apps.parties.interface import (
    Day,
    Given,
    Id,
    Instant,
    Needs,
    Pages,
    PathId,
    Prose,
    caller,
    check_seen,
    paged,
)
from riverloop.apps.parties.models import Person, User
from riverloop.apps.parties.selectors import people_listed
from riverloop.apps.parties.words import N_
from riverloop.core.kernel.errors import InputError
from riverloop.core.rules.decisions import MAX_ITEMS

router = Router(tags=["movements"])
READ, WRITE = Needs("movements:read"), Needs("movements:write")
_SEEN = {
    "x-if-match": True,
    "parameters": [
        {
            "in": "header",
            "name": "If-Match",
            "required": True,
            "description": N_("The ETag of the movement as it was read; “*” for whatever it is."),
            "schema": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~]+$"},
        }
    ],
}


# Reading


class MovementsOut(Schema):
    data: list[MovementOut]
    next: str | None = Field(description=N_("Cursor of the next page; null on the last."))


class MovementsSought(Schema):
    q: str = Field("", max_length=80, description=N_("A movement's number, or the tenant's own reference."))
    flow: Flow | Literal[""] = ""
    direction: str = Field("", max_length=40)
    outcome: Literal["", "cleared", "referred", "incomplete", "refused", "undetermined"] = ""
    first: Day | None = Field(None, description=N_("First day of the crossing."))
    last: Day | None = Field(None, description=N_("Last day of the crossing."))
    waits: bool = Field(default=False, description=N_("Only what waits for the account."))


@router.get("/movements", response=MovementsOut, auth=READ, summary=N_("Movements, those that cross last first"))
def movements_list(request: HttpRequest, paging: Pages, sought: Annotated[MovementsSought, Query()]) -> MovementsOut:
    user = caller(request)
    wanted = Wanted(
        q=sought.q.strip(),
        flow=sought.flow,
        direction=sought.direction,
        outcome=sought.outcome,
        first=_day(sought.first),
        last=_day(sought.last),
        waits="1" if sought.waits else "",
    )
    found = filtered(movements(visible_to=user), wanted, user)
    page, following = paged(found, paging, ("-crossing_at", "id"))
    return MovementsOut(data=movements_out(page, user), next=following)


def _day(day: date | None) -> str:
    return day.isoformat() if day else ""


@router.get(
    "/movements/{movement_id}", response=MovementWhole, auth=READ, summary=N_("One movement, as far as it may be seen")
)
def movement_get(request: HttpRequest, movement_id: PathId, response: HttpResponse) -> MovementWhole:
    user = caller(request)
    return _answered(response, user, movement_or_404(user, movement_id))


def _answered(response: HttpResponse, user: User, movement: Movement) -> MovementWhole:
    whole = movement_whole(movement, user)
    response.headers["ETag"] = state_of(whole)
    return whole


class TimelineOut(Schema):
    data: list[EventOut]


@router.get(
    "/movements/{movement_id}/timeline", response=TimelineOut, auth=READ, summary=N_("What happened to a movement")
)
def movement_timeline(request: HttpRequest, movement_id: PathId) -> TimelineOut:
    user = caller(request)
    movement = movement_or_404(user, movement_id)
    record_view(user, movement, "api:movement_timeline")
    return TimelineOut(data=[event_out(one) for one in timeline(movement, user)])


# Filing


class ItemIn(Given):
    facts: Facts
    person: Id | None = Field(None, description=N_("Id of the person whom it is about; needed where people cross."))


class MovementIn(Given):
    flow: Flow
    direction: str = Field(max_length=40)
    crossing_at: Instant = Field(description=N_("When it is to cross."))
    items: Annotated[list[ItemIn], Field(min_length=1, max_length=MAX_ITEMS)]
    control_point: str = Field("", max_length=40, description=N_("Id of the control point, if it is known."))
    reference: str = Field("", max_length=80, description=N_("Your own; it never goes to the other side."))
    organisation: str = Field("", max_length=26, description=N_("Who files it; your only organisation if left out."))
    twice: StrictBool = Field(default=False, description=N_("Whether it may be filed though it was filed already."))


@router.post("/movements", response={201: MovementWhole}, auth=WRITE, summary=N_("File a movement"))
def movement_add(request: HttpRequest, movement: MovementIn, response: HttpResponse) -> MovementWhole:
    user = caller(request)
    organisation = own_organisation(user, movement.organisation)
    people = _people(user, movement, organisation.id)
    draft = services.Draft(
        flow=movement.flow,
        direction=movement.direction,
        crossing_at=movement.crossing_at,
        items=[services.DraftItem(one.facts, people.get(one.person or "")) for one in movement.items],
        control_point=movement.control_point,
        reference=movement.reference,
    )
    with _pointing(r"movements\[0\]\.items\[(\d+)\]\.(\w+)", {place: place for place in range(len(movement.items))}):
        (filed,) = services.movements_declare(by=user, organisation=organisation, drafts=[draft], twice=movement.twice)
    response.headers["Location"] = reverse("api:movement_get", args=[filed.id])
    return _answered(response, user, movement_or_404(user, filed.id))


def _people(user: User, movement: MovementIn, organisation: str) -> Mapping[str, Person]:
    wanted = {one.person for one in movement.items if one.person}
    found = people_listed(visible_to=user).filter(organisation=organisation, pk__in=wanted).in_bulk()
    for place, one in enumerate(movement.items):
        if one.person and one.person not in found:
            raise InputError(
                "api.unknown_id", N_("There is none with this id here."), where=f"body.items[{place}].person"
            )
    return found


@contextmanager
def _pointing(form: str, places: Mapping[int, int]) -> Iterator[None]:
    """Have an error about a fact say where in what was sent the fact stands.

    Args:
        form: of the error's own place, with the place of the item and the name of the fact.
        places: index in what was sent, by the place of the item.
    """
    try:
        yield
    except InputError as error:
        found = re.fullmatch(form, error.where)
        if found:
            error.where = f"body.items[{places.get(int(found[1]), 0)}].facts.{found[2]}"
        raise


class StatedIn(Given):
    place: Number = Field(description=N_("Of the item, from 0."))
    facts: Facts = Field(description=N_("What is stated otherwise; null takes a fact back."))


class RestateIn(Given):
    items: Annotated[list[StatedIn], Field(max_length=MAX_ITEMS)] = []
    crossing_at: Instant | None = None


def _held(request: HttpRequest, movement_id: str) -> tuple[User, Movement]:
    """Return a movement, locked, if it is as the caller read it."""
    user = caller(request)
    visible = movement_or_404(user, movement_id)
    movement = Movement.objects.select_for_update(of=("self",)).select_related("organisation").get(pk=visible.pk)
    check_seen(request, state_of(movement_whole(movement, user, named=False)))
    return user, movement


@router.patch(
    "/movements/{movement_id}",
    response=MovementWhole,
    auth=WRITE,
    summary=N_("State facts of a movement anew"),
    openapi_extra=_SEEN,
)
def movement_restate(
    request: HttpRequest, movement_id: PathId, change: RestateIn, response: HttpResponse
) -> MovementWhole:
    user, movement = _held(request, movement_id)
    with _stating(change.items) as facts:
        services.movement_restate(by=user, movement=movement, items=facts, crossing_at=change.crossing_at)
    return _answered(response, user, movement_or_404(user, movement_id))


@contextmanager
def _stating(items: list[StatedIn]) -> Iterator[dict[int, dict[str, Any]]]:
    """Give facts by the place of their item; of an item that is given twice the later facts count."""
    facts: dict[int, dict[str, Any]] = {}
    for one in items:
        facts[one.place] = {**facts.get(one.place, {}), **one.facts}
    with _pointing(r"items\[(\d+)\]\.(\w+)", {one.place: index for index, one in enumerate(items)}):
        yield facts


@router.post(
    "/movements/{movement_id}/withdraw",
    response=MovementWhole,
    auth=WRITE,
    summary=N_("Withdraw a movement"),
    openapi_extra=_SEEN,
)
def movement_withdraw(request: HttpRequest, movement_id: PathId, response: HttpResponse) -> MovementWhole:
    user, movement = _held(request, movement_id)
    services.movement_withdraw(by=user, movement=movement)
    return _answered(response, user, movement_or_404(user, movement_id))


class CrossIn(Given):
    at: Instant | None = Field(None, description=N_("When it crossed; now if it is left out."))


@router.post(
    "/movements/{movement_id}/cross", response=MovementWhole, auth=WRITE, summary=N_("Say that it has crossed")
)
def movement_cross(
    request: HttpRequest, movement_id: PathId, crossing: CrossIn, response: HttpResponse
) -> MovementWhole:
    user = caller(request)
    services.movement_cross(by=user, movement=movement_or_404(user, movement_id), at=crossing.at)
    return _answered(response, user, movement_or_404(user, movement_id))


class FoundIn(Given):
    place: Number = Field(description=N_("Of the item, from 0."))
    facts: dict[str, Any] = Field(description=N_("What an officer found; null takes a fact back."))
    reason: Prose = Field("", description=N_("How it was found; never told to whoever filed."))


@router.post(
    "/movements/{movement_id}/findings", response=MovementWhole, auth=WRITE, summary=N_("State what an officer found")
)
def movement_find(request: HttpRequest, movement_id: PathId, found: FoundIn, response: HttpResponse) -> MovementWhole:
    user = caller(request)
    movement = movement_or_404(user, movement_id)
    services.officer_state(by=user, movement=movement, place=found.place, facts=found.facts, reason=found.reason)
    return _answered(response, user, movement_or_404(user, movement_id))


# Questions and remedies


class AnswerIn(Given):
    text: Prose = ""
    items: Annotated[
        list[StatedIn], Field(max_length=MAX_ITEMS, description=N_("What is stated with the answer."))
    ] = []


@router.post(
    "/movements/{movement_id}/questions/{question_id}/answer",
    response=MovementWhole,
    auth=WRITE,
    summary=N_("Answer what an authority asks"),
)
def question_answer(
    request: HttpRequest, movement_id: PathId, question_id: PathId, answer: AnswerIn, response: HttpResponse
) -> MovementWhole:
    user = caller(request)
    movement = movement_or_404(user, movement_id)
    question = get_object_or_404(Question.objects.select_related("movement"), pk=question_id, movement=movement)
    with _stating(answer.items) as facts:
        services.question_answer(by=user, question=question, text=answer.text, facts=facts)
    return _answered(response, user, movement_or_404(user, movement_id))


class RemedyIn(Given):
    text: Prose = Field(description=N_("Why the refusal should be lifted."))


@router.post(
    "/movements/{movement_id}/notices/{notice_id}/remedy",
    response=MovementWhole,
    auth=WRITE,
    summary=N_("Object to a refusal"),
)
def remedy_file(
    request: HttpRequest, movement_id: PathId, notice_id: PathId, remedy: RemedyIn, response: HttpResponse
) -> MovementWhole:
    user = caller(request)
    movement = movement_or_404(user, movement_id)
    notice = get_object_or_404(Notice.objects.select_related("movement"), pk=notice_id, movement=movement)
    services.remedy_file(by=user, notice=notice, text=remedy.text)
    return _answered(response, user, movement_or_404(user, movement_id))
