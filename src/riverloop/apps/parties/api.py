"""Oneself, organisations and people for programs. Whoever reads another's name has it recorded first."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Router, Schema
from pydantic import Field

from riverloop.apps.parties.interface import Needs, Pages, PathId, caller, paged
from riverloop.apps.parties.models import Organisation, Person, Role, User
from riverloop.apps.parties.selectors import organisations, own_person_ids, people, people_listed, purpose_of
from riverloop.apps.parties.services import view_record
from riverloop.apps.parties.words import N_

router = Router(tags=["parties"])
Next = Annotated[str | None, Field(description=N_("Cursor of the next page; null on the last."))]


class RoleOut(Schema):
    kind: str
    person: str | None
    organisation: str | None
    authority: str
    control_point: str
    park: str


class TokenOut(Schema):
    name: str
    scopes: list[str]
    expires_at: datetime


class MeOut(Schema):
    id: str
    side: str
    language: str
    roles: list[RoleOut]
    token: TokenOut


def _role_out(role: Role) -> RoleOut:
    return RoleOut(
        kind=role.kind,
        person=role.person_id,
        organisation=role.organisation_id,
        authority=role.authority,
        control_point=role.control_point,
        park=role.park,
    )


@router.get("/me", response=MeOut, auth=Needs(""), summary=N_("Whose token this is, and what it may do"))
def me(request: HttpRequest) -> MeOut:
    user, token = caller(request), request.api_token  # type: ignore[attr-defined]
    return MeOut(
        id=user.id,
        side=user.owner_side,
        language=user.language,
        roles=[_role_out(role) for role in user.held_roles],
        token=TokenOut(name=token.name, scopes=token.scopes, expires_at=token.expires_at),
    )


class OrganisationOut(Schema):
    id: str
    name: str
    name_latin: str
    park: str


class OrganisationsOut(Schema):
    data: list[OrganisationOut]
    next: Next


@router.get(
    "/organisations",
    response=OrganisationsOut,
    auth=Needs("people:read"),
    summary=N_("Organisations that the account may see"),
)
def organisations_list(request: HttpRequest, paging: Pages) -> OrganisationsOut:
    page, following = paged(organisations(visible_to=caller(request)), paging, ("created_at", "id"))
    return OrganisationsOut(data=[_organisation_out(one) for one in page], next=following)


def _organisation_out(one: Organisation) -> OrganisationOut:
    return OrganisationOut(id=one.id, name=one.name, name_latin=one.name_latin, park=one.park)


class PersonOut(Schema):
    id: str
    name: str
    name_latin: str
    organisation: str | None


class PeopleOut(Schema):
    data: list[PersonOut]
    next: Next


@router.get("/people", response=PeopleOut, auth=Needs("people:read"), summary=N_("People of one's own, or audited"))
def people_list(request: HttpRequest, paging: Pages) -> PeopleOut:
    user = caller(request)
    page, following = paged(people_listed(visible_to=user), paging, ("created_at", "id"))
    record_views(user, page, "api:people_list")
    return PeopleOut(data=[_person_out(one) for one in page], next=following)


@router.get("/people/{person_id}", response=PersonOut, auth=Needs("people:read"), summary=N_("One person"))
def person_get(request: HttpRequest, person_id: PathId) -> PersonOut:
    user = caller(request)
    may = people_listed(visible_to=user) | people(visible_to=user).filter(pk__in=own_person_ids(user))
    person = get_object_or_404(may, pk=person_id)
    record_views(user, [person], "api:person_get")
    return _person_out(person)


def _person_out(one: Person) -> PersonOut:
    return PersonOut(id=one.id, name=one.name, name_latin=one.name_latin, organisation=one.organisation_id)


def record_views(user: User, shown: Sequence[Person], page: str) -> None:
    """Record that people are about to be shown, each for what the account looks at them for."""
    for purpose in ("own_staff", "audit"):
        about = [person for person in shown if purpose_of(user, person) == purpose]
        if about:
            view_record(viewer=user, subjects=about, purpose=purpose, page=page)
