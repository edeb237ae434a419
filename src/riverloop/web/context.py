"""What every page shows."""

from __future__ import annotations

from django.conf import settings

from riverloop.apps.nodes.here import hosted_sides, hosts_both
from riverloop.apps.notices.selectors import link_shown
from riverloop.apps.parties.here import active_language, zone
from riverloop.web import navigation


def page(request):
    """Return the zone, the language, the theme and who is signed in."""
    user = getattr(request, "user", None)
    account = user if user is not None and user.is_authenticated else None
    return {
        "zone": zone(),
        "language": active_language(),
        "languages": settings.LANGUAGES,
        "theme": getattr(request, "theme", "auto"),
        "navigation": navigation.entries(user, request.path),
        "public_pages": navigation.public_entries(request.path),
        "account": account,
        "time_zone": _clock(user),
        "demo": settings.RIVERLOOP_DEMO,
        "both_here": hosts_both(),
        "side_here": zone().side(hosted_sides()[0]),
        "link": link_shown(hosted_sides()[0]) if account and not hosts_both() else None,
    }


def _clock(user):
    """Return the time zone in which instants are shown: that of the account's side, or of the first here."""
    side = getattr(user, "owner_side", "") or hosted_sides()[0]
    return zone().side(side).side.time_zone
