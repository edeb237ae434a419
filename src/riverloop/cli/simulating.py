"""``riverloop simulate``: a control point of a scenario file, from the first passenger to the last."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from riverloop.cli.inputs import read_text
from riverloop.cli.options import json_option
from riverloop.cli.printing import print_json, print_table

if TYPE_CHECKING:
    from riverloop.core.queueing.network import Scenario
    from riverloop.core.queueing.results import Result
    from riverloop.core.queueing.spreading import Backend, Spread
    from riverloop.core.queueing.tallies import Tally

_WORTH_SPREADING = 10_000_000
"""Visits to stations: fewer take less time than starting workers does."""


@click.command()
@click.argument("file")
@json_option
@click.option(
    "--backend",
    type=click.Choice(("loky", "dask", "threads")),
    help="Where replications run: processes of this machine (loky), a Dask cluster, or threads. "
    "Without it: loky where that is worth it.",
)
@click.option("--jobs", type=click.IntRange(min=1), help="How many run at once.  [default: one a core]")
@click.option("--cluster", default="", help="Address of a Dask scheduler, such as tcp://host:8786.")
def simulate(file: str, *, as_json: bool, backend: Backend | None, jobs: int | None, cluster: str) -> None:
    """Simulate a control point, and say how long passengers wait.

    FILE holds a scenario as YAML; - reads standard input.
    """
    from riverloop.core.queueing.running import run
    from riverloop.core.queueing.scenario_file import read_scenario

    if cluster and backend != "dask":
        raise click.UsageError("--cluster is for --backend dask.")
    scenario = read_scenario(read_text(file), name="standard input" if file == "-" else file)
    result = run(scenario, spread=_spread(scenario, backend, jobs, cluster))
    if as_json:
        print_json(result.as_json())
        return
    for line in _head(result):
        print(line)
    print()
    print_table(_rows(result))
    for line in _shortfalls(result):
        print(line)


def _spread(scenario: Scenario, backend: Backend | None, jobs: int | None, cluster: str) -> Spread:
    from riverloop.core.queueing.running import work_of
    from riverloop.core.queueing.spreading import Workers, in_turn

    if backend is None and (jobs == 1 or work_of(scenario) < _WORTH_SPREADING):
        return in_turn
    return Workers(backend or "loky", jobs or -1, cluster)


def _head(result: Result) -> list[str]:
    scenario, pledge = result.scenario, result.scenario.pledge
    sure = result.within
    spread = f" (95 % sure: {sure.low:.1%} to {sure.high:.1%})" if sure else ""
    of = "are through within" if pledge.of == "journey" else "wait, all in all, no longer than"
    days = f" of {scenario.days} days" if scenario.days > 1 else ""
    met = f"the pledge of {pledge.share:.1%} is {'met' if result.share_within >= pledge.share else 'not met'}"
    return [
        f"{scenario.name or 'Scenario'}: {result.passengers:,} passengers, {scenario.replications} replications{days}",
        f"{result.share_within:.1%} {of} {pledge.minutes:g} minutes{spread}: {met}.",
    ]


def _rows(result: Result) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = [
        ("seconds", "mean", "95 % sure", "p50", "p95", "p99", "longest queue", "channels busy"),
    ]
    for station, tally in zip(result.scenario.stations, result.tallies.stations, strict=True):
        opened = float(tally.open.sum())
        busy = f"{float(tally.busy.sum()) / opened:.1%}" if opened else ""
        rows.append((f"wait: {station.name}", *_times(tally, result.wait(station.name)), str(tally.queue.max()), busy))
    rows.append(("journey", *_times(result.tallies.journeys, result.journey), "", ""))
    return rows


def _times(tally: Tally, interval: object) -> tuple[str, ...]:
    from riverloop.core.queueing.intervals import Interval

    low_high = f"{interval.low:.1f} to {interval.high:.1f}" if isinstance(interval, Interval) else ""
    return (f"{tally.mean:.1f}", low_high, *(f"{value:.1f}" for value in tally.quantile(0.5, 0.95, 0.99)))


def _shortfalls(result: Result) -> list[str]:
    return [
        f'\nThe queue of "{one.station}" cannot drain: {one.passengers:,.0f} are left, {one.channel_hours:,.1f} '
        f"channel-hours are lacking, {one.channels} channels would be needed throughout."
        + (f" {one.never:,.0f} are never served." if one.never else "")
        for one in result.shortfalls
    ]
