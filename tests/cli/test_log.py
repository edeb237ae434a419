"""The logs from the command line: written out, verified, and a proof checked; a mistake is one line."""

import json
import os
import shutil
import subprocess
import sys

import pytest

pytestmark = pytest.mark.slow
FILL = """
from riverloop.web.server import prepare
prepare()
from django.db import transaction
from riverloop.apps.record.models import Leaf
from riverloop.apps.record.proving import proof_file
from riverloop.apps.record.rounds import logs_round
from riverloop.apps.record.services import records_append
import sys
with transaction.atomic():
    for side in ("hk", "cn"):
        records_append(side, [("thing.done", {"thing": number}) for number in range(300)])
logs_round()
open(sys.argv[1], "wb").write(proof_file(Leaf.objects.get(owner_side="hk", index=7)))
"""


@pytest.fixture(scope="module")
def node(tmp_path_factory):
    home = tmp_path_factory.mktemp("node")
    environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    environment |= {"RIVERLOOP_DATA": str(home / "data"), "DJANGO_SETTINGS_MODULE": "riverloop.web.settings"}

    def run(*words, zone="hetao"):
        return subprocess.run(
            [sys.executable, *words], env=environment | {"RIVERLOOP_ZONE": zone},
            capture_output=True, text=True, timeout=120, check=False, cwd=home,
        )  # fmt: skip

    filled = run("-c", FILL, str(home / "proof.json"))
    assert filled.returncode == 0, filled.stderr
    done = run("-m", "riverloop", "log", "export", "logs")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["logs/hk: 300 entries", "logs/cn: 300 entries"]
    run.home = home
    return run


def test_an_export_is_verified_and_says_whose_keys_signed(node):
    done = node("-m", "riverloop", "log", "verify", "logs")
    assert done.returncode == 0, done.stderr
    assert "hk: 300 entries, and each is what was signed" in done.stdout
    assert "countersigned by riverloop.zone/hetao/cn/cosigner+" in done.stdout
    told = json.loads(node("-m", "riverloop", "log", "verify", "logs/hk", "--json").stdout)
    assert (told["hk"]["origin"], told["hk"]["size"]) == ("riverloop.zone/hetao/hk", 300)
    assert len(told["hk"]["countersigned"]) == 1
    assert told["hk"]["vkey_given"] is False
    assert done.stdout.count(", the folder's own key") == 4


def test_an_export_is_verified_by_keys_that_are_given_as_a_file_or_as_text(node):
    words = [f"--vkey=logs/{side}/{name}" for side in ("hk", "cn") for name in ("vkey", "cosigner_vkey")]
    done = node("-m", "riverloop", "log", "verify", "logs", *words)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count(", which you gave") == 4
    assert "Compare" not in done.stdout
    line = (node.home / "logs/hk/vkey").read_text()
    told = json.loads(node("-m", "riverloop", "log", "verify", "logs", "--json", "--vkey", line).stdout)
    assert {side: one["vkey_given"] for side, one in told.items()} == {"hk": True, "cn": False}
    for wrong, words in (
        (line[:-9], "--vkey: "),
        ("logs/none", "cannot be read"),
        ("logs/hk/checkpoint", "no verifier"),
    ):
        done = node("-m", "riverloop", "log", "verify", "logs", "--vkey", wrong)
        assert (done.returncode, done.stderr.count("\n"), words in done.stderr) == (1, 1, True), done.stderr


def test_what_is_wrong_is_one_line_and_status_1(node):
    bundle = node.home / "logs/hk/tile/entries/000"
    kept = bundle.read_bytes()
    try:
        bundle.write_bytes(kept[:3] + b"\0" + kept[4:])
        done = node("-m", "riverloop", "log", "verify", "logs", "--json")
    finally:
        bundle.write_bytes(kept)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("logs/hk/tile/entries/000: Leaf 0 is not the one that was signed")


def test_what_was_not_verified_is_told(node):
    shutil.copytree(node.home / "logs", node.home / "other")
    (node.home / "other" / "notes").mkdir()
    (node.home / "other" / "hk" / "cosigner_vkey").unlink()
    done = node("-m", "riverloop", "log", "verify", "other")
    assert (done.returncode, done.stderr) == (0, "Passed over, since they are no logs: notes\n")
    assert done.stdout.count("countersignatures NOT checked") == 1
    told = json.loads(node("-m", "riverloop", "log", "verify", "other", "--json").stdout)
    assert {side: one["signatures_not_checked"] for side, one in told.items()} == {"hk": 1, "cn": 0}
    (node.home / "other" / "hk" / "vkey").unlink()
    done = node("-m", "riverloop", "log", "verify", "other")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("other/hk/vkey: This file of the log is missing")
    key = (node.home / "logs/hk/vkey").read_text()
    done = node("-m", "riverloop", "log", "verify", "other", "--vkey", key)
    assert (done.returncode, done.stdout.count(", which you gave")) == (0, 1)


def test_files_and_folders_that_cannot_be_are_one_line(node):
    (node.home / "loop").symlink_to("loop")
    (node.home / "pipe").mkdir()
    os.mkfifo(node.home / "pipe" / "checkpoint")
    for words in (
        ("export", "proof.json"), ("export", "proof.json/below"), ("export", "x" * 300), ("verify", "x" * 300),
        ("verify", "loop"), ("verify", "proof.json"), ("verify", "pipe"), ("export", "loop"),
    ):  # fmt: skip
        done = node("-m", "riverloop", "log", *words)
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1), done.stderr
    os.mkfifo(node.home / "pipe.tar")
    done = node("-m", "riverloop", "restore", "--check", "pipe.tar")
    assert (done.returncode, done.stderr) == (1, "pipe.tar: This is no file. Give the file of a backup.\n")


def test_the_log_of_another_zone_is_one_line_that_names_it(node):
    done = node("-m", "riverloop", "log", "verify", "logs", zone="hengqin")
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "riverloop.zone/hetao/cn, which is not of the zone hengqin" in done.stderr


def test_a_proof_is_checked_offline(node):
    done = node("-m", "riverloop", "log", "check", "proof.json")
    assert done.returncode == 0, done.stderr
    assert "Entry 7 of 300 of riverloop.zone/hetao/hk is what the proof says" in done.stdout
    key = (node.home / "logs/hk/vkey").read_text()
    told = json.loads(node("-m", "riverloop", "log", "check", "proof.json", "--json", "--vkey", key).stdout)
    assert (told["index"], told["opened"], told["vkey"]) == (7, True, key.strip())
    trusted = node("-m", "riverloop", "log", "check", "proof.json", "--vkey", key).stdout
    assert "Compare the key that countersigned" in trusted
    other = (node.home / "logs/cn/vkey").read_text()
    wrong = node("-m", "riverloop", "log", "check", "proof.json", "--vkey", other)
    assert (wrong.returncode, wrong.stderr.count("\n")) == (1, 1)
    (node.home / "spoilt.json").write_text((node.home / "proof.json").read_text().replace('thing\\":7', 'thing\\":8'))
    wrong = node("-m", "riverloop", "log", "check", "spoilt.json")
    assert wrong.returncode == 1
    assert "The payload is not what was recorded" in wrong.stderr
