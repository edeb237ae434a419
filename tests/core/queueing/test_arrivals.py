"""Who comes when."""

import numpy as np
import pytest

from riverloop.core.queueing.arrivals import Arrivals, Platoons, draw_all
from riverloop.core.queueing.distributions import Deterministic, Empirical, Exponential, Gamma, LogNormal
from riverloop.core.queueing.rooms import Room
from riverloop.core.queueing.streams import Streams

HOUR = 3600.0
NEW = Room(reused=False)


def arrivals(rates, *, hours=None, factors=(1.0,), shares=(1.0,), platoons=None):
    return Arrivals("one", tuple(map(float, rates)), (hours or len(rates)) * HOUR, factors, shares, platoons)


def test_each_hour_has_as_many_as_its_rate_says():
    stream = arrivals([600, 0, 1800, 60])
    counts = np.zeros(4)
    for replication in range(400):
        times, _ = stream.draw(Streams(3, replication), NEW)
        assert (np.diff(times) > 0).all()
        counts += np.histogram(times, bins=np.arange(5) * HOUR)[0]
    assert counts[1] == 0
    expected = np.array([600, 1800, 60]) * 400
    assert (abs(counts[[0, 2, 3]] - expected) < 4 * np.sqrt(expected)).all()


def test_counts_scatter_as_poisson_does():
    counts = [arrivals([500]).draw(Streams(9, replication), NEW)[0].size for replication in range(2000)]
    assert np.mean(counts) == pytest.approx(500, abs=2)
    assert np.var(counts) == pytest.approx(500, rel=0.1)


def test_more_demand_brings_the_same_passengers_closer_together():
    quiet, _ = arrivals([100, 300]).draw(Streams(1), NEW)
    busy, _ = arrivals([100, 300], factors=(2.0,)).draw(Streams(1), NEW)
    inverse = np.interp(quiet, [0, HOUR, 2 * HOUR], [0, 100, 400])
    again = np.interp(busy[: quiet.size], [0, HOUR, 2 * HOUR], [0, 200, 800])
    assert again == pytest.approx(inverse[: busy.size])


def test_a_train_brings_those_who_gathered_since_the_one_before():
    times, _ = arrivals([600, 600], platoons=Platoons(600.0)).draw(Streams(2), NEW)
    assert set(times.tolist()) <= {600.0 * number for number in range(1, 13)}
    fixed, _ = arrivals([0], platoons=Platoons(900.0, size=50)).draw(Streams(2), NEW)
    assert fixed.tolist() == [0.0] * 50 + [900.0] * 50 + [1800.0] * 50 + [2700.0] * 50
    spread, _ = arrivals([0], platoons=Platoons(1800.0, 120.0, 50)).draw(Streams(2), NEW)
    assert (np.diff(spread) >= 0).all()
    assert ((spread % 1800.0) <= 120.0).all()
    assert arrivals([0], platoons=Platoons(900.0, size=50)).expected(0) == 200


def test_classes_come_in_their_shares_and_two_streams_in_order():
    first, second = arrivals([5000], shares=(0.7, 0.3)), arrivals([1000], shares=(0.0, 1.0))
    other = Arrivals("other", second.rates_per_hour, HOUR, (1.0,), (0.0, 1.0))
    times, kinds = draw_all((first, other), Streams(4), NEW)
    assert (np.diff(times) >= 0).all()
    assert (kinds == 0).mean() == pytest.approx(3500 / 6000, abs=0.03)


def test_a_stream_is_named_by_what_it_is_for():
    one, other = Streams(1, 2, 3), Streams(1, 2, 4)
    assert one.of("service", "a").random() == Streams(1, 2, 3).of("service", "a").random()
    seen = {one.of("service", "a").random(), one.of("service", "b").random(), other.of("service", "a").random()}
    assert len({*seen, one.of("servicea").random(), Streams(1, 3, 3).of("service", "a").random()}) == 5


@pytest.mark.parametrize(
    "distribution",
    [
        Deterministic(30.0),
        Exponential(30.0),
        LogNormal(30.0, 20.0),
        Gamma(30.0, 2.5),
        Empirical((10.0, 30.0, 70.0), (0.25, 0.5, 0.25)),
    ],
)
def test_draws_have_the_mean_and_variation_that_they_say(distribution):
    drawn = distribution.draw(np.random.default_rng(6), 400_000)
    assert drawn.mean() == pytest.approx(distribution.mean_seconds, rel=0.01)
    assert drawn.var() / drawn.mean() ** 2 == pytest.approx(distribution.squared_variation, rel=0.03, abs=1e-9)
    assert (drawn >= 0).all()


def test_a_slower_service_stretches_the_same_draws():
    slow, quick = (LogNormal(mean, mean / 2).draw(np.random.default_rng(6), 100) for mean in (40.0, 10.0))
    assert slow == pytest.approx(4 * quick)


def test_a_room_gives_the_same_memory_for_the_same_purpose():
    room = Room(reused=True)
    first = room.floats(100, "a", "b")
    assert np.shares_memory(first, room.floats(90, "a", "b"))
    assert not np.shares_memory(first, room.floats(100, "a", "c"))
    assert room.floats(1000, "a", "b").size == 1000
    assert not np.shares_memory(NEW.floats(9, "a"), NEW.floats(9, "a"))
    assert room.integers(5, "n").dtype == np.int64
