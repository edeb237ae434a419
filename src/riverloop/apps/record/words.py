"""Words of this app that are marked here and translated where they are shown."""

from __future__ import annotations

from riverloop.core.kernel.words import N_

__all__ = ["N_"]
