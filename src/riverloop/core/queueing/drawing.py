"""What chance decides at a station, for every passenger of a day."""

from __future__ import annotations

import numpy as np

from riverloop.core.queueing.compiled import Floats, Integers
from riverloop.core.queueing.network import Station
from riverloop.core.queueing.plan import Plan
from riverloop.core.queueing.rooms import Room
from riverloop.core.queueing.streams import Streams

NOBODY = -1


def services_of(plan: Plan, station: Station, kinds: Integers, streams: Streams, room: Room) -> Floats:
    """Return the service of every passenger of the day, stage by stage, also of those who do not come.

    That way a passenger has the same draw at a station whatever way the others went.
    """
    name = station.stream or station.name
    stages = len(station.service)
    drawn = room.floats(stages * kinds.size, station.name, "drawn").reshape(stages, -1)
    names = [one.name for one in plan.scenario.classes]
    for stage in range(stages):
        station.service[stage].fill(streams.of("service", name, str(stage)), drawn[stage])
        for kind, class_name in enumerate(names):
            if class_name in station.service_by_class:
                of_class = np.flatnonzero(kinds == kind)
                own = station.service_by_class[class_name][stage]
                drawn[stage, of_class] = own.draw(streams.of("service", name, str(stage), class_name), of_class.size)
    return drawn


def failures_of(station: Station, count: int, streams: Streams) -> Integers | None:
    """Return the stage at which each passenger of the day would fail here; -1 for none."""
    if station.failure is None:
        return None
    drawn = streams.of("failure", station.stream or station.name).random(count)
    fails = np.full(count, NOBODY)
    reached = 1.0
    for stage, share in enumerate(station.failure.shares):  # who fails at one stage does not come to the next
        fails[(fails == NOBODY) & (drawn >= reached - share * reached) & (drawn < reached)] = stage
        reached -= share * reached
    return fails


def mean_seconds(station: Station) -> float:
    """Return how long a channel is taken by a mean passenger, as one sees who looks at its queue."""
    return max(one.mean_seconds for one in station.service)
