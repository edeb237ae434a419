"""``{% zone_map zone %}``: the parks and the river, to scale."""

from __future__ import annotations

from typing import Any

from django import template

from riverloop.apps.place import selectors
from riverloop.apps.place.map import ZoneMap, draw
from riverloop.zones.zone import Zone

register = template.Library()
_drawn: dict[str, ZoneMap] = {}


@register.inclusion_tag("place/zone_map.html")
def zone_map(zone: Zone, *, tables: bool = True) -> dict[str, Any]:
    """Draw a zone.

    Args:
        zone: the zone.
        tables: whether the same data follows as tables.
    """
    if zone.sha256 not in _drawn:
        _drawn[zone.sha256] = draw(zone)
    return {
        "zone": zone,
        "map": _drawn[zone.sha256],
        "tables": tables,
        "parks": selectors.parks(zone),
        "directions": selectors.directions(zone),
        "points": selectors.control_points(zone),
    }
