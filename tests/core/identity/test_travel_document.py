from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from riverloop.core.identity import PartialDate


@given(st.dates())
def test_a_date_with_every_part_is_exact_and_possible(day):
    partial = PartialDate(day.year, day.month, day.day)
    assert partial.exact == day
    assert partial.possible


@given(st.dates(), st.tuples(st.booleans(), st.booleans(), st.booleans()))
def test_forgetting_parts_of_a_date_leaves_it_possible(day, known):
    parts = zip((day.year, day.month, day.day), known, strict=True)
    assert PartialDate(*(part if know else None for part, know in parts)).possible


@pytest.mark.parametrize("missing", ["year", "month", "day"])
def test_a_date_with_an_unknown_part_is_not_exact(missing):
    assert PartialDate(**({"year": 1974, "month": 8, "day": 12} | {missing: None})).exact is None


@pytest.mark.parametrize(
    "parts",
    [
        (1975, 2, 29),
        (None, 2, 30),
        (1975, 4, 31),
        (None, 13, None),
        (None, 0, None),
        (None, None, 0),
        (None, None, 32),
        (0, None, None),
        (10_000, 1, 1),
    ],
)
def test_what_no_calendar_has_is_neither_possible_nor_exact(parts):
    assert not PartialDate(*parts).possible
    assert PartialDate(*parts).exact is None


def test_a_leap_day_needs_a_leap_year_only_if_the_year_is_known():
    assert PartialDate(None, 2, 29).possible
    assert PartialDate(2024, 2, 29).exact == date(2024, 2, 29)
    assert not PartialDate(2023, 2, 29).possible
