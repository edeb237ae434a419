"""How long things are kept: the zone file says it, and each app registers how its own kinds go.

A kind goes by a function that is given an instant and a side, deletes (or empties) what began to count before that
instant, and returns how many. It may do a part at a time: it is called again until it returns 0. What it does outside
the database it does in ``transaction.on_commit``, so that a dry run, which is rolled back, leaves everything in place.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

Forget = Callable[[datetime, str], int]

_functions: dict[str, Forget] = {}


def register(kind: str, function: Forget) -> None:
    """Say how one kind of the zone file's section ``retention`` goes.

    Args:
        kind: as the zone file names it, such as ``views``.
        function: takes an instant and a side, and returns how many it deleted; 0 when none is left.
    """
    known = _functions.setdefault(kind, function)
    if known is not function:
        raise RuntimeError(f'Two functions delete "{kind}". Register one.')


def kinds() -> frozenset[str]:
    """Return the kinds that something deletes."""
    return frozenset(_functions)
