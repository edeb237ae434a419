"""The environment is one table: documented, read strictly, and looked through for what is unsafe."""

import json
import re
from pathlib import Path

import pytest

from riverloop.core.kernel.errors import InputError
from riverloop.web import environment, unsafe
from tests.installation import Installation
from tests.settings import PATH

SOURCES = Path(__file__).resolve().parents[2] / "src" / "riverloop"
SECRET = "hunter2-hunter2"


def test_the_documented_table_is_the_one_in_force():
    assert PATH.read_text("utf-8") == environment.as_markdown(), "Run: .venv/bin/python -m tests.settings"


def test_no_variable_is_read_that_the_table_does_not_hold():
    named = {
        name
        for path in SOURCES.rglob("*.py")
        for name in re.findall(r"[\"'](RIVERLOOP_[A-Z_]+|DATABASE_URL)[\"']", path.read_text("utf-8"))
    }
    assert named - {*environment.VARIABLES, *environment._INTERNAL} == set()


@pytest.mark.parametrize(
    ("name", "given", "wanted"),
    [
        ("RIVERLOOP_DEBUG", "maybe", "1 or 0"),
        ("RIVERLOOP_HTTPS", "https", "1 or 0"),
        ("RIVERLOOP_API_A_MINUTE", "-5", "a whole number from 1"),
        ("RIVERLOOP_API_A_MINUTE", "6e2", "a whole number from 1"),
        ("RIVERLOOP_LOG", "xml", "json or text"),
        ("RIVERLOOP_URL", "riverloop.example", "https://…"),
        ("RIVERLOOP_URL", "https://host:port", "https://…"),
        ("RIVERLOOP_ALLOWED_HOSTS", "https://riverloop.example/", "host names with commas"),
        ("RIVERLOOP_MAIL", "mail.example.org", "smtp://…"),
        ("RIVERLOOP_DATA", __file__, "a folder, and a file lies there"),
        ("RIVERLOOP_ZONE", "he\ntao", "one line"),
    ],
)
def test_a_value_that_cannot_be_used_is_refused_in_one_line_that_says_where_and_what_it_has_to_be(name, given, wanted):
    with pytest.raises(InputError) as caught:
        environment.value(name, {name: given})
    line = str(caught.value)
    assert line.startswith(f"environment: {name} ")
    assert wanted in line
    assert "docs/guides/settings.md" in line


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("DATABASE_URL", f"mysql://user:{SECRET}@host/name"),
        ("DATABASE_URL", f"postgresql://user:{SECRET}@host"),
        ("RIVERLOOP_SECRET_KEY", SECRET),
        ("RIVERLOOP_METRICS_TOKEN", "short"),
        ("RIVERLOOP_MAIL", f"http://user:{SECRET}@host"),
    ],
)
def test_a_secret_that_cannot_be_used_is_not_repeated(name, given):
    with pytest.raises(InputError) as caught:
        environment.value(name, {name: given})
    assert given not in str(caught.value)
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("given", ["", "  "])
def test_what_is_empty_is_as_if_it_were_not_set(given):
    for name, variable in environment.VARIABLES.items():
        assert environment.value(name, {name: given}) == variable.unset


@pytest.mark.parametrize(
    ("name", "given", "value"),
    [
        ("RIVERLOOP_DEBUG", "Yes", True),
        ("RIVERLOOP_HTTPS", "off", False),
        ("RIVERLOOP_API_A_MINUTE", " 30 ", 30),
        ("RIVERLOOP_ALLOWED_HOSTS", "a.example, b.example,", ["a.example", "b.example"]),
        ("RIVERLOOP_URL", "https://riverloop.example/", "https://riverloop.example"),
    ],
)
def test_a_value_is_read_as_what_it_is(name, given, value):
    assert environment.value(name, {name: given}) == value


@pytest.mark.parametrize(("word", "allowed"), [("yes", "True"), ("off", "False")])
def test_whether_webhooks_may_call_this_computer_is_said_in_the_words_of_every_setting(tmp_path, word, allowed):
    look = "import django; django.setup(); from riverloop.apps.notices.calling import local_allowed as f; print(f())"
    assert Installation(tmp_path, RIVERLOOP_WEBHOOKS_LOCAL=word).python(look).strip() == allowed


def test_a_variable_that_does_nothing_is_told_with_the_nearest_one():
    assert environment.unknown({"RIVERLOOP_DEMOO": "1", "PATH": "/"}) == [
        'RIVERLOOP_DEMOO does nothing: there is no such setting. Did you mean "RIVERLOOP_DEMO"?'
    ]


def test_a_wrong_value_stops_the_start_in_one_line(tmp_path):
    done = Installation(tmp_path / "data", RIVERLOOP_API_A_MINUTE="many").run("serve", check=False)
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr == (
        'environment: RIVERLOOP_API_A_MINUTE is "many". It has to be a whole number from 1 to 1000000. '
        "See docs/guides/settings.md.\n"
    )


@pytest.mark.parametrize(
    "url",
    ["sqlite:////nowhere/at/all/riverloop.sqlite3", "postgresql://nobody@127.0.0.1:9/nothing"],
    ids=["sqlite", "postgresql"],
)
def test_a_database_that_does_not_answer_at_the_start_is_told_with_its_reason_in_one_line(tmp_path, url):
    done = Installation(tmp_path / "data", url).run("work", "--once", check=False)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1), done.stderr
    assert done.stderr.startswith("environment: The database does not answer: ")


def test_an_address_that_is_not_this_computers_is_refused_in_one_line(tmp_path):
    done = Installation(tmp_path / "data").run("serve", "--host", "203.0.113.7", check=False)
    assert (done.returncode, done.stderr) == (
        1,
        "Nothing can listen at 203.0.113.7: Cannot assign requested address.\n",
    )


# What is unsafe


@pytest.fixture
def in_production(settings, tmp_path, monkeypatch):
    tmp_path.chmod(0o700)
    settings.RIVERLOOP_DATA = tmp_path
    settings.DEBUG = settings.RIVERLOOP_DEMO = False
    settings.RIVERLOOP_HTTPS, settings.RIVERLOOP_URL = True, "https://riverloop.example"
    settings.ALLOWED_HOSTS, settings.RIVERLOOP_METRICS_TOKEN = ["riverloop.example"], "sixteen-letters-long"
    monkeypatch.setattr(unsafe, "hosts_both", lambda: False)
    monkeypatch.setattr(unsafe, "connection", Connection("postgresql", {"HOST": "/run/postgresql"}))
    monkeypatch.setenv("RIVERLOOP_MAIL", "smtps://mail.example.org")
    return settings


class Connection:
    def __init__(self, vendor, settings):
        self.vendor, self.settings_dict = vendor, settings


def test_a_node_as_the_guide_sets_it_up_has_nothing_unsafe(in_production):
    assert unsafe.found() == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"DEBUG": True}, "RIVERLOOP_DEBUG is set"),
        ({"RIVERLOOP_DEMO": True}, "RIVERLOOP_DEMO is set"),
        ({"RIVERLOOP_HTTPS": False}, "RIVERLOOP_HTTPS is not set"),
        ({"RIVERLOOP_URL": "http://riverloop.example"}, "RIVERLOOP_URL begins with http://"),
        ({"ALLOWED_HOSTS": ["*"]}, "RIVERLOOP_ALLOWED_HOSTS takes any name"),
        ({"ALLOWED_HOSTS": ["127.0.0.1", "localhost", "[::1]"]}, "RIVERLOOP_ALLOWED_HOSTS lists only this computer"),
        ({"RIVERLOOP_METRICS_TOKEN": ""}, "RIVERLOOP_METRICS_TOKEN is not set"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_each_unsafe_setting_is_told_in_one_line(in_production, change, said):
    for name, value in change.items():
        setattr(in_production, name, value)
    (line,) = unsafe.found()
    assert line.startswith(said)


@pytest.mark.parametrize(
    ("vendor", "settings_dict", "told"),
    [
        ("sqlite", {}, "SQLite takes one writer"),
        ("postgresql", {"HOST": "db.example"}, "DATABASE_URL crosses the network"),
        ("postgresql", {"HOST": "db.example", "OPTIONS": {"sslmode": "verify-full"}}, ""),
        ("postgresql", {"HOST": "127.0.0.1"}, ""),
    ],
)
def test_a_database_that_does_not_suit_is_told(in_production, monkeypatch, vendor, settings_dict, told):
    monkeypatch.setattr(unsafe, "connection", Connection(vendor, settings_dict))
    assert [line[: len(told)] for line in unsafe.found()] == ([told] if told else [])


def test_a_language_whose_catalogue_was_not_built_in_is_told(in_production, tmp_path):
    compiled = tmp_path / "zh_Hans" / "LC_MESSAGES" / "django.mo"
    compiled.parent.mkdir(parents=True)
    in_production.LOCALE_PATHS = [tmp_path]
    (line,) = unsafe.found()
    assert line.startswith("The texts in 繁體中文 and 简体中文 are missing")
    compiled.touch()
    (line,) = unsafe.found()
    assert line.startswith("The texts in 繁體中文 are missing")


def test_keys_that_others_may_read_are_told(in_production, tmp_path):
    (tmp_path / "keys" / "hk").mkdir(parents=True)
    (tmp_path / "keys").chmod(0o700)
    (tmp_path / "keys" / "hk").chmod(0o750)
    assert unsafe.found() == [
        f"{tmp_path}/keys/hk is open to other accounts of this computer. Run: chmod go= {tmp_path}/keys/hk"
    ]


def test_the_command_says_it_and_its_status_too(tmp_path):
    node = Installation(tmp_path / "data")
    done = node.run("check", "--json", check=False)
    assert done.returncode == 1
    assert any("RIVERLOOP_HTTPS is not set" in line for line in json.loads(done.stdout)["unsafe"])
