"""A side's keys are changed without losing anything, may be stopped half way, and then old ones can be dropped."""

import pytest
from allauth.mfa.models import Authenticator
from click.testing import CliRunner
from cryptography.fernet import InvalidToken
from django.apps import apps
from django.db import models

from riverloop.apps.nodes import key_files, keys, trusting
from riverloop.apps.parties import sealing
from riverloop.apps.parties.adapters import SecondFactorAdapter
from riverloop.apps.parties.models import IdentityNumber
from riverloop.apps.parties.services import identity_number_add, person_add
from riverloop.apps.record.models import Leaf
from riverloop.apps.record.selectors import records_of
from riverloop.cli import app
from riverloop.core.kernel.errors import ConflictError, InputError
from riverloop.core.tlog import LogError, open_checkpoint
from tests.apps.record.logs import folder, grow

pytestmark = pytest.mark.django_db
COLUMN = "parties.IdentityNumber.sealed"


@pytest.fixture(autouse=True)
def _keys(settings, tmp_path):
    settings.RIVERLOOP_DATA = tmp_path


@pytest.fixture
def numbers(cast):
    """Seven numbers of side hk, sealed by its first key, and one of side cn."""
    identity_number_add(person=cast.min_herself, kind="passport", number="CN00001")
    people = [person_add(side="hk", name=f"Person {place}") for place in range(7)]
    return [
        identity_number_add(person=one, kind="passport", number=f"HK0000{place}") for place, one in enumerate(people)
    ]


def lines(side="hk"):
    return (key_files.folder(side) / "sealing_keys").read_text().split()


def opened():
    return {number.opened() for number in IdentityNumber.objects.filter(owner_side="hk")}


def test_after_a_rotation_everything_opens_and_the_old_key_can_be_dropped(numbers):
    before = opened()
    assert sealing.rotate("hk")[COLUMN] == len(numbers)
    assert sealing.drop_old_keys("hk") == 1
    assert len(lines()) == 1
    assert opened() == before
    assert IdentityNumber.objects.get(owner_side="cn").opened() == "CN00001"


def test_an_old_key_that_is_still_needed_is_not_dropped(numbers):
    keys.sealing_key_add("hk")
    with pytest.raises(ConflictError, match="7 sealed values still need an older key"):
        sealing.drop_old_keys("hk")
    assert len(lines()) == 2


def test_a_rotation_that_was_stopped_goes_on_where_it_was_and_adds_no_further_key(numbers, monkeypatch):
    monkeypatch.setattr(sealing, "_BATCH", 2)
    renew, done = keys.Sealer.renew, []

    def stop_at_the_fifth(self, sealed):
        if len(done) == 4:
            raise KeyboardInterrupt
        done.append(sealed)
        return renew(self, sealed)

    with monkeypatch.context() as context:
        context.setattr(keys.Sealer, "renew", stop_at_the_fifth)
        with pytest.raises(KeyboardInterrupt):
            sealing.rotate("hk")
    assert sealing.waiting("hk") == {COLUMN: 3}
    assert sealing.rotate("hk")[COLUMN] == 7
    assert len(lines()) == 2
    assert sealing.waiting("hk") == {}
    sealing.drop_old_keys("hk")
    assert len(opened()) == 7


def test_what_was_written_while_a_rotation_ran_is_not_overwritten(numbers, monkeypatch):
    renew = keys.Sealer.renew
    newer = []

    def change_meanwhile(self, sealed):
        if not newer:
            newer.append(keys.seal("hk", "WRITTEN1"))
            IdentityNumber.objects.filter(sealed=sealed).update(sealed=newer[0])
        return renew(self, sealed)

    monkeypatch.setattr(keys.Sealer, "renew", change_meanwhile)
    sealing.rotate("hk")
    assert "WRITTEN1" in opened()


def test_a_value_that_no_key_opens_is_told_and_nothing_is_dropped(numbers):
    IdentityNumber.objects.filter(pk=numbers[0].pk).update(sealed=b"not sealed")
    for act in (sealing.rotate, sealing.drop_old_keys, sealing.waiting):
        with pytest.raises(ConflictError, match="opens with no key of hk"):
            act("hk")
    assert len(lines()) == 1


def test_secrets_of_second_factors_turn_with_the_nodes_own_key(cast):
    adapter = SecondFactorAdapter()
    secret, seed, code = (adapter.encrypt(text) for text in ("SECRET", "seed", "12345678"))
    Authenticator.objects.create(user=cast.dora, type="totp", data={"secret": secret})
    Authenticator.objects.create(user=cast.dora, type="recovery_codes", data={"seed": seed, "migrated_codes": [code]})
    Authenticator.objects.create(user=cast.dora, type="webauthn", data={"name": "Key", "credential": {}})
    assert sealing.rotate(sealing.ACCOUNTS) == {"mfa.Authenticator": 3}
    assert sealing.drop_old_keys(sealing.ACCOUNTS) == 1
    rows = {row.type: row.data for row in Authenticator.objects.all()}
    assert adapter.decrypt(rows["totp"]["secret"]) == "SECRET"
    assert adapter.decrypt(rows["recovery_codes"]["seed"]) == "seed"
    assert adapter.decrypt(rows["recovery_codes"]["migrated_codes"][0]) == "12345678"
    assert rows["webauthn"] == {"name": "Key", "credential": {}}
    with pytest.raises(InvalidToken):
        adapter.decrypt(secret)


def test_every_column_that_is_sealed_is_found_by_its_name():
    found = set(sealing._columns())
    assert COLUMN in found
    for model in apps.get_models():
        for field in model._meta.fields:
            if isinstance(field, models.BinaryField) and "seal" in field.name:
                assert f"{model._meta.label}.{field.name}" in found


def test_changing_keys_is_recorded_and_the_record_holds_no_key(numbers):
    sealing.rotate("hk")
    sealing.drop_old_keys("hk")
    for kind in ("keys.sealing_key_added", "keys.sealing_keys_dropped"):
        assert records_of(side="hk", kind=kind).get().payload == "{}"


def test_the_command_rotates_drops_and_refuses_an_unknown_side(numbers, monkeypatch):
    monkeypatch.setattr("riverloop.web.server.prepare", lambda **_: None)
    run = CliRunner().invoke
    old_id = keys.key_id("hk")
    assert "7" in run(app, ["keys", "rotate", "hk"]).output
    assert keys.key_id("hk") != old_id
    assert old_id in keys.verifying_keys("hk")
    assert run(app, ["keys", "check", "hk"]).exit_code == 0
    assert "1" in run(app, ["keys", "drop", "hk"]).output
    assert len(opened()) == 7
    assert 'no side "mo"' in str(run(app, ["keys", "rotate", "mo"]).exception)


# Keys of the logs


def checkpoint_of(side="hk"):
    return (folder(side) / "checkpoint").read_bytes()


def test_after_the_keys_of_a_log_were_changed_old_checkpoints_still_verify_and_the_log_goes_on(numbers):
    grow(3)
    old, (old_key,), (old_cosigner,) = checkpoint_of(), keys.log_verifiers("hk"), keys.cosigner_verifiers("cn")
    sealing.rotate_log("hk")
    sealing.rotate_log("cn")
    grow(2)
    new_key, *retired = keys.log_verifiers("hk")
    new_cosigner, *retired_cosigners = keys.cosigner_verifiers("cn")
    assert (retired, retired_cosigners) == ([old_key], [old_cosigner])
    assert open_checkpoint(old, old_key, [old_cosigner]).checkpoint.size == size_of(old)
    assert open_checkpoint(checkpoint_of(), new_key, [new_cosigner]).checkpoint.size == size_of(old) + 3
    with pytest.raises(LogError, match="No key that is known signed"):
        open_checkpoint(old, new_key)
    with pytest.raises(LogError, match="No key that is known signed"):
        open_checkpoint(checkpoint_of(), old_key)
    assert records_known("keys.log_keys_added", "hk")


def size_of(note):
    return int(note.split(b"\n")[1])


def records_known(kind, side):
    return Leaf.objects.filter(owner_side=side, kind=kind).exists() or records_of(side=side, kind=kind).exists()


def test_the_other_node_refuses_changed_log_keys_until_it_trusts_them(nodes):
    nodes.introduce()
    with nodes.at("cn"):
        sealing.rotate_log("cn")
        known = keys.log_verifiers("cn")
    shown = nodes.shown("cn")
    with nodes.at("hk"):
        assert keys.log_verifiers("cn") == known[1:]
        with pytest.raises(InputError, match="--replace"):
            trusting.peer_trust(shown)
        trusting.peer_trust(shown, replace=True)
        assert keys.log_verifiers("cn") == known, "the new key, and the old one for what it signed"


def test_the_command_changes_the_keys_of_a_log_and_prints_what_others_have_to_know(numbers, monkeypatch):
    monkeypatch.setattr("riverloop.web.server.prepare", lambda **_: None)
    done = CliRunner().invoke(app, ["keys", "rotate-log", "hk"])
    assert "riverloop backup FILE --keys FILE" in done.stderr
    assert done.stdout.splitlines() == [keys.log_verifiers("hk")[0].line, keys.cosigner_verifiers("hk")[0].line]
    assert CliRunner().invoke(app, ["keys", "rotate-log", "accounts"]).exit_code == 2
