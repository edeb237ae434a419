"""Series, statistics and days to simulate, from the rows that come with the program."""

import statistics
from datetime import date, timedelta

import polars as pl
import pytest

from riverloop.core.kernel.errors import InputError
from riverloop.core.queueing.real_traffic import DayChoice, Traffic
from riverloop.traffic import BOTH, BY, TOTAL, DailyTraffic, TrafficError, traffic_import
from tests.traffic.files import AT, read, row

YEAR = (date(2025, 1, 1), date(2025, 12, 31))
FUTIAN = "lok_ma_chau_spur_line"


@pytest.fixture(scope="module")
def traffic():
    return DailyTraffic.load()


def totals(traffic, point, direction, first=YEAR[0], last=YEAR[1]):
    """Give the counts of each day in plain Python."""
    rows = traffic.frame.filter((pl.col("control_point") == point) & pl.col("date").is_between(first, last))
    counted = {}
    for one in rows.iter_rows(named=True):
        if direction in (one["direction"], BOTH):
            counted[one["date"]] = counted.get(one["date"], 0) + one["total"]
    return counted


# What there is


def test_what_is_counted_of_each_control_point_is_told(traffic):
    known = {one.key: one for one in traffic.control_points()}
    assert list(known) == list(traffic.source.control_points)
    assert traffic.span() == (date(2021, 1, 1), date(2026, 3, 8))
    assert traffic.frame.height == 56_424
    stopped = {key: one.last for key, one in known.items() if one.last < date(2026, 3, 8)}
    assert stopped == {"hung_hom": date(2024, 7, 30), "tuen_mun_ferry_terminal": date(2022, 2, 7)}
    assert {one.missing_days for one in known.values()} == {0}
    assert known[FUTIAN].idle_days == 736, "closed from January 2021 to January 2023"
    assert known["shenzhen_bay"].idle_days == 0


def test_reading_again_costs_nothing_until_something_is_imported(tmp_path):
    assert DailyTraffic.load() is DailyTraffic.load()
    before = DailyTraffic.load(tmp_path)
    assert DailyTraffic.load(tmp_path) is before
    traffic_import(tmp_path, read(row()), at=AT)
    after = DailyTraffic.load(tmp_path)
    assert after is not before
    assert after.frame.height == before.frame.height + 1


def test_a_day_that_lacks_is_counted_as_missing(tmp_path):
    traffic_import(tmp_path, read(row("11-03-2026"), row("11-03-2026", way="Departure")), at=AT)
    known = {one.key: one for one in DailyTraffic.load(tmp_path).control_points()}
    assert known["lo_wu"].missing_days == 2
    assert known["airport"].missing_days == 0


# Statistics


@pytest.mark.parametrize(
    ("point", "arrivals", "departures"),
    [
        (FUTIAN, 79_745, 82_010),
        ("lok_ma_chau", 19_825, 18_521),
        ("shenzhen_bay", 61_363, 60_307),
        ("west_kowloon", 43_760, 40_981),
    ],
)
def test_the_means_of_2025_are_the_published_ones(traffic, point, arrivals, departures):
    found = {one.direction: one for one in traffic.statistics([point], (), *YEAR, classes=[TOTAL])}
    assert round(found["arrival"].mean) == arrivals
    assert round(found["departure"].mean) == departures
    assert found[BOTH].mean == pytest.approx(found["arrival"].mean + found["departure"].mean)


def test_the_busiest_days_of_2025_are_told_with_their_date(traffic):
    (found,) = traffic.statistics([FUTIAN], ["departure"], *YEAR, classes=[TOTAL])
    assert (found.p95, found.greatest, found.greatest_on) == (126_187, 157_298, date(2025, 4, 18))
    means = {(one.direction, one.passenger_class): one.mean for one in traffic.statistics([FUTIAN], (), *YEAR)}
    shares = [means[way, "hong_kong_residents"] / means[way, TOTAL] for way in ("arrival", "departure")]
    assert shares == pytest.approx([0.76, 0.78], abs=0.005)


@pytest.mark.parametrize("direction", ["arrival", "departure", BOTH])
@pytest.mark.parametrize("point", [FUTIAN, "airport", "sha_tau_kok"])
def test_statistics_are_those_of_plain_python(traffic, point, direction):
    (found,) = traffic.statistics([point], [direction], *YEAR, classes=[TOTAL])
    counted = totals(traffic, point, direction)
    ordered = sorted(counted.values())
    assert found.days == len(counted) == 365
    assert found.mean == pytest.approx(statistics.fmean(ordered))
    assert found.median == statistics.median_low(ordered)
    assert sum(one <= found.p95 for one in ordered) >= 0.95 * 365 > sum(one < found.p95 for one in ordered)
    assert found.greatest == max(ordered)
    assert found.greatest_on == min(day for day, one in counted.items() if one == max(ordered))


def test_classes_add_up_to_the_total_and_directions_to_both(traffic):
    mean = {(one.direction, one.passenger_class): one.mean for one in traffic.statistics(["lo_wu"], (), *YEAR)}
    for way in ("arrival", "departure", BOTH):
        assert mean[way, TOTAL] == pytest.approx(sum(mean[way, name] for name in traffic.source.classes))
    for name in (*traffic.source.classes, TOTAL):
        assert mean[BOTH, name] == pytest.approx(mean["arrival", name] + mean["departure", name])


def test_statistics_say_only_what_was_asked_for(traffic):
    found = traffic.statistics(["lo_wu", "airport"], ["departure"], *YEAR, classes=["other_visitors"])
    assert [(one.control_point, one.direction, one.passenger_class) for one in found] == [
        ("lo_wu", "departure", "other_visitors"),
        ("airport", "departure", "other_visitors"),
    ]


# Series


def test_a_series_by_day_is_what_was_counted(traffic):
    rows = traffic.series([FUTIAN], ["departure"], date(2025, 4, 17), date(2025, 4, 18))
    assert rows.columns == [
        "period", "control_point", "direction", *traffic.source.classes, "total", "days",
    ]  # fmt: skip
    assert rows["period"].to_list() == [date(2025, 4, 17), date(2025, 4, 18)]
    assert rows["total"].to_list()[1] == 157_298
    assert rows["days"].to_list() == [1, 1]


@pytest.mark.parametrize("by", BY)
def test_a_series_by_another_period_is_the_mean_of_its_days(traffic, by):
    first, last = date(2024, 12, 25), date(2025, 3, 8)
    found = traffic.series([FUTIAN], ["arrival"], first, last, by=by)
    beginning = {
        "day": lambda day: day,
        "week": lambda day: day - timedelta(days=day.weekday()),
        "month": lambda day: day.replace(day=1),
        "weekday": lambda day: day.isoweekday(),
    }[by]
    expected = {}
    for day, counted in totals(traffic, FUTIAN, "arrival", first, last).items():
        expected.setdefault(beginning(day), []).append(counted)
    assert found["period"].to_list() == sorted(expected)
    assert found["days"].to_list() == [len(expected[period]) for period in sorted(expected)]
    assert found["total"].to_list() == pytest.approx([statistics.fmean(expected[one]) for one in sorted(expected)])


def test_a_series_of_one_class_has_its_total(traffic):
    rows = traffic.series(["lo_wu"], (), *YEAR, by="month", classes=["other_visitors"])
    assert rows.height == 24
    assert rows["total"].to_list() == rows["other_visitors"].to_list()


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"control_points": ["lo_woo"]}, 'There is no control point "lo_woo". Did you mean "lo_wu"?'),
        ({"directions": ["arrivals"]}, 'There is no direction "arrivals". Did you mean "arrival"?'),
        ({"classes": ["other"]}, 'There is no class "other".'),
        ({"by": "year"}, 'Days are not put together by "year".'),
        ({"first": YEAR[1], "last": YEAR[0]}, "The span ends before it begins."),
        ({"control_points": ["hung_hom"], "first": YEAR[0]},
         "Nothing was counted from 2025-01-01 until 2025-01-01. Counted are 2021-01-01 until 2024-07-30: choose"),
        ({"last": date(2020, 1, 1)}, "Nothing was counted from 2020-01-01 until 2020-01-01. Counted are 2021-01-01"),
    ],
)  # fmt: skip
def test_what_cannot_be_answered_is_refused_in_one_line(traffic, asked, said):
    with pytest.raises(TrafficError) as refused:
        traffic.series(**asked)
    assert str(refused.value).startswith(said)
    if "by" not in asked:
        with pytest.raises(TrafficError):
            traffic.statistics(**asked)


# For a simulation


def test_it_is_what_the_core_calls_traffic(traffic):
    asked: Traffic = traffic
    assert asked(FUTIAN, "departure", DayChoice(date(2025, 4, 18))).dates == (date(2025, 4, 18),)


@pytest.mark.parametrize("point", [FUTIAN, "shenzhen_bay", "west_kowloon"])
@pytest.mark.parametrize("wanted", ["median", "peak"])
def test_the_median_and_the_peak_day_are_one_date_in_both_directions(traffic, point, wanted):
    found = {way: traffic(point, way, DayChoice(wanted, *YEAR)) for way in ("arrival", "departure")}
    both = totals(traffic, point, BOTH)
    total = statistics.median_low(both.values()) if wanted == "median" else max(both.values())
    day = min(day for day, counted in both.items() if counted == total)
    assert [one.dates for one in found.values()] == [(day,), (day,)]
    assert sum(sum(counted) for one in found.values() for counted in one.by_class.values()) == total


def test_the_mean_is_one_number_over_all_days(traffic):
    found = traffic(FUTIAN, "arrival", DayChoice("mean", *YEAR))
    assert {len(counted) for counted in found.by_class.values()} == {1}
    assert sum(counted[0] for counted in found.by_class.values()) == pytest.approx(79_744.54, abs=0.01)
    assert len(found.dates) == 365


def test_all_days_are_given_in_order(traffic):
    found = traffic(FUTIAN, "arrival", DayChoice("all", *YEAR))
    assert found.dates == tuple(YEAR[0] + timedelta(days=number) for number in range(365))
    per_day = [sum(counted) for counted in zip(*found.by_class.values(), strict=True)]
    assert per_day == list(totals(traffic, FUTIAN, "arrival").values())


def test_numbers_say_where_they_came_from(traffic):
    found = traffic("shenzhen_bay", "departure", DayChoice(date(2025, 5, 1)))
    assert found.source.startswith("Immigration Department of Hong Kong, Statistics on Daily Passenger Traffic: ")
    assert found.source.endswith(": Shenzhen Bay, departures, 2025-05-01")
    assert traffic("shenzhen_bay", "arrival", DayChoice("mean", *YEAR)).source.endswith(
        "arrivals, mean of 2025-01-01 to 2025-12-31"
    )


def test_a_day_of_which_one_direction_is_known_is_none_to_simulate(tmp_path):
    traffic_import(tmp_path, read(row("09-03-2026"), row("10-03-2026"), row("10-03-2026", way="Departure")), at=AT)
    traffic = DailyTraffic.load(tmp_path)
    found = traffic("lo_wu", "arrival", DayChoice("all", date(2026, 3, 8)))
    assert found.dates == (date(2026, 3, 8), date(2026, 3, 10))
    with pytest.raises(TrafficError, match="Only one direction was counted on those days."):
        traffic("lo_wu", "arrival", DayChoice(date(2026, 3, 9)))


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (("lo_woo", "arrival", DayChoice("mean")), 'control_point: There is no control point "lo_woo".'),
        (("lo_wu", "both", DayChoice("mean")), 'direction: There is no direction "both".'),
        (("lo_wu", "arrival", DayChoice(date(2020, 1, 1))), "day: Nothing was counted from 2020-01-01"),
        (("hung_hom", "arrival", DayChoice("peak", *YEAR)), "day: Nothing was counted from 2025-01-01"),
    ],
)
def test_days_that_were_not_counted_are_refused_with_the_key_that_asked_for_them(traffic, asked, said):
    with pytest.raises(InputError) as refused:
        traffic(*asked)
    assert str(refused.value).startswith(said)
