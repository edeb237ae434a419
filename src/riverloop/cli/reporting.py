"""``riverloop simulate … --report FILE.html``: the answers as one page that can be attached and repeated."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from riverloop.core.kernel.errors import InputError

if TYPE_CHECKING:
    from riverloop.apps.lab.reports import Found, Subject
    from riverloop.cli.simulated import Answers, Chosen

_TAGS = {"en": "en", "zh-Hant": "zh-hant", "zh-Hans": "zh-hans"}


def check_place(path: Path) -> None:
    """Refuse a place that no file can be written to, before anything is worked out.

    Raises:
        InputError: the folder is not there or cannot be written, or the path is a folder.
    """
    folder = path.parent
    if path.is_dir() or not folder.is_dir() or not os.access(folder, os.W_OK):
        raise InputError(
            "cli.report",
            "No report can be written there: the folder {folder} is not there or cannot be written. Name another FILE.",
            where=str(path),
            folder=folder if not path.is_dir() else path,
        )


def write_report(answers: Answers, path: Path, *, language: str, zone: str) -> None:
    """Write a report, whole or not at all.

    Args:
        answers: all that was asked and found.
        path: of the file, which is replaced.
        language: of the report.
        zone: whose file says what sides are called.
    """
    _ready(zone)
    from django.utils import translation

    from riverloop.apps.lab.reports import report, today

    with translation.override(_TAGS[language]):
        subjects = _subjects(answers)
        text = report(subjects, _found(answers, subjects), made_on=today())
    fresh = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        fresh.write_text(text, "utf-8")
        fresh.replace(path)
    except OSError as error:
        fresh.unlink(missing_ok=True)
        raise InputError(
            "cli.report",
            "The report cannot be written ({detail}). Name another FILE.",
            where=str(path),
            detail=error.strerror or type(error).__name__,
        ) from None


def _ready(zone: str) -> None:
    """Set Django up as far as texts and templates need it: no database, no data folder, no keys."""
    import django
    from django.conf import settings

    if settings.configured:
        return
    settings.configure(
        USE_I18N=True,
        LANGUAGE_CODE="en",
        LANGUAGES=[(tag, tag) for tag in _TAGS.values()],
        LOCALE_PATHS=[Path(__file__).parents[1] / "web" / "locale"],
        LOGGING_CONFIG=None,
        RIVERLOOP_ZONE=zone,
    )
    django.setup()


def _subjects(answers: Answers) -> list[Subject]:
    from riverloop.apps.lab.reports import Subject

    chosen = [answers.ours, *(one for one, _ in answers.others)]
    results = [answers.result, *(result for _, result in answers.others)]
    return [
        Subject(
            label=label,
            file=one.file,
            text=one.text,
            name="scenario.yaml" if one.name == "-" else one.name,
            design=one.design,
            case=one.case,
            values=one.values,
            result=result.as_json(),
            undisturbed=answers.still.as_json() if answers.still and not place else None,
        )
        for place, (label, one, result) in enumerate(zip(_labels(chosen), chosen, results, strict=True))
    ]


def _labels(chosen: Sequence[Chosen]) -> list[str]:
    """Return what tells scenarios apart: the parts of their names that are not the same for all."""
    from riverloop.apps.lab.figures import own

    named = []
    for one in chosen:
        design, case = one.file.design(one.design), one.file.case(one.case)
        title = own(one.file.title, one.file.name() or one.name)
        named.append((title, own(design.title, design.key), own(case.title, case.key)))
    differing = [place for place in range(3) if len({names[place] for names in named}) > 1] or [1, 0]
    told = [" · ".join(names[place] for place in differing if names[place]) for names in named]
    return [f"{text} ({place})" if told.count(text) > 1 else text for place, text in enumerate(told, 1)]


def _found(answers: Answers, subjects: Sequence[Subject]) -> Found:
    from riverloop.apps.lab.reports import Found

    said = answers.as_json()
    tornado, turning = said.get("tornado"), said.get("break_even")
    return Found(
        differences={
            subject.label: other["difference"]
            for subject, other in zip(subjects[1:], said.get("against", ()), strict=True)
        },
        between=_between(answers, subjects),
        least_channels=said.get("least_channels"),
        least_roster=said.get("least_roster"),
        tornado=_bars(answers.ours, tornado["bars"]) if tornado else None,
        tornado_measure=tornado["measure"] if tornado else "",
        break_even={_labels([answers.ours, answers.rival])[1]: turning} if turning and answers.rival else {},
        break_even_measure=turning["measure"] if turning else "",
    )


def _between(answers: Answers, subjects: Sequence[Subject]) -> dict[tuple[str, str], Any]:
    """Return how any two differ, for claims of a difference."""
    from riverloop.cli.simulated import differences

    results = [answers.result, *(result for _, result in answers.others)]
    named = [(subject.label, result) for subject, result in zip(subjects, results, strict=True)]
    return {
        (label, other): differences(ours, theirs) for label, ours in named for other, theirs in named if label != other
    }


def _bars(chosen: Chosen, bars: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return bars with what their parameters are called."""
    named = {one.name: one for one in chosen.file.parameters_of(chosen.case)}
    return [{**bar, "label": dict(named[bar["name"]].label)} for bar in bars]
