from __future__ import annotations

from django.db import models


class PackText(models.Model):
    """The whole text of the packs that a decision was made by, under its hash, so that it re-runs for ever."""

    sha256 = models.CharField(primary_key=True, max_length=64)
    files = models.JSONField()  # {path: text}
    stored_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.sha256
