"""Writes of the desk. Who acts on a matter names the version they saw; each step is recorded with what it changes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from riverloop.apps.desk import reminders
from riverloop.apps.desk.kinds import Act, kind_of
from riverloop.apps.desk.models import OPEN_ONCE, Matter
from riverloop.apps.desk.opening import NewMatter, matter_answered, matter_withdraw, matters_close, matters_open
from riverloop.apps.desk.standing import (
    standing_answer_confirm,
    standing_answer_give,
    standing_answer_withdraw,
    standing_answers,
)
from riverloop.apps.desk.steps import closing, held, said, step_take, untangled
from riverloop.apps.desk.tasks import Wanted, obligation_done, obligation_undone, obligations_set, obligations_set_many
from riverloop.apps.parties.here import zone
from riverloop.apps.parties.models import User
from riverloop.apps.parties.words import N_
from riverloop.core.kernel.errors import InputError, did_you_mean

__all__ = [
    "NewMatter",
    "Seen",
    "Wanted",
    "matter_answered",
    "matter_ask",
    "matter_claim",
    "matter_confirm",
    "matter_decide",
    "matter_hand_over",
    "matter_interim",
    "matter_proposal_withdraw",
    "matter_release",
    "matter_withdraw",
    "matters_close",
    "matters_open",
    "obligation_done",
    "obligation_undone",
    "obligations_set",
    "obligations_set_many",
    "standing_answer_confirm",
    "standing_answer_give",
    "standing_answer_withdraw",
    "standing_answers",
]


Seen = tuple[Matter, int]
"""A matter with the version of it that was read."""
MOST_TOGETHER = 200  # matters that are answered by one act


# What an officer does --------------------------------------------------------------------------------------------


@untangled
@transaction.atomic
def matter_claim(*, by: User, matter: Matter, seen: int, reason: str = "") -> Matter:
    """Take a matter, so that nobody else works on it; from a colleague who holds it, with a reason.

    Raises:
        ConflictError: it has changed since it was read.
        InputError: a colleague holds it and no reason is given, or it is closed.
        PermissionDenied: it is another authority's, or against what ``by`` decided.
    """
    now = _officers(by, matter, seen, "desk.decide_matter")
    if now.claimed_by_id == by.id:
        return now
    if now.claimed_by_id:
        text = said(reason, needed=True)
        return step_take(now, "taken_over", by=by, text=text, claimed_by=by, claimed_at=timezone.now())
    return step_take(now, "claimed", by=by, claimed_by=by, claimed_at=timezone.now())


@untangled
@transaction.atomic
def matter_release(*, by: User, matter: Matter, seen: int) -> Matter:
    """Give a matter back to its queue."""
    now = _officers(by, matter, seen)
    if now.claimed_by_id != by.id:
        raise InputError("desk.not_yours", N_("You do not hold this matter. Nothing needs to be released."))
    return step_take(now, "released", by=by, claimed_by=None, claimed_at=None)


@untangled
@transaction.atomic
def matter_hand_over(*, by: User, matter: Matter, authority: str, reason: str, seen: int) -> Matter:
    """Hand a matter to another authority of the same side; its clock runs on."""
    now = _officers(by, matter, seen)
    _check_undecided(now)
    known = [one.id for one in zone().side(now.owner_side).side.authorities if one.id != now.authority]
    if authority not in known:
        raise InputError(
            "desk.authority",
            N_('There is no other authority "{authority}" at this side.{hint} Choose one of {known}.'),
            authority=authority,
            hint=did_you_mean(authority, known),
            known=", ".join(known),
        )
    details = {"from": now.authority, "to": authority}
    text = said(reason, needed=True)
    given: dict[str, Any] = {"authority": authority, "claimed_by": None, "claimed_at": None}
    step_take(now, "handed_over", by=by, text=text, details=details, **given)
    reminders.handed_over(now)
    return now


@untangled
@transaction.atomic
def matter_ask(*, by: User, matter: Matter, text: str, facts: list[str], due_at: datetime, seen: int) -> Matter:
    """Ask whoever filed for more; until they answer, the authority's clock stands still.

    Raises:
        InputError: nothing is asked, the day is past, or nobody would read it.
    """
    now = _officers(by, matter, seen, "desk.decide_matter")
    _check_undecided(now)
    kind = kind_of(now)
    if kind.on_asked is None:
        raise InputError("desk.no_question", N_("Nobody can be asked about this matter. Decide it, or hand it over."))
    _check_askable(now, facts)
    question = said(text, needed=not facts)
    _check_future(due_at)
    step_take(
        now,
        "asked",
        by=by,
        text=question,
        details={"facts": facts, "due_at": due_at.isoformat(), "due_before": now.due_at.isoformat()},
        state="waiting",
        answer_due_at=due_at,
        due_at=due_at,
        **_holder(now, by),
    )
    kind.on_asked(now, by, question, facts, due_at)
    return now


@untangled
@transaction.atomic
def matter_decide(
    *,
    by: User,
    matter: Matter,
    act: str,
    reason: str,
    until: datetime | None = None,
    seen: int,
    others: Iterable[Seen] = (),
) -> Matter:
    """Close a matter by one of its kind's acts; where two officers are needed, propose it to a second.

    Args:
        by: an officer of the matter's authority.
        matter: which.
        act: name of an act of its kind.
        reason: why; some acts need none.
        until: last instant at which the answer stands; it stands for good if None.
        seen: the version that ``by`` has read.
        others: what the same rule asks about other items of the same thing, which get the same answer, each in a
            step of its own; unless all can be decided so, none is.

    Raises:
        ConflictError: it has changed since it was read.
        InputError: no such act, no reason, a day that is past, or a colleague holds the matter.
        PermissionDenied: it is another authority's, or against what ``by`` decided.
    """

    def decided(one: Matter, version: int) -> Matter:
        now = _officers(by, one, version, "desk.decide_matter")
        _check_undecided(now)
        chosen = _act_of(now, act)
        text = said(reason, needed=chosen.needs_reason)
        if until is not None:
            _check_future(until)
        end = until if chosen.wants_until else None
        details = {"act": act}
        if chosen.two_officers(now):
            proposal = {"state": "proposed", "proposed_act": act, "proposed_by": by, "reason": text, "until": end}
            return step_take(now, "proposed", by=by, text=text, details=details, **proposal, **_holder(now, by))
        fields = {**closing(act, text), "until": end, "decided_by": by}
        return step_take(now, "decided", by=by, text=text, details=details, **fields, **_holder(now, by))

    every = _together((matter, seen), others, decided)
    if every[0].state == "proposed":
        reminders.second_officer_wanted(every[0], by)
    _closed_by(every, by)
    return every[0]


@untangled
@transaction.atomic
def matter_confirm(
    *, by: User, matter: Matter, agreed: bool, reason: str = "", seen: int, others: Iterable[Seen] = ()
) -> Matter:
    """Confirm what a colleague proposed, or send it back to them.

    Args:
        by: another officer of the matter's authority.
        matter: which.
        agreed: whether it is confirmed.
        reason: why it is sent back.
        seen: the version that ``by`` has read.
        others: what the colleague proposed alike of other items of the same thing, each confirmed or sent back in a
            step of its own; unless all can be, none is.

    Raises:
        ConflictError: it has changed since it was read.
        InputError: nothing is proposed, ``by`` proposed it, or no reason is given for sending it back.
        PermissionDenied: it is another authority's, or against what ``by`` decided.
    """
    proposals: set[tuple[Any, ...]] = set()

    def confirmed(one: Matter, version: int) -> Matter:
        now = _officers(by, one, version, "desk.decide_matter")
        if now.state != "proposed":
            raise InputError("desk.not_proposed", N_("Nothing is proposed here that could be confirmed."))
        if now.proposed_by_id == by.id:
            raise InputError("desk.same_officer", N_("You proposed this yourself. Another officer has to confirm it."))
        proposals.add((now.proposed_act, now.proposed_by_id, now.reason, now.until))
        if len(proposals) > 1:
            raise _not_alike()
        details, text = {"act": now.proposed_act}, said(reason, needed=not agreed)
        if not agreed:
            return step_take(now, "not_confirmed", by=by, text=text, details=details, **_UNDECIDED)
        fields = {**closing(now.proposed_act, now.reason), "decided_by": now.proposed_by, "confirmed_by": by}
        return step_take(now, "confirmed", by=by, text=text, details=details, **fields)

    every = _together((matter, seen), others, confirmed)
    _closed_by(every, by)
    return every[0]


@untangled
@transaction.atomic
def matter_proposal_withdraw(*, by: User, matter: Matter, seen: int) -> Matter:
    """Take back one's own proposal before it is confirmed."""
    now = _officers(by, matter, seen)
    if now.state != "proposed" or now.proposed_by_id != by.id:
        raise InputError("desk.not_yours_proposed", N_("You have proposed nothing here that could be withdrawn."))
    return step_take(now, "proposal_withdrawn", by=by, details={"act": now.proposed_act}, **_UNDECIDED)


@untangled
@transaction.atomic
def matter_interim(*, by: User, matter: Matter, act: str, reason: str, seen: int) -> Matter:
    """Release for the time being what a remedy is against, or end that release; the remedy stays to be decided.

    Args:
        by: an officer who had no hand in what it is against.
        matter: an open remedy.
        act: ``interim_release`` or ``interim_end``.
        reason: why.
        seen: the version that ``by`` has read.
    """
    now = _officers(by, matter, seen, "desk.decide_matter")
    on_interim = kind_of(now).on_interim
    released = now.interim_at is not None
    if on_interim is None or act != ("interim_end" if released else "interim_release"):
        raise InputError("desk.interim", N_("This matter cannot be released for the time being, or is already."))
    since = None if released else timezone.now()
    step_take(now, act, by=by, text=said(reason, needed=True), interim_at=since)
    on_interim(now, act, by)
    return now


def _together(first: Seen, others: Iterable[Seen], act: Callable[[Matter, int], Matter]) -> list[Matter]:
    """Take one step of a matter and of others like it, in the order of their ids, and return that matter first."""
    matter, given = first[0], {first[0].pk: first}
    for other in others:
        if not _is_alike(matter, other[0]):
            raise _not_alike()
        given.setdefault(other[0].pk, other)
    if len(given) > MOST_TOGETHER:
        raise InputError("desk.many", N_("At most {most} are answered at once. Leave some out."), most=MOST_TOGETHER)
    done = {pk: act(*given[pk]) for pk in sorted(given)}
    return [done.pop(matter.pk), *done.values()]


def _closed_by(matters: list[Matter], by: User) -> None:
    if matters[0].closed_at is not None:
        kind_of(matters[0]).on_decided(matters, by)


_ALIKE = ("owner_side", "authority", "kind", "subject", "rule", "rule_version")


def _is_alike(one: Matter, other: Matter) -> bool:
    """Say whether the same rule asks the same authority about two items of one thing; each objection is its own."""
    apart = one.item is not None and other.item is not None and one.kind in OPEN_ONCE
    return apart and all(getattr(one, name) == getattr(other, name) for name in _ALIKE)


def _not_alike() -> InputError:
    return InputError(
        "desk.not_alike", N_("These cannot be answered together: not all of them ask the same. Answer them one by one.")
    )


_UNDECIDED: dict[str, Any] = {
    "state": "open",
    "proposed_act": "",
    "proposed_by": None,
    "reason": "",
    "until": None,
}


# Checks ----------------------------------------------------------------------------------------------------------


def _officers(by: User, matter: Matter, seen: int, permission: str = "desk.act_on_matter") -> Matter:
    """Hold a matter for an officer who may act on it and has read it as it is."""
    now = held(matter, seen)
    if not by.has_perm(permission, now):
        raise PermissionDenied
    if now.state == "closed":
        raise InputError("desk.closed", N_("This matter is closed. Nothing can be done with it any longer."))
    return now


def _check_undecided(matter: Matter) -> None:
    if matter.state == "proposed":
        raise InputError(
            "desk.proposed", N_("This waits for a second officer. It is confirmed, sent back or withdrawn first.")
        )


def _holder(matter: Matter, by: User) -> dict[str, Any]:
    """Return who holds the matter once ``by`` has acted on it.

    Raises:
        InputError: a colleague holds it.
    """
    if matter.claimed_by_id == by.id:
        return {}
    if matter.claimed_by is not None:
        raise InputError(
            "desk.held", N_("{name} holds this matter. Take it over first, and say why."), name=matter.claimed_by.name
        )
    return {"claimed_by": by, "claimed_at": timezone.now()}


def _act_of(matter: Matter, act: str) -> Act:
    acts = kind_of(matter).acts
    if act not in acts:
        raise InputError(
            "desk.act",
            N_('This matter has no act "{act}".{hint} Choose one of {known}.'),
            act=act[:40],
            hint=did_you_mean(act, acts),
            known=", ".join(acts),
        )
    return acts[act]


def _check_askable(matter: Matter, facts: list[str]) -> None:
    """Refuse to ask for what nobody may be asked: what officers alone know would go to whoever filed by its name."""
    known = [name for name, _ in kind_of(matter).askable(matter)]
    for name in facts:
        if name not in known:
            raise InputError(
                "desk.askable",
                N_('Nobody can be asked for "{name}" here.{hint} Choose from the list, or ask in words.'),
                name=name[:60],
                hint=did_you_mean(name[:60], known),
            )


def _check_future(at: datetime) -> None:
    if not timezone.now() < at < timezone.now() + timedelta(days=3_660):
        raise InputError("desk.past", N_("Give a day that is still to come, within ten years."))
