"""What the guide says of the numbers is so, and its scenario runs."""

import re
from datetime import date
from pathlib import Path

import polars as pl

from riverloop.core.queueing.designs import open_scenario_file
from riverloop.traffic import TOTAL, DailyTraffic, reading

GUIDE = (Path(__file__).resolve().parents[2] / "docs/guides/real-traffic.md").read_text("utf-8")
HALL = """
classes: {resident: {}, visitor: {}}
stations: [{name: gate, channels: 40, service: {distribution: exponential, mean_seconds: 12}}]
route: [gate]
"""


def test_the_scenario_of_the_guide_takes_the_day_that_it_asks_for():
    (text,) = re.findall(r"```yaml\n(.*?)```", GUIDE, flags=re.DOTALL)
    scenario = open_scenario_file(text + HALL, name="guide.yaml").scenario(traffic=DailyTraffic.load())
    (counted,) = DailyTraffic.load().statistics(
        ["shenzhen_bay"], ["departure"], date(2025, 4, 16), date(2025, 4, 16), classes=[TOTAL]
    )
    assert scenario.days == 1
    assert round(scenario.expected(0)) == counted.greatest
    assert [stream.name for stream in scenario.arrivals] == [
        "departures-hong_kong_residents", "departures-mainland_visitors", "departures-other_visitors",
    ]  # fmt: skip


def test_the_means_that_the_guide_tells_are_those_of_the_rows():
    (told,) = re.findall(r"- The means of 2025: (.*?)\n\n", GUIDE, flags=re.DOTALL)
    numbers = [int(one.replace(",", "")) for one in re.findall(r"\d+,\d{3}", told)]
    points = ["lok_ma_chau_spur_line", "shenzhen_bay", "west_kowloon", "lok_ma_chau"]
    found = DailyTraffic.load().statistics(points, (), date(2025, 1, 1), date(2025, 12, 31), classes=[TOTAL])
    means = {(one.control_point, one.direction): round(one.mean) for one in found}
    assert numbers == [means[point, way] for point in points for way in ("arrival", "departure")]


def test_what_the_guide_says_of_closures_and_spans_is_so():
    traffic = DailyTraffic.load()
    assert f"{traffic.span()[0]:%-d %B %Y} to {traffic.span()[1]:%-d %B %Y}" in " ".join(GUIDE.split())
    rows = traffic.frame.filter(pl.col("control_point").is_in(["lo_wu", "lok_ma_chau_spur_line", "heung_yuen_wai"]))
    opened = rows.filter(pl.col(TOTAL) > 1_000)
    assert set(opened.filter(pl.col("date") < date(2023, 1, 1))["date"]) == {date(2021, 12, 19)}
    again = opened.filter(pl.col("date") > date(2022, 1, 1)).group_by("control_point").agg(pl.col("date").min())["date"]
    assert {(day.year, day.month) for day in again} == {(2023, 1), (2023, 2)}
    assert not traffic.frame.filter(pl.col("control_point") == "sha_tau_kok")[TOTAL].sum()
    assert f"larger than {reading.MOST_BYTES // 10**6} MB" in GUIDE
    assert f"more than {reading.MOST_PROBLEMS:,} wrong rows" in GUIDE
