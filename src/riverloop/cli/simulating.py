"""``riverloop simulate``: a control point of a scenario file, from the first passenger to the last."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from riverloop.cli.inputs import read_text
from riverloop.cli.options import json_option
from riverloop.cli.printing import print_json, print_table

if TYPE_CHECKING:
    from riverloop.core.queueing.intervals import Interval
    from riverloop.core.queueing.network import Scenario
    from riverloop.core.queueing.results import Result
    from riverloop.core.queueing.sizing import Channels, Roster
    from riverloop.core.queueing.spreading import Backend, Spread
    from riverloop.core.queueing.tallies import Tally

_WORTH_SPREADING = 10_000_000
"""Visits to stations: fewer take less time than starting workers does."""


@click.command()
@click.argument("file")
@json_option
@click.option("--against", metavar="FILE", help="Compare with this scenario, on the same passengers.")
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
def simulate(
    file: str,
    *,
    as_json: bool,
    against: str | None,
    least_channels: str | None,
    least_roster: str | None,
    shift_hours: str,
    confidence: float,
    every_hour: bool,
    backend: Backend | None,
    jobs: int | None,
    cluster: str,
) -> None:
    """Simulate a control point, and say how long passengers wait.

    FILE holds a scenario as YAML; - reads standard input.
    """
    from riverloop.core.queueing.rehearsal import Target
    from riverloop.core.queueing.running import run
    from riverloop.core.queueing.sizing import least_channels as find_channels
    from riverloop.core.queueing.sizing import least_roster as find_roster

    if cluster and backend != "dask":
        raise click.UsageError("--cluster is for --backend dask.")
    lengths = _lengths(shift_hours)
    scenario, other = _scenario(file), _scenario(against) if against else None
    result = run(scenario, spread=_spread(scenario, backend, jobs, cluster))
    theirs = run(other, spread=_spread(other, backend, jobs, cluster)) if other else None
    target = Target(confidence, every_hour)
    channels = find_channels(scenario, tuple(least_channels.split(",")), target=target) if least_channels else None
    roster = find_roster(scenario, least_roster, shift_hours=lengths, target=target) if least_roster else None
    if as_json:
        answer = result.as_json()
        if theirs is not None:
            answer["against"] = theirs.as_json() | {"difference": _differences(result, theirs)}
        if channels is not None:
            answer["least_channels"] = _channels_json(channels)
        if roster is not None:
            answer["least_roster"] = _roster_json(roster)
        print_json(answer)
        return
    _print_result(result)
    if theirs is not None:
        print()
        _print_result(theirs)
        _print_differences(result, theirs)
    if channels is not None:
        _print_channels(channels)
    if roster is not None:
        _print_roster(roster)


def _scenario(file: str) -> Scenario:
    from riverloop.core.queueing.scenario_file import read_scenario

    return read_scenario(read_text(file), name="standard input" if file == "-" else file)


def _lengths(text: str) -> tuple[int, ...]:
    lengths = [one.strip() for one in text.split(",")]
    if not all(one.isascii() and one.isdigit() and 1 <= int(one) <= 24 for one in lengths):  # noqa: PLR2004 - a day
        raise click.UsageError("--shift-hours takes whole hours from 1 to 24, such as 4,8.")
    return tuple(int(one) for one in lengths)


def _spread(scenario: Scenario, backend: Backend | None, jobs: int | None, cluster: str) -> Spread:
    from riverloop.core.queueing.running import work_of
    from riverloop.core.queueing.spreading import Workers, in_turn

    if backend is None and (jobs == 1 or work_of(scenario) < _WORTH_SPREADING):
        return in_turn
    return Workers(backend or "loky", jobs or -1, cluster)


def _differences(ours: Result, theirs: Result) -> dict[str, Any]:
    from riverloop.core.queueing.sensitivity import MEASURES, compare

    found = {name: compare(ours, theirs, measure) for name, measure in MEASURES.items()}
    return {
        name: {"mean": round(one.mean, 6), "ci95": [round(one.low, 6), round(one.high, 6)], "sure": one.sure}
        for name, one in found.items()
        if one is not None
    }


def _channels_json(found: Channels) -> dict[str, Any]:
    return {"channels": found.channels, "met": found.answer.met, "share_within": found.answer.share}


def _roster_json(found: Roster) -> dict[str, Any]:
    return {
        "station": found.station,
        "met": found.answer.met,
        "share_within": found.answer.share,
        "paid_hours": found.paid_hours,
        "needed": list(found.needed),
        "channels": list(found.open),
        "shifts": [{"from": one.begins, "hours": one.hours, "channels": one.channels} for one in found.duties],
    }


# Text ------------------------------------------------------------------------------------------------------------


def _print_result(result: Result) -> None:
    scenario, pledge = result.scenario, result.scenario.pledge
    sure = result.within
    spread = f" (95 % sure: {sure.low:.1%} to {sure.high:.1%})" if sure else ""
    of = "are through within" if pledge.of == "journey" else "wait, all in all, no longer than"
    days = f" of {scenario.days} days" if scenario.days > 1 else ""
    met = f"the pledge of {pledge.share:.1%} is {'met' if result.share_within >= pledge.share else 'not met'}"
    print(
        f"{scenario.name or 'Scenario'}: {result.passengers:,} passengers, {scenario.replications} replications{days}",
    )
    print(f"{result.share_within:.1%} {of} {pledge.minutes:g} minutes{spread}: {met}.\n")
    print_table(_rows(result))
    for one in result.shortfalls:
        never = f" {one.never:,.0f} are never served." if one.never else ""
        print(
            f'\nThe queue of "{one.station}" cannot drain: {one.passengers:,.0f} are left, {one.channel_hours:,.1f} '
            f"channel-hours are lacking, {one.channels} channels would be needed throughout.{never}"
        )


def _rows(result: Result) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = [
        ("seconds", "mean", "95 % sure", "p50", "p95", "p99", "longest queue", "channels busy"),
    ]
    for station, tally in zip(result.scenario.stations, result.tallies.stations, strict=True):
        if station.kind == "walk":
            continue
        opened = float(tally.open.sum())
        busy = f"{float(tally.busy.sum()) / opened:.1%}" if opened else ""
        rows.append((f"wait: {station.name}", *_times(tally, result.wait(station.name)), str(tally.queue.max()), busy))
    rows.append(("journey", *_times(result.tallies.journeys, result.journey), "", ""))
    return rows


def _times(tally: Tally, interval: Interval | None) -> tuple[str, ...]:
    low_high = f"{interval.low:.1f} to {interval.high:.1f}" if interval else ""
    return (f"{tally.mean:.1f}", low_high, *(f"{value:.1f}" for value in tally.quantile(0.5, 0.95, 0.99)))


def _print_differences(ours: Result, theirs: Result) -> None:
    print("\nThe first less the second, on the same passengers:")
    for name, one in _differences(ours, theirs).items():
        low, high = one["ci95"]
        print(
            f"  {name}: {one['mean']:.4g} (95 % sure: {low:.4g} to {high:.4g})" + ("" if one["sure"] else ", not sure")
        )


def _print_channels(found: Channels) -> None:
    said = ", ".join(f"{name} {count}" for name, count in found.channels.items())
    if found.answer.met:
        print(f"\nLeast channels that keep the pledge: {said} ({found.answer.share:.1%} within it).")
    else:
        print(f"\nNo number of channels there keeps the pledge: with {said}, {found.answer.share:.1%} are within it.")


def _print_roster(found: Roster) -> None:
    share = f"{found.answer.share:.1%} within the pledge"
    print(f'\nLeast roster of "{found.station}": {found.paid_hours} paid hours, {share}.')
    print_table(
        [("from", "until", "channels")]
        + [(f"{one.begins:02}:00", f"{one.begins + one.hours:02}:00", str(one.channels)) for one in found.duties]
    )
