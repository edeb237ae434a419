"""Shifts of given lengths that cover the channels needed hour by hour, with the fewest paid hours."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from riverloop.core.kernel.words import N_
from riverloop.core.queueing.refusals import ScenarioError
from riverloop.core.queueing.rosters import HOURS


@dataclass(frozen=True, slots=True)
class Duty:
    """A number of channels manned for one stretch of the day.

    Args:
        begins: hour of the day.
        hours: how long.
        channels: how many.
    """

    begins: int
    hours: int
    channels: int


def cover(needed: tuple[int, ...], lengths: tuple[int, ...]) -> tuple[Duty, ...]:
    """Return shifts that cover the channels needed, with the fewest paid hours.

    Each shift is a run of hours, so that the matrix of the programme has consecutive ones: its linear solution is
    whole. Among equally good rosters the solver's own order decides, which is the same every time.

    Args:
        needed: channels by hour of the day.
        lengths: hours that a shift may have.

    Raises:
        ScenarioError: no shift of these lengths fits in a day.
    """
    from scipy.optimize import LinearConstraint, milp  # noqa: PLC0415 - slow to import, and only this needs it

    kinds = [(begins, hours) for hours in sorted(set(lengths)) for begins in range(HOURS - hours + 1) if hours > 0]
    if not kinds:
        raise ScenarioError("scenario.shifts", N_("No shift fits: give lengths from 1 to 24 hours."))
    rows = [[begins <= hour < begins + hours for begins, hours in kinds] for hour in range(HOURS)]
    paid = np.array([float(hours) for _, hours in kinds])
    enough = LinearConstraint(np.array(rows, dtype=float), lb=np.array(needed, dtype=float))
    solved = milp(paid, constraints=enough, integrality=np.ones(len(kinds)))
    counts = [round(float(one)) for one in solved.x]
    duties = [Duty(begins, hours, count) for (begins, hours), count in zip(kinds, counts, strict=True) if count]
    return tuple(sorted(duties, key=lambda duty: (duty.begins, duty.hours)))


def manned(duties: tuple[Duty, ...]) -> tuple[int, ...]:
    """Return the channels that shifts man, by hour of the day."""
    return tuple(
        sum(duty.channels for duty in duties if duty.begins <= hour < duty.begins + duty.hours) for hour in range(HOURS)
    )
