"""What was refused of the other side's log is kept word by word, once however often it comes."""

from __future__ import annotations

import hashlib

import structlog
from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from riverloop.apps.nodes.models import error_as_json
from riverloop.apps.record.models import Evidence
from riverloop.apps.record.refusals import UNKNOWN_COSIGNER, UNKNOWN_KEY
from riverloop.core.kernel.errors import RiverloopError
from riverloop.core.tlog import MOST_NOTE_BYTES, parse_note

MOST_KEPT = 100  # of one sort, so that no flood of another keeps the proof of a fork out
_MOST_NOTE = 20_000  # characters
_ONCE = (
    UNKNOWN_KEY,
    UNKNOWN_COSIGNER,
)  # told by its keys alone: every note until somebody trusts the new one says the same
_WHOLE = ("record.fork",)  # what proves something: the log's own signature may be the last of a long note

_logger: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(__name__)


def evidence_keep(side: str, of_side: str, error: RiverloopError, *, note: str = "", held_note: str = "") -> None:
    """Keep what a side refused of another, and say so once in one line.

    Args:
        side: who refused.
        of_side: whose log, or whose signature.
        error: what was wrong.
        note: what was refused.
        held_note: what was held beside it.
    """
    most = MOST_NOTE_BYTES if error.code in _WHOLE else _MOST_NOTE
    note = note.replace("\0", "\N{REPLACEMENT CHARACTER}")[:most]  # PostgreSQL keeps no such character
    told = _signers(note) if error.code in _ONCE else note
    digest = hashlib.sha256(f"{error.code}\n{told}".encode()).hexdigest()
    now = timezone.now()
    mine = Evidence.objects.filter(owner_side=side, of_side=of_side)
    with transaction.atomic():
        if mine.filter(digest=digest).update(times=F("times") + 1, last_at=now):
            return
        if mine.filter(code=error.code).count() >= MOST_KEPT:
            return
        kept = {
            "code": error.code, "mistake": error_as_json(error), "note": note, "held_note": held_note[:most],
            "found_at": now, "last_at": now,
        }  # fmt: skip
        _, is_new = mine.get_or_create(owner_side=side, of_side=of_side, digest=digest, defaults=kept)
    if is_new:  # else another thread kept it at this moment
        _logger.error("something of the other side's log was refused", side=of_side, why=error)


def _signers(note: str) -> str:
    return " ".join(sorted(f"{one.name}+{one.key_id.hex()}" for one in parse_note(note.encode()).signatures))


def evidence_of(side: str) -> QuerySet[Evidence]:
    """Return what a side refused, newest first."""
    return Evidence.objects.filter(owner_side=side).order_by("-last_at", "id")
