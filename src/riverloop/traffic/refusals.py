"""What a file of daily traffic may not say."""

from __future__ import annotations

from riverloop.core.kernel.errors import InputError


class TrafficError(InputError):
    """A file or a question about daily traffic that cannot be answered; nothing was done with it."""
