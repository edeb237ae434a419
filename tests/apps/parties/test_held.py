"""The copy that a person may ask for holds what parties hold of them, and nothing of anybody else."""

import json

import pytest
from django.apps import apps

from riverloop.apps.parties.models import Person
from riverloop.apps.parties.selectors import held_about
from riverloop.apps.parties.services import identity_number_add, role_end, view_record
from riverloop.apps.parties.tokens import token_make
from tests.cast import HKID

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _keys(settings, tmp_path):
    settings.RIVERLOOP_DATA = tmp_path


def test_it_holds_names_numbers_account_tokens_and_who_looked(cast):
    identity_number_add(person=cast.hana_herself, kind="hkid", number=HKID)
    view_record(viewer=cast.oscar, subjects=[cast.hana_herself, cast.edwin], purpose="case", page="x", case="HK-7")
    token_make(user=cast.hana, name="Mine", scopes=["people:read"], days=1, with_second_factor=False)
    told = json.dumps(held_about(cast.hana_herself), ensure_ascii=False)
    for held in ("夏娜", "Ha Na", "A1234563", "hana@example.org", "Mine", "HK-7", "hk.immd", "三角洲生物科技"):
        assert held in told
    for others in ("Edwin", "Oscar", "oscar@", "dora@", "rl_"):
        assert others not in told


def test_an_account_that_no_longer_stands_for_the_person_is_not_in_it(cast):
    role_end(role=cast.hana.roles.get())
    assert "hana@example.org" not in json.dumps(held_about(cast.hana_herself))


def test_every_column_of_a_person_is_in_it_or_left_out_for_a_reason():
    told = {"id", "owner_side", "name", "name_latin", "organisation", "created_at", "left_at"}
    left_out = {"erased_at"}  # then there is nothing to tell
    assert {field.name for field in Person._meta.fields} == told | left_out
    assert apps.get_model("parties", "Person") is Person
