"""How long papers take and when control points are open, as the zone file states it."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _

from riverloop.apps.clearance import sentences
from riverloop.apps.clearance.earliest import basis_text, by_text, hours_text, lead_text
from riverloop.apps.clearance.formats import list_text
from riverloop.apps.clearance.language import active_language
from riverloop.apps.clearance.sentences import own
from riverloop.core.rules.packs import PackSet
from riverloop.zones.zone import Zone


@dataclass(frozen=True, slots=True)
class LeadRow:
    """How long one document takes."""

    label: str
    page: str
    by: str
    lead: str
    basis: str
    assumed: bool


@dataclass(frozen=True, slots=True)
class HoursRow:
    """When one control point is open for some flows."""

    point: str
    flows: str
    hours: str
    basis: str
    assumed: bool


def lead_times(zone: Zone, packs: PackSet) -> list[LeadRow]:
    """Return the lead times of the documents that the packs know."""
    language, page = active_language(), reverse("clearance:facts")
    documents = packs.dictionary.documents
    return [
        LeadRow(
            label=own(documents[name].label, language),
            page=f"{page}#paper-{name}",
            by=by_text(lead, zone, language, _),
            lead=lead_text(lead, language, _),
            basis=basis_text(lead.basis, zone, packs, language, _),
            assumed=lead.is_assumed,
        )
        for name, lead in zone.lead_times.items()
        if name in documents
    ]


def opening_hours(zone: Zone, packs: PackSet) -> list[HoursRow]:
    """Return the opening hours in the order of the file."""
    language = active_language()
    return [
        HoursRow(
            point=own(zone.control_point(point).title, language),
            flows=list_text([_(sentences.FLOW_PLURALS[flow]) for flow in hours.flows], language),
            hours=hours_text(hours, language, _),
            basis=basis_text(hours.basis, zone, packs, language, _),
            assumed=hours.is_assumed,
        )
        for point, rows in zone.opening_hours.items()
        for hours in rows
    ]
