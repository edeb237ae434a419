"""Values in the places where they are named."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from riverloop.core.kernel.sources import read_yaml
from riverloop.core.queueing.designs import open_scenario_file
from riverloop.core.queueing.parameters import fill
from tests.core.queueing.halls import HALLS, halls

names = st.sampled_from(["a", "b", "c"])
plain = st.one_of(
    st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.sampled_from(["x", "$", "$$a", " $a"])
)
written = st.recursive(
    st.one_of(plain, names.map("${}".format)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from("pqr"), inner, max_size=3)),
    max_leaves=12,
)


def _by_hand(raw, values):
    if isinstance(raw, dict):
        return {key: _by_hand(one, values) for key, one in raw.items()}
    if isinstance(raw, list):
        return [_by_hand(one, values) for one in raw]
    return values[raw[1:]] if isinstance(raw, str) and raw[:1] == "$" and raw[1:] in values else raw


@given(raw=written, values=st.fixed_dictionaries(dict.fromkeys("abc", plain)))
def test_parameters_come_exactly_where_they_are_named_and_nothing_else_changes(raw, values):
    source = read_yaml("{}", name="x.yaml")
    filled, used = fill(type(source)(source.name, raw, {}), values)
    assert filled.value == _by_hand(raw, values)
    assert set(used.values()) == {name for name in values if f"${name}" in _texts(raw)}


def _texts(raw):
    if isinstance(raw, dict | list):
        return [text for one in (raw.values() if isinstance(raw, dict) else raw) for text in _texts(one)]
    return [raw]


@given(jobs=st.floats(0, 1e6), by_gate=st.floats(0, 1), seconds=st.integers(1, 600), gates=st.integers(1, 40))
def test_a_file_with_parameters_is_the_file_with_their_values_written_out(jobs, by_gate, seconds, gates):
    if jobs == 0:
        jobs = 1.0
    values = {"jobs": jobs, "by_gate": by_gate, "gate_seconds": seconds, "gates": gates, "opens": "06:30"}
    out = HALLS[: HALLS.index("designs:")]
    out = out[: out.index("parameters:")] + out[out.index("arrivals:") :]
    for name in sorted(values, key=len, reverse=True):
        out = out.replace(f"${name}", repr(values[name]).replace("'", '"'))
    out = out.replace("$rest", repr(1 - by_gate))
    ours, theirs = halls().scenario(values=values), open_scenario_file(out, name="out.yaml").scenario()
    assert (ours.arrivals, ours.classes, ours.stations) == (theirs.arrivals, theirs.classes, theirs.stations)


def test_the_rest_is_what_other_shares_leave_of_one():
    assert halls().scenario(values={"by_gate": 0.9}).arrivals[0].shares == (0.9, pytest.approx(0.1))
    of_classes = HALLS.replace(", shares: {resident: $by_gate, visitor: $rest}", "").replace("{}, visitor: {}", "{}")
    of_classes = of_classes.replace("visitor: {}", "visitor: {share: $rest}").replace(
        "resident: {title", "resident: {share: $by_gate, title"
    )
    of_classes = of_classes.replace("    classes: {resident: {}}\n", "")
    assert halls(of_classes).scenario().arrivals[0].shares == (0.75, 0.25)
