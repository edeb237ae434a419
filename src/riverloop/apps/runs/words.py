"""Words of this app that are marked here and translated where they are shown."""

from __future__ import annotations


def N_(text: str) -> str:  # noqa: N802 - the name that translators' tools look for
    """Mark a text for translation."""
    return text


STATE_WORDS = {
    "waiting": N_("Waiting for its turn"),
    "running": N_("At work"),
    "done": N_("Done"),
    "failed": N_("Failed"),
    "cancelled": N_("Cancelled"),
}
