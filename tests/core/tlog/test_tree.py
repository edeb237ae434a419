import pytest
from hypothesis import given
from hypothesis import strategies as st

from riverloop.core.tlog import EMPTY_ROOT, CompactRange, Tree, compact_range_of, leaf_hash, leaf_hashes, root_of
from riverloop.core.tlog.hashing import joined_root
from tests.core.tlog.leaves import entries

# The leaves and roots that implementations of Certificate Transparency have tested with since RFC 6962.
LEAVES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


@pytest.mark.parametrize("size", range(len(ROOTS)))
def test_the_roots_are_those_of_rfc_6962(size):
    tree = Tree(bytes.fromhex(leaf) for leaf in LEAVES)
    first = [bytes.fromhex(leaf) for leaf in LEAVES[:size]]
    assert {tree.root(size).hex(), Tree(first).root().hex(), CompactRange.of(first).root().hex()} == {ROOTS[size]}


def test_the_empty_tree_has_the_hash_of_nothing():
    assert Tree().root() == CompactRange().root() == EMPTY_ROOT == bytes.fromhex(ROOTS[0])


@given(st.lists(st.integers(0, 40), max_size=12), st.data())
def test_appending_in_chunks_gives_the_tree_of_all_at_once(chunks, data):
    everything = entries(sum(chunks))
    whole, grown, compact, at = Tree(everything), Tree(), CompactRange(), 0
    for chunk in chunks:
        more = everything[at : at + chunk]
        if data.draw(st.booleans()):
            grown.extend(more)
        else:
            for one in more:
                assert grown.append(one) == grown.size - 1
        compact = compact.appended(leaf_hashes(more))
        at += chunk
        assert grown.root() == compact.root() == whole.root(at)
        assert compact == compact_range_of(at, whole.hash_at) == CompactRange.read(at, compact.stored())
    assert grown._levels == whole._levels


def test_a_compact_range_holds_one_hash_a_bit_of_its_size():
    assert len(CompactRange.of(entries(1000)).hashes) == 6
    assert len(CompactRange.of(entries(1024)).stored()) == 32


def test_a_compact_range_that_was_spoilt_is_refused(refused):
    stored = CompactRange.of(entries(7)).stored()
    assert refused(CompactRange.read, 8, stored).code == "tlog.range"
    assert refused(CompactRange.read, 7, stored[:-1]).code == "tlog.range"
    assert refused(CompactRange.read, 7, stored + bytes(32)).code == "tlog.range"
    assert refused(CompactRange, -1).code == "tlog.range"
    assert refused(CompactRange, 2**63).code == "tlog.range"


def test_a_size_that_a_tree_never_had_is_refused(refused):
    tree = Tree(entries(5))
    assert refused(tree.root, 6).parameters == {"size": 6, "largest": 5}
    assert refused(tree.root, -1).code == "tlog.size"


def test_only_complete_subtrees_have_a_hash():
    tree = Tree(entries(5))
    assert tree.hash_at(2, 0) == tree.root(4)
    assert tree.hash_at(0, 4) == leaf_hash(entries(5)[4])
    for level, index in [(2, 1), (1, 2), (0, 5), (3, 0), (-1, 0), (0, -1)]:
        with pytest.raises(IndexError):
            tree.hash_at(level, index)


def test_a_row_of_hashes_has_the_root_of_its_tree():
    hashes = leaf_hashes(entries(256))
    assert joined_root(b"".join(hashes)) == Tree(entries(256)).root()
    assert joined_root(hashes[0]) == hashes[0]
    assert root_of(0, Tree().hash_at) == EMPTY_ROOT
