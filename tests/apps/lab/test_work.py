"""Experiments are long runs: they hold up nothing, are stopped within seconds, and are whole or not there at all."""

import time
from datetime import timedelta
from threading import Event, Thread

import pytest
from django.utils import timezone

from riverloop.apps.lab import experimenting, services
from riverloop.apps.lab.models import Experiment
from riverloop.apps.parties import retention
from riverloop.apps.runs import long_runs, work, worker
from riverloop.apps.runs.models import Run
from riverloop.apps.runs.services import run_cancel, run_start
from tests.apps.lab.bridges import BRIDGE, MINIMAL

pytestmark = pytest.mark.django_db
LONG = MINIMAL.replace("hours: 20", "hours: 2000").replace("replications: 4", "replications: 40")


@pytest.fixture
def start(cast):
    def start_one(text=MINIMAL, kind="simulate", **more):
        return services.experiment_start(
            by=cast.paul, kind=kind, names={"scenario": {"": "One"}}, scenario_key="one", text=text, **more
        )

    return start_one


def test_the_worker_leaves_experiments_to_the_thread_of_long_runs(start):
    start()
    assert services.EXPERIMENT in work.long_kinds()
    assert services.EXPERIMENT not in work.short_kinds()
    assert not work.work_once(work.short_kinds())
    assert work.work_once(work.long_kinds())
    assert Experiment.objects.get().answered_at


def test_a_worker_that_cron_starts_answers_them_too(start):
    start()
    worker.work_through()
    assert Experiment.objects.get().answered_at


@pytest.mark.django_db(transaction=True)
def test_an_outbox_goes_on_while_an_experiment_is_at_work(start, monkeypatch):
    begun, may_end, stopping = Event(), Event(), Event()

    def slow(experiment, progress):
        begun.set()
        may_end.wait(20)
        return {"result": {"pledge": {"met": True, "share_within": 1.0}, "drains": True}}

    monkeypatch.setattr(experimenting, "answer", slow)
    monkeypatch.setattr(work, "_prepared", [])
    start()
    thread = Thread(target=long_runs.long_runs_keep, args=(stopping,))
    thread.start()
    try:
        assert begun.wait(20)
        sent = []
        monkeypatch.setitem(work._rounds, "outbox of this test", lambda: sent.append(1))
        worker._round()
        assert sent == [1]
        assert Experiment.objects.get().answered_at is None
        may_end.set()
        wait_for(lambda: Experiment.objects.get().answered_at)
    finally:
        may_end.set()
        stopping.set()
        thread.join(20)


def test_a_worker_that_is_to_end_does_not_wait_for_a_compiler(db, monkeypatch):
    compiled, stopping = Event(), Event()
    monkeypatch.setattr(work, "_prepared", [lambda: compiled.wait(20)])
    thread = Thread(target=long_runs.long_runs_keep, args=(stopping,))
    thread.start()
    stopping.set()
    thread.join(5)
    assert not thread.is_alive()
    compiled.set()


def test_a_run_is_cancelled_between_two_steps_and_nothing_of_it_is_kept(start, cast, monkeypatch):
    experiment = start(LONG)
    run = Run.objects.get()
    monkeypatch.setattr(work, "_WRITE_SECONDS", 0)
    seen = []

    def cancel_after_some(progress):
        before = progress.step

        def step(steps=1):
            seen.append(steps)
            if len(seen) == 3:
                run_cancel(run=run, by=cast.paul)
            before(steps)

        progress.step = step
        return services.experiment_run(progress)

    monkeypatch.setitem(work._functions, services.EXPERIMENT, cancel_after_some)
    assert work.work_once([services.EXPERIMENT])
    run.refresh_from_db()
    experiment.refresh_from_db()
    assert (run.state, experiment.result, experiment.answered_at, experiment.summary) == ("cancelled", None, None, {})
    assert len(seen) < 10


def test_what_a_killed_worker_left_is_answered_by_another(start):
    start()
    past = timezone.now() - timedelta(seconds=1)
    Run.objects.update(state="running", leased_by="a worker that is gone", leased_until=past, attempts=1)
    assert work.work_all([services.EXPERIMENT]) == 1
    assert Experiment.objects.get().answered_at


def test_one_that_was_deleted_meanwhile_is_answered_by_nothing(start):
    start()
    Experiment.objects.all().delete()
    assert work.work_once([services.EXPERIMENT])
    assert Run.objects.get().state == "done"
    assert not Experiment.objects.exists()


def test_an_answer_is_made_once(start):
    experiment = start()
    work.work_all([services.EXPERIMENT])
    first = Experiment.objects.get().answered_at
    run_start(side="hk", kind=services.EXPERIMENT, params={"experiment": experiment.id})
    work.work_all([services.EXPERIMENT])
    assert Experiment.objects.get().answered_at == first


@pytest.mark.parametrize(
    ("kind", "asked"),
    [
        ("least_channels", {"stations": ["exit"], "confidence": 0.9, "every_hour": False}),
        ("least_roster", {"station": "exit", "shift_hours": [8], "confidence": 0.9, "every_hour": True}),
        ("tornado", {"measure": "share_within"}),
        ("break_even", {"against": "one_queue", "measure": "share_within", "from": 0.5, "to": 2}),
    ],
)
def test_progress_is_told_while_more_is_asked(start, monkeypatch, kind, asked):
    monkeypatch.setattr(work, "_WRITE_SECONDS", 0)
    start(BRIDGE, kind, asked=asked)
    work.work_all([services.EXPERIMENT])
    run = Run.objects.get()
    assert run.state == "done", run.error
    assert run.total > 1


def test_the_same_answer_comes_from_threads_and_from_one(start, monkeypatch):
    text = MINIMAL.replace("hours: 20", "hours: 800")
    first, second = start(text), start(text)
    work.work_once([services.EXPERIMENT])
    monkeypatch.setattr(experimenting, "_WORTH_SPREADING", 0)
    work.work_once([services.EXPERIMENT])
    answers = dict(Experiment.objects.values_list("id", "result"))
    assert answers[first.id] == answers[second.id]


def test_an_experiment_is_kept_as_long_as_the_table_says_and_a_scenario_until_it_is_deleted(start, cast):
    experiment = start()
    saved = services.scenario_save(by=cast.paul, title="Mine", text=MINIMAL)
    long_ago = timezone.now() - timedelta(days=5 * 365)
    Experiment.objects.update(created_at=long_ago)
    type(saved).objects.update(created_at=long_ago, changed_at=long_ago)
    assert retention.run("cn")["experiments"] == 0
    assert retention.run("hk")["experiments"] == 1
    assert not Experiment.objects.filter(pk=experiment.pk).exists()
    assert type(saved).objects.count() == 1


def wait_for(found, patience_seconds=20):
    until = time.monotonic() + patience_seconds
    while time.monotonic() < until:
        if result := found():
            return result
        time.sleep(0.05)
    raise AssertionError("it did not come")
