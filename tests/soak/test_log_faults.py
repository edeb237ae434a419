"""The log under faults: whoever is killed, whatever is changed, when the disk is full: nothing is lost or forked."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from contextlib import contextmanager, nullcontext

import pytest

from tests import postgres

pytestmark = pytest.mark.slow
KILLED = 200
CLIENTS = 4
A_TRANSACTION = 3
ENTRIES = 1_000
SETTLED_SECONDS = 120

PREPARE = """
import django; django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
from riverloop.apps.nodes import keys
for side in ("hk", "cn"):
    keys.log_signer(side), keys.cosigner(side)
"""
CLIENT = """
import django; django.setup()
import json, pathlib, sys, time
from django.db import transaction
from riverloop.apps.record.services import records_append
name, stop, told, number = sys.argv[1], pathlib.Path(sys.argv[2]), open(sys.argv[3], "a"), 0
while not stop.exists():
    batch = [{"client": name, "number": number + place} for place in range(3)]
    with transaction.atomic():
        records_append("hk", [("thing.done", one) for one in batch])
    number += 3
    print(number, file=told, flush=True)
    time.sleep(0.002)
"""
# Each word on its standard input makes a new process at once, which does rounds until it is killed.
SEQUENCER = """
import django; django.setup()
import os, sys
from django.core.management import call_command
from riverloop.apps.record.rounds import logs_round
for line in sys.stdin:
    child = os.fork()
    if not child:
        while True:
            logs_round()
    print(child, flush=True)
    os.waitpid(child, 0)
    print("gone", flush=True)
"""
SETTLE = """
import django; django.setup()
import json, pathlib, sys
from riverloop.apps.record.exporting import logs_export, logs_verify
from riverloop.apps.record.models import Leaf, MirrorLeaf, PendingRecord
from riverloop.apps.record.rounds import logs_round
from riverloop.apps.record.selectors import log_health
while logs_round():
    pass
leaves = list(Leaf.objects.filter(owner_side="hk").order_by("index"))
mirrored = MirrorLeaf.objects.filter(of_side="hk").order_by("index").values_list("commitment", flat=True)
target = pathlib.Path(sys.argv[1])
logs_export(target)
size = logs_verify(target)["hk"].signed.checkpoint.size
print(json.dumps({
    "entries": [json.loads(leaf.payload) for leaf in leaves],
    "whole": [leaf.index for leaf in leaves] == list(range(size)) and all(leaf.opens for leaf in leaves),
    "mirrored": [bytes(one).hex() for one in mirrored] == [bytes(leaf.commitment).hex() for leaf in leaves],
    "waiting": PendingRecord.objects.count(),
    "countersigned": log_health("hk").countersigned == size,
}))
"""


@contextmanager
def node(tmp_path, vendor):
    """Give a function that runs a program in a node of its own, on either database."""
    other = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "RIVERLOOP_SIDE")}
    other |= {"RIVERLOOP_DATA": str(tmp_path / "data"), "DJANGO_SETTINGS_MODULE": "riverloop.web.settings"}
    with postgres.cluster() if vendor == "postgresql" else nullcontext("") as url:
        environment = other | ({"DATABASE_URL": url} if url else {})

        def start(program, *words, **options):
            command = [sys.executable, "-c", program, *map(str, words)]
            return subprocess.Popen(command, env=environment, text=True, **options)

        def run(program, *words, **options):
            done = start(program, *words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)
            told, mistakes = done.communicate(timeout=SETTLED_SECONDS + 300)
            assert done.returncode == 0, mistakes
            return told

        run.start = start
        yield run


@pytest.fixture(params=["sqlite", "postgresql"])
def run(request, tmp_path):
    if request.param == "postgresql" and not postgres.binaries():
        pytest.skip(f"PostgreSQL is missing. {postgres.HOW_TO_GET}")
    with node(tmp_path, request.param) as run:
        run.vendor = request.param
        run(PREPARE)
        yield run


def test_a_killed_sequencer_loses_nothing_and_doubles_nothing(run, tmp_path, fault_count, tell):
    kills, stop, chance = fault_count(KILLED), tmp_path / "stop", random.Random(9)
    told = [tmp_path / f"client-{name}" for name in range(CLIENTS)]
    clients = [run.start(CLIENT, name, stop, path) for name, path in enumerate(told)]
    pipe = subprocess.PIPE
    sequencer = run.start(SEQUENCER, stdin=pipe, stdout=pipe)
    try:
        while not all(path.exists() and path.stat().st_size for path in told):
            time.sleep(0.05)
        for _ in range(kills):
            print("go", file=sequencer.stdin, flush=True)
            child = int(sequencer.stdout.readline())
            time.sleep(chance.uniform(0.01, 0.3))
            os.kill(child, signal.SIGKILL)
            assert sequencer.stdout.readline() == "gone\n"
    finally:
        stop.touch()
        sequencer.stdin.close()
        ended = [one.wait(timeout=60) for one in (*clients, sequencer)]
        sequencer.stdout.close()
    assert ended == [0] * (CLIENTS + 1)
    found = json.loads(run(SETTLE, tmp_path / "export"))
    entries = [(one["client"], one["number"]) for one in found.pop("entries")]
    recorded = {
        (str(name), number) for name, path in enumerate(told) for number in range(int(path.read_text().split()[-1]))
    }
    assert len(entries) == len(set(entries))
    assert set(entries) == recorded
    assert found == {"whole": True, "mirrored": True, "waiting": 0, "countersigned": True}
    for name in range(CLIENTS):  # and what one client did stands in the order in which it did it
        own = [number for client, number in entries if client == str(name)]
        assert own == sorted(own)
    tell(
        f"the sequencer killed while {CLIENTS} clients record ({run.vendor})",
        kills,
        f"{len(entries):,} entries: none lost, none doubled, no gap, both logs verify",
    )


FILL = """
import django; django.setup()
import pathlib, sys
from django.db import transaction
from riverloop.apps.record.exporting import logs_export
from riverloop.apps.record.rounds import logs_round
from riverloop.apps.record.services import records_append
with transaction.atomic():
    records_append("hk", [("thing.done", {"thing": number}) for number in range(int(sys.argv[1]))])
logs_round()
logs_export(pathlib.Path(sys.argv[2]))
"""


def test_every_byte_of_an_export_that_is_flipped_is_found(tmp_path, fault_count, tell):
    from riverloop.apps.record.exporting import files_verify
    from riverloop.core.kernel.errors import InputError

    with node(tmp_path, "sqlite") as run:
        run(PREPARE)
        run(FILL, ENTRIES, tmp_path / "export")
    folder = tmp_path / "export" / "hk"
    files = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert files_verify(files.get).signed.checkpoint.size == ENTRIES
    every = [(path, place) for path, content in sorted(files.items()) for place in range(len(content))]
    chance = random.Random(11)
    tried = every if fault_count(100) == 100 else chance.sample(every, len(every) // 100)
    for path, place in tried:
        spoilt = bytearray(files[path])
        spoilt[place] ^= 1 << chance.randrange(8)
        with pytest.raises(InputError) as caught:
            files_verify((files | {path: bytes(spoilt)}).get)
        assert "\n" not in caught.value.text()
    tell(f"a byte of an export of {ENTRIES:,} entries flipped", len(tried), "each is found, and the file or leaf named")


ROUND = """
import django; django.setup()
import resource, sys
from riverloop.apps.record import folders
from riverloop.apps.record.rounds import log_round
from riverloop.apps.record.selectors import log_health
import signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
most = int(sys.argv[1])
write = folders.files_write
def limited(folder, files):
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, before[1]))
    try:
        write(folder, files)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
if most:
    from riverloop.apps.record import publishing
    publishing.files_write = limited
log_round("hk")
health = log_health("hk")
print(health.size, health.published, health.refuses_to_sign)
"""
MORE = """
import django; django.setup()
import sys
from django.db import transaction
from riverloop.apps.record.services import records_append
with transaction.atomic():
    records_append("hk", [("thing.done", {"thing": number}) for number in range(int(sys.argv[1]))])
"""


def test_a_file_system_that_takes_no_more_tears_nothing_and_the_log_goes_on(tmp_path, fault_count, tell):
    """A limit on the size of a file stands in for a full disk where none can be mounted: writes fail half way."""
    from riverloop.apps.record.exporting import logs_verify

    rounds = fault_count(100)
    with node(tmp_path, "sqlite") as run:
        run(PREPARE)
        run(MORE, 300)
        run(ROUND, 0)
        for number in range(1, rounds + 1):
            run(MORE, 40)
            size, published, said = run(ROUND, 64 * number).strip().split(" ", 2)
            whole = logs_verify(tmp_path / "data" / "log" / "hk")["hk"].signed.checkpoint.size
            assert whole == int(published)
            assert int(size) == 300 + 40 * number
            assert "The disk is full" in said or published == size
        size, published, *said = run(ROUND, 0).strip().split(" ", 2)
        assert (size, published) == (str(300 + 40 * rounds),) * 2
        assert said == []
        assert logs_verify(tmp_path / "data" / "log" / "hk")["hk"].signed.checkpoint.size == int(size)
    tell("the disk full while a log is published (a limit of file size)", rounds, "nothing torn, one line, it goes on")


@contextmanager
def small_disk(folder):
    """Mount a file system of 2 MiB in memory; skip where that may not be done."""
    folder.mkdir(parents=True)
    command = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False) if shutil.which("mount") else None
    if done is None or done.returncode:
        pytest.skip("No file system may be mounted here: the test before this one stands in for it.")
    try:
        yield
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_tears_nothing_and_the_log_goes_on_when_there_is_room(tmp_path, fault_count, tell):
    from riverloop.apps.record.exporting import logs_verify

    log, rounds = tmp_path / "data" / "log", fault_count(100)
    with node(tmp_path, "sqlite") as run, small_disk(log):
        run(PREPARE)
        run(MORE, 300)
        run(ROUND, 0)
        filler, chance = log / "filler", random.Random(5)
        for _ in range(rounds):
            run(MORE, 40)
            free = os.statvfs(log)
            room = chance.randrange(0, 8) * 4_096
            filler.write_bytes(bytes(max(0, free.f_bavail * free.f_frsize - room)))
            health = run(ROUND, 0).strip().split(" ", 2)
            assert logs_verify(log / "hk")["hk"].signed.checkpoint.size == int(health[1])
            assert health[0] == health[1] or "The disk is full" in health[2]
            filler.unlink()
        assert len(run(ROUND, 0).strip().split(" ", 2)) == 2
    tell("the disk full while a log is published (a tmpfs of 2 MiB)", rounds, "nothing torn, one line, it goes on")
