"""The least roster of a bundled control point: nobody waits for hours at a counter for few beside the gates of many."""

from dataclasses import replace

from riverloop.core.queueing.rehearsal import Rehearsal, Target
from riverloop.core.queueing.running import run
from riverloop.core.queueing.sizing import least_roster
from riverloop.scenarios import open_bundled
from riverloop.traffic.daily import DailyTraffic


def test_the_least_roster_of_counters_for_few_keeps_the_pledge_for_them():
    whole = open_bundled("lok-ma-chau-spur-line").scenario(traffic=DailyTraffic.load(None))
    read = replace(whole, replications=2)  # for speed
    found = least_roster(read, "hk_exit_counter")
    result = run(Rehearsal(read, ("hk_exit_counter",), Target()).with_channels({"hk_exit_counter": found.open}))
    visitors = [one.name for one in read.classes].index("out_visitor")
    assert result.tallies.pledged.part(kind=visitors).share_within >= 0.95
    assert result.wait("hk_exit_counter").mean < 600
    assert not result.shortfalls
