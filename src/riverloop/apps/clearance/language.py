"""The language of the page being written, by the names the law texts use."""

from __future__ import annotations

from django.utils.translation import get_language

_NAMES = {"zh-hant": "zh-Hant", "zh-hans": "zh-Hans"}


def active_language() -> str:
    """Return en, zh-Hant or zh-Hans."""
    return _NAMES.get((get_language() or "en").lower(), "en")
