"""What ``riverloop simulate`` prints of one answer: who came, how long it took, who staffs it and what it needs."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from riverloop.cli.printing import print_table
from riverloop.core.kernel.letters import shown
from riverloop.core.queueing.network import Text, in_one_language
from riverloop.core.queueing.parameters import Parameter, told

if TYPE_CHECKING:
    from riverloop.cli.simulated import Chosen
    from riverloop.core.queueing.results import Result, Shortfall

UNKNOWN = "–"
"""Of what nobody got as far as, or of what one run cannot tell."""
_WIDTH = 110
_FEW = 10
_DAY_HOURS = 24

Row = tuple[str, ...]


def print_answer(chosen: Chosen, result: Result, *, by_hour: bool, whole: bool = True) -> None:
    """Print one answer for people.

    Args:
        chosen: what was asked.
        result: what came out.
        by_hour: whether hours are printed as well.
        whole: whether the note of the whole scenario is printed, too.
    """
    answer = result.as_json()
    print(answer["name"] or "Scenario")
    print(_who_came(result))
    print(_pledge(answer))
    _print_notes(chosen, whole=whole)
    print()
    print_table(_stations(answer))
    print()
    _print_classes(answer, result)
    if by_hour:
        _print_hours(answer)
    for line in (_staff(answer, result), _area(answer), _bottleneck(answer)):
        if line:
            print(line)
    for one in result.shortfalls:
        print(shortfall_text(one, titled(one.station, answer["stations"][one.station])))
    _print_needs(chosen)
    for line in outside_texts(chosen):
        print(line)


# The first lines -------------------------------------------------------------------------------------------------


def _who_came(result: Result) -> str:
    """Return how many came: a day, or in all where no day is simulated."""
    scenario = result.scenario
    runs = counted(scenario.replications, "replication")
    if scenario.steady or scenario.hours > _DAY_HOURS:
        return f"{result.passengers:,} passengers in all, in {runs} of {counted(scenario.hours, 'hour')}."
    days = f" of {scenario.days:,} days" if scenario.days > 1 else ""
    return f"{many(result.passengers / result.tallies.days)} passengers a day, in {runs}{days}."


def _pledge(answer: Mapping[str, Any]) -> str:
    pledge = answer["pledge"]
    within, bounds = pledge["share_within"], pledge["ci95"]
    if not answer["passengers"]:
        return "Nobody comes, so that no pledge is kept or broken."
    of = "are through within" if pledge["of"] == "journey" else "wait, all in all, no longer than"
    sure = f" (95% sure: {share(bounds[0])} to {share(bounds[1])})" if bounds else ""
    met = f"the pledge of {share(pledge['share'])} is {'met' if pledge['met'] else 'not met'}"
    return f"{share(within)} {of} {pledge['minutes']:g} minutes{sure}: {met}."


def _print_notes(chosen: Chosen, *, whole: bool) -> None:
    file = chosen.file
    noted = [("Scenario", file.note)] if whole else []
    noted += [("Design", file.design(chosen.design).note), ("Case", file.case(chosen.case).note)]
    for what, note in noted:
        if note:
            _print_wrapped(f"{what}: ", in_one_language(note))


# Tables ----------------------------------------------------------------------------------------------------------


def _stations(answer: Mapping[str, Any]) -> Iterator[Row]:
    yield ("seconds of waiting at", "mean", "95% sure", "p50", "p95", "p99", "longest queue", "channels busy")
    for name, one in answer["stations"].items():
        if one["kind"] != "walk":
            busy = "" if one["utilisation"] is None else share(one["utilisation"])
            yield (titled(name, one), *_times(one["wait_seconds"]), f"{one['queue_max']:,}", busy)
    yield ("whole journey", *_times(answer["journey_seconds"]), "", "")


def _times(times: Mapping[str, Any]) -> Row:
    bounds = times["ci95"]
    sure = f"{seconds(bounds[0])} to {seconds(bounds[1])}" if bounds else UNKNOWN
    return (seconds(times["mean"]), sure, *(seconds(times[one]) for one in ("p50", "p95", "p99")))


def _print_classes(answer: Mapping[str, Any], result: Result) -> None:
    if "classes" not in answer:
        return
    each = 1 if result.scenario.steady else result.tallies.days
    came = "passengers" if result.scenario.steady else "passengers a day"
    rows: list[Row] = [("seconds of the journey, by class", came, "mean", "p50", "p95", "within the pledge")]
    for name, one in answer["classes"].items():
        times = one["journey_seconds"]
        parts = (seconds(times[key]) for key in ("mean", "p50", "p95"))
        rows.append((titled(name, one), many(one["passengers"] / each), *parts, share(one["share_within"])))
    print_table(rows)
    print()


def _print_hours(answer: Mapping[str, Any]) -> None:
    """Print the hours in which anybody comes."""
    if "by_hour" not in answer:
        print("Every hour is like the others: there is no answer by the hour.\n")
        return
    rows: list[Row] = [
        ("seconds of the journey, of who come", "passengers a day", "mean", "p95", "within the pledge", "longest queue")
    ]
    for hour, one in enumerate(answer["by_hour"]):
        if one["passengers"]:
            times = one["journey_seconds"]
            came = (many(one["passengers"]), seconds(times["mean"]), seconds(times["p95"]))
            within = share(one["share_within"])
            rows.append((f"{hour:02}:00 to {hour + 1:02}:00", *came, within, _longest(answer["stations"], hour)))
    print_table(rows)
    print()


def _longest(stations: Mapping[str, Any], hour: int) -> str:
    """Return the longest queue of an hour, and where it was."""
    found = {name: one["by_hour"][hour]["queue_max"] for name, one in stations.items()}
    name = max(found, key=found.__getitem__)
    return f"{found[name]:,} at {titled(name, stations[name])}" if found[name] else "0"


# Below the tables ------------------------------------------------------------------------------------------------


def _staff(answer: Mapping[str, Any], result: Result) -> str:
    listed = [f"{side} {hours:,.1f}" for side, hours in answer["staff_hours"].items() if hours is not None]
    if not listed:
        return ""
    when = "in each run" if result.scenario.steady or result.scenario.hours > _DAY_HOURS else "a day"
    return f"Staff hours {when}: {', '.join(listed)}."


def _area(answer: Mapping[str, Any]) -> str:
    return "" if answer["area_m2"] is None else f"Area: {answer['area_m2']:,.0f} square metres."


def _bottleneck(answer: Mapping[str, Any]) -> str:
    name = answer["bottleneck"]
    if name is None:
        return "Nobody waits anywhere."
    one = answer["stations"][name]
    mean = one["wait_seconds"]["mean"]
    waits = f": {mean:,.1f} seconds of waiting on average" if mean is not None else ""
    return f"Bottleneck: {titled(name, one)}{waits}."


def shortfall_text(one: Shortfall, station: str) -> str:
    """Return what a station lacks.

    Args:
        one: what is lacking.
        station: what the station is called.
    """
    if one.places is not None:
        return (
            f'\nThe shuttle "{station}" does not take everybody. Places lacking: {one.places:,.0f}; passengers who '
            f"come after its last departure: {one.never - one.places:,.0f}."
        )
    never = f" Never served: {one.never:,.0f}." if one.never else ""
    return (
        f'\nThe queue of "{station}" cannot drain: {one.passengers:,.0f} are left, {one.channel_hours:,.1f} '
        f"channel-hours are lacking, {counted(one.channels, 'channel')} would be needed throughout.{never}"
    )


def _print_needs(chosen: Chosen) -> None:
    needs = chosen.file.design(chosen.design).needs
    if not needs:
        return
    print("\nWhat the design needs besides:")
    width = max(len(one.kind) for one in needs)
    for one in needs:
        said = ", ".join(part for part in (_source(one.source), one.as_of) if part)
        _print_wrapped(f"  {one.kind.ljust(width)}  ", f"{in_one_language(one.text)} ({said})")


def outside_texts(chosen: Chosen) -> Iterator[str]:
    """Say which values lie outside of what was stated."""
    first = "\n"
    for one in parameters_taken(chosen):
        if one.outside:
            low, high = map(told, one.outside)
            yield f"{first}{one.name} is {told(one.value)}: outside the stated range, {low} to {high}."
            first = ""


def parameters_taken(chosen: Chosen) -> Sequence[Parameter]:
    """Return the parameters that the design uses, as they were taken."""
    used = chosen.file.used(chosen.design)
    return [one for one in chosen.file.parameters_of(chosen.case, values=chosen.values) if one.name in used]


# Words -----------------------------------------------------------------------------------------------------------


def titled(name: str, one: Mapping[str, Any]) -> str:
    """Return what a station or class is called, with its key where that differs."""
    title = in_one_language(one.get("title", {}))
    return f"{title} ({name})" if title and title != name else name


def seconds(value: float | None) -> str:
    """Return a time in seconds."""
    return UNKNOWN if value is None else f"{value:.1f}"


def share(value: float | None) -> str:
    """Return a share in per cent."""
    return UNKNOWN if value is None else f"{value:.1%}"


def many(count: float) -> str:
    """Return a number of people: few of them with a decimal, as a mean has."""
    return f"{count:,.0f}" if count >= _FEW or count == round(count) else f"{count:,.1f}"


def counted(count: float, of: str) -> str:
    """Return a number of things."""
    return f"{count:,g} {of}{'' if count == 1 else 's'}"


def _source(source: str | Text) -> str:
    return (source if isinstance(source, str) else in_one_language(source)) or "assumed"


def _print_wrapped(first: str, text: str) -> None:
    lines = textwrap.wrap(shown(text), _WIDTH, initial_indent=first, subsequent_indent=" " * len(first))
    print("\n".join(lines))
