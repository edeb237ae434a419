"""The zone that this process serves, and the language of the page being written."""

from __future__ import annotations

from django.utils.translation import gettext

from riverloop.apps.nodes.here import active_language, zone
from riverloop.core.kernel.errors import RiverloopError
from riverloop.core.kernel.sides import Text

__all__ = ["active_language", "mistake_text", "told", "zone"]


def told(text: Text) -> str:
    """Return a text of the zone file in the active language."""
    return text[active_language()]


def mistake_text(error: RiverloopError) -> str:
    """Return the one line of an error in the active language."""
    return error.line_told(gettext)
