"""What a person types is read as they mean it, or refused in words that say what to type."""

from datetime import date

import pytest

from riverloop.apps.clearance.typed import as_typed, read_typed, read_when, say
from riverloop.core.kernel.errors import InputError
from riverloop.core.rules.facts import Choice, Fact

YES = Fact("infectious", ("goods",), "boolean")
COUNT = Fact("stay_days", ("person",), "integer", minimum=0, maximum=3650)
VOLUME = Fact("primary_ml", ("goods",), "decimal", minimum=0)
DAY = Fact("expires_on", ("person",), "date")
KIND = Fact("category", ("goods",), "choice", choices=(Choice("blood", {}), Choice("dna", {})))
CODE = Fact("nationality", ("person",), "code", pattern="^[A-Z]{3}$")
SEVERAL = Fact("fields", ("goods",), "choices", choices=(Choice("a", {}), Choice("b", {})))


@pytest.mark.parametrize(
    ("fact", "typed", "value"),
    [
        (YES, ["yes"], True),
        (YES, ["no"], False),
        (YES, ["  "], None),
        (COUNT, ["14"], 14),
        (COUNT, ["１４"], 14),
        (COUNT, ["1,000"], 1000),
        (VOLUME, ["12.5"], 12.5),
        (VOLUME, ["1,234.5"], 1234.5),
        (VOLUME, [".5"], 0.5),
        (DAY, ["2026-11-22"], date(2026, 11, 22)),
        (KIND, ["blood"], "blood"),
        (CODE, ["chn"], "CHN"),
        (SEVERAL, ["b", "a"], ("a", "b")),
        (SEVERAL, ["-"], ()),
    ],
)
def test_a_text_is_read_as_its_fact_means_it(fact, typed, value):
    assert read_typed(fact, typed) == value


@pytest.mark.parametrize(
    ("fact", "typed", "code"),
    [
        (YES, "maybe", "form.boolean"),
        (COUNT, "two", "form.integer"),
        (COUNT, "1.5", "form.integer"),
        (COUNT, "-1", "form.bounds"),
        (COUNT, "9" * 40, "form.integer"),
        (VOLUME, "NaN", "form.decimal"),
        (VOLUME, "inf", "form.decimal"),
        (VOLUME, "1e9", "form.decimal"),
        (VOLUME, "-0.1", "form.least"),
        (DAY, "2026-02-30", "form.date"),
        (DAY, "22/11/2026", "form.date"),
        (KIND, "soup", "form.choice"),
        (CODE, "China", "form.code"),
        (SEVERAL, "c", "form.choice"),
    ],
)
def test_a_text_that_means_nothing_is_refused_with_how_to_mend_it(fact, typed, code):
    with pytest.raises(InputError) as refused:
        read_typed(fact, [typed])
    assert refused.value.code == code
    assert "{" not in say(refused.value, lambda text: text)


@pytest.mark.parametrize("value", [True, False, 14, 12.5, date(2026, 11, 22), "blood", ("a", "b"), ()])
def test_what_was_read_can_be_typed_again(value):
    facts = {bool: YES, int: COUNT, float: VOLUME, date: DAY, str: KIND, tuple: SEVERAL}
    assert read_typed(facts[type(value)], as_typed(value)) == value


def test_a_local_time_is_read_by_the_clock_of_its_side():
    assert read_when("2026-11-22T09:00", "Asia/Hong_Kong").isoformat() == "2026-11-22T09:00:00+08:00"


@pytest.mark.parametrize("text", ["", "soon", "2026-02-30T09:00", "2026-11-22T09:00Z", "0001-01-01T00:00"])
def test_a_time_that_does_not_exist_is_refused(text):
    with pytest.raises(InputError):
        read_when(text, "Asia/Hong_Kong")
