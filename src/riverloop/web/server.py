"""Makes the data folder ready and serves the pages."""

from __future__ import annotations

import errno
import os
import resource
import secrets
import shutil
import socket
import sys
from typing import Any

from riverloop.core.kernel.errors import InputError
from riverloop.web.beside import kept_beside, see_workers_end
from riverloop.web.data_folder import check_node, check_owner

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "riverloop.web.settings")
STOP_SECONDS = 30  # for requests under way when the server is stopped
_MOST_OPEN = 10_240  # files and connections of a process; macOS gives no more


def set_up(*, node: bool = False) -> None:
    """Set Django up, over a database that is prepared already.

    Args:
        node: whether it is for a node that is there: without one, nothing is made.

    Raises:
        ConflictError: the data folder belongs to another account.
        InputError: there is no node.
    """
    check_owner()
    if node:
        check_node()
    import django  # noqa: PLC0415 - settings are read only when they are needed

    django.setup()


def set_up_passing() -> None:
    """Set Django up for a command that works on files alone, of whosever node: no folder and no key is made.

    It signs no cookie, so a key that is gone with it will do.
    """
    os.environ.setdefault("RIVERLOOP_SECRET_KEY", secrets.token_urlsafe(50))
    import django  # noqa: PLC0415 - settings are read only when they are needed

    django.setup()


def prepare(*, node: bool = False) -> None:
    """Migrate the database and store the text of the law in use.

    Args:
        node: whether it is for a node that is there: without one, nothing is made.
    """
    set_up(node=node)
    from riverloop.apps.nodes.here import side_settle  # noqa: PLC0415 - it needs Django
    from riverloop.web import in_use  # noqa: PLC0415 - the same

    in_use.check_whole()
    side_settle()
    from django.core.management import call_command  # noqa: PLC0415

    from riverloop.apps.clearance import selectors, services  # noqa: PLC0415

    check_database()
    call_command("migrate", verbosity=0, interactive=False)
    packs = selectors.rulebook().packs
    services.pack_text_store(sha256=packs.sha256, files=selectors.pack_texts())


def load_demo() -> tuple[int, int]:
    """Prepare, add whoever of the demo's cast is missing, and its day if nothing has been filed yet.

    Returns:
        How many accounts the cast has, and how many movements were filed now.
    """
    prepare()
    from riverloop.web.demo.cast import cast_load  # noqa: PLC0415 - it needs Django
    from riverloop.web.demo.day import day_load  # noqa: PLC0415

    return cast_load(), day_load()


def serve(*, host: str, port: int, worker: bool = True) -> None:
    """Prepare, then serve until stopped, with a worker for what goes on in the background.

    One process on SQLite, which takes one writer at a time; more on PostgreSQL. Each answers one request at a time.
    """
    check_owner()
    check_free(host, port)
    os.environ["RIVERLOOP_SERVED_BY"] = str(os.getpid())  # its processes end with it
    os.environ.setdefault("RIVERLOOP_URL", f"http://{_shown(host)}:{port}")  # before the settings are read
    from django.conf import settings  # noqa: PLC0415
    from django.core.management import call_command  # noqa: PLC0415
    from django.db import connection  # noqa: PLC0415
    from granian import Granian  # noqa: PLC0415 - slow to import, and only this needs it
    from granian.constants import HTTPModes, Interfaces  # noqa: PLC0415
    from granian.log import LogLevels  # noqa: PLC0415

    from riverloop.web import in_use, logs  # noqa: PLC0415

    logs.catch_the_rest(with_words=settings.DEBUG)
    in_use.hold()
    load_demo() if settings.RIVERLOOP_DEMO else prepare()
    call_command("collectstatic", verbosity=0, interactive=False)
    from riverloop.apps.nodes.peers import own_url  # noqa: PLC0415 - it needs Django
    from riverloop.apps.parties.idempotency import keys_abandon  # noqa: PLC0415 - the same
    from riverloop.web import unsafe, watchdog  # noqa: PLC0415 - the same

    keys_abandon()
    _count_anew()
    _open_many()
    lone = connection.vendor == "sqlite"
    connection.close()
    workers = 1 if lone else max(2, (os.cpu_count() or 2))
    options: dict[str, Any] = {
        "workers": workers,
        "http": HTTPModes.http1,  # proxies speak it, and a connection that says nothing is cut off
        "websockets": False,
        "log_level": LogLevels.warning,
        "log_dictconfig": settings.LOGGING,
        "respawn_failed_workers": True,
        "workers_kill_timeout": STOP_SECONDS,
    }
    for line in unsafe.found() if unsafe.is_public(host) else []:
        print(f"Unsafe: {line}", file=sys.stderr, flush=True)  # noqa: T201
    print(f"Riverloop serves http://{_shown(host)}:{port} (stop it with Ctrl+C)", flush=True)  # noqa: T201
    application = "riverloop.web.turns:application"
    granian = Granian(application, address=host, port=port, interface=Interfaces.ASGINL, **options)
    beside = ["work"] if worker else []
    if settings.RIVERLOOP_SIDE:
        beside.append("listen")
        print(f"This is the node of side {settings.RIVERLOOP_SIDE}; it listens to the other at {own_url()}", flush=True)  # noqa: T201
    watchdog.watch(host, port)
    see_workers_end()
    with kept_beside(*beside):
        granian.serve()


def check_database() -> None:
    """Say in one line why the database does not answer: later on its words stay out of the log."""
    from django.db import OperationalError, connection  # noqa: PLC0415

    try:
        connection.ensure_connection()
    except OperationalError as error:
        why = " ".join(str(error).split())
        raise InputError(
            "serve.database", "The database does not answer: {why} See DATABASE_URL.", where="environment", why=why
        ) from None


def _count_anew() -> None:
    """Give the processes that serve a folder in which to count together: see metrics.py."""
    from django.conf import settings  # noqa: PLC0415

    folder = settings.RIVERLOOP_DATA / "metrics"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)


def _open_many() -> None:
    """Let a process hold more connections than the 1,024 that many systems begin with: strangers may keep some open."""
    now, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _MOST_OPEN if most == resource.RLIM_INFINITY else min(_MOST_OPEN, most)
    if now != resource.RLIM_INFINITY and now < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))


def check_free(host: str, port: int, *, option: str = "--port") -> None:
    """Check that nobody listens there: of two servers at one port each would answer some of the requests."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise InputError(
                    "serve.address", "Nothing can listen at {host}: {why}.", host=host, why=error.strerror
                ) from error
            raise InputError(
                "serve.port",
                "Another program serves at port {port}. Stop it, or choose another {option}.",
                port=port,
                option=option,
            ) from error


def _shown(host: str) -> str:
    return f"[{host}]" if ":" in host else host
