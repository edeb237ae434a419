"""Money is whole minor units of one currency."""

import pytest

from riverloop.core.kernel.errors import InputError
from riverloop.core.kernel.money import Money


@pytest.mark.parametrize(
    ("amount", "currency", "minor", "shown"),
    [
        ("1234.50", "HKD", 123450, "HKD 1234.50"),
        ("-0.05", "CNY", -5, "CNY -0.05"),
        ("1500", "JPY", 1500, "JPY 1500"),
        ("1.234", "KWD", 1234, "KWD 1.234"),
        ("7", "MOP", 700, "MOP 7.00"),
    ],
)
def test_a_decimal_is_read_exactly_and_shown_as_it_was(amount, currency, minor, shown):
    money = Money.parse(amount, currency)
    assert money.minor == minor
    assert str(money) == shown


@pytest.mark.parametrize("amount", ["", "1.234", "1,234", "1e3", "NaN", "٣", "0x10", "1" * 40, "--1", "1."])
def test_what_is_no_amount_is_refused(amount):
    with pytest.raises(InputError):
        Money.parse(amount, "HKD")


def test_a_tenth_and_two_tenths_are_three_tenths():
    assert Money.parse("0.10", "HKD") + Money.parse("0.20", "HKD") == Money.parse("0.30", "HKD")


def test_money_is_subtracted_and_compared_within_one_currency():
    assert Money(5, "HKD") - Money(7, "HKD") == Money(-2, "HKD")
    assert Money(5, "HKD") < Money(7, "HKD") <= Money(7, "HKD")


@pytest.mark.parametrize("use", [lambda a, b: a + b, lambda a, b: a - b, lambda a, b: a < b, lambda a, b: a <= b])
def test_two_currencies_do_not_mix(use):
    with pytest.raises(InputError, match="HKD and CNY"):
        use(Money(1, "HKD"), Money(1, "CNY"))


@pytest.mark.parametrize(("minor", "currency"), [(1.5, "HKD"), (True, "HKD"), (1, "hkd"), (1, "HKDX"), ("1", "HKD")])
def test_a_float_or_a_made_up_currency_is_no_money(minor, currency):
    with pytest.raises(InputError):
        Money(minor, currency)
