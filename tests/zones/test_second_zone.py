"""The whole law bound to another pair of sides: it decides, and silence does not clear."""

import pytest

from riverloop.core.rules.decide import decide
from riverloop.core.rules.decisions import read_movement
from riverloop.core.rules.rulebook import Rulebook
from riverloop.packs import load_packs
from riverloop.zones import load_zone

ZONE = load_zone("hengqin")
FACTS = {
    "person": {"document_kind": "home_return_permit", "purpose": "research"},
    "goods": {"category": "human_blood"},
    "data": {"personal_information": False},
}


@pytest.fixture(scope="module")
def rulebook():
    return Rulebook(load_packs(), ZONE.boundary)


@pytest.mark.parametrize("direction", ZONE.boundary.directions)
@pytest.mark.parametrize("flow", FACTS)
def test_a_side_without_law_of_its_own_refers_what_crosses(rulebook, flow, direction):
    movement = {"flow": flow, "direction": direction, "at": "2026-11-22T12:00:00+08:00", "facts": FACTS[flow]}
    read = read_movement(movement, ZONE.boundary, rulebook.packs.dictionary)
    decision = decide(rulebook, read)
    assert set(decision.sides) == {side.id for side in ZONE.sides}
    for side in decision.sides.values():
        assert side.low > 0, "silence cleared it"
