"""The law that this process serves, read once; its dictionary says what facts and documents are called."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from django.conf import settings

from riverloop.apps.parties.here import zone
from riverloop.core.rules.facts import Document
from riverloop.core.rules.rulebook import Rulebook
from riverloop.packs import FOLDER, load_packs, read_texts


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


def documents() -> Mapping[str, Document]:
    """Return the documents that the law may ask for, by name."""
    return rulebook().packs.dictionary.documents
