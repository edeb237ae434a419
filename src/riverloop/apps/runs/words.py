"""Words of this app that are marked here and translated where they are shown."""

from __future__ import annotations

from riverloop.core.kernel.words import N_ as N_  # noqa: PLC0414 - for those above, beside the words

STATE_WORDS = {
    "waiting": N_("Waiting for its turn"),
    "running": N_("At work"),
    "done": N_("Finished"),
    "failed": N_("Failed"),
    "cancelled": N_("Cancelled"),
}
