"""What decides the answer."""

from dataclasses import replace

import pytest

from riverloop.core.queueing.differences import MEASURES, Difference, compare, journey_seconds
from riverloop.core.queueing.refusals import ScenarioError
from riverloop.core.queueing.running import run
from riverloop.core.queueing.sensitivity import BreakEven, Swing, _between, break_even, tornado
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

DAILY = """
arrivals: {process: poisson, passengers_per_day: 600, profile: [0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0.4,0.4,0.2,0,0]}
stations:
  - {name: way, STATION}
route: [way]
seed: 5
replications: 4
"""
SHUTTLE = DAILY.replace(
    "STATION",
    "kind: shuttle, service: {distribution: deterministic, seconds: 60}, "
    "shuttle: {capacity: 80, headway_seconds: 120, first: 5, last: 21.9}",
)
ON_FOOT = DAILY.replace("STATION", "kind: walk, service: {distribution: deterministic, seconds: 2000}")


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
    assert found.at(0.5).high < 0 < found.at(1.19).low
    assert 0.95 < found.factor < 1.19
    assert found.sure_below < found.factor < found.sure_above
    ours, theirs = (run(scenario(text).with_demand(found.sure_below)) for text in (SHORT, TWO_HALLS))
    assert compare(ours, theirs, journey_seconds).high < 0


def test_where_queues_do_not_drain_nothing_is_sure():
    found = break_even(scenario(SHORT), scenario(TWO_HALLS), journey_seconds, between=(0.5, 3), precision=0.02)
    assert 1.0 < found.factor < 1.1
    assert found.at(0.5).sure
    assert (found.at(3).ours_drains, found.at(3).ours_serves_all, found.at(3).sure) == (False, True, False)
    assert found.sure_below < found.factor < found.sure_above < 1.2
    assert found.untold_from is None  # everybody is served after closing, if late


def differences(*told):
    """Give what was tried at 1, 2, 3 … times the demand: a mean, and who leaves people out."""
    tried = []
    for place, (mean, *leaves) in enumerate(told, 1):
        ours, theirs = (side not in leaves for side in ("ours", "theirs"))
        lacks = {"ours_drains": ours, "ours_serves_all": ours, "theirs_drains": theirs, "theirs_serves_all": theirs}
        tried.append((place, Difference(mean, mean - 1, mean + 1, **lacks)))
    return BreakEven(tuple(tried))


@pytest.mark.parametrize(
    ("mean", "leaves", "share", "better"),
    [
        (-5, (), False, "ours"),
        (5, (), False, "theirs"),
        (-5, (), True, "theirs"),
        (0, (), False, ""),
        (-5, ("ours",), False, ""),  # the quicker, of those alone whom it served
        (5, ("ours",), False, "theirs"),  # the slower even so
        (-5, ("theirs",), False, "ours"),
        (5, ("theirs",), False, ""),
        (5, ("ours", "theirs"), False, ""),
        (-5, ("ours", "theirs"), True, "theirs"),  # a share counts everybody
    ],
)
def test_times_that_leave_people_out_tell_only_what_holds_of_all(mean, leaves, share, better):
    found = replace(differences((mean, *leaves)).tried[0][1], of_share=share)
    assert (found.better, found.sure) == (better, not leaves and mean != 0)
    assert found.tells == bool(better or not mean)


@pytest.mark.parametrize(
    ("told", "better", "factor", "last", "first", "untold"),
    [
        (((-5,), (-4,), (4,), (5,)), "ours", 2.5, 2, 3, None),
        (((5,), (-4,)), "theirs", 1.5, 1, 2, None),
        (((0,), (0,), (-5,), (5,)), "ours", 3.5, 3, 4, None),  # the same while it is quiet
        (((-5,), (0,), (0,), (5,)), "ours", None, 1, 4, None),
        (((-5,), (5, "theirs"), (5,)), "ours", None, 1, 3, None),
        (((-5,), (-4, "ours"), (5, "ours", "theirs")), "ours", None, 1, None, 2),
        (((0,), (0,)), "", None, None, None, None),
        (((-5, "ours"), (5, "theirs")), "", None, None, None, 1),
    ],
)
def test_where_an_answer_turns(told, better, factor, last, first, untold):  # noqa: PLR0917 - a table
    found = differences(*told)
    assert (found.better_below, found.factor) == (better, factor)
    assert (found.last_below, found.first_above, found.untold_from) == (last, first, untold)


def test_how_sure_a_turn_is_is_told_by_the_nearest_demands():
    found = differences((-0.5,), (-5,), (-0.5,), (0.5,), (5,), (5, "ours"), (-5,))
    assert (found.factor, found.sure_below, found.sure_above, found.turns_again) == (3.5, 2, 5, True)
    assert differences((-0.5,), (0.5,)).sure_below is differences((-0.5,), (0.5,)).sure_above is None


def test_what_is_the_same_in_the_middle_or_at_the_ends_hides_no_turn():
    told = {0.5: 0.0, 0.875: 0.0, 1.25: -3.0, 1.625: 3.0, 2.0: 9.0}
    tried = {at: Difference(mean, mean, mean) for at, mean in told.items()}
    assert _between(BreakEven(tuple(tried.items()))) == (1.25 + 1.625) / 2
    tried[1.4375] = Difference(0, 0, 0)
    assert _between(BreakEven(tuple(sorted(tried.items())))) == (1.4375 + 1.625) / 2


def test_the_demand_from_which_it_cannot_be_told_is_looked_for_where_nothing_turns():
    leaving = [(-5,), (-5,), (-5, "ours"), (5, "ours", "theirs")]
    assert _between(differences(*leaving)) == 2.5
    assert _between(differences((-5,), (-6,))) is None


def test_a_shuttle_that_leaves_a_few_behind_is_not_called_the_slower_one():
    found = break_even(scenario(SHUTTLE), scenario(ON_FOOT), journey_seconds, between=(0.5, 2), precision=0.2)
    assert found.at(0.5).mean < 0
    assert not found.at(2).ours_serves_all
    assert found.at(2).better == ""
    assert (found.better_below, found.first_above) in {("ours", None), ("", None)}
    shares = break_even(scenario(SHUTTLE), scenario(ON_FOOT), MEASURES["share_within"], between=(0.5, 2), precision=0.2)
    assert {one.better for _, one in shares.tried} == {"ours"}


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
    assert list(dict.fromkeys(told)) == [(done, 12) for done in range(13)]

    def stop(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        break_even(ours, theirs, journey_seconds, progress=stop)
    with pytest.raises(KeyboardInterrupt):
        tornado(ours, [], journey_seconds, progress=stop)
