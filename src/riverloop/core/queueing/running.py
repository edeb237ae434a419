"""Runs a scenario: all replications, spread over whatever there is, with progress that can stop it."""

from __future__ import annotations

from collections.abc import Callable

from riverloop.core.kernel.sources import in_short
from riverloop.core.kernel.words import N_
from riverloop.core.queueing.measuring import Part, Tallies, simulate_parts
from riverloop.core.queueing.network import Scenario
from riverloop.core.queueing.plan import Plan, make_plan
from riverloop.core.queueing.refusals import ScenarioError
from riverloop.core.queueing.results import Replication, Result
from riverloop.core.queueing.spreading import Spread, in_turn

MOST_AT_ONCE = 20_000_000
"""Passengers of a day, or of one long run: each takes about 200 bytes."""

_MOST_VISITS_AT_ONCE = 80_000_000
_TASK_PASSENGERS = 400_000
_TASK_TABLES = 600
"""Tables of waits that a worker holds: one for each station and class of each replication, 0.3 MB each."""

Task = tuple[Plan, tuple[Part, ...]]
"""What one worker does in one go."""

Progress = Callable[[int, int], None]
"""Told how many of how many passengers are through; whatever it raises stops the run."""


def run(scenario: Scenario, *, spread: Spread = in_turn, progress: Progress | None = None) -> Result:
    """Simulate a scenario.

    The same scenario gives the same result, bit for bit, however it is spread.

    Args:
        scenario: what to simulate.
        spread: how to run tasks.
        progress: told after each of them.

    Raises:
        ScenarioError: passengers would come back, or a day has too many of them.
    """
    plan = make_plan(scenario)
    tasks = tasks_of(plan)
    total, through = round(sum(map(_expected, tasks))), 0.0
    pooled = Tallies.empty(plan)
    done: list[Replication] = []
    whole = Tallies.empty(plan)
    for task, found in zip(tasks, spread(simulate_parts, tasks), strict=True):
        for (replication, days), tallies in zip(task[1], found, strict=True):
            whole = _together(plan, whole, days, tallies)
            if days.stop == scenario.days:
                done.append(Replication.of(replication, whole))
                pooled.add(whole)
        through += _expected(task)
        if progress is not None:
            progress(round(through), total)
    return Result(scenario, pooled, tuple(done))


def _together(plan: Plan, whole: Tallies, days: range, part: Tallies) -> Tallies:
    """Return what there is of a replication after a part of it, added up at once so that no part is kept.

    A single part stays as it is, since tables take longer than small days do.
    """
    if len(days) == plan.scenario.days:
        return part
    if days.start == 0:
        whole = Tallies.empty(plan)
    whole.add(part)
    return whole


def tasks_of(plan: Plan) -> list[Task]:
    """Cut a run into tasks of some hundred thousand passengers: whole days, in order.

    Raises:
        ScenarioError: a day has too many passengers.
    """
    scenario = plan.scenario
    tasks: list[Task] = []
    parts: list[Part] = []
    gathered = 0.0
    steps = max(len(one.route) for one in scenario.classes)
    tables = len(scenario.classes) * (len(scenario.stations) + 1)
    for replication in range(scenario.replications):
        first = 0
        for day in range(scenario.days):
            expected = scenario.expected(day)
            _refuse_too_many(expected, steps)
            gathered += expected
            last = day + 1 == scenario.days
            if gathered >= _TASK_PASSENGERS or last:
                parts.append((replication, range(first, day + 1)))
                first = day + 1
            full = gathered >= _TASK_PASSENGERS or (last and len(parts) * tables >= _TASK_TABLES)
            if full or (last and replication + 1 == scenario.replications):
                tasks.append((plan, tuple(parts)))
                parts, gathered = [], 0.0
    return tasks


def _expected(task: Task) -> float:
    plan, parts = task
    return sum(plan.scenario.expected(day) for _, days in parts for day in days)


def _refuse_too_many(expected: float, steps: int) -> None:
    most = min(MOST_AT_ONCE, _MOST_VISITS_AT_ONCE // steps)
    if expected > most:
        raise ScenarioError(
            "scenario.size",
            N_("{expected} passengers in one go are more than {most}. Shorten `hours` and raise `replications`."),
            expected=f"{expected:,.0f}" if expected < _LEGIBLE else in_short(float(f"{expected:.3g}")),
            most=f"{most:,}",
        )


_LEGIBLE = 1e15


def work_of(scenario: Scenario) -> float:
    """Return how many visits to stations a run comes to, roughly: what decides whether to spread it."""
    steps = max(len(one.route) for one in scenario.classes)
    return scenario.replications * steps * sum(scenario.expected(day) for day in range(scenario.days))
