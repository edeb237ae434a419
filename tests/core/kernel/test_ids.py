"""Ids are random, and survive being copied by hand."""

import random

import pytest

from riverloop.core.kernel.errors import InputError
from riverloop.core.kernel.ids import new_id, read_id


def test_an_id_reads_back_however_it_was_copied():
    one = new_id()
    assert read_id(one) == read_id(one.lower()) == read_id(" ".join(one)) == read_id("-".join(one)) == one


def test_look_alikes_are_forgiven():
    assert read_id("O" * 13 + "I" * 6 + "l" * 7) == "0" * 13 + "1" * 13


def test_ids_come_from_the_bits_they_are_given():
    assert new_id(random.Random(1).getrandbits) == new_id(random.Random(1).getrandbits)
    assert new_id(lambda bits: 2**bits - 1) == "Z" * 26
    assert len({new_id() for _ in range(1000)}) == 1000


@pytest.mark.parametrize("text", ["", "abc", "U" * 26, "0" * 25, "0" * 27, "\u0661" * 26, "0" * 25 + "!", "x" * 10**6])
def test_what_is_no_id_is_refused_in_a_short_line(text):
    with pytest.raises(InputError) as refused:
        read_id(text)
    assert len(str(refused.value)) < 200
