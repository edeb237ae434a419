"""Strict YAML: what is too much, what hides, and numbers that nobody writes."""

from itertools import pairwise

import pytest

from riverloop.core.kernel.errors import InputError
from riverloop.core.kernel.sources import check_schema, in_short, read_yaml


def refused(text):
    with pytest.raises(InputError) as caught:
        read_yaml(text, name="file")
    return caught.value


# Too much


@pytest.mark.parametrize("text", ["a: [" + "1," * 250_000 + "]", "a:\n" + "- 1\n" * 250_000])
def test_a_large_file_is_called_large(text):
    error = refused(text)
    assert error.code == "yaml.values"
    assert "more than 200,000 values. Shorten its lists" in str(error)


def test_a_file_of_many_values_is_read():
    assert len(read_yaml("a: [" + "1," * 150_000 + "]", name="file").value["a"]) == 150_000


def bomb(depth):
    letters = "abcdefghijklmnop"[:depth]
    rows = [f"{letters[0]}: &{letters[0]} [{','.join('x' * 10)}]"]
    rows += [f"{one}: &{one} [{','.join([f'*{before}'] * 10)}]" for before, one in pairwise(letters)]
    return "\n".join(rows)


def test_an_alias_bomb_is_told_from_it_with_its_line():
    error = refused(bomb(16))  # unrolled it would never end
    assert (error.code, error.where) == ("yaml.alias", "file:6")


def test_a_circle_is_refused_and_a_shared_value_is_not():
    assert refused("a: &a\n  b: *a\n").code == "yaml.alias"
    assert read_yaml("a: &a [1, 2]\nb: *a\nc: [*a, *a]\n", name="file").value["c"] == [[1, 2], [1, 2]]
    assert len(read_yaml(bomb(4), name="file").value["d"]) == 10


def test_brackets_without_end_are_one_line():
    assert refused("a: &a " + "[" * 900 + "]" * 900).code in ("yaml.depth", "yaml.syntax")


# What hides


@pytest.mark.parametrize(
    ("text", "letter"),
    [
        ('a: 1\ntitle: "\\e[31mred"', "U+001B"),
        ('a: 1\n"\\x9b": b', "U+009B"),
        ('a: 1\ntitle: "one\\rtwo"', "U+000D"),
        ("a: 1\ntitle: \u202egnp.exe", "U+202E"),
        ("a: 1\n# \u2066 in a remark", "U+2066"),
        ("a: 1\ntitle: \x1b[2J", "U+001B"),
        ('a: 1\ntitle: "\\u2028"', "U+2028"),
    ],
)
def test_a_letter_that_a_terminal_obeys_is_refused_with_its_line(text, letter):
    error = refused(text)
    assert (
        str(error) == f"file:2: The character {letter} cannot be seen and may do harm where it is shown. Take it out."
    )


def test_lines_tabs_and_the_letters_of_any_script_are_read():
    text = 'a: "one\\n\\ttwo"\r\nb: 河套　西橋\u00a0— श\u200dर्मा 🌉\r\n'
    assert read_yaml(text, name="file").value == {"a": "one\n\ttwo", "b": "河套　西橋\u00a0— श\u200dर्मा 🌉"}


# Numbers


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("1" + "0" * 300, "The number 1e300 is too large."),
        ("123456789012345678901234567890", "The number 1.23457e29 is too large."),
        ("9007199254740993", "The number 9007199254740993 is too large."),
        ("1e999", "1e999 is too large."),
        ("-1e999", "-1e999 is too large."),
        ("1e99999999999999999999999", "1e999999999999999999… is too large."),
    ],
)
def test_a_number_that_is_too_large_is_told_as_people_write_it(text, told):
    assert told in str(refused(f"a: {text}"))


@pytest.mark.parametrize(
    ("number", "told"), [(3, "3"), (0.1, "0.1"), (1e300, "1e300"), (-2.5e-9, "-2.5e-9"), (10**30, "1e30")]
)
def test_numbers_in_short(number, told):
    assert in_short(number) == told


def test_a_number_beyond_a_limit_is_told_in_short_as_well():
    source = read_yaml("a: 1e300\nb: 5\n", name="file")
    schema = {"properties": {"a": {"maximum": 100}}}
    with pytest.raises(InputError, match=r"file:1: a: 1e300 is greater than 100\."):
        check_schema(source, schema)
    with pytest.raises(InputError, match=r"file:2: b is 5\. Choose one of 1, 2\."):
        check_schema(source, {"properties": {"b": {"enum": [1, 2]}}})
