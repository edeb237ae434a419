"""Canonical JSON, and JSON read strictly."""

import hashlib

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from riverloop.core.kernel.canonical import canonical_json, read_json, sha256_hex
from riverloop.core.kernel.errors import InputError


def test_the_example_of_rfc_8785_section_3_2_4():
    value = {
        "numbers": [333333333.33333329, 1e30, 4.50, 2e-3, 0.000000000000000000000000001],
        "string": "\u20ac$\u000f\u000aA'\u0042\u0022\u005c\\\"/",
        "literals": [None, True, False],
    }
    expected = (
        '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],'
        '"string":"\u20ac$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}'
    )
    assert canonical_json(value) == expected.encode()


def test_keys_are_ordered_by_utf_16_code_units():
    # RFC 8785, section 3.2.3
    keys = ["\u20ac", "\r", "\ufb33", "1", "\U0001f600", "\u0080", "\u00f6"]
    assert list(read_json(canonical_json(dict.fromkeys(keys, 0)).decode(), where="x")) == [
        "\r", "1", "\u0080", "\u00f6", "\u20ac", "\U0001f600", "\ufb33",
    ]  # fmt: skip


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(),
        lambda v: st.lists(v) | st.dictionaries(st.text(), v),
        max_leaves=8,
    )
)
def test_a_value_reads_back_and_its_hash_is_of_its_bytes(value):
    written = canonical_json(value)
    assert read_json(written.decode(), where="x") == value
    assert sha256_hex(value) == hashlib.sha256(written).hexdigest()


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 2**60, object(), {1: 2}, "\ud800"])
def test_what_json_lacks_has_no_canonical_form(value):
    with pytest.raises(InputError, match="no canonical JSON form"):
        canonical_json(value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"a": 1,\n "b": }', "f.json:2: .*column"),
        ('{"a": NaN}', "NaN is not a number"),
        ('{"a": -Infinity}', "Infinity is not a number"),
        ('{"a": 1, "a": 2}', '"a" is given twice'),
        ("[" * 100_000, "nested too deeply"),
        ("1" * 5000, "too long"),
        ("", "not JSON"),
    ],
)
def test_json_that_is_not_strict_is_refused_with_its_place(text, said):
    with pytest.raises(InputError, match=said) as refused:
        read_json(text, where="f.json")
    assert "\n" not in str(refused.value)


TEXTS = st.text(alphabet=st.characters(codec="utf-8"))
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | TEXTS,
    lambda inner: st.lists(inner) | st.dictionaries(st.text(alphabet=st.characters(codec="ascii")), inner),
)


@given(PLAIN)
def test_the_quick_way_writes_what_the_library_for_it_writes(value):
    assert canonical_json(value) == rfc8785.dumps(value)
    assert canonical_json((value, 1.5)) == rfc8785.dumps([value, 1.5])
