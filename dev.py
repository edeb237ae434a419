#!/usr/bin/env python3
"""Sets Riverloop up in .venv and runs its tasks: `python3 dev.py --help`.

It needs Python 3.11 or newer and nothing else: only the standard library is used here.
"""

import sys

if sys.version_info < (3, 11):  # before anything an older Python could trip over
    sys.exit(
        "Riverloop needs Python 3.11 or newer; this is Python %d.%d. Install one (Debian, Ubuntu: "
        "apt install python3.11 python3.11-venv) and run it by name: python3.11 dev.py" % sys.version_info[:2]
    )

import argparse
import contextlib
import difflib
import hashlib
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from threading import Event

from tests import postgres, two_nodes

try:
    import fcntl
except ImportError:
    sys.exit("Riverloop runs on Linux and macOS; on Windows, run this inside the Windows Subsystem for Linux.")

ROOT = Path(__file__).resolve().parent
LANGUAGES = ("zh_Hant", "zh_Hans")
LOCKS = ("base", "dev", "bench", "spark", "dask")  # in this order: each may lean on those before it
COVERED_BY = {"base": ("base", "dev")}  # dev.txt holds all of base.txt


class TroubleError(Exception):
    """What stops a task, in one line that says how to mend it."""


class Place:
    """One checkout, its virtual environment, and the stamp that says what was installed there."""

    def __init__(self, root):
        self.root = root
        self.venv = root / ".venv"
        self.python = self.venv / "bin" / "python"
        self.stamp = self.venv / "riverloop-setup.json"
        self.unfinished = self.venv / "riverloop-setup-unfinished"
        self.log = self.venv / "riverloop-setup.log"

    def bin(self, name):
        return str(self.venv / "bin" / name)

    def lock_file(self, name):
        return self.root / "requirements" / f"{name}.txt"

    def catalogues(self):
        """Give each message catalogue with the compiled file that the program reads."""
        for language in LANGUAGES:
            source = self.root / "locale" / language / "LC_MESSAGES" / "django.po"
            if source.exists():
                yield source, self.root / "src/riverloop/web/locale" / language / "LC_MESSAGES" / "django.mo"

    def wanted(self):
        """Digest everything a complete setup depends on."""
        return {
            "root": str(self.root),
            "locks": {name: digest(self.lock_file(name)) for name in LOCKS if self.lock_file(name).exists()},
            "project": digest(self.root / "pyproject.toml"),
            "catalogues": {source.parts[-3]: digest(source) for source, _ in self.catalogues()},
        }

    def found(self):
        """Read the stamp; nothing that is missing, torn or of another checkout counts as set up."""
        if self.unfinished.exists() or not self.python.exists():
            return {}
        try:
            stamp = json.loads(self.stamp.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return stamp if isinstance(stamp, dict) and stamp.get("root") == str(self.root) else {}

    def missing(self, name, found, wanted):
        """Tell which steps remain before the requirements ``name`` are in place."""
        locks = found.get("locks", {})
        steps = []
        if not any(locks.get(lock) == wanted["locks"][lock] for lock in COVERED_BY.get(name, (name,))):
            steps.append("packages")
        if found.get("project") != wanted["project"]:
            steps.append("project")
        if found.get("catalogues") != wanted["catalogues"] or not all(mo.exists() for _, mo in self.catalogues()):
            steps.append("catalogues")
        return steps


HERE = Place(ROOT)


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


# Setting up


def ensure(*names, place=HERE):
    """Bring .venv to what the requirement sets ``names`` and this checkout ask for; quick if it is there."""
    wanted = place.wanted()
    if not any(place.missing(name, place.found(), wanted) for name in names):
        return
    with only_one(place.root / ".venv.lock"):
        for name in names:
            install(place, name)


@contextlib.contextmanager
def only_one(path):
    """Hold ``path`` locked, so that two setups at once take turns."""
    with path.open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("Another dev.py is setting up this checkout; waiting for it.")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def install(place, name):
    """Do the missing steps for one requirement set, and stamp only what is complete."""
    found, wanted = place.found(), place.wanted()
    steps = place.missing(name, found, wanted)
    if not steps:
        return
    if not found:
        make_venv(place)
    # While this file is there an interruption leaves a .venv that the next run makes anew.
    place.unfinished.touch()
    try:
        if "packages" in steps:
            say(f"Installing the packages of requirements/{name}.txt: some tens of seconds, this once.")
            pip(place, "--require-hashes", "--no-compile", "--requirement", str(place.lock_file(name)))
        if "project" in steps:
            pip(place, "--no-deps", "--no-build-isolation", "--no-compile", "--editable", str(place.root))
        if "catalogues" in steps:
            compile_catalogues(place)
    except TroubleError:  # pip ended in good order and undid what it had begun: .venv is as it was before
        place.unfinished.unlink()
        raise
    locks = found.get("locks", {}) | ({name: wanted["locks"][name]} if "packages" in steps else {})
    fresh = place.stamp.with_suffix(".new")
    fresh.write_text(json.dumps(wanted | {"locks": locks}, indent=1), encoding="utf-8")
    fresh.replace(place.stamp)
    place.unfinished.unlink()


def make_venv(place):
    """Make a new .venv in place of one that is absent, half made, or carried here from another folder."""
    if place.unfinished.exists() or place.stamp.exists() or not place.python.exists():
        if place.venv.exists():
            say("The .venv here is incomplete or was moved; making it anew.")
            shutil.rmtree(place.venv)
        place.venv.mkdir()
        place.unfinished.touch()
        command = [getattr(sys, "_base_executable", sys.executable), "-m", "venv", str(place.venv)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise TroubleError(why_no_venv(done.stdout + done.stderr))


def why_no_venv(output):
    if "ensurepip" in output:
        return (
            "This Python cannot make a virtual environment: install its venv package "
            "(Debian, Ubuntu: apt install python3-venv) and run this again."
        )
    return f"Python could not make .venv: {last_line(output)}"


def pip(place, *arguments):
    """Run pip install, keeping its talk in a log; its failure becomes one line."""
    command = [
        str(place.python),
        "-m",
        "pip",
        "install",
        "--disable-pip-version-check",
        "--no-input",
        *arguments,
    ]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    with place.log.open("a", encoding="utf-8") as log:
        log.write(f"$ {shlex.join(command)}\n{done.stdout}\n")
    if done.returncode != 0:
        raise TroubleError(why_no_packages(done.stdout, place.log))


def why_no_packages(output, log):
    if re.search("NewConnectionError|(Connect|Read)Timeout|ProxyError|SSLError|from versions: none", output):
        return (
            "The Python package index cannot be reached. Connect to the network, or name a mirror or proxy "
            f"(PIP_INDEX_URL, HTTPS_PROXY), and run this again. Details: {log}"
        )
    if "DO NOT MATCH THE HASHES" in output:
        return f"A downloaded package is not the one that was locked, so it was not installed. Details: {log}"
    errors = [line for line in output.splitlines() if line.startswith("ERROR")]
    return f"pip could not install the packages: {last_line(chr(10).join(errors) or output)} Details: {log}"


def last_line(text):
    lines = text.strip().splitlines()
    return lines[-1].strip() if lines else "it said nothing."


def compile_catalogues(place):
    """Compile each message catalogue to where Django reads it; the compiled files are not in git."""
    for source, compiled in place.catalogues():
        compiled.parent.mkdir(parents=True, exist_ok=True)
        command = [place.bin("pybabel"), "compile", "-i", str(source), "-o", str(compiled)]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        if done.returncode != 0:
            raise TroubleError(f"{source.relative_to(place.root)} does not compile: {last_line(done.stdout)}")


# Tasks


def setup(arguments):
    """Make .venv ready for every task, tests and checks included."""
    no_arguments("setup", arguments)
    ensure("dev")
    say("Ready: .venv/bin holds riverloop, pytest, ruff and mypy.")


def up(arguments):
    """Set up, load the demo zone and serve it: up [--port 8000] [--nodes 2]."""
    parser = argparse.ArgumentParser(prog="dev.py up", description=up.__doc__, allow_abbrev=False)
    parser.add_argument("--port", type=port, default=8000, help="where to serve on 127.0.0.1 (default: 8000)")
    parser.add_argument(
        "--nodes", type=int, choices=(1, 2), default=1, help="both sides on one node (default), or each on its own"
    )
    chosen = parser.parse_args(arguments)
    ensure("base")
    os.environ["RIVERLOOP_DEMO"] = "1"  # anyone may enter its accounts, so it listens on this computer alone
    if chosen.nodes > 1:
        return two_nodes.serve(HERE.python, folder_of_nodes(), chosen.port, say=say)
    command = [HERE.bin("riverloop"), "serve", "--port", str(chosen.port)]
    return os.execv(command[0], command)  # the server takes this process over, and with it every signal


def folder_of_nodes():
    """Say where the nodes of `up --nodes 2` keep their data: in the data folder, if one is set."""
    data = os.environ.get("RIVERLOOP_DATA", "").strip()
    return (Path(data).resolve() if data else ROOT / "var") / "nodes"


def port(text):
    number = int(text)
    if not 0 < number < 65536:
        raise argparse.ArgumentTypeError(f"{number} is not between 1 and 65535")
    return number


def test(arguments):
    """Run every test; what follows goes to pytest: test -k clearance -x."""
    ensure("dev")
    return run_tests(arguments)


def soak(arguments):
    """Run the fault tests at their full counts and print the table that docs publish."""
    ensure("dev")
    return call([str(HERE.python), "-m", "pytest", "-m", "fault", "-s", *arguments], RIVERLOOP_SOAK="1")


def run_tests(arguments):
    """Run everything on SQLite and the database tests on PostgreSQL, and of all tests those in a browser apart."""
    only = next((text.partition("=")[2] for text in arguments if text.startswith("--database=")), None)
    arguments = [text for text in arguments if not text.startswith("--database=")]
    pytest = [str(HERE.python), "-m", "pytest"]
    if os.environ.get("CI"):  # one order, so that a red run is the change's own; people's machines try new ones
        pytest.append("--randomly-seed=1")
    on_sqlite = [*pytest, "--database=sqlite", *arguments]
    on_postgresql = [*pytest, "--database=postgresql", *arguments]
    beside = {}
    if not arguments:  # all of them: two cores are through soonest with parts of like length
        beside = {"In a browser": ([*on_sqlite, "--in-browser=only"], None)}
        on_sqlite.append("--in-browser=never")
    if only == "sqlite" or not has_postgresql(required=bool(only)):
        return run_beside(on_sqlite, beside)
    with postgres.cluster() as url:
        if only == "postgresql":
            return unless_none_selected(call(on_postgresql, DATABASE_URL=url))
        return run_beside(on_sqlite, {"On PostgreSQL": (on_postgresql, url), **beside}, a_choice=bool(arguments))


def has_postgresql(*, required):
    if postgres.binaries():
        return True
    line = f"PostgreSQL is missing, so nothing is tested on it; to get it: {postgres.HOW_TO_GET}"
    if required or os.environ.get("CI"):
        raise TroubleError(line)
    say(line)
    return False


def run_beside(command, others, *, a_choice=False):
    """Run the tests of a command and, beside it, those of others in turn, told of when all are through.

    Of a choice it is no failure that a part holds none.
    """
    asked, ending = [], Event()
    with ThreadPoolExecutor(1) as pool:
        try:
            beside = {name: pool.submit(run_apart, *other, asked, ending) for name, other in others.items()}
            code = call(command, asked, DATABASE_URL=None)
            if not asked and code < STOPPED:
                wait(beside.values())
        finally:
            ending.set()
    if asked:
        return code or STOPPED + asked[0]
    if code >= STOPPED:
        return code
    for name, one in beside.items():
        failed, text = one.result()
        failed = unless_none_selected(failed) if a_choice else failed
        if failed:
            say(f"\n{text}\n{name} tests failed; what they said stands above.")
        else:
            lines = [line for line in text.splitlines() if NOT_RUN in line]
            say("\n".join([*lines, f"{name}: {last_line(text).strip('= ')}"]))
        code = code or failed
    return code


def run_apart(command, database, asked, ending):
    """Run tests while another command owns the terminal, and return their code and what they said."""
    if asked or ending.is_set():
        return STOPPED, "They were not begun."
    environment = {name: text for name, text in os.environ.items() if name != "DATABASE_URL"}
    environment |= {"DATABASE_URL": database} if database else {}
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as said:
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=said, stderr=subprocess.STDOUT
        )
        while process.poll() is None and not ending.wait(0.2):
            pass
        if process.poll() is None:
            process.terminate()
        code = process.wait()
        said.seek(0)
        return code, said.read()


NOT_RUN = " is missing, so "  # what conftest.py says of a tool
STOPPED = 128  # codes from here on: a signal ended it


def unless_none_selected(code):
    """Return the code of a run, in which it is no failure that no test was asked for."""
    no_test_selected = 5
    return 0 if code == no_test_selected else code


def check(arguments):
    """Check style, types, layers, rule packs and translations."""
    no_arguments("check", arguments)
    ensure("dev")
    checks = {
        "lint": [HERE.bin("ruff"), "check", "--quiet", "."],
        "format": [HERE.bin("ruff"), "format", "--check", "--quiet", "."],
        "types": [HERE.bin("mypy")],
        "layers": [HERE.bin("lint-imports"), "--no-logo"],
        "rule packs": [HERE.bin("riverloop"), "rules", "check"],
        "translations": [str(HERE.python), "-m", "tests.catalogues", "check"],
    }
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        results = dict(zip(checks, pool.map(timed, checks.values()), strict=True))
    for name, (code, _, output) in results.items():
        if code != 0:
            say(f"\n--- {name}: {shlex.join(checks[name])}\n{output.strip()}")
    say(f"\n{'check':<14}{'result':<10}{'seconds':>7}")
    for name, (code, seconds, _) in results.items():
        say(f"{name:<14}{'failed' if code else 'passed':<10}{seconds:>7.1f}")
    return int(any(code for code, _, _ in results.values()))


def timed(command):
    began = time.monotonic()
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    return done.returncode, time.monotonic() - began, done.stdout


def bench(arguments):
    """Measure Riverloop beside its peers in one run: bench NAME."""
    known = sorted(path.stem for path in (ROOT / "bench").glob("*.py") if not path.stem.startswith("_"))
    if not arguments or arguments[0] not in known:
        raise TroubleError(f"Name a benchmark: python3 dev.py bench NAME, where NAME is one of: {', '.join(known)}")
    ensure("dev", "bench")
    return call([str(HERE.python), "-m", f"bench.{arguments[0]}", *arguments[1:]])


def lock(arguments):
    """Lock the newest allowed versions again, with hashes: lock [--upgrade]."""
    ensure("dev")
    options = "--universal --python-version 3.11 --generate-hashes --quiet"
    options += " --no-emit-index-url --no-emit-find-links"  # whose mirror it came from is nobody's business
    for name in LOCKS:
        command = [HERE.bin("uv"), "pip", "compile", f"{name}.in", "-o", f"{name}.txt", *shlex.split(options)]
        command += ["--custom-compile-command", "python3 dev.py lock", *arguments]
        code = call(command, cwd=ROOT / "requirements")
        if code != 0:
            return code
    return 0


def messages(arguments):
    """Collect the texts to translate from code and templates into locale/."""
    no_arguments("messages", arguments)
    ensure("dev")
    return call([str(HERE.python), "-m", "tests.catalogues", "update"])


def ci(arguments):
    """Do what continuous integration does: check, then test."""
    no_arguments("ci", arguments)
    checked = check([])
    return test([]) or checked


TASKS = {task.__name__: task for task in (setup, up, test, check, bench, soak, ci, lock, messages)}


# Plumbing


def call(command, asked=None, cwd=ROOT, **environment):
    """Run a command that owns the terminal; pass on the wish to end it, note it in ``asked``, and wait for the end."""
    asked = [] if asked is None else asked
    changed = os.environ | {name: value for name, value in environment.items() if value is not None}
    for name in [name for name, value in environment.items() if value is None]:
        changed.pop(name, None)
    begun = []

    def end(number, _):
        asked.append(number)
        if number == signal.SIGTERM:  # Ctrl-C reaches the command from the terminal itself
            for process in begun:
                process.terminate()

    before = {number: signal.signal(number, end) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        with subprocess.Popen(command, cwd=cwd, env=changed) as process:
            begun.append(process)
            if signal.SIGTERM in asked:  # before there was anything to end
                process.terminate()
            code = process.wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    return code if code >= 0 else 128 - code


def no_arguments(task, arguments):
    if arguments:
        raise TroubleError(f"{task} takes no arguments, but got: {shlex.join(arguments)}")


def say(text):
    print(text, flush=True)


def overview():
    lines = [f"  {name:<10}{task.__doc__.splitlines()[0]}" for name, task in TASKS.items()]
    return "\n".join(["usage: python3 dev.py TASK …", "", *lines])


def main(arguments):
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    if not arguments or arguments[0] in {"-h", "--help", "help"}:
        say(overview())
        return 0 if arguments else 2
    name, *rest = arguments
    if name not in TASKS:
        near = difflib.get_close_matches(name, TASKS, n=1)
        hint = f' Did you mean "{near[0]}"?' if near else ""
        print(f'There is no task "{name}".{hint} Tasks: {", ".join(TASKS)}.', file=sys.stderr)
        return 2
    try:
        return TASKS[name](rest) or 0
    except (TroubleError, postgres.StartError, two_nodes.StartError) as trouble:
        print(trouble, file=sys.stderr)
    except OSError as error:
        print(f"{name} stopped: {error.strerror or error}: {error.filename or ROOT}", file=sys.stderr)
    except KeyboardInterrupt:
        print("\nStopped.", file=sys.stderr)
        return 130
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
