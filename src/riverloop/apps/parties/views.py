"""My account, people, and who looked. Whatever shows another person's data records the view first."""

from __future__ import annotations

from typing import Any

from allauth.account.internal.flows.login import record_authentication
from allauth.account.views import LoginView
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib.auth import login
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from riverloop.apps.parties import selectors, services
from riverloop.apps.parties.adapters import keep_language
from riverloop.apps.parties.forms import CaseForm, SearchForm
from riverloop.apps.parties.models import Person, User
from riverloop.apps.parties.words import PURPOSE_WORDS

A_PAGE = 50  # rows of a list


def account_of(request: HttpRequest) -> User:
    """Return the account that is signed in; the table of access lets nobody else come here."""
    if not isinstance(request.user, User):
        raise Http404
    return request.user


@never_cache
@require_safe
def account(request: HttpRequest) -> HttpResponse:
    user = account_of(request)
    context = {
        "roles": [selectors.role_text(role, _) for role in user.held_roles],
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
            services.view_record(
                viewer=user, subjects=found, purpose="case", page="parties:people", case=form.cleaned_data["case"]
            )
    return render(request, "parties/people.html", {"form": form, "found": found, "listed": _listed(request, user)})


def _listed(request: HttpRequest, user: User) -> Any:
    """Return a page of those whom the account looks after or audits, having recorded that it is shown."""
    kinds = {role.kind for role in user.held_roles}
    if not kinds & {"coordinator", "auditor"}:
        return None
    shown = selectors.people_listed(visible_to=user)
    page = Paginator(shown, A_PAGE).get_page(request.GET.get("page"))
    purpose = "own_staff" if "coordinator" in kinds else "audit"
    services.view_record(viewer=user, subjects=page.object_list, purpose=purpose, page="parties:people")
    return page


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
    return render(request, "parties/person.html", {"person": shown, "numbers": _numbers(shown), "own": not purpose})


def _numbers(shown: Person) -> list[tuple[str, str]]:
    return [(_(number.get_kind_display()), number.masked()) for number in shown.identity_numbers.order_by("kind")]


@never_cache
@require_safe
def who_looked(request: HttpRequest) -> HttpResponse:
    """Tell a holder who looked at them; tell an auditor who looked at whom."""
    user = account_of(request)
    page = Paginator(selectors.view_records(visible_to=user), A_PAGE).get_page(request.GET.get("page"))
    rows = [
        {"view": view, "purpose": _(PURPOSE_WORDS[view.purpose]), "viewer": selectors.role_text(view.role, _)}
        for view in page.object_list
    ]
    audits = any(role.kind == "auditor" for role in user.held_roles)
    return render(request, "parties/who_looked.html", {"page": page, "rows": rows, "audits": audits})
