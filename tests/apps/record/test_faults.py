"""What breaks on the way: a process that ends anywhere, a full disk, a clock set back, a backup restored."""

import errno
import os
import random
import shutil
import time

import pytest
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from riverloop.apps.nodes import keys
from riverloop.apps.nodes.calling import PeerError
from riverloop.apps.nodes.models import Link
from riverloop.apps.record import folders, restoring
from riverloop.apps.record.mirroring import mirror_push
from riverloop.apps.record.models import Leaf, LogState, Mirror, MirrorLeaf, PendingRecord
from riverloop.apps.record.publishing import publish
from riverloop.apps.record.rounds import log_publish, log_round
from riverloop.apps.record.selectors import log_health
from riverloop.apps.record.sequencing import sequence
from riverloop.core.kernel.errors import ConflictError
from riverloop.core.tlog import open_checkpoint, vkey_file
from tests.apps.record.logs import append, folder, grow, verified

pytestmark = pytest.mark.django_db


class KilledError(BaseException):
    """The process ends here; nothing may catch it."""


@pytest.fixture
def file_calls(monkeypatch):
    """Count what publishing asks of the system, and end it at a given call."""
    calls = {"count": 0, "until": None, "error": None}

    def stand_in(name):
        real = getattr(os, name)

        def call(*args, **kwargs):
            if name == "open" and args[1] & os.O_NONBLOCK:  # a file that is read: nothing of it ends half way
                return real(*args, **kwargs)
            calls["count"] += 1
            if calls["count"] == calls["until"]:
                if calls["error"]:
                    raise OSError(calls["error"], os.strerror(calls["error"]))
                if name == "write":
                    real(args[0], bytes(args[1])[: len(args[1]) // 2])
                raise KilledError
            return real(*args, **kwargs)

        monkeypatch.setattr(folders.os, name, call)

    for name in ("open", "write", "fsync", "replace", "mkdir"):
        stand_in(name)
    return calls


def steps_of(calls, work):
    calls.update(count=0, until=None)
    work()
    return calls["count"]


@pytest.mark.parametrize("counts", [(0, 3), (255, 3)])
def test_a_process_that_ends_at_any_step_leaves_a_folder_that_verifies(file_calls, counts, tmp_path):
    before, more = counts
    if before:
        grow(before)
        shutil.copytree(folder(), tmp_path / "before")
    append(more)
    sequence("hk")
    ended, is_over = 0, False
    while not is_over:
        begun = transaction.savepoint()
        file_calls.update(count=0, until=ended + 1)
        try:
            publish("hk")
        except KilledError:
            ended += 1
        else:
            is_over = True
        finally:
            file_calls.update(until=None)
        if (folder() / "checkpoint").exists():
            assert verified()[0].size in (before, before + more)
        publish("hk")  # another process goes on
        checkpoint, entries = verified()
        assert checkpoint.size == len(entries) == Leaf.objects.count() == before + more
        transaction.savepoint_rollback(begun)
        restoring.ask_again()
        shutil.rmtree(folder())
        if before:
            shutil.copytree(tmp_path / "before", folder())
    assert ended > 20


def said_when_published():
    try:
        publish("hk")
    except (ConflictError, OSError) as error:
        return str(error)
    return None


def test_a_full_disk_is_said_in_one_line_and_the_log_goes_on_when_there_is_room(file_calls, caplog):
    grow(300)
    append(5)
    sequence("hk")
    steps = 0
    while True:
        steps += 1
        file_calls.update(count=0, until=steps, error=errno.ENOSPC)
        said = said_when_published()
        if said is None:
            break
        assert said.startswith(f"{folder()}: The disk is full") or steps == 1  # the lock of the folder itself
        assert "\n" not in said
        assert verified()[0].size == 300
        assert not list(folder().rglob("*.new"))
    file_calls.update(until=None)
    assert verified()[0].size == 305


def test_a_full_disk_stops_no_round_and_shows_on_health(monkeypatch):
    grow(3)
    append(2)
    real = folders.files_write

    def full(folder, files):
        with folders._told_when_full(folder):
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("riverloop.apps.record.publishing.files_write", full)
    log_round("hk")
    assert "The disk is full" in log_health("hk").refuses_to_sign
    assert log_health("hk").size == 5
    monkeypatch.setattr("riverloop.apps.record.publishing.files_write", real)
    log_round("hk")
    assert log_health("hk").refuses_to_sign == ""
    assert verified()[0].size == 5


def test_a_clock_that_is_set_back_a_day_changes_nothing(monkeypatch):
    grow(3)
    before = Mirror.objects.get().cosigned_seconds
    real = time.time
    monkeypatch.setattr("time.time", lambda: real() - 86_400)
    grow(3)
    assert Mirror.objects.get().cosigned_seconds == before
    checkpoint, entries = verified()
    assert (checkpoint.size, len(entries)) == (6, 6)
    log, cosigner = keys.log_verifiers("hk")[0], keys.cosigner_verifiers("cn")[0]
    signed = open_checkpoint((folder() / "checkpoint").read_bytes(), log, [cosigner])
    assert signed.cosigned[cosigner] == before


# Restored backups. A backup here is what a side's own database held; the other side's mirror is not part of it.


def backup(side="hk"):
    rows = [list(model.objects.filter(owner_side=side)) for model in (PendingRecord, Leaf, LogState)]
    files = {path: path.read_bytes() for path in folder(side).rglob("*") if path.is_file()}
    return rows, files


def restore(kept, side="hk", *, files=False):
    rows, content = kept
    for model, listed in zip((PendingRecord, Leaf, LogState), rows, strict=True):
        model.objects.filter(owner_side=side).delete()
        model.objects.bulk_create(listed)
    if files:
        for path in folder(side).rglob("*"):
            if path.is_file():
                path.unlink()
        for path, one in content.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(one)


@pytest.mark.parametrize("files", [False, True], ids=["tiles are there", "tiles restored too"])
@pytest.mark.parametrize("restarted", [False, True], ids=["hot", "restarted"])
def test_a_restored_older_backup_takes_back_what_it_lacks_and_never_forks(files, restarted):
    grow(300)
    kept = backup()
    append(7)
    waited = backup()[0][0]
    log_round("hk")
    whole, entries = verified()
    restore((kept[0], kept[1]), files=files)
    PendingRecord.objects.bulk_create(waited)  # they waited in the backup as well
    append(4, kind="after.restore")
    if restarted:
        restoring.ask_again()
    log_round("hk")
    checkpoint, now = verified()
    assert (whole.size, checkpoint.size) == (307, 311)
    assert now[:307] == entries
    back = Leaf.objects.filter(index__gte=300, index__lt=307)
    assert {leaf.kind for leaf in back} == {"thing.done"}  # what waited has its payload still
    assert all(leaf.opens for leaf in back)
    assert log_health("hk").countersigned == 311
    assert log_health("hk").refuses_to_sign == ""


@pytest.mark.parametrize("files", [False, True], ids=["tiles are there", "tiles restored too"])
def test_leaves_whose_records_are_lost_come_back_as_commitments(files):
    grow(3)
    kept = backup()
    grow(4)
    _, entries = verified()
    restore(kept, files=files)
    restoring.ask_again()
    log_round("hk")
    assert verified()[1] == entries
    back = Leaf.objects.filter(index__gte=3)
    assert {(leaf.kind, leaf.payload, bytes(leaf.salt)) for leaf in back} == {("restored", "", b"")}
    grow(1)
    assert verified()[0].size == 8


def test_a_database_that_was_lost_whole_takes_back_everything():
    grow(10)
    _, entries = verified()
    restore(([[], [], []], {}), files=True)
    restoring.ask_again()
    append(1)
    log_round("hk")
    assert verified()[1][:10] == entries
    assert verified()[0].size == 11


def test_a_log_refuses_to_sign_what_contradicts_its_tiles_and_says_so_until_it_is_mended():
    grow(3)
    kept = backup()
    grow(4)
    restore(kept)
    LogState.objects.filter(pk="hk").update(size=4)  # somebody numbered on from the older state
    Leaf.objects.create(
        owner_side="hk", index=3, record="R", kind="other", payload="{}", salt=b"s" * 32, commitment=b"c" * 32,
        created_at=kept[0][1][0].created_at,
    )  # fmt: skip
    before = (folder() / "checkpoint").read_bytes()
    append(2)
    log_round("hk")
    said = log_health("hk").refuses_to_sign
    assert "from entry 3 on" in said
    assert "Restore a backup" in said
    assert PendingRecord.objects.count() == 2
    assert (folder() / "checkpoint").read_bytes() == before
    Leaf.objects.filter(kind="other").delete()
    LogState.objects.filter(pk="hk").update(size=3)
    log_round("hk")
    assert log_health("hk").refuses_to_sign == ""
    assert verified()[0].size == 9


def test_a_log_refuses_to_sign_what_contradicts_its_mirror():
    grow(3)
    kept = backup()
    grow(4)
    restore(kept, files=True)
    Leaf.objects.filter(index=2).update(commitment=b"c" * 32)
    restoring.ask_again()
    append(1)
    log_round("hk")
    assert "contradicts what its log signed" in log_health("hk").refuses_to_sign
    assert verified()[0].size == 3


def test_a_log_that_was_replaced_by_another_of_the_same_length_asks_its_mirror_again():
    grow(2, 1)
    asked = dict(restoring._asked)
    mirror, leaves = Mirror.objects.get(), list(MirrorLeaf.objects.all())
    for model in (Leaf, LogState, Mirror, MirrorLeaf):
        model.objects.all().delete()
    shutil.rmtree(folder())
    restoring.ask_again()
    grow(2, 1)  # another tree, with a mirror of its own
    for model in (Mirror, MirrorLeaf):
        model.objects.all().delete()
    mirror.save(force_insert=True)
    MirrorLeaf.objects.bulk_create(leaves)
    restoring._asked.update(asked)  # as a process has it that was there all the while
    append(1)
    log_round("hk")
    assert "contradicts what its log signed" in log_health("hk").refuses_to_sign


@pytest.mark.parametrize("lost", ["folder", "right edge", "checkpoint"])
def test_a_log_that_lost_files_is_not_signed_anew_over_changed_leaves(lost):
    """Its own signature in the database is what is left to compare with: the mirror was asked before."""
    grow(300, 7)
    before = LogState.objects.get(pk="hk").note
    gone = {"folder": "**/*", "right edge": "tile/0/*.p/*", "checkpoint": "checkpoint"}[lost]
    for path in folder().glob(gone):
        if path.is_file():
            path.unlink()
    Leaf.objects.filter(owner_side="hk", index=305).update(commitment=b"c" * 32)
    append(2)
    log_round("hk")
    assert "contradicts what its log signed" in log_health("hk").refuses_to_sign
    assert LogState.objects.get(pk="hk").note == before
    assert not (folder() / "checkpoint").exists() or lost == "right edge"


@pytest.mark.parametrize("sign", ["database", "checkpoint", "mirror", "link"])
def test_a_restored_log_whose_peer_is_not_known_any_more_signs_nothing_before_it_was_asked(monkeypatch, sign):
    grow(3)
    kept = backup()
    grow(4)
    _, entries = verified()
    restore(kept, files=True)
    whole = LogState.objects.values().get(pk="hk")
    LogState.objects.filter(pk="hk").update(cosigned_size=0, cosigned_note="", mirrored_size=0)
    mirror = Mirror.objects.create(owner_side="hk", of_side="cn")
    if sign != "mirror":
        mirror.delete()
    if sign == "database":
        LogState.objects.filter(pk="hk").update(**whole)
    if sign != "checkpoint":
        note = (folder() / "checkpoint").read_text().rpartition("\u2014")[0]  # without the last signature
        (folder() / "checkpoint").write_text(note)
        LogState.objects.filter(pk="hk").update(note=note)
    if sign == "link":
        Link.objects.create(owner_side="hk", side="cn", since=timezone.now(), heard_at=timezone.now())
    restoring.ask_again()
    monkeypatch.setattr(restoring, "hosts", lambda _: False)
    monkeypatch.setattr(restoring, "peer_known", lambda _: None)
    before = (folder() / "checkpoint").read_bytes()
    append(2)
    log_round("hk")
    assert (folder() / "checkpoint").read_bytes() == before
    assert PendingRecord.objects.filter(owner_side="hk").count() == 2
    assert "riverloop node trust FILE" in log_health("hk").refuses_to_sign
    assert log_health("hk").refusal_code == "record.mirror_unknown"
    monkeypatch.undo()  # the node is known again
    log_round("hk")
    checkpoint, now = verified()
    assert (checkpoint.size, now[:7]) == (9, entries)
    assert log_health("hk").refuses_to_sign == ""


def test_a_log_that_never_had_another_node_is_signed_alone_until_there_is_one(monkeypatch):
    monkeypatch.setattr(restoring, "hosts", lambda _: False)
    monkeypatch.setattr(restoring, "peer_known", lambda _: None)
    append(3)
    for _ in range(2):  # also after a start
        log_publish("hk")
        restoring.ask_again()
        append(1)
    assert (log_health("hk").published, log_health("hk").refuses_to_sign) == (4, "")


@pytest.mark.parametrize("answer", [b'{"note":"\\ud800"}', b'{"note":7}', b"[]", b"\xff", b'{"note":null}'])
def test_a_mirror_that_does_not_say_what_it_holds_is_named(monkeypatch, answer):
    monkeypatch.setattr(restoring, "call", lambda *_: answer)
    restoring.ask_again()
    append(1)
    log_round("hk")
    assert log_health("hk").refuses_to_sign == (
        "The mirror at the mainland did not say how far the log of Hong Kong is. Look after the node of the mainland."
    )


def test_after_a_start_nothing_is_numbered_before_the_mirror_was_asked(monkeypatch):
    grow(3)

    def cut(side, name, body):
        raise PeerError("nodes.no_link", "The link is down.")

    for module in ("restoring", "mirroring"):
        monkeypatch.setattr(f"riverloop.apps.record.{module}.call", cut)
    grow(2)  # this process has asked before, so that a cut link stops nothing
    assert (log_health("hk").published, log_health("hk").countersigned) == (5, 3)
    assert "The link is down" in log_health("hk").mirror_trouble
    restoring.ask_again()
    append(2)
    log_round("hk")
    assert "has said how far it is" in log_health("hk").refuses_to_sign
    assert log_health("hk").pending == 2
    monkeypatch.undo()
    log_round("hk")
    assert log_health("hk").countersigned == 7
    assert log_health("hk").mirror_trouble == ""
    assert log_health("hk").mirror_trouble_since is None


def test_a_mirror_that_was_restored_takes_again_what_it_lost():
    grow(3)
    Mirror.objects.all().update(size=0, range=b"")
    from riverloop.apps.record.models import MirrorLeaf

    MirrorLeaf.objects.all().delete()
    grow(4)
    assert Mirror.objects.get().size == MirrorLeaf.objects.count() == 7
    assert mirror_push("hk") == 0


def test_a_folder_signed_by_a_strange_key_is_not_signed_on():
    grow(3)
    (settings.RIVERLOOP_DATA / "keys" / "hk" / "log_key").write_text("11" * 32)
    append(1)
    log_round("hk")
    assert "No key that is known signed this" in log_health("hk").refuses_to_sign
    (settings.RIVERLOOP_DATA / "keys" / "hk" / "log_key").unlink()
    (folder() / "vkey").write_bytes(vkey_file(keys.log_verifiers("hk")[0]))


def test_no_restore_forks_whatever_came_before_and_after(fault_count, tell):
    rounds, chance = fault_count(200), random.Random(21)
    grow(chance.randrange(1, 300))
    for _ in range(max(rounds, 4)):
        kept = backup()
        grow(*(chance.randrange(0, 80) for _ in range(chance.randrange(1, 4))))
        whole, entries = verified()
        restore(kept, files=chance.random() < 0.5)
        append(chance.randrange(0, 5), kind="after.restore")
        if chance.random() < 0.7:
            restoring.ask_again()
        log_round("hk")
        assert log_health("hk").refuses_to_sign == ""
        checkpoint, now = verified()
        assert checkpoint.size >= whole.size
        assert now[: whole.size] == entries
        assert log_health("hk").countersigned == checkpoint.size
    tell(
        "an older backup of one side restored, tiles there or restored too",
        rounds,
        "no fork: what was lacking came back",
    )


def test_a_clock_set_back_a_day_breaks_nothing_at_any_step(monkeypatch, fault_count, tell):
    rounds, chance, real, shift = fault_count(100), random.Random(22), time.time, [0.0]
    monkeypatch.setattr("time.time", lambda: real() + shift[0])
    last = 0
    for _ in range(max(rounds, 3)):
        shift[0] = chance.choice((0, -86_400, 86_400))
        grow(chance.randrange(1, 9))
        seconds = Mirror.objects.get().cosigned_seconds
        assert seconds >= last
        last = seconds
    checkpoint, entries = verified()
    assert checkpoint.size == len(entries) == log_health("hk").countersigned
    tell("the clock set back and forth a day", rounds, "the time of a countersignature never falls, the log verifies")
