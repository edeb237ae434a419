"""The worker keeps the timetable, goes on after a mistake, outlives nobody and is started again when it dies."""

import os
import signal
import socket
import subprocess
import sys
import time
from datetime import timedelta

import pytest
from django.utils import timezone

from riverloop.apps.runs import work, worker
from riverloop.apps.runs.models import Run
from riverloop.apps.runs.services import run_start
from riverloop.web import beside


@pytest.fixture(autouse=True)
def own_kinds(monkeypatch):
    for name in ("_functions", "_timetables", "_rounds"):
        monkeypatch.setattr(work, name, {})
    yield
    work.stopping.clear()


@pytest.fixture
def daily(db):
    work.register("test.daily", lambda _: {})
    work.timetable("test.daily", timedelta(days=1))


def test_what_is_on_the_timetable_begins_once_at_each_side_each_time(daily):
    now = timezone.now()
    assert {run.owner_side for run in worker.timetable_keep()} == {"hk", "cn"}
    assert worker.timetable_keep() == []
    assert worker.timetable_keep(now=now + timedelta(hours=23)) == []
    work.work_all()
    assert len(worker.timetable_keep(now=now + timedelta(hours=25))) == 2


def test_what_has_not_ended_is_not_begun_again(daily):
    worker.timetable_keep()
    assert worker.timetable_keep(now=timezone.now() + timedelta(days=3)) == []


def test_old_runs_of_the_timetable_are_cleared_away_and_those_of_people_stay(daily, cast):
    own = run_start(side="hk", kind="test.daily", params={}, by=cast.dora)
    worker.timetable_keep()
    work.work_all()
    Run.objects.update(created_at=timezone.now() - timedelta(days=9))
    worker.timetable_keep()
    assert Run.objects.filter(state="done").get() == own


@pytest.mark.django_db
def test_a_round_that_fails_is_told_in_one_line_and_the_next_ones_go_on(caplog):
    done = []

    def fail():
        raise ValueError("Chan Tai Man")

    work.every_round("one", fail)
    work.every_round("other", lambda: done.append(1))
    assert worker.work_through() == 0
    assert done == [1]
    assert "'round': 'one'" in caplog.text
    assert "ValueError at test_worker.py:" in caplog.text
    assert "Chan" not in caplog.text


@pytest.mark.django_db
def test_everything_that_is_due_is_worked_through_once():
    work.register("test.kind", lambda _: {})
    for _ in range(3):
        run_start(side="hk", kind="test.kind", params={})
    assert worker.work_through() == 3


@pytest.mark.django_db(transaction=True)
def test_a_lease_is_renewed_while_a_long_step_lasts(monkeypatch):
    seen = []
    monkeypatch.setattr(work, "LEASE", timedelta(seconds=0.6))

    def long(progress):
        for _ in range(100):
            seen.append(Run.objects.get().leased_until)
            if len(set(seen)) > 2:
                break
            time.sleep(0.05)
        return {}

    work.register("test.kind", long)
    run_start(side="hk", kind="test.kind", params={})
    assert work.work_once(renew=True)
    assert len(set(seen)) > 2
    assert Run.objects.get().state == "done"


def test_a_worker_whose_parent_has_gone_ends_by_itself(data_folder):
    command = [sys.executable, "-m", "riverloop", "work", "--parent", "1"]
    done = subprocess.run(command, timeout=60, capture_output=True, text=True, check=False, env=os.environ.copy())
    assert done.returncode == 0, done.stderr


ASKED = """
import os, signal, django
django.setup()
from riverloop.apps.runs import work, worker

class BegunError(Exception):
    pass

def begun(*arguments):
    raise BegunError

worker.start_keep = worker._quietly = begun
worker.logs_keep = worker.mirrors_keep = worker.long_runs_keep = lambda stopping: None
work.kept_alongside = dict
try:
    worker.work_until_stopped()
except BegunError:
    pass
with work.stopping._cond:  # as when a signal comes while the event is set or waited for
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGTERM):
        os.kill(os.getpid(), number)
print(work.stopping.wait(60), flush=True)
worker.start_keep = worker._quietly = lambda *arguments: None
worker.work_until_stopped()
print([signal.getsignal(number).name for number in (signal.SIGTERM, signal.SIGINT)], flush=True)
os._exit(0)
"""


def test_a_worker_that_is_asked_to_end_wherever_it_is_and_however_often_ends(data_folder):
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "riverloop.web.settings"}
    done = subprocess.run(
        [sys.executable, "-c", ASKED], timeout=60, capture_output=True, text=True, check=False, env=environment
    )
    assert done.stdout == "True\n['SIG_IGN', 'SIG_IGN']\n", done.stderr


def test_a_worker_that_dies_is_started_again_and_ended_with_its_server(monkeypatch, tmp_path, caplog):
    monkeypatch.setattr(beside, "_FIRST_PAUSE_SECONDS", 0.05)
    started = tmp_path / "started"
    program = f"import os, time; print(os.getpid(), file=open({str(started)!r}, 'a')); time.sleep(60)"
    monkeypatch.setattr(beside, "_command", lambda _: [sys.executable, "-c", program])
    with beside.kept_beside("work"):
        first = wait_for(lambda: pids(started))[0]
        os.kill(first, signal.SIGKILL)
        second = wait_for(lambda: pids(started)[1:])[0]
    assert "started again" in caplog.text
    for process in (first, second):
        with pytest.raises(ProcessLookupError):
            os.kill(process, 0)


def test_a_process_of_the_server_ends_when_its_parent_has_gone():
    program = "import time; from riverloop.web.beside import end_with; end_with(1); time.sleep(60)"
    done = subprocess.run([sys.executable, "-c", program], timeout=30, check=False)
    assert done.returncode == -signal.SIGTERM


def test_a_port_at_which_another_serves_is_refused_in_one_line():
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = str(other.getsockname()[1])
        command = [sys.executable, "-m", "riverloop", "serve", "--port", port]
        done = subprocess.run(command, timeout=60, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr == f"Another program serves at port {port}. Stop it, or choose another --port.\n"


def pids(path):
    return [int(line) for line in path.read_text().split()] if path.exists() else []


def wait_for(found, patience_seconds=20):
    until = time.monotonic() + patience_seconds
    while time.monotonic() < until:
        if result := found():
            return result
        time.sleep(0.02)
    raise AssertionError("it did not come")
