"""Zones: two sides, their parks, the river between them, read from one YAML file each."""

from riverloop.zones.builder import build_zone
from riverloop.zones.loader import load_zone, read_zone, zone_names, zone_source
from riverloop.zones.zone import Zone

__all__ = ["Zone", "build_zone", "load_zone", "read_zone", "zone_names", "zone_source"]
