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
from tests.core.queueing.scenes import DAY, scenario

PLEDGED = DAY + "pledge: {minutes: 10, share: 0.95}\n"


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
    assert found.paid_hours == sum(found.open) == sum(duty.hours * duty.channels for duty in found.duties)
    assert found.paid_hours < 24 * least_channels(read, ("customs",)).channels["customs"]
    tried = Rehearsal(read, ("customs",), Target())
    assert tried.answer({"customs": found.needed}).met
    for duty in found.duties:
        fewer = [replace(one, channels=one.channels - (one == duty)) for one in found.duties]
        opened = manned(tuple(fewer))
        shut = any(a == 0 < b for a, b in zip(opened, found.needed, strict=True))
        assert shut or not tried.answer({"customs": opened}).met


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
