"""A worker that is killed while it files a table: all of its movements are filed in the end, each once, or none yet."""

import os
import random
import signal
import subprocess
import sys
import time

import pytest

pytestmark = pytest.mark.slow
KILLED = 20
ROWS = 300
BEGIN = """
import sys
from riverloop.web.server import prepare
prepare()
from riverloop.apps.clearance.importing.services import import_start
from riverloop.apps.parties.models import Role
from riverloop.apps.runs.work import work_all
from riverloop.web.demo.cast import cast_load
cast_load()
role = Role.objects.filter(kind="coordinator").order_by("granted_at", "id").first()
side = role.owner_side
head = "direction,crossing_at,reference,category,transport_mode,quantity,quantity_unit\\n"
way = sys.argv[1]
rows = [f"{way},2030-01-{1 + n % 28:02} 09:00,r{n},equipment,road,{n + 1},1\\n" for n in range(int(sys.argv[2]))]
table = (head + "".join(rows)).encode()
import_start(by=role.user, organisation=role.organisation, flow="goods", name="table.csv", content=table)
work_all()
"""
FILE = """
import django; django.setup()
from riverloop.apps.clearance.importing.services import import_file
from riverloop.apps.clearance.models import Import
batch = Import.objects.get()
import_file(by=batch.by, batch=batch)
"""
TAKE_UP = """
import django; django.setup()
from django.utils import timezone
from riverloop.apps.runs.models import Run
Run.objects.filter(state="running").update(leased_until=timezone.now())
"""
COUNT = """
import django; django.setup()
from riverloop.apps.clearance.models import Movement, SideDecision
from riverloop.apps.notices.models import Message
own = Movement.objects.filter(organisation__isnull=False)
print(own.count(), own.values("ref").distinct().count(), Movement.objects.filter(organisation=None).count(),
      own.filter(other_low=None).count(), Message.objects.filter(state__in=("queued", "refused")).count())
"""


@pytest.fixture
def python(tmp_path):
    """Run Python over a data folder of its own, as another process would."""
    environment = {
        **{name: value for name, value in os.environ.items() if name != "DATABASE_URL"},
        "RIVERLOOP_DATA": str(tmp_path),
        "RIVERLOOP_DEMO": "1",
        "DJANGO_SETTINGS_MODULE": "riverloop.web.settings",
    }

    def run(*arguments):
        done = subprocess.run(
            [sys.executable, *arguments], env=environment, capture_output=True, text=True, check=False, timeout=300
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.split()

    run.environment = environment
    return run


def test_a_table_is_filed_once_however_often_its_worker_is_killed(python, fault_count, tell):
    chance, kills = random.Random(7), fault_count(KILLED)
    python("-c", BEGIN, "hk-cn", str(ROWS))
    python("-c", FILE)
    for _ in range(kills):
        worker = subprocess.Popen(
            [sys.executable, "-m", "riverloop", "work", "--once"],
            env=python.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        time.sleep(chance.uniform(0.5, 4))
        worker.send_signal(signal.SIGKILL)
        worker.wait()
        filed = int(python("-c", COUNT)[0])
        assert filed in (0, ROWS), f"{filed} of {ROWS} movements were filed: the rest are lost or still to come"
        python("-c", TAKE_UP)
    for _ in range(30):  # a message that nobody brought is tried again some seconds later
        python("-m", "riverloop", "work", "--once")
        if python("-c", COUNT)[-1] == "0":
            break
        time.sleep(2)
    assert python("-c", COUNT) == [str(ROWS), str(ROWS), str(ROWS), "0", "0"]
    tell("a worker killed while it files a table", kills, f"{ROWS} movements, each once, on both sides")
