"""What a scenario may not say."""

from __future__ import annotations

from riverloop.core.kernel.errors import InputError


class ScenarioError(InputError):
    """A scenario says something that cannot be simulated."""
