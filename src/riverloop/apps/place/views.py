"""The page of the zone: its map, what is known of it, what crosses between its sides and what it assumes."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from riverloop.apps.clearance import law
from riverloop.apps.clearance.selectors import zone
from riverloop.apps.place import selectors, times
from riverloop.core.kernel.instants import date_in, read_date


@require_safe
def zone_page(request: HttpRequest) -> HttpResponse:
    here = zone()
    today = date_in(timezone.now(), here.boundary.sides[0].time_zone)
    rules = law.packs().rules
    context = {
        "figures": selectors.figures(here),
        "disclosures": selectors.disclosures(here, law.packs().dictionary),
        "assumed": [law.rule_row(rules[name], today) for name in here.assume if name in rules],
        "lead_times": times.lead_times(here, law.packs()),
        "opening_hours": times.opening_hours(here, law.packs()),
        "references": selectors.references(here),
        "read_on": read_date(here.read_on),
    }
    return render(request, "place/zone.html", context)
