"""What happens to a movement after it was filed: restated, withdrawn, crossed, and facts that officers state."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from riverloop.apps.clearance import exchange, papers
from riverloop.apps.clearance.consequences import movements_end
from riverloop.apps.clearance.deciding import decide_subjects, movements_decide
from riverloop.apps.clearance.effect import check_in_effect
from riverloop.apps.clearance.filing import check_crossing, facts_read, fingerprint_of
from riverloop.apps.clearance.models import Movement, Statement
from riverloop.apps.clearance.outcomes import outcome_of
from riverloop.apps.clearance.receiving import is_paperwork
from riverloop.apps.clearance.selectors import rulebook, zone
from riverloop.apps.clearance.stated import APPLICANT, OFFICER, Subject, subjects_of
from riverloop.apps.clearance.telling import crossings_told
from riverloop.apps.clearance.whose import facts_held_by
from riverloop.apps.desk.services import obligations_set
from riverloop.apps.parties.models import User
from riverloop.apps.parties.words import N_
from riverloop.apps.record.services import record_append
from riverloop.core.kernel.errors import ConflictError, InputError
from riverloop.core.rules.facts import as_json

Changes = Mapping[int, Mapping[str, Any]]

LONGEST_REASON = 4000  # characters
MOST_DAYS_BACK = 10
"""How late a crossing may be recorded: a gate that was cut off catches up after the longest public holiday, of eight
days, and two days more. What is older than that nobody saw just now, and it would move what is due from the crossing
on."""


def held(movement: Movement) -> Movement:
    """Lock a movement until the end of the transaction, and return it as it is now.

    Raises:
        ConflictError: it was withdrawn, has crossed, or is so old that its facts were erased.
    """
    now = Movement.objects.select_for_update().get(pk=movement.pk)
    if now.withdrawn_at is not None:
        raise ConflictError("clearance.withdrawn", N_("This movement was withdrawn. File a new one."))
    if now.crossed_at is not None:
        # the words do not say that it crossed, since whoever filed it for somebody is not told that
        raise ConflictError("clearance.over", N_("This movement is over. Nothing of it can change."))
    if now.erased_at is not None:
        raise ConflictError("clearance.erased", N_("The facts of this movement are no longer kept."))
    return now


@transaction.atomic
def movement_restate(
    *,
    by: User,
    movement: Movement,
    items: Changes | None = None,
    crossing_at: datetime | None = None,
    seen: str | None = None,
) -> Movement:
    """State facts of a movement anew; both sides decide again.

    Args:
        by: a coordinator of the organisation that filed it.
        movement: as it was filed, on the side where it was filed.
        items: by place, what is stated otherwise; None takes a fact back.
        crossing_at: when it is to cross instead.
        seen: the mark of what ``by`` read before they changed it; None if the caller held the row meanwhile.

    Raises:
        ConflictError: it was withdrawn or has crossed, or something was stated meanwhile.
        InputError: no such item, a bad fact, or nothing is stated otherwise.
        PermissionDenied: it is not ``by``'s to change.
    """
    if not by.has_perm("clearance.change_movement", movement):
        raise PermissionDenied
    now = held(movement)
    (subject,) = subjects_of([now])
    _check_seen(subject, APPLICANT, seen)
    changed = _state(subject, items or {}, by=by, asserted_as=APPLICANT)
    if crossing_at is not None and crossing_at != now.crossing_at:
        check_crossing(crossing_at, where="crossing_at")
        now.crossing_at = crossing_at
    elif not changed:
        raise InputError(
            "clearance.nothing_new", N_("Nothing is stated otherwise than before. Change something first.")
        )
    refile(subject, changed=changed)
    payload = {"movement": now.id, "by": by.id, "fingerprint": now.fingerprint}
    record_append(side=now.owner_side, kind="movement.restated", payload=payload)
    return now


def stated_mark(subject: Subject, asserted_as: str) -> str:
    """Return a mark that changes whenever the applicant, or an officer, states anything about a movement."""
    newest = []
    for item in subject.items:
        own = [one.number for one in subject.statements.get(item.id, ()) if one.asserted_as == asserted_as]
        newest.append(str(max(own, default=0)))
    return "-".join([*newest, f"{subject.movement.crossing_at:%Y%m%dT%H%M%S}"])


def _check_seen(subject: Subject, asserted_as: str, seen: str | None) -> None:
    """Refuse a change of what somebody else changed; asked while the row is held, so that of two at once one waits."""
    if seen is not None and seen != stated_mark(subject, asserted_as):
        raise ConflictError(
            "clearance.stated_meanwhile",
            N_("Somebody stated something else meanwhile. Open the movement, read it, and change it again."),
        )


def refile(subject: Subject, *, changed: set[str], cause: str = "restated") -> None:
    """Bring a movement that was filed here up to what is stated now: papers drawn, decided, told."""
    now = subject.movement
    if changed and not is_paperwork(dict.fromkeys(changed)):
        now.facts_at = timezone.now()
    facts = [subject.facts(item, own=False) for item in subject.items]
    now.fingerprint = fingerprint_of(now, subject.items, facts)
    now.save(update_fields=["crossing_at", "facts_at", "fingerprint"])
    papers.draw_for([subject])
    decide_subjects([subject], cause=cause, before=lambda all_: exchange.declared_tell(all_, exchange.RESTATED))


def _state(
    subject: Subject, items: Changes, *, by: User, asserted_as: str, authority: str = "", reason: str = ""
) -> set[str]:
    """Store what is stated otherwise than it holds, and return the names of those facts."""
    changed: set[str] = set()
    movement = subject.movement
    for place, facts in items.items():
        if not 0 <= place < len(subject.items):
            raise InputError("clearance.item", N_("The movement has no item {place}."), place=place + 1)
        item = subject.items[place]
        read = _read(movement.flow, facts, officer=asserted_as == OFFICER, where=f"items[{place}]")
        before = subject.officers_facts(item) if asserted_as == OFFICER else subject.facts(item, own=False)
        new = {name: value for name, value in read.items() if before.get(name) != value}
        if not new:
            continue
        statements = subject.statements.setdefault(item.id, [])
        number = max((one.number for one in statements), default=0) + 1
        statements.append(
            Statement.objects.create(
                owner_side=item.owner_side,
                item=item,
                number=number,
                facts=new,
                asserted_as=asserted_as,
                by=by,
                authority=authority,
                reason=reason,
                side=item.owner_side,
                at=timezone.now(),
            )
        )
        changed |= new.keys()
    return changed


def _read(flow: str, facts: Mapping[str, Any], *, officer: bool, where: str) -> dict[str, Any]:
    taken_back = {name: None for name, value in facts.items() if value is None}
    words = rulebook().packs.dictionary
    words.read(flow, taken_back, where=where)  # refuses names that are no facts
    given = {name: value for name, value in facts.items() if value is not None}
    if not officer:
        return {**taken_back, **facts_read(flow, given, where=where)}
    read = words.read(flow, given, where=where)
    return {**taken_back, **{name: as_json(value) for name, value in read.items()}}


@transaction.atomic
def movement_withdraw(*, by: User, movement: Movement) -> Movement:
    """Withdraw a movement: what was drawn for it is given back, and nobody looks at it any longer.

    Raises:
        ConflictError: it was withdrawn or has crossed.
        PermissionDenied: it is not ``by``'s to withdraw.
    """
    if not by.has_perm("clearance.change_movement", movement):
        raise PermissionDenied
    now = held(movement)
    now.withdrawn_at = timezone.now()
    now.save(update_fields=["withdrawn_at"])
    papers.release(now)
    movements_end([now], act="withdrawn")
    obligations_set(side=now.owner_side, subject=now.id, wanted=[])
    record_append(side=now.owner_side, kind="movement.withdrawn", payload={"movement": now.id, "by": by.id})
    exchange.send(now, exchange.WITHDRAWN, "withdraw", at=now.withdrawn_at)
    return now


@transaction.atomic
def movement_cross(*, by: User, movement: Movement, at: datetime | None = None) -> Movement:
    """Say that a movement has crossed; what is due from the crossing on becomes due.

    Args:
        by: staff of the gate, or an officer, on either side.
        movement: that side's copy.
        at: when it crossed; now if None.

    Raises:
        ConflictError: it was withdrawn, has crossed, is not cleared by both sides, or that is not in effect yet.
        InputError: it lies in the future, too far back, or before the movement was declared.
        PermissionDenied: ``by`` does not stand there.
    """
    if not by.has_perm("clearance.cross_movement", movement):
        raise PermissionDenied
    now, instant = held(movement), timezone.now()
    when = at or instant
    _check_crossed(now, when, instant)
    if outcome_of(now) == "cleared":
        check_in_effect(now)
    if now.own_valid_until and now.own_valid_until < when:
        movements_decide([now], cause="expired")
    if outcome_of(now) != "cleared":
        raise ConflictError(
            "clearance.not_cleared", N_("Both sides have to clear it before it crosses. Nothing was recorded.")
        )
    now.crossed_at = when
    now.save(update_fields=["crossed_at"])
    movements_end([now], act="crossed")
    movements_decide([now], cause="crossed")
    record_append(side=now.owner_side, kind="movement.crossed", payload={"movement": now.id, "by": by.id})
    crossings_told([now])
    exchange.send(now, exchange.CROSSED, "cross", at=when, control_point=now.control_point)
    return now


def _check_crossed(movement: Movement, when: datetime, now: datetime) -> None:
    check_crossing(when)
    if when > now:
        raise InputError("clearance.future", N_("A crossing is recorded when it has happened, not before."))
    if when < movement.declared_at.replace(second=0, microsecond=0):  # a form gives whole minutes
        raise InputError(
            "clearance.before_declared", N_("It was declared later than that. Give the time at which it crossed.")
        )
    if when < now - timedelta(days=MOST_DAYS_BACK):
        raise InputError(
            "clearance.long_ago",
            N_("A crossing is recorded within {most} days. Ask the authority that leads it to see to this one."),
            most=MOST_DAYS_BACK,
        )


@transaction.atomic
def officer_state(
    *,
    by: User,
    movement: Movement,
    place: int,
    facts: Mapping[str, Any],
    reason: str = "",
    seen: str | None = None,
) -> Movement:
    """State what an officer found about an item. It stays on this side, which decides again.

    Args:
        by: an officer of this side whose authority may see the movement.
        movement: this side's copy.
        place: of the item, from 0.
        facts: what was found, of what the authority may hold; None takes it back.
        reason: how it was found; for officers of that authority and auditors alone.
        seen: the mark of what ``by`` read of officers' facts before; None if they replace whatever there is.

    Raises:
        ConflictError: it was withdrawn or has crossed, or an officer stated something meanwhile.
        InputError: no such item, too long a reason, a bad fact, one that this side may not know, or that is another
            authority's.
        PermissionDenied: the movement is not before ``by``'s authority.
    """
    if not by.has_perm("clearance.state_officers_facts", movement):
        raise PermissionDenied
    now = held(movement)
    known = rulebook().packs.dictionary.facts
    for name in facts:
        if name in known and not known[name].is_visible_to(now.owner_side):
            raise InputError("clearance.not_ours", N_('This side may not know "{fact}". Leave it out.'), fact=name)
    if len(reason) > LONGEST_REASON:
        raise InputError(
            "clearance.long_reason", N_("The reason has more than {most} characters. Shorten it."), most=LONGEST_REASON
        )
    authority = _authority(by, now, facts)
    (subject,) = subjects_of([now])
    _check_seen(subject, OFFICER, seen)
    changed = _state(subject, {place: facts}, by=by, asserted_as=OFFICER, authority=authority, reason=reason.strip())
    if not changed:
        raise InputError(
            "clearance.nothing_new", N_("Nothing is stated otherwise than before. Change something first.")
        )
    payload = {"movement": now.id, "by": by.id, "place": place}
    record_append(side=now.owner_side, kind="movement.officer_stated", payload=payload)
    decide_subjects([subject], cause="officer")
    return now


def _authority(user: User, movement: Movement, facts: Mapping[str, Any]) -> str:
    """Return for which authority an officer states facts: one that may hold them all."""
    known = {one.id for one in zone().side(movement.owner_side).side.authorities}
    own = [role.authority for role in user.held_roles if role.kind == "officer" and role.authority in known]
    stated = facts.keys() & rulebook().packs.dictionary.facts.keys()  # of others there are none: that is said later
    lacking = {authority: stated - facts_held_by(authority, movement.flow) for authority in own}
    for authority, others in lacking.items():
        if not others:
            return authority
    raise InputError(
        "clearance.not_authoritys",
        N_('Your authority may not state "{fact}": it is another\'s. Leave it out.'),
        fact=min((name for others in lacking.values() for name in others), default=""),
    )
