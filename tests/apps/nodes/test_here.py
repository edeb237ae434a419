"""Which sides live here: both, or one, and a data folder that is of one side is no other's."""

import pytest
from django.test import override_settings

from riverloop.apps.nodes import here, key_files, keys
from riverloop.apps.nodes.calling import PeerError, call
from riverloop.apps.nodes.endpoints import on_call
from riverloop.core.kernel.errors import InputError


@pytest.fixture(autouse=True)
def _folder(settings, tmp_path):
    settings.RIVERLOOP_DATA = tmp_path


@pytest.fixture
def one():
    return here.zone().sides[0].id


@pytest.fixture
def other():
    return here.zone().sides[1].id


def test_both_sides_live_here_unless_one_is_named(settings, one, other):
    assert here.hosted_sides() == (one, other)
    assert here.hosts_both()
    settings.RIVERLOOP_SIDE = other
    assert here.hosted_sides() == (other,)
    assert not here.hosts(one)
    assert not here.hosts_both()


def test_a_side_that_the_zone_lacks_is_refused_by_name(settings):
    settings.RIVERLOOP_SIDE = "mars"
    with pytest.raises(InputError, match='no side "mars"'):
        here.hosted_sides()


def test_nothing_of_the_keys_of_a_side_that_lives_elsewhere_is_made_here(settings, one, other, tmp_path):
    settings.RIVERLOOP_SIDE = one
    keys.seal(one, "text")
    keys.seal("accounts", "text")
    for act in (keys.signing_key, keys.log_signer, keys.cosigner, key_files.folder):
        with pytest.raises(InputError, match=f"Side {other} does not live here: this is the node of side {one}"):
            act(other)
    with pytest.raises(InputError, match=f"The node of {other} is not known here"):
        keys.verifying_keys(other)
    assert not (tmp_path / "keys" / other).exists()


def test_a_data_folder_is_of_the_side_that_it_was_first_used_for(settings, one, other, tmp_path):
    settings.RIVERLOOP_SIDE = one
    here.side_settle()
    here.side_settle()
    assert (tmp_path / "side").read_text() == f"{one}\n"
    settings.RIVERLOOP_SIDE = other
    with pytest.raises(InputError, match=f"holds what is side {one}'s, and side {other} was asked for"):
        here.side_settle()


def test_of_two_first_starts_at_once_for_different_sides_one_wins_and_the_other_is_told(
    settings, one, other, monkeypatch, tmp_path
):
    look = here._keys_of

    def overtaken(side):  # between looking and keeping, the other side's first start does both
        monkeypatch.setattr(here, "_keys_of", look)
        with override_settings(RIVERLOOP_SIDE=other):
            here.side_settle()
        return look(side)

    monkeypatch.setattr(here, "_keys_of", overtaken)
    settings.RIVERLOOP_SIDE = one
    with pytest.raises(InputError, match=f"holds what is side {other}'s, and side {one} was asked for"):
        here.side_settle()
    assert [path.name for path in tmp_path.iterdir()] == ["side"]
    settings.RIVERLOOP_SIDE = other
    here.side_settle()


def test_a_data_folder_of_both_sides_does_not_become_that_of_one(settings, one, other, tmp_path):
    keys.signing_key(one), keys.signing_key(other)
    settings.RIVERLOOP_SIDE = one
    with pytest.raises(InputError, match="Choose another folder"):
        here.side_settle()
    assert not (tmp_path / "side").exists()


def test_a_side_that_lives_here_is_called_straight(one, other, monkeypatch):
    monkeypatch.setattr("riverloop.apps.nodes.endpoints._functions", {})
    on_call("echo", lambda from_side, to_side, body: f"{from_side} {to_side} {body.decode()}".encode())
    assert call(other, "echo", b"hello") == f"{one} {other} hello".encode()
    with pytest.raises(PeerError, match='knows no call "nothing"'):
        call(other, "nothing", b"")
