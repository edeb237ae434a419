"""What waited when an older release ended gets its place after the upgrade, in the order in which it came."""

import json

import pytest

from tests.installation import Installation, database_of_its_own

pytestmark = [pytest.mark.database, pytest.mark.slow]
COUNT = 30
OLDER = """
import sys
import django
django.setup()
from django.core.management import call_command
from django.db import connection
from django.utils import timezone
from riverloop.apps.record.commitments import commitment_of
from riverloop.core.kernel.ids import new_id
call_command("migrate", "record", "0005", verbosity=0)
now = connection.ops.adapt_datetimefield_value(timezone.now())
KEPT = "owner_side, kind, subject, payload, salt, commitment, created_at"
with connection.cursor() as cursor:
    for number in range(int(sys.argv[1])):
        payload, salt = '{"n":%d}' % number, bytes([number]) * 32
        line = [new_id(), "hk", "thing.done", "S", payload, salt, commitment_of(payload.encode(), salt), now]
        table, more, last = "record_pendingrecord (id,", "", []
        if number < 10:
            table, more, last = "record_leaf (record,", ', "index"', [number]
        cursor.execute(f"INSERT INTO {table} {KEPT}{more}) VALUES ({', '.join(['%s'] * (8 + len(last)))})", line + last)
    cursor.execute("DELETE FROM record_pendingrecord WHERE payload = %s", ['{"n":20}'])
"""
NOW = """
import json
import sys
import django
django.setup()
from django.core.management import call_command
from django.db import connection, transaction
with connection.cursor() as cursor:
    cursor.execute('SELECT record FROM record_leaf ORDER BY "index"')
    kept = cursor.fetchall()
    cursor.execute("SELECT id FROM record_pendingrecord ORDER BY " + sys.argv[1])
    kept += cursor.fetchall()
call_command("migrate", verbosity=0)
from riverloop.apps.record.models import Leaf, LogState, PendingRecord
from riverloop.apps.record.sequencing import sequence
from riverloop.apps.record.services import record_append
with transaction.atomic():
    record_append(side="hk", kind="thing.done", payload={"n": 99})
waiting = PendingRecord.objects.all()
found = {"waiting": len(waiting), "open": all(row.opens for row in waiting)}
LogState.objects.create(owner_side="hk", size=Leaf.objects.count())
sequence("hk")
leaves = Leaf.objects.order_by("index")
print(json.dumps(found | {
    "leaves": [row.payload for row in leaves],
    "index": [row.index for row in leaves],
    "all_open": all(row.opens for row in leaves),
    "same": [(row.record,) for row in leaves][:-1] == kept,
}))
"""


@pytest.fixture
def installation(tmp_path):
    with database_of_its_own("riverloop_one_index") as url:
        yield Installation(tmp_path / "data", url)


def test_what_waited_before_the_upgrade_gets_its_place_in_its_order(installation):
    installation.folder.mkdir()
    installation.python(OLDER, COUNT)
    found = json.loads(installation.python(NOW, "arrived" if installation.url else "rowid"))
    kept = [f'{{"n":{number}}}' for number in [*range(20), *range(21, COUNT), 99]]
    assert found["waiting"] == len(kept[10:])
    assert found["leaves"] == kept
    assert found["same"]
    assert found["index"] == list(range(len(kept)))
    assert found["open"]
    assert found["all_open"]
