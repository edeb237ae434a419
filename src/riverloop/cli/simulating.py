"""``riverloop simulate``: a control point of a scenario file, from the first passenger to the last."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from riverloop.cli.inputs import check_zone, data_folder, read_text
from riverloop.cli.options import checked_language, json_option, zone_option
from riverloop.cli.printing import print_json
from riverloop.core.kernel.errors import InputError, did_you_mean

if TYPE_CHECKING:
    from riverloop.cli.simulated import Chosen
    from riverloop.core.queueing.designs import ScenarioFile
    from riverloop.core.queueing.network import Scenario
    from riverloop.core.queueing.real_traffic import Counts, DayChoice
    from riverloop.core.queueing.spreading import Backend, Spread

MEASURES = ("journey_seconds", "journey_p95_seconds", "share_within")
_MOST_OTHERS = 3
_FEWEST_TIMES, _MOST_TIMES = 0.001, 1000.0
_WORTH_SPREADING = 10_000_000
"""Visits to stations: fewer take less time than starting workers does."""

_NUMBER = re.compile(r"[-+]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]+)?")
_measure = click.Choice(MEASURES)


@click.command()
@click.argument("file", required=False)
@json_option
@click.option("--list", "listed", is_flag=True, help="List the bundled scenarios; of a FILE, what it holds.")
@click.option("--design", default="", metavar="KEY", help="Which design of the file.  [default: the first]")
@click.option("--case", default="", metavar="KEY", help="Which case of the file.  [default: the first]")
@click.option("--set", "settings", multiple=True, metavar="NAME=VALUE", help="Give a parameter another value.")
@click.option(
    "--against",
    multiple=True,
    metavar="FILE|design:KEY",
    help="Compare with another design of the file, or with another file at its first; up to three times.",
)
@click.option("--without-outages", is_flag=True, help="Compare with the same hall when nothing is out of order.")
@click.option("--tornado", is_flag=False, flag_value=MEASURES[1], type=_measure, help="What moves the answer most.")
@click.option("--break-even", metavar="FILE|design:KEY", help="Find the demand at which another design overtakes.")
@click.option("--measure", type=_measure, default=MEASURES[0], show_default=True, help="What --break-even compares.")
@click.option("--between", default="0.5,2", show_default=True, help="Multiples of demand that --break-even tries.")
@click.option("--least-channels", metavar="STATION,…", help="Find the least channels there that keep the pledge.")
@click.option("--least-roster", metavar="STATION", help="Find the least roster there, hour by hour and in shifts.")
@click.option("--shift-hours", default="8", show_default=True, help="Lengths that a shift may have, with commas.")
@click.option(
    "--confidence",
    type=click.FloatRange(0.5, 1, max_open=True),
    default=0.95,
    show_default=True,
    help="How sure it must be that the pledge is kept.",
)
@click.option("--every-hour", is_flag=True, help="Keep the pledge for those of each hour, not only of the day.")
@click.option(
    "--backend",
    type=click.Choice(("loky", "dask", "threads")),
    help="Where replications run: processes of this machine (loky), a Dask cluster, or threads. "
    "Without it: loky where that is worth it.",
)
@click.option("--jobs", type=click.IntRange(min=1), help="How many run at once.  [default: one a core]")
@click.option("--cluster", default="", help="Address of a Dask scheduler, such as tcp://host:8786.")
@click.option("--report", metavar="FILE.html", type=click.Path(path_type=Path), help="Write a report there as well.")
@click.option("--by-hour", is_flag=True, help="Print what it comes to hour by hour as well.")
@click.option(
    "--lang", default="en", show_default=True, help="Language of --report: en, zh-Hant or zh-Hans; all else is English."
)
@zone_option
def simulate(
    file: str | None,
    *,
    as_json: bool,
    listed: bool,
    design: str,
    case: str,
    settings: tuple[str, ...],
    against: tuple[str, ...],
    without_outages: bool,
    tornado: str | None,
    break_even: str | None,
    measure: str,
    between: str,
    least_channels: str | None,
    least_roster: str | None,
    shift_hours: str,
    confidence: float,
    every_hour: bool,
    backend: Backend | None,
    jobs: int | None,
    cluster: str,
    report: Path | None,
    by_hour: bool,
    lang: str,
    zone_name: str,
) -> None:
    """Simulate a control point, and say how long passengers wait.

    FILE holds a scenario as YAML, or is the name of a bundled one; - reads standard input.
    """
    from riverloop.cli import simulated

    check_zone(zone_name)
    if listed:
        simulated.show_list(_opened(file)[0] if file else None, as_json=as_json)
        return
    if not file:
        raise click.UsageError("Name a FILE, or a bundled scenario: `riverloop simulate --list` lists them.")
    _check_usage(against, backend, cluster, confidence)
    _check_report(report, lang)
    factors, lengths, values = _factors(between), _lengths(shift_hours), _values(settings)
    opened, text = _opened(file)
    ours = simulated.Chosen(opened, design, case, values, _daily_traffic, file, text)
    others = [_other(ours, one) for one in against]
    rival = _other(ours, break_even) if break_even else None
    swings = simulated.swings_of(ours) if tornado else []
    answers = simulated.Answers(ours, lambda scenario: _spread(scenario, backend, jobs, cluster))
    answers.compare(others)
    if without_outages:
        answers.compare_without_outages()
    if tornado:
        answers.find_tornado(swings, tornado)
    if rival:
        answers.find_break_even(rival, measure, factors)
    if least_channels:
        answers.size_channels(tuple(least_channels.split(",")), confidence, every_hour=every_hour)
    if least_roster:
        answers.size_roster(least_roster, lengths, confidence, every_hour=every_hour)
    if report:
        from riverloop.cli import reporting

        reporting.write_report(answers, report, language=lang, zone=zone_name)
    if as_json:
        print_json(answers.as_json())
    else:
        answers.show(by_hour=by_hour)


def _check_usage(against: tuple[str, ...], backend: Backend | None, cluster: str, confidence: float) -> None:
    if math.isnan(confidence):
        raise click.UsageError("--confidence is a number from 0.5 to 1, such as 0.95.")
    if cluster and backend != "dask":
        raise click.UsageError("--cluster is for --backend dask.")
    if len(against) > _MOST_OTHERS:
        raise click.UsageError("--against is given up to three times: four answers stand side by side.")


def _check_report(report: Path | None, lang: str) -> None:
    """Refuse a language or a place that will not do, before anything is worked out."""
    checked_language(lang)
    if report:
        from riverloop.cli import reporting

        reporting.check_place(report)


# What is asked ---------------------------------------------------------------------------------------------------


def _opened(file: str) -> tuple[ScenarioFile, str]:
    """Open a file, or a bundled one by its name; give its text as well."""
    from riverloop.core.queueing.designs import open_scenario_file
    from riverloop.scenarios import library

    if file != "-" and not Path(file).exists():
        known = library.keys()
        if file in known:
            return library.open_bundled(file), library.text_of(file)
        if not Path(file).suffix:
            raise InputError(
                "cli.scenario",
                'There is no file "{name}", and no bundled scenario is called so.{hint} Bundled are {known}.',
                name=file,
                hint=did_you_mean(file, known),
                known=", ".join(known),
            )
    text = read_text(file)
    return open_scenario_file(text, name="standard input" if file == "-" else file), text


def _other(ours: Chosen, text: str) -> Chosen:
    """Return another design of the same file, case and values, or another file as it stands."""
    from riverloop.cli.simulated import Chosen

    kind, _, key = text.partition(":")
    if kind == "design" and key:
        ours.file.design(key)
        return replace(ours, design=key)
    file, held = _opened(text)
    return Chosen(file, "", "", {}, ours.traffic, text, held)


def _values(settings: tuple[str, ...]) -> dict[str, float | str]:
    values: dict[str, float | str] = {}
    for one in settings:
        name, equals, value = one.partition("=")
        if not (name and equals and value):
            raise click.UsageError(f'--set takes NAME=VALUE, such as jobs=1400, and not "{one}".')
        if name in values:
            raise click.UsageError(f'--set gives "{name}" twice. Keep one.')
        values[name] = _number(value) if _NUMBER.fullmatch(value) else value
    return values


def _number(text: str) -> float:
    value = float(text)
    return int(value) if value.is_integer() and abs(value) <= 2**53 else value


def _lengths(text: str) -> tuple[int, ...]:
    lengths = [one.strip() for one in text.split(",")]
    if not all(one.isascii() and one.isdigit() and 1 <= int(one) <= 24 for one in lengths):  # noqa: PLR2004 - a day
        raise click.UsageError("--shift-hours takes whole hours from 1 to 24, such as 4,8.")
    return tuple(int(one) for one in lengths)


def _factors(text: str) -> tuple[float, float]:
    ends = [one.strip() for one in text.split(",")]
    if len(ends) == 2 and all(map(_NUMBER.fullmatch, ends)):  # noqa: PLR2004
        low, high = map(float, ends)
        if _FEWEST_TIMES <= low < high <= _MOST_TIMES:
            return low, high
    raise click.UsageError(
        f"--between takes two multiples of demand from {_FEWEST_TIMES:g} to {_MOST_TIMES:g}, the lower one first, "
        "such as 0.5,2."
    )


def _daily_traffic(control_point: str, direction: str, choice: DayChoice) -> Counts:
    """Give real days: read only where a scenario asks for them."""
    from riverloop.traffic import FOLDER_NAME, DailyTraffic

    return DailyTraffic.load(data_folder() / FOLDER_NAME)(control_point, direction, choice)


def _spread(scenario: Scenario, backend: Backend | None, jobs: int | None, cluster: str) -> Spread:
    from riverloop.core.queueing.running import work_of
    from riverloop.core.queueing.spreading import Workers, in_turn

    if backend is None and (jobs == 1 or work_of(scenario) < _WORTH_SPREADING):
        return in_turn
    return Workers(backend or "loky", jobs or -1, cluster)
