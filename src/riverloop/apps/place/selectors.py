"""What a zone file says, laid out for a reader in the active language."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from babel.dates import format_skeleton
from django.urls import reverse
from django.utils.translation import gettext as _

from riverloop.apps.clearance import sentences
from riverloop.apps.clearance.formats import date_text, locale
from riverloop.apps.clearance.language import active_language
from riverloop.apps.clearance.sentences import own
from riverloop.apps.place.map import Area, area_of
from riverloop.apps.place.words import DESIGN_WORDS, FIELD_WORDS, STATUS_WORDS, STEP_WORDS
from riverloop.core.kernel.instants import read_date
from riverloop.core.kernel.sides import Text
from riverloop.core.rules.facts import Dictionary
from riverloop.zones.zone import ControlPoint, Disclosure, Figure, Park, Reference, Zone


@dataclass(frozen=True, slots=True)
class ParkRow:
    """A park in the table under the map."""

    park: Park
    side: Text
    area: Area
    parts: list[tuple[Text, Area]]
    sources: list[str]


@dataclass(frozen=True, slots=True)
class PointRow:
    """A control point in the table under the map; its passengers a day in the order of the directions."""

    number: int
    point: ControlPoint
    status: str
    design: str
    expected: list[tuple[str, str]]
    traffic: list[int | None]
    sources: list[str]


@dataclass(frozen=True, slots=True)
class FigureRow:
    """Something known of the zone."""

    figure: Figure
    as_of: str
    sources: list[str]


@dataclass(frozen=True, slots=True)
class DisclosureRow:
    """A row of the disclosure table; each field has a label and, if the law reads it, its page."""

    step: str
    flow: str
    recipients: list[str]
    fields: list[tuple[str, str]]
    basis: Text
    verified: str


@dataclass(frozen=True, slots=True)
class ReferenceRow:
    """A source, and what of it has been read."""

    reference: Reference
    verified: str


def _titles(zone: Zone, names: Iterable[str]) -> list[str]:
    return [own(zone.references[name].title, active_language()) for name in names]


def when_text(when: str, language: str) -> str:
    """Return a year, a month or a date in words; nothing for nothing.

    Args:
        when: such as ``2026``, ``2025-12`` or ``2025-12-22``.
        language: en, zh-Hant or zh-Hans.
    """
    if not when:
        return ""
    day = read_date(f"{when}-01-01"[:10])
    skeleton = {1: "y", 2: "yMMMM"}.get(when.count("-") + 1)
    if skeleton is None:
        return date_text(day, language)
    return str(format_skeleton(skeleton, day, locale=locale(language)))


def parks(zone: Zone) -> list[ParkRow]:
    """Return the parks with their side and sources."""
    return [
        ParkRow(
            park=park,
            side=zone.side(park.side).title,
            area=area_of(park.area_m2),
            parts=[(part.title, area_of(part.area_m2)) for part in park.parts],
            sources=_titles(zone, park.references),
        )
        for park in zone.parks
    ]


def control_points(zone: Zone) -> list[PointRow]:
    """Return the control points, numbered as on the map."""
    return [_point_row(zone, number, point) for number, point in enumerate(zone.control_points, 1)]


def _point_row(zone: Zone, number: int, point: ControlPoint) -> PointRow:
    language = active_language()
    per_day = point.traffic.per_day if point.traffic else {}
    return PointRow(
        number=number,
        point=point,
        status=_(STATUS_WORDS[point.status]),
        design=_(DESIGN_WORDS[point.design]),
        expected=[
            (when_text(one.when, language), own(zone.references[one.reference].title, language))
            for one in point.expected
        ],
        traffic=[per_day.get(direction) for direction in zone.boundary.directions],
        sources=_titles(zone, point.references),
    )


def directions(zone: Zone) -> list[str]:
    """Return both directions in words."""
    return [sentences.direction_text(one, zone, active_language(), _) for one in zone.boundary.directions]


def figures(zone: Zone) -> list[FigureRow]:
    """Return what is known of the zone, with sources."""
    language = active_language()
    return [
        FigureRow(figure, when_text(figure.as_of, language), _titles(zone, figure.references))
        for figure in zone.figures
    ]


def references(zone: Zone) -> list[ReferenceRow]:
    """Return every source, with what of it has been read."""
    return [ReferenceRow(one, _(sentences.VERIFIED_WORDS[one.verified])) for one in zone.references.values()]


def disclosures(zone: Zone, words: Dictionary) -> list[DisclosureRow]:
    """Return the disclosure table."""
    return [_disclosure_row(zone, words, row) for row in zone.disclosures]


def _disclosure_row(zone: Zone, words: Dictionary, row: Disclosure) -> DisclosureRow:
    basis = zone.bases[row.basis]
    return DisclosureRow(
        step=_(STEP_WORDS[row.step]),
        flow=_(sentences.FLOW_PLURALS[row.flow]) if row.flow else _("Everything"),
        recipients=[sentences.authority_title(name, zone, active_language(), _) for name in row.recipients],
        fields=[field_label(name, words) for name in row.fields],
        basis=basis.text,
        verified=_(sentences.VERIFIED_WORDS[basis.verified]),
    )


def field_label(name: str, words: Dictionary) -> tuple[str, str]:
    """Return what a field of the disclosure table is called, and where it is explained."""
    language, page = active_language(), reverse("clearance:facts")
    if name in words.facts:
        return own(words.facts[name].label, language), f"{page}#{name}"
    if name in words.documents:
        return own(words.documents[name].label, language), f"{page}#paper-{name}"
    return (_(FIELD_WORDS[name]), "") if name in FIELD_WORDS else (name, "")
