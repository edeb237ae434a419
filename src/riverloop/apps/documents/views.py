"""Permits and files. Whatever shows another's personal data records the view first."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from riverloop.apps.documents import selectors, services, shown, subjects
from riverloop.apps.documents.forms import AnswerForm, PermitForm, UploadForm, document_choices
from riverloop.apps.documents.models import File, Permit
from riverloop.apps.documents.selectors import MOST_COUNTED, MOST_EXPORTED, Wanted
from riverloop.apps.documents.words import KIND_WORDS, STATE_WORDS
from riverloop.apps.parties.models import Organisation, Person, User
from riverloop.apps.parties.paging import part_of
from riverloop.apps.parties.selectors import people, purpose_of
from riverloop.apps.parties.services import view_record
from riverloop.apps.parties.views import account_of
from riverloop.core.kernel.errors import ConflictError, RiverloopError

_MOST_DRAWS = 200
_LONGEST_NAME = 120
_DANGEROUS = ("=", "+", "-", "@", "\t", "\r")


def said(error: RiverloopError) -> str:
    """Return an error in the language of the page."""
    return error.told(_)


def status_of(error: RiverloopError) -> int:
    """Return the status that answers an error."""
    return 409 if isinstance(error, ConflictError) else 400


# Permits


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def permits(request: HttpRequest) -> HttpResponse:
    """List permits; a number is looked for by a posted form, since it may be that of a person's paper."""
    user = account_of(request)
    wanted = Wanted.read(request.POST if request.method == "POST" else request.GET)
    found, following, count = selectors.permits_page(visible_to=user, wanted=wanted)
    context = {
        "rows": shown.rows(found, user, page="documents:permits"),
        "following": following,
        "count": count,
        "counted": MOST_COUNTED,
        "wanted": wanted,
        "documents": document_choices(),
        "states": [(name, _(word)) for name, word in STATE_WORDS.items()],
        "may_add": any(role.kind == "coordinator" for role in user.held_roles),
        "of_many": any(role.kind in ("officer", "auditor") for role in user.held_roles),
        "symbols": shown.SYMBOLS,
    }
    return render(request, "documents/permits.html", context)


@never_cache
@require_safe
def permits_csv(request: HttpRequest) -> StreamingHttpResponse:
    """Give the same list as CSV."""
    user = account_of(request)
    found = selectors.permits_wanted(visible_to=user, wanted=Wanted.read(request.GET)).filter(person=None)
    rows = shown.csv_rows(found[:MOST_EXPORTED])
    response = StreamingHttpResponse(_written(rows), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = 'attachment; filename="permits.csv"'
    return response


class _Line:
    def write(self, text: str) -> str:
        return text


def _written(rows: Iterator[list[str]]) -> Iterator[str]:
    """Give lines of CSV in which no cell is a formula."""
    writer = csv.writer(_Line())
    yield "\ufeff"  # by which a spreadsheet knows UTF-8
    for row in rows:
        yield str(writer.writerow([f"'{cell}" if cell.startswith(_DANGEROUS) else cell for cell in row]))


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def permit_add(request: HttpRequest) -> HttpResponse:
    """Add a permit with, if it is at hand, the paper itself."""
    user = account_of(request)
    own = _own_organisations(user)
    person = _person(user, request.POST.get("person", "") or request.GET.get("person", ""))
    form = PermitForm(own, request.POST or None, request.FILES or None)
    status, problem = 200, ""
    if request.method == "POST":
        status = 400
        if form.is_valid():
            try:
                return redirect("documents:permit", _added(user, own, person, form).id)
            except RiverloopError as error:
                status, problem = status_of(error), said(error)
    context = {"form": form, "person": person, "problem": problem, "sends_files": True}
    return render(request, "documents/permit_add.html", context, status=status)


def _added(user: User, own: list[Organisation], person: Person | None, form: PermitForm) -> Permit:
    data = dict(form.cleaned_data)
    chosen, upload = data.pop("organisation", own[0].id), data.pop("file")
    organisation = next(one for one in own if one.id == chosen)
    with transaction.atomic():
        file = None
        if upload:
            file = services.file_store(by=user, organisation=organisation, name=upload.name, content=upload)
        return services.permit_add(by=user, organisation=organisation, person=person, file=file, **data)


def _own_organisations(user: User) -> list[Organisation]:
    own = [role.organisation for role in user.held_roles if role.kind == "coordinator" and role.organisation]
    if not own:
        raise PermissionDenied
    return own


def _organisation_for(user: User, subject: str) -> Organisation:
    """Return for which of several organisations one hands something in: that whose the subject is."""
    own, owner = _own_organisations(user), subjects.owner_of(subject)
    return next((one for one in own if one.id == owner), own[0])


def _person(user: User, key: str) -> Person | None:
    """Return whom a permit is to name: one of the organisation's own people, whose view is recorded."""
    if not key:
        return None
    person = get_object_or_404(people(visible_to=user), pk=key)
    if purpose_of(user, person) == "own_staff":
        view_record(viewer=user, subjects=[person], purpose="own_staff", page="documents:permit_add")
    return person


@never_cache
@require_safe
def permit(request: HttpRequest, permit_id: str) -> HttpResponse:
    """Show one permit, with what was drawn from it."""
    user = account_of(request)
    return _permit_page(request, user, _permit(user, permit_id))


def _permit(user: User, permit_id: str) -> Permit:
    return get_object_or_404(selectors.permits_with_left(selectors.permits(visible_to=user)), pk=permit_id)


def _permit_page(request: HttpRequest, user: User, held: Permit, **more: Any) -> HttpResponse:
    if held.person:
        purpose = purpose_of(user, held.person)
        if purpose:
            case = held.id if purpose == "case" else ""
            view_record(viewer=user, subjects=[held.person], purpose=purpose, page="documents:permit", case=case)
    row = shown.row_of(held)
    counts = held.state in ("stated", "verified")
    context = {
        "row": row,
        "permit": held,
        "symbol": shown.SYMBOLS.get(row.state, ""),
        "quantity": shown.plain(held.quantity),
        "drawn": shown.draws(held, user, _MOST_DRAWS),
        "most_draws": _MOST_DRAWS,
        "file": held.file if held.file and held.file.erased_at is None else None,
        "kind": _(KIND_WORDS.get(held.file.media_type, "")) if held.file else "",
        "may_answer": counts and user.has_perm("documents.verify_permit", held),
        "may_end": counts and user.has_perm("documents.end_permit", held),
        "answer": AnswerForm(),
        "problem": "",
        **more,
    }
    status = context.pop("status", 200)
    return render(request, "documents/permit.html", context, status=status)


@never_cache
@require_POST
def permit_verify(request: HttpRequest, permit_id: str) -> HttpResponse:
    """Say that a permit is what it states, or that it is not."""
    user = account_of(request)
    held, accepted = _permit(user, permit_id), request.POST.get("answer") == "verify"
    form = AnswerForm(request.POST)
    try:
        reason = form.cleaned_data["reason"] if form.is_valid() else ""
        services.permit_verify(by=user, permit=held, accepted=accepted, reason=reason)
    except RiverloopError as error:
        return _permit_page(
            request, user, _permit(user, permit_id), answer=form, problem=said(error), status=status_of(error)
        )
    return redirect("documents:permit", permit_id)


@never_cache
@require_POST
def permit_end(request: HttpRequest, permit_id: str) -> HttpResponse:
    """End a permit: it counts no longer."""
    user = account_of(request)
    try:
        services.permit_end(by=user, permit=_permit(user, permit_id), reason=request.POST.get("reason", ""))
    except RiverloopError as error:
        return _permit_page(request, user, _permit(user, permit_id), problem=said(error), status=status_of(error))
    return redirect("documents:permit", permit_id)


# Files


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def files(request: HttpRequest) -> HttpResponse:
    """List the files of one's organisation; a name is looked for by a posted form, since it may say of whom it is."""
    user = account_of(request)
    asked = request.POST if request.method == "POST" else request.GET
    name = " ".join(request.POST.get("name", "").split())[:_LONGEST_NAME]
    part = part_of(selectors.files_kept(visible_to=user, name=name), asked.get("after", "")[:26], selectors.A_PAGE)
    own = {role.organisation_id for role in user.held_roles if role.kind == "coordinator"}
    context = {"rows": shown.file_rows(part.rows, user), "part": part, "name": name, "of_many": len(own) > 1}
    return render(request, "documents/files.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def upload(request: HttpRequest) -> HttpResponse:
    """Take a file for something that the reader may see; a page that shows it has this form too."""
    user = account_of(request)
    asked = request.POST if request.method == "POST" else request.GET
    subject, back = asked.get("subject", ""), _safe(asked.get("next", ""))
    if subject and not subjects.is_visible(user, subject):
        raise Http404
    form = UploadForm(request.POST or None, request.FILES or None)
    status, problem = 200, ""
    if request.method == "POST":
        status = 400
        if form.is_valid():
            given = form.cleaned_data["file"]
            try:
                services.file_store(
                    by=user,
                    organisation=_organisation_for(user, subject),
                    name=given.name,
                    content=given,
                    subject=subject,
                )
            except RiverloopError as error:
                status, problem = status_of(error), said(error)
            else:
                return redirect(back)
    context = {"form": form, "subject": subject, "back": back, "problem": problem, "sends_files": True}
    return render(request, "documents/upload.html", context, status=status)


def _safe(back: str) -> str:
    """Return where to go afterwards: a page of ours."""
    return back if back and url_has_allowed_host_and_scheme(back, allowed_hosts=None) else reverse("documents:permits")


@never_cache
@require_safe
def file(request: HttpRequest, file_id: str) -> HttpResponse:
    """Give a file as a download, which no browser shows or runs as a page of ours."""
    user = account_of(request)
    held = get_object_or_404(selectors.files(visible_to=user), pk=file_id)
    try:
        content = services.file_give(by=user, file=held)
    except ConflictError as error:
        return render(request, "documents/file_gone.html", {"problem": said(error)}, status=409)
    response = HttpResponse(content, content_type=held.media_type)
    plain = held.name.encode("ascii", "replace").decode().replace("?", "_").replace('"', "_")
    response.headers["Content-Disposition"] = f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(held.name)}"
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    response.headers["Content-Encoding"] = "identity"  # most kinds are packed already
    return response


@never_cache
@require_POST
def file_erase(request: HttpRequest, file_id: str) -> HttpResponse:
    """Erase a file for good."""
    user = account_of(request)
    held: File = get_object_or_404(selectors.files(visible_to=user), pk=file_id)
    if not user.has_perm("documents.erase_file", held):
        raise PermissionDenied
    try:
        services.file_erase(file=held, by=user)
    except ConflictError as error:
        return render(request, "documents/file_gone.html", {"problem": said(error)}, status=409)
    return redirect(_safe(request.POST.get("next", "")))
