"""Scenario files of several designs, and of people who come, that tests are told in."""

from datetime import date

from riverloop.core.kernel.errors import InputError
from riverloop.core.queueing.designs import open_scenario_file
from riverloop.core.queueing.real_traffic import Counts

HALLS = """\
title: {en: A hall for two sides, zh-Hant: 兩地大堂, zh-Hans: 两地大厅}
parameters:
  jobs: {value: 1400, low: 1000, high: 2000, unit: persons, as_of: 2025-12-22, source: Statements, group: demand,
         label: {en: Jobs, zh-Hant: 職位, zh-Hans: 岗位}}
  by_gate: {value: 0.75, low: 0.5, high: 0.9}
  gate_seconds: {value: 12}
  opens: {value: "06:30", low: "06:00", high: "07:00"}
  gates: {value: 3}
arrivals: {passengers_per_day: $jobs, shares: {resident: $by_gate, visitor: $rest}}
classes:
  resident: {title: {en: Resident, zh-Hant: 居民, zh-Hans: 居民}}
  visitor: {}
stations:
  - {name: gate, side: east, eligible: [resident], service: {distribution: exponential, mean_seconds: $gate_seconds},
     roster: [{from: $opens, until: 24, channels: $gates}], area_m2_per_channel: 6, title: {en: Gate, zh-Hans: 闸}}
  - {name: counter, channels: 4, side: [east, west], service: {distribution: exponential, mean_seconds: 40}}
route: [[gate, counter]]
area: {per_waiting_m2: 1.5, source: assumed}
seed: 3
replications: 4
designs:
  one_hall:
    title: {en: One hall, zh-Hant: 一個大堂, zh-Hans: 一个大厅}
    needs:
      - {kind: legal, text: {en: A decision, zh-Hant: 決定, zh-Hans: 决定}, as_of: 2025-12, source: Nobody}
  two_halls:
    claims: [{text: Ten minutes longer, value: 10, unit: minutes, measure: journey_seconds}]
    stations:
      - {name: gate, channels: $gates, service: {distribution: exponential, mean_seconds: 15}}
      - {name: walk, kind: walk, service: {distribution: deterministic, seconds: 300}}
      - {name: counter, channels: 4, service: {distribution: exponential, mean_seconds: $gate_seconds}}
    route: [gate, walk, counter]
    classes: {resident: {}, visitor: {}}
cases:
  opening: {title: {en: Opening, zh-Hant: 啟用, zh-Hans: 启用}}
  later: {set: {jobs: {value: 50000, low: 40000, high: 60000, source: A plan}, gates: 40}}
"""


OUT = HALLS.replace("seed: 3", 'seed: 3\nside_outages: [{side: east, from: "10:00", until: "10:30"}]')

STAFF = """\
parameters: {jobs: {value: 1000}, early: {value: 0.7}}
arrivals:
  - name: staff
    demand:
      groups:
        - name: park
          direction: over
          back: home
          jobs: $jobs
          share_living_across: 0.4
          shifts:
            - {share: $early, from: "09:00", until: "18:00"}
            - {share: $rest, from: "10:00", until: "19:00"}
          minutes_before: 30
          spread_minutes: 20
    classes: {over: {going: 1}, home: {coming: 1}}
classes: {going: {route: [gate]}, coming: {route: [gate]}}
stations: [{name: gate, channels: 4, service: {distribution: exponential, mean_seconds: 10}}]
"""

COUNTED = """\
arrivals:
  - name: out
    traffic: {control_point: bridge, direction: departure, day: median, from: 2025-01-01, until: 2025-12-31}
    profile: [0.25, 0.5, 0.25]
    profile_source: "synthetic: a hump"
    classes: {residents: {quick: 0.9, slow: 0.1}, visitors: {slow: 1}}
classes: {quick: {}, slow: {}}
stations: [{name: gate, channels: 9, service: {distribution: exponential, mean_seconds: 1}}]
route: [gate]
"""


def halls(text=HALLS):
    return open_scenario_file(text, name="halls.yaml")


def counts(control_point, direction, choice):
    if control_point != "bridge":
        raise InputError("traffic.unknown", "There is no such control point.", where="control_point")
    assert (direction, choice.day, choice.first) == ("departure", "median", date(2025, 1, 1))
    return Counts((date(2025, 5, 1),), {"residents": (700.0,), "visitors": (300.0,)}, "Counted by somebody")
