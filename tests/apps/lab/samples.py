"""A day at a hall, as the command answers of it."""

from functools import cache

from riverloop.core.queueing.differences import Difference
from riverloop.core.queueing.running import run
from riverloop.core.queueing.scenario_file import read_scenario
from riverloop.core.queueing.sensitivity import BreakEven

DAY = """
title: {en: A day at the river, zh-Hant: 河畔一日, zh-Hans: 河畔一日}
arrivals:
  passengers_per_day: 3000
  profile: [0, 0, 0, 0, 0, 0, 0.02, 0.05, 0.08, 0.09, 0.08, 0.06, 0.05, 0.05, 0.05, 0.06, 0.07, 0.08, 0.08, 0.07, 0.05,
            0.04, 0.02, 0]
  profile_source: "synthetic: two peaks"
classes:
  resident: {share: 0.75}
  visitor: {share: 0.25}
stations:
  - name: gate
    channels: 3
    eligible: [resident]
    service: {distribution: lognormal, mean_seconds: 40, cv: 0.4}
    failure: {share: 0.05, divert_to: counter, blocks_seconds: 20}
    side: east
    staff_per_channel: 0.25
  - name: counter
    channels: 2
    service: {distribution: gamma, mean_seconds: 40, shape: 2}
    outages: [{from: "10:00", until: "11:00"}]
    side: east
  - {name: bridge, kind: walk, service: {distribution: gamma, mean_seconds: 180, shape: 20}}
  - name: customs
    roster: [{from: "06:00", until: "22:30", channels: 4}]
    service: {distribution: exponential, mean_seconds: 50}
    side: west
route: [[gate, counter], bridge, customs]
pledge: {minutes: 15, share: 0.95}
seed: 5
replications: 3
"""
QUIET = """
arrivals: {process: poisson, rate_per_hour: 60, hours: 200}
stations: [{name: counter, channels: 2, service: {distribution: exponential, mean_seconds: 60}}]
route: [counter]
seed: 1
replications: 2
"""


@cache
def answered(text=DAY):
    """Give the JSON of an answer."""
    return run(read_scenario(text, name="day.yaml")).as_json()


def four():
    """Give four answers under names as long and as odd as people write."""
    names = ("Two control points", '<b onload="x">&\'"', "河套西橋聯合查驗方案之一地兩檢", "Joint clearance " * 8)
    texts = (DAY, *(DAY.replace("channels: 4", f"channels: {count}") for count in (3, 5, 2)))
    return [(name, answered(text)) for name, text in zip(names, texts, strict=True)]


def difference(mean, half, **lacks):
    """Give a difference between two designs."""
    return Difference(mean, mean - half, mean + half, **lacks)


def tornado():
    """Give bars of a tornado, one of which has no ends."""

    def end(mean):
        return difference(mean, 20).as_json()

    return [
        {
            "name": "jobs",
            "label": {"en": "Jobs <i>", "zh-Hant": "職位", "zh-Hans": "职位"},
            "low_value": 1000,
            "high_value": 2000,
        }
        | {"low": end(-140.0), "high": end(260.0)},
        {"name": "start", "low_value": "08:30", "high_value": "09:30", "low": end(30.0), "high": end(-12.0)},
        {"name": "unknown", "low": None, "high": None},
    ]


def turning():
    """Give the demand at which an answer changes, with what was tried on the way."""
    points = [(0.5, -40.0), (1.0, -18.0), (1.25, 2.0), (1.5, 60.0), (2.0, 200.0)]
    return BreakEven(tuple((at, difference(mean, 15)) for at, mean in points)).as_json()


ROSTER = {
    "station": "customs",
    "met": True,
    "share_within": 0.961,
    "paid_hours": 40.5,
    "overtime_hours": 0.5,
    "wait_seconds": {"mean": 61.0, "p95": 405.0},
    "share_within_at_station": 0.957,
    "worst_class": {"name": "visitor", "share_within": 0.953},
    "now": {"paid_hours": 144.0},
    "needed": [0] * 6 + [1, 2, 3, 3, 3, 2, 2, 2, 2, 2, 3, 3, 3, 3, 2, 2, 1, 0],
    "channels": [0] * 6 + [2, 2, 3, 3, 3, 3, 3, 3, 2, 2, 3, 3, 3, 3, 2, 2, 2, 0],
    "shifts": [{"from": 6, "hours": 8, "channels": 2}, {"from": 8, "hours": 8, "channels": 1}],
}
