"""Two nodes on one computer, for `dev.py up --nodes 2` and the tests: standard library only.

Each has a data folder, a database, keys and a certificate of its own. They are made known to each other by the same
commands that two operators use, save that here nobody has to compare a fingerprint.
"""

import os
import signal
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

SIDES = """
import os
from riverloop.zones import load_zone
print(*(side.id for side in load_zone(os.environ.get("RIVERLOOP_ZONE") or "hetao").sides))
"""
NOT_SHARED = ("DATABASE_URL", "RIVERLOOP_URL", "RIVERLOOP_PEER_URL", "RIVERLOOP_SECRET_KEY")  # each has its own


class StartError(Exception):
    """Why the nodes do not start, in one line."""


def serve(python, folder, first_port, *, say):
    """Serve each side from a node of its own until we are asked to end, or one of them ends; return the exit code.

    Args:
        python: of the virtual environment.
        folder: holds a data folder for each side.
        first_port: of the first side's pages; those of the other, and where both listen to each other, follow it.
        say: prints a line.
    """
    nodes = nodes_of(python, folder, first_port)
    introduce(python, {side: environment for side, (_, environment) in nodes.items()})
    say("Each side has a node of its own here. The first start loads each side's half of the day; Ctrl+C stops both.")
    for side, (port, _) in nodes.items():
        say(f"  side {side}: http://127.0.0.1:{port}")
    processes = [
        subprocess.Popen([*command(python), "serve", "--port", str(port)], env=environment)
        for port, environment in nodes.values()
    ]
    return wait_for_first(processes)


def nodes_of(python, folder, first_port):
    """Return the port and the environment of each side's node, by the side."""
    sides = output_of([str(python), "-c", SIDES]).split()
    if first_port + 2 * len(sides) - 1 > 65_535:
        raise StartError(f"Two nodes take {2 * len(sides)} ports from {first_port} on. Choose a lower --port.")
    shared = {name: text for name, text in os.environ.items() if name not in NOT_SHARED}
    nodes = {}
    for place, side in enumerate(sides):
        (folder / side).mkdir(parents=True, exist_ok=True)
        own = {"RIVERLOOP_DATA": str(folder / side), "RIVERLOOP_SIDE": side, "RIVERLOOP_PEER_HOST": "127.0.0.1"}
        own["RIVERLOOP_PEER_PORT"] = str(first_port + len(sides) + place)
        nodes[side] = (first_port + place, shared | own)
    return nodes


def introduce(python, nodes):
    """Let each node show itself, and trust what the other showed."""
    with ThreadPoolExecutor() as pool:
        showing = {side: pool.submit(output_of, [*command(python), "node", "show"], own) for side, own in nodes.items()}
        shown = {side: done.result() for side, done in showing.items()}
        trust = [*command(python), "node", "trust", "-", "--replace"]  # this computer is both who shows and who trusts
        trusting = [
            pool.submit(output_of, trust, own, shown[other])
            for side, own in nodes.items()
            for other in nodes
            if other != side
        ]
        for done in trusting:
            done.result()


def command(python):
    """Return how the program is started."""
    return [str(python), "-m", "riverloop"]


def output_of(arguments, environment=None, text=None):
    """Return what a command prints; its last line is the reason if it fails."""
    done = subprocess.run(arguments, env=environment, input=text, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        lines = done.stderr.strip().splitlines()
        raise StartError(lines[-1] if lines else "A node did not start, and said nothing.")
    return done.stdout


def wait_for_first(processes):
    """Wait until we are asked to end or one process has ended; end the others, and return the exit code."""
    asked = []
    before = {
        number: signal.signal(number, lambda number, _: asked.append(number))
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        while not asked and all(process.poll() is None for process in processes):
            time.sleep(0.2)
    finally:
        for process in processes:
            if process.poll() is None:
                process.terminate()
        codes = [process.wait() for process in processes]
        for number, handler in before.items():
            signal.signal(number, handler)
    return 0 if asked else max(abs(code) for code in codes) or 1
