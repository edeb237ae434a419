import contextlib
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from riverloop.core.identity import (
    format_home_return_permit,
    mask_home_return_permit,
    mask_two_way_permit,
    read_home_return_permit,
    read_two_way_permit,
)
from riverloop.core.kernel.errors import IdentityError

CHARACTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

home_return_numbers = st.from_regex(r"[HM]([0-9]{8}([0-9]{2})?|A[0-9]{7})", fullmatch=True)
two_way_numbers = st.from_regex(r"C([0-9]|[A-HJ-NP-Z])[0-9]{7}", fullmatch=True)


@pytest.mark.parametrize(
    ("written", "number", "renewals", "resident_of", "chinese_national"),
    [
        ("H12345678", "H12345678", None, "H", True),
        ("M98765432", "M98765432", None, "M", True),
        ("H1234567800", "H12345678", 0, "H", True),  # card of 1999, first issue: two zeros
        ("H12345678(02)", "H12345678", 2, "H", True),
        ("HA1234567", "HA1234567", None, "H", False),
        ("ma7654321", "MA7654321", None, "M", False),
        ("Ｈ１２３４ ５６７８", "H12345678", None, "H", True),
    ],
)
def test_a_home_return_permit_is_read(written, number, renewals, resident_of, chinese_national):
    permit = read_home_return_permit(written)
    assert (permit.number, permit.renewals) == (number, renewals)
    assert (permit.resident_of, permit.chinese_national) == (resident_of, chinese_national)


@pytest.mark.parametrize(
    "text",
    [
        "H1234567",
        "H123456789",
        "H123456789012",
        "A12345678",
        "HB1234567",
        "HA12345678",
        "HA123456700",
        "12345678H",
    ],
)
def test_what_is_no_home_return_permit_is_refused(text, refused):
    error = refused(read_home_return_permit, text, where="people.csv:7")
    assert error.code == "home_return.form"
    assert str(error).startswith("people.csv:7: This is not the number of a Home Return Permit")


@pytest.mark.parametrize("number", ["H12345678", "M1234567801", "HA1234567"])
def test_a_wrong_character_is_refused_or_makes_another_number_since_there_is_no_check_digit(number, mistakes, refused):
    for _, mistaken in mistakes(number, CHARACTERS):
        if re.fullmatch(r"[HM]([0-9]{8}|[0-9]{10}|A[0-9]{7})", mistaken):
            assert read_home_return_permit(mistaken) != read_home_return_permit(number)
        else:
            assert refused(read_home_return_permit, mistaken).code == "home_return.form"


@given(home_return_numbers)
def test_reading_undoes_writing_a_home_return_permit(number):
    permit = read_home_return_permit(number)
    assert format_home_return_permit(permit).replace(" ", "") == number
    assert read_home_return_permit(format_home_return_permit(permit)) == permit


def test_a_home_return_permit_is_masked_without_renewals_and_printed_without_number():
    permit = read_home_return_permit("H12345678 01")
    assert mask_home_return_permit(permit) == "H******78"
    assert repr(permit) == "HomeReturnPermit(renewals=1)"


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("C12345678", "C12345678"),
        ("CA0000001", "CA0000001"),  # the first of its kind, notice of 10 December 2018
        ("cz 123 4567", "CZ1234567"),
        ("Ｃ１２３４５６７８", "C12345678"),
    ],
)
def test_a_two_way_permit_is_read(written, number):
    assert read_two_way_permit(written) == number


@pytest.mark.parametrize(
    "text", ["C1234567", "C123456789", "CI1234567", "CO1234567", "CAB123456", "D12345678", "12345678C"]
)
def test_what_is_no_two_way_permit_is_refused(text, refused):
    error = refused(read_two_way_permit, text, where="people.csv:7")
    assert error.code == "two_way.form"
    assert str(error).startswith("people.csv:7: This is not the number of a two-way permit")


def test_the_booklet_that_was_a_two_way_permit_is_refused_as_such(refused):
    assert refused(read_two_way_permit, "W12345678").code == "two_way.old"


@pytest.mark.parametrize("number", ["C12345678", "CA1234567"])
def test_a_wrong_character_of_a_two_way_permit_is_refused_or_makes_another_number(number, mistakes, refused):
    for place, mistaken in mistakes(number, CHARACTERS):
        wrong = mistaken[place]
        if place > 0 and (wrong.isdigit() or (place == 1 and wrong not in "IO")):
            assert read_two_way_permit(mistaken) == mistaken
        else:
            assert refused(read_two_way_permit, mistaken).code in {"two_way.form", "two_way.old"}


@given(two_way_numbers)
def test_a_two_way_permit_is_written_as_it_is_read(number):
    assert read_two_way_permit(number) == number
    assert read_two_way_permit(f" {number[:2]} {number[2:].lower()}") == number


def test_a_two_way_permit_is_masked():
    assert mask_two_way_permit("c12345678") == "C******78"


def test_rubbish_is_refused(rubbish, refused):
    for function in (read_home_return_permit, read_two_way_permit, mask_two_way_permit):
        refused(function, rubbish)


@given(st.text())
def test_no_text_makes_another_exception(text):
    for function in (read_home_return_permit, read_two_way_permit):
        with contextlib.suppress(IdentityError):
            function(text)
