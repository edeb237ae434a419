"""How a decision is laid out."""

from datetime import date, datetime

import pytest

from riverloop.apps.clearance.explain import is_past

NOW = datetime.fromisoformat("2026-11-22T17:00:00+00:00")  # one in the morning of the 23rd in Hong Kong


@pytest.mark.parametrize(
    ("due", "past"),
    [
        (None, False),
        (date(2026, 11, 23), False),
        (date(2026, 11, 22), True),
        (datetime.fromisoformat("2026-11-23T00:59:00+08:00"), True),
        (datetime.fromisoformat("2026-11-23T01:30:00+08:00"), False),
    ],
)
def test_a_duty_is_past_when_its_last_day_or_instant_is(due, past):
    assert is_past(due, NOW, "Asia/Hong_Kong") is past
