"""When the node was last backed up, and whether its keys were too, is told to whoever watches."""

import time
from pathlib import Path

import pytest
import yaml
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families

from riverloop.apps.nodes import keys
from riverloop.core.kernel.errors import InputError
from riverloop.web.backup import databases, noted
from riverloop.web.backup.contents import unknown
from riverloop.web.backup.taking import fingerprints
from tests.installation import Installation

RULES = Path(__file__).resolve().parents[2] / "deploy" / "prometheus" / "riverloop.rules.yml"


@pytest.fixture
def data(settings, tmp_path):
    settings.RIVERLOOP_DATA = tmp_path
    return tmp_path


def told():
    text = Client().get("/metrics").content.decode()
    samples = {sample.name: sample.value for one in text_string_to_metric_families(text) for sample in one.samples}
    return samples["riverloop_backup_last_success_timestamp_seconds"], samples["riverloop_backup_keys_missing"]


@pytest.mark.django_db
def test_metrics_tell_of_the_last_backup_and_of_keys_that_are_in_none(data):
    assert told() == (0, 0)
    keys.seal("hk", "text")
    keys.signing_key("hk")
    assert told() == (0, 2)
    before = time.time()
    noted.note(data, keys=fingerprints(data))
    at, missing = told()
    assert (before <= at <= time.time(), missing) == (True, 0)
    keys.signing_key_add("hk")
    keys.seal("accounts", "text")
    assert told() == (at, 2)
    noted.note(data, keys=None)
    later, missing = told()
    assert (later > at, missing) == (True, 2), "a backup without keys brings no key to safety"


@pytest.mark.parametrize("wound", ["", "{", "[]", '{"at": "yesterday"}'])
def test_a_torn_note_counts_as_none_and_the_next_backup_mends_it(tmp_path, wound):
    (tmp_path / noted.NAME).write_text(wound)
    assert (noted.last_at(tmp_path), noted.keys_missing(tmp_path, {"hk": ["a"]})) == (0, 1)
    noted.note(tmp_path, keys={"hk": ["a"]})
    assert noted.keys_missing(tmp_path, {"hk": ["a"]}) == 0
    assert unknown(tmp_path) == []


def test_a_note_that_cannot_be_kept_spoils_no_backup(tmp_path):
    noted.note(tmp_path / "nowhere", keys=None)
    (tmp_path / noted.NAME).mkdir()
    noted.note(tmp_path, keys=None)
    assert [path.name for path in tmp_path.iterdir()] == [noted.NAME]


def test_alerts_call_somebody_when_backups_stop_or_keys_are_in_none():
    groups = yaml.safe_load(RULES.read_text("utf-8"))["groups"]
    rules = {rule["alert"]: rule["expr"] for group in groups for rule in group["rules"]}
    assert rules["RiverloopBackupOld"] == "time() - riverloop_backup_last_success_timestamp_seconds > 36 * 3600"
    assert rules["RiverloopKeysNotBackedUp"] == "riverloop_backup_keys_missing > 0"


def test_a_pg_dump_that_is_older_than_the_server_is_told_with_how_to_mend_it(tmp_path, monkeypatch):
    older = tmp_path / "pg_dump"
    said = "error: aborting because of server version mismatch", "detail: server version: 17.2; pg_dump version: 15.8"
    older.write_text("#!/bin/sh\n" + "".join(f"echo 'pg_dump: {line}' >&2\n" for line in said) + "exit 1\n")
    older.chmod(0o755)
    monkeypatch.setattr(databases.shutil, "which", lambda _: str(older))
    with pytest.raises(InputError) as caught:
        databases._pg("pg_dump")
    assert str(caught.value) == (
        "PostgreSQL: pg_dump is older than the server (server version: 17.2; pg_dump version: 15.8). "
        "Install PostgreSQL's client programs of its version."
    )


@pytest.mark.slow
def test_backups_note_themselves_and_new_keys_ask_for_one(tmp_path):
    node = Installation(tmp_path / "data", RIVERLOOP_SIDE="hk")
    node.run("node", "show")
    done = node.run("backup", tmp_path / "1.tar")
    assert "keys that no backup holds" in done.stdout
    first = noted.last_at(node.folder)
    assert first > 0
    assert "no backup holds" not in node.run("backup", tmp_path / "2.tar", "--keys", tmp_path / "2-keys.tar").stdout
    assert noted.last_at(node.folder) > first
    for command in ("rotate-log", "rotate"):
        assert "riverloop backup FILE --keys FILE" in node.run("keys", command, "hk").stderr
    assert "keys that no backup holds" in node.run("backup", tmp_path / "3.tar").stdout
    other = Installation(tmp_path / "other", RIVERLOOP_SIDE="hk")
    refused = other.run("restore", tmp_path / "3.tar", "--keys", tmp_path / "2-keys.tar", check=False)
    assert "Keys of hk are missing" in refused.stderr, "what is newer does not open with the keys from before"
