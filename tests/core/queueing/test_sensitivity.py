"""What decides the answer."""

import math

import pytest

from riverloop.core.queueing.refusals import ScenarioError
from riverloop.core.queueing.running import run
from riverloop.core.queueing.sensitivity import (
    MEASURES,
    Difference,
    Swing,
    break_even,
    compare,
    journey_seconds,
    tornado,
)
from tests.core.queueing.scenes import CONTRACT, DAY, scenario

SHORT = CONTRACT.replace("hours: 2000", "hours: 60")
# One hall of 12 against a walk to a second hall with more channels: the first is better while it is quiet.
TWO_HALLS = (
    SHORT.replace("channels: 12", "channels: 14")
    .replace("route: [counter]", "route: [walk, counter]")
    .replace(
        "stations:", "stations:\n  - {name: walk, kind: walk, service: {distribution: deterministic, seconds: 20}}"
    )
)


def test_designs_are_compared_on_the_same_passengers():
    more = run(scenario(SHORT.replace("channels: 12", "channels: 13")))
    found = compare(more, run(scenario(SHORT)), journey_seconds)
    assert found.high < 0  # surely quicker
    with pytest.raises(ScenarioError, match=r"did not see the same passengers"):
        compare(more, run(scenario(SHORT.replace("seed: 1", "seed: 2"))), journey_seconds)


def test_a_tornado_lists_what_moves_the_answer_most_first():
    told = []
    bars = tornado(
        scenario(SHORT),
        [
            Swing("little", scenario(SHORT.replace("60}", "59.9}")), scenario(SHORT.replace("60}", "60.1}"))),
            Swing("much", scenario(SHORT.replace("60}", "50}")), scenario(SHORT.replace("60}", "66}"))),
        ],
        MEASURES["journey_p95_seconds"],
        progress=lambda done, total: told.append((done, total)),
    )
    assert [bar.name for bar in bars] == ["much", "little"]
    assert bars[0].low.mean < 0 < bars[0].high.mean
    assert list(dict.fromkeys(told)) == [(done, 5) for done in range(6)]


def test_the_demand_at_which_the_answer_turns_is_found():
    found = break_even(scenario(SHORT), scenario(TWO_HALLS), journey_seconds, between=(0.5, 1.19), precision=0.02)
    assert found.at_low.high < 0 < found.at_high.low
    assert 0.95 < found.factor < 1.19
    assert found.sure_below <= found.factor <= found.sure_above
    ours, theirs = (run(scenario(text).with_demand(found.sure_below)) for text in (SHORT, TWO_HALLS))
    assert compare(ours, theirs, journey_seconds).high < 0


def test_what_does_not_drain_is_worse_in_times_and_nothing_of_it_is_sure():
    found = break_even(scenario(SHORT), scenario(TWO_HALLS), journey_seconds, between=(0.5, 1.35), precision=0.02)
    factors = dict(found.tried)
    assert found.at_low.sure
    assert not factors[1.35].ours_drains
    assert factors[1.35].theirs_drains
    assert factors[1.35].lean == math.inf
    assert found.sure_above is None  # from there on
    assert found.sure_below <= found.factor < 1.2


def test_where_the_queues_of_neither_drain_there_is_no_answer_and_it_is_sought_below():
    found = break_even(scenario(SHORT), scenario(TWO_HALLS), journey_seconds, between=(0.5, 3), precision=0.02)
    assert 0.95 < found.factor < 1.2
    assert 1.35 < found.neither_from <= 1.75
    none = break_even(scenario(SHORT), scenario(SHORT), journey_seconds, between=(1.3, 3))
    assert (none.factor, none.neither_from) == (None, 1.3)
    longer = SHORT.replace("60}", "61}")
    found = break_even(scenario(SHORT), scenario(longer), journey_seconds, between=(0.5, 3), precision=0.02)
    assert found.factor is None
    assert 1.15 < found.neither_from < 1.25
    assert found.at_low.mean < 0


@pytest.mark.parametrize(
    ("ours", "theirs", "of_all", "lean", "sure"),
    [
        (True, True, False, -5.0, True),
        (False, True, False, math.inf, False),
        (True, False, False, -math.inf, False),
        (False, False, False, -5.0, False),
        (False, True, True, -5.0, False),
    ],
)
def test_those_who_were_never_served_are_in_no_time(ours, theirs, of_all, lean, sure):
    found = Difference(-5.0, -6.0, -4.0, ours_drains=ours, theirs_drains=theirs, of_all=of_all)
    assert (found.lean, found.sure) == (lean, sure)


def test_what_decides_whether_queues_drain_is_first_of_a_tornado():
    swings = [
        Swing("more", scenario(SHORT), scenario(SHORT.replace("rate_per_hour: 600", "rate_per_hour: 715"))),
        Swing("lost", scenario(SHORT), scenario(SHORT.replace("channels: 12", "channels: 9"))),
    ]
    bars = tornado(scenario(SHORT), swings, journey_seconds)
    assert [bar.name for bar in bars] == ["lost", "more"]
    assert (bars[0].high.ours_drains, bars[0].high.sure, bars[1].high.ours_drains) == (False, False, True)


def test_where_the_answer_never_turns_no_demand_is_named():
    found = break_even(scenario(SHORT), scenario(SHORT.replace("12", "15")), journey_seconds, between=(0.5, 1.1))
    assert found.factor is None


def test_one_replication_tells_no_difference():
    alone = scenario(DAY.replace("replications: 6", "replications: 1"))
    with pytest.raises(ScenarioError, match=r"One replication tells no difference apart"):
        break_even(alone, alone, journey_seconds)


def test_where_nobody_comes_it_is_said_that_there_is_nothing_to_compare():
    ours, theirs = (scenario(text).with_demand(1e-9) for text in (SHORT, TWO_HALLS))
    with pytest.raises(ScenarioError, match=r"At 0.5 times the demand, hardly anybody comes: two replications"):
        break_even(ours, theirs, journey_seconds)


def test_the_search_for_a_break_even_tells_how_far_it_is_and_may_be_stopped():
    told = []
    ours, theirs = scenario(SHORT), scenario(TWO_HALLS)
    break_even(
        ours,
        theirs,
        journey_seconds,
        between=(0.5, 1.19),
        precision=0.1,
        progress=lambda done, total: told.append((done, total)),
    )
    assert list(dict.fromkeys(told)) == [(done, 10) for done in range(11)]

    def stop(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        break_even(ours, theirs, journey_seconds, progress=stop)
    with pytest.raises(KeyboardInterrupt):
        tornado(ours, [], journey_seconds, progress=stop)
