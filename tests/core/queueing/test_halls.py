"""Halls worked out by hand."""

import numpy as np
import pytest

from riverloop.core.queueing.hall import hall
from tests.core.queueing.test_kernels import as_arrays, run_kernel

NEVER = float("inf")


def place(services, *, channels=1, fails=None, roster=None, **other):
    services = services if isinstance(services[0], list) else [services]
    return {
        "roster": roster or [(-NEVER, channels)],
        "pauses": [],
        "services": services,
        "fails": fails or [None] * len(services[0]),
        "blocks": 0.0,
        "divert": None,
        "by_level": False,
        "mean": 10.0,
        **other,
    }


def through(arrivals, places, wanted=None, levels=None):
    """Return rows of passenger, station, joined, started, fell free and left."""
    count = len(arrivals)
    wanted = wanted or [set(range(len(places)))] * count
    visits, times, leaves, _ = run_kernel(hall, (arrivals, wanted, levels or [0] * count, places))
    return [(*visit, *instants) for visit, instants in zip(visits, times, strict=True)], leaves


# Lanes with doors


def test_a_lane_of_three_doors_takes_the_next_as_soon_as_its_first_segment_is_free():
    rows, leaves = through([0.0, 0.0, 0.0], [place([[5.0, 5.0, 5.0], [8.0, 8.0, 8.0]])])
    started = [row[3] for row in rows]
    # The second is done in the first segment at 10, but the first stands in the second until 13: it blocks until then.
    assert started == [0, 5, 13]
    assert leaves == [13, 21, 29]


def test_a_failure_in_the_second_segment_holds_up_the_whole_lane():
    lane = place([[5.0] * 3, [8.0] * 3], fails=[1, None, None], blocks=60.0)
    rows, leaves = through([0.0, 0.0, 0.0], [lane])
    assert leaves[0] == 5 + 8 + 60  # led out when the minute is over
    assert [row[3] for row in rows] == [0, 5, 73]  # the second stands in the first segment until then
    assert leaves[1:] == [81, 89]


def test_a_failure_at_the_first_door_leaves_the_segment_behind_it_alone():
    lane = place([[5.0, 5.0], [100.0, 8.0]], fails=[None, 0], blocks=30.0)
    rows, leaves = through([0.0, 0.0], [lane])
    assert leaves == [105, 40]  # the second never comes to the second door: 5 to 10, and 30 until it is led out
    assert [row[4] for row in rows] == [5, 40]


def test_those_who_fail_go_to_the_counter_of_the_same_hall_and_queue_there_from_then_on():
    gates = place([10.0, 10.0, 10.0], channels=2, fails=[0, None, None], divert=1)
    counter = place([30.0, 30.0, 30.0])
    rows, leaves = through([0.0, 1.0, 5.0], [gates, counter], wanted=[{0}, {0}, {1}])
    assert rows == [
        (0, 0, 0, 0, 10, 10),
        (1, 0, 1, 1, 11, 11),
        (2, 1, 5, 5, 35, 35),
        (0, 1, 10, 35, 65, 65),
    ]
    assert leaves == [65, 11, 35]


# Choosing


def test_a_passenger_takes_the_shortest_expected_wait_and_of_equal_ones_the_first_named():
    quick, slow = place([100.0] * 5, mean=10.0), place([100.0] * 5, mean=25.0)
    rows, _ = through([0.0, 1.0, 2.0, 3.0, 4.0], [quick, slow])
    # Both free: the first. Then the slow one is free. Then 10 s against 25 s, 20 against 25, 30 against 25.
    assert [row[1] for row in sorted(rows)] == [0, 1, 0, 0, 1]


def test_nobody_takes_a_lane_that_they_may_not_use():
    rows, _ = through([0.0, 1.0, 2.0], [place([50.0] * 3), place([50.0] * 3)], wanted=[{1}, {1}, {1}])
    assert [row[1] for row in rows] == [1, 1, 1]


def test_a_lane_that_opens_soon_is_worth_waiting_for():
    shut = place([10.0] * 2, roster=[(-NEVER, 0), (5.0, 1)], mean=10.0)
    queue = place([100.0] * 2, mean=100.0)
    rows, _ = through([0.0, 1.0], [shut, queue])
    assert [row[1] for row in rows] == [1, 0]  # the second: 4 s and 10 s, rather than 100 s


# Priority


def test_the_class_that_goes_first_is_taken_first_and_nobody_is_sent_away():
    rows, _ = through([0.0, 1.0, 2.0, 3.0], [place([10.0] * 4, by_level=True)], levels=[1, 1, 0, 1])
    assert {row[0]: row[3] for row in rows} == {0: 0, 2: 10, 1: 20, 3: 30}


def test_of_those_who_come_at_once_the_first_class_starts_first():
    rows, _ = through([5.0, 5.0, 5.0], [place([10.0] * 3, by_level=True)], levels=[2, 0, 1])
    assert {row[0]: row[3] for row in rows} == {1: 5, 2: 15, 0: 25}


@pytest.mark.parametrize("seed", range(5))
def test_no_lower_class_starts_while_a_higher_one_waits(seed):
    generator = np.random.default_rng(seed)
    count = 400
    arrivals = np.cumsum(generator.standard_exponential(count) * 5).tolist()
    levels = generator.integers(0, 3, count).tolist()
    services = (generator.standard_exponential(count) * 14).tolist()
    rows, _ = through(arrivals, [place(services, channels=3, by_level=True)], levels=levels)
    joined, started = {row[0]: row[2] for row in rows}, {row[0]: row[3] for row in rows}
    for one in range(count):
        passed = [
            other
            for other in range(count)
            if levels[other] < levels[one] and joined[other] < started[one] < started[other]
        ]
        assert passed == []
    for level in range(3):  # and within a class, first come, first served
        own = [started[one] for one in range(count) if levels[one] == level]
        assert own == sorted(own)


def test_arrays_of_an_empty_hall_are_taken():
    arguments = as_arrays([0.0], [{0}], [0], [place([1.0], roster=[(-NEVER, 0), (50.0, 1), (60.0, 0)])])
    assert hall(*arguments) == 1
    assert arguments[-2].tolist() == [51]
