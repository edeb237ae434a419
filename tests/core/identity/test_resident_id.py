import contextlib
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.cn import ric

from riverloop.core.identity import format_resident_id, mask_resident_id, read_resident_id
from riverloop.core.kernel.errors import IdentityError

TODAY = date(2026, 11, 22)
# GB 11643-1999, annex A (the first two) and annex B (the worked check digit).
SPECIMENS = {
    "11010519491231002X": date(1949, 12, 31),
    "440524188001010014": date(1880, 1, 1),
    "34052419800101001X": date(1980, 1, 1),
}

addresses = st.integers(100_000, 999_999)
births = st.dates(date(1000, 1, 1), TODAY)
orders = st.integers(0, 999)


def sealed(body):
    """Return 17 digits with their check digit by the tables of GB 11643, which the code does not use."""
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return body + "10X98765432"[sum(int(digit) * weight for digit, weight in zip(body, weights, strict=True)) % 11]


@pytest.mark.parametrize(("number", "born"), SPECIMENS.items())
def test_the_examples_of_the_standard_are_read(number, born, today):
    resident = read_resident_id(number, on=today)
    assert (resident.number, resident.born, resident.card) == (number, born, "resident")


@pytest.mark.parametrize(
    "written",
    [
        "11010519491231002x",
        "110105 19491231 002X",
        "１１０１０５１９４９１２３１００２Ｘ",
        " 110105-19491231-002x\n",
    ],
)
def test_spaces_case_and_width_do_not_matter(written, today):
    assert read_resident_id(written, on=today).number == "11010519491231002X"


@pytest.mark.parametrize("number", SPECIMENS)
def test_every_wrong_character_is_refused(number, mistakes, refused, today):
    for _, mistaken in mistakes(number, "0123456789X"):
        assert refused(read_resident_id, mistaken, on=today).code in {"resident_id.form", "resident_id.check"}


@pytest.mark.parametrize("number", SPECIMENS)
def test_two_neighbours_swapped_are_refused(number, refused, today):
    for place in range(17):
        one, other = number[place : place + 2]
        if one != other:
            refused(read_resident_id, number[:place] + other + one + number[place + 2 :], on=today)


@pytest.mark.parametrize("place", ["810000", "820000", "830000"])
def test_a_residence_permit_passes_which_python_stdnum_refuses(place, today):
    number = sealed(f"{place}19900101001")
    assert read_resident_id(number, on=today).card == "residence_permit"
    assert not ric.is_valid(number)


def test_the_card_of_a_permanent_resident_from_abroad_passes(today):
    # 9, the place of application, the nationality as a number, then as for citizens.
    assert read_resident_id(sealed("94484019900101001"), on=today).card == "permanent_residence"


def test_a_district_that_no_table_knows_passes(today):
    assert read_resident_id(sealed("45999919900101001"), on=today).card == "resident"


@given(addresses, births, orders)
def test_every_number_built_by_the_standard_is_read(address, born, order):
    number = sealed(f"{address}{born:%Y%m%d}{order:03d}")
    resident = read_resident_id(number, on=TODAY)
    assert (resident.number, resident.born) == (number, born)
    assert read_resident_id(format_resident_id(resident), on=TODAY) == resident


@pytest.mark.parametrize("born", ["19490230", "19491301", "19490001", "19490100", "19000229", "00000101"])
def test_a_date_that_the_calendar_lacks_is_refused(born, refused, today):
    error = refused(read_resident_id, sealed(f"110105{born}002"), on=today)
    assert error.code == "resident_id.born"
    assert "Digits 7 to 14" in str(error)


def test_a_leap_day_is_a_date_of_birth(today):
    assert read_resident_id(sealed("11010520000229002"), on=today).born == date(2000, 2, 29)


def test_nobody_is_born_after_the_day_of_reading(refused, today):
    number = sealed(f"110105{today:%Y%m%d}002")
    assert read_resident_id(number, on=today).born == today
    assert refused(read_resident_id, number, on=today - timedelta(days=1)).code == "resident_id.born"


def test_an_old_number_of_fifteen_digits_is_refused_as_such(refused, today):
    error = refused(read_resident_id, "110105491231002", on=today, where="form.number")
    assert error.code == "resident_id.old"
    assert str(error).startswith("form.number: This is a number of 15 digits")


@pytest.mark.parametrize(
    "text", ["1101051949123100", "110105194912310020X", "X10105194912310020", "01010519491231002X"]
)
def test_another_form_is_refused_with_its_length(text, refused, today):
    error = refused(read_resident_id, text, on=today)
    assert (error.code, error.parameters) == ("resident_id.form", {"length": len(text)})


def test_the_mask_shows_neither_place_nor_date_of_birth(today):
    assert mask_resident_id(read_resident_id("11010519491231002X", on=today)) == "1***** ******** **2X"


def test_a_wrong_check_digit_is_told_with_the_number_masked(refused, today):
    error = refused(read_resident_id, "110105194912310021", on=today)
    assert error.parameters == {"number": "1***************21"}


def test_printing_a_record_shows_neither_number_nor_date_of_birth(today):
    assert repr(read_resident_id("11010519491231002X", on=today)) == "ResidentId()"


def test_rubbish_is_refused(rubbish, refused, today):
    refused(read_resident_id, rubbish, on=today)


@given(st.text())
def test_no_text_makes_another_exception(text):
    with contextlib.suppress(IdentityError):
        read_resident_id(text, on=TODAY)


@given(st.from_regex(r"[0-9]{17}", fullmatch=True))
def test_no_eighteen_digits_make_another_exception(body):
    with contextlib.suppress(IdentityError):
        assert read_resident_id(sealed(body), on=TODAY).number == sealed(body)
