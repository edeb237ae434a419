"""Files and permits for programs."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from io import BytesIO
from typing import Annotated, Literal

from django.db.models import Sum
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from ninja import File as Posted
from ninja import Form, Query, Router, Schema
from ninja.files import UploadedFile
from pydantic import Field

from riverloop.apps.documents import services, shown, subjects
from riverloop.apps.documents.models import Draw, File, Permit
from riverloop.apps.documents.permits import left_of
from riverloop.apps.documents.selectors import files, permits
from riverloop.apps.parties.interface import Day, Given, Id, Line, Needs, Pages, PathId, Prose, caller, paged
from riverloop.apps.parties.models import Organisation, User
from riverloop.apps.parties.selectors import people, purpose_of
from riverloop.apps.parties.services import view_record
from riverloop.apps.parties.words import N_
from riverloop.core.kernel.errors import InputError

router = Router(tags=["documents"])
READ, WRITE = Needs("documents:read"), Needs("documents:write")
Next = Annotated[str | None, Field(description=N_("Cursor of the next page; null on the last."))]
_BINARY = {
    "responses": {
        200: {
            "description": N_("The file as it was handed in."),
            "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
        }
    }
}


def own_organisation(user: User, organisation_id: str) -> Organisation:
    """Return the organisation that an account acts for: the one named, or its only one.

    Raises:
        InputError: it coordinates none of that id, or several and none is named.
    """
    own = [role.organisation for role in user.held_roles if role.kind == "coordinator" and role.organisation]
    if organisation_id:
        own = [one for one in own if one.id == organisation_id]
    if len(own) != 1:
        raise InputError(
            "api.organisation",
            N_("Name the organisation that you act for: the id of one that you coordinate."),
            where="body.organisation",
        )
    return own[0]


# Files


class FileOut(Schema):
    id: str
    name: str
    media_type: str
    size: int
    sha256: str
    subject: str = Field(description=N_("Id of the movement that it is attached to; none if it is to none."))
    organisation: str | None
    uploaded_at: datetime


class FilesOut(Schema):
    data: list[FileOut]
    next: Next


def _file_out(file: File) -> FileOut:
    return FileOut(
        id=file.id,
        name=file.name,
        media_type=file.media_type,
        size=file.size,
        sha256=file.sha256,
        subject=file.subject,
        organisation=file.organisation_id,
        uploaded_at=file.uploaded_at,
    )


class FileIn(Given):
    organisation: str = Field("", max_length=26, description=N_("Whose it is; your only organisation's if left out."))
    subject: str = Field("", max_length=26, description=N_("Id of the movement that it belongs to."))


@router.post("/files", response={201: FileOut}, auth=WRITE, summary=N_("Hand in a file"))
def file_add(
    request: HttpRequest, file: Annotated[UploadedFile, Posted()], about: Annotated[FileIn, Form()]
) -> FileOut:
    user = caller(request)
    if about.subject and not subjects.is_visible(user, about.subject):
        raise InputError("api.subject", N_("There is no such movement that you may see."), where="body.subject")
    owner = subjects.owner_of(about.subject)
    wanted = about.organisation or (owner if _coordinates(user, owner) else "")
    organisation = own_organisation(user, wanted) if _coordinates(user) else None
    if organisation is not None and owner and _coordinates(user, owner) and organisation.id != owner:
        raise InputError("api.subject", N_("There is no such movement that you may see."), where="body.subject")
    stored = services.file_store(
        by=user, organisation=organisation, name=file.name or "", content=BytesIO(file.read()), subject=about.subject
    )
    return _file_out(stored)


def _coordinates(user: User, organisation: str | None = None) -> bool:
    """Say whether an account coordinates an organisation, or any."""
    own = {role.organisation_id for role in user.held_roles if role.kind == "coordinator"}
    return bool(own) if organisation is None else organisation in own


class FilesSought(Schema):
    subject: str = Field("", max_length=26, description=N_("Only what is attached to this movement."))


@router.get("/files", response=FilesOut, auth=READ, summary=N_("Files that the account may see, newest first"))
def files_list(request: HttpRequest, paging: Pages, sought: Annotated[FilesSought, Query()]) -> FilesOut:
    found = files(visible_to=caller(request))
    if sought.subject:
        found = found.filter(subject=sought.subject)
    page, following = paged(found, paging, ("-uploaded_at", "-id"))
    return FilesOut(data=[_file_out(one) for one in page], next=following)


@router.get("/files/{file_id}", response=FileOut, auth=READ, summary=N_("What is known of a file"))
def file_get(request: HttpRequest, file_id: PathId) -> FileOut:
    return _file_out(get_object_or_404(files(visible_to=caller(request)), pk=file_id))


@router.get("/files/{file_id}/content", auth=READ, summary=N_("A file itself"), openapi_extra=_BINARY)
def file_content(request: HttpRequest, file_id: PathId) -> HttpResponse:
    user = caller(request)
    file = get_object_or_404(files(visible_to=user), pk=file_id)
    content = services.file_give(by=user, file=file)
    response = HttpResponse(content, content_type="application/octet-stream")
    response.headers["Content-Disposition"] = f'attachment; filename="{file.id}"'
    return response


# Permits


class PermitOut(Schema):
    id: str
    document: str
    number: str
    issuer: str
    issued_on: date
    expires_on: date | None
    quantity: str | None = Field(description=N_("For how much it was given, as a decimal number; null without limit."))
    left: str | None = Field(description=N_("How much of it is left; null without limit."))
    unit: str
    state: str = Field(description=N_("stated, verified, rejected or ended."))
    remark: str
    organisation: str
    person: str | None
    file: str | None
    added_at: datetime


class PermitsOut(Schema):
    data: list[PermitOut]
    next: Next


def _permit_read(user: User, permit: Permit, page: str) -> PermitOut:
    """Return one permit; if it names a person, having recorded that they were looked at."""
    permit_view(user, permit, page)
    return _permit_out(permit)


def permit_view(user: User, permit: Permit, page: str) -> None:
    """Record that an account looks at whom a permit names, if it names anyone else."""
    purpose = purpose_of(user, permit.person) if permit.person else ""
    if permit.person and purpose:
        case = permit.id if purpose == "case" else ""
        view_record(viewer=user, subjects=[permit.person], purpose=purpose, page=page, case=case)


def _permit_out(permit: Permit, drawn: Decimal | None = None, *, number: str = "") -> PermitOut:
    """Return a permit; a list has read already what was drawn from each."""
    left = left_of(permit) if drawn is None or permit.quantity is None else permit.quantity - drawn
    return PermitOut(
        id=permit.id,
        document=permit.document,
        number=number or permit.number,
        issuer=permit.issuer,
        issued_on=permit.issued_on,
        expires_on=permit.expires_on,
        quantity=_decimal(permit.quantity),
        left=_decimal(left),
        unit=permit.unit,
        state=permit.state,
        remark=permit.remark,
        organisation=permit.organisation_id,
        person=permit.person_id,
        file=permit.file_id,
        added_at=permit.added_at,
    )


def _decimal(number: Decimal | None) -> str | None:
    return None if number is None else f"{number.normalize():f}"


class PermitIn(Given):
    document: Line = Field(description=N_("Name of the paper in the dictionary."))
    number: Line
    issuer: Line
    issued_on: Day
    expires_on: Day | None = None
    quantity: Annotated[Decimal, Field(gt=0, max_digits=18, decimal_places=6)] | None = None
    unit: Annotated[str, Field(max_length=20, description=N_("UCUM, such as mL."))] = ""
    organisation: str = Field("", max_length=26, description=N_("Whose it is; your only organisation's if left out."))
    person: Id | None = None
    file: Id | None = None


@router.post("/permits", response={201: PermitOut}, auth=WRITE, summary=N_("Add a permit"))
def permit_add(request: HttpRequest, permit: PermitIn) -> PermitOut:
    user = caller(request)
    organisation = own_organisation(user, permit.organisation)
    person = people(visible_to=user).filter(pk=permit.person, organisation=organisation).first()
    file = files(visible_to=user).filter(pk=permit.file, organisation=organisation).first()
    for name, row in (("person", person), ("file", file)):
        if row is None and getattr(permit, name):
            raise InputError("api.unknown_id", N_("There is none with this id here."), where=f"body.{name}")
    added = services.permit_add(
        by=user,
        organisation=organisation,
        document=permit.document,
        number=permit.number,
        issuer=permit.issuer,
        issued_on=permit.issued_on,
        expires_on=permit.expires_on,
        quantity=permit.quantity,
        unit=permit.unit,
        person=person,
        file=file,
    )
    return _permit_out(added)


class PermitsSought(Schema):
    document: str = Field("", max_length=60)
    state: Literal["", "stated", "verified", "rejected", "ended"] = ""


@router.get("/permits", response=PermitsOut, auth=READ, summary=N_("Permits that the account may see, newest first"))
def permits_list(request: HttpRequest, paging: Pages, sought: Annotated[PermitsSought, Query()]) -> PermitsOut:
    wanted = {name: value for name, value in sought.dict().items() if value}
    user = caller(request)
    found = permits(visible_to=user).filter(**wanted).select_related("person")
    page, following = paged(found, paging, ("-added_at", "-id"))
    open_draws = Draw.objects.filter(permit__in=page, released_at=None).values_list("permit")
    drawn = dict(open_draws.annotate(total=Sum("quantity")))
    numbers = {row.permit.id: row.number for row in shown.rows(page, user, page="api:permits_list")}
    rows = [_permit_out(one, drawn.get(one.id, Decimal(0)), number=numbers[one.id]) for one in page]
    return PermitsOut(data=rows, next=following)


def _visible(user: User, permit_id: str) -> Permit:
    found = permits(visible_to=user).filter(pk=permit_id).first()
    if found is None:
        raise Http404
    return found


@router.get("/permits/{permit_id}", response=PermitOut, auth=READ, summary=N_("One permit"))
def permit_get(request: HttpRequest, permit_id: PathId) -> PermitOut:
    user = caller(request)
    return _permit_read(user, _visible(user, permit_id), "api:permit_get")


class VerifyIn(Given):
    accepted: Annotated[bool, Field(strict=True, description=N_("Whether it is what it states."))]
    reason: Prose = ""


@router.post("/permits/{permit_id}/verify", response=PermitOut, auth=WRITE, summary=N_("Verify or reject a permit"))
def permit_verify(request: HttpRequest, permit_id: PathId, answer: VerifyIn) -> PermitOut:
    user = caller(request)
    permit = services.permit_verify(
        by=user, permit=_visible(user, permit_id), accepted=answer.accepted, reason=answer.reason
    )
    return _permit_read(user, permit, "api:permit_verify")


class EndIn(Given):
    reason: Prose = ""


@router.post("/permits/{permit_id}/end", response=PermitOut, auth=WRITE, summary=N_("End a permit"))
def permit_end(request: HttpRequest, permit_id: PathId, why: EndIn) -> PermitOut:
    user = caller(request)
    ended = services.permit_end(by=user, permit=_visible(user, permit_id), reason=why.reason)
    return _permit_read(user, ended, "api:permit_end")
