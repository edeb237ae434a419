"""Background work is done once, by whoever holds its lease, and says how it went in one clear line."""

import json
from datetime import timedelta

import pytest
from django.db import OperationalError, transaction
from django.utils import timezone

from riverloop.apps.record.models import PendingRecord
from riverloop.apps.runs import work
from riverloop.apps.runs.models import Run
from riverloop.apps.runs.services import run_cancel, run_start
from riverloop.core.kernel.errors import InputError

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def own_kinds(monkeypatch):
    monkeypatch.setattr(work, "_functions", {})
    monkeypatch.setattr(work, "_WRITE_SECONDS", 0)
    yield
    work.stopping.clear()


def start(function, **options):
    work.register("test.kind", function)
    return run_start(side="hk", kind="test.kind", params={}, **options)


def after(run):
    work.work_all()
    run.refresh_from_db()
    return run


def test_a_run_is_done_and_its_result_kept():
    def count(progress):
        progress.total(3)
        for _ in range(3):
            progress.step()
        return {"counted": 3}

    run = after(start(count))
    assert (run.state, run.done, run.total, run.result, run.attempts) == ("done", 3, 3, {"counted": 3}, 1)
    assert not work.work_once()


def test_a_run_begins_no_earlier_than_it_may():
    run = start(lambda _: {}, not_before=timezone.now() + timedelta(hours=1))
    assert not work.work_once()
    assert after(run).state == "waiting"


def test_of_two_that_are_due_the_older_goes_first():
    order = []
    start(lambda progress: order.append(progress.run.params["n"]) or {})
    Run.objects.all().delete()
    for n in (1, 2, 3):
        run_start(side="hk", kind="test.kind", params={"n": n})
    work.work_all()
    assert order == [1, 2, 3]


def test_a_kind_that_nobody_here_knows_is_left_to_others():
    run = run_start(side="hk", kind="unknown.kind", params={})
    assert not work.work_once()
    assert after(run).state == "waiting"


def test_what_the_input_did_wrong_is_told_in_its_own_words():
    def refuse(progress):
        raise InputError("x.y", "Row {row} has no date. Give one.", where="sheet", row=7)

    run = after(start(refuse))
    assert run.state == "failed"
    assert json.loads(run.error)["params"] == {"row": 7}
    assert run.error_text() == "sheet: Row 7 has no date. Give one."


def test_a_mistake_of_the_program_is_told_in_one_line_that_names_nobody(caplog):
    def break_down(progress):
        raise KeyError("Chan Tai Man")

    run = after(start(break_down))
    assert run.state == "failed"
    assert "KeyError at test_work.py:" in run.error_text()
    assert "\n" not in run.error_text()
    assert "Chan" not in run.error + caplog.text


def test_a_database_that_does_not_answer_is_tried_again_later():
    answers = iter([OperationalError("busy"), None])

    def flaky(progress):
        if error := next(answers):
            raise error
        return {}

    run = after(start(flaky))
    assert (run.state, run.leased_until) == ("waiting", None)
    assert run.not_before > timezone.now()
    Run.objects.update(not_before=timezone.now())
    assert after(run).state == "done"


def test_a_run_that_waits_is_cancelled_at_once(cast):
    run = start(lambda _: {})
    run_cancel(run=run, by=cast.dora)
    run_cancel(run=run, by=cast.dora)
    assert run.state == "cancelled"
    assert not work.work_once()
    record = PendingRecord.objects.get(kind="run.cancelled")
    assert (record.owner_side, json.loads(record.payload)) == ("hk", {"run": run.id, "by": cast.dora.id})


def test_a_run_at_work_stops_at_its_next_step(cast):
    def long(progress):
        progress.step()
        run_cancel(run=progress.run, by=cast.dora)
        progress.step()
        raise AssertionError("it went on")

    run = after(start(long, total=5))
    assert (run.state, run.done, run.total) == ("cancelled", 2, 5)


def test_a_run_that_has_ended_stays_as_it_ended(cast):
    run = after(start(lambda _: {"x": 1}))
    run_cancel(run=run, by=cast.dora)
    assert (run.state, run.result) == ("done", {"x": 1})


def test_a_killed_workers_run_is_taken_up_again_once_its_lease_has_run_out():
    run = start(lambda progress: {"attempt": progress.run.attempts})
    Run.objects.update(
        state="running", leased_by="DEAD", attempts=1, leased_until=timezone.now() + timedelta(seconds=9)
    )
    assert not work.work_once()
    Run.objects.update(leased_until=timezone.now() - timedelta(seconds=1))
    assert after(run).result == {"attempt": 2}


def test_a_run_that_kills_every_worker_is_given_up():
    run = start(lambda _: {})
    Run.objects.update(state="running", attempts=5, leased_until=timezone.now() - timedelta(seconds=1))
    assert after(run).state == "failed"
    assert "cut off 5 times" in run.error_text()


def test_whoever_lost_the_lease_writes_nothing_more():
    def slow(progress):
        Run.objects.update(leased_by="ANOTHER")
        progress.step()
        raise AssertionError("it went on")

    run = after(start(slow))
    assert (run.state, run.leased_by, run.done) == ("running", "ANOTHER", 0)


def test_a_lease_is_renewed_at_each_written_step():
    seen = []

    def slow(progress):
        Run.objects.update(leased_until=timezone.now() + timedelta(seconds=1))
        progress.step()
        seen.append(Run.objects.get().leased_until)
        return {}

    after(start(slow))
    assert seen[0] > timezone.now() + timedelta(seconds=50)


def test_a_worker_that_is_to_end_gives_its_run_back():
    def long(progress):
        work.stopping.set()
        progress.step()
        raise AssertionError("it went on")

    run = after(start(long))
    assert (run.state, run.attempts, run.leased_until) == ("waiting", 0, None)


def test_progress_is_not_written_within_the_works_own_transaction():
    seen = []

    def work_in_one_transaction(progress):
        with transaction.atomic():
            progress.step()
            seen.append(Run.objects.get().done)
        progress.step()
        seen.append(Run.objects.get().done)
        return {}

    after(start(work_in_one_transaction))
    assert seen == [0, 2]
