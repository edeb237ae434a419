"""The commands that make accounts, run as a person runs them, on a data folder of their own."""

import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.slow


@pytest.fixture
def run(tmp_path):
    def run(*words):
        environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
        return subprocess.run(
            [sys.executable, "-m", "riverloop", *words],
            env=environment | {"RIVERLOOP_DATA": str(tmp_path)},
            capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip

    return run


def test_an_invited_officer_gets_an_address_that_sets_a_password(run):
    who = ["user", "add", "ming@example.org", "--name", "Ming", "--side", "hk", "--role", "officer"]
    refused = run(*who, "--for", "hk.imd")
    assert refused.returncode == 1
    assert refused.stderr.strip() == (
        'This side has no "hk.imd". Did you mean "hk.immd"? It has hk.immd, hk.ced, hk.dh, hk.dpo, hk.sb, hk.tid, '
        "hk.afcd, hk.fsd, hk.pcpd, hk.itib."
    )
    made = run(*who, "--for", "hk.immd")
    assert made.returncode == 0, made.stderr
    assert made.stdout.startswith("http://127.0.0.1:8000/account/password/new/")
    assert run(*who, "--for", "hk.immd").returncode == 1


def test_the_address_begins_where_the_pages_are_reached(run, monkeypatch):
    monkeypatch.setenv("RIVERLOOP_URL", "https://riverloop.example/")
    who = ["user", "add", "ming@example.org", "--name", "Ming", "--side", "hk"]
    assert run(*who).stdout.startswith("https://riverloop.example/account/password/new/")
    who[2] = "ping@example.org"
    assert run(*who, "--url", "https://other.example").stdout.startswith("https://other.example/account/")


def test_loading_the_demo_twice_changes_nothing(run):
    first, second = run("demo", "load"), run("demo", "load")
    assert first.returncode == second.returncode == 0, first.stderr
    assert "accounts" in first.stdout
    assert "Filed 300 synthetic movements" in first.stdout
    assert first.stdout.splitlines()[0] == second.stdout.splitlines()[0]
    assert "there already" in second.stdout
