"""Passengers a second of Riverloop beside Ciw and SimPy, on one network in one run, and what planners wait for.

The network is a tandem of two halls of exponential counters. All three simulate it by replications of the same length;
the table is printed only if they agree on every mean wait.
"""

import contextlib
import os
import resource
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from riverloop.core.queueing.closed_forms import mmc_wait_seconds
from riverloop.core.queueing.intervals import over_replications
from riverloop.core.queueing.network import Scenario
from riverloop.core.queueing.results import Result
from riverloop.core.queueing.running import run
from riverloop.core.queueing.scenario_file import read_scenario
from riverloop.core.queueing.sizing import least_roster
from riverloop.core.queueing.spreading import Workers
from riverloop.core.queueing.warming import warm

RATE_PER_HOUR = 600
HALLS = [("counter", 12, 60.0), ("customs", 9, 45.0)]
PEER_HOURS, PEER_RUNS = 60, 6
OUR_HOURS, OUR_RUNS = 200, 80
WARM_UP_HOURS = 3
CORES = os.cpu_count() or 1


def network(hours: float, replications: int) -> Scenario:
    stations = "\n".join(
        f"  - {{name: {name}, channels: {channels}, service: {{distribution: exponential, mean_seconds: {mean}}}}}"
        for name, channels, mean in HALLS
    )
    text = f"""
arrivals: {{process: poisson, rate_per_hour: {RATE_PER_HOUR}, hours: {hours}}}
stations:
{stations}
route: [{", ".join(name for name, _, _ in HALLS)}]
warm_up_hours: {WARM_UP_HOURS}
seed: 1
replications: {replications}
"""
    return read_scenario(text, name="bench")


# The peers --------------------------------------------------------------------------------------------------------


def simpy_run(seed: int) -> tuple[int, list[float]]:
    import simpy  # noqa: PLC0415

    generator = np.random.default_rng(seed)
    environment = simpy.Environment()
    halls = [simpy.Resource(environment, channels) for _, channels, _ in HALLS]
    waits: list[list[float]] = [[] for _ in HALLS]
    horizon = PEER_HOURS * 3600.0
    count = int(RATE_PER_HOUR * PEER_HOURS * 1.2)
    gaps = (generator.standard_exponential(count) * (3600.0 / RATE_PER_HOUR)).tolist()
    services = [(generator.standard_exponential(count) * mean).tolist() for _, _, mean in HALLS]

    def passenger(number: int, measured: bool) -> Iterator[Any]:  # noqa: FBT001
        for place, hall in enumerate(halls):
            joined = environment.now
            with hall.request() as request:
                yield request
                if measured:
                    waits[place].append(environment.now - joined)
                yield environment.timeout(services[place][number])

    def source() -> Iterator[Any]:
        for number, gap in enumerate(gaps):
            yield environment.timeout(gap)
            if environment.now > horizon:
                return
            environment.process(passenger(number, environment.now >= WARM_UP_HOURS * 3600))

    environment.process(source())
    environment.run()
    return sum(map(len, waits)), [statistics.fmean(one) for one in waits]


def ciw_run(seed: int) -> tuple[int, list[float]]:
    import ciw  # noqa: PLC0415

    count = len(HALLS)
    routing = [[1.0 if column == row + 1 else 0.0 for column in range(count)] for row in range(count)]
    plan = ciw.create_network(
        arrival_distributions=[ciw.dists.Exponential(RATE_PER_HOUR / 3600), *[None] * (count - 1)],
        service_distributions=[ciw.dists.Exponential(1 / mean) for _, _, mean in HALLS],
        number_of_servers=[channels for _, channels, _ in HALLS],
        routing=routing,
    )
    ciw.seed(seed)
    simulation = ciw.Simulation(plan)
    simulation.simulate_until_max_time(PEER_HOURS * 3600.0)
    waits: list[list[float]] = [[] for _ in HALLS]
    visits = 0
    for record in simulation.get_all_records():
        visits += 1
        if record.arrival_date >= WARM_UP_HOURS * 3600:
            waits[record.node - 1].append(record.waiting_time)
    return visits, [statistics.fmean(one) for one in waits]


def peer(one_run: Callable[[int], tuple[int, list[float]]]) -> tuple[float, list[list[float]]]:
    """Return visits a second of the processor, in the best run, and the mean waits of each hall by replication."""
    best, rows = 0.0, []
    for seed in range(1, PEER_RUNS + 1):
        began = time.process_time()
        visits, waits = one_run(seed)
        best = max(best, visits / (time.process_time() - began))
        rows.append(waits)
    return best, [list(row) for row in zip(*rows, strict=True)]


# Riverloop --------------------------------------------------------------------------------------------------------


def visits_of(result: Result) -> int:
    return result.passengers * len(HALLS)


def timed(scenario: Scenario, **options: Any) -> tuple[float, Result]:
    began = time.perf_counter()
    result = run(scenario, **options)
    return time.perf_counter() - began, result


def on_one_core(scenario: Scenario) -> float:
    """Return seconds of the processor, which others on the machine hardly change."""
    began = time.process_time()
    run(scenario)
    return time.process_time() - began


PROFILE = "[0,0,0,0,0,0,0.02,0.05,0.08,0.09,0.08,0.06,0.05,0.05,0.05,0.06,0.07,0.08,0.08,0.07,0.05,0.04,0.02,0]"


def control_point(days: list[int], replications: int = 1) -> Scenario:
    """Both ways of a busy control point: four stations for each passenger. All but its size is made up."""

    def stations(way: str) -> str:
        roster = "[{from: '06:00', until: '09:00', channels: %d}, {from: '09:00', until: '24:00', channels: %d}]"
        return f"""
  - name: {way}_out
    roster: {roster % (40, 48)}
    service: {{distribution: lognormal, mean_seconds: 12, cv: 0.4}}
  - name: {way}_out_customs
    roster: {roster % (20, 24)}
    service: {{distribution: gamma, mean_seconds: 6, shape: 4}}
  - {{name: {way}_in, roster: {roster % (40, 48)}, service: {{distribution: lognormal, mean_seconds: 12, cv: 0.4}}}}
  - {{name: {way}_in_customs, channels: 24, service: {{distribution: exponential, mean_seconds: 6}}}}"""

    text = f"""
name: A year both ways
arrivals:
  - {{name: arriving, passengers_per_day: {days}, profile: {PROFILE}, shares: {{arriving: 1}}}}
  - {{name: departing, passengers_per_day: {days}, profile: {PROFILE}, shares: {{departing: 1}}}}
classes:
  arriving: {{route: [arr_out, arr_out_customs, arr_in, arr_in_customs]}}
  departing: {{route: [dep_out, dep_out_customs, dep_in, dep_in_customs]}}
stations:{stations("arr")}{stations("dep")}
seed: 1
replications: {replications}
"""
    return read_scenario(text, name="bench")


def a_year() -> tuple[float, Result]:
    generator = np.random.default_rng(2025)
    days = (80_877 * (1 + 0.25 * generator.standard_normal(365)).clip(0.5, 1.9)).astype(int).tolist()
    return timed(control_point(days), spread=Workers())


def forget_largest() -> None:
    """Let this process's greatest memory begin anew, as far as the system can do so."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def largest_megabytes() -> float:
    """Return the greatest memory of this process, or of one that it started, those still running included."""
    found = [resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss]
    children = " ".join(one.read_text() for one in Path("/proc/self/task").glob("*/children")).split()
    for status in (Path("/proc", one, "status") for one in ("self", *children)):
        with contextlib.suppress(OSError):
            found += [int(line.split()[1]) for line in status.read_text().splitlines() if line.startswith("VmHWM:")]
    if len(found) == 1:  # a system without /proc
        found.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
    return max(found) / 1024


def main() -> None:
    began = time.perf_counter()
    warm()
    warmed = time.perf_counter() - began
    print(f"kernels ready after {warmed:.1f} s (compiled now if this is the first run after a change)\n")
    rates, waits = {}, {}
    rates["SimPy, 1 core"], waits["SimPy"] = peer(simpy_run)
    rates["Ciw, 1 core"], waits["Ciw"] = peer(ciw_run)
    alone = run(network(OUR_HOURS, OUR_RUNS))
    seconds = min(on_one_core(network(OUR_HOURS, OUR_RUNS // 4)) for _ in range(20)) * 4
    workers = Workers()
    timed(network(10, CORES), spread=workers)  # the workers start
    longer = network(OUR_HOURS * 5, OUR_RUNS)
    together = min(timed(longer, spread=workers)[0] for _ in range(2)) / 5
    again = run(network(OUR_HOURS, OUR_RUNS), spread=workers)
    if again.as_json() != alone.as_json():
        raise SystemExit("The same run on several cores gives another answer")
    ours = visits_of(alone) / seconds
    print(f"tandem of {len(HALLS)} halls, {visits_of(alone):,} visits here; every mean wait agrees\n")
    for place, (name, channels, mean) in enumerate(HALLS):
        told = {"exact": f"{mmc_wait_seconds(RATE_PER_HOUR, mean, channels):.2f}"}
        own = alone.wait(name)
        for peer_name, rows in waits.items():
            theirs = over_replications(rows[place], 0.999)
            if (
                own is None
                or theirs is None
                or abs(own.mean - theirs.mean) > (theirs.high - theirs.low) / 2 + own.high - own.mean
            ):
                raise SystemExit(f"{peer_name} gives another mean wait at {name}: {theirs} beside {own}")
            told[peer_name] = f"{theirs.mean:.2f} ± {theirs.high - theirs.mean:.2f}"
        told["Riverloop"] = f"{own.mean:.2f} ± {own.high - own.mean:.2f}" if own else ""
        print(f"mean wait at {name}: " + ", ".join(f"{key} {value} s" for key, value in told.items()))
    print(f"\n{'engine':32}{'visits/s':>14}{'Riverloop is':>16}{'target':>12}")
    print(f"{'Riverloop, 1 core':32}{ours:>14,.0f}")
    print(f"{f'Riverloop, {CORES} cores':32}{visits_of(alone) / together:>14,.0f}")
    for name, target in (("Ciw, 1 core", 300), ("SimPy, 1 core", 140)):
        print(f"{name:32}{rates[name]:>14,.0f}{ours / rates[name]:>14,.0f} x{f'>= {target} x':>12}")
        both = visits_of(alone) / together
        print(f"{'  all cores beside its one':32}{'':>14}{both / rates[name]:>14,.0f} x")
    forget_largest()
    year_seconds, year = a_year()
    print(f"\na year, {year.passengers:,} passengers, four stations each: {year_seconds:.1f} s (target 60),")
    print(f"  largest process {largest_megabytes():,.0f} MB, {CORES} workers and this one (target 4 GB)")
    page_seconds, page = timed(control_point([80_877], 5))
    print(f"a page's default run, {page.passengers:,} passengers in 5 replications: {page_seconds:.2f} s (target 2)")
    began = time.perf_counter()
    roster = least_roster(control_point([80_877], 10), "dep_in", shift_hours=(4, 8))
    print(
        f"a day's least roster, {roster.paid_hours} paid hours, {roster.tried} guesses of 10 days each: "
        f"{time.perf_counter() - began:.1f} s (target 10)"
    )


if __name__ == "__main__":
    with contextlib.suppress(BrokenPipeError):
        sys.exit(main())
