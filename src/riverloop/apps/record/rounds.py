"""What keeps the logs going: number, publish, have the other side countersign; quick when nothing waits.

The worker does it in two threads of its own (``runs.worker``): one numbers and publishes, the other pushes to the other
side's mirror. So an import that takes a minute delays no proof, and a node that does not answer delays nothing of one's
own log. Threads and not processes: there is nothing more to start, watch and end, and nearly all of their time goes by
in the database, in hashing and on the disk, where other threads can run. Whoever is killed in the middle leaves rows
that wait, or a checkpoint that holds: the next round goes on from either.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Event

import structlog
from django.db import close_old_connections, connection
from django.db.models import F
from django.utils import timezone

from riverloop.apps.nodes.here import hosted_sides
from riverloop.apps.nodes.models import error_as_json
from riverloop.apps.record.mirroring import mirror_push
from riverloop.apps.record.models import LogState, PendingRecord
from riverloop.apps.record.publishing import publish
from riverloop.apps.record.sequencing import LIMIT, sequence
from riverloop.apps.record.subjects import subjects_index
from riverloop.core.kernel.errors import RiverloopError

_IDLE_SECONDS = 0.5
_BUSY_SECONDS = 0.1  # between two rounds: what arrives meanwhile is numbered and brought to the disk together
_LOOK_SECONDS = 30.0  # even when nothing waits: a folder may have been lost, a key replaced
_PAUSE_SECONDS = 5.0  # after a mistake

_logger: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(__name__)


def log_round(side: str) -> int:
    """Number what waits at a side, publish it, push it to the mirror; return how many leaves became anything new."""
    return log_publish(side) + mirror_push(side)


def log_publish(side: str) -> int:
    """Number what waits at a side and publish it; return how many leaves became anything new.

    What stands in the way is kept on the log's state, told once in one line, and tried again at the next round.
    """
    done = 0
    try:
        while (taken := sequence(side)) == LIMIT:
            done += taken
        done += taken
        done += publish(side)
        done += subjects_index(side)
    except RiverloopError as error:
        _refusal_keep(side, error)
    else:
        _refusal_keep(side, None)
    return done


def logs_round() -> int:
    """Do a round at every side that lives here."""
    return sum(log_round(side) for side in hosted_sides())


def logs_keep(stopping: Event) -> None:
    """Number and publish until asked to stop."""
    _keep(stopping, log_publish, _waits)


def mirrors_keep(stopping: Event) -> None:
    """Push to the other side's mirror until asked to stop."""
    _keep(stopping, mirror_push, _is_uncountersigned)


def _keep(stopping: Event, work: Callable[[str], int], waits: Callable[[str], bool]) -> None:
    looked_at = 0.0
    while not stopping.is_set():
        try:
            close_old_connections()
            look = time.monotonic() - looked_at >= _LOOK_SECONDS
            if look:
                looked_at = time.monotonic()
            done = sum(work(side) for side in hosted_sides() if look or waits(side))
        except Exception:
            _logger.exception("the logs wait")
            connection.close()
            stopping.wait(_PAUSE_SECONDS)
            continue
        stopping.wait(_BUSY_SECONDS if done else _IDLE_SECONDS)
    connection.close()


def _waits(side: str) -> bool:
    """Say whether there is anything to number or publish: two quick looks."""
    behind = LogState.objects.filter(pk=side).exclude(size=F("published_size")).exists()
    return behind or PendingRecord.objects.filter(owner_side=side).exists()


def _is_uncountersigned(side: str) -> bool:
    """Say whether there is anything to push."""
    return LogState.objects.filter(pk=side).exclude(published_size=F("cosigned_size")).exists()


def _refusal_keep(side: str, error: RiverloopError | None) -> None:
    """Keep why nothing is signed, for pages and health; or that all is well again."""
    kept = error_as_json(error) if error else ""
    state = LogState.objects.filter(pk=side).first()
    if (state.refusal if state else "") == kept:
        return
    at = ((state.refused_at if state else None) or timezone.now()) if error else None
    LogState.objects.update_or_create(owner_side=side, defaults={"refusal": kept, "refused_at": at})
    if error:
        _logger.error("a log is not signed", side=side, why=error)
    else:
        _logger.warning("a log is signed again", side=side)
