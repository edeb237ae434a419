"""Who comes, from who works there: totals are the products that were stated, and each goes there and back."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from riverloop.core.queueing.demand import Demand, Group, Visit, WorkShift, demand_streams
from riverloop.core.queueing.refusals import ScenarioError
from riverloop.core.queueing.rooms import Room
from riverloop.core.queueing.streams import Streams

DAY = WorkShift(1.0, 9 * 60, 18 * 60)
STAFF = Group(
    "west park",
    direction="west",
    back="east",
    jobs=1400,
    share_living_across=0.4,
    share_listed=0.5,
    attendance=0.9,
    share_using=0.5,
    shifts=(WorkShift(0.7, 9 * 60, 18 * 60), WorkShift(0.3, 10 * 60, 19 * 60)),
    minutes_before=30,
    minutes_after=15,
    spread_minutes=25,
)
VISIT = Visit("meetings", "east", "west", 1400, 0.2, 10 * 60, 16 * 60, 0.5, stays_minutes=120, spread_minutes=45)
BOTH_WAYS = {"west": {"listed": 1.0}, "east": {"listed_out": 0.75, "other": 0.25}}
CLASSES = ["other", "listed", "listed_out"]

shares = st.floats(0, 1)
minutes = st.floats(0, 720)
groups = st.builds(
    Group,
    name=st.just("group"),
    direction=st.just("west"),
    back=st.just("east"),
    jobs=st.floats(0, 1e6),
    share_living_across=shares,
    share_listed=shares,
    attendance=shares,
    share_using=shares,
    shifts=st.tuples(
        st.builds(WorkShift, st.just(1.0), st.integers(0, 720).map(float), st.integers(721, 1440).map(float))
    ),
    minutes_before=minutes,
    minutes_after=minutes,
    spread_minutes=minutes,
)
visits = st.builds(
    Visit,
    name=st.just("visit"),
    direction=st.just("east"),
    back=st.just("west"),
    people=st.floats(0, 1e6),
    trips_per_person_per_day=st.floats(0, 4),
    from_minutes=st.integers(0, 700).map(float),
    until_minutes=st.integers(701, 900).map(float),
    share_listed=shares,
    stays_minutes=st.floats(0, 540),
    spread_minutes=minutes,
)
demands = st.builds(
    Demand,
    groups=st.lists(groups, max_size=3).map(tuple),
    visits=st.lists(visits, max_size=3).map(tuple),
    bin_minutes=st.sampled_from([1, 5, 15, 30, 60, 480, 1440]),
).filter(lambda demand: demand.groups or demand.visits)


def streams(demand, **named):
    return demand_streams("staff", demand, **({"shares": BOTH_WAYS, "class_names": CLASSES} | named))


# Totals


def test_the_total_is_the_product_of_what_was_stated():
    west, east = streams(Demand((STAFF,)))
    assert west.expected(0) == pytest.approx(1400 * 0.4 * 0.5 * 0.9 * 0.5, rel=1e-12)
    assert east.expected(0) == pytest.approx(west.expected(0), rel=1e-12)
    west, east = streams(Demand((STAFF,), (VISIT,)))
    assert west.expected(0) == pytest.approx(126 + 1400 * 0.5 * 0.2, rel=1e-12)


def test_who_comes_a_hair_before_midnight_comes():
    shift = replace(STAFF.shifts[0], share=1.0, from_minutes=0.0)
    night = replace(STAFF, shifts=(shift,), minutes_before=1e-20, spread_minutes=0.0)
    west, _ = streams(Demand((night,)))
    assert west.expected(0) == pytest.approx(126, rel=1e-12)


@given(demands)
def test_totals_are_exact_nothing_is_negative_and_both_ways_are_equal(demand):
    stated = math.fsum(
        [one.jobs * one.share_living_across * one.share_listed * one.attendance * one.share_using
         for one in demand.groups]
        + [one.people * one.share_listed * one.trips_per_person_per_day for one in demand.visits]
    )  # fmt: skip
    made = demand_streams("staff", demand, shares={}, class_names=["passenger"])
    assert len(made) == 2
    for stream in made:
        assert min(stream.rates_per_hour) >= 0
        assert stream.expected(0) == pytest.approx(stated, rel=1e-9, abs=1e-9)
        assert demand.passengers(stream.name.removeprefix("staff-")) == pytest.approx(stated, rel=1e-12)
        assert len(stream.rates_per_hour) == 1440 // demand.bin_minutes


@given(demands, st.sampled_from([1, 5, 15]))
def test_finer_bins_hold_the_same_people(demand, fine):
    coarse, finer = replace(demand, bin_minutes=60), replace(demand, bin_minutes=fine)
    for direction in demand.directions:
        parts = np.array(finer.by_bin(direction)).reshape(24, -1).sum(axis=1)
        assert parts == pytest.approx(np.array(coarse.by_bin(direction)), rel=1e-6, abs=1e-6)


def test_demand_grows_by_its_factor():
    (west, _), (more, _) = streams(Demand((STAFF,))), streams(Demand((STAFF,)), demand_factor=1.5)
    assert more.expected(0) == pytest.approx(1.5 * west.expected(0))


def test_growth_of_one_group_leaves_the_others_as_they_are():
    other = replace(STAFF, name="east park", direction="east", back="west")
    alone = np.array(Demand((other,)).by_bin("west"))
    together = np.array(Demand((STAFF, other)).by_bin("west")) - np.array(Demand((STAFF,)).by_bin("west"))
    assert together == pytest.approx(alone, abs=1e-9)


# When


def mean_minute(counts):
    size = 1440 / len(counts)
    return sum(count * (place + 0.5) * size for place, count in enumerate(counts)) / sum(counts)


def test_people_come_so_long_before_their_shift_and_leave_so_long_after_it():
    demand = Demand((replace(STAFF, shifts=(DAY,)),), bin_minutes=1)
    there, home = np.array(demand.by_bin("west")), np.array(demand.by_bin("east"))
    assert mean_minute(there) == pytest.approx(8.5 * 60, abs=0.01)
    assert mean_minute(home) == pytest.approx(18.25 * 60, abs=0.01)
    minute = np.arange(1440) + 0.5
    deviation = math.sqrt((there * (minute - 8.5 * 60) ** 2).sum() / there.sum())
    assert deviation == pytest.approx(25, abs=0.01)


def test_without_spread_all_come_in_one_bin():
    counts = Demand((replace(STAFF, shifts=(DAY,), spread_minutes=0),)).by_bin("west")
    assert [place for place, count in enumerate(counts) if count] == [8 * 4 + 2]


def test_shares_of_shifts_are_shares_of_people():
    counts = Demand((replace(STAFF, spread_minutes=0),), bin_minutes=60).by_bin("east")
    assert counts[18] / sum(counts) == pytest.approx(0.7)
    assert counts[19] / sum(counts) == pytest.approx(0.3)


def test_a_night_shift_comes_in_the_evening_and_goes_home_in_the_morning():
    night = replace(STAFF, shifts=(WorkShift(1.0, 22 * 60, 6 * 60),))
    assert mean_minute(Demand((night,)).by_bin("west")) == pytest.approx(21.5 * 60, abs=1)
    assert mean_minute(Demand((night,)).by_bin("east")) == pytest.approx(6.25 * 60, abs=1)


def test_who_would_come_before_midnight_comes_in_that_evening():
    early = replace(STAFF, shifts=(WorkShift(1.0, 10, 480),), spread_minutes=0)
    counts = Demand((early,)).by_bin("west")
    assert [place for place, count in enumerate(counts) if count] == [23 * 4 + 2]


def test_what_lies_beyond_the_day_is_cut_and_all_of_them_still_come():
    late = replace(STAFF, shifts=(WorkShift(1.0, 600, 1420),), spread_minutes=60)
    counts = Demand((late,)).by_bin("east")
    assert sum(counts) == pytest.approx(126)
    assert max(counts) == counts[-1]


def test_visitors_go_evenly_and_come_back_after_their_stay():
    demand = Demand(visits=(VISIT,), bin_minutes=15)
    there, home = demand.by_bin("east"), demand.by_bin("west")
    assert there[10 * 4 : 16 * 4] == pytest.approx([140 / 24] * 24)
    assert sum(there) == pytest.approx(sum(there[10 * 4 : 16 * 4]))
    assert mean_minute(home) == pytest.approx(13 * 60 + 120, abs=0.5)


def test_the_way_back_is_the_sum_of_an_even_and_a_normal_time():
    generator = np.random.default_rng(7)
    drawn = generator.uniform(600, 960, 400_000) + generator.normal(120, 45, 400_000)
    counted = np.histogram(drawn, bins=np.arange(0, 1441, 15))[0] * (140 / drawn.size)
    assert np.array(Demand(visits=(VISIT,)).by_bin("west")) == pytest.approx(counted, abs=0.25)


def test_what_is_simulated_is_what_was_worked_out():
    west, _ = streams(Demand((replace(STAFF, jobs=140_000),)))
    times, kinds = west.draw(Streams(5), Room(reused=False))
    assert times.size == pytest.approx(12_600, abs=4 * math.sqrt(12_600))
    assert set(kinds.tolist()) == {1}
    expected = np.array(Demand((replace(STAFF, jobs=140_000),), bin_minutes=60).by_bin("west"))
    seen = np.histogram(times, bins=np.arange(25) * 3600)[0]
    assert (abs(seen - expected) <= 5 * np.sqrt(expected) + 1).all()


# Streams


def test_there_is_one_stream_a_direction_with_its_classes():
    west, east = streams(Demand((STAFF,), (VISIT,)))
    assert (west.name, east.name) == ("staff-west", "staff-east")
    assert west.shares == (0.0, 1.0, 0.0)
    assert east.shares == (0.25, 0.0, 0.75)
    assert west.horizon_seconds == 86_400


# What is refused


def group(**changed):
    return Demand((replace(STAFF, **changed),))


def visit(**changed):
    return Demand(visits=(replace(VISIT, **changed),))


@pytest.mark.parametrize(
    ("demand", "said"),
    [
        (Demand(), "Nobody is stated who would come. Give groups or visits."),
        (Demand((STAFF,), bin_minutes=7), "bin_minutes: A day does not divide into parts of 7 minutes."),
        (Demand((STAFF,), bin_minutes=0), "bin_minutes: A day does not divide into parts of 0 minutes."),
        (group(jobs=-1.0), "groups.0.jobs: jobs is -1. Give zero or more."),
        (group(jobs=math.inf), "groups.0.jobs: jobs is inf. Give zero or more."),
        (group(share_using=1.1), "groups.0.share_using: share_using is 1.1. A share lies between 0 and 1."),
        (group(attendance=math.nan), "groups.0.attendance: attendance is nan."),
        (group(spread_minutes=721), "groups.0.spread_minutes: spread_minutes is 721. Give 0 to 720 minutes."),
        (group(minutes_before=-5), "groups.0.minutes_before: minutes_before is -5."),
        (group(back="west"), 'groups.0.back: The way there and the way back are both "west". Name two.'),
        (group(shifts=()), 'groups.0.shifts: Nothing says when "west park" works. Give a shift.'),
        (group(shifts=(DAY, DAY)), "groups.0.shifts: The shares of the shifts sum to 2, not to one."),
        (group(shifts=(replace(DAY, share=-1.0),)), "groups.0.shifts.0.share: share is -1."),
        (group(shifts=(replace(DAY, until_minutes=540),)), "groups.0.shifts.0: A shift ends when it begins."),
        (group(shifts=(replace(DAY, from_minutes=1500),)), "groups.0.shifts.0.from: This is no time of a day."),
        (visit(people=-1), "visits.0.people: people is -1."),
        (visit(until_minutes=600), "visits.0.until: The last goes before the first."),
        (visit(stays_minutes=481), "visits.0.stays_minutes: Who goes last comes back after the day."),
        (visit(trips_per_person_per_day=-0.1), "visits.0.trips_per_person_per_day: trips_per_person_per_day is -0.1."),
    ],
)
def test_what_no_day_can_hold_is_refused_with_its_place(demand, said):
    with pytest.raises(ScenarioError) as refused:
        streams(demand)
    assert str(refused.value).startswith(said)


@pytest.mark.parametrize(
    ("given_shares", "said"),
    [
        ({"west": {"listed": 1.0}}, "classes.east: Nothing says of which classes these passengers are."),
        (BOTH_WAYS | {"wset": {"listed": 1.0}}, 'classes.wset: There is no direction "wset". Did you mean "west"?'),
        (BOTH_WAYS | {"west": {"lsted": 1.0}}, 'classes.west.lsted: There is no class "lsted". Did you mean "listed"?'),
        (BOTH_WAYS | {"west": {"listed": 0.9}}, "classes.west: The shares of the classes sum to 0.9, not to one."),
        (BOTH_WAYS | {"west": {"listed": 1.5, "other": -0.5}}, "classes.west.listed: listed is 1.5."),
    ],
)
def test_classes_that_do_not_fit_are_refused_with_their_place(given_shares, said):
    with pytest.raises(ScenarioError) as refused:
        streams(Demand((STAFF,)), shares=given_shares)
    assert str(refused.value).startswith(said)
