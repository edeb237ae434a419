"""How much work an experiment is, before it is taken."""

from __future__ import annotations

from riverloop.apps.lab.words import N_
from riverloop.core.kernel.errors import InputError
from riverloop.core.kernel.sources import in_short
from riverloop.core.queueing.network import Scenario
from riverloop.core.queueing.running import work_of

MOST_PASSENGERS = 5_000_000
"""Of one day or one long run: all of them are kept at once, about 200 bytes each."""

_SIZING_SHARE = 1 / 30
"""Of the work of a simulation that a sizing may be: every day is kept, and tried some dozen times."""

_TURNS = 20
"""Simulations until the demand is found at which two designs change places."""


def check(scenario: Scenario, kind: str, *, swings: int, most: int) -> None:
    """Refuse an experiment that is too much for here.

    Args:
        scenario: what is to be simulated.
        kind: of the experiment.
        swings: how many parameters a tornado would swing.
        most: visits to stations that one experiment may come to.

    Raises:
        InputError: it is, with how to make it less.
    """
    passengers = max(scenario.expected(day) for day in range(scenario.days))
    if passengers > MOST_PASSENGERS:
        raise InputError(
            "lab.size",
            N_("{passengers} passengers come in one go, and {most:,} may. Shorten `hours`, or lower the demand."),
            passengers=_told(passengers),
            most=MOST_PASSENGERS,
        )
    visits = work_of(scenario) * _times(scenario, kind, swings)
    if visits > most:
        raise InputError(
            "lab.work",
            N_(
                "This comes to about {visits} visits to stations, and {most:,} may be asked for here. Take fewer "
                "days or replications, or use the command `riverloop simulate`."
            ),
            visits=_told(visits),
            most=most,
        )


def _told(count: float) -> str:
    return f"{count:,.0f}" if count < _LEGIBLE else in_short(float(f"{count:.3g}"))


_LEGIBLE = 1e15


def _times(scenario: Scenario, kind: str, swings: int) -> float:
    """Return how many simulations a kind comes to."""
    if kind == "simulate":
        return 2 if scenario.outages else 1
    if kind == "tornado":
        return 2 * swings + 1
    return 2 * _TURNS if kind == "break_even" else 1 / _SIZING_SHARE
