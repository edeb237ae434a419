"""The language of the page being written, by the names the law texts use."""

from __future__ import annotations

from riverloop.apps.parties.here import active_language

__all__ = ["active_language"]
