"""The library of bundled scenario files: what is in it, and how it is asked."""

import pytest

from riverloop.core.kernel.errors import InputError
from riverloop.core.queueing.designs import open_scenario_file
from riverloop.scenarios import bundled, open_bundled, text_of

KEYS = ("hetao-west-bridge", "lok-ma-chau-spur-line", "shenzhen-bay", "qingmao", "new-huanggang")


def test_the_open_question_comes_first():
    assert tuple(one.key for one in bundled()) == KEYS


def test_each_is_listed_with_its_title_designs_and_cases():
    for one in bundled():
        read = open_bundled(one.key)
        assert (one.title, one.note, one.designs, one.cases) == (read.title, read.note, read.designs, read.cases)
        assert set(one.title) == {"en", "zh-Hant", "zh-Hans"}
        assert len(one.cases) > 1


def test_the_west_bridge_holds_every_design_at_opening_and_ten_years_on():
    read = open_bundled("hetao-west-bridge")
    wanted = {"two_control_points", "co_located", "joint_clearance", "white_list_lane"}
    assert wanted <= {one.key for one in read.designs}
    assert [one.key for one in read.cases][:2] == ["opening", "ten_years"]


def test_a_text_can_be_copied_and_opened_as_ones_own():
    for one in bundled():
        assert open_scenario_file(text_of(one.key), name="mine.yaml").title == one.title


def test_an_unknown_name_is_answered_with_the_nearest():
    with pytest.raises(InputError, match=r'"hetao-west-brigde".* Did you mean "hetao-west-bridge"'):
        open_bundled("hetao-west-brigde")


@pytest.mark.parametrize("name", ["", "../zones/hetao", "qingmao.yaml"])
def test_only_names_are_taken_and_no_paths(name):
    with pytest.raises(InputError, match="is bundled"):
        text_of(name)
