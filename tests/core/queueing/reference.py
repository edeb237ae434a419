"""The same halls in the plainest Python: a heap of events, queues as lists. Slow, and apart from the kernels."""

import heapq
import itertools
import math
from collections import deque
from dataclasses import dataclass, field

RELEASE, CHANGE, DIVERTED, ARRIVAL = range(4)


@dataclass
class Place:
    """A station: its roster as [(instant, channels)], and how it serves."""

    roster: list
    services: list  # by stage, by passenger
    fails: list  # by passenger: stage, or None
    pauses: list = field(default_factory=list)
    blocks: float = 0.0
    divert: int | None = None
    by_level: bool = False
    mean: float = 1.0

    def __post_init__(self):
        self.lanes = deque(range(max(channels for _, channels in self.roster)))
        self.free_at = {}
        self.queue = []
        self.busy = 0

    def channels(self, now):
        return [channels for instant, channels in self.roster if instant <= now][-1]

    def expected(self, now, level):
        if len(self.queue) + self.busy < self.channels(now):
            return 0.0
        ahead = sum(1 for one in self.queue if not self.by_level or one[0] <= level)
        if self.channels(now):
            return 0.0 + (ahead + 1) * self.mean / self.channels(now)
        opens = [(instant, channels) for instant, channels in self.roster if instant > now and channels]
        return opens[0][0] - now + (ahead + 1) * self.mean / opens[0][1] if opens else math.inf


def work_until(start, service, pauses):
    end = start + service
    for first, last in pauses:
        if start <= first < end:
            end += last - first
    return end


def run_hall(arrivals, wanted, levels, places):  # noqa: C901, PLR0912 - read beside the kernel
    """Return visits [(passenger, station, joined, started, released, left)] and leaves [(instant, failed at)]."""
    events = [(instant, ARRIVAL, passenger, 0) for passenger, instant in enumerate(arrivals)]
    for number, place in enumerate(places):
        events += [(instant, CHANGE, number, 0) for instant, _ in place.roster if instant > -math.inf]
    heapq.heapify(events)
    order = itertools.count()
    visits, leaves = [], [(math.inf, None)] * len(arrivals)
    while events:
        now = events[0][0]
        while events and events[0][0] == now:
            _, kind, one, other = heapq.heappop(events)
            if kind == RELEASE:
                station, lane = divmod(one, 1000)
                places[station].busy -= 1
                places[station].lanes.append(lane)
            elif kind in (DIVERTED, ARRIVAL):
                chosen = other
                if kind == ARRIVAL:
                    waits = {number: places[number].expected(now, levels[one]) for number in sorted(wanted[one])}
                    chosen = min(waits, key=waits.get)
                place = places[chosen]
                place.queue.append((levels[one] if place.by_level else 0, next(order), one, len(visits)))
                visits.append([one, chosen, now, math.inf, math.inf, math.inf])
        for station, place in enumerate(places):
            while place.queue and place.busy < place.channels(now):
                place.queue.sort()
                _, _, passenger, visit = place.queue.pop(0)
                place.busy += 1
                lane = place.lanes.popleft()
                instant, failed = now, place.fails[passenger]
                for stage, services in enumerate(place.services):
                    instant = work_until(instant, services[passenger], place.pauses)
                    if stage == failed:
                        instant = work_until(instant, place.blocks, place.pauses)
                        place.free_at[lane, stage] = instant
                        break
                    if stage + 1 < len(place.services):
                        instant = max(instant, place.free_at.get((lane, stage + 1), -math.inf))
                    place.free_at[lane, stage] = instant
                released = place.free_at[lane, 0]
                visits[visit][3:] = [now, released, instant]
                heapq.heappush(events, (released, RELEASE, station * 1000 + lane, 0))
                if failed is not None and place.divert is not None:
                    heapq.heappush(events, (instant, DIVERTED, passenger, place.divert))
                else:
                    leaves[passenger] = (instant, station if failed is not None else None)
    return visits, leaves
