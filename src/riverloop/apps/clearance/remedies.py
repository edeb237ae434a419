"""Refusals are told with their remedy; whoever filed may object, and an officer who had no hand in it decides."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from riverloop.apps.clearance import exchange
from riverloop.apps.clearance.consequences import REMEDY
from riverloop.apps.clearance.models import Item, Movement, Notice
from riverloop.apps.clearance.questions import place_read
from riverloop.apps.clearance.selectors import rulebook, zone
from riverloop.apps.clearance.telling import notice_kind, told
from riverloop.apps.desk.models import Matter
from riverloop.apps.desk.services import NewMatter, matters_open
from riverloop.apps.parties.models import Person, User
from riverloop.apps.parties.words import N_
from riverloop.apps.record.services import record_append
from riverloop.core.kernel.errors import ConflictError, InputError
from riverloop.core.kernel.instants import date_in, read_instant

LONGEST_REMEDY = 4_000  # characters: two pages


def notice_take(movement: Movement, side: str, body: Mapping[str, Any]) -> None:
    """Keep what the other side gives notice of."""
    until = body.get("remedy_until")
    notice, made = Notice.objects.get_or_create(
        owner_side=movement.owner_side,
        movement=movement,
        side=side,
        ref=str(body["notice"])[:26],
        defaults={
            "place": place_read(movement, body),
            "authority": str(body["authority"])[:40],
            "act": str(body["act"])[:20],
            "rule": str(body.get("rule", ""))[:80],
            "reason": str(body.get("reason", "")),
            "remedy_body": str(body.get("remedy_body", ""))[:40],
            "remedy_until": read_instant(until) if until else None,
            "at": read_instant(body["at"]),
        },
    )
    if made:
        payload = {"notice": notice.id, "movement": movement.id}
        record_append(side=movement.owner_side, kind="notice.told", payload=payload)
        told(movement, notice_kind(notice), notice.place)


@transaction.atomic
def remedy_file(*, by: User, notice: Notice, text: str) -> Notice:
    """Object to a refusal, on whichever side it was made.

    Args:
        by: a coordinator of the organisation that filed, or the person whom it is about.
        notice: as it is kept where the movement was filed.
        text: the grounds.

    Raises:
        ConflictError: that was done already, or the time for it is over.
        InputError: it is no refusal, or no grounds are given.
        PermissionDenied: the notice is not ``by``'s.
    """
    if not by.has_perm("clearance.file_remedy", notice):
        raise PermissionDenied
    now = Notice.objects.select_for_update().select_related("movement").get(pk=notice.pk)
    grounds = _checked(now, text)
    now.remedy_filed_at, now.remedy_text = timezone.now(), grounds
    now.save(update_fields=["remedy_filed_at", "remedy_text"])
    payload = {"notice": now.id, "movement": now.movement_id, "by": by.id}
    record_append(side=now.owner_side, kind="remedy.filed", payload=payload)
    if now.side == now.owner_side:
        remedy_open(now, grounds, now.remedy_filed_at)
    else:
        exchange.send(now.movement, exchange.REMEDY, "remedy", notice=now.ref, text=grounds, at=now.remedy_filed_at)
    return now


def _checked(notice: Notice, text: str) -> str:
    grounds = text.strip()
    if notice.act != "refused":
        raise InputError("clearance.no_refusal", N_("Only a refusal can be objected to."))
    if notice.remedy_filed_at is not None:
        raise ConflictError("clearance.remedy_filed", N_("An objection to this was filed already."))
    if notice.remedy_until is not None and timezone.now() > notice.remedy_until:
        side = zone().side(notice.side).side
        raise ConflictError(
            "clearance.remedy_late",
            N_("The time to object ended on {day}. File a new movement if something has changed."),
            day=date_in(notice.remedy_until, side.time_zone).isoformat(),
        )
    if not grounds:
        raise InputError("clearance.no_grounds", N_("Say why the refusal should be lifted."))
    if len(grounds) > LONGEST_REMEDY:
        raise InputError(
            "clearance.long_grounds",
            N_("The grounds have more than {most} characters. Shorten them."),
            most=LONGEST_REMEDY,
        )
    return grounds


def remedy_open(notice: Notice, text: str, filed_at: datetime) -> None:
    """Open the matter of a remedy at the side that refused."""
    if notice.remedy_filed_at is None or notice.side != notice.owner_side:
        notice.remedy_filed_at, notice.remedy_text = filed_at, text
        notice.save(update_fields=["remedy_filed_at", "remedy_text"])
    movement = notice.movement
    against = Matter.objects.filter(owner_side=notice.owner_side, pk=notice.matter).first()
    refusing = notice.rule or notice.untold_rule
    rule, version = (against.rule, against.rule_version) if against else (refusing, _version(refusing))
    new = NewMatter(
        authority=notice.remedy_body if "." in notice.remedy_body else notice.authority,
        kind=REMEDY,
        subject=movement.id,
        rule=rule,
        rule_version=version,
        flow=movement.flow,
        organisation=movement.organisation,
        person=_person(notice),
        item=notice.place if movement.flow == "person" else None,
        of=against,
        text=text,
    )
    (matter,) = matters_open(side=notice.owner_side, new=[new])
    notice.remedy = matter.id
    notice.save(update_fields=["remedy"])


def _person(notice: Notice) -> Person | None:
    if notice.place is None:
        return None
    item = Item.objects.filter(movement=notice.movement, place=notice.place).select_related("person").first()
    return item.person if item else None


def _version(rule: str) -> str:
    known = rulebook().packs.rules.get(rule)
    return known.version if known else ""
