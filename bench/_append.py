"""The log in memory: appending beside pymerkle, and an export of a million entries verified.

pymerkle is under the GPL: it is run here as a tool, and nothing of Riverloop imports it.
"""

from __future__ import annotations

import json
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pymerkle import InmemoryTree

from riverloop.core.tlog import (
    Checkpoint,
    CompactRange,
    Growth,
    Signer,
    Tree,
    leaf_hashes,
    sign_checkpoint,
    verify_log,
    vkey_file,
)

ENTRIES = 200_000
EXPORTED = 1_000_000
BATCH = 100
REPEATS = 5
SEED = 20261122
RATIO = 3.0
MOST_SECONDS = 60.0


def made(count: int) -> list[bytes]:
    chance = random.Random(SEED)
    return [chance.randbytes(32) for _ in range(count)]


def peer_one_by_one(entries: list[bytes]) -> bytes:
    tree = InmemoryTree(algorithm="sha256")
    for entry in entries:
        tree.append_entry(entry)
    return bytes(tree.get_root())


def peer_at_once(entries: list[bytes]) -> bytes:
    return bytes(InmemoryTree.init_from_entries(entries, algorithm="sha256").get_root())


def one_by_one(entries: list[bytes]) -> bytes:
    tree = Tree()
    for entry in entries:
        tree.append(entry)
    return tree.root()


def at_once(entries: list[bytes]) -> bytes:
    return Tree(entries).root()


def in_batches(entries: list[bytes]) -> bytes:
    compact = CompactRange()
    for start in range(0, len(entries), BATCH):
        compact = compact.appended(leaf_hashes(entries[start : start + BATCH]))
    return compact.root()


def as_files(entries: list[bytes]) -> bytes:
    growth = Growth()
    for made_files in (growth.extend(entries), growth.partials()):
        for _ in made_files:
            pass
    return growth.root()


WAYS: list[tuple[str, Callable[[list[bytes]], bytes], str]] = [
    ("pymerkle, one by one", peer_one_by_one, ""),
    ("pymerkle, at once", peer_at_once, ""),
    ("Riverloop, one by one", one_by_one, "pymerkle, one by one"),
    ("Riverloop, at once", at_once, "pymerkle, at once"),
    (f"Riverloop, compact range, batches of {BATCH}", in_batches, "pymerkle, one by one"),
    ("Riverloop, tiles and bundles made", as_files, "pymerkle, one by one"),
]


def rates(entries: list[bytes]) -> dict[str, float]:
    """Return the median entries/s of each way, taken in turns, once their roots agree."""
    seconds: dict[str, list[float]] = {name: [] for name, _, _ in WAYS}
    roots = set()
    for _ in range(REPEATS):
        for name, way, _ in WAYS:
            began = time.perf_counter()
            roots.add(way(entries))
            seconds[name].append(time.perf_counter() - began)
    if len(roots) != 1:
        sys.exit("The roots differ, so nothing was measured.")
    return {name: len(entries) / statistics.median(taken) for name, taken in seconds.items()}


def append() -> bool:
    """Measure appending in memory, and say whether the target is reached."""
    found = rates(made(ENTRIES))
    print(f"{ENTRIES:,} entries of 32 bytes appended in memory, one core; every root is the same\n")
    print(f"{'':<44}{'entries/s':>12}{'ratio':>10}{'target':>10}")
    reached = True
    for name, _, peer in WAYS:
        ratio = found[name] / found[peer] if peer else 0.0
        reached &= not peer or ratio >= RATIO
        told = f"{ratio:>8.1f} x{'>= 3 x':>10}" if peer else ""
        print(f"{name:<44}{found[name]:>12,.0f}{told}")
    return reached


def write(folder: Path, files: Iterable[tuple[str, bytes]]) -> None:
    for path, content in files:
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)


def export(folder: Path, count: int) -> None:
    """Write a log as files, as a side publishes it."""
    signer, growth = Signer("zone.example/bench", Ed25519PrivateKey.generate()), Growth()
    write(folder, growth.extend(made(count)))
    write(folder, growth.partials())
    note = sign_checkpoint(Checkpoint(signer.name, growth.size, growth.root()), signer)
    write(folder, [("vkey", vkey_file(signer.log_key)), ("checkpoint", note)])


def verify() -> bool:
    """Verify a large export in a process of its own, and say whether the target is reached."""
    with tempfile.TemporaryDirectory() as name:
        export(Path(name), EXPORTED)
        command = [sys.executable, "-c", "import sys; from bench._append import verified; verified(sys.argv[1])", name]
        done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603 - our own text
    told = json.loads(done.stdout)
    print(f"\nan export of {told['size']:,} entries verified in {told['seconds']:.1f} s, one core", end="")
    print(f" (target {MOST_SECONDS:.0f} s): {told['size'] / told['seconds']:,.0f} entries/s")
    print(f"its memory at its highest rose by {told['grown_kib'] / 1024:.1f} MiB")
    return bool(told["seconds"] <= MOST_SECONDS and told["size"] == EXPORTED)


def verified(folder: str) -> None:
    """Verify an export and print what it took as JSON."""

    def read(path: str) -> bytes | None:
        place = Path(folder, path)
        return place.read_bytes() if place.exists() else None

    before = most_kib()
    began = time.perf_counter()
    found = verify_log(read)
    seconds = time.perf_counter() - began
    told = {"size": found.signed.checkpoint.size, "seconds": seconds, "grown_kib": most_kib() - before}
    print(json.dumps(told))


def most_kib() -> int:
    """Return the most memory that this process held; what the system calls ru_maxrss counts its parent's as well."""
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024  # macOS, in bytes
    return int(status.read_text(encoding="ascii").partition("VmHWM:")[2].split()[0])
