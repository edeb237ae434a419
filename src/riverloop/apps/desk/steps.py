"""One step of a matter: whoever takes it names the version they saw, and it is recorded with what it changes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from django.db import OperationalError, transaction
from django.utils import timezone

from riverloop.apps.desk.models import Matter, Step
from riverloop.apps.parties.models import User
from riverloop.apps.parties.words import N_
from riverloop.apps.record.services import record_append
from riverloop.core.kernel.errors import ConflictError, InputError

P = ParamSpec("P")
R = TypeVar("R")
_DEADLOCK = "40P01"  # PostgreSQL's code for it

LONGEST_TEXT = 4_000  # characters: two pages


def changed() -> ConflictError:
    """Return what the second of two officers is told."""
    return ConflictError(
        "desk.changed",
        N_("Somebody changed this matter after you opened it, so nothing was done. Read it again, then act."),
    )


def untangled(function: Callable[P, R]) -> Callable[P, R]:
    """Let a step that met another, each holding what the other needs, be tried once more after that other.

    If the other changed the matter, the second try says so; inside a transaction of the caller's own it is not tried.
    """

    @wraps(function)
    def tried(*arguments: P.args, **named: P.kwargs) -> R:
        within = transaction.get_connection().in_atomic_block
        try:
            return function(*arguments, **named)
        except OperationalError as error:
            if within or getattr(error.__cause__, "sqlstate", "") != _DEADLOCK:
                raise
        return function(*arguments, **named)

    return tried


def held(matter: Matter, seen: int) -> Matter:
    """Lock a matter until the end of the transaction, and return it as it is now.

    Args:
        matter: which.
        seen: the version that whoever acts has read.

    Raises:
        ConflictError: it has changed since.
    """
    now = Matter.objects.select_for_update().get(pk=matter.pk)
    if now.version != seen:
        raise changed()
    return now


def step_take(
    matter: Matter,
    step_act: str,
    /,
    *,
    by: User | None,
    text: str = "",
    details: dict[str, Any] | None = None,
    **fields: Any,
) -> Matter:
    """Change fields of a matter that is held, count the step and record it.

    Args:
        matter: as ``held`` returned it.
        step_act: one of ``STEP_WORDS``.
        by: who takes the step; None for the system.
        text: the reason, the question or the answer.
        details: what else to show of it.
        **fields: of the matter, with their new values.

    Raises:
        ConflictError: another step came first, on a database that locks no rows.
    """
    seen, number = matter.version, matter.version + 1
    if not Matter.objects.filter(pk=matter.pk, version=seen).update(version=number, **fields):
        raise changed()
    for name, value in {"version": number, **fields}.items():
        setattr(matter, name, value)
    step = Step.objects.create(
        owner_side=matter.owner_side,
        matter=matter,
        number=number,
        act=step_act,
        by=by,
        text=text,
        details=details or {},
        at=timezone.now(),
    )
    record_append(side=matter.owner_side, kind=f"matter.{step_act}", payload=payload_of(step), subject=matter.subject)
    return matter


def closing(act: str, reason: str) -> dict[str, Any]:
    """Return the fields of a matter that is closed now."""
    return {
        "state": "closed",
        "act": act,
        "reason": reason,
        "closed_at": timezone.now(),
        "answer_due_at": None,
        "proposed_act": "",
    }


def payload_of(step: Step) -> dict[str, Any]:
    """Return what the log commits to: ids alone."""
    return {"matter": step.matter_id, "step": step.id, "number": step.number, "by": step.by_id}


def said(text: str, *, needed: bool) -> str:
    """Return a reason without the space around it.

    Raises:
        InputError: there is none though one is needed, or it is too long.
    """
    plain = text.strip()
    if needed and not plain:
        raise InputError("desk.reason", N_("Give the reason: whoever it is about has a right to it."))
    if len(plain) > LONGEST_TEXT:
        raise InputError(
            "desk.long",
            N_("The text has {length} characters. Keep it to {most}."),
            length=len(plain),
            most=LONGEST_TEXT,
        )
    return plain


def in_parts(rows: Iterable[Any], size: int = 500) -> Iterable[list[Any]]:
    """Yield rows in lists short enough for one query."""
    every = list(rows)
    for start in range(0, len(every), size):
        yield every[start : start + size]
