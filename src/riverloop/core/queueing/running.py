"""Runs a scenario: all replications, spread over whatever there is, with progress that can stop it."""

from __future__ import annotations

from collections.abc import Callable

from riverloop.core.queueing.measuring import Tallies, simulate_days
from riverloop.core.queueing.network import Scenario
from riverloop.core.queueing.plan import Plan, make_plan
from riverloop.core.queueing.refusals import ScenarioError
from riverloop.core.queueing.results import Replication, Result
from riverloop.core.queueing.spreading import Spread, in_turn

MOST_AT_ONCE = 20_000_000
"""Passengers of a day, or of one long run: each takes about 200 bytes."""

_TASK_PASSENGERS = 1_000_000

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
    expected = [sum(scenario.expected(day) for day in days) for _, _, days in tasks]
    total, through = round(sum(expected)), 0.0
    pooled = Tallies.empty(plan)
    done: list[Replication] = []
    current = Tallies.empty(plan)
    for (_, replication, days), size, tallies in zip(tasks, expected, spread(simulate_days, tasks), strict=True):
        current.add(tallies)
        if days.stop == scenario.days:
            done.append(Replication.of(replication, current))
            pooled.add(current)
            current = Tallies.empty(plan)
        through += size
        if progress is not None:
            progress(round(through), total)
    return Result(scenario, pooled, tuple(done))


def tasks_of(plan: Plan) -> list[tuple[Plan, int, range]]:
    """Cut a run into tasks of about a million passengers: whole days of one replication, in order.

    Raises:
        ScenarioError: a day has too many passengers.
    """
    scenario = plan.scenario
    tasks = []
    for replication in range(scenario.replications):
        first, gathered = 0, 0.0
        for day in range(scenario.days):
            expected = scenario.expected(day)
            _refuse_too_many(expected)
            gathered += expected
            if gathered >= _TASK_PASSENGERS or day + 1 == scenario.days:
                tasks.append((plan, replication, range(first, day + 1)))
                first, gathered = day + 1, 0.0
    return tasks


def _refuse_too_many(expected: float) -> None:
    if expected > MOST_AT_ONCE:
        raise ScenarioError(
            "scenario.size",
            "{expected:,.0f} passengers in one go are more than {most:,}. Shorten `hours` and raise `replications`.",
            expected=expected,
            most=MOST_AT_ONCE,
        )


def work_of(scenario: Scenario) -> float:
    """Return how many visits to stations a run comes to, roughly: what decides whether to spread it."""
    steps = max(len(one.route) for one in scenario.classes)
    return scenario.replications * steps * sum(scenario.expected(day) for day in range(scenario.days))
