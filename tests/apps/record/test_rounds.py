"""The worker's threads keep the logs going by themselves, go on after a mistake, and end when they are asked to."""

import threading
import time

import pytest
from django.db import connection, connections

from riverloop.apps.record import rounds
from riverloop.apps.record.selectors import log_health
from tests.apps.record.logs import append, verified
from tests.at_once import in_a_file

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def kept(tmp_path, monkeypatch):
    monkeypatch.setattr(rounds, "_PAUSE_SECONDS", 0.1)
    stopping = threading.Event()

    def keep(function):
        function(stopping)
        connections.close_all()

    with in_a_file(tmp_path):
        threads = [threading.Thread(target=keep, args=(one,)) for one in (rounds.logs_keep, rounds.mirrors_keep)]

        def start():
            for thread in threads:
                thread.start()

        yield start
        stopping.set()
        for thread in threads:
            thread.join(timeout=20)
        assert not any(thread.is_alive() for thread in threads)
    connection.close()


def until(reached, seconds=20):
    end = time.monotonic() + seconds
    while not reached():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_what_is_recorded_is_countersigned_without_anyone_asking(kept):
    append(3)
    append(2, side="cn")
    kept()
    until(lambda: [log_health(side).countersigned for side in ("hk", "cn")] == [3, 2])
    append(5)
    until(lambda: log_health("hk").countersigned == 8)
    assert verified()[0].size == 8


def test_a_mirror_that_does_not_answer_delays_nothing_of_ones_own_log(kept, monkeypatch):
    answer = threading.Event()
    real = rounds.mirror_push
    monkeypatch.setattr(rounds, "mirror_push", lambda side: answer.wait(30) and real(side))
    append(3)
    kept()
    until(lambda: log_health("hk").published == 3)
    append(4)
    until(lambda: log_health("hk").published == 7)
    assert log_health("hk").countersigned == 0
    answer.set()
    until(lambda: log_health("hk").countersigned == 7)


def test_a_mistake_stops_no_thread(kept, monkeypatch, caplog):
    failed, real = threading.Event(), rounds.log_publish

    def fail_once(side):
        if not failed.is_set():
            failed.set()
            raise ZeroDivisionError
        return real(side)

    monkeypatch.setattr(rounds, "log_publish", fail_once)
    append(3)
    kept()
    until(lambda: log_health("hk").countersigned == 3)
