"""An installation of its own for a test: a data folder, a database of the tested kind, and commands over both."""

import contextlib
import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

OLDER = Path(__file__).parent / "upgrades" / "before_logs"
"""What the release before the logs left, as tests/upgrades/make.py made it: eight made-up movements and their keys."""

COPY_OLDER = """
import sys
import django
from django.conf import settings
from django.core.management import call_command
settings.DATABASES["older"] = {"ENGINE": "django.db.backends.sqlite3", "NAME": sys.argv[1]}
django.setup()
from django.core.management.color import no_style
from django.db import connection, connections
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.recorder import MigrationRecorder
applied = MigrationRecorder(connections["older"]).applied_migrations()
executor = MigrationExecutor(connection)
leaves = [one for one in applied if not any(one in executor.loader.graph.node_map[other].parents for other in applied
          if other[0] == one[0])]
state = executor.migrate(leaves)
models = [model for model in state.apps.get_models() if model._meta.managed and not model._meta.proxy]
connection.disable_constraint_checking()
with connection.cursor() as cursor:
    cursor.execute("SET session_replication_role = replica")  # rows come in any order
for model in models:
    model._base_manager.all().delete()
    rows = list(model._base_manager.using("older").all())
    model._base_manager.using("default").bulk_create(rows)
with connection.cursor() as cursor:
    for line in connection.ops.sequence_reset_sql(no_style(), models):
        cursor.execute(line)
"""


class Installation:
    """A node of its own.

    Args:
        folder: its data folder.
        url: its database; empty for SQLite in the data folder.
    """

    def __init__(self, folder, url="", **environment):
        self.folder, self.url = Path(folder), url
        kept = {name: text for name, text in os.environ.items() if not name.startswith(("RIVERLOOP_", "DATABASE_URL"))}
        self.environment = kept | {"RIVERLOOP_DATA": str(self.folder), "RIVERLOOP_LOG": "json"} | environment
        self.environment |= {"DATABASE_URL": url} if url else {}

    def run(self, *arguments, check=True, **named):
        """Run a command of ``riverloop``."""
        return self._run([sys.executable, "-m", "riverloop", *map(str, arguments)], check=check, **named)

    def python(self, code, *arguments, **named):
        """Run Python over it, and return what it printed."""
        return self._run([sys.executable, "-c", code, *map(str, arguments)], check=True, **named).stdout

    def _run(self, command, *, check, **named):
        environment = {**self.environment, "DJANGO_SETTINGS_MODULE": "riverloop.web.settings"}
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, check=False, timeout=300, **named
        )
        assert not check or done.returncode == 0, done.stderr
        return done

    def start(self, *arguments, **named):
        """Start a command that goes on; whoever starts it ends it."""
        command = (
            [sys.executable, *arguments] if arguments[0] == "-c" else [sys.executable, "-m", "riverloop", *arguments]
        )
        environment = {**self.environment, "DJANGO_SETTINGS_MODULE": "riverloop.web.settings"}
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "stdin": subprocess.PIPE, "text": True}
        return subprocess.Popen(command, env=environment, **(pipes | named))

    @contextlib.contextmanager
    def serving(self, *options, stderr=None, patience_seconds=90):
        """Serve while the body runs, and give the address and the process."""
        port = free_port()
        process = self.start(
            "serve", "--port", str(port), *options, stdout=subprocess.DEVNULL, stderr=stderr, stdin=None
        )
        try:
            address = f"http://127.0.0.1:{port}"
            wait_for(lambda: process.poll() is not None or answers(f"{address}/healthz"), patience_seconds)
            assert process.poll() is None, "it did not start"
            yield address, process
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(40)
            if process.poll() is None:
                process.kill()
                process.wait()

    def lay_older(self):
        """Make it what the release before the logs left."""
        self.folder.mkdir(parents=True, exist_ok=True)
        shutil.copytree(OLDER / "keys", self.folder / "keys")
        database = self.folder / ("older.sqlite3" if self.url else "riverloop.sqlite3")
        with contextlib.closing(sqlite3.connect(database)) as made:
            made.executescript((OLDER / "database.sql").read_text("utf-8"))
        if self.url:
            self.python(COPY_OLDER, database)
            database.unlink()
        return self


@contextlib.contextmanager
def database_of_its_own(name):
    """Give the address of an empty database on the PostgreSQL that is tested; nothing for SQLite."""
    server = os.environ.get("DATABASE_URL", "")
    if not server.startswith("postgres"):
        yield ""
        return
    import psycopg

    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        connection.execute(f'CREATE DATABASE "{name}"')
    try:
        yield urlunsplit(urlsplit(server)._replace(path=f"/{name}"))
    finally:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def answers(address):
    """Say whether anything answers, well or not."""
    try:
        with urllib.request.urlopen(address, timeout=5):
            return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False


def health_of(address):
    try:
        with urllib.request.urlopen(f"{address}/healthz", timeout=10) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        return json.load(error)


def wait_for(found, patience_seconds=60):
    until = time.monotonic() + patience_seconds
    while time.monotonic() < until:
        if result := found():
            return result
        time.sleep(0.05)
    raise AssertionError("it did not come")
