"""The zone that this process serves, and the language of the page being written."""

from __future__ import annotations

from functools import cache

from django.conf import settings
from django.utils.translation import get_language, gettext

from riverloop.core.kernel.errors import RiverloopError
from riverloop.core.kernel.sides import Text
from riverloop.zones import Zone, load_zone

_NAMES = {"zh-hant": "zh-Hant", "zh-hans": "zh-Hans"}


@cache
def zone() -> Zone:
    """Return the zone that this process serves."""
    return load_zone(settings.RIVERLOOP_ZONE)


def active_language() -> str:
    """Return en, zh-Hant or zh-Hans."""
    return _NAMES.get((get_language() or "en").lower(), "en")


def told(text: Text) -> str:
    """Return a text of the zone file in the active language."""
    return text[active_language()]


def mistake_text(error: RiverloopError) -> str:
    """Return the one line of an error in the active language."""
    told = error.told(gettext)
    return f"{error.where}: {told}" if error.where else told
