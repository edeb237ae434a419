"""Pages of tables: hand one in, follow it, see each row, file them all, take the results."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from riverloop.apps.clearance import sentences
from riverloop.apps.clearance.importing import selectors, services, writing
from riverloop.apps.clearance.importing.models import Import
from riverloop.apps.clearance.importing.reading import ENCODINGS, MOST_BYTES, MOST_ROWS
from riverloop.apps.clearance.language import active_language
from riverloop.apps.clearance.selectors import rulebook, zone
from riverloop.apps.parties.models import Organisation, User
from riverloop.apps.parties.services import view_record
from riverloop.apps.parties.views import account_of
from riverloop.apps.runs.views import shown as run_shown
from riverloop.core.kernel.errors import ConflictError, InputError, RiverloopError
from riverloop.core.kernel.sides import FLOWS

_LISTED = 20
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def _said(error: RiverloopError) -> str:
    return _(error.message).format(**error.parameters)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def import_new(request: HttpRequest) -> HttpResponse:
    """Hand a table in; beside it stand those handed in before."""
    user = account_of(request)
    if request.method != "POST":
        return render(request, "clearance/import_new.html", _form(user))
    file = request.FILES.get("file")
    organisation = _organisation(user, request.POST.get("organisation", ""))
    try:
        batch = services.import_start(
            by=user,
            organisation=organisation,
            flow=request.POST.get("flow", ""),
            name=str(file.name) if file else "",
            content=file.read() if file else b"",
            encoding=request.POST.get("encoding", ""),
            again=bool(request.POST.get("again")),
        )
    except ConflictError as error:
        context = {**_form(user, request.POST), "problem": _said(error), "before": error.parameters["batch"]}
        return render(request, "clearance/import_new.html", context, status=409)
    except InputError as error:
        context = {**_form(user, request.POST), "problem": _said(error)}
        return render(request, "clearance/import_new.html", context, status=400)
    return redirect("clearance:import", batch.id)


def _organisation(user: User, asked: str) -> Organisation:
    """Return for whom a table is handed in: who files for one alone is not asked which."""
    own = {one.id: one for one in selectors.organisations_filed_for(user)}
    if not asked and len(own) == 1:
        return next(iter(own.values()))
    if asked not in own:
        raise Http404
    return own[asked]


def _form(user: User, kept: Any = None) -> dict[str, Any]:
    batches = selectors.with_states(selectors.imports(visible_to=user)[:_LISTED])
    return {
        "flows": [(flow, _(sentences.FLOW_PLURALS[flow])) for flow in FLOWS],
        "flow_chosen": kept.get("flow", "") if kept else "",
        "encodings": list(ENCODINGS.items()),
        "organisations": selectors.organisations_filed_for(user),
        "batches": [(one, _(sentences.FLOW_PLURALS[one.flow]), _(STATE_WORDS[state])) for one, state in batches],
        "most_megabytes": MOST_BYTES // 1_000_000,
        "most_rows": MOST_ROWS,
        "time_zone": zone().side(user.owner_side).side.time_zone,
    }


STATE_WORDS = {
    "checking": sentences.N_("Being checked"),
    "stopped": sentences.N_("Stopped before it was checked"),
    "unreadable": sentences.N_("Cannot be read"),
    "checked": sentences.N_("Checked, not filed"),
    "filing": sentences.N_("Being filed"),
    "filed": sentences.N_("Filed"),
    "discarded": sentences.N_("Discarded"),
}


@never_cache
@require_safe
def import_shown(request: HttpRequest, import_id: str) -> HttpResponse:
    """Show how a table stands: its progress, its mistakes, each row's outcome, what was filed."""
    user = account_of(request)
    batch = get_object_or_404(selectors.imports(visible_to=user).select_related("organisation"), pk=import_id)
    return _page(request, user, batch)


def _page(request: HttpRequest, user: User, batch: Import, problem: str = "", status: int = 200) -> HttpResponse:
    run = selectors.run_of(batch)
    state = selectors.state_of(batch, run)
    wrong_only = request.GET.get("show") == "wrong"
    after = request.GET.get("after", "")
    rows, following = selectors.page_of(
        batch,
        wrong_only=wrong_only,
        after=int(after) if after.isdecimal() and len(after) < 7 else 0,  # noqa: PLR2004
    )
    people = [row.person for row in rows if row.person]
    if people:
        view_record(viewer=user, subjects=people, purpose="own_staff", page="clearance:import")
    context = {
        "batch": batch,
        "state": state,
        "state_word": _(STATE_WORDS[state]),
        "flow_title": _(sentences.FLOW_PLURALS[batch.flow]),
        "mistakes": [text for _column, text in selectors.mistakes_said(batch.mistakes)],
        "rows": selectors.shown(batch, rows),
        "following": following,
        "is_first": not after,
        "wrong_only": wrong_only,
        "outcomes": writing.outcome_words(batch.outcomes, _),
        "good_count": batch.rows_count - batch.wrong_count,
        "problem": problem,
        "time_zone": zone().side(batch.owner_side).side.time_zone,
        **(run_shown(run) if run and not (state == "filed" or run.state == "done") else {}),
        "works": run is not None and not run.has_ended,
    }
    return render(request, "clearance/import.html", context, status=status)


@require_POST
def import_filed(request: HttpRequest, import_id: str) -> HttpResponse:
    """File every row, or by choice those without a mistake."""
    user = account_of(request)
    batch = get_object_or_404(selectors.imports(visible_to=user).select_related("organisation"), pk=import_id)
    try:
        services.import_file(
            by=user,
            batch=batch,
            only_good=bool(request.POST.get("only_good")),
            twice=bool(request.POST.get("twice")),
        )
    except RiverloopError as error:
        return _page(request, user, batch, _said(error), 409 if isinstance(error, ConflictError) else 400)
    return redirect("clearance:import", batch.id)


@require_POST
def import_discarded(request: HttpRequest, import_id: str) -> HttpResponse:
    """Drop a table that was not filed."""
    user = account_of(request)
    batch = get_object_or_404(selectors.imports(visible_to=user).select_related("organisation"), pk=import_id)
    try:
        services.import_discard(by=user, batch=batch)
    except ConflictError as error:
        return _page(request, user, batch, _said(error), 409)
    return redirect("clearance:import_new")


@never_cache
@require_safe
def import_results(request: HttpRequest, import_id: str) -> StreamingHttpResponse:
    """Give what came of each row as CSV."""
    batch = get_object_or_404(selectors.imports(visible_to=account_of(request)), pk=import_id)
    rows = batch.rows.select_related("movement").order_by("number").iterator(chunk_size=1000)
    lines = writing.results_csv(rows, lambda row: [_line(*one) for one in selectors.mistakes_said(row.mistakes)])
    response = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = 'attachment; filename="results.csv"'
    return response


def _line(column: str, text: str) -> str:
    return f"{column}: {text}" if column else text


@never_cache
@require_safe
def import_template(request: HttpRequest, flow: str, ending: str) -> HttpResponse:
    """Give the template of a flow."""
    if flow not in FLOWS or ending not in ("csv", "xlsx"):
        raise Http404
    words, language = rulebook().packs.dictionary, active_language()
    if ending == "csv":
        text = writing.template_csv(flow, words, language, _)
        response = HttpResponse(text, content_type="text/csv; charset=utf-8")
    else:
        response = HttpResponse(writing.template_xlsx(flow, words, zone(), language, _), content_type=_XLSX)
    response.headers["Content-Disposition"] = f'attachment; filename="movements-{flow}.{ending}"'
    return response
