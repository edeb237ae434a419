"""Counted days as streams of passengers."""

from datetime import date

import numpy as np
import pytest

from riverloop.core.queueing.real_traffic import Counts, DayChoice, read_day_choice, traffic_streams
from riverloop.core.queueing.refusals import ScenarioError
from riverloop.core.queueing.rooms import Room
from riverloop.core.queueing.streams import Streams

DAYS = (date(2025, 5, 1), date(2025, 5, 2))
COUNTS = Counts(DAYS, {"residents": (9000.0, 4500.0), "visitors": (600.0, 0.0)}, "counted by nobody")
PROFILE = [0, 0, 0, 0, 0, 0, *[0.0625] * 16, 0, 0]
SHARES = {"residents": {"gate": 0.9, "counter": 0.1}, "visitors": {"counter": 1.0}}
CLASSES = ["counter", "gate"]


def streams(**changed):
    named = {"profile": PROFILE, "shares": SHARES, "class_names": CLASSES} | changed
    return traffic_streams("out", named.pop("counts", COUNTS), **named)


def test_there_is_one_stream_a_class_with_a_number_a_day():
    residents, visitors = streams()
    assert (residents.name, visitors.name) == ("out-residents", "out-visitors")
    assert [residents.expected(day) for day in (0, 1)] == pytest.approx([9000, 4500])
    assert [visitors.expected(day) for day in (0, 1)] == pytest.approx([600, 0])
    assert residents.shares == (0.1, 0.9)
    assert visitors.shares == (1.0, 0.0)


def test_passengers_come_when_the_profile_says():
    residents, visitors = streams(profile=[0.25, 0, 0.75, 0])
    times, _ = residents.draw(Streams(1), Room(reused=False))
    seen = np.histogram(times, bins=np.arange(5) * 6 * 3600)[0] / 9000
    assert seen == pytest.approx([0.25, 0, 0.75, 0], abs=0.03)
    assert visitors.draw(Streams(1, day=1), Room(reused=False))[0].size == 0


def test_demand_grows_by_its_factor_on_every_day():
    residents, _ = streams(demand_factor=1.4)
    assert [residents.expected(day) for day in (0, 1)] == pytest.approx([12_600, 6_300])


def test_where_there_is_one_class_nothing_need_be_said_of_it():
    assert [one.shares for one in streams(shares={}, class_names=["passenger"])] == [(1.0,), (1.0,)]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"profile": [0.5, 0.4]}, "profile: The shares of the profile sum to 0.9, not to one."),
        ({"profile": [1.5, -0.5]}, "profile: A profile is a list of shares from 0 to 1."),
        ({"profile": [float("nan")]}, "profile: A profile is a list of shares from 0 to 1."),
        ({"profile": [1.0] + [0.0] * 24}, "profile: A profile of 25 shares cuts the day into parts"),
        ({"profile": []}, "profile: A profile is a list of shares from 0 to 1."),
        ({"shares": {"residents": {"gate": 1.0}}}, "classes: Nothing says of which classes the visitors are."),
        ({"shares": {}}, "classes.residents: Nothing says of which classes these passengers are."),
        ({"shares": SHARES | {"guests": {"gate": 1.0}}}, 'classes.guests: No class "guests" is counted.'),
        ({"shares": SHARES | {"visitors": {"gaet": 1.0}}}, 'classes.visitors.gaet: There is no class "gaet". Did you'),
        ({"shares": SHARES | {"visitors": {"gate": 0.5}}}, "classes.visitors: The shares of the classes sum to 0.5"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_place(changed, said):
    with pytest.raises(ScenarioError) as refused:
        streams(**changed)
    assert str(refused.value).startswith(said)


def test_days_are_chosen_by_a_word_or_a_date():
    assert read_day_choice("median") == DayChoice("median")
    assert read_day_choice("all", "2025-01-01", "2025-12-31") == DayChoice("all", date(2025, 1, 1), date(2025, 12, 31))
    assert read_day_choice("2025-05-01") == DayChoice(date(2025, 5, 1))


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        (("medain",), 'day: "medain" is no day. Did you mean "median"? Give median, peak, mean, all, or a date'),
        (("2025-02-30",), 'day: "2025-02-30" is no date. Write it as 2025-05-01.'),
        (("01-05-2025",), 'day: "01-05-2025" is no day.'),
        (("mean", "2025"), 'from: "2025" is no date.'),
        (("mean", "2025-01-01", "tomorrow"), 'until: "tomorrow" is no date.'),
        (("mean", "2025-12-31", "2025-01-01"), "until: The span ends before it begins."),
        (("2025-05-01", "2025-01-01"), "from: One date needs no span."),
        (("2025-05-01", None, "2025-12-31"), "until: One date needs no span."),
    ],
)
def test_a_day_that_is_none_is_refused_with_its_key(texts, said):
    with pytest.raises(ScenarioError) as refused:
        read_day_choice(*texts)
    assert str(refused.value).startswith(said)
