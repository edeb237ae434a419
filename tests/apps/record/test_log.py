"""From a record to a published, mirrored and countersigned leaf."""

import pytest
from django.db import transaction

from riverloop.apps.nodes import keys
from riverloop.apps.record import places
from riverloop.apps.record.models import Leaf, LogState, Mirror, MirrorLeaf, PendingRecord
from riverloop.apps.record.rounds import log_round, logs_round
from riverloop.apps.record.selectors import is_countersigned, is_mirrored, leaf_of, log_health, records_about, state_of
from riverloop.apps.record.sequencing import on_sequenced, sequence
from riverloop.apps.record.services import record_append
from riverloop.core.tlog import open_checkpoint, parse_note, tiles_of
from tests.apps.record.logs import append, folder, grow, verified

pytestmark = pytest.mark.django_db


def commitments(side="hk"):
    leaves = Leaf.objects.filter(owner_side=side).order_by("index")
    return [bytes(one) for one in leaves.values_list("commitment", flat=True)]


def test_what_waits_gets_its_place_in_the_order_in_which_it_arrived():
    append(5)
    append(4, first=5)
    append(2, side="cn")
    assert sequence("hk", limit=6) == 6
    assert sequence("hk") == 3
    assert sequence("hk") == 0
    leaves = Leaf.objects.filter(owner_side="hk").order_by("index")
    assert [(leaf.index, leaf.payload) for leaf in leaves] == [(n, f'{{"thing":{n}}}') for n in range(9)]
    assert all(leaf.opens for leaf in leaves)
    assert PendingRecord.objects.count() == PendingRecord.objects.filter(owner_side="cn").count() == 2


def test_a_leaf_is_what_waited_column_by_column():
    with transaction.atomic():
        kept = record_append(side="hk", kind="movement.filed", payload={"movement": "M"})
    kept.refresh_from_db()
    sequence("hk")
    leaf = Leaf.objects.get()
    for name in ("owner_side", "kind", "subject", "payload", "created_at"):
        assert getattr(leaf, name) == getattr(kept, name)
    assert (bytes(leaf.salt), bytes(leaf.commitment)) == (bytes(kept.salt), bytes(kept.commitment))
    assert (leaf.record, leaf.subject) == (kept.id, "M")


def test_who_asked_is_told_of_the_new_leaves_of_a_kind_in_the_same_transaction(monkeypatch):
    monkeypatch.setattr(places, "_told", {})
    told = []
    on_sequenced("message.sent", lambda side, leaves: told.append((side, [leaf.index for leaf in leaves])))
    append(2)
    append(3, kind="message.sent")
    sequence("hk")
    append(1)
    sequence("hk")
    assert told == [("hk", [2, 3, 4])]
    with pytest.raises(RuntimeError, match="Register one"):
        on_sequenced("message.sent", print)


def test_nothing_gets_a_place_if_who_is_told_fails(monkeypatch):
    monkeypatch.setattr(places, "_told", {})

    def fail(side, leaves):
        raise ZeroDivisionError

    on_sequenced("thing.done", fail)
    append(3)
    with pytest.raises(ZeroDivisionError):
        sequence("hk")
    assert (PendingRecord.objects.count(), Leaf.objects.count()) == (3, 0)


@pytest.mark.parametrize("counts", [(1,), (255,), (256,), (257,), (3, 253, 1), (300, 300)])
def test_a_published_log_verifies_down_to_each_entry(counts):
    grow(*counts)
    checkpoint, entries = verified()
    assert checkpoint.size == sum(counts)
    assert checkpoint.origin == "riverloop.zone/hetao/hk"
    assert entries == commitments()


def test_both_sides_countersign_each_other_and_keep_each_others_entries():
    append(3)
    append(2, side="cn")
    logs_round()
    for side, other, size in (("hk", "cn", 3), ("cn", "hk", 2)):
        signed = open_checkpoint(
            (folder(side) / "checkpoint").read_bytes(), keys.log_verifiers(side)[0], keys.cosigner_verifiers(other)
        )
        assert signed.checkpoint.size == size
        mirrored = MirrorLeaf.objects.filter(owner_side=other, of_side=side).order_by("index")
        assert [bytes(row.commitment) for row in mirrored] == commitments(side)
        assert is_mirrored(side=other, of_side=side, commitment=commitments(side)[0])
        assert not is_mirrored(side=side, of_side=other, commitment=commitments(side)[0])
        assert is_countersigned(side=side, index=size - 1)
        assert not is_countersigned(side=side, index=size)


def test_a_round_without_anything_new_changes_nothing():
    grow(3)
    before = {path: path.stat().st_mtime_ns for path in folder().rglob("*") if path.is_file()}
    assert log_round("hk") == 0
    assert {path: path.stat().st_mtime_ns for path in folder().rglob("*") if path.is_file()} == before


def test_partial_tiles_go_when_the_full_one_is_there():
    grow(100, 100, 100)
    names = {str(path.relative_to(folder())) for path in (folder() / "tile").rglob("*") if path.is_file()}
    assert names == {tile.path for tile in tiles_of(300)}


def test_a_log_that_lost_its_folder_makes_it_anew():
    grow(300)
    before = (folder() / "checkpoint").read_text().split("\n\n")[0]
    for path in sorted(folder().rglob("*"), reverse=True):
        path.unlink() if path.is_file() else path.rmdir()
    log_round("hk")
    checkpoint, entries = verified()
    assert (folder() / "checkpoint").read_text().split("\n\n")[0] == before
    assert entries == commitments()
    assert checkpoint.size == 300


def test_a_new_key_signs_the_same_tree_again():
    grow(5)
    keys.log_key_add("hk")
    log_round("hk")
    checkpoint, _ = verified()
    names = [one.key_id for one in parse_note((folder() / "checkpoint").read_bytes()).signatures]
    assert (checkpoint.size, names[0]) == (5, keys.log_verifiers("hk")[0].id)
    grow(5)
    assert verified()[0].size == 10


def test_health_says_how_far_a_log_is():
    append(3)
    health = log_health("hk")
    assert (health.size, health.pending, health.published, health.countersigned) == (0, 3, 0, 0)
    assert health.lag_seconds >= 0
    log_round("hk")
    health = log_health("hk")
    assert (health.size, health.pending, health.published, health.countersigned) == (3, 0, 3, 3)
    assert (health.refuses_to_sign, health.mirror_trouble) == ("", "")


def test_what_was_recorded_of_something_is_found_with_its_state():
    with transaction.atomic():
        kept = record_append(side="hk", kind="a", payload={"movement": "M" * 26})
        record_append(side="cn", kind="a", payload={"movement": "M" * 26})
        record_append(side="hk", kind="b", payload={}, subject="N" * 26)
    log_round("hk")
    with transaction.atomic():
        record_append(side="hk", kind="c", payload={"movement": "M" * 26})
    found = records_about(side="hk", subjects=["M" * 26])
    state = LogState.objects.get(pk="hk")
    assert [(one.kind, state_of(one, state)) for one in found] == [("a", "countersigned"), ("c", "pending")]
    assert leaf_of(side="hk", subject="M" * 26, commitment=kept.commitment) == found[0]
    assert records_about(side="hk", subjects=[""]) == []


def test_a_mirror_far_behind_catches_up_by_itself(monkeypatch):
    monkeypatch.setattr("riverloop.apps.record.mirroring.PUSH_ENTRIES", 7)
    monkeypatch.setattr("riverloop.apps.record.rounds.mirror_push", lambda _: 0)
    grow(20, 20)
    monkeypatch.undo()
    monkeypatch.setattr("riverloop.apps.record.mirroring.PUSH_ENTRIES", 7)
    log_round("hk")
    mirror = Mirror.objects.get(owner_side="cn", of_side="hk")
    assert mirror.size == MirrorLeaf.objects.count() == 40
    assert LogState.objects.get(pk="hk").cosigned_size == 40
    assert len(parse_note((folder() / "checkpoint").read_bytes()).signatures) == 2


def test_erasing_payloads_leaves_the_log_valid_and_the_proofs_of_the_rest_open():
    from datetime import timedelta

    from django.utils import timezone

    from riverloop.apps.record.forgetting import payloads_forget
    from riverloop.apps.record.proofs import check_proof
    from riverloop.apps.record.proving import proof_of

    grow(600, 5)
    now = timezone.now()
    Leaf.objects.filter(index__lt=600).update(created_at=now - timedelta(days=9))
    before = (folder() / "checkpoint").read_bytes()
    assert [payloads_forget(now - timedelta(days=1), "hk") for _ in range(3)] == [500, 100, 0]
    assert not Leaf.objects.filter(index__lt=600).exclude(payload="", salt=b"").exists()
    assert Leaf.objects.filter(index__gte=600).exclude(payload="").count() == 5
    checkpoint, entries = verified()
    assert (checkpoint.size, entries) == (605, commitments())
    assert (folder() / "checkpoint").read_bytes() == before
    assert [check_proof(proof_of(Leaf.objects.get(index=index))).opened for index in (0, 604)] == [False, True]
    grow(3)
    assert verified()[0].size == 608
    assert payloads_forget(now, "cn") == 0


def test_what_is_indexed_by_subject_and_what_is_not_yet_are_both_found(monkeypatch):
    from riverloop.apps.record.models import LeafSubject

    monkeypatch.setattr("riverloop.apps.record.subjects.PART", 10)
    for number in range(7):
        append(3, subject=f"S{number}", first=number)
        append(1)
        append(1, side="cn", subject=f"S{number}")
    logs_round()
    logs_round()
    assert LogState.objects.get(pk="hk").indexed_size == 20
    assert LeafSubject.objects.filter(owner_side="hk").count() == 15
    for number in range(7):
        found = records_about(side="hk", subjects=[f"S{number}"])
        assert [one.index for one in found] == [4 * number, 4 * number + 1, 4 * number + 2]
    assert len(records_about(side="hk", subjects=["S1", "S6", ""])) == 6
    assert records_about(side="hk", subjects=[""]) == []
    assert len(records_about(side="cn", subjects=["S6"])) == 1
