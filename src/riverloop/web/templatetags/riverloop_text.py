"""Filters that write texts, dates and numbers in the reader's language."""

from __future__ import annotations

from datetime import date, datetime

from django import template

from riverloop.apps.clearance import formats
from riverloop.apps.clearance.language import active_language
from riverloop.apps.clearance.sentences import own, within

register = template.Library()


@register.filter
def in_language(text, language=None):
    """Return a text that is held in every language, in the active one (or the one named)."""
    return own(text, language or active_language()) if text else ""


@register.filter
def inside_sentence(text):
    """Return a title as it stands inside a sentence in the active language."""
    return within(own(text, active_language()), active_language())


@register.filter
def local_date(day: date):
    return formats.date_text(day, active_language()) if day else ""


@register.filter
def local_instant(at: datetime, zone: str):
    return formats.instant_text(at, active_language(), zone) if at else ""


@register.filter
def local_number(number):
    return formats.number_text(number, active_language()) if number is not None else ""


@register.filter
def local_list(parts):
    return formats.list_text([str(part) for part in parts], active_language())


@register.simple_tag
def accent(zone, side_id):
    """Return 1 or 2, the accent of a side; 0 for what belongs to neither."""
    return next((side.accent for side in zone.sides if side.id == side_id), 0)
