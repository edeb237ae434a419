"""One value of a text is changed, and every other letter stays."""

import math

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from riverloop.apps.lab.editing import EditedText, written
from riverloop.core.kernel.errors import InputError
from riverloop.core.kernel.sources import read_yaml

TEXT = """# what it is 中文
a: 1  # one
stations:
- name: gate  # g
  channels: 3
  roster:
  - {from: "06:00", until: "09:00", channels: 3}
  - {from: "09:00", until: "22:30", channels: 4}
  # after the roster
  service: {distribution: exponential, mean_seconds: 12}
- {name: x, service: &s {mean_seconds: 3}}
- {name: y, service: *s}
- &z
  name: z
  open: true
pledge:
  minutes: 30
# end
"""
PATHS = [
    ("a",),
    ("stations", 0, "channels"),
    ("stations", 0, "roster"),
    ("stations", 0, "roster", 1, "until"),
    ("stations", 0, "service", "mean_seconds"),
    ("stations", 0, "side"),
    ("stations", 1, "channels"),
    ("stations", 1, "service", "cv"),
    ("stations", 3, "open"),
    ("pledge", "minutes"),
    ("pledge", "share"),
    ("new",),
]
scalars = st.one_of(
    st.integers(-(10**12), 10**12),
    st.floats(-1e9, 1e9, allow_nan=False, width=32).filter(lambda one: abs(one) > 1e-4 or one == 0),
    st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), max_size=12),
)
values = st.one_of(
    scalars,
    st.lists(scalars, max_size=3),
    st.dictionaries(st.from_regex(r"[a-z]{1,6}", fullmatch=True), scalars, max_size=3),
)


def at(value, path):
    for step in path:
        value = value[step]
    return value


@given(st.sampled_from(PATHS), values)
def test_what_was_put_is_read_again_and_nothing_else_has_changed(path, value):
    edited = EditedText(TEXT).put(path, value).text
    found = read_yaml(edited, name="t").value
    assert same(at(found, path), value)
    expected = yaml.safe_load(TEXT)
    holder = at(expected, path[:-1])
    holder[path[-1]] = at(found, path)
    assert found == expected
    assert "# what it is 中文" in edited
    assert "# end" in edited


def same(found, wanted):
    if isinstance(wanted, list):
        return len(found) == len(wanted) and all(map(same, found, wanted))
    if isinstance(wanted, dict):
        return found.keys() == wanted.keys() and all(same(found[key], wanted[key]) for key in wanted)
    return math.isclose(found, wanted) if isinstance(wanted, float) else found == wanted


def test_comments_and_order_stay_where_they_were():
    edited = EditedText(TEXT).put(("stations", 0, "channels"), 7).text
    assert edited == TEXT.replace("channels: 3\n", "channels: 7\n")


@pytest.mark.parametrize(
    "path", [("stations", 2, "service", "mean_seconds"), ("stations", 1, "service"), ("stations", 3)]
)
def test_what_several_places_share_is_not_changed_behind_ones_back(path):
    with pytest.raises(InputError, match="is shared with other places"):
        EditedText(TEXT).put(path, 9)


def test_there_is_no_place_below_what_is_not_there():
    with pytest.raises(InputError, match='There is no place for "b.c"'):
        EditedText(TEXT).put(("b", "c"), 1)


@pytest.mark.parametrize(
    "path", [("a",), ("stations", 0, "roster"), ("stations", 0, "name"), ("pledge",), ("missing",)]
)
def test_a_key_is_taken_out_and_nothing_else(path):
    expected = yaml.safe_load(TEXT)
    at(expected, path[:-1]).pop(path[-1], None)
    assert yaml.safe_load(EditedText(TEXT).without(path).text) == expected


@pytest.mark.parametrize(("text", "key"), [("{a: 1, b: 2}", "a"), ("{a: 1, b: 2}", "b"), ("{a: 1}", "a")])
def test_a_key_is_taken_out_of_braces(text, key):
    left = yaml.safe_load(text)
    del left[key]
    assert yaml.safe_load(EditedText(text).without((key,)).text) == left


def test_words_that_yaml_reads_otherwise_are_quoted():
    assert written({"a": "yes", "b": "06:30", "c": "plain", "d": 2.0}) == '{a: "yes", b: "06:30", c: plain, d: 2}'
