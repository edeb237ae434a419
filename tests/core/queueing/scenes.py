"""Scenarios that tests are told in."""

from riverloop.core.queueing.engine import simulate_day
from riverloop.core.queueing.plan import make_plan
from riverloop.core.queueing.running import run
from riverloop.core.queueing.scenario_file import read_scenario
from riverloop.core.queueing.streams import Streams

CONTRACT = """\
arrivals: {process: poisson, rate_per_hour: 600, hours: 2000}
stations:
  - {name: counter, channels: 12, service: {distribution: exponential, mean_seconds: 60}}
route: [counter]
seed: 1
replications: 4
"""

DAY = """\
name: A day at two halls
arrivals:
  process: poisson
  passengers_per_day: 6000
  profile: [0,0,0,0,0,0,0.02,0.05,0.08,0.09,0.08,0.06,0.05,0.05,0.05,0.06,0.07,0.08,0.08,0.07,0.05,0.04,0.02,0]
classes:
  resident: {share: 0.75, priority: 2}
  visitor: {share: 0.25, priority: 1}
stations:
  - {name: gate, channels: 3, eligible: [resident], service: {distribution: lognormal, mean_seconds: 12, cv: 0.4},
     failure: {share: 0.05, divert_to: counter, blocks_seconds: 20}, side: east, staff_per_channel: 0.25}
  - {name: counter, channels: 4, service: {distribution: gamma, mean_seconds: 20, shape: 2}, discipline: priority,
     side: east}
  - {name: bridge, kind: walk, service: {distribution: gamma, mean_seconds: 180, shape: 20}}
  - {name: customs, side: west, service: {distribution: empirical, seconds: [2, 6, 60], weights: [0.7, 0.25, 0.05]},
     roster: [{from: "06:00", until: "09:00", channels: 3}, {from: "09:00", until: "22:30", channels: 4}]}
route: [[gate, counter], bridge, customs]
seed: 5
replications: 6
"""


def scenario(text, **changed):
    """Read a scenario, with some lines of it replaced."""
    for old, new in changed.items():
        assert old in text
        text = text.replace(old, new)
    return read_scenario(text, name="scene.yaml")


def result(text):
    return run(scenario(text))


def day_of(text, replication=0):
    """Simulate one day; answer the plan and the day."""
    read = scenario(text)
    plan = make_plan(read)
    return plan, simulate_day(plan, Streams(read.seed, replication, 0))


def one_station(station, *, arrivals="{rate_per_hour: 60, hours: 100}", more="replications: 4"):
    """Write a scenario of one station."""
    return f"arrivals: {arrivals}\nstations:\n  - {{name: one, {station}}}\nroute: [one]\n{more}\n"
