"""Words of this app that are marked here and translated where they are shown."""

from __future__ import annotations

from riverloop.apps.parties.words import N_

STATE_WORDS = {
    "stated": N_("Not verified yet"),
    "verified": N_("Verified"),
    "rejected": N_("Rejected"),
    "ended": N_("Ended"),
    "expired": N_("Expired"),
    "used_up": N_("Used up"),
}
"""What a permit's row says; ``expired`` and ``used_up`` are seen, not stored."""

KIND_WORDS = {
    "application/pdf": N_("PDF"),
    "image/png": N_("PNG image"),
    "image/jpeg": N_("JPEG image"),
    "text/csv": N_("CSV table"),
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": N_("Excel workbook"),
}
"""A file by its media type."""
