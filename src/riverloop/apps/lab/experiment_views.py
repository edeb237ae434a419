"""Pages of experiments: the list, progress and answer of one, what else can be asked, and the files of it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from riverloop.apps.lab import answers, asking, comparing, drawn, opening, selectors, services
from riverloop.apps.lab.models import Experiment
from riverloop.apps.lab.words import KIND_WORDS
from riverloop.apps.parties.here import mistake_text
from riverloop.apps.parties.models import User
from riverloop.apps.parties.paging import part_of
from riverloop.apps.parties.views import account_of
from riverloop.apps.runs.views import shown as run_shown
from riverloop.apps.runs.words import STATE_WORDS
from riverloop.core.kernel.errors import ConflictError, RiverloopError

A_PAGE = 25  # rows
STATES = ("answered", "waiting")


# The list --------------------------------------------------------------------------------------------------------


@never_cache
@require_safe
def experiments(request: HttpRequest) -> HttpResponse:
    """List the experiments of one's side, the newest first."""
    user = account_of(request)
    wanted = {name: request.GET.get(name, "").strip()[:80] for name in ("q", "kind", "state")}
    wanted["kind"] = wanted["kind"] if wanted["kind"] in KIND_WORDS else ""
    wanted["state"] = wanted["state"] if wanted["state"] in STATES else ""
    found = selectors.narrowed(selectors.experiments(visible_to=user), **wanted)
    part = part_of(found.defer("text", "result"), request.GET.get("after", ""), A_PAGE)
    context = {
        "rows": listed(part.rows),
        "part": part,
        "wanted": wanted,
        "narrowed": any(wanted.values()),
        "kinds": [(kind, _(word)) for kind, word in KIND_WORDS.items()],
        "states": [("answered", _("Answered")), ("waiting", _("Not answered"))],
        "kept_query": urlencode({name: value for name, value in wanted.items() if value}),
    }
    return render(request, "lab/experiments.html", context)


def listed(found: Iterable[Experiment]) -> list[dict[str, Any]]:
    """Return experiments as a list shows them."""
    rows = list(found)
    runs = selectors.runs_of(rows)
    return [row_of(one, selectors.state_of(one, runs.get(one.id))) for one in rows]


def row_of(one: Experiment, state: str) -> dict[str, Any]:
    """Return what a list shows of an experiment."""
    return {
        "experiment": one,
        "title": answers.title(one.names),
        "kind": _(KIND_WORDS[one.kind]),
        "state": _(STATE_WORDS[state]) if state != "done" else "",
        "said": _summary(one.summary),
        "may_compare": one.kind == "simulate",
    }


def _summary(summary: Mapping[str, Any]) -> str:
    """Return the answer in a few words."""
    if "met" not in summary:
        return ""
    if summary.get("drains") is False:
        return _("A queue cannot drain")
    line = _("Pledge kept: {share}") if summary["met"] else _("Pledge not kept: {share}")
    return line.format(share=answers.share(summary["share_within"]))


# One -------------------------------------------------------------------------------------------------------------


def _found(request: HttpRequest, experiment_id: str) -> tuple[User, Experiment]:
    user = account_of(request)
    return user, get_object_or_404(selectors.experiments(visible_to=user), pk=experiment_id)


@never_cache
@require_safe
def experiment(request: HttpRequest, experiment_id: str) -> HttpResponse:
    """Show how far an experiment is, or its answer."""
    user, found = _found(request, experiment_id)
    return _page(request, user, found)


def _page(
    request: HttpRequest, user: User, found: Experiment, *, error: RiverloopError | None = None, status: int = 200
) -> HttpResponse:
    run = selectors.run_of(found)
    state = selectors.state_of(found, run)
    about = (found.result or {}).get("about")
    context: dict[str, Any] = {
        "experiment": found,
        "title": answers.title(found.names),
        "kind": _(KIND_WORDS[found.kind]),
        "state": state,
        "state_word": _(STATE_WORDS[state]),
        "asked": asking.sentence(found.kind, found.asked, about),
        "may_change": user.has_perm("lab.change_experiment", found),
        "problem": mistake_text(error) if error else "",
        "typed": request.POST if error else {},
        "works": run is not None and not run.has_ended,
        **(run_shown(run) if run and not found.answered_at else {}),
        "run_page": "",
    }
    if found.answered_at:
        context |= _answered(found)
        context["charts"] = drawn.drawing(
            drawn.of_experiment(found),
            lambda name: reverse("lab:experiment_chart", args=[found.id, name]),
            now=draws_now(request),
        )
    if found.kind == "simulate":
        more = selectors.experiments(visible_to=user).filter(asked_of=found.id).defer("text", "result")
        context["more"] = [
            {**row, "asked": asking.sentence(row["experiment"].kind, row["experiment"].asked, about)}
            for row in listed(more[:A_PAGE])
        ]
    elif found.asked_of:
        context["asked_of"] = (
            selectors.experiments(visible_to=user).filter(pk=found.asked_of).values_list("pk", flat=True).first()
        )
    return render(request, "lab/experiment.html", context, status=status)


def _answered(found: Experiment) -> dict[str, Any]:
    answer: Any = found.result
    context: dict[str, Any] = {
        "answer": answer,
        "needs": answers.needs(answer),
        "assumptions": answers.assumptions(answer, found.values),
        "outages": answers.outages(answer),
        "note": opening.said(answer["about"]["note"]),
        "design_note": opening.said(answer["about"]["design"]["note"]),
        "passengers_a_day": answers.number(answer["about"]["passengers_a_day"]),
    }
    if found.kind == "simulate":
        context |= _simulated(found, answer)
    else:
        context["found"] = drawn.found(found.kind, answer)
    return context


def _simulated(found: Experiment, answer: Any) -> dict[str, Any]:
    return {
        "headline": answers.headline(answer),
        "figures": answers.figures(answer),
        "sureness": answers.sureness(answer["result"]),
        "stations": answers.stations(answer),
        "classes": answers.classes(answer),
        "outage": _outage(answer),
        "claims": answers.claims(answer),
        "choices": asking.choices(found.text, found.design, answer["about"]),
    }


def _outage(answer: Any) -> dict[str, Any] | None:
    """Return what the outages do: with and without them, on the same passengers."""
    if "without_outages" not in answer:
        return None
    without = {**answer["without_outages"], "about": answer["about"]}
    return {
        "table": comparing.table([(_("With the outage"), answer), (_("Without it"), without)]),
        "differences": comparing.differences(answer, without),
    }


@require_POST
def experiment_ask(request: HttpRequest, experiment_id: str) -> HttpResponse:
    """Ask something more of the same scenario."""
    user, found = _found(request, experiment_id)
    kind = request.POST.get("kind", "")
    if kind not in asking.KINDS:
        raise Http404
    try:
        started = services.experiment_start(
            by=user,
            kind=kind,
            names=found.names,
            scenario_key=found.scenario_key,
            text=found.text,
            design=found.design,
            case=found.case,
            values=found.values,
            asked=asking.read_asked(kind, request.POST),
            asked_of=found.id,
        )
    except RiverloopError as error:
        return _page(request, user, found, error=error, status=409 if isinstance(error, ConflictError) else 400)
    return redirect("lab:experiment", started.id)


@require_POST
def experiment_again(request: HttpRequest, experiment_id: str) -> HttpResponse:
    """Ask the same once more: after it was stopped, or failed."""
    user, found = _found(request, experiment_id)
    try:
        started = services.experiment_start(
            by=user,
            kind=found.kind,
            names=found.names,
            scenario_key=found.scenario_key,
            text=found.text,
            design=found.design,
            case=found.case,
            values=found.values,
            asked=found.asked,
            asked_of=found.asked_of,
        )
    except RiverloopError as error:
        return _page(request, user, found, error=error, status=409 if isinstance(error, ConflictError) else 400)
    return redirect("lab:experiment", started.id)


@require_POST
def experiment_cancel(request: HttpRequest, experiment_id: str) -> HttpResponse:
    """Stop one's experiment, and go back to it."""
    user, found = _found(request, experiment_id)
    services.experiment_cancel(by=user, experiment=found)
    return redirect("lab:experiment", found.id)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def experiment_delete(request: HttpRequest, experiment_id: str) -> HttpResponse:
    """Delete one's experiment, once that is confirmed."""
    user, found = _found(request, experiment_id)
    if request.method != "POST":
        context = {"experiment": found, "title": answers.title(found.names), "act": "delete"}
        return render(request, "lab/confirm.html", context)
    services.experiment_delete(by=user, experiment=found)
    return redirect("lab:experiments")


# Its files -------------------------------------------------------------------------------------------------------


@never_cache
@require_safe
def experiment_yaml(request: HttpRequest, experiment_id: str) -> HttpResponse:
    """Give the scenario as it was run, with the command that runs it again."""
    _user, found = _found(request, experiment_id)
    options = "".join(f" --{name} {key}" for name, key in (("design", found.design), ("case", found.case)) if key)
    text = f"# riverloop simulate scenario.yaml{options}\n{found.text}"
    return file_of(text, "application/yaml; charset=utf-8", "scenario.yaml")


@never_cache
@require_safe
def experiment_json(request: HttpRequest, experiment_id: str) -> HttpResponse:
    """Give the answer as JSON."""
    _user, found = _found(request, experiment_id)
    if not found.answered_at:
        raise Http404
    text = json.dumps(found.result, ensure_ascii=False, indent=1)
    return file_of(text, "application/json; charset=utf-8", "result.json")


@never_cache
@require_safe
def experiment_report(request: HttpRequest, experiment_id: str) -> HttpResponse:
    """Give the answer as one page that holds everything, to be printed or attached."""
    user, found = _found(request, experiment_id)
    if not found.answered_at or found.kind != "simulate":
        raise Http404
    more = selectors.experiments(visible_to=user).filter(asked_of=found.id).exclude(answered_at=None)
    return file_of(drawn.report([found], list(more)), "text/html; charset=utf-8", "report.html")


def file_of(text: str, content_type: str, name: str) -> HttpResponse:
    """Answer with a file to keep."""
    response = HttpResponse(text, content_type=content_type)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@never_cache
@require_safe
def experiment_chart(request: HttpRequest, experiment_id: str, name: str) -> HttpResponse:
    """Give the picture of one chart, as a part of the page."""
    _user, found = _found(request, experiment_id)
    if not found.answered_at:
        raise Http404
    return picture_of(drawn.of_experiment(found), name)


def picture_of(charts: Iterable[Any], name: str) -> HttpResponse:
    """Answer with the picture of the chart of that name."""
    for one in charts:
        if one.name == name and one.picture:
            return HttpResponse(one.svg)
    raise Http404


def draws_now(request: HttpRequest) -> bool:
    """Whether charts are asked for with the page, by those who read it without scripts."""
    return request.GET.get("draw") == "now"
