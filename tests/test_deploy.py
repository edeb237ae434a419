"""The examples in deploy/ hold together with the program: each command, option, path and setting in them exists."""

import configparser
import json
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest

from riverloop.cli import app
from riverloop.web import environment

ROOT = Path(__file__).resolve().parents[1]
DEPLOY = ROOT / "deploy"
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
TIMERS = sorted((DEPLOY / "systemd").glob("*.timer"))
SERVICES = {"riverloop.service", "riverloop-work.service"}
SHUT_IN = {
    "NoNewPrivileges": "yes", "ProtectSystem": "strict", "ProtectHome": "yes", "PrivateTmp": "yes",
    "CapabilityBoundingSet": "", "User": "riverloop", "UMask": "0077", "StateDirectoryMode": "0700",
    "SystemCallFilter": "@system-service",
}  # fmt: skip


def read(unit):
    parser = configparser.ConfigParser(interpolation=None, strict=True, comment_prefixes=("#",), delimiters=("=",))
    parser.optionxform = str
    parser.read_string(unit.read_text("utf-8").replace("\nEnvironmentFile=", "\nSettings="))
    return parser


def commands_of(line):
    """Return the arguments of each ``riverloop`` in a command line."""
    words = shlex.split(line.replace("$(", " ").replace(")", " "))
    for place, word in enumerate(words):
        if word.endswith("bin/riverloop"):
            yield words[place + 1 :]
        elif "bin/riverloop " in word:
            yield from commands_of(word)


def check_command(arguments):
    """Check that a command and its options exist, without running it."""
    command = app.commands[arguments[0]]
    options = {option for parameter in command.params for option in [*parameter.opts, *parameter.secondary_opts]}
    given = {word for word in arguments[1:] if word.startswith("--")}
    assert given <= options, f"{arguments}: {given - options}"
    assert isinstance(command, click.Command)


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_a_unit_runs_what_there_is_and_is_shut_in(unit):
    service = read(unit)["Service"]
    (arguments,) = commands_of(service["ExecStart"])
    check_command(arguments)
    assert {name: service.get(name) for name in SHUT_IN} == SHUT_IN
    assert service["Environment"] == "RIVERLOOP_DATA=/var/lib/riverloop"
    if unit.name in SERVICES:
        assert service["Type"] == "notify"
        assert int(service["WatchdogSec"]) >= 60
        assert service["Restart"] == "always"
        assert int(service["TimeoutStopSec"]) > 30, "longer than requests under way are waited for"


def test_backups_of_the_night_go_after_the_days_that_the_guide_says_and_others_stay(tmp_path):
    import os
    import time

    service = read(DEPLOY / "systemd" / "riverloop-backup.service")["Service"]
    command = shlex.split(service["ExecStartPost"].replace("/var/lib/riverloop/backups", str(tmp_path)))
    for name, days in (("20260101-023000.tar", 32), ("20260131-023000.tar", 29), ("before.tar", 400)):
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (time.time() - days * 86_400,) * 2)
    subprocess.run(command, check=True)
    assert {path.name for path in tmp_path.iterdir()} == {"20260131-023000.tar", "before.tar"}
    guide = (ROOT / "docs" / "guides" / "look-after-a-node.md").read_text("utf-8")
    assert f"{command[command.index('-mtime') + 1].lstrip('+')} days" in guide


def test_systemd_itself_finds_nothing_wrong_with_the_units(tmp_path):
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("systemd-analyze is missing; the units are read by the tests above alone")
    for unit in [*UNITS, *TIMERS]:
        text = unit.read_text("utf-8").replace(
            "/opt/riverloop/bin/riverloop", str(Path(sys.executable).parent / "riverloop")
        )
        (tmp_path / unit.name).write_text(text, "utf-8")
    done = subprocess.run(
        [analyze, "verify", "--man=no", "--recursive-errors=no", *sorted(map(str, tmp_path.iterdir()))],
        capture_output=True, text=True, check=False, env={"PATH": "/usr/bin:/bin", "SYSTEMD_LOG_LEVEL": "warning"},
    )  # fmt: skip
    ours = [line for line in done.stderr.splitlines() if "riverloop" in line]
    assert ours == []


def test_the_settings_in_the_example_exist_and_can_be_read():
    for line in (DEPLOY / "systemd" / "riverloop.env").read_text("utf-8").splitlines():
        name, equals, text = line.removeprefix("# ").partition("=")
        if equals and re.fullmatch(r"[A-Z_]+", name):
            environment.value(name, {name: text})


# The image


CONTAINERFILE = (DEPLOY / "Containerfile").read_text("utf-8")


def steps():
    """Give each instruction of the Containerfile with what follows it."""
    lines = re.sub(r"^#.*\n", "", CONTAINERFILE, flags=re.MULTILINE).replace("\\\n", " ")
    return [line.split(None, 1) for line in lines.splitlines() if line.strip()]


def copied():
    return [word for name, rest in steps() if name == "COPY" and "--from" not in rest for word in rest.split()[:-1]]


def test_the_image_is_made_in_two_stages_runs_as_nobody_and_can_be_read_only():
    names = [name for name, _ in steps()]
    assert names.count("FROM") == 2
    assert len({rest.split()[0] for name, rest in steps() if name == "FROM"}) == 1
    last = dict(steps()[names.index("FROM", 1) :])
    assert last["USER"] == "10001"
    assert last["VOLUME"] == "/data"
    assert "RIVERLOOP_DATA=/data" in last["ENV"]
    assert "PYTHONDONTWRITEBYTECODE=1" in last["ENV"]
    assert "/healthz" in last["HEALTHCHECK"]
    assert names.index("USER") < names.index("ENTRYPOINT")


def test_all_that_is_copied_into_the_image_exists_and_its_command_too():
    assert [name for name in copied() if not (ROOT / name).exists()] == []
    last = dict(steps())
    assert json.loads(last["ENTRYPOINT"]) == ["riverloop"]
    check_command(json.loads(last["CMD"]))
    for variable in re.findall(r"\b(RIVERLOOP_\w+)=", CONTAINERFILE):
        assert variable in environment.VARIABLES


@pytest.mark.parametrize(("version", "asked"), [("", ["update", "15"]), ("17", ["update", "common", "pgdg -y", "17"])])
def test_the_image_takes_a_client_as_new_as_the_server(tmp_path, version, asked):
    (script,) = [rest for name, rest in steps() if name == "RUN" and "postgresql-client" in rest]
    (default,) = [rest.partition("=")[2] for name, rest in steps() if name == "ARG"]
    pgdg = "/usr/share/postgresql-common/pgdg/apt.postgresql.org.sh"
    for name in ("apt-get", "pgdg", "rm", "useradd", "install"):  # nothing else is on the path
        (tmp_path / name).write_text(f'#!/bin/sh\necho {name} "$@"\n')
        (tmp_path / name).chmod(0o755)
    done = subprocess.run(
        ["/bin/sh", "-ec", script.replace(pgdg, "pgdg")], check=True, capture_output=True, text=True,
        env={"PATH": str(tmp_path), "POSTGRESQL": version or default},
    )  # fmt: skip
    ran = [line for line in done.stdout.splitlines() if line.startswith(("apt-get", "pgdg"))]
    assert len(ran) == len(asked)
    assert all(line.endswith(end) for line, end in zip(ran, asked, strict=True)), ran
    guide = (ROOT / "docs" / "guides" / "look-after-a-node.md").read_text("utf-8")
    assert "--build-arg POSTGRESQL=" in guide
    assert f"takes Debian's, {default};" in guide


@pytest.mark.slow
def test_what_is_copied_suffices_to_install_the_program(tmp_path):
    """No builder of images is at hand where the tests run; what it would do, but for the base image, is done here."""
    for name in copied():
        source, target = ROOT / name, tmp_path / "build" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__", "*.mo"))
        else:
            shutil.copy(source, target)
    binaries, build = Path(sys.executable).parent, tmp_path / "build"
    (script,) = [rest for name, rest in steps() if name == "RUN" and "--no-build-isolation" in rest]
    script = script.replace("/opt/riverloop/bin/", f"{binaries}/").replace(
        "pip install", f"pip install --disable-pip-version-check --quiet --target {tmp_path / 'installed'}"
    )
    done = subprocess.run(["/bin/sh", "-ec", script], cwd=build, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    installed = tmp_path / "installed" / "riverloop"
    for needed in ("web/locale/zh_Hant/LC_MESSAGES/django.mo", "packs/hk/pack.yaml", "zones/hetao.yaml"):
        assert (installed / needed).is_file(), needed
    variables = {"PYTHONPATH": str(tmp_path / "installed"), "RIVERLOOP_DATA": str(tmp_path / "data")}
    command = [sys.executable, "-m", "riverloop", "rules", "check"]
    run = subprocess.run(command, env=variables, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr


# Proxies


def test_the_proxies_pass_on_to_where_riverloop_listens_and_say_themselves_who_asks():
    caddy, nginx = ((DEPLOY / "proxy" / name).read_text("utf-8") for name in ("Caddyfile", "nginx.conf"))
    port = next(one.default for one in app.commands["serve"].params if one.name == "port")
    for text in (caddy, nginx):
        assert f"127.0.0.1:{port}" in text
        assert text.count("{") == text.count("}")
        assert "/metrics" in text
    assert "proxy_set_header X-Forwarded-For $remote_addr;" in nginx
    assert "proxy_set_header X-Forwarded-Proto $scheme;" in nginx


def test_the_proxies_pass_on_whole_requests_alone():
    """A body that stops in the middle would keep the thread that waits for it, and on SQLite there is one."""
    caddy, nginx = ((DEPLOY / "proxy" / name).read_text("utf-8") for name in ("Caddyfile", "nginx.conf"))
    (most,) = re.findall(r"max_size (\S+)", caddy)
    assert f"request_buffers {most}\n" in caddy
    assert "proxy_request_buffering on;" in nginx


@pytest.mark.parametrize("name", ["Caddyfile", "nginx.conf"])
def test_the_proxies_take_the_largest_file_that_riverloop_takes(name):
    from riverloop.apps.documents.contents import MOST_BYTES

    (megabytes,) = re.findall(r"(?:max_size|client_max_body_size) (\d+)", (DEPLOY / "proxy" / name).read_text("utf-8"))
    assert int(megabytes) * 1_000_000 > MOST_BYTES


def test_every_example_stands_in_the_list():
    listed = (DEPLOY / "README.md").read_text("utf-8")
    files = [path for path in DEPLOY.rglob("*") if path.is_file() and path.name != "README.md"]
    assert [path.name for path in files if path.name not in listed] == []
