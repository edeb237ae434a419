"""A table of 5,000 rows from hand-in to filed movements with both sides' decisions, as CSV and as XLSX.

It passes through the pages and the worker's runs as a person's table would, on SQLite and then on a PostgreSQL of its
own; in the end every movement must have both sides' answers on both sides. `python3 dev.py bench imports`
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile

from tests import postgres

_HERE = "import django; django.setup(); from bench._imports import measure; raise SystemExit(measure())"


def main() -> int:
    """Run on each database in a process of its own."""
    environment = {key: value for key, value in os.environ.items() if key != "DATABASE_URL"}
    code = run("SQLite", environment)
    if not postgres.binaries():
        print(f"PostgreSQL is missing; to get it: {postgres.HOW_TO_GET}")
        return code
    with postgres.cluster() as url:
        return run("PostgreSQL", {**environment, "DATABASE_URL": url}) or code


def run(name: str, environment: dict[str, str]) -> int:
    """Measure on one database, with a data folder of its own."""
    print(f"\n{name}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        here = {**environment, "RIVERLOOP_DATA": folder, "DJANGO_SETTINGS_MODULE": "riverloop.web.settings"}
        done = subprocess.run([sys.executable, "-c", _HERE], env=here, check=False)  # noqa: S603 - our own text
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
