"""A disk, a file or a database that refuses: one line and status 1, and no word of what was to be kept."""

import errno
import os
import sqlite3
import subprocess
import sys

import pytest
from django.db import IntegrityError, OperationalError, ProgrammingError

from riverloop import cli
from riverloop.cli import trouble
from riverloop.core.kernel.errors import InputError


def caused(error, cause):
    error.__cause__ = cause
    return error


class SaidError(Exception):
    """What PostgreSQL's client raises: its first line, and further ones that quote rows."""

    def __init__(self, primary):
        super().__init__(f"{primary}\nDETAIL:  Failing row contains (chan tai man).")
        self.diag = type("Diag", (), {"message_primary": primary})


FULL = "database or disk is full"
CASES = {
    "a file": (
        FileNotFoundError(errno.ENOENT, "No such file or directory", "/proc/x"),
        "/proc/x: The operating system refused that: No such file or directory. Look at",
    ),
    "no file": (OSError(errno.ENOSPC, "No space left on device"), "The operating system refused that: No space left"),
    "neither number nor name": (ConnectionResetError(), "The operating system refused that: ConnectionResetError."),
    "a file by its bytes": (PermissionError(errno.EACCES, "Permission denied", b"/x\xff\x1b[2J"), "/x"),
    "a file by its handle": (OSError(errno.EIO, "Input/output error", 7), "The operating system refused that: Input"),
    "SQLite": (caused(OperationalError(FULL), sqlite3.OperationalError(FULL)), f"OperationalError, {FULL})."),
    "SQLite itself": (sqlite3.OperationalError(FULL), f"The database refused that (OperationalError, {FULL})."),
    "PostgreSQL": (
        caused(OperationalError("x"), SaidError("the server is down")),
        "(OperationalError, the server is down)",
    ),
    "a row": (
        caused(IntegrityError("chan tai man"), SaidError("chan tai man")),
        "The database refused that (IntegrityError)",
    ),
    "a statement": (ProgrammingError("chan tai man"), "The database refused that (ProgrammingError)"),
}


@pytest.mark.parametrize("case", CASES)
def test_what_the_system_or_the_database_refuses_is_one_line(run, monkeypatch, case):
    error, words = CASES[case]

    def refuses(**_):
        raise error

    monkeypatch.setattr(cli, "app", refuses)
    monkeypatch.setattr(sys, "excepthook", sys.__excepthook__)
    status, out, said = run()
    assert (status, out, said.count("\n")) == (1, "", 1)
    assert words in said
    assert said.rstrip("\n").isprintable()
    assert "chan" not in said


def test_what_is_a_mistake_of_the_program_keeps_its_traceback(monkeypatch):
    assert trouble.told(ValueError("x")) is None
    assert trouble.told(InputError("x", "x")) is None
    monkeypatch.setenv("RIVERLOOP_DEBUG", "1")
    assert trouble.told(OSError(errno.ENOSPC, "No space left on device")) is None


def test_what_serves_and_works_logs_where_it_was_as_well(run, monkeypatch):
    logged = []

    def refuses(**_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(cli, "app", refuses)
    monkeypatch.setattr(sys, "excepthook", lambda *of: logged.append(of[0]))
    assert run()[0] == 1
    assert logged == [OSError]


@pytest.mark.slow
@pytest.mark.parametrize("words", ["serve --port 8", "user add x@example.test --name X --side hk", "backup b.tar"])
def test_a_data_folder_that_cannot_be_is_one_line(tmp_path, words):
    (tmp_path / "file").touch()
    environment = {name: text for name, text in os.environ.items() if name not in ("DATABASE_URL", "RIVERLOOP_DEBUG")}
    environment |= {
        "RIVERLOOP_DATA": str(tmp_path / "file" / "data"),
        "DJANGO_SETTINGS_MODULE": "riverloop.web.settings",
    }
    done = subprocess.run(
        [sys.executable, "-m", "riverloop", *words.split()], env=environment, cwd=tmp_path, capture_output=True,
        text=True, timeout=120, check=False, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert (done.returncode, done.stderr.count("\n")) == (1, 1), done.stderr
    assert "/file/data: " in done.stderr
    assert "Not a directory" in done.stderr
