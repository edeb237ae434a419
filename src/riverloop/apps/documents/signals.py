"""What this app tells higher ones."""

from __future__ import annotations

from django.dispatch import Signal

permit_changed = Signal()
"""A permit was added, verified, rejected or ended, or part of it was given back.

Sent with ``permit`` inside the transaction of the change: what a receiver writes is kept with it, or neither is. A draw
is not told, since whoever draws knows.
"""
