"""My account, people, and who looked. Whatever shows another person's data records the view first."""

from __future__ import annotations

from typing import Any

from allauth.account.internal.flows.login import record_authentication
from allauth.account.views import LoginView
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib.auth import login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from riverloop.apps.parties import selectors, services
from riverloop.apps.parties.adapters import keep_language
from riverloop.apps.parties.forms import CaseForm, SearchForm
from riverloop.apps.parties.here import zone
from riverloop.apps.parties.models import Person, User
from riverloop.apps.parties.paging import Part, part_of
from riverloop.apps.parties.words import PERIOD_WORDS, PURPOSE_WORDS
from riverloop.zones.zone import Retention

A_PAGE = 50  # rows of a list


def account_of(request: HttpRequest) -> User:
    """Return the account that is signed in; the table of access lets nobody else come here."""
    if not isinstance(request.user, User):
        raise Http404
    return request.user


def home_of(request: HttpRequest) -> str:
    """Return the address of the start page, as the reader's browser knows it."""
    return request.build_absolute_uri("/")


@never_cache
@require_safe
def account(request: HttpRequest) -> HttpResponse:
    user = account_of(request)
    context = {
        "roles": [
            {"id": role.id, "text": selectors.role_text(role, _), "may_end": user.has_perm("parties.end_role", role)}
            for role in user.held_roles
        ],
        "holds": {role.kind for role in user.held_roles},
        "own_person": next(iter(sorted(selectors.own_person_ids(user))), ""),
    }
    return render(request, "parties/account.html", context)


@never_cache
@require_safe
def second_factor_needed(request: HttpRequest) -> HttpResponse:
    context = {"has_second_factor": is_mfa_enabled(account_of(request))}
    return render(request, "parties/second_factor_needed.html", context)


class SignInView(LoginView):  # type: ignore[misc]
    """Sign in; in a demo, as one of its cast."""

    def get_context_data(self, **named: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**named)
        return context | {"demo_accounts": selectors.demo_cast(_) if settings.RIVERLOOP_DEMO else []}


@require_POST
def demo_sign_in(request: HttpRequest) -> HttpResponse:
    """Enter a demo account without a password. Nowhere but in demo mode does this address exist."""
    if not settings.RIVERLOOP_DEMO:
        raise Http404
    user = get_object_or_404(User, pk=request.POST.get("account", ""), is_demo=True, is_active=True)
    login(request, user, backend="allauth.account.auth_backends.AuthenticationBackend")
    record_authentication(request, user, method="demo")
    response = redirect("parties:account")
    if settings.LANGUAGE_COOKIE_NAME not in request.COOKIES:
        keep_language(response, request.LANGUAGE_CODE or "en")
    return response


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def people(request: HttpRequest) -> HttpResponse:
    """List the people of one's organisation; an officer looks for one, for a case."""
    user = account_of(request)
    form, found = None, None
    if user.has_perm("parties.search_people"):
        form = SearchForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            found = selectors.people_found(visible_to=user, text=form.cleaned_data["text"])
            services.search_record(officer=user, found=len(found))
            services.view_record(
                viewer=user, subjects=found, purpose="case", page="parties:people", case=form.cleaned_data["case"]
            )
    context = {
        "form": form,
        "found": found,
        "part": _listed(request, user),
        "may_add": any(role.kind == "coordinator" for role in user.held_roles),
    }
    return render(request, "parties/people.html", context)


def _listed(request: HttpRequest, user: User) -> Part[Person] | None:
    """Return a part of those whom the account looks after or audits, having recorded that it is shown."""
    if not {role.kind for role in user.held_roles} & {"coordinator", "auditor"}:
        return None
    part = part_of(selectors.people_listed(visible_to=user), request.GET.get("after", ""), A_PAGE)
    for purpose in ("own_staff", "audit"):
        seen = [one for one in part.rows if selectors.list_purpose_of(user, one) == purpose]
        if seen:
            services.view_record(viewer=user, subjects=seen, purpose=purpose, page="parties:people")
    return part


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def person(request: HttpRequest, person_id: str) -> HttpResponse:
    """Show one person: to themselves, to whoever looks after them, to an auditor, or to an officer with a case."""
    user = account_of(request)
    shown = get_object_or_404(selectors.people(visible_to=user), pk=person_id)
    purpose, case = selectors.purpose_of(user, shown), ""
    if purpose == "case":
        form = CaseForm(request.POST or None)
        if not form.is_valid():
            return render(request, "parties/case.html", {"form": form})
        case = form.cleaned_data["case"]
    if purpose:
        services.view_record(viewer=user, subjects=[shown], purpose=purpose, page="parties:person", case=case)
    context = {
        "person": shown,
        "numbers": _numbers(shown),
        "own": not purpose,
        "may_change": user.has_perm("parties.change_person", shown),
    }
    return render(request, "parties/person.html", context)


def _numbers(shown: Person) -> list[tuple[str, str]]:
    return [(_(number.get_kind_display()), number.masked()) for number in shown.identity_numbers.order_by("kind")]


@never_cache
@require_safe
def who_looked(request: HttpRequest) -> HttpResponse:
    """Tell a holder who looked at them; tell an auditor who looked at whom."""
    user = account_of(request)
    part = part_of(selectors.view_records(visible_to=user), request.GET.get("after", ""), A_PAGE)
    rows = [
        {"view": view, "purpose": _(PURPOSE_WORDS[view.purpose]), "viewer": selectors.role_text(view.role, _)}
        for view in part.rows
    ]
    audits = any(role.kind == "auditor" for role in user.held_roles)
    return render(request, "parties/who_looked.html", {"part": part, "rows": rows, "audits": audits})


@require_safe
def retention(request: HttpRequest) -> HttpResponse:
    """Say to everyone how long things are kept."""
    here = zone()
    rows = [
        {
            "row": row,
            "keep": _keep_text(row),
            "basis": here.bases[row.basis],
            "verified": _(PERIOD_WORDS[here.bases[row.basis].verified]),
        }
        for row in here.retention
    ]
    bases = {row.basis: here.bases[row.basis] for row in here.retention}
    return render(request, "parties/retention.html", {"rows": rows, "bases": list(bases.values())})


def _keep_text(row: Retention) -> str:
    texts = {
        "years": ngettext("{count} year", "{count} years", row.keep),
        "months": ngettext("{count} month", "{count} months", row.keep),
        "days": ngettext("{count} day", "{count} days", row.keep),
    }
    return texts[row.unit].format(count=row.keep)
