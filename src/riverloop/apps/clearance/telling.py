"""Whoever filed is told: by notices with their remedies, by events and by mail, each what concerns them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from django.db.models import Q

from riverloop.apps.clearance import exchange
from riverloop.apps.clearance.models import Item, Movement, Notice, SideDecision
from riverloop.apps.clearance.outcomes import outcome_of
from riverloop.apps.clearance.selectors import rulebook, zone
from riverloop.apps.notices.mails import mail_queue
from riverloop.apps.notices.webhooks import events_publish
from riverloop.apps.parties.models import Organisation, Role, User
from riverloop.apps.record.services import records_append
from riverloop.core.kernel.ids import new_id
from riverloop.core.kernel.instants import date_in, end_of_day

_MOST_MAILS = 20  # who files a list reads the list


def places_told(flow: str, items: Sequence[Item], places: Iterable[int]) -> list[int | None]:
    """Return of which items separate notice is given, so that each person reads their own; None stands for the rest.

    Args:
        flow: of the movement.
        items: of the movement, in order.
        places: those that a rule speaks of.
    """
    apart = [place for place in places if flow == "person" or len(items) == 1 or items[place].person_id]
    rest = set(places) - set(apart)
    return [*dict.fromkeys(apart), *([None] if rest else [])]


def places_of(movement: Movement, rule: str) -> list[int]:
    """Return the places of the items that a rule of this side speaks of, by its newest decision."""
    newest = SideDecision.objects.filter(movement=movement, side=movement.owner_side).order_by("-number").first()
    said = newest.result.get("rules", []) if newest else []
    return [place for name, place in said if name == rule]


def notice_of(
    movement: Movement,
    authority: str,
    act: str,
    at: datetime,
    rule_id: str,
    *,
    reason: str = "",
    matter: str = "",
    place: int | None = None,
) -> Notice:
    """Return a notice with the remedy that the rule's law gives, and until when.

    Args:
        movement: of this side.
        authority: which tells it.
        act: what was done.
        at: when.
        rule_id: the rule that refuses.
        reason: in the officer's words.
        matter: id of the matter in which it was decided.
        place: of the one item that it is about.
    """
    rule = rulebook().packs.rules.get(rule_id)
    told_rule = rule_id if rule and rule.disclose == "applicant" else ""
    owner = zone().side(movement.owner_side).side
    notice = Notice(
        owner_side=movement.owner_side,
        ref=new_id(),
        movement=movement,
        side=movement.owner_side,
        authority=authority,
        act=act,
        rule=told_rule,
        untold_rule="" if told_rule else rule_id,
        reason=reason,
        matter=matter,
        place=place,
        at=at,
    )
    if act == "refused":
        remedy = rule.remedy if rule else None
        notice.remedy_body = (
            owner.authority(remedy.body)
            if remedy and "." not in remedy.body
            else (remedy.body if remedy else authority)
        )
        if remedy and remedy.days is not None:
            last = date_in(at, owner.time_zone).toordinal() + remedy.days
            notice.remedy_until = end_of_day(date.fromordinal(last), owner.time_zone)
    return notice


def notice_give(notice: Notice) -> Notice:
    """Store a notice and tell whoever filed, on whichever side they are."""
    notice.save(force_insert=True)
    payload = {"notice": notice.id, "movement": notice.movement_id, "act": notice.act}
    records_append(notice.owner_side, [("notice.given", payload)])
    if notice.movement.filed_side == notice.owner_side:
        told(notice.movement, notice_kind(notice), notice.place)
    else:
        exchange.notice_send(notice)
    return notice


def notice_kind(notice: Notice) -> str:
    """Return what whoever filed is told that they were sent."""
    return "refusal" if notice.act == "refused" else "remedy"


# Events and mail ---------------------------------------------------------------------------------------------------


def outcomes_changed(movements: Iterable[Movement]) -> None:
    """Tell whoever filed here that the outcome may be another; of what has crossed there is none to wait for."""
    own = (one for one in movements if one.organisation_id and one.filed_side == one.owner_side)
    filed = [one for one in own if one.crossed_at is None]
    _publish(filed, "movement.decided")
    if len(filed) <= _MOST_MAILS:
        for movement in filed:
            if movement.own_low is not None and movement.other_low is not None:
                mail_queue(
                    to=_filers(movement, _people(movement)), kind="movement.outcome", path=f"/movements/{movement.id}/"
                )


def crossings_told(movements: Iterable[Movement]) -> None:
    """Tell tenants that their consignments and data sets have crossed; of their people they are not told."""
    _publish(
        [one for one in movements if one.flow != "person" and one.filed_side == one.owner_side], "movement.crossed"
    )


def _publish(movements: Sequence[Movement], kind: str) -> None:
    tenants = Organisation.objects.in_bulk({one.organisation_id for one in movements if one.organisation_id})
    events_publish([(tenants[one.organisation_id], kind, _event(one)) for one in movements if one.organisation_id])


def told(movement: Movement, what: str, place: int | None) -> None:
    """Let whoever filed know that something waits for them; they sign in and read here what it is.

    Args:
        movement: filed at this side.
        what: question, notice, refusal or remedy.
        place: of the one item that it is about.
    """
    if movement.organisation is not None:
        events_publish([(movement.organisation, f"movement.{what}", _event(movement))])
        mail_queue(
            to=_filers(movement, _told_people(movement, place)),
            kind=f"movement.{what}",
            path=f"/movements/{movement.id}/",
        )


def _event(movement: Movement) -> dict[str, Any]:
    return {"movement": movement.id, "outcome": outcome_of(movement)}


def _people(movement: Movement) -> set[str | None]:
    return set(Item.objects.filter(movement=movement, person__isnull=False).values_list("person", flat=True))


def _told_people(movement: Movement, place: int | None) -> set[str | None]:
    """Return the people whom something about one item concerns; without a place, whoever is alone in a movement."""
    people = dict(Item.objects.filter(movement=movement).values_list("place", "person"))
    told: set[str | None] = {people[place]} if place in people else set(people.values())
    return told if len(told) == 1 and None not in told else set()


def _filers(movement: Movement, people: Iterable[str | None]) -> Iterable[User]:
    """Return the accounts that coordinate the organisation, and those of people in the movement."""
    holds = Q(kind="coordinator", organisation=movement.organisation_id)
    holds |= Q(kind="holder", person__in=people)
    roles = Role.objects.filter(holds, owner_side=movement.owner_side, ended_at=None)
    return User.objects.filter(pk__in=roles.values("user"), is_active=True)
