"""Reads of the desk. Officers see the matters of their own authority, auditors those of their side, nobody else any."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F, Q, QuerySet
from django.utils import timezone

from riverloop.apps.desk.models import OPEN_ONCE, Feed, Matter, Obligation, StandingAnswer, Step
from riverloop.apps.parties.models import User
from riverloop.core.kernel.instants import read_instant

A_PAGE = 50  # rows of a list
MOST_COUNTED = 1_000
TABS = ("todo", "mine", "unclaimed", "all")


def _held(user: Any, kind: str, scope: str = "owner_side") -> set[str]:
    """Return what an account holds a role for; nothing if it is closed."""
    if not isinstance(user, User) or not user.is_active:
        return set()
    return {str(getattr(role, scope)) for role in user.held_roles if role.kind == kind}


def _of_desk(user: Any) -> Q:
    may = Q()
    for clause in _desk_clauses(user):
        may |= clause
    return may or Q(pk__in=())


def _desk_clauses(user: Any) -> list[Q]:
    """Return a clause for each queue and each side that an account reads; equalities, so that an index serves them."""
    sides = sorted(_held(user, "auditor"))
    clauses = [Q(owner_side=side) for side in sides]
    own = sorted(_held(user, "officer", "authority"))
    if len(own) == 1:
        clauses.append(Q(authority=own[0], owner_side=user.owner_side))
    elif own:
        clauses.append(Q(authority__in=own, owner_side=user.owner_side))
    return clauses


def matters(*, visible_to: Any) -> QuerySet[Matter]:
    """Return the matters that an account may see, in no order; what is about oneself is for one's colleagues."""
    found = Matter.objects.filter(_of_desk(visible_to))
    oneself = _held(visible_to, "holder", "person_id")
    return found.exclude(person__in=oneself) if oneself else found


def standing(*, visible_to: Any) -> QuerySet[StandingAnswer]:
    """Return the standing answers that an account may see: those that count or wait first, newest first."""
    found = StandingAnswer.objects.filter(_of_desk(visible_to))
    found = found.select_related("given_by", "confirmed_by", "withdrawn_by", "organisation")
    return found.order_by(F("withdrawn_at").desc(nulls_first=True), "-given_at", "id")


def alike(*, matter: Matter, user: Any) -> QuerySet[Matter]:
    """Return what else of the same thing the same rule asks about, which an officer may answer alike, by item.

    Of what waits for a second officer that is what was proposed alike. An objection is like no other.
    """
    if matter.item is None or matter.kind not in OPEN_ONCE or matter.state == "closed":
        return Matter.objects.none()
    same = ["owner_side", "authority", "kind", "subject", "rule", "rule_version"]
    if matter.state == "proposed":
        free, same = Q(state="proposed"), [*same, "proposed_act", "proposed_by", "reason", "until"]
    else:
        free = Q(claimed_by=None) | Q(claimed_by=user)
        free &= Q(state="open")
    found = matters(visible_to=user).filter(free, **{name: getattr(matter, name) for name in same})
    return found.filter(item__isnull=False).exclude(pk=matter.pk).order_by("item", "id")


def steps(*, matter: Matter) -> QuerySet[Step]:
    """Return what was done with a matter that may be seen, in order."""
    return matter.steps.select_related("by").order_by("number")


# The queue -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Sought:
    """What an officer looks for in the queue.

    Args:
        tab: ``todo`` (what they can act on), ``mine``, ``unclaimed`` or ``all``.
        kind: of this kind, or of any.
        flow: of this flow, or of any.
        state: in this state, or any that is open.
        late: only what is past its day.
        number: only what this number begins.
        after: where the page before ended.
    """

    tab: str = "all"
    kind: str = ""
    flow: str = ""
    state: str = ""
    late: bool = False
    number: str = ""
    after: str = ""


def queue(user: Any, sought: Sought) -> QuerySet[Matter]:
    """Return what is sought, most urgent first; what is closed, newest first."""
    found = matters(visible_to=user).filter(_tab(user, sought.tab), closed_at__isnull=sought.state != "closed")
    for name in ("kind", "flow", "state"):
        value = getattr(sought, name)
        found = found.filter(**{name: value}) if value and value != "closed" else found
    if sought.late:
        found = found.filter(due_at__lt=timezone.now())
    if sought.number:
        found = found.filter(id__gte=sought.number, id__lt=f"{sought.number}~")
    return found.order_by("-closed_at", "id") if sought.state == "closed" else found.order_by("due_at", "id")


def _tab(user: Any, tab: str) -> Q:
    mine = Q(claimed_by=user)
    if tab == "mine":
        return mine
    unclaimed = Q(claimed_by=None, state="open")
    if tab == "unclaimed":
        return unclaimed
    if tab == "todo":
        return unclaimed | (mine & Q(state="open")) | (Q(state="proposed") & ~Q(proposed_by=user))
    return Q()


def queue_page(user: Any, sought: Sought) -> tuple[list[Matter], str]:
    """Return one page of the queue, and where it ends if there is more; else an empty string."""
    found = queue(user, sought)
    after = read_place(sought.after)
    if after:
        at, pk = after
        name = "closed_at" if sought.state == "closed" else "due_at"
        beyond = Q(**{f"{name}__lt" if sought.state == "closed" else f"{name}__gt": at})
        found = found.filter(beyond | Q(**{name: at}, id__gt=pk))
    rows = list(found.select_related("claimed_by")[: A_PAGE + 1])
    if len(rows) <= A_PAGE:
        return rows, ""
    last = rows[A_PAGE - 1]
    at = last.closed_at if sought.state == "closed" and last.closed_at else last.due_at
    return rows[:A_PAGE], f"{at.isoformat()}_{last.id}"


def read_place(text: str) -> tuple[datetime, str] | None:
    """Return the instant and id that ``after`` names; None if it names none."""
    instant, _, pk = text.partition("_")
    try:
        return read_instant(instant), pk
    except Exception:  # noqa: BLE001 - an address that somebody changed begins at the first page
        return None


def tab_counts(user: Any) -> dict[str, int]:
    """Return how many matters each tab holds; one more than ``MOST_COUNTED`` stands for more."""
    return {tab: queue(user, Sought(tab=tab)).order_by()[: MOST_COUNTED + 1].count() for tab in TABS}


def most_urgent(user: User, sought: Sought) -> QuerySet[Matter]:
    """Return what nobody holds and this officer may decide, most urgent first."""
    found = queue(user, Sought("unclaimed", sought.kind, sought.flow, late=sought.late))
    own = Q(authority__in=_held(user, "officer", "authority"), owner_side=user.owner_side)
    hand = Q(of__decided_by=user) | Q(of__confirmed_by=user) | Q(of__proposed_by=user)
    return found.filter(own).exclude(Q(of__isnull=False) & hand)


# Obligations -----------------------------------------------------------------------------------------------------


def obligations(*, visible_to: Any) -> QuerySet[Obligation]:
    """Return the obligations that an account has to see to, or audits; those that the law dropped are left out."""
    may = _own_obligations(visible_to) | Q(owner_side__in=_held(visible_to, "auditor"))
    return Obligation.objects.filter(may, dropped_at=None)


def obligations_of(user: User) -> QuerySet[Obligation]:
    """Return the obligations that an account itself has to see to; those that the law dropped are left out."""
    return Obligation.objects.filter(_own_obligations(user), dropped_at=None)


def _own_obligations(user: Any) -> Q:
    """Return the condition that it is an account's to see to.

    One of a person is theirs, not their employer's: its day would tell when they crossed.
    """
    own = Q(organisation__in=_held(user, "coordinator", "organisation_id"), person=None)
    return own | Q(person__in=_held(user, "holder", "person_id"))


def obligations_sought(user: Any, *, show: str, page: int = 1) -> tuple[list[Obligation], bool]:
    """Return one page of obligations, first due first, and whether there are more.

    Args:
        user: whose.
        show: ``open``, ``late``, ``soon`` (within a week) or ``done``.
        page: from 1.
    """
    now = timezone.now()
    found = obligations(visible_to=user).filter(done_at__isnull=show != "done")
    if show == "late":
        found = found.filter(due_at__lt=now)
    if show == "soon":
        found = found.filter(due_at__gte=now, due_at__lt=now + timedelta(days=7))
    order = [F("done_at").desc()] if show == "done" else [F("due_at").asc(nulls_last=True)]
    start = (page - 1) * A_PAGE
    rows = list(found.select_related("done_by").order_by(*order, "id")[start : start + A_PAGE + 1])
    return rows[:A_PAGE], len(rows) > A_PAGE


def obligations_for_calendar(user: Any, *, days_back: int = 30) -> QuerySet[Obligation]:
    """Return what a calendar shows: what is to be done and has a day, and was not due long ago."""
    since = timezone.now() - timedelta(days=days_back)
    return obligations(visible_to=user).filter(done_at=None, due_at__gte=since).order_by("due_at", "id")[:2_000]


def feed_of(user: User) -> Feed | None:
    """Return the feed of an account that calendar programs may read, if it has one."""
    return Feed.objects.filter(user=user, ended_at=None).first()


# Requests --------------------------------------------------------------------------------------------------------


def requests(*, visible_to: Any) -> QuerySet[Matter]:
    """Return what a holder has asked for about themselves, newest first."""
    own = _held(visible_to, "holder", "person_id")
    return Matter.objects.filter(kind="request", person__in=own).order_by("-opened_at", "id")
