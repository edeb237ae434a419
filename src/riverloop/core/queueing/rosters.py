"""Which channels are open when: rosters, outages, and both as what the kernels read."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from riverloop.core.queueing.compiled import Floats, Integers

DAY_SECONDS = 86_400.0
HOURS = 24
_HOUR = 3600.0


@dataclass(frozen=True, slots=True)
class Shift:
    """A number of channels, open for a part of the day.

    Args:
        from_seconds: seconds of the day.
        until_seconds: seconds of the day.
        channels: how many, >= 0.
    """

    from_seconds: float
    until_seconds: float
    channels: int


@dataclass(frozen=True, slots=True)
class Outage:
    """A part of the day in which channels are out of order.

    Args:
        from_seconds: seconds from the start of the run.
        until_seconds: likewise.
        channels: how many are lost; None for all of them, and then services under way stand still as well.
    """

    from_seconds: float
    until_seconds: float
    channels: int | None = None

    @property
    def lasts(self) -> bool:
        """Whether it takes any time."""
        return self.until_seconds > self.from_seconds


@dataclass(frozen=True, slots=True)
class Opening:
    """The channels of a station over a run.

    Args:
        changes: seconds at which the number changes; the first is minus infinity.
        channels: how many are open from each change on.
        pauses: seconds; rows of from and until in which all is out of order.
    """

    changes: Floats
    channels: Integers
    pauses: Floats

    @property
    def constant(self) -> bool:
        """Whether the number never changes."""
        return self.changes.size == 1

    def open_seconds(self, start: float, end: float) -> Floats:
        """Return the seconds of open channels between two instants, by hour of the day."""
        edges = np.concatenate([self.changes, [np.inf]])
        hours = np.zeros(HOURS)
        for row, channels in enumerate(self.channels):
            first, last = max(float(edges[row]), start), min(float(edges[row + 1]), end)
            if channels == 0 or first >= last:
                continue
            _spread(hours, first, last, int(channels))
        return hours


def _spread(hours: Floats, first: float, last: float, channels: int) -> None:
    """Add the seconds between two instants to the hours of the day in which they lie."""
    whole = int((last - first) // DAY_SECONDS)
    hours += whole * _HOUR * channels
    first += whole * DAY_SECONDS
    while first < last:
        until = min((first // _HOUR + 1) * _HOUR, last)
        hours[int(first // _HOUR) % HOURS] += (until - first) * channels
        first = until


def opening(
    shifts: tuple[Shift, ...], outages: tuple[Outage, ...], horizon_seconds: float, *, stays_open: bool
) -> Opening:
    """Return what a roster and its outages come to.

    A roster is of a day and repeats for each day of the horizon. Before its first shift and after its last the station
    is closed, but for the end of the run: if ``stays_open``, the last shift serves whoever is still there.

    Args:
        shifts: of a day, sorted, without gaps.
        outages: of the run; they may overlap.
        horizon_seconds: seconds in which passengers arrive.
        stays_open: see above.
    """
    days = max(int(np.ceil(horizon_seconds / DAY_SECONDS)), 1)
    steps: list[tuple[float, int]] = [(-np.inf, 0)]
    for day in range(days):
        steps += [(day * DAY_SECONDS + shift.from_seconds, shift.channels) for shift in shifts]
        if day + 1 < days or not stays_open:
            steps.append((day * DAY_SECONDS + shifts[-1].until_seconds, 0))
    if all(shift.channels == shifts[0].channels for shift in shifts) and stays_open and _whole_day(shifts):
        steps = [(-np.inf, shifts[0].channels)]
    return _with_outages(steps, outages)


def _whole_day(shifts: tuple[Shift, ...]) -> bool:
    return shifts[0].from_seconds == 0 and shifts[-1].until_seconds == DAY_SECONDS


def always(channels: int, outages: tuple[Outage, ...] = ()) -> Opening:
    """Return the opening of a number of channels that never changes but for outages."""
    return _with_outages([(-np.inf, channels)], outages)


def _with_outages(steps: list[tuple[float, int]], outages: tuple[Outage, ...]) -> Opening:
    at = np.array([instant for instant, _ in steps])
    instants = sorted({*at.tolist(), *(edge for one in outages for edge in (one.from_seconds, one.until_seconds))})
    changes: list[float] = []
    channels: list[int] = []
    for instant in instants:
        count = steps[int(np.searchsorted(at, instant, "right")) - 1][1]
        for outage in outages:
            if outage.from_seconds <= instant < outage.until_seconds:
                count = 0 if outage.channels is None else count - outage.channels
        count = max(count, 0)
        if not channels or channels[-1] != count:
            changes.append(instant)
            channels.append(count)
    return Opening(np.array(changes), np.array(channels, dtype=np.int64), _pauses(outages))


def _pauses(outages: tuple[Outage, ...]) -> Floats:
    """Join the outages of everything into rows apart from each other."""
    rows: list[list[float]] = []
    for outage in sorted((one for one in outages if one.channels is None), key=lambda one: one.from_seconds):
        if rows and outage.from_seconds <= rows[-1][1]:
            rows[-1][1] = max(rows[-1][1], outage.until_seconds)
        else:
            rows.append([outage.from_seconds, outage.until_seconds])
    return np.array(rows, dtype=np.float64).reshape(-1, 2)
