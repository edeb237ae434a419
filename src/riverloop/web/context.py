"""What every page shows."""

from __future__ import annotations

from django.conf import settings

from riverloop.apps.clearance.language import active_language
from riverloop.apps.clearance.selectors import zone


def page(request):
    """Return the zone, the language and the theme."""
    return {
        "zone": zone(),
        "language": active_language(),
        "languages": settings.LANGUAGES,
        "theme": getattr(request, "theme", "auto"),
    }
