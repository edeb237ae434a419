"""Reads of documents. Every list begins at ``visible_to(user)``; who holds no role sees nothing."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db.models import F, Q, QuerySet

from riverloop.apps.documents import subjects
from riverloop.apps.documents.models import Draw, File, Permit
from riverloop.apps.documents.permissions import documents_of, held
from riverloop.apps.documents.permits import open_draws
from riverloop.apps.parties.models import Organisation, User


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

    Its own; a coordinator's organisation's; an auditor's side's; those of permits and subjects that it may see.
    """
    own = Q(uploaded_by=visible_to.pk) if isinstance(visible_to, User) and visible_to.is_active else Q(pk__in=())
    may = own | Q(organisation__in={role.organisation_id for role in held(visible_to, "coordinator")})
    may |= Q(owner_side__in={role.owner_side for role in held(visible_to, "auditor")})
    if held(visible_to, "officer", "holder"):
        may |= Q(pk__in=permits(visible_to=visible_to).order_by().values("file"))
    may |= subjects.among(visible_to)
    return File.objects.filter(may, erased_at=None).select_related("organisation").order_by("-uploaded_at", "-id")


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
    return (
        Permit.objects.filter(organisation=organisation, state__in=("stated", "verified"), issued_on__lte=on)
        .filter(Q(expires_on=None) | Q(expires_on__gte=on))
        .annotate(drawn=open_draws())
        .annotate(left=F("quantity") - _or_zero("drawn"))
        .filter(Q(quantity=None) | Q(left__gt=0))
        .order_by("document", "-state", F("expires_on").asc(nulls_last=True), "added_at", "id")
    )


def draws(*, permit: Permit, visible_to: Any) -> QuerySet[Draw]:
    """Return what was drawn from a permit, newest first; given back or not."""
    return Draw.objects.filter(permit=permit, permit__in=permits(visible_to=visible_to)).order_by("-drawn_at", "id")


def draws_of(subjects_drawn: list[str]) -> QuerySet[Draw]:
    """Return what is drawn for items and not given back, with its permits; the caller checked that they are visible."""
    return Draw.objects.filter(subject__in=subjects_drawn, released_at=None).select_related("permit")


def _or_zero(name: str) -> Any:
    from decimal import Decimal  # noqa: PLC0415

    from django.db.models import DecimalField, Value  # noqa: PLC0415
    from django.db.models.functions import Coalesce  # noqa: PLC0415

    return Coalesce(F(name), Value(Decimal(0)), output_field=DecimalField(max_digits=24, decimal_places=6))
