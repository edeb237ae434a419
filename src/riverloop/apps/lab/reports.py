"""A report: one HTML file, with nothing outside itself, that a consultation can attach and anyone can repeat.

Pages and the command line make the same one. It is written in the active language, without a database.
"""

from __future__ import annotations

import base64
import hashlib
import platform
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from django.template import Context, Engine
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from riverloop import __version__
from riverloop.apps.clearance.formats import date_text
from riverloop.apps.lab import charts, report_basis, report_parts, report_said, report_tables
from riverloop.apps.lab.figures import Chart, language
from riverloop.apps.lab.report_parts import Found, Subject, Titled
from riverloop.apps.lab.words import CHANCE_ALONE
from riverloop.apps.nodes import here
from riverloop.core.kernel.instants import date_in

__all__ = ["Found", "Subject", "report", "today"]

Json = Mapping[str, Any]
_HERE = Path(__file__).parent
_NOTHING_ELSE = Found()


@dataclass(frozen=True, slots=True)
class Part:
    """A section of a report."""

    title: str
    lines: Sequence[str] = ()
    tables: Sequence[Titled] = ()
    charts: Sequence[Chart] = ()


def report(
    subjects: Sequence[Subject], found: Found = _NOTHING_ELSE, *, title: str = "", made_on: date | None = None
) -> str:
    """Return a report as the text of an HTML file, in the active language.

    Args:
        subjects: one to four; the first is what the others are compared with.
        found: what else was asked.
        title: of the report; without it, the scenario's own.
        made_on: the day, to be told.
    """
    parts = [part for part in _parts(subjects, found) if part.lines or part.tables or part.charts]
    shown = {
        "title": title or report_parts.title_of(subjects[0]),
        "version": __version__,
        "made_on": date_text(made_on, language()) if made_on else "",
        "notes": list(report_basis.notes(subjects)),
        "asked": list(report_said.asked(subjects, found)),
        "designs": report_basis.design_notes(subjects) if len(subjects) > 1 else None,
        "chance_alone": _(CHANCE_ALONE),
        "answers": list(report_said.answers(subjects, found)),
        "warnings": [*report_said.warnings(subjects), *report_basis.synthetic(subjects)],
        "several": len(subjects) > 1,
        "beside": report_tables.side_by_side(subjects),
        "parts": parts,
        "drawn": [chart for part in parts for chart in part.charts if chart.picture],
        "leaves_out": _leaves_out(),
        "commands": list(dict.fromkeys(_command(one) for one in subjects)),
        "made_with": _made_with(subjects),
        "texts": [
            {"title": _("Scenario text: {name}").format(name=one.name), "text": one.text, "sha256": sha256(one.text)}
            for one in {one.text: one for one in subjects}.values()
        ],
    }
    context = {"report": shown, "language": language(), "style": _style(), "policy": _policy()}
    return str(_engine().get_template("lab/report.html").render(Context(context)))


def today() -> date:
    """Return the day that it is in the zone, which a report is dated by."""
    return date_in(datetime.now(UTC), here.zone().sides[0].side.time_zone)


def sha256(text: str) -> str:
    """Return the hash of a scenario text, in hexadecimal digits."""
    return hashlib.sha256(text.encode()).hexdigest()


def _parts(subjects: Sequence[Subject], found: Found) -> Iterator[Part]:
    labelled = [(one.label, one.result) for one in subjects]
    yield Part(
        _("How they differ, and how sure that is"), _of_differences(found), report_tables.differences(subjects, found)
    )
    by_class = [charts.classes_by_hour(labelled)] if len(labelled) == 1 else []
    yield Part(
        _("How long passengers wait"),
        tables=[
            table for one in subjects for table in (report_tables.stations(one), report_tables.classes(one)) if table
        ],
        charts=_drawn(charts.pledge_shares(labelled), charts.waits_by_hour(labelled), *by_class),
    )
    yield Part(_("Queues and the hall"), charts=_drawn(charts.queues_by_hour(labelled), charts.hall_areas(labelled)))
    yield Part(_("Staff of both sides"), charts=_drawn(charts.staff(labelled)))
    yield _least(found, subjects[0])
    yield from _decided(subjects, found)
    without = report_tables.outages(subjects)
    yield Part(_("What the outages do"), tables=[without] if without else [])
    yield Part(_("What each design needs besides, as stated"), tables=report_basis.needs(subjects))
    yield Part(_("What was claimed, and what the model says"), tables=report_basis.claims(subjects, found))
    yield Part(_("What it rests on: every assumption"), tables=report_basis.assumptions(subjects))
    yield Part(_("Where other numbers are from"), tables=report_basis.other_sources(subjects))


def _drawn(*made: Chart) -> list[Chart]:
    """Return the charts that show something."""
    return [chart for chart in made if chart.picture]


def _of_differences(found: Found) -> list[str]:
    if not found.differences:
        return []
    return [
        _("All saw the same passengers, so that a difference is surer than either number. Sure: zero lies outside.")
    ]


def _least(found: Found, subject: Subject) -> Part:
    roster = found.least_roster
    return Part(
        _("The least that keeps the pledge"),
        tables=[report_tables.shifts(roster, subject)] if roster else [],
        charts=_drawn(charts.roster(roster)) if roster else [],
    )


def _decided(subjects: Sequence[Subject], found: Found) -> Iterator[Part]:
    if found.tornado is not None:
        chart = charts.tornado_bars(found.tornado, measure=found.tornado_measure)
        yield Part(_("What decides the answer"), [] if chart.picture else [chart.empty], charts=_drawn(chart))
    drawn = [
        charts.break_even_line(one, ours=subjects[0].label, theirs=label, measure=found.break_even_measure)
        for label, one in found.break_even.items()
    ]
    empty = [chart.empty for chart in drawn if not chart.picture]
    yield Part(_("At what demand the answer changes"), empty, charts=_drawn(*drawn))


def _leaves_out() -> list[str]:
    return [
        _("Passengers do not give up, change queues or travel in families, and a crowd does not slow them."),
        _("No hall is ever full."),
        _("Officers do not tire or work faster before a long queue, and take no breaks but those of the roster."),
        _("Nothing is carried over from one day to the next."),
        _("What no parameter names (feeder traffic, weather, other crossings) does not change."),
    ]


def _command(one: Subject) -> str:
    words = ["riverloop", "simulate", one.name]
    words += ["--design", one.design] if one.design else []
    words += ["--case", one.case] if one.case else []
    for name, value in one.values.items():
        words += ["--set", f"{name}={value}"]
    return shlex.join([*words, "--json"])


def _made_with(subjects: Sequence[Subject]) -> Titled:
    versions = {name: version(name) for name in ("numpy", "numba", "scipy")}
    rows = [(_("Seed: {label}").format(label=one.label), str(one.result["seed"])) for one in subjects] + [
        ("Riverloop", __version__),
        ("Python", platform.python_version()),
        *versions.items(),
    ]
    return Titled(_("Seeds and versions"), (), rows)


# The page --------------------------------------------------------------------------------------------------------


@cache
def _engine() -> Engine:
    return Engine(dirs=[str(_HERE / "templates")], builtins=["django.templatetags.i18n"])


@cache
def _css() -> str:
    return "".join((_HERE / "static" / "lab" / f"{name}.css").read_text("utf-8") for name in ("report", "charts"))


def _style() -> SafeString:
    return mark_safe(f"<style>{_css()}</style>")  # noqa: S308 - our own files


def _policy() -> SafeString:
    """Return the policy by which a browser itself holds the file to loading nothing and running nothing."""
    allowed = base64.b64encode(hashlib.sha256(_css().encode()).digest()).decode()
    content = f"default-src 'none'; style-src 'sha256-{allowed}'"
    return mark_safe(f'<meta http-equiv="Content-Security-Policy" content="{content}">')  # noqa: S308 - ours
