import contextlib

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from riverloop.core.identity import mask_number
from riverloop.core.identity.notation import fold
from riverloop.core.kernel.errors import IdentityError


@pytest.mark.parametrize(
    "written",
    [
        "ab123456(9)",
        "AB123456(9)",
        "\tAB 123456 (9)\r\n",
        "ＡＢ１２３４５６（９）",
        "ａｂ\u3000１２３４５６【９】",
        "AB-123456–9",
        "\ufeffAB123456[9]\u200b",
    ],
)
def test_what_people_write_around_a_number_is_dropped(written):
    assert fold(written) == "AB1234569"


def test_an_error_names_the_place_of_the_character_that_is_wrong(refused):
    error = refused(fold, "A12é456", where="people.csv:7")
    assert error.code == "identity.character"
    assert error.text().startswith("people.csv:7: Character 4 is neither")


def test_a_text_too_long_to_be_a_number_is_refused_with_its_length(refused):
    assert refused(fold, "1" * 65).parameters == {"length": 65, "longest": 64}
    assert fold("1" * 64) == "1" * 64


def test_a_number_that_is_not_text_is_refused_with_its_type(refused):
    assert refused(fold, 123456).parameters == {"kind": "int"}


def test_nothing_but_spaces_is_refused_as_empty(refused):
    assert refused(fold, "\u3000 ()").code == "identity.empty"


def test_a_mask_shows_the_first_and_the_last_two_and_keeps_the_form():
    assert mask_number("A123456(3)") == "A*****6(3)"
    assert mask_number("110105 19491231 002X") == "1***** ******** **2X"


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("1234567", "*******"),
        ("12345678", "1*****78"),
        ("", ""),
        ("é🙂\x00", "***"),
        (None, "********"),
        (12345678, "********"),
        ("1" * 64, "1" + "*" * 61 + "11"),
        ("1" * 65, "********"),
    ],
)
def test_a_mask_is_made_of_anything(text, masked):
    assert mask_number(text) == masked


@given(st.one_of(st.text(), st.none(), st.binary(), st.integers()))
@example("🙂" * 100)
def test_a_mask_never_shows_more_than_three_letters_or_digits(text):
    assert sum(character.isalnum() for character in mask_number(text)) <= 3


@given(st.text(max_size=80))
def test_folding_gives_capitals_and_digits_or_refuses(text):
    with contextlib.suppress(IdentityError):
        folded = fold(text)
        assert set(folded) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")
        assert fold(folded) == folded
