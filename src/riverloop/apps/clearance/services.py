"""Writes of clearance."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils import timezone

from riverloop.apps.clearance.models import PackText


def pack_text_store(*, sha256: str, files: Mapping[str, str]) -> PackText:
    """Store the text of the packs in use, once.

    Args:
        sha256: the pack set's hash, in hexadecimal.
        files: the text of each file, by its path.
    """
    stored, _ = PackText.objects.get_or_create(
        sha256=sha256, defaults={"files": dict(files), "stored_at": timezone.now()}
    )
    return stored
