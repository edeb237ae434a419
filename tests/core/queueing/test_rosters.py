"""Which channels are open when."""

import math

import numpy as np

from riverloop.core.queueing.rosters import Outage, Shift, always, opening

HOUR = 3600.0
DAY = 24 * HOUR


def shifts(*rows):
    return tuple(Shift(first * HOUR, last * HOUR, channels) for first, last, channels in rows)


def test_a_roster_repeats_each_day_and_its_last_shift_stays_at_the_very_end():
    found = opening(shifts((6, 12, 2), (12, 22, 3)), (), 2 * DAY, stays_open=True)
    hours = [(round(instant / HOUR, 3) if instant > -math.inf else None) for instant in found.changes]
    assert hours == [None, 6, 12, 22, 30, 36]
    assert found.channels.tolist() == [0, 2, 3, 0, 2, 3]
    closed = opening(shifts((6, 12, 2), (12, 22, 3)), (), 2 * DAY, stays_open=False)
    assert closed.channels.tolist() == [0, 2, 3, 0, 2, 3, 0]
    assert closed.open_seconds(0, 2 * DAY).sum() == 2 * (6 * 2 + 10 * 3) * HOUR
    assert closed.open_seconds(0, 2 * DAY)[11:13].tolist() == [2 * 2 * HOUR, 2 * 3 * HOUR]


def test_a_roster_of_the_same_channels_all_day_never_changes():
    assert opening(shifts((0, 10, 5), (10, 24, 5)), (), DAY, stays_open=True).constant
    assert always(5).constant


def test_outages_take_channels_away_and_may_overlap():
    found = always(5, (Outage(100, 300, 2), Outage(200, 400, 4), Outage(600, 700), Outage(650, 800)))
    assert found.changes[1:].tolist() == [100, 200, 300, 400, 600, 800]
    assert found.channels.tolist() == [5, 3, 0, 1, 5, 0, 5]
    assert found.pauses.tolist() == [[600, 800]]


def test_open_seconds_are_spread_over_the_hours_in_which_they_lie():
    hours = always(2).open_seconds(0.5 * HOUR, 49.25 * HOUR)
    assert hours.sum() == 48.75 * HOUR * 2
    assert hours[1] == 2 * 2 * HOUR + 0.25 * HOUR * 2
    assert hours[0] == (0.5 + 1 + 1) * 2 * HOUR
    assert np.allclose(hours[2:], 2 * 2 * HOUR)
