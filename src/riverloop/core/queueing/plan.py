"""From a scenario to what the engine goes through: halls in an order in which nobody comes back."""

from __future__ import annotations

from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter

import numpy as np

from riverloop.core.kernel.words import N_
from riverloop.core.queueing.compiled import Integers
from riverloop.core.queueing.hall import OUTSIDE
from riverloop.core.queueing.network import Scenario, Station
from riverloop.core.queueing.refusals import ScenarioError
from riverloop.core.queueing.rosters import Opening


@dataclass(frozen=True, slots=True)
class Group:
    """A hall: stations that must be simulated together; mostly a single one.

    Args:
        stations: numbers of stations in the scenario.
        wanted: by class, bits of the stations of this group that it may choose from; 0 if it does not come here.
        diverts: where each station's failures go: a place in this group, or -2 for outside.
        diverts_to: where each station's failures go: the number of a station in the scenario, or -1.
    """

    stations: tuple[int, ...]
    wanted: Integers
    diverts: Integers
    diverts_to: tuple[int, ...]

    @property
    def plain(self) -> bool:
        """Whether it is a single station."""
        return len(self.stations) == 1


@dataclass(frozen=True, slots=True)
class Plan:
    """A scenario made ready.

    Args:
        scenario: what it was made from.
        groups: in the order in which passengers go through them.
        group_of: by station, the place of its group.
        openings: by station, the channels that serve.
        scheduled: by station, the channels that are planned: without those who stay until all have been served.
        closes: by station, seconds at which its last shift ends.
        levels: by class, 0 is served first.
        followed_by: by group, the places of the groups to which passengers go on from it.
    """

    scenario: Scenario
    groups: tuple[Group, ...]
    group_of: tuple[int, ...]
    openings: tuple[Opening, ...]
    scheduled: tuple[Opening, ...]
    closes: tuple[float, ...]
    levels: Integers
    followed_by: tuple[frozenset[int], ...]

    def after(self, stations: tuple[str, ...]) -> frozenset[int]:
        """Return the places of the groups of some stations, and of all that passengers reach from them."""
        names = [one.name for one in self.scenario.stations]
        reached: set[int] = set()
        ahead = {self.group_of[names.index(name)] for name in stations}
        while ahead:
            reached |= ahead
            ahead = {later for place in ahead for later in self.followed_by[place]} - reached
        return frozenset(reached)


def make_plan(scenario: Scenario) -> Plan:
    """Order the stations and make them ready.

    Raises:
        ScenarioError: passengers would come back to where they were.
    """
    names = {station.name: number for number, station in enumerate(scenario.stations)}
    owner = _halls(scenario, names)
    order, before = _order(scenario, names, owner)
    groups = tuple(_group(scenario, names, [n for n in names.values() if owner[n] == hall]) for hall in order)
    ranks = sorted({one.priority for one in scenario.classes})
    return Plan(
        scenario,
        groups,
        tuple(order.index(owner[number]) for number in names.values()),
        tuple(one.opening(scenario.horizon_seconds, stays_open=scenario.stays_open) for one in scenario.stations),
        tuple(one.opening(scenario.horizon_seconds, stays_open=False) for one in scenario.stations),
        tuple(one.closes(scenario.horizon_seconds) for one in scenario.stations),
        np.array([ranks.index(one.priority) for one in scenario.classes], dtype=np.int64),
        tuple(frozenset(order.index(later) for later in order if hall in before[later]) for hall in order),
    )


def _halls(scenario: Scenario, names: dict[str, int]) -> list[int]:
    """Give stations that are alternatives of one step the same number, the lowest of them."""
    owner = list(names.values())
    for step in {step for one in scenario.classes for step in one.route}:
        together = {owner[names[name]] for name in step}
        owner = [min(together) if hall in together else hall for hall in owner]
    return owner


def _order(scenario: Scenario, names: dict[str, int], owner: list[int]) -> tuple[list[int], dict[int, set[int]]]:
    """Return the halls in order, and for each those before it."""
    before: dict[int, set[int]] = {hall: set() for hall in owner}
    for one in scenario.classes:
        halls = [owner[names[step[0]]] for step in one.route]
        if len(set(halls)) < len(halls):
            raise _cycle(scenario, halls)
        for place, hall in enumerate(halls):
            following = halls[place + 1 : place + 2]
            for later in following:
                before[later].add(hall)
            for name in one.route[place]:
                _add_diversions(scenario.station(name), scenario, names, owner, hall, following, before)
    try:
        return list(TopologicalSorter(before).static_order()), before
    except CycleError as error:
        raise _cycle(scenario, error.args[1]) from None


def _add_diversions(  # noqa: PLR0917 - it goes on with what _order began
    station: Station,
    scenario: Scenario,
    names: dict[str, int],
    owner: list[int],
    hall: int,
    following: list[int],
    before: dict[int, set[int]],
) -> None:
    """Follow those who fail here, and who fail where they are sent, to where they go on."""
    seen = set()
    while station.failure is not None and station.name not in seen:
        seen.add(station.name)
        target = owner[names[station.failure.divert_to]]
        if target != hall:
            before[target].add(hall)
            for later in following:
                before[later].add(target)
        station, hall = scenario.station(station.failure.divert_to), target
    if station.name in seen:
        raise _cycle(scenario, [names[station.name]])


def _cycle(scenario: Scenario, halls: list[int]) -> ScenarioError:
    return ScenarioError(
        "scenario.cycle",
        N_(
            "Passengers would come back to {stations}. Let every route and every diversion lead forward; a station "
            "that is passed twice needs two names."
        ),
        stations=" → ".join(scenario.stations[hall].name for hall in halls),
    )


def _group(scenario: Scenario, names: dict[str, int], stations: list[int]) -> Group:
    place_of = {number: place for place, number in enumerate(stations)}
    wanted = np.zeros(len(scenario.classes), dtype=np.int64)
    for kind, one in enumerate(scenario.classes):
        for step in one.route:
            for name in step:
                if names[name] in place_of and scenario.station(name).serves(one.name):
                    wanted[kind] |= 1 << place_of[names[name]]
    failures = [scenario.stations[number].failure for number in stations]
    targets = [names[one.divert_to] if one else -1 for one in failures]
    return Group(
        tuple(stations),
        wanted,
        np.array([place_of.get(target, OUTSIDE) for target in targets], dtype=np.int64),
        tuple(targets),
    )
