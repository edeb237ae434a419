"""The least that keeps a pledge: nothing can be taken away."""

import pickle
from dataclasses import replace

import pytest

from riverloop.core.queueing.refusals import ScenarioError
from riverloop.core.queueing.rehearsal import Rehearsal, Target
from riverloop.core.queueing.running import run
from riverloop.core.queueing.shifts import Duty, cover, manned
from riverloop.core.queueing.sizing import least_channels, least_roster
from riverloop.core.queueing.spreading import Workers, held
from tests.core.queueing.scenes import DAY, day_of, scenario

PLEDGED = DAY + "pledge: {minutes: 10, share: 0.95}\n"
FEW = """\
arrivals:
  passengers_per_day: 20000
  profile: [0,0,0,0,0,0,0.02,0.05,0.08,0.09,0.08,0.06,0.05,0.05,0.05,0.06,0.07,0.08,0.08,0.07,0.05,0.04,0.02,0]
classes: {resident: {share: 0.96}, visitor: {share: 0.04, route: [counter]}}
stations:
  - {name: gate, channels: 20, service: {distribution: exponential, mean_seconds: 12}}
  - {name: counter, roster: [{from: "06:00", until: "22:30", channels: 6}],
     service: {distribution: exponential, mean_seconds: 90}}
route: [gate]
pledge: {minutes: 30, share: 0.95}
seed: 5
replications: 4
"""


def test_the_least_number_of_channels_keeps_the_pledge_and_one_less_does_not():
    read = scenario(PLEDGED)
    found = least_channels(read, ("customs",))
    count = found.channels["customs"]
    assert found.answer.met
    whole = [
        run(read.with_station(replace(read.station("customs"), shifts=(), channels=n))) for n in (count, count - 1)
    ]
    assert [one.meets(0.95) for one in whole] == [True, False]
    assert whole[0].share_within == pytest.approx(found.answer.share)  # the same days, not others


def test_a_rehearsal_gives_the_bits_of_a_whole_run():
    read = scenario(PLEDGED)
    tried = Rehearsal(read, ("counter",), Target())
    hourly = (0,) * 6 + (5,) * 18
    answer = tried.answer({"counter": hourly})
    whole = run(tried.with_channels({"counter": hourly}))
    assert answer.share == pytest.approx(whole.share_within, abs=1e-12)
    assert sum(answer.late_by_hour) == whole.passengers - int(whole.tallies.pledged.within.sum())


# Who passes the station


@pytest.fixture(scope="module")
def few():
    """Size a counter that one in twenty-five passes, among gates at which nobody waits."""
    return least_roster(scenario(FEW), "counter")


def with_roster(found):
    """Run the scenario of few with the roster that was found."""
    return run(Rehearsal(scenario(FEW), ("counter",), Target()).with_channels({"counter": found.open}))


def test_a_roster_keeps_the_pledge_for_those_who_pass_its_station_too(few):
    result = with_roster(few)
    assert few.answer.met
    assert result.tallies.pledged.part(kind=1).share_within >= 0.95
    assert result.wait("counter").mean < 600


def test_a_roster_after_which_a_queue_cannot_drain_is_no_answer(few):
    assert with_roster(few).as_json()["drains"] is True
    careless = scenario(FEW.replace("share: 0.95}\nseed", "share: 0.01}\nseed"))
    tried = Rehearsal(careless, ("counter",), Target())
    short = tried.answer({"counter": (0,) * 6 + (1,) * 17 + (0,)})
    assert (short.share > 0.9, short.short, short.met) == (True, ("counter",), False)
    assert not run(tried.with_channels({"counter": least_roster(careless, "counter").open})).shortfalls


def test_the_answer_tells_waits_shares_and_hours_as_a_run_does(few):
    result, told = with_roster(few), few.as_json()
    tally = result.tally("counter")
    assert told["wait_seconds"] == pytest.approx({"mean": tally.mean, "p95": tally.quantile(0.95)[0]}, abs=1e-6)
    visitors = result.tallies.pledged.part(kind=1).share_within
    assert told["share_within_at_station"] == pytest.approx(visitors, abs=1e-6)
    assert told["worst_class"] == {"name": "visitor", "share_within": pytest.approx(visitors, abs=1e-6)}
    now = told["now"]
    assert now["paid_hours"] == pytest.approx(16.5 * 6 + now["overtime_hours"])
    assert 0.4 * 6 < now["overtime_hours"] < 0.6 * 6  # they come until 23:00
    assert told["paid_hours"] < now["paid_hours"]


def test_overtime_is_paid():
    evening = FEW.replace('until: "22:30", channels: 6', 'until: "17:00", channels: 6')
    tried = Rehearsal(scenario(evening), ("counter",), Target())
    (now,) = tried.at()
    last = [day.visits[1].released.max() for day in (day_of(evening, number)[1] for number in range(4))]
    assert now.overtime_hours == pytest.approx(6 * sum(one / 3600 - 17 for one in last) / 4)
    assert now.paid_hours == now.roster_hours + now.overtime_hours
    assert now.overtime_hours > 6 * 5  # until the last who comes before 23:00
    whole_day = tried.answer({"counter": (6,) * 24})
    assert whole_day.overtime_hours == (0.0,)


def test_no_hour_is_saved_that_takes_more_of_overtime(few):
    tried = Rehearsal(scenario(FEW), ("counter",), Target())
    until = max(hour for hour in range(24) if few.needed[hour])
    needed = sum(few.needed) + tried.answer({"counter": few.needed}).overtime_hours[0]
    fewer = (*few.needed[:until], few.needed[until] - 1, *few.needed[until + 1 :])
    answer = tried.answer({"counter": fewer})
    assert not answer.met or not fewer[until] or sum(fewer) + answer.overtime_hours[0] > needed


def test_the_least_channels_keep_the_pledge_for_those_who_pass_them():
    read = scenario(FEW)
    found = least_channels(read, ("counter",))
    count = found.channels["counter"]
    fewer = Rehearsal(read, ("counter",), Target()).answer({"counter": (count - 1,) * 24})
    assert (fewer.share >= 0.95, fewer.met) == (True, False)  # of everybody, one less would do
    told = found.as_json()["stations"]["counter"]
    assert told["share_within_at_station"] >= 0.95
    assert told["paid_hours"] == 24 * count


def test_what_whole_hours_man_outside_of_opening_hours_is_told():
    assert least_roster(scenario(FEW.replace('from: "06:00"', 'from: "06:30"')), "counter").outside_hours >= 1
    assert least_roster(scenario(PLEDGED), "counter").outside_hours == 0  # open throughout


def test_one_replication_is_not_sized():
    once = scenario(FEW.replace("replications: 4", "replications: 1"))
    for size in (lambda: least_channels(once, ("counter",)), lambda: least_roster(once, "counter")):
        with pytest.raises(ScenarioError, match=r"^One replication does not tell how sure .* Give at least two"):
            size()


def test_several_stations_are_sized_so_that_none_can_spare_a_channel():
    read = scenario(PLEDGED)
    found = least_channels(read, ("customs", "counter", "gate"))
    tried = Rehearsal(read, ("customs", "counter", "gate"), Target())
    assert tried.answer({name: (count,) * 24 for name, count in found.channels.items()}).met
    for name, count in found.channels.items():
        fewer = {**found.channels, name: count - 1}
        if count > 1:
            assert not tried.answer({one: (other,) * 24 for one, other in fewer.items()}).met


def test_more_confidence_takes_no_fewer_channels():
    read = scenario(PLEDGED)
    counts = [least_channels(read, ("customs",), target=Target(level)).channels["customs"] for level in (0.5, 0.999)]
    assert counts == sorted(counts)


def test_a_roster_covers_each_hour_and_spares_no_shift():
    read = scenario(PLEDGED)
    found = least_roster(read, "customs", shift_hours=(4, 8), spread=Workers("threads", 2))
    assert found.answer.met
    assert found.open == manned(found.duties)
    assert found.shift_hours == sum(found.open) == sum(duty.hours * duty.channels for duty in found.duties)
    assert found.paid_hours == found.shift_hours + found.then.overtime_hours
    assert found.paid_hours < 24 * least_channels(read, ("customs",)).channels["customs"]
    tried = Rehearsal(read, ("customs",), Target())
    assert tried.answer({"customs": found.needed}).met
    for duty in found.duties:
        fewer = [replace(one, channels=one.channels - (one == duty)) for one in found.duties]
        opened = manned(tuple(fewer))
        shut = any(a == 0 < b for a, b in zip(opened, found.needed, strict=True))
        answer = tried.answer({"customs": opened})
        assert shut or not answer.met or sum(opened) + answer.overtime_hours[0] > found.paid_hours


def test_other_processes_find_the_same_roster():
    read = scenario(PLEDGED)
    alone = least_roster(read, "customs", shift_hours=(4, 8))
    assert least_roster(read, "customs", shift_hours=(4, 8), spread=Workers("loky", 2)) == alone


@pytest.mark.slow
@pytest.mark.filterwarnings(
    "ignore::ResourceWarning", "ignore::DeprecationWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)
def test_a_dask_cluster_finds_the_same_channels_and_starts_once():
    read = scenario(PLEDGED)
    alone = least_channels(read, ("customs",))
    with held(Workers("dask", 2)) as spread:
        assert least_channels(read, ("customs",), spread=spread) == alone


def test_a_kept_day_travels_as_its_recipe_and_is_worked_out_once():
    tried = Rehearsal(scenario(PLEDGED), ("customs",), Target())
    sent = pickle.dumps(tried._days[0])
    assert len(sent) < 20_000
    there, again = pickle.loads(sent), pickle.loads(sent)
    assert there is again
    assert there.day.arrivals.tolist() == tried._days[0].day.arrivals.tolist()
    assert there.late.tolist() == tried._days[0].late.tolist()


def test_a_pledge_for_every_hour_is_kept_in_every_hour():
    read = scenario(PLEDGED)
    found = least_roster(read, "customs", shift_hours=(8,), target=Target(every_hour=True))
    result = run(Rehearsal(read, ("customs",), Target()).with_channels({"customs": found.open}))
    for hour in range(6, 23):
        part = result.tallies.pledged.part(hour=hour)
        assert part.share_within >= 0.95


def test_shifts_cover_what_is_needed_with_the_fewest_hours():
    needed = (0,) * 8 + (2, 3, 3, 2, 1, 1, 2, 2) + (0,) * 8
    duties = cover(needed, (4, 8))
    assert all(opened >= wanted for opened, wanted in zip(manned(duties), needed, strict=True))
    assert sum(duty.hours * duty.channels for duty in duties) == 20
    assert cover((0,) * 24, (8,)) == ()
    assert cover((1,) * 24, (8,)) == (Duty(0, 8, 1), Duty(8, 8, 1), Duty(16, 8, 1))


def test_what_cannot_be_sized_is_told():
    read = scenario(PLEDGED)
    with pytest.raises(ScenarioError, match=r'There is no station "bridge" with channels. There are gate, counter'):
        least_channels(read, ("bridge",))
    with pytest.raises(ScenarioError, match=r'No roster of "customs" keeps the pledge'):
        least_roster(scenario(DAY + "pledge: {minutes: 1}\n"), "customs")
    never = least_channels(scenario(DAY + "pledge: {minutes: 1}\n"), ("customs",))
    assert not never.answer.met
    with pytest.raises(ScenarioError, match=r"No shift fits"):
        cover((1,) * 24, (25,))


def test_every_guess_is_told_and_may_stop_the_work():
    read = scenario(PLEDGED)
    told = []
    found = least_channels(read, ("customs",), progress=lambda done, total: told.append((done, total)))
    assert [done for done, _ in told] == [0] * read.replications + list(range(1, found.tried + 1))
    assert all(done < total for done, total in told)

    def stop(done, total):
        if done == 1:
            raise KeyboardInterrupt

    for size in (
        lambda: least_channels(read, ("customs",), progress=stop),
        lambda: least_roster(read, "customs", progress=stop),
    ):
        with pytest.raises(KeyboardInterrupt):
            size()
