"""What the program logs is about itself: pages, refusals and mistakes full of names leave none of them in any log."""

import ast
import io
import json
import logging
from pathlib import Path

import pytest
import structlog
from django.core.exceptions import DisallowedHost
from django.test import Client
from django.urls import reverse

from riverloop.apps.parties.services import identity_number_add
from riverloop.apps.runs import work, worker
from riverloop.apps.runs.services import run_start
from riverloop.core.kernel.errors import InputError
from riverloop.web import logs
from riverloop.web.access import PAGES
from tests.cast import HKID, PASSWORD
from tests.movements import file_visitor
from tests.web.programs import program_of
from tests.web.test_access import ADDRESSES

SOURCES = Path(__file__).resolve().parents[2] / "src" / "riverloop"
PERSONAL = ["陳大文", "Chan Tai Man", "夏娜", "Ha Na", HKID, "A123456", "dora@", "example.org", "K0123456", PASSWORD]
QUERY = {"q": "陳大文", "name": "Chan Tai Man", "number": HKID, "email": "dora@example.org", "case": "K0123456"}


class Lines:
    """What a handler like the program's own would have written."""

    def __init__(self, form="json"):
        self.stream = io.StringIO()
        self.handler = logging.StreamHandler(self.stream)
        formatter = dict(logs.as_django_settings(form=form, with_words=False)["formatters"]["lines"])
        self.handler.setFormatter(formatter.pop("()")(**formatter))

    @property
    def text(self):
        return self.stream.getvalue()

    def __iter__(self):
        return (json.loads(line) for line in self.text.splitlines())

    def of(self, event):
        return [line for line in self if line["event"] == event]


@pytest.fixture
def lines():
    """Write down everything that any logger says."""
    said, root = Lines(), logging.getLogger()
    level = root.level
    root.addHandler(said.handler)
    root.setLevel(logging.DEBUG)
    yield said
    root.setLevel(level)
    root.removeHandler(said.handler)


def names_in(text):
    written = text + json.dumps(text) + text.encode().decode("unicode_escape", errors="ignore")
    return [one for one in PERSONAL if one in written]


# One line


def test_only_known_keys_are_kept_and_only_with_values_that_are_nobodys(lines):
    structlog.stdlib.get_logger("riverloop.tests").warning(
        "answered", route="people/<str:person_id>/", status=403, ms=1.5, kind="Chan Tai Man", side="夏娜", who="Chan"
    )
    (line,) = lines
    assert {key: line[key] for key in line if key != "time"} == {
        "level": "warning", "event": "answered", "logger": "riverloop.tests",
        "route": "people/<str:person_id>/", "status": 403, "ms": 1.5,
    }  # fmt: skip


@pytest.mark.parametrize(
    "logger", ["some.library", "django.security.DisallowedHost", "riverloop.apps.careless", "py.warnings"]
)
def test_of_what_others_say_only_the_place_is_kept(lines, logger):
    logging.getLogger(logger).error("%s is unknown to Chan Tai Man", "夏娜", extra={"who": HKID})
    (line,) = lines
    assert line["event"] == "said by a library"
    assert line["place"].startswith("tests/web/test_logs.py:")
    assert names_in(lines.text) == []


def test_of_the_servers_words_the_first_line_is_kept_and_no_traceback(lines):
    logging.getLogger("_granian").warning("Application callable raised an exception\nKeyError: Chan Tai Man")
    (line,) = lines
    assert line["event"] == "Application callable raised an exception"
    assert names_in(lines.text) == []


@pytest.mark.parametrize("form", ["json", "text"])
def test_a_traceback_keeps_kinds_and_places_and_no_words(form):
    said = Lines(form)
    logger = logging.getLogger("riverloop.tests.trace")
    logger.addHandler(said.handler)
    try:
        try:
            int("Chan Tai Man")
        except ValueError as first:
            raise InputError("test.code", "{who} is wrong", where="夏娜", who=HKID) from first
    except InputError:
        structlog.stdlib.get_logger("riverloop.tests.trace").exception("part of a round failed")
    logger.removeHandler(said.handler)
    assert names_in(said.text) == []
    for kept in ("InputError<ValueError", "test.code", "tests/web/test_logs.py:"):
        assert kept in said.text


def test_an_error_in_fixed_words_keeps_counts_sides_and_hashes_and_nothing_else(lines):
    why = InputError(
        "test.code", "{count} of {side}: {who} said {root}", who="夏娜", count=3, side="hk", root="A" * 43 + "="
    )
    structlog.stdlib.get_logger("riverloop.tests").error("a log is not signed", side="hk", why=why)
    (line,) = lines
    assert (line["why"], line["code"]) == (f"3 of hk: … said {'A' * 43}=", "test.code")


def test_what_nobody_caught_goes_through_the_log_too(lines, monkeypatch, capfd):
    import sys
    import threading

    for module, name in ((sys, "excepthook"), (sys, "unraisablehook"), (threading, "excepthook")):
        monkeypatch.setattr(module, name, getattr(module, name))
    monkeypatch.setattr(logging, "raiseExceptions", True)
    logs.catch_the_rest()
    logging.captureWarnings(capture=False)

    def fail():
        raise RuntimeError("Chan Tai Man")

    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()
    sys.excepthook(RuntimeError, RuntimeError("夏娜"), None)
    assert [line["error"] for line in lines.of("uncaught")] == ["RuntimeError", "RuntimeError"]
    assert names_in(lines.text + capfd.readouterr().err) == []


def test_with_all_words_a_developer_reads_the_error_itself():
    settings = logs.as_django_settings(form="text", with_words=True)
    formatter = dict(settings["formatters"]["lines"])
    record = logging.LogRecord("a.library", logging.ERROR, "", 1, "%s is unknown", ("it",), None)
    assert "it is unknown" in formatter.pop("()")(**formatter).format(record)


def test_every_own_line_is_a_fixed_phrase_with_known_keys():
    wrong = []
    for path in SOURCES.rglob("*.py"):
        tree = ast.parse(path.read_text("utf-8"))
        for call in [one for one in ast.walk(tree) if isinstance(one, ast.Call) and is_log_call(one)]:
            said = call.args[1:] if call.func.attr == "log" else call.args
            keys = {keyword.arg for keyword in call.keywords}
            if not (len(said) == 1 and isinstance(said[0], ast.Constant) and keys <= {*logs.KEYS, "exc_info"}):
                wrong.append(f"{path.relative_to(SOURCES)}:{call.lineno}")
    assert wrong == [], "log through structlog: a fixed phrase, and keys of riverloop.web.logs.KEYS"


def is_log_call(call):
    said = {"debug", "info", "warning", "error", "exception", "critical", "log"}
    named = getattr(getattr(call.func, "value", None), "id", "")
    return getattr(call.func, "attr", "") in said and named in ("_logger", "logger", "logging")


# Whole pages


@pytest.mark.django_db
def test_each_answer_carries_the_id_under_which_it_was_logged(client, lines):
    answers = [client.get("/rules/hk.cap599a.s14/"), client.get("/people/"), client.get("/陳大文/")]
    told = lines.of("answered")
    assert [line["request"] for line in told] == [answer.headers["X-Request-ID"] for answer in answers]
    assert [(line["status"], line.get("route", "")) for line in told] == [
        (200, "rules/<str:rule_id>/"), (302, "people/"), (404, ""),
    ]  # fmt: skip
    assert len({line["request"] for line in told}) == 3


def test_a_refusal_is_logged_in_one_line_and_a_mistake_of_ours_with_its_trace(lines, monkeypatch):
    client = Client(raise_request_exception=False)
    logging.getLogger("django.request").setLevel("ERROR")  # as the program has it
    client.get("/nowhere/")
    (line,) = lines
    assert (line["level"], line["status"]) == ("warning", 404)
    monkeypatch.setattr("riverloop.apps.clearance.law.packs", lambda: 1 / 0)
    client.get("/rules/")
    assert [line["error"] for line in lines if "trace" in line] == ["ZeroDivisionError"]


@pytest.mark.django_db
def test_pages_and_refusals_full_of_names_leave_none_of_them_in_a_log(cast, enter, lines, capfd, settings):
    settings.ALLOWED_HOSTS = ["testserver"]
    identity_number_add(person=cast.hana_herself, kind="hkid", number=HKID)
    movement = file_visitor(cast)
    ids = [movement.id, movement.ref, cast.hana_herself.id, cast.hana.id, cast.dora.id]
    for user in (cast.dora, cast.hana, cast.oscar, cast.ada):
        client = enter(user)
        client.raise_request_exception = False
        for page in PAGES.values():
            if not page.name.startswith("api:") and page.name != "account_logout":
                ask_everything(client, ADDRESSES.get(page.name) or path_of(page.name))
        for path in (f"/movements/{movement.id}/", f"/people/{cast.hana_herself.id}/", "/people/陳大文/", "/夏娜/"):
            ask_everything(client, path)
    for client in (Client(enforce_csrf_checks=True), Client(raise_request_exception=False)):
        client.post("/account/sign-in/", {"login": "dora@example.org", "password": PASSWORD + "x"})
        client.post("/account/password/reset/", {"email": "dora@example.org"})
        client.get("/", headers={"host": "chan-tai-man.example.org"})
    program = program_of(cast.dora)
    for path in ("/people", "/movements", "/people/陳大文", "/nothing"):
        program.get(f"{path}?q=陳大文&email=dora@example.org")
        program.post(path, QUERY)
        program.ask("POST", path, f'{{"facts": "{HKID}'.encode())
    assert len(lines.of("answered")) > 200
    assert names_in(lines.text + capfd.readouterr().err) == []
    assert [key for key in ids if key in lines.text] == []


def path_of(name):
    of_one = {
        "parties:person": "person_id",
        "parties:person_edit": "person_id",
        "parties:organisation": "organisation_id",
    }
    return reverse(name, kwargs={of_one[name]: "nothing"} if name in of_one else None)


def ask_everything(client, path):
    client.get(path, QUERY)
    client.post(path, QUERY)


@pytest.mark.django_db
@pytest.mark.parametrize("error", [RuntimeError, DisallowedHost, InputError, UnicodeError])
def test_a_mistake_of_ours_about_somebody_names_nobody(lines, monkeypatch, capfd, error):
    def break_down(*arguments, **named):
        raise (error("x", "Chan Tai Man 夏娜 dora@example.org") if error is InputError else error(f"夏娜 {HKID}"))

    monkeypatch.setattr("riverloop.apps.clearance.law.packs", break_down)
    Client(raise_request_exception=False).get("/rules/", QUERY)
    assert names_in(lines.text + capfd.readouterr().err) == []
    assert lines.of("answered")[-1]["status"] >= 400


@pytest.mark.django_db
def test_what_fails_in_the_background_names_nobody(cast, lines, monkeypatch, capfd):
    for name in ("_functions", "_timetables", "_rounds"):
        monkeypatch.setattr(work, name, {})

    def fail(*arguments):
        raise RuntimeError(f"Chan Tai Man 夏娜 {HKID} dora@example.org")

    work.register("test.kind", fail)
    work.every_round("one", fail)
    run_start(side="hk", kind="test.kind", params={})
    worker.work_through()
    assert lines.of("part of a round failed")
    assert lines.of("a run failed")
    assert names_in(lines.text + capfd.readouterr().err) == []
