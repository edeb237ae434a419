"""Runs: the same bits however they are spread, progress, and the answer as JSON."""

import json
import math
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from riverloop.core.queueing import spreading
from riverloop.core.queueing.intervals import Interval, lower_bound, over_replications, student
from riverloop.core.queueing.plan import make_plan
from riverloop.core.queueing.refusals import ScenarioError
from riverloop.core.queueing.running import run, tasks_of, work_of
from riverloop.core.queueing.spreading import Workers, _not_interrupted
from riverloop.core.queueing.warming import warm
from tests.core.queueing.scenes import CONTRACT, DAY, one_station, scenario

WEEK = one_station(
    "channels: 3, service: {distribution: exponential, mean_seconds: 20}",
    arrivals="{passengers_per_day: [4000, 3000, 2000, 5000]}",
    more="replications: 3",
)


def told(text, **options):
    return json.dumps(run(scenario(text), **options).as_json())


def test_the_answer_holds_at_least_what_the_contract_says():
    answer = run(scenario(CONTRACT.replace("2000", "200"))).as_json()
    assert answer["passengers"] == pytest.approx(4 * 200 * 600, rel=0.01)
    wait = answer["stations"]["counter"]["wait_seconds"]
    assert {"mean", "p50", "p95", "p99", "ci95"} <= wait.keys()
    low, high = wait["ci95"]
    assert low < wait["mean"] < high
    assert wait["p50"] <= wait["p95"] <= wait["p99"] <= wait["max"]
    assert 0 < answer["stations"]["counter"]["utilisation"] < 1
    assert answer["stations"]["counter"]["queue_max"] > 0
    assert answer["journey_seconds"]["mean"] == pytest.approx(wait["mean"] + 60, rel=0.02)
    assert answer["pledge"]["share_within"] == 1
    assert json.loads(json.dumps(answer, allow_nan=False)) == answer


def test_stations_one_after_another_are_a_tandem():
    text = (
        CONTRACT.replace("2000", "50")
        .replace("route: [counter]", "route: [counter, desk]")
        .replace(
            "stations:",
            "stations:\n  - {name: desk, channels: 9, service: {distribution: exponential, mean_seconds: 45}}",
        )
    )
    answer = run(scenario(text)).as_json()
    assert set(answer["stations"]) == {"counter", "desk"}
    assert answer["journey_seconds"]["mean"] > 105


def test_a_seed_decides_everything():
    assert told(DAY) == told(DAY)
    assert told(DAY) != told(DAY.replace("seed: 5", "seed: 6"))


def test_a_run_is_the_same_bits_on_threads_and_processes():
    alone = told(WEEK)
    assert told(WEEK, spread=Workers("threads", 2)) == alone
    assert told(WEEK, spread=Workers("loky", 2)) == alone


@pytest.mark.slow
@pytest.mark.filterwarnings(
    "ignore::ResourceWarning", "ignore::DeprecationWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)
def test_a_run_is_the_same_bits_on_a_dask_cluster():
    import dask
    from distributed import Client, LocalCluster

    alone = told(WEEK)
    patient = dask.config.set({f"distributed.comm.timeouts.{one}": "120s" for one in ("connect", "tcp")})
    with patient, LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None, host="127.0.0.1") as cluster:
        assert told(WEEK, spread=Workers("dask", cluster=cluster.scheduler_address)) == alone
        with Client(cluster) as client:  # the days were worked out there, in other processes
            loaded = client.run(lambda: "riverloop.core.queueing.engine" in sys.modules)
    assert len(loaded) == 2
    assert any(loaded.values())


def test_processes_of_a_cluster_leave_being_interrupted_to_whoever_began_them():
    before = signal.getsignal(signal.SIGINT)
    with _not_interrupted():
        told = [sys.executable, "-c", "import signal; print(signal.getsignal(signal.SIGINT) is signal.SIG_IGN)"]
        assert subprocess.run(told, capture_output=True, check=True, text=True).stdout == "True\n"
    assert signal.getsignal(signal.SIGINT) is before


@pytest.mark.filterwarnings(
    "ignore::ResourceWarning", "ignore::DeprecationWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)
def test_a_cluster_without_workers_is_told_of(monkeypatch):
    from distributed import LocalCluster

    monkeypatch.setattr(spreading, "_WORKER_SECONDS", 0.2)
    with LocalCluster(n_workers=0, dashboard_address=None, host="127.0.0.1") as cluster:
        address = cluster.scheduler_address
        with pytest.raises(ScenarioError) as refused:
            told(WEEK, spread=Workers("dask", cluster=address))
    assert refused.value.text() == f"The Dask scheduler at {address} has no workers. Start some: dask worker {address}."


def test_a_cluster_that_is_not_there_is_told_of():
    with pytest.raises(ScenarioError, match=r"No Dask scheduler answers at nowhere"):
        told(WEEK, spread=Workers("dask", cluster="nowhere"))


def test_a_year_is_cut_into_tasks_and_put_together_again():
    days = [390_000, 20_000, 300_000, 90_000, 10]
    text = WEEK.replace("[4000, 3000, 2000, 5000]", str(days)).replace("channels: 3", "channels: 400")
    parts = [
        [(replication, list(days)) for replication, days in parts] for _, parts in tasks_of(make_plan(scenario(text)))
    ]
    assert parts == [
        [(0, [0, 1])],
        [(0, [2, 3, 4]), (1, [0])],
        [(1, [1, 2, 3])],
        [(1, [4]), (2, [0, 1])],
        [(2, [2, 3, 4])],
    ]
    assert work_of(scenario(text)) == pytest.approx(3 * 800_010)


def test_progress_is_told_and_stops_a_run():
    seen = []
    many = WEEK.replace("[4000, 3000, 2000, 5000]", "[4000, 3000, 400000]")
    run(scenario(many), progress=lambda done, total: seen.append((done, total)))
    assert seen == [(407_000, 1_221_000), (814_000, 1_221_000), (1_221_000, 1_221_000)]

    def stop(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(scenario(WEEK), progress=stop)


def test_a_day_of_too_many_passengers_is_refused_before_it_begins():
    with pytest.raises(ScenarioError, match=r"120,000,000 passengers in one go are more than 20,000,000"):
        run(scenario(CONTRACT.replace("hours: 2000", "hours: 200000")))


def test_more_visits_at_once_than_memory_holds_are_refused():
    halls = ", ".join(f"h{number}" for number in range(40))
    stations = "".join(
        f"  - {{name: h{number}, channels: 9, service: {{distribution: exponential, mean_seconds: 1}}}}\n"
        for number in range(40)
    )
    text = f"arrivals: {{rate_per_hour: 3000000, hours: 1}}\nstations:\n{stations}route: [{halls}]\n"
    with pytest.raises(ScenarioError, match=r"3,000,000 passengers in one go are more than 2,000,000"):
        run(scenario(text))
    with pytest.raises(ScenarioError, match=r"^1e200 passengers in one go"):
        run(scenario(CONTRACT.replace("rate_per_hour: 600, hours: 2000", "rate_per_hour: 1e200, hours: 1")))


def test_a_worker_holds_the_tables_of_some_hundred_replications_at_most():
    many = CONTRACT.replace("rate_per_hour: 600, hours: 2000", "rate_per_hour: 1, hours: 24")
    tasks = tasks_of(make_plan(scenario(many.replace("replications: 4", "replications: 1000"))))
    assert [len(parts) for _, parts in tasks] == [300, 300, 300, 100]


def test_the_interval_of_a_time_does_not_go_below_zero():
    text = CONTRACT.replace("hours: 2000", "hours: 2").replace("replications: 4", "replications: 2")
    found = run(scenario(text.replace("channels: 12", "channels: 18")))
    waits = [one.wait_seconds[0] for one in found.replications]
    assert over_replications(waits).low < 0
    assert found.wait("counter").low == 0 < found.wait("counter").mean < found.wait("counter").high
    assert found.as_json()["stations"]["counter"]["wait_seconds"]["ci95"][0] == 0


def test_everybody_counts_alike_whichever_replication_they_came_in():
    interval = over_replications([10.0, 40.0, math.nan], weights=[8, 20, 0])
    assert interval.mean == pytest.approx((8 * 10 + 20 * 40) / 28)
    half = student(0.975, 1) * math.sqrt(2 * ((8 * (10 - interval.mean)) ** 2 + (20 * (40 - interval.mean)) ** 2)) / 28
    assert (interval.high - interval.low) / 2 == pytest.approx(half)
    alike, plain = over_replications([1.0, 2.0, 3.0], weights=[5, 5, 5]), over_replications([1.0, 2.0, 3.0])
    assert (alike.mean, alike.low, alike.high) == pytest.approx((plain.mean, plain.low, plain.high))
    assert lower_bound([1.0, 1.0], 0.95, weights=[0, 0]) == 1.0


def test_a_mean_is_the_same_number_wherever_it_is_told():
    few = "arrivals: {rate_per_hour: 9, hours: 1}\nstations:\n  - {name: one, channels: 1, service: {distribution: "
    found = run(scenario(few + "exponential, mean_seconds: 300}}\nroute: [one]\nreplications: 5\n"))
    told, sizes = found.as_json(), [one.passengers for one in found.replications]
    assert len(set(sizes)) > 1
    assert told["stations"]["one"]["wait_seconds"]["mean"] == pytest.approx(found.tally("one").mean, abs=1e-6)
    assert found.wait("one").mean == found.tally("one").mean
    assert found.journey.mean == found.tallies.journeys.mean
    assert found.within.mean == pytest.approx(found.share_within)


def test_intervals_of_five_replications_hold_the_truth_as_often_as_they_say():
    """A mean of exponential times over a number that is itself of chance, 3,000 times over."""
    random = np.random.default_rng(3)
    held = 0
    for _ in range(3000):
        counts = random.poisson(40, 5)
        interval = over_replications([random.exponential(60.0, one).mean() for one in counts], weights=counts.tolist())
        held += interval.low < 60 < interval.high
    assert 0.935 < held / 3000 < 0.965


def test_plain_python_gives_the_same_bits_as_compiled_code():
    command = [sys.executable, "-c", _TOLD]
    environment = {**os.environ, "NUMBA_DISABLE_JIT": "1", "PYTHONPATH": str(Path(__file__).parents[3])}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == told(_SMALL_DAY)


_SMALL_DAY = DAY.replace("6000", "600").replace("replications: 6", "replications: 2")
_TOLD = """
from tests.core.queueing.test_running import _SMALL_DAY, told
print(told(_SMALL_DAY))
"""


def test_every_kernel_can_be_made_ready_ahead_of_time():
    warm()


def test_intervals_are_those_of_student():
    assert student(0.975, 3) == pytest.approx(3.182446, abs=1e-6)
    interval = over_replications([1.0, 2.0, 3.0, 4.0])
    assert (interval.low, interval.high) == pytest.approx((2.5 - 2.054260, 2.5 + 2.054260), abs=1e-5)
    assert over_replications([1.0]) is None
    assert lower_bound([0.9], 0.95) == -math.inf  # of one, nothing is sure
    assert lower_bound([1.0, 2.0, 3.0, 4.0], 0.95) == pytest.approx(2.5 - 2.353363 * 0.6454972, abs=1e-5)
    assert Interval(1, 0.5, 1.5).sure
    assert not Interval(0, -1, 1).sure
