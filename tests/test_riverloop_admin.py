"""deploy/riverloop-admin: commands on a node run as its service, with its settings, of which nothing is run."""

import json
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

DEPLOY = Path(__file__).resolve().parents[1] / "deploy"
WRAPPER = (DEPLOY / "riverloop-admin").read_text("utf-8")
ACCOUNT = "nobody"
# What is started tells who it is, what it was given and what it sees; `id` and `setpriv` are played unless we are root.
PROGRAM = """#!/bin/sh
exec {python} -c 'import json, os, sys
print(json.dumps([os.getuid(), os.getgid(), os.umask(0), sys.argv[1:], dict(os.environ)]))' "$@"
"""
SETPRIV = """#!/bin/sh
while [ "$1" != -- ]; do shift; done
shift
exec "$@"
"""


class Machine:
    """A computer on which the wrapper lies."""

    def __init__(self, folder, *, is_root):
        self.folder, self.settings, self.is_root = folder, folder / "riverloop.env", is_root
        text = WRAPPER.replace("account=riverloop", f"account={ACCOUNT}")
        for old, new in (
            ("/var/lib/riverloop", folder / "data"),
            ("/etc/riverloop/riverloop.env", self.settings),
            ("/opt/riverloop/bin/riverloop", self.write("program", PROGRAM.format(python=self.python))),
        ):
            assert old in text
            text = text.replace(f"={old}\n", f"={new}\n")
        self.wrapper = self.write("riverloop-admin", text)
        if not is_root:
            self.write("bin/id", "#!/bin/sh\necho 0\n")
            self.write("bin/setpriv", SETPRIV)

    @property
    def python(self):
        return shutil.which("python3", path="/usr/bin:/usr/local/bin") if self.is_root else sys.executable

    def write(self, name, text):
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, "utf-8")
        path.chmod(0o755)
        return path

    def run(self, settings, *words, **environment):
        self.settings.write_text(settings, "utf-8")
        self.settings.chmod(0o600)
        path = f"{self.folder / 'bin'}:{os.environ['PATH']}"
        return subprocess.run(
            ["/bin/sh", str(self.wrapper), *words],
            env={"PATH": path, **environment}, capture_output=True, text=True, check=False,
        )  # fmt: skip

    def seen(self, settings, *words, **environment):
        done = self.run(settings, *words, **environment)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)


@pytest.fixture(params=["root", "played"])
def machine(request):
    is_root = request.param == "root"
    if is_root and (os.geteuid() != 0 or not shutil.which("setpriv") or not shutil.which("python3", path="/usr/bin")):
        pytest.skip("needs root, setpriv and a Python that any account may run")
    with tempfile.TemporaryDirectory() as folder:  # pytest's own folders are closed to other accounts
        Path(folder).chmod(0o755)
        yield Machine(Path(folder), is_root=is_root)


def test_a_command_runs_as_the_service_with_its_words_as_they_were_given(machine):
    uid, gid, umask, words, environment = machine.seen("", "backup", "a b.tar", "$(id)", "*", "--keys", "ключи.tar")
    if machine.is_root:
        assert (uid, gid) == (pwd.getpwnam(ACCOUNT).pw_uid, pwd.getpwnam(ACCOUNT).pw_gid)
    assert umask == 0o077
    assert words == ["backup", "a b.tar", "$(id)", "*", "--keys", "ключи.tar"]
    assert environment["RIVERLOOP_DATA"] == environment["HOME"] == str(machine.folder / "data")
    assert environment["USER"] == ACCOUNT


def test_settings_are_read_as_systemd_reads_them_and_none_is_run(machine):
    ran = machine.folder / "ran"
    given = f"""
# a comment
; another
RIVERLOOP_URL=https://riverloop.example
  RIVERLOOP_SIDE = hk  \t
RIVERLOOP_MAIL="smtps://user:p$(touch {ran})`touch {ran}`@mail.example:465"
RIVERLOOP_OIDC_NAME='Our "own" accounts'
DATABASE_URL=postgresql://riverloop:a=b&c;d@db.example/riverloop?sslmode=require
RIVERLOOP_OIDC_SECRET=
RIVERLOOP_MAIL_FROM=last@riverloop.example"""
    environment = machine.seen(given.replace(" = ", "="))[-1]
    ours = {name: text for name, text in environment.items() if name.startswith(("RIVERLOOP_", "DATABASE_URL"))}
    del ours["RIVERLOOP_DATA"]
    assert ours == {
        "RIVERLOOP_URL": "https://riverloop.example",
        "RIVERLOOP_SIDE": "hk",
        "RIVERLOOP_MAIL": f"smtps://user:p$(touch {ran})`touch {ran}`@mail.example:465",
        "RIVERLOOP_OIDC_NAME": 'Our "own" accounts',
        "DATABASE_URL": "postgresql://riverloop:a=b&c;d@db.example/riverloop?sslmode=require",
        "RIVERLOOP_OIDC_SECRET": "",
        "RIVERLOOP_MAIL_FROM": "last@riverloop.example",
    }
    assert not ran.exists()


def test_the_settings_of_whoever_runs_it_count_for_nothing(machine):
    own = {
        "RIVERLOOP_SIDE": "cn",
        "RIVERLOOP_DATA": "/elsewhere",
        "DATABASE_URL": "sqlite:////x",
        "PGHOST": "db.example",
    }
    environment = machine.seen("RIVERLOOP_SIDE=hk\n", **own, PYTHONPATH="/elsewhere", LANG="C.UTF-8")[-1]
    assert environment["RIVERLOOP_SIDE"] == "hk"
    assert environment["RIVERLOOP_DATA"] == str(machine.folder / "data")
    assert set(environment) & {"DATABASE_URL", "PGHOST", "PYTHONPATH"} == set()
    assert environment["LANG"] == "C.UTF-8"


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ("RIVERLOOP_URL", "line 1: it says no NAME=value"),
        ("A=1\nexport RIVERLOOP_SIDE=hk", "line 2: it says no NAME=value"),
        ("1A=1", "line 1: it says no NAME=value"),
        ("=1", "line 1: it says no NAME=value"),
        ("RIVERLOOP_MAIL=a\\b", "line 1: write RIVERLOOP_MAIL without a backslash"),
        ('RIVERLOOP_MAIL="a', "line 1: RIVERLOOP_MAIL lacks a quotation mark"),
        ('RIVERLOOP_MAIL="a"b"', "line 1: RIVERLOOP_MAIL has a quotation mark inside"),
        ("RIVERLOOP_MAIL='", "line 1: RIVERLOOP_MAIL lacks a quotation mark"),
    ],
)
def test_a_line_that_systemd_would_read_otherwise_is_refused_and_its_value_not_repeated(machine, settings, said):
    done = machine.run(settings, "check")
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert said in done.stderr


def test_what_is_missing_is_said_in_one_line(machine):
    machine.settings.touch()
    for name in ("program", "riverloop.env"):
        (machine.folder / name).unlink()
        done = subprocess.run(
            ["/bin/sh", str(machine.wrapper), "check"], capture_output=True, text=True, check=False,
            env={"PATH": f"{machine.folder / 'bin'}:{os.environ['PATH']}"},
        )  # fmt: skip
        assert (done.returncode, done.stderr.count("\n")) == (1, 1)
        assert f"There is no {machine.folder / name}" in done.stderr


def test_whoever_is_not_root_is_told_so(machine):
    machine.write("bin/id", "#!/bin/sh\necho 1000\n")
    done = machine.run("", "check")
    assert (done.returncode, done.stdout) == (1, "")
    assert "sudo riverloop-admin" in done.stderr


def test_account_data_folder_settings_and_program_are_those_of_the_units():
    for unit in (DEPLOY / "systemd").glob("*.service"):
        text = unit.read_text("utf-8")
        for name, line in (
            ("account", "User={}\n"), ("data", "Environment=RIVERLOOP_DATA={}\n"), ("settings", "EnvironmentFile={}\n"),
            ("program", "{} "),
        ):  # fmt: skip
            value = WRAPPER.partition(f"\n{name}=")[2].partition("\n")[0]
            assert line.format(value) in text, (unit.name, name)
