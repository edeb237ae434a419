"""Two sides and the boundary between them."""

import pytest

from riverloop.core.kernel.errors import InputError, RiverloopError, ZoneError, did_you_mean
from riverloop.core.kernel.sides import Authority, Boundary, Side, destination, origin

ONE = Side("aa", {"en": "A"}, "Asia/Macau", "aa", (Authority("aa.gate", {"en": "Gate"}, ("immigration",)),))
OTHER = Side("bb", {"en": "B"}, "Asia/Shanghai", "bb")
BOUNDARY = Boundary("test", (ONE, OTHER))


def test_a_boundary_has_two_directions():
    assert BOUNDARY.directions == ("aa-bb", "bb-aa")
    assert (origin("aa-bb"), destination("aa-bb")) == ("aa", "bb")
    assert BOUNDARY.check_direction("bb-aa") == "bb-aa"


@pytest.mark.parametrize("direction", ["aa-aa", "aa", "", None, "cc-aa", ["aa-bb"], "AA-BB"])
def test_a_direction_the_zone_lacks_is_refused(direction):
    with pytest.raises(InputError, match="has no direction .* Choose aa-bb or bb-aa"):
        BOUNDARY.check_direction(direction)


def test_a_side_the_zone_lacks_is_refused():
    with pytest.raises(InputError, match='no side "cc". Its sides are aa, bb'):
        BOUNDARY.side("cc")


def test_a_zone_has_two_different_sides():
    with pytest.raises(ZoneError, match="two different sides"):
        Boundary("test", (ONE, ONE))


def test_an_authority_is_found_by_its_id_or_role():
    assert ONE.authority("immigration") == ONE.authority("aa.gate") == "aa.gate"
    assert ONE.authority("health") == "aa.health"  # nobody has the role: it still says whose


def test_an_error_is_one_line_in_any_language():
    error = RiverloopError("x.y", "The {thing} is wrong. Mend it.", where="file:3", thing="date")
    assert str(error) == "file:3: The date is wrong. Mend it."
    assert error.text("{thing} 有誤。請更正。") == "file:3: date 有誤。請更正。"


def test_the_nearest_name_is_offered_and_no_far_one():
    assert did_you_mean("categry", ["category", "count"]) == ' Did you mean "category"?'
    assert did_you_mean("zzz", ["category"]) == ""
