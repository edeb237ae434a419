"""A node of the release before the logs is brought up to date: every page opens, every decision runs again."""

import json

import pytest

from tests.installation import Installation, database_of_its_own

pytestmark = [pytest.mark.database, pytest.mark.slow]
LOOK = """
import json
import django
django.setup()
from django.test import Client
from django.test.utils import setup_test_environment
from riverloop.apps.clearance.deciding import decision_rerun
from riverloop.apps.clearance.models import Movement, SideDecision
from riverloop.apps.clearance.exchange import signature_holds
from riverloop.apps.notices import signing
from riverloop.apps.notices.envelopes import signed_bytes
from riverloop.apps.notices.models import Message
from riverloop.apps.parties.models import IdentityNumber, User
from riverloop.apps.record.models import Leaf, PendingRecord
setup_test_environment()
waiting = PendingRecord.objects.count()  # before pages are opened, which is recorded
own = [row for row in SideDecision.objects.all() if row.side == row.owner_side]
answers = {}
for account in User.objects.filter(is_demo=True).order_by("id"):
    client = Client()
    client.force_login(account, backend="allauth.account.auth_backends.AuthenticationBackend")
    for path in ("/", "/day/", "/movements/", "/queue/", "/messages/", "/me/", "/permits/", "/runs/"):
        answers.setdefault(client.get(path).status_code, []).append(path)
    for movement in Movement.objects.filter(owner_side=account.owner_side):
        answers.setdefault(client.get(f"/movements/{movement.id}/").status_code, []).append("movement")
print(json.dumps({
    "movements": Movement.objects.count(),
    "decisions": len(own),
    "rerun": sum(decision_rerun(row) for row in own),
    "messages": Message.objects.count(),
    "verified": sum(
        signing.verify(row.from_side, signed_bytes(row), bytes(row.signature), row.key_id)
        for row in Message.objects.all()
    ),
    "decided": sum(signature_holds(row) for row in SideDecision.objects.all()),
    "all_decided": SideDecision.objects.count(),
    "pending": waiting,
    "leaves": Leaf.objects.count(),
    "numbers": [number.opened() for number in IdentityNumber.objects.all()],
    "answers": {status: len(paths) for status, paths in answers.items()},
    "broken": sorted(set(answers.get(500, []))),
}))
"""


@pytest.fixture
def older(tmp_path):
    with database_of_its_own("riverloop_upgrade") as url:
        yield Installation(tmp_path / "data", url, RIVERLOOP_DEMO="1").lay_older()


def test_everything_of_the_release_before_opens_after_the_upgrade(older):
    assert older.run("work", "--once").stdout.strip() != "0 runs"  # which migrates first, as any start does
    found = json.loads(older.python(LOOK))
    assert found["movements"] == 16, "eight movements, and the other side's copy of each"
    assert found["decisions"] >= 16
    assert found["rerun"] == found["decisions"]
    assert found["verified"] == found["messages"] > 0, "as they were signed then"
    assert found["decided"] == found["all_decided"]
    assert found["pending"] == 0
    assert found["leaves"] > 100, "what waited for a log has its place there"
    assert older.run("log", "verify", older.folder / "log").returncode == 0
    assert found["numbers"] == ["SYNTHETIC01"]
    assert found["broken"] == []
    assert found["answers"]["200"] > 100
    assert set(found["answers"]) <= {"200", "302", "403", "404"}


def test_an_upgrade_that_was_done_is_not_done_again(older):
    older.run("work", "--once")
    again = older.run("work", "--once")
    assert again.returncode == 0
