"""Words of this app that are marked here and translated where they are shown."""

from __future__ import annotations

from riverloop.core.kernel.words import N_ as N_  # noqa: PLC0414 - for those above, beside the words

STATE_WORDS = {
    "pending": N_("Recorded, proof pending"),
    "recorded": N_("Recorded and signed"),
    "countersigned": N_("Recorded and countersigned"),
}
"""How far a record is, as ``selectors.state_of`` says it."""
