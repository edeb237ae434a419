"""Pages of scenarios: the list, the editor, and what one's own can become."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from riverloop.apps.lab import opening, selectors, services
from riverloop.apps.lab.compare_views import MOST_COMPARED
from riverloop.apps.lab.experiment_views import listed
from riverloop.apps.lab.opening import MOST_CHARACTERS, Kept
from riverloop.apps.lab.words import N_
from riverloop.apps.parties.here import mistake_text
from riverloop.apps.parties.models import User
from riverloop.apps.parties.paging import part_of
from riverloop.apps.parties.views import account_of
from riverloop.core.kernel.errors import ConflictError, InputError, RiverloopError

if TYPE_CHECKING:
    from riverloop.core.queueing.designs import ScenarioFile

A_PAGE = 25  # rows
_LATEST = 5
_AROUND = 2  # lines shown before and after a mistake


@never_cache
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Show what can be simulated: bundled scenarios, those of one's side, and the latest experiments."""
    user = account_of(request)
    part = part_of(selectors.scenarios(visible_to=user), request.GET.get("after", ""), A_PAGE)
    bundled = [{"kept": kept, "file": _summary(kept)} for kept in opening.bundled()]
    latest = list(selectors.experiments(visible_to=user).defer("text", "result")[:_LATEST])
    context = {
        "bundled": bundled,
        "part": part,
        "experiments": listed(latest),
    }
    return render(request, "lab/home.html", context)


def _summary(kept: Kept) -> dict[str, Any]:
    file = opening.opened(kept.text)
    return {
        "note": opening.said(file.note),
        "designs": [opening.said(one.title, one.key) for one in file.designs if one.key],
        "cases": [opening.said(one.title, one.key) for one in file.cases if one.key],
    }


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def scenario(request: HttpRequest, key: str) -> HttpResponse:
    """Show a scenario to be changed, run and kept."""
    user = account_of(request)
    kept = opening.find(key, visible_to=user)
    if request.method != "POST":
        return _page(request, user, kept, request.GET)
    act = _ACTS.get(request.POST.get("act", ""))
    if act is None:
        raise Http404
    try:
        return act(request, user, kept)
    except RiverloopError as error:
        status = 409 if isinstance(error, ConflictError) else 400
        return _page(request, user, kept, request.POST, error=error, status=status)


def _page(
    request: HttpRequest,
    user: User,
    kept: Kept,
    chosen: Mapping[str, str],
    *,
    error: RiverloopError | None = None,
    status: int = 200,
) -> HttpResponse:
    typed_text = chosen.get("text") if error else None
    mistaken = _mistaken_text(kept, chosen) if error else kept.text
    context: dict[str, Any] = {
        "kept": kept,
        "text": kept.text if typed_text is None else typed_text,
        "mistyped": error is not None and typed_text is None,
        "text_open": typed_text is not None or chosen.get("show") == "text",
        "most_characters": MOST_CHARACTERS,
        "may_change": kept.saved is not None and user.has_perm("lab.change_savedscenario", kept.saved),
        "based_on": _title_of(kept.based_on) if kept.saved and kept.based_on else "",
        "own_title": chosen.get("title") or kept.title,
        "version": _version(kept.text),
        "error": _mistake(error, mistaken, _labelled(error, kept, chosen, mistaken)) if error else None,
    }
    try:
        context |= _asked(kept, chosen, typed=error is not None and typed_text is None)
    except (
        RiverloopError
    ) as found:  # kept when it could be opened, and no more: the file's form has changed, or real days
        context |= {"error": context["error"] or _mistake(found, kept.text, found), "text_open": True}
    return render(request, "lab/scenario.html", context, status=status)


def _asked(kept: Kept, chosen: Mapping[str, str], *, typed: bool) -> dict[str, Any]:
    """Return the fields of one design in one case."""
    from riverloop.apps.lab import fields  # noqa: PLC0415 - it may ask for real traffic, and so for Polars

    file = opening.opened(kept.text)
    design, case = _chosen(file, chosen)
    form = fields.form_of(kept.text, design, case)
    return {
        "note": opening.said(file.note),
        "designs": [(one.key, opening.said(one.title, one.key)) for one in file.designs if one.key],
        "cases": [(one.key, opening.said(one.title, one.key)) for one in file.cases if one.key],
        "design": design,
        "case": case,
        "design_note": opening.said(file.design(design).note),
        "case_note": opening.said(file.case(case).note),
        "many_designs": len(file.designs) > 1,
        "compared": _compared(file, chosen),
        "most_compared": MOST_COMPARED,
        "form": form.typed(chosen if typed else {name: one for name, one in chosen.items() if name.startswith("t.")}),
    }


def _chosen(file: ScenarioFile, chosen: Mapping[str, str]) -> tuple[str, str]:
    """Return design and case as they were chosen; where there is none of that key, the first."""
    designs, cases = [one.key for one in file.designs], [one.key for one in file.cases]
    design, case = chosen.get("design", ""), chosen.get("case", "")
    return design if design in designs else designs[0], case if case in cases else cases[0]


def _posted(file: ScenarioFile, posted: Mapping[str, str], kept: Kept) -> tuple[str, str]:
    """Return design and case as they were posted; the first where none is, or where the typed text took it out.

    Raises:
        ScenarioError: there is none of that key.
    """
    design, case = posted.get("design", ""), posted.get("case", "")
    chosen = _chosen(file, posted)
    designs, cases = _offered(kept) if "text" in posted else ((), ())
    return (
        chosen[0] if design in designs else file.design(design).key,
        chosen[1] if case in cases else file.case(case).key,
    )


def _offered(kept: Kept) -> tuple[list[str], list[str]]:
    """Return the designs and cases that the page offered; none of a text that opens no more."""
    try:
        file = opening.opened(kept.text)
    except RiverloopError:
        return [], []
    return [one.key for one in file.designs], [one.key for one in file.cases]


def _compared(file: ScenarioFile, chosen: Mapping[str, str]) -> list[str]:
    """Return the designs that are ticked to be compared: as many as can be, if none was chosen."""
    ticked = chosen.getlist("designs") if isinstance(chosen, QueryDict) else []
    return list(dict.fromkeys(ticked)) or [one.key for one in file.designs][:MOST_COMPARED]


def _title_of(key: str) -> str:
    return next((one.title for one in opening.bundled() if one.key == key), "")


def _version(text: str) -> str:
    """Return what tells whether a text was changed since a page showed it."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _mistaken_text(kept: Kept, posted: Mapping[str, str]) -> str:
    """Return the text that the line of a mistake is of: with what was typed, as far as that can be put into it."""
    from riverloop.apps.lab import fields, typed  # noqa: PLC0415 - as above

    if "text" in posted:
        return posted["text"]
    try:
        design, case = _chosen(opening.opened(kept.text), posted)
        return typed.changed(kept.text, design, case, fields.form_of(kept.text, design, case), posted)
    except RiverloopError:
        return kept.text


def _labelled(error: RiverloopError, kept: Kept, posted: Mapping[str, str], text: str) -> RiverloopError:
    """Return a mistake of what was typed into a field by the label of the field; any other one as it is."""
    from riverloop.apps.lab import fields, labelled  # noqa: PLC0415 - as above

    if "text" in posted:
        return error
    try:
        form = fields.form_of(kept.text, *_chosen(opening.opened(kept.text), posted))
    except RiverloopError:
        return error
    return labelled.labelled(error, form, posted, text)


def _mistake(error: RiverloopError, text: str, said: RiverloopError) -> dict[str, Any]:
    """Return a mistake in words, with the lines around it where it stands in the text.

    Args:
        error: where it stands.
        text: in which.
        said: the mistake as it is said: one by the label of its field needs no line.
    """
    told = mistake_text(error) if said is error else said.told(gettext)
    line = error.where.rpartition(":")[2]
    if not line.isdecimal():
        return {"told": told, "lines": []}
    at = int(line)
    rows = text.split("\n")
    first = max(at - _AROUND, 1)
    shown = [
        {"number": number, "text": row, "wrong": number == at}
        for number, row in enumerate(rows[first - 1 : at + _AROUND], first)
    ]
    return {"told": told, "lines": shown}


# What a form asks for --------------------------------------------------------------------------------------------


def _changed(kept: Kept, request: HttpRequest) -> tuple[str, str, str, dict[str, Any]]:
    """Return the text with what was typed, the design and case it was typed for, and the parameters that differ.

    Raises:
        ConflictError: the scenario was changed since the page showed it, and what was typed would undo that.
        InputError: what was typed cannot be put into it.
    """
    from riverloop.apps.lab import fields, typed  # noqa: PLC0415 - as above

    shown = request.POST.get("version", "")
    if shown not in ("", _version(kept.text)) and ("text" not in request.POST or request.POST["act"] == "save"):
        raise ConflictError(
            "lab.changed",
            N_(
                "This scenario was changed since you opened it, in another window perhaps. Below stands what your "
                "window showed: look it through, since doing it again replaces that change."
            ),
        )
    if "text" in request.POST:
        text = request.POST["text"].replace("\r\n", "\n")
        services.check_length(text)
        return text, *_posted(opening.opened(text), request.POST, kept), {}
    file = opening.opened(kept.text)
    design, case = _posted(file, request.POST, kept)
    form = fields.form_of(kept.text, design, case)
    text = typed.changed(kept.text, design, case, form, request.POST.dict())
    if text == kept.text:
        return text, design, case, {}
    before, after = file.values(case), opening.opened(text).values(case)
    return text, design, case, {name: value for name, value in after.items() if value != before.get(name)}


def _run(request: HttpRequest, user: User, kept: Kept) -> HttpResponse:
    text, design, case, values = _changed(kept, request)
    experiment = services.experiment_start(
        by=user,
        kind="simulate",
        names=names_of(kept, text, design, case),
        scenario_key=kept.key,
        text=text,
        design=design,
        case=case,
        values=values,
    )
    return redirect("lab:experiment", experiment.id)


def _run_all(request: HttpRequest, user: User, kept: Kept) -> HttpResponse:
    """Start the simulation of every design that is ticked, in one case, and lead to their comparison."""
    text, _design, case, values = _changed(kept, request)
    designs = _compared(opening.opened(text), request.POST)
    if not 2 <= len(designs) <= MOST_COMPARED:  # noqa: PLR2004 - two sides
        raise InputError(
            "lab.designs",
            N_("Designs ticked: {ticked}. Tick two to {most} to be compared."),
            ticked=len(designs),
            most=MOST_COMPARED,
        )
    started = services.experiments_start(
        by=user,
        designs=designs,
        names=lambda design: names_of(kept, text, design, case),
        scenario_key=kept.key,
        text=text,
        case=case,
        values=values,
    )
    return redirect(f"{reverse('lab:compare')}?{urlencode([('x', one.id) for one in started])}")


def names_of(kept: Kept, text: str, design: str, case: str) -> dict[str, dict[str, str]]:
    """Return what an experiment is called, in every language that the file speaks."""
    from riverloop.apps.lab import fields  # noqa: PLC0415 - as above

    file = opening.opened(text)
    own_title = {"": kept.saved.title} if kept.saved else dict(file.title) or {"": kept.title}
    names = {"scenario": own_title}
    for part, one in (("design", file.design(design)), ("case", file.case(case))):
        if one.key:
            names[part] = dict(one.title) or {"": one.key}
    days = fields.days_of(text, design, case)
    if days and days != fields.days_of(kept.text, design, case):  # other real days than the case is called by
        names["case"] = days
    return names


def _save(request: HttpRequest, user: User, kept: Kept) -> HttpResponse:
    """Keep what was typed: in one's own scenario, or as a copy of one's own."""
    text, design, case, _values = _changed(kept, request)
    own = kept.saved if request.POST["act"] == "save" else None
    saved = services.scenario_save(
        by=user, title=request.POST.get("title", "") or kept.title, text=text, based_on=kept.based_on, saved=own
    )
    query = urlencode({"design": design, "case": case, "kept": "1"})
    return redirect(f"{reverse('lab:scenario', args=[saved.id])}?{query}")


def _rename(request: HttpRequest, user: User, kept: Kept) -> HttpResponse:
    if kept.saved is None:
        raise Http404
    services.scenario_rename(by=user, saved=kept.saved, title=request.POST.get("title", ""))
    return redirect("lab:scenario", kept.key)


_ACTS = {"run": _run, "run_all": _run_all, "save": _save, "copy": _save, "rename": _rename}


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def scenario_delete(request: HttpRequest, key: str) -> HttpResponse:
    """Delete one's scenario, once that is confirmed."""
    user = account_of(request)
    saved = get_object_or_404(selectors.scenarios(visible_to=user), pk=key)
    if request.method != "POST":
        return render(request, "lab/confirm.html", {"saved": saved, "act": "delete"})
    services.scenario_delete(by=user, saved=saved)
    return redirect("lab:home")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def scenario_restore(request: HttpRequest, key: str) -> HttpResponse:
    """Give one's scenario the bundled text back, once that is confirmed."""
    user = account_of(request)
    saved = get_object_or_404(selectors.scenarios(visible_to=user), pk=key)
    bundled = next((one for one in opening.bundled() if one.key == saved.based_on), None)
    if bundled is None:
        raise Http404
    if request.method != "POST":
        return render(request, "lab/confirm.html", {"saved": saved, "act": "restore", "bundled": bundled})
    services.scenario_restore(by=user, saved=saved, text=bundled.text)
    return redirect("lab:scenario", saved.id)
