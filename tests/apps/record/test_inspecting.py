"""What a disk or a hand changed in a log or a mirror is found, named, and made again from what was signed."""

import pytest

from riverloop.apps.nodes.calling import PeerError
from riverloop.apps.record import inspecting, inspecting_mirrors
from riverloop.apps.record.inspecting import log_inspect
from riverloop.apps.record.inspecting_mirrors import mirror_inspect
from riverloop.apps.record.models import Leaf, Mirror, MirrorLeaf, PendingRecord
from riverloop.apps.record.rounds import log_publish, log_round
from riverloop.apps.record.selectors import log_health, mirror_health
from riverloop.apps.runs import work, worker
from riverloop.apps.runs.models import Run
from riverloop.core.tlog import tiles_of
from riverloop.web import health
from tests.apps.record.logs import append, folder, grow, verified

pytestmark = pytest.mark.django_db


def files():
    return {str(path.relative_to(folder())): path.read_bytes() for path in folder().rglob("*") if path.is_file()}


def change(path):
    """Change one byte in the middle of a file."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))


def every_file(size):
    return [tile.path for tile in tiles_of(size)] + ["vkey"]


HURTS = {
    "changed": change,
    "cut": lambda path: path.write_bytes(path.read_bytes()[:-1]),
    "longer": lambda path: path.write_bytes(path.read_bytes() + b"\0"),
    "lost": lambda path: path.unlink(),
    "a folder": lambda path: (path.unlink(), path.mkdir()),
}


@pytest.mark.parametrize("hurt", HURTS)
@pytest.mark.parametrize("path", every_file(520))
def test_any_file_that_is_spoilt_or_lost_is_named_and_made_again(path, hurt, caplog):
    grow(520)
    before = files()
    HURTS[hurt](folder() / path)
    assert files() != before
    found = log_inspect("hk")
    assert files() == before
    assert (found.size, found.spoilt, found.mistake.code) == (520, 1, "record.file_mended")
    assert found.mistake.parameters["path"] == path
    assert len([one for one in caplog.records if "was not what was signed" in str(one.msg)]) == 1
    assert log_health("hk").spoilt_code == "record.file_mended"
    assert log_inspect("hk").spoilt == 0  # and it is said until it is looked through again
    assert log_health("hk").spoilt_code == ""
    verified()


def test_a_log_of_which_all_holds_is_left_alone_and_says_nothing(caplog):
    grow(300, 7)
    grow(3, side="cn")
    before = {path: path.stat().st_mtime_ns for path in folder().rglob("*")}
    assert log_inspect("hk") == inspecting.Inspected(307)
    assert mirror_inspect("hk", "cn") == inspecting.Inspected(3)
    assert {path: path.stat().st_mtime_ns for path in folder().rglob("*")} == before
    assert log_health("hk").inspected_at
    assert "record" not in caplog.text


def test_a_partial_tile_of_an_older_checkpoint_is_made_again_too():
    grow(300, 7)
    path = folder() / "tile/0/001.p/44"
    before = path.read_bytes()
    change(path)
    assert log_inspect("hk").mistake.parameters["path"] == "tile/0/001.p/44"
    assert path.read_bytes() == before


@pytest.mark.parametrize("most", [2, 1_024])
def test_a_folder_of_which_all_tiles_are_lost_is_made_again_in_bounded_steps(monkeypatch, most):
    monkeypatch.setattr(inspecting, "_MOST_HELD", most)
    grow(2_000)
    before = files()
    for path in folder().glob("tile/**/*"):
        if path.is_file():
            path.unlink()
    assert log_inspect("hk").spoilt == len(before) - 2  # checkpoint and vkey
    assert files() == before


def test_what_grows_meanwhile_is_looked_at_too_and_nothing_of_it_is_taken_for_spoilt(monkeypatch):
    monkeypatch.setattr(inspecting, "STEP", 256)
    grow(1_000)
    grown = iter([300, 1, 255])

    def step(count):
        more = next(grown, 0)
        if more:
            append(more)
            log_publish("hk")

    assert log_inspect("hk", step) == inspecting.Inspected(1_556)


def test_a_file_that_cannot_be_written_again_is_named_and_tried_again(monkeypatch):
    grow(300)
    change(folder() / "tile/entries/000")
    monkeypatch.setattr(inspecting, "files_write", lambda *_: (_ for _ in ()).throw(OSError(5, "Input/output error")))
    found = log_inspect("hk")
    assert "Input/output error" in str(found.mistake)
    assert log_health("hk").spoilt_code == "record.file_spoilt"
    monkeypatch.undo()
    assert log_inspect("hk").mistake.code == "record.file_mended"


@pytest.mark.parametrize("how", ["changed", "lost", "of no form"])
@pytest.mark.parametrize("index", [0, 255, 256, 519])
def test_a_leaf_that_is_spoilt_is_named_and_nothing_is_signed_over_it(index, how, monkeypatch):
    grow(520)
    leaf = Leaf.objects.filter(owner_side="hk", index=index)
    whole = leaf.get()
    before = files()
    if how == "lost":
        leaf.delete()
    else:
        leaf.update(commitment=b"c" * 32 if how == "changed" else b"c")
    found = log_inspect("hk")
    assert (found.mistake.code, found.mistake.parameters["index"]) == ("record.leaf_spoilt", index)
    assert files() == before  # of tiles that hold nothing is made anew from a leaf that does not
    append(2)
    log_round("hk")
    assert files() == before
    assert PendingRecord.objects.filter(owner_side="hk").count() == 2
    assert f"Entry {index} of the log of Hong Kong" in log_health("hk").refuses_to_sign
    monkeypatch.setattr(health, "_KEPT_SECONDS", 0)
    told = health.look()["log_hk"]
    assert (told.state, told.code, told.numbers["log_spoilt"]) == (health.FAILED, "record.leaf_spoilt", 1)
    leaf.delete()
    whole.save(force_insert=True)
    log_inspect("hk")
    log_round("hk")
    assert log_health("hk").refuses_to_sign == ""
    assert verified()[0].size == 522


def test_leaves_and_tiles_that_are_both_spoilt_are_not_signed_over_either():
    grow(300)
    Leaf.objects.filter(owner_side="hk", index=280).update(commitment=b"c" * 32)
    change(folder() / "tile/0/001.p/44")
    assert log_inspect("hk").mistake.code == "record.leaves_spoilt"
    append(1)
    log_publish("hk")
    assert log_health("hk").refusal_code == "record.leaves_spoilt"


# Mirrors -------------------------------------------------------------------------------------------------------------


def mirrored():
    return list(MirrorLeaf.objects.order_by("index").values_list("index", "commitment"))


@pytest.mark.parametrize("how", ["changed", "lost", "of no form"])
@pytest.mark.parametrize("indexes", [(0,), (511,), (512,), (519,), (3, 516, 518)])
def test_a_leaf_of_a_mirror_that_is_spoilt_is_named_and_fetched_again(how, indexes):
    grow(520)
    before = mirrored()
    rows = MirrorLeaf.objects.filter(index__in=indexes)
    rows.delete() if how == "lost" else rows.update(commitment=b"c" * 32 if how == "changed" else b"c")
    found = mirror_inspect("cn", "hk")
    assert (found.spoilt, found.mistake.code) == (len(indexes), "record.mirror_leaf_mended")
    assert found.mistake.parameters["index"] == indexes[0]
    assert mirrored() == before
    assert mirror_health("cn").code == "record.mirror_leaf_mended"
    assert mirror_inspect("cn", "hk").spoilt == 0
    assert mirror_health("cn").code == ""


def test_a_mirror_that_was_lost_whole_is_fetched_again_part_by_part(monkeypatch):
    grow(700)
    before = mirrored()
    monkeypatch.setattr(inspecting_mirrors, "STEP", 100)
    MirrorLeaf.objects.all().delete()
    assert mirror_inspect("cn", "hk").spoilt == 700
    assert mirrored() == before


def test_what_is_fetched_counts_only_if_it_is_what_was_countersigned():
    grow(300)
    MirrorLeaf.objects.filter(index=7).update(commitment=b"c" * 32)
    Leaf.objects.filter(owner_side="hk", index=9).update(commitment=b"d" * 32)  # they changed theirs
    before = mirrored()
    found = mirror_inspect("cn", "hk")
    assert (found.mistake.code, mirrored()) == ("record.mirror_leaf_spoilt", before)
    assert found.mistake.parameters["why"].code == "record.entries_apart"
    assert (found.mistake.parameters["first"], found.mistake.parameters["last"]) == (0, 255)


@pytest.mark.parametrize("answer", [PeerError("nodes.silent", "The node does not answer."), b"", b"x" * 10_200])
def test_a_mirror_leaf_that_cannot_be_fetched_is_named(monkeypatch, answer):
    grow(300)
    MirrorLeaf.objects.filter(index=299).update(commitment=b"c" * 32)

    def call(*_):
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(inspecting_mirrors, "call", call)
    found = mirror_inspect("cn", "hk")
    assert found.mistake.code == "record.mirror_leaf_spoilt"
    monkeypatch.setattr(health, "_KEPT_SECONDS", 0)
    told = health.look()["mirror_cn"]
    assert (told.state, told.code, told.numbers["mirror_spoilt"]) == (health.LATE, "record.mirror_leaf_spoilt", 1)


def test_a_right_edge_of_a_mirror_that_is_spoilt_is_made_again_before_it_looks_like_a_fork():
    grow(300)
    Mirror.objects.update(range=bytes(32 * (300).bit_count()))
    assert mirror_inspect("cn", "hk").mistake.code == "record.mirror_edge_mended"
    grow(5)
    assert log_health("hk").countersigned == 305


def test_a_checkpoint_of_a_mirror_that_is_spoilt_is_named():
    grow(3)
    held = Mirror.objects.get()
    Mirror.objects.update(note=held.note.replace("3\n", "4\n", 1))
    assert mirror_inspect("cn", "hk").mistake.code == "record.mirror_note_spoilt"


@pytest.mark.parametrize(
    "asked", [b"", b"[]", b'{"first":0,"count":0}', b'{"first":-1,"count":1}', b'{"first":0,"count":8193}',
              b'{"first":3,"count":1}', b'{"first":0,"count":true}', b'{"first":9223372036854775807,"count":1}']
)  # fmt: skip
def test_entries_that_are_not_published_are_not_given(asked):
    from riverloop.apps.record.mirrors import log_entries

    grow(3)
    with pytest.raises(Exception, match="no such entries"):
        log_entries("cn", "hk", asked)


# When ----------------------------------------------------------------------------------------------------------------


def test_it_begins_at_each_start_and_every_day_and_says_what_it_found():
    grow(300)
    grow(5, side="cn")
    change(folder() / "tile/entries/000")
    MirrorLeaf.objects.filter(owner_side="cn", index=1).update(commitment=b"c" * 32)
    assert {(run.kind, run.owner_side) for run in worker.start_keep()} == {
        ("log.inspection", side) for side in ("hk", "cn")
    }
    assert worker.start_keep() == []  # they wait still
    assert work.work_all(work.long_kinds()) == 2
    done = {run.owner_side: run.result for run in Run.objects.filter(kind="log.inspection", state="done")}
    assert done["hk"] == {"size": 300, "spoilt": 1, "mirror_size": 5, "mirror_spoilt": 0}
    assert done["cn"] == {"size": 5, "spoilt": 0, "mirror_size": 300, "mirror_spoilt": 1}
    assert len(worker.start_keep()) == 2  # after the next start
    assert {one.kind: one.every.days for one in work.timetables()}["log.inspection"] == 1


def test_a_node_without_a_log_has_nothing_to_look_through():
    assert log_inspect("hk") == mirror_inspect("hk", "cn") == inspecting.Inspected()
