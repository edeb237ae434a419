"""A small bridge to experiment with: two designs, two cases, two assumptions, an outage and real days."""

BRIDGE = """
title: {en: A small bridge, zh-Hant: 小橋, zh-Hans: 小桥}
note: {en: Made up for tests., zh-Hant: 為測試而設。, zh-Hans: 为测试而设。}
parameters:
  people: {value: 3000, low: 2000, high: 4000, unit: persons, as_of: 2025-12, source: Made up, group: demand,
           label: {en: People a day, zh-Hant: 每日人數, zh-Hans: 每日人数}}
  seconds: {value: 20, low: 15, high: 30, unit: seconds, source: assumed, group: service,
            label: {en: Seconds at a counter, zh-Hant: 櫃位秒數, zh-Hans: 柜台秒数}}
arrivals:
  passengers_per_day: $people
  profile: [0, 0, 0, 0, 0, 0, 0.05, 0.15, 0.2, 0.1, 0.05, 0.05, 0.05, 0.05, 0.05, 0.05, 0.1, 0.1, 0, 0, 0, 0, 0, 0]
classes:
  resident: {share: 0.75, title: {en: Residents, zh-Hant: 居民, zh-Hans: 居民}}
  visitor: {share: 0.25, title: {en: Visitors, zh-Hant: 訪客, zh-Hans: 访客}}
area: {per_waiting_m2: 1.2, source: assumed}
pledge: {minutes: 30, share: 0.95}
seed: 7
replications: 4
designs:
  two_halls:
    title: {en: Two halls, zh-Hant: 兩個大堂, zh-Hans: 两个大厅}
    needs:
      - {kind: land, text: {en: Land on both banks, zh-Hant: 兩岸土地, zh-Hans: 两岸土地}, source: Made up}
    stations:
      - name: exit
        title: {en: Exit hall, zh-Hant: 出境大堂, zh-Hans: 出境大厅}
        channels: 4  # a comment that stays
        side: hk
        area_m2_per_channel: 10
        service: {distribution: exponential, mean_seconds: $seconds}
      - name: entry
        title: {en: Entry hall, zh-Hant: 入境大堂, zh-Hans: 入境大厅}
        roster:
          - {from: "00:00", until: "07:00", channels: 2}
          - {from: "07:00", until: "24:00", channels: 4}
        side: cn
        service: {distribution: gamma, mean_seconds: 18, shape: 2}
    route: [exit, entry]
  one_queue:
    title: {en: One queue, zh-Hant: 一次排隊, zh-Hans: 一次排队}
    stations:
      - {name: exit, channels: 6, side: hk, service: {distribution: exponential, mean_seconds: $seconds}}
    route: [exit]
cases:
  opening: {title: {en: At opening, zh-Hant: 啟用時, zh-Hans: 启用时}}
  later: {title: {en: Ten years on, zh-Hant: 十年後, zh-Hans: 十年后}, set: {people: 4000}}
"""

REAL_DAYS = """
title: {en: Real days, zh-Hant: 真實日子, zh-Hans: 真实日子}
arrivals:
  - name: out
    traffic: {control_point: shenzhen_bay, direction: departure, day: median, from: 2025-01-01, until: 2025-12-31}
    profile: [0, 0, 0, 0, 0, 0, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0, 0, 0, 0, 0, 0, 0, 0]
    profile_source: "synthetic: flat from 06:00 to 16:00"
stations:
  - {name: counter, channels: 80, service: {distribution: exponential, mean_seconds: 15}}
route: [counter]
replications: 2
"""

MINIMAL = """arrivals: {process: poisson, rate_per_hour: 600, hours: 20}
stations:
  - {name: counter, channels: 12, service: {distribution: exponential, mean_seconds: 60}}
route: [counter]
seed: 1
replications: 4
"""

OVERFULL = MINIMAL.replace("channels: 12", "channels: 8")
"""Nothing that drains: ten channels are asked for."""
