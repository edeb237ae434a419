"""How the node is: checks by name, each of which finds it well, late or failed, with numbers and no personal data.

Late is told and answered with 200: pages go on. Failed is answered with 503: somebody has to come. Each that is not
well has a code that says why and names nobody. What is found is kept for a second, so that whoever asks often costs
little.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import structlog
from django.conf import settings
from django.db import connection
from django.db.models import Count, Min
from django.utils import timezone

from riverloop import __version__
from riverloop.apps.nodes.here import hosted_sides
from riverloop.apps.nodes.links import link_code
from riverloop.apps.notices.models import Message
from riverloop.apps.record import selectors as record
from riverloop.apps.runs.heartbeat import seconds_since_beat
from riverloop.apps.runs.models import Run

OK, LATE, FAILED = "ok", "late", "failed"
_ORDER = (OK, LATE, FAILED)
LOG_SECONDS = 300  # from what happened to the log of its side
MESSAGES_SECONDS = 3_600
RUNS_SECONDS = 900
DISK_BYTES, DISK_LEAST_BYTES = 2_000_000_000, 200_000_000
_KEPT_SECONDS = 1.0
_logger: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found.

    Args:
        state: ``ok``, ``late`` or ``failed``.
        numbers: by name with its unit, such as ``lag_seconds``; they are metrics too.
        code: why it is not well, such as ``record.would_fork``; it names nobody. Empty if it is well.
    """

    state: str
    numbers: Mapping[str, float] = field(default_factory=dict)
    code: str = ""


Check = Callable[[], Mapping[str, Finding]]

_checks: list[tuple[str, Check]] = []
_looked: tuple[float, dict[str, Finding]] = (0.0, {})


def register(name: str, check: Check) -> None:
    """Add a check.

    Args:
        name: under which it is told that the check itself broke.
        check: quick, since probes ask often; returns findings by name, one for each side where sides differ.
    """
    _checks.append((name, check))


def version() -> str:
    """Return the version of the program."""
    return __version__


def look() -> dict[str, Finding]:
    """Return what every check finds."""
    global _looked  # noqa: PLW0603 - one answer for a second
    at, found = _looked
    if not found or time.monotonic() - at > _KEPT_SECONDS:
        found = {}
        for name, check in _checks:
            found.update(_found(name, check))
        _looked = (time.monotonic(), found)
    return found


def worst(found: Mapping[str, Finding]) -> str:
    """Return the state of the whole."""
    return max((finding.state for finding in found.values()), key=_ORDER.index, default=OK)


def as_json(found: Mapping[str, Finding]) -> dict[str, Any]:
    """Return the details."""
    return {
        "status": worst(found),
        "version": version(),
        "checks": {name: _finding_as_json(finding) for name, finding in found.items()},
    }


def _finding_as_json(finding: Finding) -> dict[str, Any]:
    code = {"code": finding.code} if finding.state != OK and finding.code else {}
    return {"state": finding.state, **code, **finding.numbers}


def _found(name: str, check: Check) -> Mapping[str, Finding]:
    try:
        return check()
    except Exception as error:  # noqa: BLE001 - a check that breaks has found something
        _logger.error("a check of health broke", kind=name, error=type(error).__name__)  # noqa: TRY400 - probes come often
        return {name: Finding(FAILED, code="health.broke")}


def _by_age(seconds: float, late: float, failed: float | None = None) -> str:
    return FAILED if failed is not None and seconds > failed else LATE if seconds > late else OK


def _age(instant: datetime | None) -> float:
    return max(0.0, (timezone.now() - instant).total_seconds()) if instant else 0.0


# The checks ---------------------------------------------------------------------------------------------------------


def _database() -> Mapping[str, Finding]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        cursor.fetchone()
    return {"database": Finding(OK)}


def _worker() -> Mapping[str, Finding]:
    seconds = seconds_since_beat()
    if seconds is None:
        return {"worker": Finding(FAILED, code="worker.gone")}
    state = OK if seconds <= settings.RIVERLOOP_WORKER_SECONDS else FAILED
    return {"worker": Finding(state, {"worker_last_round_seconds": round(seconds, 1)}, "worker.gone")}


def _runs() -> Mapping[str, Finding]:
    waiting = Run.objects.filter(state="waiting", not_before__lte=timezone.now())
    found = waiting.aggregate(count=Count("pk"), at=Min("not_before"))
    oldest = round(_age(found["at"]))
    numbers = {"runs_waiting": found["count"], "runs_oldest_seconds": oldest}
    return {"runs": Finding(_by_age(oldest, RUNS_SECONDS), numbers, "runs.waiting")}


def _messages() -> Mapping[str, Finding]:
    found = {}
    for side in hosted_sides():
        queued = Message.objects.filter(owner_side=side, from_side=side, state="queued")
        waiting = queued.aggregate(count=Count("pk"), at=Min("sent_at"))
        oldest = round(_age(waiting["at"]))
        numbers = {"messages_waiting": waiting["count"], "messages_oldest_seconds": oldest}
        code = link_code(side) or "messages.waiting"
        found[f"messages_{side}"] = Finding(_by_age(oldest, MESSAGES_SECONDS), numbers, code)
    return found


def _log() -> Mapping[str, Finding]:
    """Say how far each side's log is behind what happened, and whether the other side keeps up with it."""
    found = {}
    for side in hosted_sides():
        log = record.log_health(side)
        numbers = {
            "log_size": log.size,
            "log_pending": log.pending,
            "log_lag_seconds": round(log.lag_seconds, 1),
            "log_published": log.published,
            "log_countersigned": log.countersigned,
            "log_mirror_trouble_seconds": round(_age(log.mirror_trouble_since)),
            "log_spoilt": log.spoilt,
            "log_inspected_seconds": round(_age(log.inspected_at)),
        }
        found[f"log_{side}"] = max(_findings_of(log, numbers), key=lambda one: _ORDER.index(one.state))
    return found


def _findings_of(log: record.LogHealth, numbers: Mapping[str, float]) -> list[Finding]:
    """Return what is found of a log, what tells most of the reason first.

    A log that waits until the other side's mirror can be asked is late, however long that takes: all that happens is
    kept meanwhile and pages go on, and to start the node again would only have it wait anew.
    """
    waits = log.refusal_code == "record.mirror_not_asked"
    lag = _by_age(log.lag_seconds, LOG_SECONDS / 5, None if waits else LOG_SECONDS)
    refusal = OK if not log.refuses_to_sign else LATE if waits else FAILED
    return [
        Finding(FAILED if log.may_not_be_signed else OK, numbers, log.spoilt_code),
        Finding(refusal, numbers, log.refusal_code),
        Finding(lag, numbers, "record.lag"),
        Finding(LATE if log.mirror_trouble else OK, numbers, log.mirror_code),
        Finding(LATE if log.spoilt_code else OK, numbers, log.spoilt_code),
    ]


def _mirror() -> Mapping[str, Finding]:
    """Say how each side's mirror of the other's log is: whether it is still what was countersigned, and grows."""
    found = {}
    for side in hosted_sides():
        mirror = record.mirror_health(side)
        numbers = {
            "mirror_size": mirror.size,
            "mirror_spoilt": mirror.spoilt,
            "mirror_inspected_seconds": round(_age(mirror.inspected_at)),
        }
        found[f"mirror_{side}"] = Finding(LATE if mirror.code else OK, numbers, mirror.code)
    return found


def _disk() -> Mapping[str, Finding]:
    free = shutil.disk_usage(settings.RIVERLOOP_DATA).free
    state = FAILED if free < DISK_LEAST_BYTES else LATE if free < DISK_BYTES else OK
    return {"disk": Finding(state, {"disk_free_bytes": free}, "disk.full" if state == FAILED else "disk.low")}


for _name, _check in (
    ("database", _database), ("worker", _worker), ("runs", _runs), ("messages", _messages), ("log", _log),
    ("mirror", _mirror), ("disk", _disk),
):  # fmt: skip
    register(_name, _check)
