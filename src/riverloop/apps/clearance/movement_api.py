"""What programs read of a movement: the same as its page shows, to whoever reads it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

from ninja import Schema
from pydantic import Field

from riverloop.apps.clearance.deciding import rulebook_of
from riverloop.apps.clearance.models import Item, Movement, Notice, Question, SideDecision
from riverloop.apps.clearance.movement_list import ids_applied_for
from riverloop.apps.clearance.movement_pages import (
    facts_of,
    newest_of,
    reading_of,
    record_names,
    said_to,
    stored_of,
)
from riverloop.apps.clearance.outcomes import outcome_of
from riverloop.apps.clearance.stored import Column, Reading, read_again
from riverloop.apps.clearance.timeline import Event
from riverloop.apps.clearance.whose import crossings_concealed
from riverloop.apps.parties.interface import etag_of
from riverloop.apps.parties.models import User
from riverloop.apps.parties.words import N_


class MovementOut(Schema):
    id: str
    number: str = Field(description=N_("The number that people say to each other."))
    reference: str = Field(description=N_("The tenant's own; empty for anyone but the tenant and who crosses."))
    flow: str
    direction: str
    crossing_at: datetime
    control_point: str
    organisation: str | None
    state: Literal["open", "withdrawn", "crossed"]
    outcome: str = Field(description=N_("cleared, referred, incomplete, refused or undetermined."))
    declared_at: datetime
    withdrawn_at: datetime | None
    crossed_at: datetime | None


class RuleSaid(Schema):
    id: str
    kind: str = Field(description=N_("What follows: require, refer, refuse, oblige …"))
    reason: str
    effect: str
    items: list[int]
    next_step: str
    remedy: str


class PaperSaid(Schema):
    label: str
    held: bool


class DutySaid(Schema):
    act: str
    due: str
    rule: str


class SideSaid(Schema):
    side: str
    answered: bool
    outcome: str | None = Field(description=N_("What the side says; null until it has answered."))
    word: str
    reasons: str = Field(description=N_("signed by the side; public if worked out from its public rules; or empty."))
    decided_at: datetime | None = Field(description=N_("Since when the side says what it says, if that is told."))
    number: int = Field(description=N_("Of its newest decision that said something new, from 1; 0 if it is not told."))
    route: str
    rules: list[RuleSaid]
    papers: list[PaperSaid]
    duties: list[DutySaid]
    missing_facts: list[str] = Field(description=N_("Names of facts that can still change what it says."))


class FactStated(Schema):
    value: Any
    asserted_as: str = Field(description=N_("applicant, officer, register or computed."))
    at: datetime


class ItemOut(Schema):
    place: int
    person: str | None
    name: str = Field(description=N_("Of the person, for whoever may read it; that they read it is recorded."))
    facts: dict[str, FactStated]


class QuestionOut(Schema):
    id: str
    side: str
    authority: str
    place: int | None
    text: str
    facts: list[str]
    asked_at: datetime
    due_at: datetime
    answer: str
    answered_at: datetime | None
    closed_at: datetime | None


class NoticeOut(Schema):
    id: str
    side: str
    authority: str
    place: int | None
    act: str
    reason: str
    at: datetime
    remedy_body: str
    remedy_until: datetime | None
    remedy_filed_at: datetime | None


class MovementWhole(MovementOut):
    sentence: str
    valid_until: str
    sides: list[SideSaid]
    items: list[ItemOut]
    questions: list[QuestionOut]
    notices: list[NoticeOut]


class EventOut(Schema):
    at: datetime
    kind: str
    side: str
    who: str
    title: str
    text: str


def movements_out(movements: Sequence[Movement], user: User) -> list[MovementOut]:
    """Return movements as rows, with nobody's name in them."""
    own = ids_applied_for(movements, user)
    shown = crossings_concealed(user, movements)
    return [MovementOut(**_fields(one, applicant=one.id in own)) for one in shown]


def _fields(movement: Movement, *, applicant: bool) -> dict[str, Any]:
    state = "withdrawn" if movement.withdrawn_at else "crossed" if movement.crossed_at else "open"
    names = ("id", "number", "flow", "direction", "crossing_at", "control_point")
    instants = ("declared_at", "withdrawn_at", "crossed_at")
    return {
        **{name: getattr(movement, name) for name in (*names, *instants)},
        "reference": movement.reference if applicant else "",
        "organisation": movement.organisation_id,
        "state": state,
        "outcome": outcome_of(movement),
    }


def movement_whole(movement: Movement, user: User, *, named: bool = True) -> MovementWhole:
    """Return a movement as far as an account may see it, having recorded whose names it reads.

    Args:
        movement: one that the account may see.
        user: the account.
        named: whether with the names of people.
    """
    reading, newest = reading_of(user, movement), newest_of(movement)
    items = list(Item.objects.filter(movement=movement).select_related("person").order_by("place"))
    names = record_names(user, movement, items, "api:movement_get") if named else {}
    stored = stored_of(movement, newest, reading)
    missing = _missing(movement, newest, reading)
    asked, told = _said_to_filer(movement, reading)
    return MovementWhole(
        **_fields(movement, applicant=reading.kind == "applicant"),
        sentence=stored.explained.sentence,
        valid_until=stored.explained.valid_until,
        sides=[_side(column, missing.get(column.view.id, [])) for column in stored.columns],
        items=[
            ItemOut(
                place=item.place,
                person=item.person_id if item.id in names else None,
                name=names.get(item.id, ""),
                facts={
                    name: FactStated(value=one.value, asserted_as=one.asserted_as, at=one.at)
                    for name, one in facts.items()
                },
            )
            for item, facts in facts_of(movement, items, user, reading)
        ],
        questions=[QuestionOut.from_orm(one) for one in asked],
        notices=[NoticeOut.from_orm(one) for one in told],
    )


def _side(column: Column, missing: Sequence[str]) -> SideSaid:
    view = column.view
    return SideSaid(
        side=view.id,
        answered=column.answered,
        outcome=view.outcome if column.answered else None,
        word=view.word,
        reasons=column.reasons,
        decided_at=column.decided_at,
        number=column.number,
        route=view.route,
        rules=[
            RuleSaid(
                id=rule.id,
                kind=rule.kind,
                reason=rule.reason,
                effect=rule.effect,
                items=rule.items,
                next_step=rule.next_step,
                remedy=rule.remedy.text if rule.remedy else "",
            )
            for rule in view.rules
        ],
        papers=[PaperSaid(label=paper.label, held=paper.held) for paper in view.papers],
        duties=[DutySaid(act=duty.act, due=duty.due, rule=duty.rule) for duty in view.duties],
        missing_facts=list(missing),
    )


def _missing(movement: Movement, newest: Mapping[str, SideDecision], reading: Reading) -> dict[str, list[str]]:
    """Return the names of the facts that each side still lacks, where its reasons may be read."""
    own = newest.get(movement.owner_side)
    if own is None or not own.inputs or reading.kind == "gate":
        return {}
    book = rulebook_of(own.packs_sha256, tuple(own.inputs["assume"]))
    decision = read_again(own.inputs, book, movement.owner_side, reading)
    return {
        side: list(said.all_missing_facts())
        for side, said in decision.sides.items()
        if reading.kind == "applicant" or side == movement.owner_side
    }


def _said_to_filer(movement: Movement, reading: Reading) -> tuple[list[Question], list[Notice]]:
    """Return what was asked and told of whoever filed: to an officer, what their own authorities said."""
    asked = Question.objects.filter(movement=movement).order_by("asked_at", "id")
    told = Notice.objects.filter(movement=movement).order_by("at", "id")
    return list(said_to(asked, reading)), list(said_to(told, reading))


_WORDS = {"sentence", "valid_until", "word", "reason", "effect", "next_step", "label", "act", "due", "name", "person"}
_TIMELESS = ("register", "computed")  # asserted as of now, whenever it is read


def state_of(whole: MovementWhole) -> str:
    """Return the entity tag of what an account reads of a movement, the same in every language."""
    return etag_of(_bare(whole.model_dump()))


def _bare(value: Any) -> Any:
    """Return what is read without its words, and without the instant at which a register was asked."""
    if isinstance(value, dict):
        asked_now = {"at"} if value.get("asserted_as") in _TIMELESS else set()
        return {key: _bare(one) for key, one in value.items() if key not in _WORDS | asked_now}
    return [_bare(one) for one in value] if isinstance(value, list) else value


def event_out(event: Event) -> EventOut:
    """Return what happened to a movement once."""
    return EventOut(at=event.at, kind=event.kind, side=event.side, who=event.who, title=event.title, text=event.text)
