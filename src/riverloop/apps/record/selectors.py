"""Reads of the record. Who may read what, the apps that record it know."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Min, QuerySet
from django.utils import timezone

from riverloop.apps.nodes.models import error_kept
from riverloop.apps.record.inspecting import NOT_SIGNED_OVER
from riverloop.apps.record.models import Evidence, Leaf, LogState, Mirror, MirrorLeaf, PendingRecord
from riverloop.apps.record.subjects import leaves_about
from riverloop.core.kernel.errors import RiverloopError

PENDING, RECORDED, COUNTERSIGNED = "pending", "recorded", "countersigned"


def records_of(*, side: str, kind: str = "") -> QuerySet[PendingRecord]:
    """Return what awaits a side's log, oldest first.

    Args:
        side: whose log.
        kind: only records of this kind.
    """
    found = PendingRecord.objects.filter(owner_side=side).order_by("created_at", "id")
    return found.filter(kind=kind) if kind else found


@dataclass(frozen=True, slots=True)
class LogHealth:
    """How far a side's log is, for /healthz, metrics and pages.

    Attributes:
        size: leaves that are numbered.
        pending: records that wait for their place.
        lag_seconds: age of the oldest of those.
        published: leaves under the newest checkpoint.
        countersigned: leaves under the newest checkpoint that the other side countersigned.
        refuses_to_sign: one line that says why, and what to do; empty if all is well.
        refusal_code: the same as a code without words, such as ``record.would_fork``.
        mirror_trouble: one line that says why the other side's mirror does not keep up; empty if it does.
        mirror_code: the same as a code; where the mirror refused, its own.
        mirror_trouble_since: since when.
        spoilt: leaves and files that were not what was signed when all were last looked through.
        spoilt_code: what came of them, as a code; empty if there were none.
        inspected_at: when that was.
    """

    size: int = 0
    pending: int = 0
    lag_seconds: float = 0.0
    published: int = 0
    countersigned: int = 0
    refuses_to_sign: str = ""
    refusal_code: str = ""
    mirror_trouble: str = ""
    mirror_code: str = ""
    mirror_trouble_since: datetime | None = None
    spoilt: int = 0
    spoilt_code: str = ""
    inspected_at: datetime | None = None

    @property
    def may_not_be_signed(self) -> bool:
        """Whether leaves were found that nothing may be signed over."""
        return self.spoilt_code in NOT_SIGNED_OVER


@dataclass(frozen=True, slots=True)
class MirrorHealth:
    """How a side's mirror of the other's log is.

    Attributes:
        size: leaves.
        spoilt: leaves that were not what was countersigned when all were last looked through.
        code: what came of them, or else what was refused of the log since it was last taken; empty if all is well.
        inspected_at: when they were last looked through.
    """

    size: int = 0
    spoilt: int = 0
    code: str = ""
    inspected_at: datetime | None = None


def mirror_health(side: str) -> MirrorHealth:
    """Return how a side's mirror of the other's log does."""
    held = mirrors_of(side).first() or Mirror(owner_side=side)
    refused = Evidence.objects.filter(owner_side=side).order_by("-last_at").values_list("code", "last_at").first()
    is_new = refused is not None and (held.taken_at is None or refused[1] > held.taken_at)
    code = code_of(held.spoilt_mistake) or (refused[0] if refused and is_new else "")
    return MirrorHealth(held.size, held.spoilt, code, held.inspected_at)


def log_state(side: str) -> LogState:
    """Return how far a side's own log is; a new one if nothing was ever numbered."""
    return LogState.objects.filter(pk=side).first() or LogState(owner_side=side)


def log_health(side: str) -> LogHealth:
    """Return how a side's log does."""
    state, waiting = log_state(side), PendingRecord.objects.filter(owner_side=side)
    oldest = waiting.aggregate(oldest=Min("created_at"))["oldest"]
    return LogHealth(
        size=state.size,
        pending=waiting.count(),
        lag_seconds=max(0.0, (timezone.now() - oldest).total_seconds()) if oldest else 0.0,
        published=state.published_size,
        countersigned=state.cosigned_size,
        refuses_to_sign=state.refusal_text(),
        refusal_code=code_of(state.refusal),
        mirror_trouble=state.mirror_trouble_text(),
        mirror_code=code_of(state.mirror_trouble),
        mirror_trouble_since=state.mirror_trouble_since,
        spoilt=state.spoilt,
        spoilt_code=code_of(state.spoilt_mistake),
        inspected_at=state.inspected_at,
    )


def code_of(kept: str) -> str:
    """Return the code of an error that was kept; of a refusal by the mirror, that of its reason."""
    if not kept:
        return ""
    error = error_kept(kept)
    reason = error.parameters.get("mistake")
    return reason.code if isinstance(reason, RiverloopError) and reason.code else error.code


def leaf_of(*, side: str, subject: str, commitment: bytes) -> Leaf | None:
    """Return the leaf that a record became, found by what it is about; None while it waits."""
    return next((one for one in leaves_about(side, [subject]) if bytes(one.commitment) == bytes(commitment)), None)


def leaf_at(*, side: str, index: int) -> Leaf | None:
    """Return a leaf of a side's own log by its place."""
    return Leaf.objects.filter(owner_side=side, index=index).first()


def records_about(*, side: str, subjects: Iterable[str]) -> list[Leaf | PendingRecord]:
    """Return all that a side recorded about something: leaves in their order, then what still waits.

    Args:
        side: whose log.
        subjects: ids of what it is about.
    """
    named = [subject for subject in subjects if subject]
    waiting = PendingRecord.objects.filter(owner_side=side, subject__in=named).order_by("created_at", "id")
    return [*leaves_about(side, named), *waiting]


def state_of(record: Leaf | PendingRecord, state: LogState) -> str:
    """Return how far a record is: ``pending``, ``recorded`` (under a checkpoint) or ``countersigned``."""
    if not isinstance(record, Leaf) or record.index >= state.published_size:
        return PENDING
    return COUNTERSIGNED if record.index < state.cosigned_size else RECORDED


def is_countersigned(*, side: str, index: int) -> bool:
    """Say whether a leaf of a side's own log lies under a checkpoint that the other side countersigned."""
    return LogState.objects.filter(pk=side, cosigned_size__gt=index).exists()


def is_mirrored(*, side: str, of_side: str, commitment: bytes) -> bool:
    """Say whether an entry of the other side's log lies in a side's own mirror, which that side countersigned."""
    return MirrorLeaf.objects.filter(owner_side=side, of_side=of_side, commitment=commitment).exists()


def mirrors_of(side: str) -> QuerySet[Mirror]:
    """Return what a side mirrors."""
    return Mirror.objects.filter(owner_side=side).order_by("of_side")
