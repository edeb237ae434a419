"""How a file is refused: in one line that says what is wrong and how to mend it."""

from __future__ import annotations

from typing import Any

from riverloop.apps.parties.words import N_
from riverloop.core.kernel.errors import InputError

MOST_INFLATED_BYTES = 100_000_000
"""Of one file, opened to be checked."""


def refused(code: str, message: str, **parameters: Any) -> InputError:
    """Return the error; its code begins with ``documents.file.``."""
    return InputError(f"documents.file.{code}", message, **parameters)


def damaged() -> InputError:
    """Return the error for what does not hold together."""
    return refused("damaged", N_("The file is damaged or not whole. Save it anew and hand that in."))


def too_complex() -> InputError:
    """Return the error for what would take too long, or too much room, to check."""
    return refused("complex", N_("The file holds more than can be checked here. Split it, or print it to a plain PDF."))
