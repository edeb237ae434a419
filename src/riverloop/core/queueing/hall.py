"""A hall: stations that share passengers, from event to event.

Where lanes are chosen on arrival, where a gate sends whom it fails to a counter of the same hall, where classes pass
each other or where a lane has several doors, one station cannot be worked out before the next. This kernel goes through
the events of a whole hall in order of time. For plain stations it gives the same bits as ``kernels``.

At one instant: lanes that fall free, then channels that open or close, then passengers who were diverted, then those
who arrive (in the order of the array), then service starts, station by station.
"""

from __future__ import annotations

import numpy as np

from riverloop.core.queueing.compiled import Floats, Integers, Truths, compiled
from riverloop.core.queueing.heaps import pop, push
from riverloop.core.queueing.kernels import finish

NOWHERE = -1
OUTSIDE = -2


@compiled
def expected_wait(  # noqa: PLR0917 - kernels take everything by place
    now: float, ahead: int, present: int, row: int, last: int, changes: Floats, channels: Integers, mean: float
) -> float:
    """Return the seconds that somebody who looks at a queue expects to wait in it.

    Nothing if a channel is idle; otherwise those ahead, each as long as the mean service, over the channels open. Where
    none is open, the time until some open comes before that.

    Args:
        now: seconds.
        ahead: passengers who would be served earlier.
        present: passengers waiting or in service.
        row: which row of ``changes`` is in force; ``last`` ends those of this station.
        last: see ``row``.
        changes: seconds at which channels open and close.
        channels: how many are open from each change on.
        mean: seconds a service takes on average.
    """
    if present < channels[row]:
        return 0.0
    opens = row
    while opens < last and channels[opens] == 0:
        opens += 1
    if opens == last:
        return np.inf
    until = 0.0 if opens == row else changes[opens] - now
    return until + (ahead + 1) * mean / float(channels[opens])


@compiled
def hall(  # noqa: C901, PLR0912, PLR0915, PLR0917 - one loop over events; cut up, it would pass thirty arrays around
    arrivals: Floats,
    wanted: Integers,
    levels: Integers,
    services: Floats,
    fails: Integers,
    roster_rows: Integers,
    changes: Floats,
    channels: Integers,
    pauses: Floats,
    pause_rows: Integers,
    stages: Integers,
    means: Floats,
    blocks: Floats,
    diverts: Integers,
    by_level: Truths,
    visits: Integers,
    times: Floats,
    leaves: Floats,
    left_by: Integers,
) -> int:
    """Go through the events of a hall.

    Args:
        arrivals: seconds, sorted, by passenger.
        wanted: bits of the stations that each may choose from (bit 0 is station 0).
        levels: rank by passenger; 0 is served first.
        services: seconds, by station, stage and passenger.
        fails: stage at which a passenger fails, by station and passenger; -1 for none.
        roster_rows: where the rows of each station begin in ``changes``, and where the last ends.
        changes: seconds at which channels open or close; each station's first row is minus infinity.
        channels: how many are open from each change on.
        pauses: seconds; rows of from and until, in which services stand still.
        pause_rows: where the rows of each station begin in ``pauses``, and where the last ends.
        stages: segments between the doors of a lane, by station; 1 is a plain channel.
        means: seconds of a mean service, by station.
        blocks: seconds for which a failure keeps the lane blocked, by station.
        diverts: where those who failed go: a station, or -2 for outside the hall.
        by_level: whether a station serves by level; if not, first come, first served.
        visits: filled with rows of passenger and station, in the order of joining.
        times: filled with rows of joined, started, fell free and left, in seconds.
        leaves: filled with the seconds at which each passenger leaves the hall; infinity is never.
        left_by: filled with the station at which each left by failing; -1 for whoever was served.

    Returns:
        The number of visits.
    """
    count, stations = arrivals.size, stages.size
    ranks = 1
    for level in levels:
        ranks = max(ranks, level + 1)
    most = np.zeros(stations, dtype=np.int64)
    for station in range(stations):
        for row in range(roster_rows[station], roster_rows[station + 1]):
            most[station] = max(most[station], channels[row])
    lanes = most.max()
    # Queues are linked lists over visits, one for each station and level.
    heads = np.full((stations, ranks), NOWHERE)
    tails = np.full((stations, ranks), NOWHERE)
    following = np.full(visits.shape[0], NOWHERE)
    waiting = np.zeros((stations, ranks), dtype=np.int64)
    queued = np.zeros(stations, dtype=np.int64)
    busy = np.zeros(stations, dtype=np.int64)
    rows = roster_rows[:-1].copy()
    # A lane keeps when each of its segments falls free; free lanes stand in a ring, the one longest free in front.
    occupied = np.full((stations, lanes, stages.max()), -np.inf)
    ring = np.zeros((stations, lanes + 1), dtype=np.int64)
    for station in range(stations):
        for lane in range(lanes):
            ring[station, lane] = lane
    first_free = np.zeros(stations, dtype=np.int64)
    free_end = most.copy()
    releases = np.empty(most.sum() + 1)
    released = np.empty(most.sum() + 1, dtype=np.int64)
    releasing = 0
    diverted_at = np.empty(visits.shape[0] + 1)
    diverted = np.empty(visits.shape[0] + 1, dtype=np.int64)
    diverting = 0
    bound = np.full(count, NOWHERE)
    leaves[:] = np.inf
    left_by[:] = NOWHERE
    visit, arriving = 0, 0
    while True:
        now = arrivals[arriving] if arriving < count else np.inf
        if diverting > 0:
            now = min(now, diverted_at[0])
        if releasing > 0:
            now = min(now, releases[0])
        for station in range(stations):
            if queued[station] > 0 and rows[station] + 1 < roster_rows[station + 1]:
                now = min(now, changes[rows[station] + 1])
        if now == np.inf:
            break
        while releasing > 0 and releases[0] <= now:
            station, lane = released[0] // lanes, released[0] % lanes
            releasing = pop(releases, released, releasing)
            busy[station] -= 1
            ring[station, free_end[station]] = lane
            free_end[station] = (free_end[station] + 1) % (lanes + 1)
        for station in range(stations):
            while rows[station] + 1 < roster_rows[station + 1] and changes[rows[station] + 1] <= now:
                rows[station] += 1
        while True:
            if diverting > 0 and diverted_at[0] <= now:
                passenger = diverted[0]
                diverting = pop(diverted_at, diverted, diverting)
                chosen = bound[passenger]
            elif arriving < count and arrivals[arriving] <= now:
                passenger = arriving
                arriving += 1
                chosen = NOWHERE
                shortest = np.inf
                for station in range(stations):
                    if not wanted[passenger] >> station & 1:
                        continue
                    ahead = queued[station]
                    if by_level[station]:
                        ahead = waiting[station, : levels[passenger] + 1].sum()
                    row, last = rows[station], roster_rows[station + 1]
                    present = queued[station] + busy[station]
                    wait = expected_wait(now, ahead, present, row, last, changes, channels, means[station])
                    if chosen == NOWHERE or wait < shortest:
                        chosen, shortest = station, wait
            else:
                break
            rank = levels[passenger] if by_level[chosen] else 0
            visits[visit, 0], visits[visit, 1] = passenger, chosen
            times[visit, 0] = now
            times[visit, 1:] = np.inf
            if heads[chosen, rank] == NOWHERE:
                heads[chosen, rank] = visit
            else:
                following[tails[chosen, rank]] = visit
            tails[chosen, rank] = visit
            waiting[chosen, rank] += 1
            queued[chosen] += 1
            visit += 1
        for station in range(stations):
            while queued[station] > 0 and busy[station] < channels[rows[station]]:
                rank = 0
                while heads[station, rank] == NOWHERE:
                    rank += 1
                one = heads[station, rank]
                heads[station, rank] = following[one]
                waiting[station, rank] -= 1
                queued[station] -= 1
                busy[station] += 1
                passenger = visits[one, 0]
                lane = ring[station, first_free[station]]
                first_free[station] = (first_free[station] + 1) % (lanes + 1)
                still = pauses[pause_rows[station] : pause_rows[station + 1]]
                failing = fails[station, passenger]
                instant = now
                for stage in range(stages[station]):
                    instant = finish(instant, services[station, stage, passenger], still)
                    if stage == failing:
                        instant = finish(instant, blocks[station], still)
                        occupied[station, lane, stage] = instant
                        break
                    if stage + 1 < stages[station]:
                        instant = max(instant, occupied[station, lane, stage + 1])
                    occupied[station, lane, stage] = instant
                times[one, 1] = now
                times[one, 2] = occupied[station, lane, 0]
                times[one, 3] = instant
                releasing = push(releases, released, releasing, occupied[station, lane, 0], station * lanes + lane)
                if failing == NOWHERE or diverts[station] == OUTSIDE:
                    leaves[passenger] = instant
                    left_by[passenger] = station if failing != NOWHERE else NOWHERE
                else:
                    bound[passenger] = diverts[station]
                    diverting = push(diverted_at, diverted, diverting, instant, passenger)
    return visit
