"""What the desk tells the apps above without knowing them."""

from __future__ import annotations

from django.dispatch import Signal

standing_answer_changed = Signal()
"""Sent in the transaction in which a standing answer begins or ends to count; ``answer`` is the StandingAnswer."""
