"""Keys that sign: what a replaced one signed stays verifiable, and a log's keys bear its origin."""

import pytest

from riverloop.apps.nodes import keys
from riverloop.core.tlog.keys import parse_vkey


@pytest.fixture(autouse=True)
def _folder(settings, tmp_path):
    settings.RIVERLOOP_DATA = tmp_path


SORTS = [
    (keys.log_signer, keys.log_verifiers, keys.log_key_add),
    (keys.cosigner, keys.cosigner_verifiers, keys.cosigner_key_add),
]


@pytest.mark.parametrize(
    ("signer", "verifiers", "name", "named"),
    [
        (keys.log_signer, keys.log_verifiers, "log_key", "riverloop.zone/hetao/hk"),
        (keys.cosigner, keys.cosigner_verifiers, "cosigner_key", "riverloop.zone/hetao/hk/cosigner"),
    ],
)
def test_a_key_of_the_log_is_made_once_kept_to_its_owner_and_named_after_the_log(
    signer, verifiers, name, named, tmp_path
):
    first = signer("hk")
    assert first == signer("hk")
    assert first.name == named
    assert (tmp_path / "keys" / "hk" / name).stat().st_mode & 0o077 == 0
    (key,) = verifiers("hk")
    assert parse_vkey(key.line) == key


@pytest.mark.parametrize(("signer", "verifiers", "add"), SORTS)
def test_what_a_replaced_key_of_the_log_signed_stays_verifiable(signer, verifiers, add):
    (before,) = verifiers("hk")
    add("hk")
    now, retired = verifiers("hk")
    assert retired == before
    assert now != before
    text = "riverloop.zone/hetao/hk\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n"
    signed = signer("hk").sign(text) if signer is keys.log_signer else signer("hk").cosign(text, 1)
    assert now.verifies(text, signed)
    assert not retired.verifies(text, signed)


def test_a_replaced_signing_key_is_known_by_its_id():
    before = keys.key_id("hk")
    keys.signing_key_add("hk")
    assert list(keys.verifying_keys("hk")) == [keys.key_id("hk"), before]
