"""Reads of clearance."""

from __future__ import annotations

from riverloop.apps.clearance.models import PackText
from riverloop.apps.parties.here import zone
from riverloop.apps.parties.law import pack_texts, rulebook

__all__ = ["is_stored", "pack_texts", "rulebook", "zone"]


def is_stored(sha256: str) -> bool:
    """Say whether the text of a pack set is stored."""
    return PackText.objects.filter(sha256=sha256).exists()
