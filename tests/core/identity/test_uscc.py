import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.cn import uscc

from riverloop.core.identity import mask_uscc, read_uscc
from riverloop.core.kernel.errors import IdentityError

CHARACTERS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
SPECIMENS = [
    "91350100M000100Y43",  # GB 32100-2015, the worked check digit
    "91110000600037341L",  # python-stdnum, documentation of stdnum.cn.uscc
]

bodies = st.from_regex(rf"[{CHARACTERS}]{{2}}[0-9]{{6}}[{CHARACTERS}]{{9}}", fullmatch=True)


def sealed(body):
    """Return 17 characters with their check digit by GB 32100, whose weights are powers of 3 modulo 31."""
    total = sum(CHARACTERS.index(character) * 3**place for place, character in enumerate(body))
    return body + CHARACTERS[-total % 31]


@pytest.mark.parametrize("code", SPECIMENS)
def test_a_published_code_is_read(code):
    assert read_uscc(code) == code
    assert sealed(code[:-1]) == code


@pytest.mark.parametrize(
    "written",
    [
        "91350100m000100y43",
        "91 350100 M000100Y4 3",
        "９１３５０１００Ｍ０００１００Ｙ４３",
        "9135-0100-M000-100Y-43\n",
    ],
)
def test_spaces_case_and_width_do_not_matter(written):
    assert read_uscc(written) == "91350100M000100Y43"


@pytest.mark.parametrize("code", SPECIMENS)
def test_every_wrong_character_is_refused(code, mistakes, refused):
    for _, mistaken in mistakes(code, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"):
        assert refused(read_uscc, mistaken).code in {"uscc.form", "uscc.check"}


@pytest.mark.parametrize("kind", ["N2", "A1", "Y1"])
def test_a_rural_collective_a_military_unit_and_another_pass_which_python_stdnum_refuses(kind):
    code = sealed(f"{kind}440304MA5ABCDE1")
    assert read_uscc(code) == code
    assert not uscc.is_valid(code)


@given(bodies)
def test_every_code_built_by_the_standard_is_read(body):
    assert read_uscc(sealed(body)) == sealed(body)
    assert read_uscc(f" {sealed(body).lower()} ") == sealed(body)


@pytest.mark.parametrize(
    "text", ["91350100M000100Y4", "91350100M000100Y433", "9135O100M000100Y43", "91350100S000100Y43"]
)
def test_another_form_is_refused_with_its_length(text, refused):
    error = refused(read_uscc, text, where="tenants.csv:7")
    assert (error.code, error.parameters) == ("uscc.form", {"length": len(text)})
    assert str(error).startswith("tenants.csv:7: This is not a unified social credit code")


def test_a_wrong_check_digit_is_told_with_the_code_masked(refused):
    assert refused(read_uscc, "91350100M000100Y44").parameters == {"number": "9***************44"}


def test_the_mask_shows_the_first_character_and_the_last_two():
    assert mask_uscc("91350100m000100y43") == "9***************43"


def test_rubbish_is_refused(rubbish, refused):
    for function in (read_uscc, mask_uscc):
        refused(function, rubbish)


@given(st.text())
def test_no_text_makes_another_exception(text):
    with contextlib.suppress(IdentityError):
        read_uscc(text)
