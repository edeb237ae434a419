"""Writes of documents. Each step is recorded in the transaction in which it happens."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any, BinaryIO

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.db.models import Count, Sum
from django.utils import timezone

from riverloop.apps.documents import sealing, store
from riverloop.apps.documents.contents import MOST_BYTES, harmless_name, media_type_of
from riverloop.apps.documents.models import Draw, File, Permit
from riverloop.apps.documents.permits import left_of, read_permit
from riverloop.apps.documents.signals import permit_changed
from riverloop.apps.nodes import keys
from riverloop.apps.parties.here import zone
from riverloop.apps.parties.models import Organisation, Person, User
from riverloop.apps.parties.words import N_
from riverloop.apps.record.services import record_append, records_append
from riverloop.core.kernel.errors import ConflictError, InputError
from riverloop.core.kernel.instants import date_in

MOST_FILES = 10_000  # of one organisation
MOST_BYTES_KEPT = 4_000_000_000  # of one organisation

# Files


def file_store(*, by: User, organisation: Organisation | None, name: str, content: BinaryIO, subject: str = "") -> File:
    """Check a file by its content, seal it and keep it. The same file for the same subject is kept once.

    The sealed file is on disk before its row is kept; one whose row never came, ``files_sweep`` removes.

    Args:
        by: who hands it in.
        organisation: whose it is; of the account's side. Without one, it is the account's own.
        name: as given; made harmless.
        content: read to its end, or to the limit.
        subject: id of what it is attached to.

    Raises:
        InputError: it is too large, of no kind that is taken, or holds what may do harm.
        ConflictError: the organisation keeps as much as it may.
        PermissionDenied: the organisation is of the other side.
    """
    if organisation is not None and organisation.owner_side != by.owner_side:
        raise PermissionDenied
    data = _read(content)
    media_type = media_type_of(data)
    key = sealing.new_key()
    file = File(
        owner_side=by.owner_side,
        organisation=organisation,
        uploaded_by=by,
        name=harmless_name(name, media_type),
        media_type=media_type,
        size=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
        sealed_key=keys.seal(by.owner_side, key.hex()),
        subject=subject,
        uploaded_at=timezone.now(),
    )
    known = _kept_already(file)
    if known:
        return known
    store.write(file.owner_side, file.id, sealing.sealed(key, data, file.id))
    try:
        _keep(file)
    except BaseException:
        store.remove(file.owner_side, file.id)
        raise
    return file


def _read(content: BinaryIO) -> bytes:
    data = content.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise InputError(
            "documents.too_large",
            N_("A file may have up to {megabytes} MB. Make it smaller, or hand it in as several."),
            megabytes=MOST_BYTES // 1_000_000,
        )
    return data


def _kept_already(file: File) -> File | None:
    same = File.objects.filter(
        owner_side=file.owner_side, organisation=file.organisation, subject=file.subject, erased_at=None
    )
    if file.organisation is None:
        same = same.filter(uploaded_by=file.uploaded_by)
    return same.filter(sha256=file.sha256).first()


@transaction.atomic
def _keep(file: File) -> None:
    _check_quota(file)
    file.save(force_insert=True)
    payload = {
        "file": file.id,
        "sha256": file.sha256,
        "organisation": file.organisation_id,
        "subject": file.subject,
        "by": file.uploaded_by_id,
    }
    record_append(side=file.owner_side, kind="file.stored", payload=payload)


def _check_quota(file: File) -> None:
    """Refuse what would exceed the organisation's share; its row is locked, so that two uploads count each other."""
    if file.organisation is not None:
        Organisation.objects.select_for_update().get(pk=file.organisation.pk)
        own = File.objects.filter(organisation=file.organisation)
    else:
        User.objects.select_for_update().get(pk=file.uploaded_by_id)
        own = File.objects.filter(organisation=None, uploaded_by=file.uploaded_by)
    kept = own.filter(erased_at=None).aggregate(count=Count("pk"), size=Sum("size"))
    if kept["count"] >= MOST_FILES or (kept["size"] or 0) + file.size > MOST_BYTES_KEPT:
        raise ConflictError(
            "documents.quota",
            N_("An organisation may keep {files} files and {megabytes} MB here. Erase what is no longer needed."),
            files=MOST_FILES,
            megabytes=MOST_BYTES_KEPT // 1_000_000,
        )


def file_read(file: File) -> bytes:
    """Return the content of a file that was kept.

    Raises:
        ConflictError: it was erased, or what is stored is not what was handed in.
    """
    if file.erased_at is not None:
        raise ConflictError("documents.erased", N_("This file was erased. Ask for it again."))
    key = bytes.fromhex(keys.unseal(file.owner_side, file.sealed_key))
    try:
        with store.path_of(file.owner_side, file.id).open("rb") as stored:
            data = b"".join(sealing.opened(key, stored, file.id))
    except (OSError, sealing.SealBrokenError):
        data = b""
    if hashlib.sha256(data).hexdigest() != file.sha256:
        raise ConflictError(
            "documents.broken",
            N_("What is stored is not what was handed in. Tell whoever runs this, and ask for it again."),
        )
    return data


@transaction.atomic
def file_give(*, by: User, file: File) -> bytes:
    """Return the content of a file to somebody, and record that they took it.

    Raises:
        ConflictError: as ``file_read``.
    """
    record_append(side=file.owner_side, kind="file.given", payload={"file": file.id, "by": by.id})
    return file_read(file)


@transaction.atomic
def file_erase(*, file: File, by: User | None = None) -> None:
    """Erase a file for good: its key goes with the row, and the sealed file after the transaction.

    Raises:
        ConflictError: a permit that still counts rests on it.
    """
    if Permit.objects.filter(file=file, state__in=("stated", "verified")).exists():
        raise ConflictError("documents.in_use", N_("A permit rests on this file. End the permit first."))
    files_forget([file], by=by)


@transaction.atomic
def files_forget(files: Iterable[File], *, by: User | None = None) -> int:
    """Erase files whatever rests on them, and return how many there were."""
    gone = [file for file in files if file.erased_at is None]
    for file in gone:
        file.erased_at, file.sealed_key, file.name = timezone.now(), b"", ""
        file.save(update_fields=["erased_at", "sealed_key", "name"])
        record_append(side=file.owner_side, kind="file.erased", payload={"file": file.id, "by": by.id if by else None})
        transaction.on_commit(partial(store.remove, file.owner_side, file.id))
    return len(gone)


# Permits


@transaction.atomic
def permit_add(
    *,
    by: User,
    organisation: Organisation,
    document: str,
    number: str,
    issuer: str,
    issued_on: date,
    expires_on: date | None = None,
    quantity: Decimal | None = None,
    unit: str = "",
    person: Person | None = None,
    file: File | None = None,
) -> Permit:
    """Add a permit as its organisation states it; an officer verifies it.

    Args:
        by: who adds it: the organisation's coordinator.
        organisation: who holds it.
        document: its name in the dictionary.
        number: as printed on it.
        issuer: who gave it.
        issued_on: first day on which it counts.
        expires_on: last day on which it counts; None if it has none.
        quantity: for how much it was given, in ``unit``; None if it has no limit.
        unit: UCUM, such as ``mL`` or ``{tube}``.
        person: whom it names, if it is about one: of the same organisation.
        file: the paper itself.

    Raises:
        InputError: something about it does not hold together.
        ConflictError: a permit with this number is registered already.
        PermissionDenied: the account does not coordinate the organisation.
    """
    if not by.has_perm("documents.add_permit", organisation):
        raise PermissionDenied
    for row in (person, file):
        if row is not None and row.organisation_id != organisation.id:
            raise PermissionDenied
    stated = read_permit(
        document=document, number=number, issuer=issuer, issued_on=issued_on, expires_on=expires_on,
        quantity=quantity, unit=unit, today=today_at(organisation.owner_side),
    )  # fmt: skip
    permit = Permit(
        owner_side=organisation.owner_side,
        organisation=organisation,
        person=person,
        file=file,
        added_by=by,
        added_at=timezone.now(),
        **stated,
    )
    try:
        with transaction.atomic():
            permit.save(force_insert=True)
    except IntegrityError:
        raise ConflictError(
            "documents.permit_known", N_("A permit with this number is registered already. Look for it by its number.")
        ) from None
    _changed(permit, "permit.added", by)
    return permit


@transaction.atomic
def permit_verify(*, by: User, permit: Permit, accepted: bool, reason: str = "") -> Permit:
    """Say as an officer that a permit is what it states, or that it is not.

    One that was verified can still be rejected, as when its issuer took it back. Nobody verifies what they added.

    Raises:
        InputError: it is rejected without a reason.
        ConflictError: somebody answered first, or it was ended.
        PermissionDenied: the officer's authority does not see this document.
    """
    held = _locked(permit)
    if not by.has_perm("documents.verify_permit", held):
        raise PermissionDenied
    if held.state not in (("stated",) if accepted else ("stated", "verified")):
        raise ConflictError("documents.permit_answered", N_("This permit was answered already. Read the page again."))
    if not accepted and not reason.strip():
        raise InputError("documents.reason", N_("Whoever holds it must learn why. Give a reason."))
    held.state, held.remark = ("verified", "") if accepted else ("rejected", _line(reason, 300))
    held.verified_by, held.verified_at = by, timezone.now()
    held.save(update_fields=["state", "remark", "verified_by", "verified_at"])
    _changed(held, "permit.verified" if accepted else "permit.rejected", by)
    return held


@transaction.atomic
def permit_end(*, by: User, permit: Permit, reason: str = "") -> Permit:
    """End a permit: it no longer counts; what was drawn from it stays known.

    Raises:
        ConflictError: it counts no longer already.
        PermissionDenied: the account neither coordinates its organisation nor vets it.
    """
    held = _locked(permit)
    if not by.has_perm("documents.end_permit", held):
        raise PermissionDenied
    if held.state not in ("stated", "verified"):
        raise ConflictError("documents.permit_answered", N_("This permit was answered already. Read the page again."))
    held.state, held.remark, held.ended_at = "ended", _line(reason, 300), timezone.now()
    held.save(update_fields=["state", "remark", "ended_at"])
    _changed(held, "permit.ended", by)
    return held


def _line(text: str, most: int) -> str:
    return " ".join(text.split())[:most]


def _locked(permit: Permit) -> Permit:
    """Return the permit as it is now, for this transaction alone."""
    return Permit.objects.select_for_update().get(pk=permit.pk)


def _changed(permit: Permit, kind: str, by: User) -> None:
    payload: dict[str, Any] = {"permit": permit.id, "document": permit.document, "by": by.id, "file": permit.file_id}
    record_append(side=permit.owner_side, kind=kind, payload=payload)
    permit_changed.send(sender=Permit, permit=permit)


def today_at(side: str) -> date:
    """Return today's date at a side."""
    return date_in(timezone.now(), zone().side(side).side.time_zone)


# Draw-down


def permit_left(permit: Permit) -> Decimal | None:
    """Return how much is left of a permit; None if it has no limit."""
    return left_of(permit)


@transaction.atomic
def draw(*, permit: Permit, subject: str, quantity: Decimal) -> Draw:
    """Take a quantity from a permit for one item. Drawing again for the same item replaces what was drawn for it.

    The permit's row is locked meanwhile, so that draws at the same time never take more than there is.

    Args:
        permit: the permit.
        subject: the item's id.
        quantity: in the permit's unit, > 0, up to six decimals.

    Raises:
        InputError: no such quantity can be drawn.
        ConflictError: less is left, or the permit does not count today.
    """
    wanted = _readable(quantity)
    held = _locked(permit)
    before = Draw.objects.filter(permit=held, subject=subject, released_at=None).first()
    if before and before.quantity == wanted:
        return before
    _check_counts(held)
    _release([before] if before else [])
    left = left_of(held)
    if left is not None and wanted > left:
        raise ConflictError(
            "documents.permit_short",
            N_("{left} {unit} are left on this permit, and {wanted} are needed. Use another permit, or send less."),
            left=f"{left.normalize():f}",
            wanted=f"{wanted.normalize():f}",
            unit=held.unit,
        )
    drawn = Draw.objects.create(
        owner_side=held.owner_side, permit=held, subject=subject, quantity=wanted, drawn_at=timezone.now()
    )
    payload = {"permit": held.id, "draw": drawn.id, "subject": subject, "quantity": f"{wanted.normalize():f}"}
    record_append(side=held.owner_side, kind="permit.drawn", payload=payload)
    return drawn


@transaction.atomic
def draw_release(*, subject: str) -> int:
    """Give back all that was drawn for an item that does not cross after all, and return how many draws there were."""
    permits = Permit.objects.filter(draws__subject=subject, draws__released_at=None).order_by("pk").distinct()
    locked = list(
        Permit.objects.select_for_update().filter(pk__in=list(permits.values_list("pk", flat=True))).order_by("pk")
    )
    open_draws = list(Draw.objects.filter(permit__in=locked, subject=subject, released_at=None))
    _release(open_draws)
    for permit in locked:
        permit_changed.send(sender=Permit, permit=permit)
    return len(open_draws)


def _release(draws: Iterable[Draw]) -> None:
    for one in draws:
        one.released_at = timezone.now()
        one.save(update_fields=["released_at"])
        payload = {"permit": one.permit_id, "draw": one.id, "subject": one.subject}
        records_append(one.owner_side, [("permit.released", payload)])


def _readable(quantity: Decimal) -> Decimal:
    wanted = Decimal(quantity)
    if wanted.is_finite() and 0 < wanted < Decimal(10) ** 12 and wanted == round(wanted, 6):
        return wanted
    raise InputError(
        "documents.quantity", N_("Give a quantity greater than 0, with at most six decimals, such as 2.5.")
    )


def _check_counts(permit: Permit) -> None:
    today = today_at(permit.owner_side)
    expired = permit.expires_on is not None and permit.expires_on < today
    if permit.state not in ("stated", "verified") or expired:
        raise ConflictError("documents.permit_over", N_("This permit no longer counts. Use another one."))
