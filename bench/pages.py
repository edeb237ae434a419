"""Server time of the pages that people open all day, with 30,000 movements and a queue of 10,000.

Each page is opened by the account that uses it, through every middleware, on SQLite and then on a PostgreSQL of its
own. What is printed is the time from request to whole answer within the process. `python3 dev.py bench pages`
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile

from tests import postgres

_HERE = "import django; django.setup(); from bench._pages import measure; raise SystemExit(measure())"


def main() -> int:
    """Run on each database in a process of its own."""
    environment = {key: value for key, value in os.environ.items() if key != "DATABASE_URL"}
    code = run("SQLite", environment)
    if not postgres.binaries():
        print(f"PostgreSQL is missing; to get it: {postgres.HOW_TO_GET}")
        return code
    with postgres.cluster() as url:
        return code or run("PostgreSQL", {**environment, "DATABASE_URL": url})


def run(name: str, environment: dict[str, str]) -> int:
    """Measure on one database, with a data folder of its own."""
    print(f"\n{name}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        settings = {"RIVERLOOP_DATA": folder, "RIVERLOOP_DEMO": "1", "DJANGO_SETTINGS_MODULE": "riverloop.web.settings"}
        here = {**environment, **settings}
        done = subprocess.run([sys.executable, "-c", _HERE], env=here, check=False)  # noqa: S603 - our own text
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
