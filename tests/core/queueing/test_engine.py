"""A day from the first passenger to the last."""

import math

import numpy as np
import pytest

from riverloop.core.queueing.engine import simulate_day
from riverloop.core.queueing.plan import make_plan
from riverloop.core.queueing.rooms import Room
from riverloop.core.queueing.streams import Streams
from tests.core.queueing.scenes import CONTRACT, DAY, day_of, one_station, result, scenario

TURNED_AWAY = one_station(
    "roster: [{from: 0, until: 1, channels: 2}], service: {distribution: exponential, mean_seconds: 60}",
    arrivals="{rate_per_hour: [200]}",
    more="after_close: turn_away\nreplications: 2",
)


def test_whoever_comes_in_goes_out_or_is_still_there():
    _, day = day_of(DAY)
    gate, counter, bridge, customs = (day.visits[number] for number in range(4))
    residents, visitors = (day.kinds == 0).sum(), (day.kinds == 1).sum()
    diverted = np.intersect1d(gate.passengers, counter.passengers)
    assert set(gate.passengers) <= set(np.flatnonzero(day.kinds == 0))
    assert counter.passengers.size == visitors + diverted.size + (residents - gate.passengers.size)
    assert 0.03 < diverted.size / gate.passengers.size < 0.07
    assert np.sort(bridge.passengers).tolist() == list(range(day.arrivals.size))
    assert np.sort(customs.passengers).tolist() == list(range(day.arrivals.size))
    assert (day.left() > day.arrivals).all()
    assert np.isfinite(day.left()).all()
    for visits in day.visits.values():
        assert (visits.started >= visits.joined).all()
        assert (np.diff(visits.joined) >= 0).all()
    assert (counter.joined[np.isin(counter.passengers, diverted)] > 0).all()


def test_what_leaves_one_station_arrives_at_the_next_at_that_instant():
    _, day = day_of(DAY)
    bridge, customs = day.visits[2], day.visits[3]
    order = np.argsort(bridge.passengers)
    leaves = bridge.released[order][customs.passengers]
    assert leaves.tolist() == customs.joined.tolist()


WAYS = """\
arrivals: {rate_per_hour: [400, 700, 400]}
classes:
  one: {share: 0.4, route: [desk, gate, walk, hall, both, last]}
  other: {share: 0.4, route: [lane, hall, belt, both, last]}
  third: {share: 0.2, route: [hall, belt, last]}
stations:
  - {name: desk, channels: 5, service: &time {distribution: empirical, seconds: [20, 40], weights: [0.5, 0.5]}}
  - {name: gate, roster: [{from: 0, until: 1, channels: 4}, {from: 1, until: 3, channels: 6}], service: *time}
  - {name: walk, kind: walk, service: *time}
  - {name: lane, channels: 18, service: {distribution: exponential, mean_seconds: 120}, FAILURE}
  - {name: aside, channels: 2, service: *time}
  - {name: hall, channels: 9, service: {distribution: deterministic, seconds: 30}}
  - {name: belt, roster: [{from: 0, until: 3, channels: 4}], service: *time}
  - {name: both, channels: 6, service: *time}
  - {name: last, channels: 10, service: *time}
AFTER
"""


@pytest.mark.parametrize("failure", ["", "failure: {share: 0.1, divert_to: aside}"])
@pytest.mark.parametrize("after", ["", "after_close: turn_away"])
def test_whatever_way_classes_go_all_come_to_a_hall_when_they_left_the_one_before(failure, after):
    plan, day = day_of(WAYS.replace(", FAILURE", f", {failure}" if failure else "").replace("AFTER", after))
    left = day.arrivals.copy()
    for number in (number for group in plan.groups for number in group.stations):
        visits = day.visits[number]
        assert visits.joined.tolist() == left[visits.passengers].tolist()
        assert np.lexsort((visits.passengers, visits.joined)).tolist() == list(range(visits.joined.size))
        left[visits.passengers] = visits.released
    assert day.left().tolist() == left.tolist()


def test_first_come_is_first_served_at_every_station_of_that_discipline():
    _, day = day_of(DAY)
    for number in (0, 3):
        assert (np.diff(day.visits[number].started) >= 0).all()


def test_no_more_are_served_at_once_than_channels_are_open():
    plan, day = day_of(DAY)
    customs, opening = day.visits[3], plan.openings[3]
    for started in customs.started:
        at_once = int(((customs.started <= started) & (customs.released > started)).sum())
        open_then = opening.channels[np.searchsorted(opening.changes, started, "right") - 1]
        assert at_once <= open_then


def test_a_queue_that_cannot_drain_is_an_answer_with_its_shortfall():
    answer = result(CONTRACT.replace("channels: 12", "channels: 8").replace("hours: 2000", "hours: 50"))
    (lacking,) = answer.shortfalls
    assert (lacking.station, lacking.channels, lacking.never) == ("counter", 11, 0)
    assert lacking.passengers == pytest.approx(50 * 120, rel=0.1)  # 600 come an hour, and 480 are served
    assert lacking.channel_hours == pytest.approx(50 * 0.95 * 2, rel=0.1)
    told = answer.as_json()
    assert told["drains"] is False
    assert told["shortfalls"][0]["channels_needed"] == 11
    assert told["stations"]["counter"]["utilisation"] == pytest.approx(1)


def test_those_who_are_turned_away_at_closing_are_counted_and_are_not_within_the_pledge():
    answer = result(TURNED_AWAY)
    (lacking,) = answer.shortfalls
    never = int(answer.tally("one").never.sum())
    assert lacking.never == never / 2 > 30
    assert answer.tally("one").passengers == answer.passengers
    assert answer.share_within <= 1 - never / answer.passengers
    assert answer.bottleneck == "one"


def test_a_shuttle_tells_how_many_places_are_lacking_and_who_came_after_the_last():
    bus = one_station(
        "kind: shuttle, service: {distribution: deterministic, mean_seconds: 300}, "
        'shuttle: {capacity: 20, headway_seconds: 600, first: "00:00", last: "02:00"}',
        arrivals="{rate_per_hour: [200, 200, 30]}",
        more="replications: 2",
    )
    answer = result(bus)
    (lacking,) = answer.as_json()["shortfalls"]
    joined = np.concatenate([day_of(bus, number)[1].visits[0].joined for number in range(2)])
    assert lacking == {
        "station": "one",
        "passengers_left": lacking["never_served"],
        "never_served": int(answer.tally("one").never.sum()) / 2,
        "places_lacking": ((joined <= 7200).sum() - 2 * 12 * 20) / 2,  # nobody is there at the first of 13
        "after_the_last": (joined > 7200).sum() / 2,
    }
    roomy = result(bus.replace("capacity: 20", "capacity: 200")).as_json()["shortfalls"]
    assert (roomy[0]["places_lacking"], roomy[0]["after_the_last"]) == (0, lacking["after_the_last"])
    assert not result(bus.replace('"02:00"', '"04:00"').replace("capacity: 20", "capacity: 200")).shortfalls


def test_a_last_shift_that_stays_serves_everybody_and_tells_its_overtime():
    answer = result(TURNED_AWAY.replace("turn_away", "finish"))
    assert not answer.tally("one").never.any()
    assert answer.as_json()["stations"]["one"]["overtime_seconds"] > 600
    assert answer.staff_hours() == {"": 2.0}  # overtime is told apart


def test_an_outage_of_everything_makes_passengers_late_by_it_and_loses_nobody():
    station = "channels: 4, service: {distribution: exponential, mean_seconds: 30}"
    plain = one_station(station, arrivals="{rate_per_hour: [200, 200, 200]}", more="warm_up_hours: 0")
    broken = plain.replace("mean_seconds: 30}", "mean_seconds: 30}, outages: [{from: 1, until: 1.5}]")
    before, after = result(plain), result(broken)
    assert after.passengers == before.passengers
    _, day = day_of(broken)
    visits = day.visits[0]
    assert not ((visits.started >= 3600) & (visits.started < 5400)).any()
    assert not ((visits.released > 3600) & (visits.released < 5400)).any()
    waits = after.tally("one").part(hour=1)
    assert waits.mean > 500 > before.tally("one").part(hour=1).mean
    assert after.tally("one").queue[1] >= 80
    assert after.tally("one").open.sum() == before.tally("one").open.sum() - 4 * 1800 * 10


def test_an_outage_of_some_channels_leaves_the_others():
    part = one_station(
        "channels: 4, service: {distribution: deterministic, seconds: 30}, outages: [{from: 0, until: 1, channels: 3}]",
        arrivals="{rate_per_hour: [400, 0]}",
    )
    plan, day = day_of(part)
    assert plan.openings[0].channels.tolist() == [4, 1, 4]
    assert np.diff(day.visits[0].started[day.visits[0].started < 3600]).min() >= 30


def test_a_shuttle_brings_all_aboard_at_once_and_waits_for_its_timetable():
    text = one_station(
        "kind: shuttle, shuttle: {capacity: 20, headway_seconds: 300, first: 0.5, last: 2}, "
        "service: {distribution: lognormal, mean_seconds: 400, cv: 0.2}",
        arrivals="{rate_per_hour: [150, 150]}",
    )
    _, day = day_of(text)
    visits = day.visits[0]
    departures, counts = np.unique(visits.started, return_counts=True)
    assert counts.max() <= 20
    assert departures.min() == 1800
    assert (departures % 300 == 0).all()
    for departure in departures:
        assert len(set(visits.released[visits.started == departure])) == 1


def test_days_begin_empty_and_differ():
    text = one_station(
        "channels: 2, service: {distribution: exponential, mean_seconds: 30}",
        arrivals="{passengers_per_day: [100, 900, 300]}",
        more="replications: 2",
    )
    answer = result(text)
    assert answer.tallies.days == 6
    assert answer.passengers == pytest.approx(2 * 1300, rel=0.06)
    plan = make_plan(scenario(text))
    assert [round(plan.scenario.expected(day)) for day in range(3)] == [100, 900, 300]


def test_what_arrives_in_the_warm_up_is_simulated_and_not_measured():
    long = scenario(CONTRACT)
    assert long.warm_up_seconds == 100 * 3600  # a twentieth of a steady run
    assert scenario(DAY).warm_up_seconds == 0
    answer = result(CONTRACT.replace("2000", "20") + "warm_up_hours: 5\n")
    told = answer.as_json()
    assert told["measured"] == pytest.approx(told["passengers"] * 0.75, rel=0.03)
    assert answer.tally("counter").open.sum() == pytest.approx(4 * 15 * 3600 * 12)


def test_a_pledge_of_waiting_adds_up_every_wait_and_leaves_out_the_walk():
    journeys, waits = result(DAY), result(DAY + "pledge: {minutes: 3, share: 0.9, of: waiting}\n")
    assert journeys.tallies.waits is None
    total = sum(tally.sums.sum() for tally in waits.tallies.stations)
    assert waits.tallies.pledged.sums.sum() == pytest.approx(total)
    assert waits.share_within > result(DAY + "pledge: {minutes: 3}\n").share_within


def test_the_staff_of_a_side_is_counted_by_channel():
    hours = result(DAY).staff_hours()
    assert hours["east"] == pytest.approx(24 * (3 * 0.25 + 4))
    assert hours["west"] == pytest.approx(3 * 3 + 13.5 * 4)


def test_officers_are_paid_while_their_channels_are_out_of_order():
    outages = "mean_seconds: 20, shape: 2}, outages: [{from: 9, until: 10}, {from: 12, until: 13, channels: 2}]"
    broken = result(DAY.replace("mean_seconds: 20, shape: 2}", outages))
    assert broken.staff_hours() == result(DAY).staff_hours()
    assert broken.as_json()["stations"]["counter"]["by_hour"][9]["channels"] == 0  # of them, none is open


# Common random numbers


def test_two_designs_see_the_same_passengers_and_draw_the_same_services():
    _, day = day_of(DAY)
    _, other = day_of(DAY.replace("channels: 3,", "channels: 9,").replace("mean_seconds: 180", "mean_seconds: 90"))
    assert day.arrivals.tolist() == other.arrivals.tolist()
    assert day.kinds.tolist() == other.kinds.tolist()
    assert spent(day, 3).tolist() == pytest.approx(spent(other, 3).tolist())
    assert spent(day, 2) / 2 == pytest.approx(spent(other, 2))


def spent(day, station):
    visits = day.visits[station]
    return (visits.released - visits.started)[np.argsort(visits.passengers)]


def test_the_same_random_numbers_make_a_difference_far_surer():
    slow, quick = CONTRACT.replace("2000", "200"), CONTRACT.replace("2000", "200").replace("seconds: 60", "seconds: 59")
    ours = [one.wait_seconds[0] for one in result(slow.replace("replications: 4", "replications: 30")).replications]
    same = [one.wait_seconds[0] for one in result(quick.replace("replications: 4", "replications: 30")).replications]
    other = quick.replace("replications: 4", "replications: 30").replace("seed: 1", "seed: 2")
    apart = [one.wait_seconds[0] for one in result(other).replications]
    paired, independent = np.var(np.subtract(ours, same)), np.var(np.subtract(ours, apart))
    assert paired < independent / 10


def test_a_stream_of_its_own_name_keeps_the_draws_of_a_station_that_is_renamed():
    _, day = day_of(DAY)
    renamed = DAY.replace("name: customs,", "name: inspection, stream: customs,").replace(
        "bridge, customs", "bridge, inspection"
    )
    assert spent(day, 3).tolist() == spent(day_of(renamed)[1], 3).tolist()


def test_the_day_and_the_replication_change_every_draw():
    first, second = (day_of(DAY, replication)[1] for replication in (0, 1))
    assert not math.isclose(first.arrivals[0], second.arrivals[0])
    assert Streams(5, 0, 0) == Streams(5)


def test_memory_that_serves_again_changes_nothing():
    text = DAY.replace(
        "route: [[gate, counter], bridge, customs]", "route: [counter, [gate, counter2], bridge, customs]"
    )
    text = text.replace(
        "  - {name: bridge",
        "  - {name: counter2, channels: 5, service: &t {distribution: gamma, mean_seconds: 9, shape: 2},"
        " failure: {share: 0.1, divert_to: help}}\n  - {name: help, channels: 2, service: *t}\n  - {name: bridge",
    )
    text = text.replace("divert_to: counter,", "divert_to: counter2,")
    plan = make_plan(scenario(text))
    room = Room(reused=True)
    for number in range(3):
        streams = Streams(5, number)
        again, alone = simulate_day(plan, streams, room), simulate_day(plan, streams)
        assert again.left().tolist() == alone.left().tolist()
        for station, visits in alone.visits.items():
            other = again.visits[station]
            for one in ("passengers", "joined", "started", "released"):
                assert getattr(visits, one).tolist() == getattr(other, one).tolist()
