import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from riverloop.core.identity import format_hkid, hkid_check_digit, mask_hkid, read_hkid
from riverloop.core.kernel.errors import IdentityError

# Numbers that stand in public explanations of the check digit; none is known to be issued.
PUBLISHED = [
    "A123456(3)",  # https://mrszeto.net/home/javascript/idcard.htm
    "AB123456(9)",  # http://hong.ddns.net/index.php/2019/05/20/hong-kong-id
    "D288754(2)",  # https://slidetodoc.com/more-to-learn-check-digit-it-is-used/
    "CA182361(1)",  # https://github.com/iLexN/HKID-Check-Digit, README
    "G123456(A)",  # by hand: 36×9 + 16×8 + 1×7 + 2×6 + 3×5 + 4×4 + 5×3 + 6×2 = 529, and 10 more is 49×11
]
CHARACTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

bodies = st.from_regex(r"[A-Z]{1,2}[0-9]{6}", fullmatch=True)


@pytest.mark.parametrize("number", PUBLISHED)
def test_a_published_number_is_read_and_written_back(number):
    assert format_hkid(read_hkid(number)) == number


@pytest.mark.parametrize(
    "written",
    [
        "A1234563",
        "a123456(3)",
        " A 123456 ( 3 ) ",
        "Ａ１２３４５６（３）",
        "ａ１２３４５６【３】",
        "A123456-3",
    ],
)
def test_spaces_case_width_and_brackets_do_not_matter(written):
    assert read_hkid(written) == "A1234563"


@pytest.mark.parametrize("number", PUBLISHED)
def test_every_wrong_digit_is_refused(number, mistakes, refused):
    plain = read_hkid(number)
    for place, mistaken in mistakes(plain, CHARACTERS):
        if mistaken[place].isdigit() or plain[place].isdigit() or place == len(plain) - 1:
            assert refused(read_hkid, mistaken).code in {"hkid.form", "hkid.check"}


@pytest.mark.parametrize("number", PUBLISHED)
def test_a_wrong_letter_passes_only_if_it_is_eleven_or_twenty_two_away(number, mistakes, refused):
    plain = read_hkid(number)
    for place, mistaken in mistakes(plain, CHARACTERS[:26]):
        if plain[place].isalpha() and place < len(plain) - 1:
            if (ord(mistaken[place]) - ord(plain[place])) % 11 == 0:
                assert read_hkid(mistaken) == mistaken
            else:
                assert refused(read_hkid, mistaken).code == "hkid.check"


@pytest.mark.parametrize("number", PUBLISHED)
def test_two_digits_swapped_are_refused(number, refused):
    plain = read_hkid(number)
    for place in range(len(plain) - 7, len(plain) - 2):
        one, other = plain[place : place + 2]
        if one != other:
            swapped = plain[:place] + other + one + plain[place + 2 :]
            assert refused(read_hkid, swapped).code == "hkid.check"


@given(bodies)
def test_one_check_digit_fits_each_number(body):
    fitting = []
    for check in "0123456789A":
        try:
            fitting.append(read_hkid(f"{body}({check})")[-1])
        except IdentityError:
            continue
    assert fitting == [hkid_check_digit(body)]


@given(bodies)
def test_reading_undoes_writing(body):
    number = body + hkid_check_digit(body)
    assert read_hkid(format_hkid(number)) == number
    assert format_hkid(format_hkid(number)) == format_hkid(number)


@pytest.mark.parametrize(
    "text", ["123456(3)", "ABC123456(3)", "A12345(3)", "A1234567(3)", "A123456", "A123456(B)", "A12345O(3)"]
)
def test_another_form_is_refused_with_the_right_one(text, refused):
    error = refused(read_hkid, text, where="people.csv:7")
    assert error.code == "hkid.form"
    assert str(error).startswith("people.csv:7: This is not an identity card number of Hong Kong")


def test_the_mask_shows_the_first_letter_and_the_last_two():
    assert mask_hkid("a1234563") == "A*****6(3)"
    assert mask_hkid("AB123456(9)") == "A******6(9)"


def test_a_wrong_check_digit_is_told_with_the_number_masked(refused):
    assert refused(read_hkid, "D288754(3)").parameters == {"number": "D*****4(3)"}


def test_rubbish_is_refused(rubbish, refused):
    for function in (read_hkid, format_hkid, mask_hkid):
        refused(function, rubbish)


@given(st.text())
def test_no_text_makes_another_exception(text):
    with contextlib.suppress(IdentityError):
        read_hkid(text)
