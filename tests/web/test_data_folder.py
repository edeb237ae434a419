"""Nothing is made in the data folder of another account, and no second node where one was meant that is elsewhere."""

import os
import shutil
import subprocess
import sys

import pytest

from riverloop.core.kernel.errors import ConflictError
from riverloop.web import data_folder, unsafe
from riverloop.web.backup.contents import LEFT_OUT
from tests.installation import Installation

ANOTHER = 54_321  # no account has it
READING = [
    "backup before.tar --keys before-keys.tar", "keys rotate hk", "keys check hk", "keys drop hk", "keys rotate-log hk",
    "node show --side hk", "node trust - --side hk", "node gap --side hk", "role list", "role end X",
    "role grant a@b.example auditor", "user close a@b.example", "user forget-second-factor a@b.example",
    "retention run", "log export logs", "check", "user add a@b.example --name A --side hk",
]  # fmt: skip
MAY_BEGIN = ("node show", "node trust", "user add", "check")  # where somebody says which folder it is


@pytest.fixture
def folder(tmp_path, monkeypatch):
    made = tmp_path / "data"
    made.mkdir()
    monkeypatch.setenv("RIVERLOOP_DATA", str(made))
    return made


def run_as(uid, monkeypatch, *, may_write=True):
    monkeypatch.setattr(data_folder.os, "geteuid", lambda: uid)
    monkeypatch.setattr(data_folder.os, "access", lambda *_: may_write)


# Whose it is


def test_its_own_account_and_whoever_makes_it_may_write(folder):
    data_folder.check_owner()
    (folder / "secret_key").touch()
    data_folder.check_owner()
    shutil.rmtree(folder)
    data_folder.check_owner()


@pytest.mark.parametrize("made", ["secret_key", "in_use", "keys", "riverloop.sqlite3", "static"])
def test_another_account_is_refused_in_one_line_that_names_both(folder, monkeypatch, made):
    (folder / made).touch()
    monkeypatch.setattr(data_folder, "_account", {os.geteuid(): "riverloop", ANOTHER: "root"}.get)
    run_as(ANOTHER, monkeypatch)
    with pytest.raises(ConflictError) as caught:
        data_folder.check_owner()
    line = str(caught.value)
    assert line.startswith(f"{folder}: The data folder belongs to the account riverloop, and this is root: ")
    assert "Run it as riverloop; " in line
    assert "sudo riverloop-admin" in line
    assert "\n" not in line


def test_an_empty_folder_is_begun_by_whoever_may_write_there(folder, monkeypatch):
    """A volume of a container may belong to anybody, and let its group write."""
    (folder / "lost+found").mkdir()
    run_as(ANOTHER, monkeypatch)
    data_folder.check_owner()
    run_as(ANOTHER, monkeypatch, may_write=False)
    with pytest.raises(ConflictError):
        data_folder.check_owner()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_root_makes_nothing_in_the_folder_that_was_given_to_the_service(tmp_path):
    node = Installation(tmp_path / "data")
    node.folder.mkdir()
    os.chown(node.folder, ANOTHER, ANOTHER)
    for words in (["work", "--once"], ["serve"], ["user", "add", "a@b.example", "--name", "A", "--side", "hk"]):
        done = node.run(*words, check=False)
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1), done.stderr
        assert f"belongs to the account {ANOTHER}, and this is root" in done.stderr
    assert list(node.folder.iterdir()) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_what_root_once_left_in_the_folder_is_named_with_how_to_give_it_back(folder, monkeypatch):
    os.chown(folder, ANOTHER, ANOTHER)
    (folder / "secret_key").touch()
    run_as(ANOTHER, monkeypatch)
    with pytest.raises(
        ConflictError, match=f"secret_key: It belongs to the account root.* chown -R {ANOTHER} {folder}"
    ):
        data_folder.check_owner()


def test_keys_that_another_account_left_are_told_by_check(settings, tmp_path, monkeypatch):
    settings.RIVERLOOP_DATA = tmp_path
    (tmp_path / "keys" / "hk").mkdir(parents=True)
    (tmp_path / "keys" / "hk" / "log_key").touch()
    assert unsafe._keys_of_others() == []
    monkeypatch.setattr(unsafe.os, "geteuid", lambda: ANOTHER)
    (line,) = unsafe._keys_of_others()
    assert line.startswith(f"{tmp_path}/keys/hk belongs to another account")


# Whether there is a node


@pytest.mark.slow
@pytest.mark.parametrize("words", READING, ids=lambda words: " ".join(words.split()[:2]))
def test_without_a_node_a_command_says_so_in_one_line_and_makes_none(tmp_path, words):
    kept = {name: text for name, text in os.environ.items() if not name.startswith(("RIVERLOOP_", "DATABASE_URL"))}
    command = [sys.executable, "-m", "riverloop", *words.split()]
    for named in ({}, {"RIVERLOOP_DATA": str(tmp_path / "elsewhere")}):
        if named and words.startswith(MAY_BEGIN):
            continue
        done = subprocess.run(
            command,
            cwd=tmp_path,
            env=kept | named,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1), done.stderr
        assert "There is no node " in done.stderr
        assert "sudo riverloop-admin" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_node_on_postgresql_is_known_by_what_lies_in_its_folder(folder, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgresql:///riverloop")
    with pytest.raises(data_folder.InputError, match="There is no node in the data folder"):
        data_folder.check_node()
    (folder / "static").mkdir()
    data_folder.check_node()
    assert "static" in LEFT_OUT, "it is made at each start"


def test_a_node_on_sqlite_is_its_database(folder, monkeypatch):
    (folder / "static").mkdir()
    with pytest.raises(data_folder.InputError, match="There is no node in the data folder"):
        data_folder.check_node()
    (folder / "riverloop.sqlite3").touch()
    data_folder.check_node()
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{folder}/own.sqlite3")
    with pytest.raises(data_folder.InputError):
        data_folder.check_node()


@pytest.mark.parametrize(
    "words", ["log verify logs", "log check proof.json", "log fetch http://127.0.0.1:9/log/hk logs/hk"]
)
def test_whoever_checks_a_log_needs_no_node_and_is_given_none(tmp_path, words):
    (tmp_path / "proof.json").write_text("{}")
    kept = {name: text for name, text in os.environ.items() if not name.startswith(("RIVERLOOP_", "DATABASE_URL"))}
    command = [sys.executable, "-m", "riverloop", *words.split()]
    done = subprocess.run(command, cwd=tmp_path, env=kept, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1), done.stderr
    assert "There is no node" not in done.stderr
    assert not (tmp_path / "var").exists()


def test_a_backup_is_looked_through_where_there_is_no_node_and_none_is_made(tmp_path):
    (tmp_path / "node.tar").write_bytes(b"no backup")
    done = Installation(tmp_path / "data").run("restore", tmp_path / "node.tar", "--check", check=False)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "no whole backup" in done.stderr
    assert not (tmp_path / "data").exists()
