"""Answers experiments in the background, by kind. What is asked and answered is JSON; the kernels are core's."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from riverloop.apps.lab import opening
from riverloop.apps.lab.models import Experiment
from riverloop.apps.runs.work import Progress
from riverloop.core.queueing.designs import ScenarioFile
from riverloop.core.queueing.differences import MEASURES, passengers_mark
from riverloop.core.queueing.network import Scenario, without_outages
from riverloop.core.queueing.rehearsal import Target
from riverloop.core.queueing.results import Result
from riverloop.core.queueing.running import run, work_of
from riverloop.core.queueing.sensitivity import break_even, tornado
from riverloop.core.queueing.sizing import least_channels, least_roster
from riverloop.core.queueing.spreading import Spread, Workers, in_turn

_WORTH_SPREADING = 5_000_000
"""Visits to stations: fewer take less time than spreading them does."""

Answer = dict[str, Any]
_Found = TypeVar("_Found")


class Watched:
    """Spreads tasks over threads where that is worth it, and looks after each whether to go on.

    Args:
        spread: how to run them.
        look: raises what stops them.
    """

    def __init__(self, spread: Spread, look: Callable[[], object]) -> None:
        self.spread, self.look = spread, look

    def __call__(self, function: Callable[..., _Found], tasks: Sequence[tuple[Any, ...]]) -> Iterator[_Found]:
        self.look()
        results = self.spread(function, tasks)
        try:
            for found in results:
                yield found
                self.look()
        finally:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", UserWarning)  # joblib's, that tasks were cancelled: they were to be
                _close(results)


def _close(results: Iterator[Any]) -> None:
    """Let what gives results end at once, where it can."""
    if isinstance(results, Generator):
        results.close()


def answer(experiment: Experiment, progress: Progress) -> Answer:
    """Work out what was asked.

    Raises:
        InputError: the scenario cannot be simulated, or nothing there keeps the pledge.
    """
    file = opening.opened(experiment.text)
    scenario = opening.scenario_of(experiment.text, experiment.design, experiment.case)
    return _KINDS[experiment.kind](experiment, file, scenario, progress) | {
        "about": about(file, scenario, experiment.design, experiment.case)
    }


def spread_for(scenario: Scenario, progress: Progress) -> Watched:
    """Return how to run a scenario's tasks here: threads, since kernels hold no lock and threads end with it."""
    spread: Spread = in_turn if work_of(scenario) < _WORTH_SPREADING else Workers("threads")
    return Watched(spread, lambda: progress.step(0))


def part_of(progress: Progress, place: int = 0, parts: int = 1) -> Callable[[int, int], None]:
    """Return what a part of the work tells how far it is."""

    def tell(done: int, total: int) -> None:
        if progress.run.total != parts * total:
            progress.total(parts * total)
        progress.step(max(place * total + min(done, total) - progress.done, 0))

    return tell


# Kinds -----------------------------------------------------------------------------------------------------------


def _simulate(experiment: Experiment, file: ScenarioFile, scenario: Scenario, progress: Progress) -> Answer:
    parts = 2 if scenario.outages else 1
    answered = run_json(scenario, progress, 0, parts)
    if parts > 1:
        answered["without_outages"] = run_json(without_outages(scenario), progress, 1, parts)
    return answered


def run_json(scenario: Scenario, progress: Progress, place: int = 0, parts: int = 1) -> Answer:
    """Simulate, and return the result with what is needed to compare it pair by pair."""
    found = run(scenario, spread=spread_for(scenario, progress), progress=part_of(progress, place, parts))
    return {"result": titled(found.as_json(), scenario), "replications": replications_json(found)}


def titled(result: Answer, scenario: Scenario) -> Answer:
    """Return a result whose stations and classes say what people call them."""
    for key, named in (("stations", scenario.stations), ("classes", scenario.classes)):
        for one in named:
            if one.name in result.get(key, {}):
                result[key][one.name].setdefault("title", dict(one.title))
    return result


def replications_json(found: Result) -> list[dict[str, float | None]]:
    """Return each replication by itself: its measures, by name; none of a day on which nobody came."""
    return [
        {name: value if math.isfinite(value := float(measure(one))) else None for name, measure in MEASURES.items()}
        for one in found.replications
    ]


def _least_channels(experiment: Experiment, file: ScenarioFile, scenario: Scenario, progress: Progress) -> Answer:
    asked = experiment.asked
    found = least_channels(
        scenario,
        tuple(asked["stations"]),
        target=_target(asked),
        spread=spread_for(scenario, progress),
        progress=part_of(progress),
    )
    return {"least_channels": found.as_json() | {"tried": found.tried}}


def _least_roster(experiment: Experiment, file: ScenarioFile, scenario: Scenario, progress: Progress) -> Answer:
    asked = experiment.asked
    found = least_roster(
        scenario,
        asked["station"],
        shift_hours=tuple(asked["shift_hours"]),
        target=_target(asked),
        spread=spread_for(scenario, progress),
        progress=part_of(progress),
    )
    return {"least_roster": found.as_json() | {"tried": found.tried}}


def _target(asked: Mapping[str, Any]) -> Target:
    return Target(float(asked["confidence"]), bool(asked["every_hour"]))


def _tornado(experiment: Experiment, file: ScenarioFile, scenario: Scenario, progress: Progress) -> Answer:
    swings = file.swings(experiment.design, experiment.case, values={}, traffic=opening.daily_traffic())
    bars = tornado(
        scenario,
        swings,
        MEASURES[experiment.asked["measure"]],
        spread=spread_for(scenario, progress),
        progress=part_of(progress),
    )
    named = {one.name: one for one in file.parameters_of(experiment.case)}
    return {
        "tornado": {
            "measure": experiment.asked["measure"],
            "bars": [
                {
                    "name": bar.name,
                    "label": dict(named[bar.name].label),
                    "low_value": named[bar.name].low,
                    "high_value": named[bar.name].high,
                    "low": bar.low and bar.low.as_json(),
                    "high": bar.high and bar.high.as_json(),
                }
                for bar in bars
            ],
        }
    }


def _break_even(experiment: Experiment, file: ScenarioFile, scenario: Scenario, progress: Progress) -> Answer:
    asked = experiment.asked
    other = opening.scenario_of(experiment.text, asked["against"], experiment.case)
    found = break_even(
        scenario,
        other,
        MEASURES[asked["measure"]],
        between=(float(asked["from"]), float(asked["to"])),
        spread=spread_for(scenario, progress),
        progress=part_of(progress),
    )
    return {
        "break_even": found.as_json()
        | {
            "measure": asked["measure"],
            "against": asked["against"],
            "against_title": dict(file.design(asked["against"]).title),
            "between": [asked["from"], asked["to"]],
            "passengers_a_day": passengers_a_day(scenario),
        }
    }


_KINDS: dict[str, Callable[[Experiment, ScenarioFile, Scenario, Progress], Answer]] = {
    "simulate": _simulate,
    "least_channels": _least_channels,
    "least_roster": _least_roster,
    "tornado": _tornado,
    "break_even": _break_even,
}


# What an answer is about -----------------------------------------------------------------------------------------


def about(file: ScenarioFile, scenario: Scenario, design: str, case: str) -> Answer:
    """Return what a page says of a scenario beside its result, so that it need not be opened again."""
    chosen, of_case = file.design(design), file.case(case)
    used = file.used(design)
    return {
        "title": dict(file.title),
        "note": dict(file.note),
        "design": {"key": chosen.key, "title": dict(chosen.title), "note": dict(chosen.note)},
        "case": {"key": of_case.key, "title": dict(of_case.title), "note": dict(of_case.note)},
        "needs": [
            {"kind": one.kind, "text": dict(one.text), "as_of": one.as_of, "source": one.source} for one in chosen.needs
        ],
        "claims": [
            {
                "text": dict(one.text),
                "value": one.value,
                "unit": one.unit,
                "measure": one.measure,
                "against": one.against,
                "against_title": dict(file.design(one.against).title) if one.against else {},
                "as_of": one.as_of,
                "source": one.source,
            }
            for one in file.claims_of(design, case)
        ],
        "parameters": [
            {
                "name": one.name,
                "label": dict(one.label),
                "value": one.value,
                "low": one.low,
                "high": one.high,
                "outside": list(one.outside) if one.outside else None,
                "unit": one.unit,
                "as_of": one.as_of,
                "source": one.source,
                "group": one.group,
            }
            for one in file.parameters_of(case)
            if one.name in used
        ],
        "stations": {
            one.name: {"title": dict(one.title), "sides": list(one.sides), "kind": one.kind}
            for one in scenario.stations
        },
        "classes": {one.name: {"title": dict(one.title)} for one in scenario.classes},
        "outages": [
            {
                "station": station.name,
                "from": one.from_seconds,
                "until": one.until_seconds,
                "channels": one.channels,
            }
            for station in scenario.stations
            for one in station.outages
        ],
        "passengers_a_day": passengers_a_day(scenario),
        "arrivals": passengers_mark(scenario),
    }


def passengers_a_day(scenario: Scenario) -> float:
    """Return how many are expected on a day; of one long run, in 24 hours of it."""
    expected = sum(scenario.expected(day) for day in range(scenario.days)) / scenario.days
    return expected * min(24 / scenario.hours, 1) if scenario.steady else expected
