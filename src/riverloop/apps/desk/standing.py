"""Standing answers: what an authority answers to every referral of one version of one rule."""

from __future__ import annotations

from datetime import datetime

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from riverloop.apps.desk.models import StandingAnswer
from riverloop.apps.desk.permissions import officer_of
from riverloop.apps.desk.signals import standing_answer_changed
from riverloop.apps.desk.steps import changed, said
from riverloop.apps.parties.here import zone
from riverloop.apps.parties.models import Organisation, User
from riverloop.apps.parties.words import N_
from riverloop.apps.record.services import record_append
from riverloop.core.kernel.errors import InputError

REFUSING_A_PERSON = "refuse_person"
"""What the zone file calls the act under ``two_officers``."""


def needs_two_officers(*, flow: str, allow: bool) -> bool:
    """Say whether one officer alone may not give such an answer: it would refuse people."""
    return flow == "person" and not allow and zone().needs_two_officers(REFUSING_A_PERSON)


@transaction.atomic
def standing_answer_give(
    *,
    by: User,
    authority: str,
    rule: str,
    rule_version: str,
    flow: str,
    allow: bool,
    reason: str,
    organisation: Organisation | None = None,
    until: datetime | None = None,
) -> StandingAnswer:
    """Answer every referral of one version of a rule; where people would be refused, a second officer confirms it.

    Args:
        by: an officer of the authority.
        authority: whose answer it is.
        rule: id of the rule.
        rule_version: hash of its text: a changed rule asks anew.
        flow: of the rule.
        allow: what the answer is.
        reason: why.
        organisation: only for what this one files, or for all.
        until: last instant at which it stands; until it is withdrawn if None.

    Raises:
        InputError: no rule, no reason, an organisation of the other side, or a day that is past.
        PermissionDenied: ``by`` does not act for the authority.
    """
    if not officer_of(by, by.owner_side, authority):
        raise PermissionDenied
    if not rule or not rule_version:
        raise InputError("desk.no_rule", N_("A standing answer is to a rule, in one version. Begin at a referral."))
    if organisation is not None and organisation.owner_side != by.owner_side:
        raise PermissionDenied
    now = timezone.now()
    if until is not None and until <= now:
        raise InputError("desk.past", N_("Give a day that is still to come, within ten years."))
    answer = StandingAnswer.objects.create(
        owner_side=by.owner_side,
        authority=authority,
        rule=rule,
        rule_version=rule_version,
        flow=flow,
        allow=allow,
        organisation=organisation,
        until=until,
        reason=said(reason, needed=True),
        given_by=by,
        given_at=now,
        confirmed_at=None if needs_two_officers(flow=flow, allow=allow) else now,
    )
    _record(answer, "given", by)
    if answer.confirmed_at:
        standing_answer_changed.send(StandingAnswer, answer=answer)
    return answer


@transaction.atomic
def standing_answer_confirm(*, by: User, answer: StandingAnswer, agreed: bool = True) -> StandingAnswer:
    """Confirm a colleague's standing answer, from when on it counts; or end it before it ever did.

    Raises:
        ConflictError: it was confirmed or withdrawn meanwhile.
        InputError: ``by`` gave it.
        PermissionDenied: it is another authority's.
    """
    now = _held(by, answer)
    if now.confirmed_at is not None:
        raise changed()
    if now.given_by_id == by.id:
        raise InputError("desk.same_officer", N_("You proposed this yourself. Another officer has to confirm it."))
    if not agreed:
        return _end(now, by)
    now.confirmed_by, now.confirmed_at = by, timezone.now()
    now.save(update_fields=["confirmed_by", "confirmed_at"])
    _record(now, "confirmed", by)
    standing_answer_changed.send(StandingAnswer, answer=now)
    return now


@transaction.atomic
def standing_answer_withdraw(*, by: User, answer: StandingAnswer) -> StandingAnswer:
    """Withdraw a standing answer: from now on each referral is asked again. What it answered stands.

    Raises:
        ConflictError: it was withdrawn meanwhile.
        PermissionDenied: it is another authority's.
    """
    return _end(_held(by, answer), by)


def _held(by: User, answer: StandingAnswer) -> StandingAnswer:
    now = StandingAnswer.objects.select_for_update().get(pk=answer.pk)
    if not by.has_perm("desk.act_on_standinganswer", now):
        raise PermissionDenied
    if now.withdrawn_at is not None:
        raise changed()
    return now


def _end(answer: StandingAnswer, by: User) -> StandingAnswer:
    answer.withdrawn_by, answer.withdrawn_at = by, timezone.now()
    answer.save(update_fields=["withdrawn_by", "withdrawn_at"])
    _record(answer, "withdrawn", by)
    if answer.confirmed_at:
        standing_answer_changed.send(StandingAnswer, answer=answer)
    return answer


def _record(answer: StandingAnswer, act: str, by: User) -> None:
    payload = {"answer": answer.id, "rule": answer.rule, "rule_version": answer.rule_version, "by": by.id}
    record_append(side=answer.owner_side, kind=f"standing_answer.{act}", payload=payload)


def standing_answers(
    *, side: str, rule: str = "", rule_version: str = "", at: datetime | None = None
) -> QuerySet[StandingAnswer]:
    """Return the standing answers of a side that count at an instant.

    An organisation's own come before those for all, then the newest first: the first that fits is the answer.

    Args:
        side: whose.
        rule: to this rule, or to every rule.
        rule_version: in this version, or in every one.
        at: an instant; now if None.
    """
    at = at or timezone.now()
    found = StandingAnswer.objects.filter(
        Q(until=None) | Q(until__gte=at), owner_side=side, withdrawn_at=None, confirmed_at__lte=at
    )
    for name, value in {"rule": rule, "rule_version": rule_version}.items():
        found = found.filter(**{name: value}) if value else found
    return found.order_by(F("organisation").asc(nulls_last=True), "-confirmed_at", "id")
