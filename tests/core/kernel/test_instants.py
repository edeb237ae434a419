"""Instants are aware, and a date belongs to a time zone."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from riverloop.core.kernel.errors import InputError
from riverloop.core.kernel.instants import (
    add_months,
    date_in,
    end_of_day,
    read_date,
    read_instant,
    shift,
    start_of_day,
    time_zone,
)


@pytest.mark.parametrize(
    "text", ["2026-11-22T09:00:00+08:00", "2026-11-22t01:00:00.123456789z", "2026-11-22 09:00:00+08:00"]
)
def test_an_rfc_3339_instant_is_read(text):
    assert date_in(read_instant(text), "Asia/Hong_Kong") == date(2026, 11, 22)


@pytest.mark.parametrize(
    "text",
    ["", "2026-11-22", "2026-11-22T09:00:00", "2026-02-30T09:00:00Z", "2026-11-22T25:00:00Z", "2026-11-22T09:00:60Z",
     None, 5, "0001-01-01T00:00:00+08:00", "9999-12-31T23:59:59-08:00", "2026-11-22T09:00Z", "22 November 2026"],
)  # fmt: skip
def test_what_is_no_instant_is_refused(text):
    with pytest.raises(InputError, match="is not an instant between"):
        read_instant(text)


@pytest.mark.parametrize("text", ["2026-02-29", "2026-13-01", "2026-1-1", "20260101", "", None, "2026-01-01 "])
def test_a_date_that_does_not_exist_is_refused(text):
    with pytest.raises(InputError, match="is not a date between"):
        read_date(text)


def test_one_instant_has_two_dates():
    at = read_instant("2026-07-31T16:30:00Z")
    assert (date_in(at, "Asia/Shanghai"), date_in(at, "Europe/London")) == (
        date(2026, 8, 1),
        date(2026, 7, 31),
    )


def test_a_day_begins_and_ends_in_its_zone():
    day = date(2026, 8, 1)
    assert start_of_day(day, "Asia/Macau").isoformat() == "2026-08-01T00:00:00+08:00"
    assert end_of_day(day, "Asia/Macau").isoformat() == "2026-08-01T23:59:59+08:00"


@pytest.mark.parametrize("name", ["", "Asia/Atlantis", "../etc/passwd", "/etc/localtime"])
def test_a_time_zone_that_does_not_exist_is_refused(name):
    with pytest.raises(InputError, match="IANA"):
        time_zone(name)


@pytest.mark.parametrize(
    ("day", "months", "moved"),
    [
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2024, 1, 31), 1, date(2024, 2, 29)),
        (date(2026, 3, 31), -1, date(2026, 2, 28)),
        (date(2026, 11, 30), 3, date(2027, 2, 28)),
        (date(2026, 5, 15), -17, date(2024, 12, 15)),
    ],
)
def test_a_month_later_falls_back_to_the_last_day(day, months, moved):
    assert add_months(day, months) == moved


@given(st.dates(date(1950, 1, 1), date(2150, 1, 1)), st.integers(-400, 400), st.integers(-400, 400))
def test_a_shift_keeps_the_order_of_days(day, months, days):
    assert shift(day, months=months, days=days) <= shift(day + timedelta(days=1), months=months, days=days)
