"""Writes of the lab: scenarios that planners keep, and experiments that they start, stop and delete."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from riverloop.apps.lab import opening, selectors
from riverloop.apps.lab.models import TITLE_LENGTH, Experiment, SavedScenario
from riverloop.apps.lab.opening import MOST_CHARACTERS
from riverloop.apps.lab.permissions import sides_planned
from riverloop.apps.lab.words import N_
from riverloop.apps.parties.models import User
from riverloop.apps.record.services import record_append
from riverloop.apps.runs.locks import take_turns
from riverloop.apps.runs.services import run_cancel, run_start
from riverloop.apps.runs.work import Progress
from riverloop.core.kernel.errors import ConflictError, InputError
from riverloop.core.kernel.letters import holds_unseen, looks_empty

EXPERIMENT = "lab.experiment"
MOST_SAVED = 500
"""Scenarios that one side keeps."""

# Scenarios -------------------------------------------------------------------------------------------------------


@transaction.atomic
def scenario_save(
    *, by: User, title: str, text: str, based_on: str = "", saved: SavedScenario | None = None
) -> SavedScenario:
    """Keep a scenario: a new one, or other words in one's own.

    Args:
        by: a planner.
        title: for lists.
        text: YAML; every design is opened in every case before anything is kept.
        based_on: key of the bundled scenario that a new one began from.
        saved: whose text and title change.

    Raises:
        InputError: the text is too long, or says something that a scenario may not say; nothing was kept.
        PermissionDenied: ``by`` plans for no side, or it is another's.
    """
    if not by.has_perm("lab.experiment") or (saved is not None and not by.has_perm("lab.change_savedscenario", saved)):
        raise PermissionDenied
    check_length(text)
    named = checked_title(title)
    check_every(text)
    now = timezone.now()
    if saved is None:
        side = _side(by)
        if SavedScenario.objects.filter(owner_side=side).count() >= MOST_SAVED:
            raise InputError(
                "lab.full", N_("Your side keeps {most} scenarios already. Delete some first."), most=MOST_SAVED
            )
        saved = SavedScenario(owner_side=side, created_by=by, based_on=based_on, created_at=now)
    saved.title, saved.text, saved.changed_at = named, text, now
    saved.save()
    _record("scenario.saved", saved, by)
    return saved


@transaction.atomic
def scenario_rename(*, by: User, saved: SavedScenario, title: str) -> SavedScenario:
    """Give one's scenario another title.

    Raises:
        InputError: the title is empty, or holds what cannot be seen.
        PermissionDenied: it is another's.
    """
    if not by.has_perm("lab.change_savedscenario", saved):
        raise PermissionDenied
    saved.title, saved.changed_at = checked_title(title), timezone.now()
    saved.save(update_fields=["title", "changed_at"])
    _record("scenario.renamed", saved, by)
    return saved


@transaction.atomic
def scenario_restore(*, by: User, saved: SavedScenario, text: str) -> SavedScenario:
    """Give one's scenario the text back that the bundled one has.

    Raises:
        PermissionDenied: it is another's.
    """
    if not by.has_perm("lab.change_savedscenario", saved):
        raise PermissionDenied
    saved.text, saved.changed_at = text, timezone.now()
    saved.save(update_fields=["text", "changed_at"])
    _record("scenario.restored", saved, by)
    return saved


@transaction.atomic
def scenario_delete(*, by: User, saved: SavedScenario) -> None:
    """Delete one's scenario; what was asked of it stays, with its own copy of the text.

    Raises:
        PermissionDenied: it is another's.
    """
    if not by.has_perm("lab.change_savedscenario", saved):
        raise PermissionDenied
    _record("scenario.deleted", saved, by)
    saved.delete()


def check_length(text: str) -> None:
    """Refuse a text that is too long.

    Raises:
        InputError: it is.
    """
    if len(text) > MOST_CHARACTERS:
        raise InputError(
            "lab.text",
            N_("The text has {length:,} characters, and a scenario {most:,} at most. Shorten it."),
            length=len(text),
            most=MOST_CHARACTERS,
        )


def checked_title(title: str) -> str:
    """Return a title as it is kept.

    Raises:
        InputError: there is nothing in it to be seen, or something that cannot be seen.
    """
    named = " ".join(title.split())[:TITLE_LENGTH]
    if looks_empty(named):
        raise InputError("lab.title", N_("A scenario needs a title. Give it one."))
    if holds_unseen(named):  # such as one that turns a line
        raise InputError("lab.title", N_("The title holds a character that cannot be seen. Type it anew."))
    return named


def check_every(text: str) -> None:
    """Open every design in every case, at both ends of what is uncertain too.

    Raises:
        InputError: one of them cannot be simulated; the message has the line.
    """
    file = opening.opened(text)
    for design in file.designs:
        for case in file.cases:
            opening.scenario_of(text, design.key, case.key)
            file.check_ends(design.key, case.key, traffic=opening.daily_traffic())


# Experiments -----------------------------------------------------------------------------------------------------


@transaction.atomic
def experiment_start(
    *,
    by: User,
    kind: str,
    names: Mapping[str, Mapping[str, str]],
    scenario_key: str,
    text: str,
    design: str = "",
    case: str = "",
    values: Mapping[str, Any] | None = None,
    asked: Mapping[str, Any] | None = None,
    asked_of: str = "",
) -> Experiment:
    """Ask something of a scenario; it is answered in the background.

    Args:
        by: a planner.
        kind: one of ``Experiment.KINDS``.
        names: of ``scenario``, ``design`` and ``case``, each by language, or under "" as it was typed.
        scenario_key: of the bundled scenario, or id of the saved one.
        text: YAML, with everything that was changed.
        design: its key; the first one without it.
        case: likewise.
        values: parameters that were changed, to be shown.
        asked: by kind: see ``asking``.
        asked_of: id of the simulation of which more is asked.

    Raises:
        ConflictError: too many experiments of the account wait.
        InputError: the scenario cannot be simulated, or it is too much work; nothing was kept.
        PermissionDenied: ``by`` plans for no side.
    """
    if not by.has_perm("lab.experiment") or kind not in Experiment.KINDS:
        raise PermissionDenied
    check_length(text)
    check_work(text, design, case, kind, asked or {})
    take_turns("lab", [by.pk])
    _check_queue(by)
    experiment = Experiment.objects.create(
        owner_side=_side(by),
        created_by=by,
        kind=kind,
        names={part: dict(texts) for part, texts in names.items()},
        words="\n".join(dict.fromkeys(text for texts in names.values() for text in texts.values())),
        scenario_key=scenario_key,
        text=text,
        design=design,
        case=case,
        values=dict(values or {}),
        asked=dict(asked or {}),
        asked_of=asked_of,
        created_at=timezone.now(),
    )
    run = run_start(side=experiment.owner_side, kind=EXPERIMENT, params={"experiment": experiment.id}, by=by)
    experiment.run_id = run.id
    experiment.save(update_fields=["run_id"])
    _record("experiment.started", experiment, by)
    return experiment


@transaction.atomic
def experiments_start(
    *,
    by: User,
    designs: Sequence[str],
    names: Callable[[str], Mapping[str, Mapping[str, str]]],
    scenario_key: str,
    text: str,
    case: str,
    values: Mapping[str, Any],
) -> list[Experiment]:
    """Simulate several designs in one case: all of them are started, or none.

    Args:
        by: a planner.
        designs: their keys.
        names: gives those of a design's experiment, by its key.
        scenario_key: see ``experiment_start``, as the others.
        text: likewise.
        case: likewise.
        values: likewise.

    Raises:
        ConflictError: see ``experiment_start``.
        InputError: likewise.
    """
    return [
        experiment_start(
            by=by,
            kind="simulate",
            names=names(design),
            scenario_key=scenario_key,
            text=text,
            design=design,
            case=case,
            values=values,
        )
        for design in designs
    ]


def _check_queue(by: User) -> None:
    most = settings.RIVERLOOP_LAB_WAITING
    if selectors.unanswered(by) >= most:
        raise ConflictError(
            "lab.waiting",
            N_("{most} of your experiments wait for their answer already. Wait for some, or stop them."),
            most=most,
        )


def check_work(text: str, design: str, case: str, kind: str, asked: Mapping[str, Any]) -> None:
    """Refuse what would take too long, or cannot be simulated or asked.

    Raises:
        InputError: with how to make it less.
    """
    from riverloop.apps.lab import asking, effort  # noqa: PLC0415 - they know the simulator, which is slow to import

    file, scenario = opening.opened(text), opening.scenario_of(text, design, case)
    asking.check_asked(kind, asked, file, scenario, design=design, case=case)
    used = file.used(design)
    swings = sum(one.low is not None and one.name in used for one in file.parameters_of(case))
    effort.check(scenario, kind, swings=swings, most=settings.RIVERLOOP_LAB_VISITS)


def experiment_cancel(*, by: User, experiment: Experiment) -> None:
    """Stop one's experiment: at once while it waits, at its next step while it is at work.

    Raises:
        PermissionDenied: it is another's.
    """
    if not by.has_perm("lab.change_experiment", experiment):
        raise PermissionDenied
    run = selectors.run_of(experiment)
    if run is not None and not run.has_ended:
        run_cancel(run=run, by=by)


@transaction.atomic
def experiment_delete(*, by: User, experiment: Experiment) -> None:
    """Delete one's experiment with its answer; one at work is stopped first.

    Raises:
        PermissionDenied: it is another's.
    """
    experiment_cancel(by=by, experiment=experiment)
    _record("experiment.deleted", experiment, by)
    experiment.delete()


def experiment_run(progress: Progress) -> Mapping[str, Any]:
    """Answer an experiment, and keep the answer at once or not at all."""
    from riverloop.apps.lab import experimenting, summing  # noqa: PLC0415 - the simulator is slow to import

    experiment = Experiment.objects.filter(pk=progress.run.params["experiment"]).first()
    if experiment is None or experiment.answered_at:
        return {}
    found = experimenting.answer(experiment, progress)
    columns = {"result": found, "summary": summing.summary(found), "answered_at": timezone.now()}
    Experiment.objects.filter(pk=experiment.pk, answered_at=None).update(**columns)
    return {}


def simulator_warm() -> None:
    """Compile what simulates, so that the first experiment is as quick as the next."""
    from riverloop.core.queueing.warming import warm  # noqa: PLC0415 - slow to import

    warm()


def experiments_forget(before: datetime, side: str) -> int:
    """Delete experiments that were started before an instant; scenarios stay until a planner deletes them."""
    old = Experiment.objects.filter(owner_side=side, created_at__lt=before)
    keys = list(old.order_by("pk").values_list("pk", flat=True)[:_A_PART])
    Experiment.objects.filter(pk__in=keys).delete()
    return len(keys)


_A_PART = 100  # rows; each holds its text and its result


def _side(by: User) -> str:
    """Return the side that an account plans for: its own, if it plans for that."""
    sides = sides_planned(by)
    return by.owner_side if by.owner_side in sides else min(sides)


def _record(kind: str, what: SavedScenario | Experiment, by: User) -> None:
    name = "scenario" if isinstance(what, SavedScenario) else "experiment"
    record_append(side=what.owner_side, kind=kind, payload={name: what.id, "by": by.id})
