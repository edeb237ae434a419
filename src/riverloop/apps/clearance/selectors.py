"""Reads of clearance: the law in use, built once a process."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from django.conf import settings

from riverloop.apps.clearance.models import PackText
from riverloop.apps.parties.here import zone
from riverloop.core.rules.rulebook import Rulebook
from riverloop.packs import FOLDER, load_packs, read_texts

__all__ = ["is_stored", "pack_texts", "rulebook", "zone"]


@cache
def _law() -> tuple[Rulebook, Mapping[str, str]]:
    texts = read_texts(FOLDER)
    packs = load_packs(cache=settings.RIVERLOOP_DATA / "cache")
    return Rulebook(packs, zone().boundary), texts


def rulebook() -> Rulebook:
    """Return the law in use, bound to the zone."""
    return _law()[0]


def pack_texts() -> Mapping[str, str]:
    """Return the text of each pack file in use, by its path."""
    return _law()[1]


def is_stored(sha256: str) -> bool:
    """Say whether the text of a pack set is stored."""
    return PackText.objects.filter(sha256=sha256).exists()
