"""Rows that are inserted many at once are the rows that Django would have stored."""

from datetime import UTC, datetime

import pytest
from django.db import IntegrityError, transaction

from riverloop.apps.notices.models import Message
from riverloop.apps.record.models import PendingRecord
from riverloop.apps.record.rows import rows_insert
from riverloop.apps.runs.models import Run

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 22, 9, 30, 0, 123456, tzinfo=UTC)
ROWS = [
    lambda: Run(
        owner_side="hk", kind="a.b", params={"é": [1, None, "100%s"]}, not_before=NOW, created_at=NOW, cancel_asked=True
    ),
    lambda: PendingRecord(
        owner_side="hk", kind="a.b", payload='{"x":"%"}', salt=b"\0" * 32, commitment=b"\xff" * 32, created_at=NOW
    ),
    lambda: Message(
        owner_side="hk", ref="R", from_side="hk", to_side="cn", kind="a.b", body="{}", signature=b"s", key_id="k",
        sent_at=NOW, state="queued",
    ),
]  # fmt: skip


def stored(row):
    kept = type(row).objects.values().get(pk=row.pk)
    return {
        name: bytes(value) if isinstance(value, memoryview) else value for name, value in kept.items() if name != "id"
    }


@pytest.mark.parametrize("make", ROWS)
def test_a_row_is_stored_as_django_would_store_it(make):
    one, other = make(), make()
    if isinstance(other, Message):
        other.ref = one.ref = "R"
        other.owner_side = "cn"
    rows_insert([one])
    other.save(force_insert=True)
    assert {**stored(one), "owner_side": ""} == {**stored(other), "owner_side": ""}


def test_an_inserted_row_can_be_changed_and_saved():
    (run,) = rows_insert([ROWS[0]()])
    run.state = "done"
    run.save()
    assert Run.objects.get().state == "done"


def test_of_rows_that_do_not_fit_none_is_kept():
    rows = [ROWS[1]() for _ in range(3)]
    rows[2].id = rows[0].id
    with pytest.raises(IntegrityError), transaction.atomic():
        rows_insert(rows)
    assert not PendingRecord.objects.exists()


def test_no_rows_are_no_trouble():
    assert rows_insert([]) == []
