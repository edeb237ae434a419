"""Identity numbers are sealed at rest, found by an index that needs a key, and told to nobody in the clear."""

import stat

import pytest
from cryptography.fernet import InvalidToken

from riverloop.apps.nodes import keys
from riverloop.apps.parties import sealing, selectors
from riverloop.apps.parties.models import IdentityNumber
from riverloop.apps.parties.services import identity_number_add
from riverloop.core.kernel.errors import InputError
from tests.cast import HKID

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _keys(settings, tmp_path):
    settings.RIVERLOOP_DATA = tmp_path


def add(person, number=HKID, kind="hkid"):
    return identity_number_add(person=person, kind=kind, number=number)


def test_a_number_is_sealed_and_opens_again(cast):
    number = add(cast.hana_herself)
    kept = IdentityNumber.objects.get()
    assert b"123456" not in bytes(kept.sealed)
    assert kept.opened() == "A1234563"
    assert "123456" not in kept.masked()
    assert "123456" not in repr(number)


def test_an_officer_finds_a_person_by_the_whole_number_however_it_is_typed(cast):
    add(cast.hana_herself)
    for typed in ("A123456(3)", "a123456 (3)", "A1234563"):
        assert selectors.people_found(visible_to=cast.oscar, text=typed) == [cast.hana_herself]
    for typed in ("A123456", "123456", "", "%"):
        assert selectors.people_found(visible_to=cast.oscar, text=typed) == []


def test_an_officer_of_the_other_side_finds_nobody_by_it(cast):
    add(cast.hana_herself)
    assert selectors.people_found(visible_to=cast.otto, text=HKID) == []


def test_a_whole_name_finds_a_person_and_part_of_one_does_not(cast):
    assert selectors.people_found(visible_to=cast.oscar, text=" ha  NA ") == [cast.hana_herself]
    assert selectors.people_found(visible_to=cast.oscar, text="夏娜") == [cast.hana_herself]
    assert selectors.people_found(visible_to=cast.oscar, text="Ha") == []


def test_the_same_number_is_found_differently_on_each_side_and_as_each_kind(cast):
    indexes = {
        keys.finding_index("hk", "hkid", "A1234563"),
        keys.finding_index("cn", "hkid", "A1234563"),
        keys.finding_index("hk", "passport", "A1234563"),
    }
    assert len(indexes) == 3


def test_a_number_belongs_to_one_person_of_a_side(cast):
    add(cast.hana_herself)
    with pytest.raises(InputError, match="registered already"):
        add(cast.edwin)
    add(cast.min_herself)


@pytest.mark.parametrize(
    ("kind", "wrong"), [("hkid", "A123456(4)"), ("passport", "!!"), ("library_card", "7"), ("two_way_permit", "C1")]
)
def test_a_number_that_does_not_hold_together_is_not_kept_and_not_repeated(cast, kind, wrong):
    with pytest.raises(InputError) as refused:
        add(cast.hana_herself, wrong, kind)
    assert wrong not in str(refused.value) or kind == "library_card"
    assert not IdentityNumber.objects.exists()


def test_a_new_key_seals_and_the_old_one_still_opens_until_all_is_resealed(cast, tmp_path):
    number = add(cast.hana_herself)
    before = bytes(number.sealed)
    keys.sealing_key_add("hk")
    number.refresh_from_db()
    assert number.opened() == "A1234563"
    assert sealing.rotate("hk") == {"parties.IdentityNumber.sealed": 1}
    number.refresh_from_db()
    assert bytes(number.sealed) != before
    path = tmp_path / "keys" / "hk" / "sealing_keys"
    newest, oldest = path.read_text().split()
    path.write_text(newest)
    assert number.opened() == "A1234563"
    path.write_text(oldest)
    with pytest.raises(InvalidToken):
        number.opened()
    assert selectors.people_found(visible_to=cast.oscar, text=HKID) == [cast.hana_herself]


def test_one_side_cannot_open_what_the_other_sealed():
    with pytest.raises(InvalidToken):
        keys.unseal("cn", keys.seal("hk", "A1234563"))


def test_keys_are_readable_by_their_owner_alone(tmp_path):
    keys.seal("hk", "x")
    keys.finding_index("hk", "hkid", "x")
    keys.sealing_key_add("hk")
    files = list((tmp_path / "keys" / "hk").iterdir())
    assert len(files) == 2
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
    assert stat.S_IMODE((tmp_path / "keys" / "hk").stat().st_mode) == 0o700
