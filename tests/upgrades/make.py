"""Makes the database of an older release, for tests/upgrades/test_upgrade.py: a few made-up movements as SQL text.

Run it with that release's code, so that nothing in it is of today:

    git archive 3ac37ab | tar -x -C OLD
    PYTHONPATH=OLD/src .venv/bin/python tests/upgrades/make.py tests/upgrades/before_logs
"""

import os
import shutil
import sqlite3
import sys
import tempfile
from pathlib import Path

MOVEMENTS = 8
KEPT = ("keys", "files")  # of the data folder: what the database alone does not read


def make(target):
    """Fill a data folder by that release's own services, and write it to a folder as text."""
    folder = Path(tempfile.mkdtemp())
    os.environ |= {"RIVERLOOP_DATA": str(folder), "RIVERLOOP_DEMO": "1"}
    os.environ.pop("DATABASE_URL", None)
    from riverloop.web.server import prepare

    prepare()
    from riverloop.web.demo import day
    from riverloop.web.demo.cast import cast_load

    cast_load()
    spec = dict(day.day_spec())
    spec |= {"movements": MOVEMENTS, "people": {side: one | {"count": 2} for side, one in spec["people"].items()}}
    day.day_spec = lambda: spec
    day.day_load()
    add_what_is_sealed()
    target.mkdir(parents=True, exist_ok=True)
    with sqlite3.connect(folder / "riverloop.sqlite3") as database:
        (target / "database.sql").write_text("\n".join(database.iterdump()) + "\n", encoding="utf-8")
    for name in KEPT:
        shutil.rmtree(target / name, ignore_errors=True)
        if (folder / name).exists():
            shutil.copytree(folder / name, target / name, ignore=shutil.ignore_patterns("*.lock"))
    shutil.rmtree(folder)


def add_what_is_sealed():
    from riverloop.apps.parties.models import Person
    from riverloop.apps.parties.services import identity_number_add

    person = Person.objects.order_by("id").first()
    identity_number_add(person=person, kind="passport", number="SYNTHETIC01")


if __name__ == "__main__":
    make(Path(sys.argv[1]))
