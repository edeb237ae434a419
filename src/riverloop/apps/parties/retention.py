"""How long things are kept: the zone file says it, and each app registers how its own kinds go.

A kind goes by a function that is given an instant and a side, deletes (or empties) what began to count before that
instant, and returns how many. It may do a part at a time: it is called again until it returns 0. What it does outside
the database it does in ``transaction.on_commit``, so that a dry run, which is rolled back, leaves everything in place.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from riverloop.apps.parties.here import zone
from riverloop.apps.record.forgetting import payloads_forget
from riverloop.apps.record.services import record_append
from riverloop.apps.runs.work import Progress

Forget = Callable[[datetime, str], int]

BATCH = 500  # rows that a function need not exceed in one call, so that others can write in between

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


def run(
    side: str, *, now: datetime | None = None, dry: bool = False, step: Callable[[], object] = lambda: None
) -> dict[str, int]:
    """Delete what a side keeps no longer, and record how much of what went.

    Args:
        side: whose rows.
        now: the instant to count back from.
        dry: only count; everything is rolled back.
        step: called after each kind.

    Returns:
        how many went, by kind; kinds that nothing deletes are left out.
    """
    at, gone = now or timezone.now(), {}
    for row in zone().retention:
        if row.kind in _functions:
            gone[row.kind] = _forget(row.kind, row.before(at), side, dry=dry)
            step()
    return gone


def work(progress: Progress) -> dict[str, int]:
    """Run for the timetable: once a day at each side."""
    progress.total(len(_functions))
    return run(progress.run.owner_side, step=progress.step)


def _forget(kind: str, before: datetime, side: str, *, dry: bool) -> int:
    if dry:
        with transaction.atomic():
            count = sum(iter(lambda: _functions[kind](before, side), 0))
            transaction.set_rollback(True)
        return count
    return sum(iter(lambda: _forget_part(kind, before, side), 0))


@transaction.atomic
def _forget_part(kind: str, before: datetime, side: str) -> int:
    count = _functions[kind](before, side)
    if count:
        payload = {"kind": kind, "before": before.isoformat(timespec="seconds"), "count": count}
        record_append(side=side, kind="retention.deleted", payload=payload)
    return count


register("records", payloads_forget)  # the record is a lower app, and knows no retention
