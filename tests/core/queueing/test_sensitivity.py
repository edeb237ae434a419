"""What decides the answer."""

from dataclasses import replace

import pytest

from riverloop.core.queueing.differences import MEASURES, Difference, compare, journey_seconds
from riverloop.core.queueing.refusals import ScenarioError
from riverloop.core.queueing.running import run
from riverloop.core.queueing.sensitivity import BreakEven, Swing, break_even, tornado
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
    assert at(found, 0.5).high < 0 < at(found, 1.19).low
    assert 0.95 < found.factor < 1.19
    assert found.sure_below < found.factor < found.sure_above
    ours, theirs = (run(scenario(text).with_demand(found.sure_below)) for text in (SHORT, TWO_HALLS))
    assert compare(ours, theirs, journey_seconds).high < 0


def test_where_queues_do_not_drain_nothing_is_sure():
    found = break_even(scenario(SHORT), scenario(TWO_HALLS), journey_seconds, between=(0.5, 3), precision=0.02)
    assert 1.0 < found.factor < 1.1
    assert at(found, 0.5).sure
    assert (at(found, 3).ours_drains, at(found, 3).ours_serves_all, at(found, 3).sure) == (False, True, False)
    assert found.sure_below < found.factor < found.sure_above < 1.2
    assert all(one.tells for _, one in found.tried)  # everybody is served after closing, if late


def at(found, factor):
    return dict(found.tried)[factor]


def differences(*told):
    """Give what was tried at 1, 2, 3 … times the demand: a mean, and who leaves people out."""
    tried = []
    for place, (mean, *leaves) in enumerate(told, 1):
        ours, theirs = (side not in leaves for side in ("ours", "theirs"))
        lacks = {"ours_drains": ours, "ours_serves_all": ours, "theirs_drains": theirs, "theirs_serves_all": theirs}
        half = 1 if mean else 0
        tried.append((place, Difference(mean, mean - half, mean + half, **lacks)))
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


def test_only_what_is_more_than_chance_says_which_is_better():
    found = Difference(-0.5, -1.5, 0.5)
    assert (found.leans, found.better, found.sure) == ("ours", "", False)


OURS, THEIRS, ABOUT = (-5,), (5,), (0.5,)


@pytest.mark.parametrize(
    ("told", "finding", "better", "factor", "ends"),
    [
        ((OURS, OURS, THEIRS, THEIRS), "turns", "ours", 2.5, (2, 3)),
        ((THEIRS, OURS), "turns", "theirs", 1.5, (1, 2)),
        (((0,), (0,), OURS, THEIRS), "turns", "ours", 3.5, (3, 4)),  # the same while it is quiet
        ((OURS, (-0.5,), ABOUT, THEIRS), "turns", "ours", 2.5, (2, 3)),  # between them, by the means
        ((OURS, (0,), (0,), THEIRS), "turns_between", "ours", None, (1, 4)),
        ((OURS, (5, "theirs"), THEIRS), "turns_between", "ours", None, (1, 3)),
        (((-0.3,), (0.2,), OURS, THEIRS, THEIRS), "turns", "ours", 3.5, (3, 4)),  # chance turns nothing
        ((OURS, ABOUT, OURS), "holds", "ours", None, (None, None)),
        ((OURS, (-4, "ours"), (5, "ours", "theirs")), "holds", "ours", None, (None, None)),
        ((ABOUT, THEIRS), "begins", "theirs", None, (None, None)),
        ((ABOUT, THEIRS, ABOUT), "holds", "theirs", None, (None, None)),
        (((0,), (0,)), "same", "", None, (None, None)),
        ((ABOUT, (-0.5,)), "chance", "", None, (None, None)),
        (((-5, "ours"), (5, "theirs")), "untold", "", None, (None, None)),
    ],
)
def test_where_an_answer_turns(told, finding, better, factor, ends):
    found = differences(*told)
    assert (found.finding, found.better_below, found.factor) == (finding, better, factor)
    assert (found.last_below, found.first_above) == ends


def test_whether_one_is_better_everywhere_but_at_the_turn():
    assert differences(OURS, ABOUT, (0,), THEIRS).everywhere
    assert not differences((0,), OURS, THEIRS).everywhere
    assert not differences(OURS, THEIRS, (-5, "ours", "theirs")).everywhere
    assert differences((0,), OURS, OURS).everywhere


def test_how_sure_a_turn_is_is_told_by_the_nearest_demands():
    found = differences((-0.5,), OURS, (-0.5,), ABOUT, THEIRS, (5, "ours"), OURS)
    assert (found.factor, found.sure_below, found.sure_above, found.turns_again) == (3.5, 2, 5, True)
    found = differences((-5, "theirs"), (5, "ours"))
    assert (found.factor, found.sure_below, found.sure_above, found.turns_again) == (1.5, None, None, False)


@pytest.mark.parametrize(
    ("told", "demand"),
    [
        (((0,), (0,), OURS, THEIRS, THEIRS), 3.5),  # where it turns
        ((OURS, ABOUT, (0,), THEIRS), 1.5),
        (((0,), (0,), OURS, OURS), 2.5),  # where a difference begins
        ((OURS, OURS, (-5, "ours"), (5, "ours", "theirs")), 2.5),  # where it can no longer be told
        ((OURS, OURS), None),
        (((0,), (0,)), None),
        (((-5, "ours"), (-5, "ours")), None),
    ],
)
def test_the_demand_to_try_next(told, demand):
    assert differences(*told).next_demand == demand


def test_times_that_are_added_up_in_another_order_are_the_same():
    walks = [
        f"  - {{name: {name}, kind: walk, service: {{distribution: deterministic, seconds: {seconds}}}}}\n"
        for name, seconds in (("one", 100.1), ("two", 30.7))
    ]
    head = "arrivals: {process: poisson, rate_per_hour: 60, hours: 4}\nseed: 1\nreplications: 4\nstations:\n"
    ours, theirs = (
        scenario(f"{head}{one}{other}route: [{names}]\n")
        for one, other, names in ((*walks, "one, two"), (*walks, "two, one"))
    )
    found = break_even(ours, theirs, journey_seconds)
    assert found.finding == "same"
    assert not any(one.sure for _, one in found.tried)


def test_a_shuttle_without_a_timetable_that_comes_too_seldom_does_not_drain():
    text = DAILY.replace(
        "STATION",
        "kind: shuttle, service: {distribution: deterministic, seconds: 60}, "
        "shuttle: {capacity: 20, wait_at_most_seconds: 60, vehicles: 1, round_trip_seconds: SECONDS}",
    )
    often, seldom = (run(scenario(text.replace("SECONDS", seconds))) for seconds in ("240", "4800"))
    assert not often.shortfalls
    (lacking,) = seldom.shortfalls
    assert (lacking.never, seldom.serves_all) == (0, True)
    assert lacking.places == pytest.approx(600 - 20 * (1 + 24 * 3600 / 4800), abs=40)


def test_other_passengers_are_not_compared():
    with pytest.raises(ScenarioError, match=r"Give both the same arrivals"):
        break_even(scenario(SHORT), scenario(SHORT.replace("600", "300")), journey_seconds)


def test_where_a_design_serves_nobody_there_is_no_time_to_compare():
    late = SHUTTLE.replace("first: 5, last: 21.9", "first: 5, last: 6")
    with pytest.raises(ScenarioError, match=r"At 0.5 times the demand, one of the designs serves nobody"):
        break_even(scenario(late), scenario(ON_FOOT), journey_seconds)


def test_a_shuttle_that_leaves_a_few_behind_is_not_called_the_slower_one():
    found = break_even(scenario(SHUTTLE), scenario(ON_FOOT), journey_seconds, between=(0.5, 2), precision=0.2)
    assert at(found, 0.5).mean < 0
    assert not at(found, 2).ours_serves_all
    assert not at(found, 2).tells
    assert found.finding in {"holds", "untold"}
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
