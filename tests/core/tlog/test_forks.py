import pytest

from riverloop.core.tlog import ForkError, StaleError, TiledTree, Tree, first_leaf_apart, verify_consistency
from riverloop.core.tlog.forks import verify_extends
from tests.core.tlog.leaves import entries


def part(size, at):
    """Make the entries of a log that goes another way from one leaf on."""
    return entries(at) + entries(size, "other")[at:]


@pytest.fixture
def judge(log, published):
    """Compare two logs as whoever holds both checkpoints would; the first one's tiles only where they are kept."""

    def judge(first, second, *, kept=True):
        old, new = published(first), published(second)
        options = {"read_first": old.get} if kept else {}
        return verify_extends(old["checkpoint"], new["checkpoint"], key=log.log_key, read=new.get, **options)

    return judge


@pytest.mark.parametrize(("first", "second"), [(0, 0), (0, 5), (1, 2), (255, 257), (256, 1000), (1000, 1000)])
def test_a_log_that_only_grew_is_proved_to(first, second, judge):
    proof = judge(entries(first), entries(second))
    roots = {"first_root": Tree(entries(first)).root(), "second_root": Tree(entries(second)).root()}
    if first:
        verify_consistency(first=first, second=second, proof=proof, **roots)
    else:
        assert proof == []


@pytest.mark.parametrize("leaf", [0, 1, 255, 256, 511, 700, 998])
@pytest.mark.parametrize("more", [0, 1, 300])
def test_a_fork_is_told_with_both_notes_and_the_first_leaf_that_differs(leaf, more, judge, published, refused):
    first, second = entries(999), part(999 + more, leaf)
    error = refused(judge, first, second)
    assert isinstance(error, ForkError)
    assert error.first == published(first)["checkpoint"]
    assert error.second == published(second)["checkpoint"]
    assert (error.code, error.parameters["leaf"]) == ("tlog.fork_at", leaf)
    assert f"from leaf {leaf} on" in error.text()


def test_a_fork_is_proved_without_the_tiles_of_the_first(judge, refused):
    for size in (999, 1200):
        error = refused(judge, entries(999), part(size, 300), kept=False)
        assert (type(error), error.code) == (ForkError, "tlog.fork")


def test_an_older_checkpoint_is_stale_and_no_fork(judge, refused):
    assert isinstance(refused(judge, entries(300), entries(299)), StaleError)


def test_spoilt_tiles_prove_nothing_against_a_log(log, published, refused):
    old, new = published(entries(300)), published(entries(1000))
    notes = old["checkpoint"], new["checkpoint"]
    for path in ("tile/0/003.p/232", "tile/0/001", "tile/1/000.p/3"):
        for wrong in (None, bytes(len(new[path]))):
            error = refused(verify_extends, *notes, key=log.log_key, read={**new, path: wrong}.get, where="east")
            assert not isinstance(error, ForkError)
    assert not isinstance(refused(verify_extends, *notes, key=log.log_key, read=old.get), ForkError)


def test_a_checkpoint_of_somebody_else_is_no_evidence(log, other_side, published, refused):
    files = published(entries(10))
    notes = files["checkpoint"], files["checkpoint"]
    error = refused(verify_extends, *notes, key=other_side.log_key, read=files.get)
    assert error.code == "tlog.unsigned"


def test_the_first_leaf_that_differs_is_found_by_few_tiles(published):
    one, other, read = published(entries(66_000)), published(part(66_000, 40_000)), []
    trees = [
        TiledTree(lambda path, held=held: read.append(path) or held.get(path), len(given), Tree(given).root())
        for held, given in ((one, entries(66_000)), (other, part(66_000, 40_000)))
    ]
    assert first_leaf_apart(*trees) == 40_000
    assert first_leaf_apart(trees[0], trees[0]) is None
    assert len(read) <= 12
