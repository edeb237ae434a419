"""Kernels beside plainer ways to the same numbers: equal bit for bit."""

import heapq
import importlib.util
import math
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from riverloop.core.queueing import compiled, hall, heaps, kernels, tallies
from tests.core.queueing.reference import Place, run_hall

SECONDS = st.one_of(st.integers(0, 12).map(float), st.floats(0, 50))
"""Whole numbers make ties."""


def plain(module):
    """Load a module of kernels as plain Python."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compiled, "compiled", lambda function: function)
        spec = importlib.util.spec_from_file_location(f"plain_{Path(module.__file__).stem}", module.__file__)
        loaded = importlib.util.module_from_spec(spec)
        patch.setitem(sys.modules, spec.name, loaded)
        spec.loader.exec_module(loaded)
    return loaded


@pytest.fixture(scope="module")
def plain_hall():
    loaded = plain(hall)
    loaded.push, loaded.pop = plain(heaps).push, plain(heaps).pop
    loaded.finish = plain(kernels).finish
    return loaded.hall


@pytest.fixture(scope="module")
def plain_kernels():
    loaded = plain(kernels)
    apart = plain(heaps)
    loaded.push, loaded.pop, loaded.replace_instant = apart.push, apart.pop, apart.replace_instant
    return loaded


def outputs(count):
    return np.empty(count), np.empty(count), np.empty(count), np.empty(count, dtype=np.int64)


def left_in_order(starts, ends, leaves, leavers):
    """Check that those who leave come out sorted, equal ones by their place; answer starts and ends."""
    assert leavers.tolist() == sorted(range(ends.size), key=lambda place: (ends[place], place))
    assert leaves.tolist() == ends[leavers].tolist()
    return starts, ends


def served(arrivals, services, channels, kernel=kernels.fifo):
    filled = outputs(len(arrivals))
    kernel(np.array(arrivals), np.array(services), channels, *filled)
    return left_in_order(*filled)


def served_by_roster(arrivals, services, roster, pauses=(), kernel=kernels.fifo_roster):
    filled = outputs(len(arrivals))
    kernel(
        np.array(arrivals, dtype=float),
        np.array(services, dtype=float),
        np.array([instant for instant, _ in roster], dtype=float),
        np.array([channels for _, channels in roster]),
        np.array(pauses, dtype=float).reshape(-1, 2),
        *filled,
    )
    return left_in_order(*filled)


# By hand


def test_two_counters_serve_first_come_first_served():
    starts, ends = served([0.0, 1.0, 2.0, 3.0], [10.0, 2.0, 5.0, 1.0], 2)
    assert starts.tolist() == [0, 1, 3, 8]
    assert ends.tolist() == [10, 3, 8, 9]


def test_a_counter_that_closes_finishes_whom_it_serves():
    starts, ends = served_by_roster([0, 1, 2], [10, 10, 10], [(-math.inf, 2), (5, 1), (40, 0)])
    assert starts.tolist() == [0, 1, 11]  # both end at 10 and 11, but one counter alone takes the third
    assert ends.tolist() == [10, 11, 21]


def test_who_comes_when_all_is_closed_waits_for_the_next_shift_or_for_ever():
    starts, _ = served_by_roster([0, 50, 200], [1, 1, 1], [(-math.inf, 0), (10, 1), (20, 0), (100, 1), (150, 0)])
    assert starts.tolist() == [10, 100, math.inf]


def test_an_outage_makes_services_stand_still():
    starts, ends = served_by_roster([0, 1], [10, 5], [(-math.inf, 1), (4, 0), (34, 1)], pauses=[(4, 34)])
    assert ends.tolist() == [40, 45]  # 4 s before, 6 s after
    assert starts.tolist() == [0, 40]


def test_a_shuttle_takes_as_many_as_it_holds_and_the_rest_the_next_time():
    starts = np.empty(5)
    kernels.shuttle(np.array([0.0, 1.0, 1.0, 5.0, 31.0]), np.array([1.0, 10.0, 30.0]), 2, starts)
    assert starts.tolist() == [1, 1, 10, 10, math.inf]


def test_a_shuttle_leaves_when_full_or_when_the_first_has_waited_long_enough():
    starts = np.empty(5)
    kernels.shuttle_when_full(np.array([0.0, 1.0, 2.0, 3.0, 4.0]), 3, 60.0, 1, 100.0, starts)
    assert starts.tolist() == [2, 2, 2, 102, 102]  # full at 2; back at 102, when both have waited more than a minute
    kernels.shuttle_when_full(np.array([0.0, 1.0, 2.0, 3.0, 4.0]), 9, 2.0, 2, 100.0, starts)
    assert starts.tolist() == [2, 2, 2, 5, 5]


# Beside plainer ways


@given(st.lists(st.tuples(SECONDS, SECONDS), max_size=40), st.integers(1, 6))
def test_a_fixed_number_of_channels_is_a_roster_that_never_changes(rows, channels):
    arrivals = np.cumsum([gap for gap, _ in rows])
    services = [service for _, service in rows]
    fixed = served(arrivals, services, channels)
    roster = served_by_roster(arrivals, services, [(-math.inf, channels)])
    assert [one.tobytes() for one in fixed] == [one.tobytes() for one in roster]


@pytest.mark.parametrize("channels", [1, 2, 16, 17, 192, 193, 250])
def test_few_and_many_channels_give_the_bits_of_a_heap_of_instants(channels):
    generator = np.random.default_rng(5)
    arrivals = np.cumsum(generator.standard_exponential(3000))
    services = np.round(generator.standard_exponential(3000) * 0.95 * channels, 1)
    services[::9] = 0.0
    expected, free = [], [-math.inf] * channels
    for arrival, service in zip(arrivals.tolist(), services.tolist(), strict=True):
        start = max(arrival, heapq.heappop(free))
        heapq.heappush(free, start + service)
        expected.append((start, start + service))
    starts, ends = served(arrivals, services, channels)
    assert list(zip(starts.tolist(), ends.tolist(), strict=True)) == expected
    starts, ends = served_by_roster(arrivals, services, [(-math.inf, channels)])
    assert list(zip(starts.tolist(), ends.tolist(), strict=True)) == expected


def test_compiled_and_plain_kernels_give_the_same_bits(plain_kernels):
    generator = np.random.default_rng(7)
    arrivals = np.cumsum(generator.standard_exponential(800) * 5)
    services = generator.standard_gamma(2.0, 800) * 20
    roster = [(-math.inf, 6), (500.0, 9), (1500.0, 0), (1900.0, 12)]
    for channels in (1, 7, 40, 220):
        ours = served(arrivals, services, channels)
        theirs = served(arrivals, services, channels, kernel=plain_kernels.fifo)
        assert [one.tobytes() for one in ours] == [one.tobytes() for one in theirs]
    for more in ([], [(2500.0, 220)]):
        ours = served_by_roster(arrivals, services, roster + more, pauses=[(1500.0, 1900.0)])
        theirs = served_by_roster(arrivals, services, roster + more, [(1500.0, 1900.0)], plain_kernels.fifo_roster)
        assert [one.tobytes() for one in ours] == [one.tobytes() for one in theirs]
    gaps = services.copy(), services.copy()
    for one, row in zip((kernels, plain_kernels), gaps, strict=True):
        one.accumulate(row, 7.5)
    services[0] += 7.5
    assert gaps[0].tobytes() == gaps[1].tobytes() == np.cumsum(services).tobytes()
    rides = np.empty((2, 800))
    for row, one in enumerate((kernels, plain_kernels)):
        one.shuttle_when_full(arrivals, 30, 120.0, 2, 400.0, rides[row])
    assert rides[0].tobytes() == rides[1].tobytes()


@pytest.fixture(scope="module")
def plain_tallies():
    return plain(tallies)


@pytest.mark.parametrize("classes", [1, 2])
def test_compiled_and_plain_tallies_count_the_same(plain_tallies, classes):
    since, until = waits(8)
    kinds = np.random.default_rng(9).integers(2 - classes, 2, since.size)
    kept = []
    for observe in (tallies.observe, plain_tallies.observe):
        tally = tallies.Tally.empty(2)
        arrays = (tally.counts, tally.sums, tally.greatest, tally.within, tally.never)
        batches = (tally.batch_sums, tally.batch_counts)
        observe(since, until, kinds, 100.0, 86_400.0, 300.0, *arrays, *batches)
        kept.append([one.tobytes() for one in (*arrays, *batches)])
    assert kept[0] == kept[1]


def waits(seed):
    """Return since when each waits and until when; some not at all, and some for ever."""
    generator = np.random.default_rng(seed)
    since = np.sort(generator.random(500) * 90_000)
    values = np.where(generator.random(500) < 0.1, 0.0, generator.standard_exponential(500) * 300)
    values[::50] = math.inf
    return since, since + values


def test_times_are_counted_one_by_one_by_class_hour_and_bin():
    since, until = waits(10)
    for kinds in (np.ones(500, dtype=np.int64), np.ones(1, dtype=np.int64), np.arange(500) % 2):
        tally, edges = tallies.Tally.empty(2), tallies.bin_edges()
        tally.take(since, until, kinds, (100.0, 86_400.0), 300.0)
        sums, counts = np.zeros_like(tally.sums), np.zeros_like(tally.counts)
        for begun, ended, kind in zip(since, until, np.broadcast_to(kinds, 500), strict=True):
            if begun >= 100.0 and ended < math.inf:
                hour, waited = int(begun // 3600) % 24, ended - begun
                sums[kind, hour] += waited
                counts[kind, hour, np.searchsorted(edges[1:], waited, "right") if waited else 0] += 1
        assert tally.sums.tobytes() == sums.tobytes()
        assert tally.counts.tobytes() == counts.tobytes()
        assert tally.passengers == (since >= 100.0).sum()
        assert tally.batch_counts.sum() == counts.sum()


@given(st.lists(st.tuples(SECONDS, SECONDS), max_size=40), st.floats(0, 20))
def test_the_longest_queue_is_that_of_whoever_finds_most_waiting(rows, begins):
    joined = np.cumsum([gap * 200 for gap, _ in rows])
    starts = np.sort(joined + [wait * 200 for _, wait in rows])
    expected, found = np.zeros(24, dtype=np.int64), np.zeros(24, dtype=np.int64)
    for place, instant in enumerate(joined):
        hour = int(instant // 3600) % 24
        if instant >= begins * 100:
            expected[hour] = max(expected[hour], (starts[: place + 1] > instant).sum())
    tallies.longest_queue(joined, starts, begins * 100, found)
    assert found.tolist() == expected.tolist()


@given(st.lists(SECONDS, max_size=60), st.integers(0, 60))
def test_times_are_put_in_order_and_equal_ones_by_number(times, patience):
    found, numbers = kernels.in_order(np.array(times, dtype=float), np.arange(len(times)))
    expected = sorted((time, number) for number, time in enumerate(times))
    assert list(zip(found.tolist(), numbers.tolist(), strict=True)) == expected


def test_times_in_reverse_are_sorted_the_other_way():
    found, numbers = kernels.in_order(np.arange(5000.0)[::-1].copy(), np.arange(5000))
    assert (np.diff(found) > 0).all()
    assert numbers[0] == 4999


# Halls: the kernel, its plain twin and a reference written apart


@st.composite
def halls(draw):
    count, stations = draw(st.integers(1, 14)), draw(st.integers(1, 3))
    arrivals = np.cumsum([draw(SECONDS) for _ in range(count)]).tolist()
    wanted = [draw(st.sets(st.integers(0, stations - 1), min_size=1)) for _ in range(count)]
    levels = [draw(st.integers(0, 2)) for _ in range(count)]
    places = [draw(places_of(count, stations, number)) for number in range(stations)]
    return arrivals, wanted, levels, places


@st.composite
def places_of(draw, count, stations, number):
    stages = draw(st.integers(1, 3))
    planned = {-math.inf: draw(st.integers(0, 3))}
    planned |= {float(draw(st.integers(1, 60))): draw(st.integers(0, 3)) for _ in range(draw(st.integers(0, 3)))}
    pauses = []
    if draw(st.booleans()):
        first = float(draw(st.integers(0, 40)))
        pauses = [(first, first + draw(st.integers(1, 20)))]
    roster = [(at, opened(planned, pauses, at)) for at in sorted({*planned, *(edge for one in pauses for edge in one)})]
    if max(channels for _, channels in roster) == 0:
        roster.append((1000.0, 1))
    divert = draw(st.one_of(st.none(), st.integers(number + 1, stations - 1))) if number + 1 < stations else None
    return {
        "roster": roster,
        "pauses": pauses,
        "services": [[draw(SECONDS) for _ in range(count)] for _ in range(stages)],
        "fails": [draw(st.one_of(st.none(), st.integers(0, stages - 1))) for _ in range(count)],
        "blocks": draw(SECONDS),
        "divert": divert,
        "by_level": draw(st.booleans()),
        "mean": float(draw(st.integers(1, 9))),
    }


def opened(planned, pauses, at):
    """Return the channels open from an instant on."""
    if any(first <= at < last for first, last in pauses):
        return 0
    return planned[max(instant for instant in planned if instant <= at)]


def as_arrays(arrivals, wanted, levels, places):
    count = len(arrivals)
    stages = max(len(place["services"]) for place in places)
    services = np.zeros((len(places), stages, count))
    fails = np.full((len(places), count), -1)
    for number, place in enumerate(places):
        services[number, : len(place["services"])] = np.array(place["services"]).reshape(-1, count)
        fails[number] = [-1 if stage is None else stage for stage in place["fails"]]
    rows = np.cumsum([0, *(len(place["roster"]) for place in places)])
    visits, times = np.empty((count * len(places), 2), dtype=np.int64), np.empty((count * len(places), 4))
    leaves, left_by = np.empty(count), np.empty(count, dtype=np.int64)
    return (
        np.array(arrivals, dtype=float),
        np.array([sum(1 << station for station in one) for one in wanted], dtype=np.int64),
        np.array(levels, dtype=np.int64),
        services,
        fails,
        rows,
        np.array([instant for place in places for instant, _ in place["roster"]], dtype=float),
        np.array([channels for place in places for _, channels in place["roster"]], dtype=np.int64),
        np.array([pause for place in places for pause in place["pauses"]], dtype=float).reshape(-1, 2),
        np.cumsum([0, *(len(place["pauses"]) for place in places)]),
        np.array([len(place["services"]) for place in places]),
        np.array([place["mean"] for place in places]),
        np.array([place["blocks"] for place in places], dtype=float),
        np.array([hall.OUTSIDE if place["divert"] is None else place["divert"] for place in places], dtype=np.int64),
        np.array([place["by_level"] for place in places]),
        visits,
        times,
        leaves,
        left_by,
    )


def run_kernel(kernel, case):
    arguments = as_arrays(*case)
    count = kernel(*arguments)
    visits, times, leaves, left_by = arguments[-4:]
    return visits[:count].tolist(), times[:count].tolist(), leaves.tolist(), left_by.tolist()


@given(halls())
def test_a_hall_is_the_same_event_for_event(plain_hall, case):
    arrivals, wanted, levels, places = case
    visits, times, leaves, left_by = run_kernel(hall.hall, case)
    assert (visits, times, leaves, left_by) == run_kernel(plain_hall, case)
    expected, expected_leaves = run_hall(arrivals, wanted, levels, [Place(**place) for place in places])
    assert [[*visit, *instants] for visit, instants in zip(visits, times, strict=True)] == expected
    failed = [None if station == -1 else station for station in left_by]
    assert list(zip(leaves, failed, strict=True)) == expected_leaves
