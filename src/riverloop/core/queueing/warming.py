"""Compiles every kernel ahead of time: for whoever must answer quickly the first time after an installation.

What is compiled is kept on disk, so that all later processes of this machine find it.
"""

from __future__ import annotations

from riverloop.core.queueing.running import run
from riverloop.core.queueing.scenario_file import read_scenario

_EVERY_KERNEL = """
arrivals:
  - {rate_per_hour: [200, 200]}
  - {name: trains, process: platoons, rate_per_hour: [20, 20], every_seconds: 600, spread_seconds: 60}
classes:
  resident: {share: 0.5, route: [counter, roster, crowd, bus, coach, [gate, desk]]}
  visitor: {share: 0.5, route: [counter, roster, crowd, bus, coach, [gate, desk]]}
stations:
  - {name: counter, channels: 3, service: &time {distribution: exponential, mean_seconds: 20}}
  - {name: roster, roster: [{from: 0, until: 1, channels: 2}, {from: 1, until: 2, channels: 3}], service: *time}
  - {name: crowd, channels: 500, service: *time}
  - {name: bus, kind: shuttle, shuttle: {capacity: 60, headway_seconds: 300}, service: *time}
  - name: coach
    shuttle: {capacity: 9, wait_at_most_seconds: 60, round_trip_seconds: 200}
    service: *time
  - {name: gate, channels: 2, service: [*time, *time], failure: {share: 0.1, divert_to: desk}}
  - {name: desk, channels: 2, service: *time, discipline: priority}
replications: 1
"""


def warm() -> None:
    """Run each kernel once on a few hundred passengers: some seconds the first time, none to speak of later."""
    run(read_scenario(_EVERY_KERNEL, name="warming"))
