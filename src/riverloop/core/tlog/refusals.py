"""What is refused of a log: something that does not hold together, and two things that contradict each other."""

from __future__ import annotations

from collections.abc import Sequence

from riverloop.core.kernel.errors import InputError


class LogError(InputError):
    """A log's file, key, signature or proof does not hold; nothing was taken from it."""


class TileError(LogError):
    """A hash tile, or the right edge of all of them, is not what was signed.

    Attributes:
        tile: which; None when the right edge as a whole does not give the root.
    """

    tile: object = None


class BundleError(LogError):
    """A bundle does not hold its entries.

    Attributes:
        entries: those that were read before it came to nothing; the last of them may be wrong already.
    """

    entries: Sequence[bytes] = ()


class StaleError(LogError):
    """A checkpoint is of a smaller tree than one that is known already."""


class ForkError(LogError):
    """A log signed two trees of which neither extends the other: both signed notes together prove it.

    Attributes:
        first: signed note of the smaller tree, as it was received.
        second: signed note of the larger tree, as it was received.
    """

    first: bytes = b""
    second: bytes = b""
