"""What decides the answer."""

import pytest

from riverloop.core.queueing.refusals import ScenarioError
from riverloop.core.queueing.running import run
from riverloop.core.queueing.sensitivity import MEASURES, Swing, break_even, compare, journey_seconds, tornado
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
