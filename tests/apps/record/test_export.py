"""A log that is handed over verifies, and whatever is changed in it is named; so does the proof of one record."""

import errno
import json
import os
import random
import shutil
from pathlib import Path
from threading import Thread

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.db import transaction

from riverloop.apps.nodes import keys
from riverloop.apps.record import exporting
from riverloop.apps.record.commitments import commitment_of
from riverloop.apps.record.exporting import COSIGNER_VKEY, files_verify, logs_export, logs_verify, passed_over
from riverloop.apps.record.folders import reader_of
from riverloop.apps.record.models import Leaf, LogState
from riverloop.apps.record.proofs import check_proof
from riverloop.apps.record.proving import proof_file, proof_of
from riverloop.apps.record.rounds import logs_round
from riverloop.apps.record.sequencing import sequence
from riverloop.apps.record.services import record_append
from riverloop.core.kernel.errors import ConflictError, InputError
from riverloop.core.tlog import (
    Checkpoint,
    Growth,
    Signer,
    leaf_hash,
    open_checkpoint,
    sign_checkpoint,
    tiles_of,
    verify_inclusion,
    vkey_file,
)
from tests.apps.record.logs import append, folder, grow

pytestmark = pytest.mark.django_db


@pytest.fixture
def exported(tmp_path):
    append(300)
    append(4, side="cn")
    logs_round()
    logs_export(tmp_path / "logs")
    return tmp_path / "logs"


def test_an_export_holds_both_logs_and_verifies(exported):
    done = logs_verify(exported)
    assert {side: one.signed.checkpoint.size for side, one in done.items()} == {"hk": 300, "cn": 4}
    assert all(len(one.signed.cosigned) == 1 for one in done.values())
    names = {str(path.relative_to(exported / "hk")) for path in (exported / "hk").rglob("*") if path.is_file()}
    assert names == {"checkpoint", "vkey", COSIGNER_VKEY, *(tile.path for tile in tiles_of(300))}
    assert set(logs_verify(exported / "cn")) == {"cn"}


def test_progress_is_told(exported):
    told = []
    logs_verify(exported / "hk", progress=lambda *of: told.append(of))
    assert told == [(256, 300), (300, 300)]


def test_the_mirror_of_a_side_that_lives_elsewhere_is_exported_as_well(exported, monkeypatch, tmp_path):
    monkeypatch.setattr(exporting, "hosts", lambda side: side == "cn")
    done = logs_export(tmp_path / "again")
    assert [(one.side, one.size, one.is_mirror) for one in done] == [("hk", 300, True), ("cn", 4, False)]
    monkeypatch.undo()
    logs_verify(tmp_path / "again")
    for path in (exported / "hk").rglob("*"):
        if path.is_file():
            assert path.read_bytes() == (tmp_path / "again" / "hk" / path.relative_to(exported / "hk")).read_bytes()


def test_the_live_folder_verifies_as_well():
    grow(3, 300)
    assert logs_verify(folder())["hk"].signed.checkpoint.size == 303


def test_nothing_is_written_over(exported):
    with pytest.raises(InputError, match="exists already"):
        logs_export(exported)


def test_before_anything_is_published_there_is_nothing_to_export(tmp_path):
    with pytest.raises(InputError, match="Nothing was published yet"):
        logs_export(tmp_path / "logs")


def test_a_log_of_another_zone_is_named(exported):
    line = (exported / "hk" / "vkey").read_text()
    other = Signer("riverloop.zone/hengqin/mo", keys.log_signer("hk").private).log_key
    (exported / "hk" / "vkey").write_bytes(vkey_file(other))
    with pytest.raises(InputError, match="riverloop.zone/hengqin/mo, which is not of the zone hetao"):
        logs_verify(exported)
    (exported / "hk" / "vkey").write_text(line)
    (exported / "hk").rename(exported / "kh")
    with pytest.raises(InputError, match="holds the log of side hk"):
        logs_verify(exported)


def test_a_folder_without_a_log_says_what_is_wanted(tmp_path):
    for path in (tmp_path, tmp_path / "none"):
        with pytest.raises(InputError, match="There is no log here"):
            logs_verify(path)


def test_the_first_leaf_that_is_wrong_is_named(exported):
    bundle = exported / "hk" / "tile/entries/000"
    content = bytearray(bundle.read_bytes())
    for index in (7, 200):
        content[index * 34 + 5] ^= 1
    bundle.write_bytes(content)
    with pytest.raises(InputError, match="Leaf 7 is not the one that was signed") as caught:
        logs_verify(exported)
    assert "tile/entries/000" in caught.value.text()


@pytest.mark.parametrize("path", ["checkpoint", "vkey", "tile/0/000", "tile/0/001.p/44", "tile/entries/001.p/44"])
def test_a_file_that_is_missing_is_named(exported, path):
    (exported / "hk" / path).unlink()
    with pytest.raises(InputError, match="missing"):
        logs_verify(exported / "hk")


@pytest.mark.parametrize("path", ["checkpoint", "vkey", "tile/0/001.p/44", "tile/entries/000"])
def test_a_folder_in_the_place_of_a_file_is_named(exported, path):
    (exported / "hk" / path).unlink()
    (exported / "hk" / path).mkdir()
    with pytest.raises(InputError, match="missing|There is no log|no checkpoint"):
        logs_verify(exported / "hk")


FILES = ["checkpoint", "vkey", COSIGNER_VKEY, *(tile.path for tile in tiles_of(300))]


@pytest.mark.parametrize("path", FILES)
def test_a_file_that_is_missing_in_a_folder_of_logs_is_named_and_its_log_not_left_out(exported, path):
    (exported / "hk" / path).unlink()
    if path == COSIGNER_VKEY:  # then the signature under it is not checked, which is told
        done = logs_verify(exported)
        assert {side: len(one.signed.unknown) for side, one in done.items()} == {"hk": 1, "cn": 0}
        return
    with pytest.raises(InputError, match="This file of the log is missing") as caught:
        logs_verify(exported)
    assert str(exported / "hk" / path) in caught.value.text()


@pytest.mark.parametrize("left", [*FILES, None])
def test_what_is_left_of_a_log_counts_as_one(exported, left):
    for path in FILES:
        if path != left:
            (exported / "hk" / path).unlink()
    if left is None:
        shutil.rmtree(exported / "hk" / "tile")
    with pytest.raises(InputError, match="missing"):
        logs_verify(exported)
    (exported / "hk").rename(exported / "aside")
    if left is None:
        assert (set(logs_verify(exported)), passed_over(exported)) == ({"cn"}, ["aside"])
        return
    with pytest.raises(InputError, match="missing"):
        logs_verify(exported)


def test_a_folder_that_holds_nothing_of_a_log_is_passed_over_and_named(exported):
    (exported / "notes").mkdir()
    (exported / "notes" / "read.me").touch()
    (exported / "loop").symlink_to("loop")
    assert set(logs_verify(exported)) == {"hk", "cn"}
    assert passed_over(exported) == ["loop", "notes"]
    assert passed_over(exported / "hk") == []


def ended(function, *given):
    """Return what a call raises, which must not take for ever."""
    raised = []

    def call():
        try:
            function(*given)
        except InputError as error:
            raised.append(error)

    calling = Thread(target=call, daemon=True)
    calling.start()
    calling.join(20)
    assert raised, "it waits" if calling.is_alive() else "it was let through"
    return raised[0].text()


@pytest.mark.parametrize("path", FILES)
def test_a_pipe_or_a_loop_in_the_place_of_a_file_is_named_and_not_waited_for(exported, path):
    read = reader_of(exported / "hk", COSIGNER_VKEY)
    place = exported / "hk" / path
    place.unlink()
    os.mkfifo(place)
    assert ended(read, path) == f"{place}: This is no file. Put the log's own file in its place."
    place.unlink()
    place.symlink_to(place.name)
    assert ended(read, path).startswith(f"{place}: This file of the log cannot be read (Too many levels")
    with pytest.raises(InputError, match="cannot be read"):
        logs_verify(exported)


def test_a_name_that_is_too_long_or_forbidden_is_told(tmp_path, monkeypatch):
    with pytest.raises(InputError, match="cannot be read .File name too long"):
        reader_of(tmp_path / ("x" * 300))("checkpoint")
    monkeypatch.setattr(
        os, "open", lambda *_: (_ for _ in ()).throw(PermissionError(errno.EACCES, "Permission denied"))
    )
    with pytest.raises(InputError, match="cannot be read .Permission denied"):
        reader_of(tmp_path)("checkpoint")


@pytest.mark.parametrize("most", [0, 1, 4, 9])
def test_an_export_that_finds_no_room_leaves_nothing_and_is_tried_again(exported, tmp_path, monkeypatch, most):
    real, written = Path.write_bytes, []

    def write(path, content):
        written.append(path)
        if len(written) > most:
            real(path, content[: len(content) // 2])
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(path, content)

    monkeypatch.setattr(Path, "write_bytes", write)
    (tmp_path / "there").mkdir()
    for target in (tmp_path / "there", tmp_path / "new" / "folder"):
        with pytest.raises(InputError, match="could not be written there .No space left on device") as caught:
            logs_export(target)
        assert caught.value.where == str(target)
    assert not list((tmp_path / "there").iterdir())
    assert not (tmp_path / "new").exists()
    monkeypatch.undo()
    logs_export(tmp_path / "there")
    assert {one.name for one in (tmp_path / "there").iterdir()} == {"hk", "cn"}
    logs_verify(tmp_path / "there")


def test_an_export_to_where_no_folder_can_be_is_one_line(exported, tmp_path):
    (tmp_path / "file").touch()
    (tmp_path / "loop").symlink_to("loop")
    for target in (tmp_path / "file", tmp_path / "file" / "below", tmp_path / "loop"):
        with pytest.raises(InputError, match="could not be written there"):
            logs_export(target)
    assert (tmp_path / "file").read_bytes() == b""


# By a key that one trusts


def log_key(side):
    return keys.log_verifiers(side)[0]


def cosigner_key(side):
    return keys.cosigner_verifiers(side)[0]


def test_a_log_is_verified_by_the_key_that_is_trusted(exported):
    given = [log_key("hk"), cosigner_key("cn")]
    done = logs_verify(exported, trusted=given)["hk"]
    assert [done.key, *done.signed.cosigned] == given


def another(side):
    """Return a signer that calls itself by the name of a side's log."""
    return Signer(keys.origin_of(side), Ed25519PrivateKey.generate())


def test_a_folder_that_brings_another_key_than_the_trusted_one_is_refused(exported):
    real, other = log_key("hk"), another("hk").log_key
    with pytest.raises(InputError, match="This is the log of .*, and that of .* is wanted"):
        logs_verify(exported, trusted=[other])
    assert logs_verify(exported, trusted=[other, real])["hk"].key == real


def test_a_folder_that_was_made_up_with_a_key_of_its_own_is_told_by_the_trusted_key(exported, tmp_path):
    real, forger = log_key("hk"), another("hk")
    growth, made = Growth(), tmp_path / "made" / "hk"
    files = dict(growth.extend([bytes(32)])) | dict(growth.partials())
    files |= {
        "vkey": vkey_file(forger.log_key),
        "checkpoint": sign_checkpoint(Checkpoint(real.name, 1, growth.root()), forger),
    }
    for path, content in files.items():
        (made / path).parent.mkdir(parents=True, exist_ok=True)
        (made / path).write_bytes(content)
    assert logs_verify(made)["hk"].key == forger.log_key
    with pytest.raises(InputError, match="and that of .* is wanted"):
        logs_verify(made, trusted=[real])


def test_who_countersigned_is_held_to_the_key_that_is_trusted(exported):
    real = cosigner_key("cn")
    other = Signer(keys.cosigner_name("cn"), Ed25519PrivateKey.generate()).cosigner_key
    with pytest.raises(InputError, match="The key beside this log is .*cosigner.*, and .* was given"):
        logs_verify(exported / "hk", trusted=[other])
    (exported / "hk" / COSIGNER_VKEY).unlink()  # as a log is published
    assert set(logs_verify(exported / "hk", trusted=[real])["hk"].signed.cosigned) == {real}
    with pytest.raises(InputError, match="did not sign this checkpoint"):
        logs_verify(exported / "hk", trusted=[other])


def test_a_log_without_a_key_beside_it_is_verified_by_the_one_that_is_given(exported):
    (exported / "hk" / "vkey").unlink()
    given = log_key("hk")
    assert logs_verify(exported / "hk", trusted=[given, cosigner_key("cn")])["hk"].key == given
    assert logs_verify(exported, trusted=[given])["hk"].key == given
    for other in (log_key("cn"), another("hk").log_key, cosigner_key("cn")):
        with pytest.raises(InputError, match=r"hk/vkey: This file of the log is missing"):
            logs_verify(exported / "hk", trusted=[other])
    bundle = exported / "hk" / "tile/entries/000"
    bundle.write_bytes(bundle.read_bytes()[:-1] + b"x")
    with pytest.raises(InputError, match="Leaf 255"):
        logs_verify(exported, trusted=[given])


def test_a_key_of_nothing_in_the_folder_is_named(exported):
    with pytest.raises(InputError, match="Nothing here is signed by the key that was given"):
        logs_verify(exported / "cn", trusted=[log_key("hk")])


# The proof of one record


def proven(**payload):
    with transaction.atomic():
        record_append(side="hk", kind="movement.filed", payload={"movement": "M", **payload})
    append(20)
    logs_round()
    return Leaf.objects.get(kind="movement.filed")


def test_a_proof_opens_the_commitment_and_leads_to_a_countersigned_checkpoint():
    leaf = proven(thing="é")
    proof = json.loads(proof_file(leaf))
    done = check_proof(proof, log_key=keys.log_verifiers("hk")[0])
    assert (done.index, done.opened, done.signed.checkpoint.size) == (0, True, 21)
    assert [key.name for key in done.signed.cosigned] == ["riverloop.zone/hetao/cn/cosigner"]
    assert json.loads(proof["payload"]) == {"movement": "M", "thing": "é"}
    commitment = commitment_of(proof["payload"].encode(), bytes.fromhex(proof["salt"]))
    lines, checkpoint = proof["tlog_proof"].split("\n\n", 1)  # as a client of C2SP reads it
    signed = open_checkpoint(checkpoint.encode(), keys.log_verifiers("hk")[0])
    from base64 import b64decode

    head, index, *hashes = lines.split("\n")
    assert (head, index) == ("c2sp.org/tlog-proof@v1", "index 0")
    verify_inclusion(
        leaf=leaf_hash(commitment), index=0, size=21, proof=[b64decode(one) for one in hashes],
        root=signed.checkpoint.root,
    )  # fmt: skip


def test_every_changed_field_of_a_proof_is_refused():
    proof = proof_of(proven())
    del proof["side"], proof["kind"], proof["recorded_at"]  # what the log does not speak of
    said = {"side": "hk", "kind": "x", "recorded_at": "t"}
    check_proof(proof | said)
    for name, value in proof.items():
        if isinstance(value, str):
            changed = [value[:place] + chr(ord(value[place]) ^ 1) + value[place + 1 :] for place in range(len(value))]
        elif isinstance(value, int):
            changed = [value + 1, -1, True]
        else:
            changed = [value[:-1], [*value, value[0]], value[::-1], [1], "x"]
        for one in [*changed, None]:
            with pytest.raises(InputError):
                check_proof(proof | said | {name: one})
    for form in (None, [], "x", {}, proof):
        with pytest.raises(InputError, match="This is no proof"):
            check_proof(form)


@pytest.mark.parametrize(
    "part",
    [
        {"cosigner_vkey": 7}, {"cosigner_vkey": ["x"]}, {"cosigner_vkey": "\ud800"}, {"checkpoint": "\ud800"},
        {"kind": "\ud800"}, {"kind": "\x1b[2Jfine"}, {"recorded_at": "x\ny"}, {"side": "\u202e"}, {"tlog_proof": 7},
        {"payload": "\ud800"}, {"inclusion": 7}, {"inclusion": [7]}, {"format": []}, {"index": 10**400},
    ],
)  # fmt: skip
def test_a_proof_with_a_part_of_another_form_is_refused_in_one_line(part):
    with pytest.raises(InputError) as refused:
        check_proof(proof_of(proven()) | part)
    assert str(refused.value).encode().decode().isprintable()


def test_a_proof_of_another_log_than_the_one_that_is_trusted_is_refused():
    proof = proof_of(proven())
    with pytest.raises(InputError, match="that of riverloop.zone/hetao/cn"):
        check_proof(proof, log_key=keys.log_verifiers("cn")[0])


def test_a_record_whose_payload_was_erased_is_proven_by_its_commitment_alone():
    leaf = proven()
    Leaf.objects.filter(pk=leaf.pk).update(payload="", salt=b"")
    leaf.refresh_from_db()
    done = check_proof(proof_of(leaf))
    assert (done.opened, proof_of(leaf)["payload"]) == (False, None)


def test_a_proof_that_is_pending_says_so():
    append(1)
    sequence("hk")
    with pytest.raises(ConflictError, match="its proof is pending"):
        proof_of(Leaf.objects.get())


def test_a_record_that_is_not_countersigned_yet_has_a_proof_with_one_signature(monkeypatch):
    monkeypatch.setattr("riverloop.apps.record.rounds.mirror_push", lambda _: 0)
    leaf = proven()
    proof = proof_of(leaf)
    assert proof["cosigner_vkey"] is None
    assert check_proof(proof).signed.cosigned == {}
    assert LogState.objects.get(pk="hk").cosigned_size == 0


def test_every_flipped_byte_of_an_export_is_found(exported, fault_count):
    """A first taste of what tests/soak does in full."""
    files = {
        str(path.relative_to(exported / "hk")): path.read_bytes()
        for path in (exported / "hk").rglob("*")
        if path.is_file()
    }
    chosen = random.Random(7)
    for _ in range(fault_count(5_000)):
        path = chosen.choice(sorted(files))
        place = chosen.randrange(len(files[path]))
        spoilt = bytearray(files[path])
        spoilt[place] ^= 1 << chosen.randrange(8)
        with pytest.raises(InputError):
            files_verify((files | {path: bytes(spoilt)}).get)
    files_verify(reader_of(exported / "hk", COSIGNER_VKEY))
