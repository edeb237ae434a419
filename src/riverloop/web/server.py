"""Makes the data folder ready and serves the pages."""

from __future__ import annotations

import os
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "riverloop.web.settings")


def prepare() -> None:
    """Migrate the database, gather the static files and store the text of the law in use."""
    import django  # noqa: PLC0415 - settings are read only when they are needed

    django.setup()
    from django.core.management import call_command  # noqa: PLC0415

    from riverloop.apps.clearance import selectors, services  # noqa: PLC0415

    call_command("migrate", verbosity=0, interactive=False)
    call_command("collectstatic", verbosity=0, interactive=False)
    packs = selectors.rulebook().packs
    services.pack_text_store(sha256=packs.sha256, files=selectors.pack_texts())


def load_demo() -> int:
    """Prepare, add whoever of the demo's cast is missing, and return how many the cast are."""
    prepare()
    from riverloop.web.demo.cast import cast_load  # noqa: PLC0415 - it needs Django

    return cast_load()


def serve(*, host: str, port: int) -> None:
    """Prepare, then serve until stopped.

    One worker with one thread on SQLite, which takes one writer at a time; more on PostgreSQL.
    """
    from django.conf import settings  # noqa: PLC0415
    from django.db import connection  # noqa: PLC0415
    from granian import Granian  # noqa: PLC0415 - slow to import, and only this needs it
    from granian.constants import Interfaces  # noqa: PLC0415
    from granian.log import LogLevels  # noqa: PLC0415

    load_demo() if settings.RIVERLOOP_DEMO else prepare()

    lone = connection.vendor == "sqlite"
    connection.close()
    workers = 1 if lone else max(2, (os.cpu_count() or 2))
    options: dict[str, Any] = {
        "workers": workers,
        "blocking_threads": 1,
        "websockets": False,
        "log_level": LogLevels.warning,
    }
    print(f"Riverloop serves http://{_shown(host)}:{port} (stop it with Ctrl+C)", flush=True)  # noqa: T201
    Granian("riverloop.web.wsgi:application", address=host, port=port, interface=Interfaces.WSGI, **options).serve()


def _shown(host: str) -> str:
    return f"[{host}]" if ":" in host else host
