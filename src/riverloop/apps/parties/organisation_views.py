"""Tenants of a park: their operator adds them and invites who files for them; ending a role, for whoever may."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from riverloop.apps.parties import invitations, selectors, services
from riverloop.apps.parties.forms import CoordinatorForm, OrganisationForm
from riverloop.apps.parties.here import mistake_text, told, zone
from riverloop.apps.parties.models import Organisation, Role, User
from riverloop.apps.parties.paging import part_of
from riverloop.apps.parties.views import A_PAGE, account_of, home_of
from riverloop.core.kernel.errors import RiverloopError


@never_cache
@require_safe
def organisations(request: HttpRequest) -> HttpResponse:
    """List the organisations that an account may see."""
    user = account_of(request)
    part = part_of(selectors.organisations(visible_to=user), request.GET.get("after", ""), A_PAGE)
    rows = [(one, told(_park_titles()[one.park])) for one in part.rows]
    return render(request, "parties/organisations.html", {"part": part, "rows": rows, "may_add": bool(_parks(user))})


def _park_titles() -> dict[str, Any]:
    return {park.id: park.title for park in zone().parks}


def _parks(user: User) -> list[tuple[str, str]]:
    """Return the parks in which an account may add tenants."""
    return [
        (park.id, told(park.title))
        for park in zone().parks
        if park.side == user.owner_side and user.has_perm("parties.add_organisation", park.id)
    ]


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def organisation_new(request: HttpRequest) -> HttpResponse:
    """Add a tenant to one's own park."""
    user = account_of(request)
    parks = _parks(user)
    if not parks:
        raise PermissionDenied
    form = OrganisationForm(request.POST or None, parks=parks)
    if request.method == "POST" and form.is_valid():
        given = {"park": parks[0][0], **form.cleaned_data}
        try:
            added = services.organisation_add(side=user.owner_side, **given)
            return redirect("parties:organisation", added.id)
        except RiverloopError as error:
            form.add_error(None, mistake_text(error))
    return render(request, "parties/organisation_new.html", {"form": form})


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def organisation(request: HttpRequest, organisation_id: str) -> HttpResponse:
    """Show an organisation and who files for it; its park's operator invites them here."""
    user = account_of(request)
    shown = get_object_or_404(selectors.organisations(visible_to=user), pk=organisation_id)
    may_invite = user.has_perm("parties.invite_coordinator", shown)
    form = CoordinatorForm(request.POST or None, initial={"language": user.language}) if may_invite else None
    unsent = False
    if request.method == "POST":
        if form is None:
            raise PermissionDenied
        if form.is_valid():
            try:
                invited = invitations.coordinator_invite(by=user, organisation=shown, **form.cleaned_data)
                unsent = not invitations.send(invited, home=home_of(request))
                if not unsent:
                    return redirect("parties:organisation", shown.id)
                form = CoordinatorForm(initial={"language": user.language})
            except RiverloopError as error:
                form.add_error(None, mistake_text(error))
    return _show(request, user, shown, {"form": form, "unsent": unsent})


def _show(request: HttpRequest, user: User, shown: Organisation, more: dict[str, Any]) -> HttpResponse:
    held = selectors.roles(visible_to=user).filter(kind="coordinator", organisation=shown, ended_at=None)[:A_PAGE]
    services.accounts_view_record(viewer=user, accounts=[role.user for role in held], page="parties:organisation")
    context = {
        "organisation": shown,
        "park": told(_park_titles()[shown.park]),
        "coordinators": [row_of(user, role) for role in held],
        "own_people": user.has_perm("parties.add_person", shown),
        **more,
    }
    return render(request, "parties/organisation.html", context)


def row_of(user: User, role: Role) -> dict[str, Any]:
    """Return a role with what the reader may do about it."""
    may_end = user.has_perm("parties.end_role", role)
    return {"role": role, "may_end": may_end, "is_open": may_end and invitations.is_open(role.user)}


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def role_end(request: HttpRequest, role_id: str) -> HttpResponse:
    """Ask once more, then end a role; or mail the invitation to it again."""
    user = account_of(request)
    role = get_object_or_404(selectors.roles(visible_to=user).filter(ended_at=None), pk=role_id)
    if not user.has_perm("parties.end_role", role):
        raise PermissionDenied
    back, unsent, open_still = _back(user, role), False, invitations.is_open(role.user)
    if request.method == "POST" and request.POST.get("act") == "again" and open_still:
        unsent = not invitations.send(role.user, home=home_of(request))
    elif request.method == "POST":
        services.role_end(role=role, ended_by=user)
    if request.method == "POST" and not unsent:
        return redirect(back)
    if role.person is not None and role.user_id != user.id:
        services.view_record(viewer=user, subjects=[role.person], purpose="own_staff", page="parties:role_end")
    services.accounts_view_record(viewer=user, accounts=[role.user], page="parties:role_end")
    context = {
        "role": role,
        "text": selectors.role_text(role, _),
        "own": role.user_id == user.id,
        "is_open": open_still,
        "unsent": unsent,
        "back": back,
    }
    return render(request, "parties/role_end.html", context)


def _back(user: User, role: Role) -> str:
    """Return the address of the page from which a role is ended."""
    if role.user_id == user.id:
        return reverse("parties:account")
    if role.kind == "holder":
        return reverse("parties:person_edit", args=[role.person_id])
    return reverse("parties:organisation", args=[role.organisation_id])
