"""What is kept of millions of waits: counts in narrow bins, which can be added up.

A bin is a 64th of a doubling wide (1.6 % at most), from 1/64 s to twelve days, and quantiles are read off between its
edges, so that they are exact to well below one per cent; means, greatest values, shares within a limit and counts are
exact.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from riverloop.core.queueing.compiled import Floats, Integers, compiled
from riverloop.core.queueing.rosters import HOURS

_PARTS = 64
_LOWEST, _HIGHEST = -6, 20
BINS = (_HIGHEST - _LOWEST) * _PARTS + 2
BATCHES = 32
_LAST_HOUR = HOURS - 1
_SHIFT = 46
_OFFSET = (1023 + _LOWEST) * _PARTS - 2


def bin_edges() -> Floats:
    """Return the lower edge of each bin in seconds, and the upper one of the last; bin 0 holds what is zero."""
    octaves = np.ldexp(1.0, np.arange(_LOWEST, _HIGHEST))
    inner = (octaves[:, None] * (1 + np.arange(_PARTS) / _PARTS)).ravel()
    return np.concatenate([[0.0, 0.0], inner, [np.ldexp(1.0, _HIGHEST)]])


@compiled
def first_from(instants: Floats, place: int, instant: float) -> int:
    """Return the first place, at or after ``place``, of sorted instants at which ``instant`` is reached."""
    after = instants.size
    while place < after:
        middle = (place + after) >> 1
        if instants[middle] < instant:
            place = middle + 1
        else:
            after = middle
    return place


@compiled
def _alike(kinds: Integers) -> bool:
    """Say whether all are of one class."""
    others = 0
    for place in range(kinds.size):  # to the end: without a way out, several are looked at in one step
        others += kinds[place] != kinds[0]
    return others == 0


@compiled
def _count_class(  # noqa: PLR0917 - kernels take everything by place
    since: Floats,
    until: Floats,
    kind: int,
    hour: int,
    limit: float,
    counts: Integers,
    sums: Floats,
    greatest: Floats,
    within: Integers,
    never: Integers,
    total: float,
) -> tuple[float, int]:
    """Count times of one class that began within one hour and one batch.

    What is added to stays out of memory meanwhile. Arguments are those of ``observe``, and the sum of the batch.

    Returns:
        The new sum of the batch, and how many of these were served.
    """
    line, last = counts[kind, hour], counts.shape[2] - 1
    seconds, most, short, lost, at_once = sums[kind, hour], greatest[kind, hour], 0, 0, 0
    scratch = np.empty(1)
    bits = scratch.view(np.int64)  # the upper bits of a number tell its bin
    for place in range(since.size):
        value = until[place] - since[place]
        if value == np.inf:
            lost += 1
            continue
        if value > 0.0:
            scratch[0] = value
            line[min(max((bits[0] >> _SHIFT) - _OFFSET, 1), last)] += 1
        else:
            at_once += 1
        seconds += value
        total += value
        most = max(most, value)
        short += value <= limit
    line[0] += at_once
    sums[kind, hour], greatest[kind, hour] = seconds, most
    within[kind, hour] += short
    never[kind, hour] += lost
    return total, since.size - lost


@compiled
def _count_classes(  # noqa: PLR0917 - kernels take everything by place
    since: Floats,
    until: Floats,
    kinds: Integers,
    hour: int,
    limit: float,
    counts: Integers,
    sums: Floats,
    greatest: Floats,
    within: Integers,
    never: Integers,
    total: float,
) -> tuple[float, int]:
    """Count times of several classes, otherwise as ``_count_class`` does."""
    last, lost = counts.shape[2] - 1, 0
    scratch = np.empty(1)
    bits = scratch.view(np.int64)
    for place in range(since.size):
        kind, value = kinds[place], until[place] - since[place]
        if value == np.inf:
            never[kind, hour] += 1
            lost += 1
            continue
        where = 0
        if value > 0.0:
            scratch[0] = value
            where = min(max((bits[0] >> _SHIFT) - _OFFSET, 1), last)
        counts[kind, hour, where] += 1
        sums[kind, hour] += value
        greatest[kind, hour] = max(greatest[kind, hour], value)
        within[kind, hour] += value <= limit
        total += value
    return total, since.size - lost


@compiled
def observe(  # noqa: PLR0917 - kernels take everything by place
    since: Floats,
    until: Floats,
    kinds: Integers,
    begins: float,
    ends: float,
    limit: float,
    counts: Integers,
    sums: Floats,
    greatest: Floats,
    within: Integers,
    never: Integers,
    batch_sums: Floats,
    batch_counts: Integers,
) -> None:
    """Count times by class, by the hour of the day since which they run, and by bin.

    Args:
        since: seconds at which each began to wait, sorted, >= 0.
        until: seconds at which each had waited; infinity is never.
        kinds: class of each, or a single one that is the class of all.
        begins: seconds before which nothing counts.
        ends: seconds at which the last batch ends.
        limit: seconds.
        counts: by class, hour and bin, added to; likewise the following.
        sums: by class and hour, seconds.
        greatest: by class and hour, seconds.
        within: by class and hour, how many took no longer than ``limit``.
        never: by class and hour.
        batch_sums: by part of the time between ``begins`` and ``ends``, seconds.
        batch_counts: likewise.
    """
    part = (ends - begins) / batch_counts.size
    hour, hour_ends, batch, batch_ends = -1, 0.0, 0, begins + part
    place = first_from(since, 0, begins)
    while place < since.size:
        while since[place] >= hour_ends:  # sorted, so that no division is needed
            hour = hour + 1 if hour < _LAST_HOUR else 0
            hour_ends += 3600.0
        while since[place] >= batch_ends and batch + 1 < batch_counts.size:
            batch += 1
            batch_ends += part
        stop = first_from(since, place, hour_ends if batch + 1 == batch_counts.size else min(hour_ends, batch_ends))
        some, waited, total = since[place:stop], until[place:stop], batch_sums[batch]
        of_these = kinds[place:stop] if kinds.size > 1 else kinds
        if _alike(of_these):
            total, served = _count_class(
                some, waited, of_these[0], hour, limit, counts, sums, greatest, within, never, total
            )
        else:
            total, served = _count_classes(
                some, waited, of_these, hour, limit, counts, sums, greatest, within, never, total
            )
        batch_sums[batch] = total
        batch_counts[batch] += served
        place = stop


@compiled
def work(  # noqa: PLR0917 - kernels take everything by place
    joined: Floats, starts: Floats, releases: Floats, begins: float, ends: float, closes: float, hours: Floats
) -> tuple[float, int, int, float]:
    """Add up what a station did.

    Args:
        joined: seconds, sorted.
        starts: seconds; infinity is never.
        releases: seconds at which the channels fell free.
        begins: seconds before which nothing counts.
        ends: seconds after which no passengers arrive.
        closes: seconds at which the last shift ends.
        hours: by hour of the day, seconds in which channels were busy; added to.

    Returns:
        Seconds of service for those who joined while it was open; how many of these were never served; how many were
        still waiting when it closed; seconds at which the last service ended.
    """
    asked, never, late, last = 0.0, 0, 0, 0.0
    hour, hour_begins, hour_ends, busy = 0, 0.0, 3600.0, hours[0]
    until_joined, until = min(ends, closes), max(ends, closes)
    for place in range(starts.size):
        first, release = starts[place], releases[place]
        if joined[place] <= closes and first > closes:
            late += 1
        counts = begins <= joined[place] < until_joined
        if first == np.inf:
            never += counts
            continue
        if counts:
            asked += release - first
        last = max(last, release)
        first, release = max(first, begins), min(release, until)
        while first < release:
            if not hour_begins <= first < hour_ends:  # mostly in the hour of the one before
                hours[hour % 24] = busy
                hour = int(first / 3600.0)
                hour_begins, hour_ends = hour * 3600.0, (hour + 1) * 3600.0
                busy = hours[hour % 24]
            edge = min(hour_ends, release)
            busy += edge - first
            first = edge
    hours[hour % 24] = busy
    return asked, never, late, last


@compiled
def longest_queue(arrivals: Floats, starts: Floats, begins: float, hours: Integers) -> None:
    """Raise the greatest number waiting in each hour of the day, as seen when somebody has joined.

    Args:
        arrivals: seconds, sorted.
        starts: seconds, sorted; who starts at once never waited.
        begins: seconds before which nothing counts.
        hours: by hour of the day.
    """
    hour, hour_ends, place = -1, 0.0, first_from(arrivals, 0, begins)
    while place < arrivals.size:
        while arrivals[place] >= hour_ends:
            hour = hour + 1 if hour < _LAST_HOUR else 0
            hour_ends += 3600.0
        stop, most = first_from(arrivals, place, hour_ends), hours[hour]
        while place < stop:
            while most <= place and starts[place - most] > arrivals[place]:  # more wait than ever before
                most += 1
            place += 1
        hours[hour] = most


@dataclass(slots=True)
class Tally:
    """The times of one station, or of whole journeys.

    Args:
        counts: by class, hour of the day and bin.
        sums: by class and hour, seconds.
        greatest: by class and hour, seconds.
        within: by class and hour, how many were within the limit.
        never: by class and hour, how many were never served.
        batch_sums: by part of the horizon, seconds.
        batch_counts: by part of the horizon.
        queue: greatest number waiting, by hour.
        busy: seconds in which channels were busy within the horizon, by hour.
        open: seconds of open channels within the horizon, by hour.
        offered: seconds of service that were asked for.
        late: passengers not yet served when the horizon ended; of a shuttle, who found no place though it still ran.
        overtime: seconds of the last service after the horizon.
    """

    counts: Integers
    sums: Floats
    greatest: Floats
    within: Integers
    never: Integers
    batch_sums: Floats
    batch_counts: Integers
    queue: Integers
    busy: Floats
    open: Floats
    offered: float = 0.0
    late: int = 0
    overtime: float = 0.0

    @classmethod
    def empty(cls, classes: int) -> Tally:
        """Return a tally of nothing."""
        table = (classes, HOURS)
        return cls(
            counts=np.zeros((*table, BINS), dtype=np.int64),
            sums=np.zeros(table),
            greatest=np.zeros(table),
            within=np.zeros(table, dtype=np.int64),
            never=np.zeros(table, dtype=np.int64),
            batch_sums=np.zeros(BATCHES),
            batch_counts=np.zeros(BATCHES, dtype=np.int64),
            queue=np.zeros(HOURS, dtype=np.int64),
            busy=np.zeros(HOURS),
            open=np.zeros(HOURS),
        )

    def take(self, since: Floats, until: Floats, kinds: Integers, window: tuple[float, float], limit: float) -> None:
        """Count the time of each from ``since`` to ``until``."""
        observe(
            since,
            until,
            kinds,
            window[0],
            window[1],
            limit,
            self.counts,
            self.sums,
            self.greatest,
            self.within,
            self.never,
            self.batch_sums,
            self.batch_counts,
        )

    def add(self, other: Tally) -> None:
        """Add another tally to this one."""
        for one in fields(self):
            if one.name in _GREATEST:
                setattr(self, one.name, np.maximum(getattr(self, one.name), getattr(other, one.name)))
            elif one.name == "overtime":
                self.overtime = max(self.overtime, other.overtime)
            else:
                total = getattr(self, one.name)
                total += getattr(other, one.name)  # tables in place
                setattr(self, one.name, total)

    @property
    def passengers(self) -> int:
        """How many were counted, those never served included."""
        return int(self.counts.sum() + self.never.sum())

    @property
    def served(self) -> int:
        """How many were counted, without those never served."""
        return int(self.counts.sum())

    @property
    def mean(self) -> float:
        """Seconds on average of those served; nan if there are none."""
        count = self.served
        return float(self.sums.sum()) / count if count else float("nan")

    @property
    def share_within(self) -> float:
        """Share of all passengers within the limit; who is never served is not."""
        return int(self.within.sum()) / self.passengers if self.passengers else 1.0

    def part(self, *, kind: int | None = None, hour: int | None = None) -> Tally:
        """Return the tally of one class, or of one hour of the day, or of both; queue and work stay whole."""
        chosen_kinds = slice(None) if kind is None else slice(kind, kind + 1)
        chosen_hours = slice(None) if hour is None else slice(hour, hour + 1)
        cut = {name: getattr(self, name)[chosen_kinds, chosen_hours] for name in _TABLES}
        return Tally(**{one.name: cut.get(one.name, getattr(self, one.name)) for one in fields(self)})

    def quantile(self, *shares: float) -> list[float]:
        """Return the seconds below which each share of those served lies; nan if there are none."""
        counts = self.counts.sum(axis=(0, 1))
        total = int(counts.sum())
        if total == 0:
            return [float("nan")] * len(shares)
        reached = np.cumsum(counts)
        edges = bin_edges()
        found = []
        for share in shares:
            rank = share * total
            where = int(np.searchsorted(reached, rank, "left"))
            before = int(reached[where - 1]) if where else 0
            width = edges[where + 1] - edges[where]
            value = float(edges[where] + width * (rank - before) / counts[where])
            found.append(min(value, float(self.greatest.max())))
        return found


_TABLES = ("counts", "sums", "greatest", "within", "never")
_GREATEST = ("greatest", "queue")
