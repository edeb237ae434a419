"""Plain stations: exact recursions over passengers in the order in which they come.

Every kernel takes arrival instants in seconds, sorted, and gives starts and ends; infinity is *never*. At one instant,
what ends comes before what opens or closes, and that before what arrives; passengers who arrive at one instant are
served in the order of the array.

Source: Lindley (1952) for one channel; Kiefer and Wolfowitz (1955) for several.
"""

from __future__ import annotations

import numpy as np

from riverloop.core.queueing.compiled import Floats, Integers, compiled
from riverloop.core.queueing.heaps import pop, push, replace_instant

NEVER = np.inf
_FEW = 16
"""Channels up to which going through a whole line is quicker than looking for a place in it."""

_LINE = 192
"""Channels up to which a line is quicker than a heap."""


def fifo(  # noqa: PLR0917 - as kernels take it
    arrivals: Floats,
    services: Floats,
    channels: int,
    starts: Floats,
    ends: Floats,
    leaves: Floats,
    leavers: Integers,
) -> None:
    """Serve by a fixed number of channels, first come, first served.

    Channels fall free in the order in which passengers leave, so that departures come out sorted.

    Args:
        arrivals: seconds, sorted.
        services: seconds of service, by passenger.
        channels: how many, > 0.
        starts: filled with the seconds at which service starts.
        ends: filled with the seconds at which service ends.
        leaves: filled with the same seconds, sorted.
        leavers: filled with the place of whoever leaves then; equal instants, lowest place first.
    """
    if channels <= _FEW:
        _fifo_few(arrivals, services, channels, starts, ends, leaves, leavers)
    else:
        roster = (np.full(1, -np.inf), np.full(1, channels), np.empty((0, 2)))
        fifo_roster(arrivals, services, *roster, starts, ends, leaves, leavers)


@compiled
def _fifo_few(  # noqa: PLR0917 - kernels take everything by place
    arrivals: Floats,
    services: Floats,
    channels: int,
    starts: Floats,
    ends: Floats,
    leaves: Floats,
    leavers: Integers,
) -> None:
    """Serve as ``fifo`` does: a sorted line of channels through which each new end is exchanged.

    Every passenger goes through the whole line by the same steps, so that no processor guesses wrongly how far: quicker
    than looking for the place, as long as the line is short.
    """
    free, last = np.full(channels, -np.inf), np.full(channels, -1)
    for place in range(arrivals.size):
        if place >= channels:
            leaves[place - channels], leavers[place - channels] = free[0], last[0]
        start = max(arrivals[place], free[0])
        end = start + services[place]
        starts[place], ends[place] = start, end
        later, whose = end, place
        for channel in range(1, channels):
            other, who = free[channel], last[channel]
            free[channel - 1], later = min(other, later), max(other, later)
            behind = other > end  # those of the same instant stay in front
            last[channel - 1], whose = whose if behind else who, who if behind else whose
        free[channels - 1], last[channels - 1] = later, whose
    busy = min(channels, arrivals.size)
    left = arrivals.size - busy
    leaves[left:], leavers[left:] = free[channels - busy :], last[channels - busy :]


@compiled
def insert(instants: Floats, whats: Integers, count: int, instant: float, what: int) -> None:
    """Put one into a sorted line of ``count``, behind those of the same instant."""
    place = count
    while place > 0 and instants[place - 1] > instant:
        instants[place], whats[place] = instants[place - 1], whats[place - 1]
        place -= 1
    instants[place], whats[place] = instant, what


@compiled
def finish(start: float, service: float, pauses: Floats) -> float:
    """Return when a service ends that stands still during pauses.

    Args:
        start: seconds, not within a pause.
        service: seconds of work.
        pauses: seconds; rows of from and until, sorted and apart from each other.
    """
    end = start + service
    for row in range(pauses.shape[0]):
        if pauses[row, 0] >= end:
            break
        if pauses[row, 0] >= start:
            end += pauses[row, 1] - pauses[row, 0]
    return end


def fifo_roster(  # noqa: PLR0917 - as kernels take it
    arrivals: Floats,
    services: Floats,
    changes: Floats,
    channels: Integers,
    pauses: Floats,
    starts: Floats,
    ends: Floats,
    leaves: Floats,
    leavers: Integers,
) -> None:
    """Serve by channels that open and close, first come, first served; who is in service is finished.

    Args:
        arrivals: seconds, sorted.
        services: seconds of service, by passenger.
        changes: seconds at which the number of channels changes; the first is minus infinity.
        channels: how many are open from each change on.
        pauses: seconds; rows of from and until, within which no channel is open and services stand still.
        starts: filled with the seconds at which service starts; infinity is never.
        ends: filled with the seconds at which service ends.
        leaves: filled with the same seconds, sorted.
        leavers: filled with the place of whoever leaves then; equal instants, lowest place first.
    """
    most = int(channels.max())
    if most <= _LINE:
        _roster_line(arrivals, services, changes, channels, pauses, starts, ends, leaves, leavers)
    else:
        _roster_heap(arrivals, services, changes, channels, pauses, starts, ends, leaves, leavers, most)


@compiled
def _roster_line(  # noqa: PLR0917 - kernels take everything by place
    arrivals: Floats,
    services: Floats,
    changes: Floats,
    channels: Integers,
    pauses: Floats,
    starts: Floats,
    ends: Floats,
    leaves: Floats,
    leavers: Integers,
) -> None:
    """Serve as ``fifo_roster`` does: all ends so far stand in a sorted line.

    A channel is free once that end has come which stands as many places from the back as there are channels.
    """
    row, now = 0, -np.inf
    for place in range(arrivals.size):
        now = max(now, arrivals[place])
        while now < np.inf:
            free, until = np.inf, np.inf
            if row + 1 < changes.size:
                until = changes[row + 1]
            if place < channels[row]:
                free = now
            elif channels[row] > 0:
                free = max(now, leaves[place - channels[row]])
            if free < until:
                now = free
                break
            now, row = max(now, until), row + 1
        starts[place] = now
        ends[place] = finish(now, services[place], pauses) if now < np.inf else np.inf
        insert(leaves, leavers, place, ends[place], place)


@compiled
def _roster_heap(  # noqa: PLR0917 - kernels take everything by place
    arrivals: Floats,
    services: Floats,
    changes: Floats,
    channels: Integers,
    pauses: Floats,
    starts: Floats,
    ends: Floats,
    leaves: Floats,
    leavers: Integers,
    most: int,
) -> None:
    """Serve as ``fifo_roster`` does: a heap of those in service, at ``most`` that many."""
    heap, who = np.empty(most + 1), np.empty(most + 1, dtype=np.int64)
    busy, row, left = 0, 0, 0
    now = -np.inf
    for place in range(arrivals.size):
        now = max(now, arrivals[place])
        while now < np.inf:
            while row + 1 < changes.size and changes[row + 1] <= now:
                row += 1
            while busy > 0 and heap[0] <= now:
                leaves[left], leavers[left] = heap[0], who[0]
                left += 1
                busy = pop(heap, who, busy)
            if busy < channels[row]:
                break
            following = heap[0] if busy > 0 else np.inf
            if row + 1 < changes.size:
                following = min(following, changes[row + 1])
            now = following
        starts[place] = now
        ends[place] = np.inf
        if now < np.inf:
            ends[place] = finish(now, services[place], pauses)
            busy = push(heap, who, busy, ends[place], place)
    while busy > 0:
        leaves[left], leavers[left] = heap[0], who[0]
        left += 1
        busy = pop(heap, who, busy)
    for place in range(left, arrivals.size):  # whoever is never served came after all who were
        leaves[place], leavers[place] = np.inf, place


@compiled
def shuttle(
    arrivals: Floats,
    departures: Floats,
    capacity: int,
    starts: Floats,
) -> None:
    """Board a vehicle that leaves by a timetable and takes at most ``capacity``, first come, first served.

    Args:
        arrivals: seconds, sorted. Who arrives at the instant of a departure still boards.
        departures: seconds, sorted.
        capacity: passengers a departure, > 0.
        starts: filled with the seconds at which each leaves; infinity where no departure is left.
    """
    row = 0
    aboard = 0
    for place in range(arrivals.size):
        while row < departures.size and (departures[row] < arrivals[place] or aboard >= capacity):
            row += 1
            aboard = 0
        if row == departures.size:
            starts[place] = np.inf
            continue
        starts[place] = departures[row]
        aboard += 1


@compiled
def shuttle_when_full(  # noqa: PLR0917 - kernels take everything by place
    arrivals: Floats,
    capacity: int,
    wait_at_most: float,
    vehicles: int,
    round_trip: float,
    starts: Floats,
) -> None:
    """Board a vehicle that leaves when it is full, or when its first passenger has waited long enough.

    Args:
        arrivals: seconds, sorted; infinity is never.
        capacity: passengers a vehicle, > 0.
        wait_at_most: seconds that the first aboard waits for others, once a vehicle is there.
        vehicles: how many there are.
        round_trip: seconds until a vehicle is back.
        starts: filled with the seconds at which each leaves.
    """
    back = np.full(vehicles, -np.inf)
    first = 0
    while first < arrivals.size:
        waited = max(arrivals[first] + wait_at_most, back[0])
        full = first + capacity - 1
        leaves = waited
        if full < arrivals.size:
            leaves = min(waited, max(arrivals[full], back[0]))
        following = first
        while following < arrivals.size and following < first + capacity and arrivals[following] <= leaves:
            starts[following] = leaves
            following += 1
        replace_instant(back, vehicles, leaves + round_trip)
        first = following


@compiled
def accumulate(gaps: Floats, instant: float) -> None:
    """Turn gaps into instants, in place; the first gap begins at ``instant``."""
    for place in range(gaps.size):
        instant += gaps[place]
        gaps[place] = instant


@compiled
def settled(times: Floats, passengers: Integers) -> bool:
    """Say whether times are sorted, and equal ones by passenger."""
    for place in range(1, times.size):
        if times[place - 1] < times[place]:
            continue
        if times[place - 1] > times[place] or passengers[place - 1] > passengers[place]:
            return False
    return True


@compiled
def settle(times: Floats, passengers: Integers, patience: int) -> bool:
    """Sort nearly sorted times in place with whom they belong to: equal times, lowest passenger first.

    Args:
        times: seconds.
        passengers: numbers, moved along with ``times``.
        patience: how many moves a passenger it may take on average before it gives up.

    Returns:
        Whether it is sorted; if not, both arrays hold the same pairs in some order.
    """
    left = patience * times.size + 1
    for place in range(1, times.size):
        time, passenger = times[place], passengers[place]
        before = place - 1
        while before >= 0 and (times[before] > time or (times[before] == time and passengers[before] > passenger)):
            times[before + 1] = times[before]
            passengers[before + 1] = passengers[before]
            before -= 1
        times[before + 1] = time
        passengers[before + 1] = passenger
        left -= place - 1 - before
        if left < 0:
            return False
    return True


def in_order(times: Floats, passengers: Integers) -> tuple[Floats, Integers]:
    """Return times sorted, with whom they belong to; equal times, lowest passenger first. Neither array is changed.

    Departures of a station are nearly sorted, so that a few moves a passenger put them right; where that is not so,
    they are sorted in n log n.
    """
    if settled(times, passengers):
        return times, passengers
    times, passengers = times.copy(), passengers.copy()
    if not settle(times, passengers, _PATIENCE):
        order = np.lexsort((passengers, times))
        times, passengers = times[order], passengers[order]
    return times, passengers


_PATIENCE = 48
