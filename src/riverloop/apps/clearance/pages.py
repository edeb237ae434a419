"""The permanent pages of the law: rules, measures, facts."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from riverloop.apps.clearance import law
from riverloop.apps.clearance.selectors import zone
from riverloop.core.kernel.errors import did_you_mean
from riverloop.core.kernel.instants import date_in


def _today() -> date:
    return date_in(timezone.now(), zone().boundary.sides[0].time_zone)


@require_safe
def rules(request: HttpRequest) -> HttpResponse:
    chosen = {name: request.GET.get(name, "")[:100] for name in ("q", "side", "flow", "verified", "status")}
    context = {
        "rows": law.find_rules(chosen, _today()),
        "total": len(law.packs().rules),
        "chosen": chosen,
        "filters": [(name, label, choices, chosen[name]) for name, label, choices in law.filters()],
        "packs": law.packs().packs.values(),
    }
    return render(request, "clearance/rules.html", context)


@require_safe
def rule(request: HttpRequest, rule_id: str) -> HttpResponse:
    found = law.packs().rules.get(rule_id)
    if found is None:
        return not_found(request, rule_id, law.packs().rules)
    return render(request, "clearance/rule.html", law.rule_page(found, _today()))


@require_safe
def measures(request: HttpRequest) -> HttpResponse:
    return render(request, "clearance/measures.html", {"groups": law.measures_by_owner()})


@require_safe
def measure(request: HttpRequest, measure_id: str) -> HttpResponse:
    found = law.packs().measures.get(measure_id)
    if found is None:
        return not_found(request, measure_id, law.packs().measures)
    return render(request, "clearance/measure.html", law.measure_page(found, _today()))


@require_safe
def facts(request: HttpRequest) -> HttpResponse:
    return render(request, "clearance/facts.html", {"groups": law.dictionary_by_flow()})


def not_found(request: HttpRequest, name: str, known: Iterable[str]) -> HttpResponse:
    """Say that there is no such rule, and offer the nearest and a search."""
    nearest = did_you_mean(name, known).partition('"')[2].rstrip('"?')
    message = _("There is no rule or measure “{name}”.").format(name=name[:80])
    return render(request, "404.html", {"message": message, "nearest": nearest, "search": name[:80]}, status=404)
