"""A coordinator looks after the organisation's own people: adds and corrects them, invites them, notes who left."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from riverloop.apps.parties import invitations, selectors, services
from riverloop.apps.parties.forms import HolderForm, NameForm, NewPersonForm, NumberForm
from riverloop.apps.parties.here import mistake_text
from riverloop.apps.parties.models import Person, User
from riverloop.apps.parties.organisation_views import row_of
from riverloop.apps.parties.views import account_of, home_of
from riverloop.core.kernel.errors import RiverloopError


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def person_new(request: HttpRequest) -> HttpResponse:
    """Add a person to an organisation that one coordinates."""
    user = account_of(request)
    own = {
        role.organisation.id: role.organisation
        for role in user.held_roles
        if role.kind == "coordinator" and role.organisation is not None
    }
    if not own:
        raise PermissionDenied
    choices = [(one.id, one.shown_name) for one in own.values()]
    form = NewPersonForm(request.POST or None, organisations=choices)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        organisation = own[given.get("organisation") or choices[0][0]]
        try:
            with transaction.atomic():
                added = services.person_add(
                    side=organisation.owner_side,
                    name=given["name"],
                    name_latin=given["name_latin"],
                    organisation=organisation,
                )
                if given["number"]:
                    services.identity_number_add(person=added, kind=given["kind"], number=given["number"])
            return redirect("parties:person_edit", added.id)
        except RiverloopError as error:
            form.add_error("number" if error.code != "parties.name" else None, mistake_text(error))
    return render(request, "parties/person_new.html", {"form": form})


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def person_edit(request: HttpRequest, person_id: str) -> HttpResponse:
    """Correct a person, keep a number, invite them, or note that they left: one form each on one page."""
    user = account_of(request)
    person = get_object_or_404(selectors.people(visible_to=user), pk=person_id)
    if not user.has_perm("parties.change_person", person):
        raise PermissionDenied
    act = request.POST.get("act", "")
    forms: dict[str, Form] = {
        "name": NameForm(
            request.POST if act == "name" else None,
            initial={"name": person.name, "name_latin": person.name_latin},
            prefix="name",
        ),
        "number": NumberForm(request.POST if act == "number" else None, prefix="number"),
        "invite": HolderForm(
            request.POST if act == "invite" else None, initial={"language": user.language}, prefix="invite"
        ),
    }
    unsent = False
    if request.method == "POST":
        try:
            done = _act(request, user, person, forms)
        except RiverloopError as error:
            if act not in forms:
                raise
            forms[act].add_error(None, mistake_text(error))
        else:
            if done:
                return redirect(*done)
            unsent = act == "invite" and forms[act].is_valid()
    return _show(request, user, person, {"forms": forms, "unsent": unsent})


def _act(request: HttpRequest, user: User, person: Person, forms: dict[str, Form]) -> tuple[str, ...] | None:
    """Do what was asked, and return where to go on; None to show the page as it is."""
    here = ("parties:person_edit", person.id)
    act = request.POST.get("act", "")
    acts: dict[str, Callable[[dict[str, Any]], object]] = {
        "name": lambda given: services.person_change(person=person, **given),
        "number": lambda given: services.identity_number_add(person=person, **given),
        "invite": lambda given: invitations.holder_invite(by=user, person=person, **given),
    }
    if act in acts:
        if not forms[act].is_valid():
            return None
        done = acts[act](forms[act].cleaned_data)
        sent = not isinstance(done, User) or invitations.send(done, home=home_of(request))
        return here if sent else None
    if act == "remove":
        services.identity_number_remove(
            number=get_object_or_404(person.identity_numbers, pk=request.POST.get("number_id", ""))
        )
        return here
    if act == "leave" and request.POST.get("sure"):
        services.person_leave(person=person)
        return ("parties:people",)
    return None


def _show(request: HttpRequest, user: User, person: Person, more: dict[str, Any]) -> HttpResponse:
    services.view_record(viewer=user, subjects=[person], purpose="own_staff", page="parties:person_edit")
    person.refresh_from_db(fields=["name", "name_latin"])
    held = selectors.roles(visible_to=user).filter(kind="holder", person=person, ended_at=None).first()
    context = {
        "person": person,
        "numbers": [
            {"id": one.id, "kind": _(one.get_kind_display()), "masked": one.masked()}
            for one in person.identity_numbers.order_by("kind", "created_at")
        ],
        "account_row": row_of(user, held) if held else None,
        **more,
    }
    return render(request, "parties/person_edit.html", context)
