"""Reads of documents. Every list begins at ``visible_to(user)``; who holds no role sees nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.db.models import DecimalField, F, Q, QuerySet, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from riverloop.apps.documents import subjects
from riverloop.apps.documents.models import Draw, File, Permit
from riverloop.apps.documents.permissions import documents_of, held
from riverloop.apps.documents.permits import normal_number, open_draws
from riverloop.apps.documents.words import STATE_WORDS
from riverloop.apps.parties.here import zone
from riverloop.apps.parties.law import documents
from riverloop.apps.parties.models import Organisation, User
from riverloop.core.kernel.instants import date_in

A_PAGE = 50  # rows of a list
MOST_COUNTED = 1_000
MOST_EXPORTED = 10_000
COUNTING = ("stated", "verified")


def permits(*, visible_to: Any) -> QuerySet[Permit]:
    """Return the permits that an account may see, newest first.

    A coordinator's organisation's; an officer's side's, of the documents that the disclosure table names for their
    authority; an auditor's side's; those that name a holder.
    """
    may = Q(organisation__in={role.organisation_id for role in held(visible_to, "coordinator")})
    may |= Q(owner_side__in={role.owner_side for role in held(visible_to, "auditor")})
    may |= Q(person__in={role.person_id for role in held(visible_to, "holder")})
    for role in held(visible_to, "officer"):
        may |= Q(owner_side=role.owner_side, document__in=documents_of(role.authority))
    return Permit.objects.filter(may).select_related("organisation").order_by("-added_at", "-id")


def files(*, visible_to: Any) -> QuerySet[File]:
    """Return the files that an account may see and that were not erased, newest first.

    Its own, which are no organisation's; a coordinator's organisation's; an auditor's side's; those of permits and
    subjects that it may see.
    """
    own = (
        Q(uploaded_by=visible_to.pk, organisation=None)
        if isinstance(visible_to, User) and visible_to.is_active
        else Q(pk__in=())
    )
    may = own | Q(organisation__in={role.organisation_id for role in held(visible_to, "coordinator")})
    may |= Q(owner_side__in={role.owner_side for role in held(visible_to, "auditor")})
    if held(visible_to, "officer", "holder"):
        may |= Q(pk__in=permits(visible_to=visible_to).order_by().values("file"))
    may |= subjects.among(visible_to)
    return File.objects.filter(may, erased_at=None).select_related("organisation").order_by("-uploaded_at", "-id")


def files_kept(*, visible_to: Any, name: str = "") -> QuerySet[File]:
    """Return the files of the organisations that an account coordinates, newest first.

    Args:
        visible_to: the account.
        name: a part of the file's name.
    """
    own = {role.organisation_id for role in held(visible_to, "coordinator")}
    found = files(visible_to=visible_to).filter(organisation__in=own)
    return found.filter(name__icontains=name) if name else found


def files_of(*, subject: str, visible_to: Any) -> QuerySet[File]:
    """Return what is attached to something, oldest first."""
    return files(visible_to=visible_to).filter(subject=subject).order_by("uploaded_at", "id")


def permits_usable(organisation: Organisation, document: str, on: date) -> QuerySet[Permit]:
    """Return an organisation's permits of one kind that count on a day, the best first; each with ``left``.

    Verified ones come first, then those that end soonest. ``left`` is None for one without a limit; one that is used
    up is not among them.
    """
    return permits_held(organisation, on).filter(document=document)


def permits_held(organisation: Organisation, on: date) -> QuerySet[Permit]:
    """Return all of an organisation's permits that count on a day, as ``permits_usable`` does: one query for many."""
    return permits_counting([organisation.pk], on, on).filter(Q(quantity=None) | Q(left__gt=0))


def permits_counting(organisations: Iterable[str], first: date, last: date) -> QuerySet[Permit]:
    """Return the permits of some organisations that count on any of some days, in the order of ``permits_usable``.

    Those that are used up are among them, since what used them up may be what is asked about.
    """
    return (
        permits_with_left(Permit.objects.filter(organisation__in=list(organisations), state__in=COUNTING))
        .filter(Q(expires_on=None) | Q(expires_on__gte=first), issued_on__lte=last)
        .order_by("document", "-state", F("expires_on").asc(nulls_last=True), "added_at", "id")
    )


def draws(*, permit: Permit, visible_to: Any) -> QuerySet[Draw]:
    """Return what was drawn from a permit, newest first; given back or not."""
    return Draw.objects.filter(permit=permit, permit__in=permits(visible_to=visible_to)).order_by("-drawn_at", "id")


def draws_of(subjects_drawn: list[str]) -> QuerySet[Draw]:
    """Return what is drawn for items and not given back, with its permits; the caller checked that they are visible."""
    return Draw.objects.filter(subject__in=subjects_drawn, released_at=None).select_related("permit")


# The page of permits


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a list of permits is narrowed to."""

    number: str = ""
    document: str = ""
    state: str = ""
    after: str = ""  # id of the last one on the page before

    @classmethod
    def read(cls, asked: Mapping[str, Any]) -> Wanted:
        """Read what was asked for; what makes no sense narrows nothing."""
        document, state = str(asked.get("document", "")), str(asked.get("state", ""))
        return cls(
            number=str(asked.get("number", ""))[:60].strip(),
            document=document if document in documents() else "",
            state=state if state in STATE_WORDS else "",
            after=str(asked.get("after", ""))[:26],
        )

    @property
    def any(self) -> bool:
        """Whether it narrows at all."""
        return bool(self.number or self.document or self.state)

    @property
    def query(self) -> str:
        """What an address may hold of it: no number."""
        return urlencode({name: value for name in ("document", "state") if (value := getattr(self, name))})


def permits_page(*, visible_to: Any, wanted: Wanted) -> tuple[list[Permit], str, int]:
    """Return a page of permits, what the next one begins after (or nothing), and how many there are, up to a limit."""
    found = permits_wanted(visible_to=visible_to, wanted=wanted)
    count = found.order_by()[: MOST_COUNTED + 1].count()
    last = permits(visible_to=visible_to).filter(pk=wanted.after).first() if wanted.after else None
    if last:
        found = found.filter(Q(added_at__lt=last.added_at) | Q(added_at=last.added_at, pk__lt=last.pk))
    page = list(found.select_related("person")[: A_PAGE + 1])
    return page[:A_PAGE], page[A_PAGE - 1].pk if len(page) > A_PAGE else "", count


def permits_wanted(*, visible_to: Any, wanted: Wanted) -> QuerySet[Permit]:
    """Return the permits that an account may see and wants, newest first; each with ``left``."""
    found = permits_with_left(permits(visible_to=visible_to))
    if wanted.number:
        found = found.filter(number__startswith=normal_number(wanted.number))
    if wanted.document:
        found = found.filter(document=wanted.document)
    return found.filter(_in_state(wanted.state)) if wanted.state else found


def permits_with_left(found: QuerySet[Permit]) -> QuerySet[Permit]:
    """Return permits with ``left``: None for one without a limit."""
    return found.annotate(drawn=open_draws()).annotate(left=F("quantity") - _or_zero("drawn"))


def _in_state(state: str) -> Q:
    """Return the condition for a state as pages tell it; today is that of each side."""
    over, empty = Q(pk__in=()), Q(left__lte=0)
    for side in zone().sides:
        over |= Q(owner_side=side.id, expires_on__lt=date_in(timezone.now(), side.side.time_zone))
    if state == "expired":
        return Q(state__in=COUNTING) & over
    if state == "used_up":
        return Q(state__in=COUNTING) & ~over & empty
    return Q(state=state) & (~over & (Q(left=None) | Q(left__gt=0)) if state in COUNTING else Q())


def _or_zero(name: str) -> Coalesce:
    return Coalesce(F(name), Value(Decimal(0)), output_field=DecimalField(max_digits=24, decimal_places=6))
