"""The log on disk: what is recorded gets its place, durably; `bench.log` runs it, once a database.

Writers are processes of their own that record as services do, a transaction each time; the sequencer runs beside them
as the worker's does. The clock stops when the last entry has its place. Everything is on the disk when it counts:
SQLite with synchronous=FULL, PostgreSQL with fsync and synchronous_commit on.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import unquote, urlsplit

from tests import postgres

TARGETS = {(100, 1): 30_000, (3, 4): 8_000}  # entries/s by entries a transaction and writers
ENTRIES = {(100, 1): 60_000, (3, 4): 18_000}
REPEATS = 3
DURABLE = {"fsync": "on", "full_page_writes": "on", "synchronous_commit": "on", "shared_buffers": "256MB"}
_PAUSE_SECONDS = 0.1  # between two rounds, as the worker does
_SETTINGS = {"DJANGO_SETTINGS_MODULE": "riverloop.web.settings"}
_HERE = "import django; django.setup(); from bench._durable import measure; raise SystemExit(measure())"
_WRITE = "import django; django.setup(); import sys; from bench._durable import write; write(*map(int, sys.argv[1:]))"


def durable() -> bool:
    """Measure on both databases, and say whether the targets are reached."""
    environment = {key: value for key, value in os.environ.items() if key != "DATABASE_URL"}
    print("\ndurable: recorded by writers and given their places by the sequencer beside them, entries/s")
    print(f"{'':<44}{'entries/s':>12}{'ratio':>10}{'target':>10}{'µs of CPU':>12}{'of the server':>15}")
    reached = _run("SQLite", environment)
    if not postgres.binaries():
        print(f"PostgreSQL is missing; to get it: {postgres.HOW_TO_GET}")
        return reached
    with postgres.cluster(**DURABLE) as url:
        return _run("PostgreSQL", {**environment, "DATABASE_URL": url}) and reached


def _run(name: str, environment: dict[str, str]) -> bool:
    with tempfile.TemporaryDirectory() as folder:
        here = {**environment, **_SETTINGS, "RIVERLOOP_DATA": folder, "BENCH_NAME": name}
        done = subprocess.run([sys.executable, "-c", _HERE], env=here, check=False)  # noqa: S603 - our own text
    return done.returncode == 0


def measure() -> int:
    """Measure on this process's database and print what came of it."""
    from django.core.management import call_command  # noqa: PLC0415 - the settings are read by now

    call_command("migrate", verbosity=0)
    name = os.environ["BENCH_NAME"]
    peer = peer_on_disk() if name == "SQLite" else 0.0
    if peer:
        print(f"{'pymerkle on SQLite, batches of 100':<44}{peer:>12,.0f}", flush=True)
    reached = True
    for (batch, writers), target in TARGETS.items():
        runs = [_through(batch, writers) for _ in range(REPEATS)]
        found, used, served = (statistics.median(column) for column in zip(*runs, strict=True))
        told = f"{found / peer:>8.1f} x" if peer and batch > writers else f"{'':>10}"
        beside = f"{served:>15.1f}" if served else ""
        label = f"{name}, {batch} a transaction, {writers} writer{'s' if writers > 1 else ''}"
        print(f"{label:<44}{found:>12,.0f}{told}{target:>10,}{used:>12.1f}{beside}", flush=True)
        reached &= found >= target
    print(f"{name + ', giving places alone':<44}{_places():>12,.0f}", flush=True)
    _insist_on_order()
    return int(not reached)


def peer_on_disk() -> float:
    """Return the entries/s of pymerkle's tree in SQLite, a transaction for each 100."""
    from pymerkle import SqliteTree  # noqa: PLC0415 - it is there for this benchmark alone

    batches = [[os.urandom(32) for _ in range(100)] for _ in range(300)]
    with tempfile.TemporaryDirectory() as folder:
        tree = SqliteTree(str(Path(folder) / "peer.db"), algorithm="sha256")
        began = time.perf_counter()
        for batch in batches:
            tree.append_entries(batch)
        seconds = time.perf_counter() - began
        tree.con.close()
    return sum(map(len, batches)) / seconds


def write(batch: int, count: int, number: int) -> None:
    """Be a writer: say that one is ready, wait for the word, and record so many entries."""
    from django.db import transaction  # noqa: PLC0415 - Django is set up by now

    from riverloop.apps.record.services import records_append  # noqa: PLC0415 - the same
    from riverloop.core.kernel.ids import new_id  # noqa: PLC0415 - the same

    listed = [
        [("movement.declared", {"movement": new_id(), "by": new_id(), "number": number}) for _ in range(batch)]
        for _ in range(count // batch)
    ]
    with transaction.atomic():  # the connection stands before the clock runs
        pass
    print("ready", flush=True)
    sys.stdin.readline()
    began = time.process_time()
    for entries in listed:
        with transaction.atomic():
            records_append("hk", entries)
    print(time.process_time() - began, flush=True)


def _through(batch: int, writers: int) -> tuple[float, float, float]:
    """Return the entries/s from the first transaction to the last place, and the processor's µs an entry.

    The latter are those of writers and sequencer, and those of PostgreSQL's own processes. They say what a busy machine
    hides.
    """
    from riverloop.apps.record.selectors import log_state  # noqa: PLC0415 - Django is set up by now
    from riverloop.apps.record.sequencing import sequence  # noqa: PLC0415 - the same
    from riverloop.apps.record.subjects import subjects_index  # noqa: PLC0415 - the same

    whole = ENTRIES[batch, writers]
    pipe = subprocess.PIPE
    started = [
        subprocess.Popen(  # noqa: S603 - our own text
            [sys.executable, "-c", _WRITE, str(batch), str(whole // writers), str(number)],
            stdin=pipe, stdout=pipe, text=True,
        )
        for number in range(writers)
    ]  # fmt: skip
    for one in started:
        assert one.stdout is not None  # noqa: S101 - it was asked for
        one.stdout.readline()
    before = log_state("hk").size
    began, used, served = time.perf_counter(), time.process_time(), _server_seconds()
    for one in started:
        assert one.stdin is not None  # noqa: S101 - it was asked for
        one.stdin.write("go\n")
        one.stdin.flush()
    done = 0
    while done < whole:
        done += sequence("hk")
        subjects_index("hk")
        if done < whole:
            time.sleep(_PAUSE_SECONDS)
    seconds, used, served = time.perf_counter() - began, time.process_time() - used, _server_seconds() - served
    for one in started:
        told, _ = one.communicate(timeout=60)
        if one.returncode:
            raise SystemExit("A writer failed.")
        used += float(told)
    if log_state("hk").size - before != whole:
        raise SystemExit("Entries were lost or doubled.")
    return whole / seconds, used / whole * 1_000_000, served / whole * 1_000_000


def _server_seconds() -> float:
    """Return the processor's seconds that PostgreSQL's processes took so far; 0 where there is none, or no /proc."""
    folder = unquote(urlsplit(os.environ.get("DATABASE_URL", "")).netloc.rpartition("@")[2])
    pid_file = Path(folder or "/dev/null", "data", "postmaster.pid")
    if not folder or not Path("/proc/self/stat").exists():
        return 0.0
    server = pid_file.read_text(encoding="utf-8").split()[0]
    ticks = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text(encoding="utf-8").rpartition(")")[2].split()
        except OSError:  # it ended meanwhile
            continue
        if stat.parent.name == server:
            ticks += sum(map(int, fields[11:15]))  # its own, and those of its processes that ended
        elif fields[1] == server:
            ticks += sum(map(int, fields[11:13]))
    return ticks / os.sysconf("SC_CLK_TCK")


def _places() -> float:
    """Return the entries/s of the sequencer alone, when all wait."""
    from django.db import transaction  # noqa: PLC0415 - Django is set up by now

    from riverloop.apps.record.sequencing import sequence  # noqa: PLC0415 - the same
    from riverloop.apps.record.services import records_append  # noqa: PLC0415 - the same

    for _ in range(6):
        with transaction.atomic():
            records_append("hk", [("thing.done", {"thing": number}) for number in range(10_000)])
    began, done = time.perf_counter(), 0
    while taken := sequence("hk"):
        done += taken
    return done / (time.perf_counter() - began)


def _insist_on_order() -> None:
    from riverloop.apps.record.models import Leaf  # noqa: PLC0415 - Django is set up by now

    found = Leaf.objects.order_by("index").values_list("index", flat=True)
    if list(found) != list(range(len(found))):
        raise SystemExit("The log has a gap.")
