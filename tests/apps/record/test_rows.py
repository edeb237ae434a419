"""Rows that are inserted many at once are the rows that Django would have stored, in the order in which they came."""

from datetime import UTC, datetime

import pytest
from django.db import IntegrityError, connection, transaction

from riverloop.apps.notices.models import Message
from riverloop.apps.record.models import Leaf, PendingRecord
from riverloop.apps.record.rows import lines_insert, rows_insert
from riverloop.apps.record.sequencing import sequence
from riverloop.apps.runs.models import Run
from riverloop.core.kernel.ids import new_id

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
LINE = {
    "owner_side": "hk",
    "kind": "a.b",
    "subject": "",
    "payload": '{"x":"%s \\n \\\\ 水 😀\ttab"}',
    "salt": bytes(range(32)),
    "commitment": b"\0\xff\\\n" * 8,
    "created_at": NOW,
}


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


@pytest.mark.parametrize("count", [2, 60])
def test_of_rows_that_do_not_fit_none_is_kept(count):
    rows = [ROWS[0]() for _ in range(count)]
    rows[-1].id = rows[0].id
    with pytest.raises(IntegrityError), transaction.atomic():
        rows_insert(rows)
    assert not Run.objects.exists()


def lines_keep(*lines):
    """Insert lines as the database takes them, each with an id."""
    instant = connection.ops.adapt_datetimefield_value(NOW)
    taken = [(new_id(), *(line | {"created_at": instant}).values()) for line in lines]
    lines_insert(PendingRecord, ("id", *LINE), taken)


def test_a_line_is_stored_as_django_would_store_it():
    lines_keep(LINE)
    assert stored(PendingRecord.objects.get()) == LINE
    PendingRecord.objects.create(**LINE)
    assert [stored(row) for row in PendingRecord.objects.all()] == [LINE, LINE]


@pytest.mark.parametrize("count", [3, 200])
def test_lines_get_their_places_in_their_order(count):
    lines = [LINE | {"kind": f"kind.{number}"} for number in range(count)]
    lines_keep(*lines[:2])
    lines_keep(*lines[2:])
    sequence("hk")
    assert list(Leaf.objects.order_by("index").values_list("kind", flat=True)) == [line["kind"] for line in lines]


@pytest.mark.parametrize("count", [1, 60])
def test_of_lines_that_do_not_fit_none_is_kept(count):
    with pytest.raises(IntegrityError), transaction.atomic():
        lines_keep(*[LINE] * count, LINE | {"payload": None})
    assert not PendingRecord.objects.exists()


def test_no_rows_are_no_trouble():
    assert rows_insert([]) == []
