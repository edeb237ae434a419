import tracemalloc

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from riverloop.core.tlog import (
    EMPTY_ROOT,
    HASH_BYTES,
    LogError,
    Signer,
    TiledTree,
    Tree,
    encode_bundle,
    leaf_hash,
    open_checkpoint,
    parse_vkey,
    tiles_of,
    verify_consistency,
    verify_inclusion,
    verify_log,
)
from riverloop.core.tlog.verifying import memory_tree
from tests.core.tlog.conftest import COSIGNED_AT
from tests.core.tlog.leaves import entries, entry

SIZE = 1000
ENTRY_BYTES = 2 + 32
BUNDLE_BYTES = 256 * ENTRY_BYTES


@pytest.fixture(scope="module")
def export(published):
    return published(entries(SIZE))


@pytest.fixture
def files(export):
    return dict(export)


@pytest.fixture
def verify(other_side):
    """Verify a log whose keys are all known."""
    return lambda files, **options: verify_log(
        files.get, cosigners=[other_side.cosigner_key], only_known=True, **options
    )


@pytest.fixture
def root():
    return Tree(entries(SIZE)).root()


@pytest.fixture
def tiled(files, root):
    return TiledTree(files.get, SIZE, root)


@pytest.mark.parametrize("size", [0, 1, 2, 255, 256, 257, 512, 1000, 65_536, 66_000])
def test_a_log_as_it_was_published_verifies(size, published, verify, log, other_side):
    told, seen = [], []
    verified = verify(
        published(entries(size)), progress=lambda *now: told.append(now), each=lambda *one: seen.append(one)
    )
    assert verified.key == log.log_key
    assert verified.signed.checkpoint.size == size
    assert verified.signed.cosigned == {other_side.cosigner_key: COSIGNED_AT}
    assert seen == list(enumerate(entries(size)))
    assert told == [(min(done, size), size) for done in range(256, size + 256, 256)]


def flip(files, path, at, bit=0):
    content = bytearray(files[path])
    content[at] ^= 1 << bit
    return {**files, path: bytes(content)}


def test_every_byte_that_is_flipped_is_found(files, verify, fault_count, tell):
    places = [(path, at) for path, content in sorted(files.items()) for at in range(len(content))]
    count = fault_count(len(places))
    few = [(path, at) for path, at in places if path in ("checkpoint", "vkey")]
    chosen = dict.fromkeys([*few, *places[:: len(places) // count]])
    for number, (path, at) in enumerate(chosen):
        with pytest.raises(LogError) as caught:
            verify(flip(files, path, at, number % 8))
        error = caught.value
        assert error.text().isprintable()
        if path == "vkey":
            assert error.where in ("vkey", "checkpoint")
            continue
        assert error.where == path, error.text()
        if path.startswith("tile/entries/"):
            assert error.parameters["index"] == int(path[13:16]) * 256 + at // ENTRY_BYTES, error.text()
        elif path.startswith("tile/0/"):
            assert error.parameters["index"] == int(path[7:10]) * 256 + at // HASH_BYTES, error.text()
    tell(f"a byte of an export of {SIZE:,} entries flipped", len(chosen), "each one found and its file named")


@pytest.mark.parametrize("bit", range(8))
def test_every_bit_of_the_checkpoint_and_of_the_key_counts(bit, files, verify):
    for path in ("checkpoint", "vkey"):
        for at in range(len(files[path])):
            with pytest.raises(LogError):
                verify(flip(files, path, at, bit))


def test_every_file_that_is_cut_prolonged_or_missing_is_found(files, verify, refused):
    for path, content in files.items():
        for wrong in (None, b"", content[:-1], content + b"\0", content * 1000):
            error = refused(verify, {**files, path: wrong})
            assert error.where == path


def test_a_file_too_many_does_not_matter(files, verify):
    verify({**files, "tile/0/003.p/1": b"older", "notes.txt": b"x"})


def test_the_first_wrong_leaf_is_named(files, verify, refused):
    tampered = flip(flip(files, "tile/entries/001", 7 * ENTRY_BYTES + 9), "tile/entries/002", 5)
    error = refused(verify, tampered, where="backup/east/")
    assert (error.code, error.parameters["index"]) == ("tlog.leaf", 263)
    assert error.text() == (
        "backup/east/tile/entries/001: Leaf 263 is not the one that was signed: its hash in tile/0/001 is another. "
        "Copy the bundle again; if it stays so, keep it as evidence."
    )


def test_a_length_that_moves_what_follows_names_the_leaf_that_it_is_of(files, verify, refused):
    for path, first in (("tile/entries/001", 256), ("tile/entries/003.p/232", 768)):
        error = refused(verify, flip(files, path, 40 * ENTRY_BYTES + 1))
        assert error.parameters["index"] == first + 40


def replaced(files, index, other):
    """Put another entry into a log, and its hash into the tile above it."""
    number, place = divmod(index, 256)
    bundle = next(path for path in files if path.startswith(f"tile/entries/{number:03}"))
    tile = bundle.replace("entries", "0")
    content, at = files[tile], place * HASH_BYTES
    held = entries(SIZE)[number * 256 : (number + 1) * 256]
    held[place] = other
    return {
        **files,
        bundle: encode_bundle(held),
        tile: content[:at] + leaf_hash(other) + content[at + HASH_BYTES :],
    }


def test_an_entry_that_was_replaced_together_with_its_hash_is_found(files, verify, refused):
    error = refused(verify, replaced(files, 300, b"forged"))
    assert (error.where, error.parameters) == ("tile/0/001", {"first": 256, "last": 511})
    error = refused(verify, replaced(files, 999, b"forged"))
    assert (error.code, error.where) == ("tlog.other_tree", "checkpoint")


def test_entry_and_hash_that_were_changed_apart_name_the_first_of_both(files, verify, refused):
    spoilt = flip(flip(files, "tile/0/001", 9 * HASH_BYTES), "tile/entries/001", 5 * ENTRY_BYTES + 3)
    assert refused(verify, spoilt).parameters["index"] == 256 + 5
    spoilt = flip(flip(files, "tile/0/003.p/232", 9 * HASH_BYTES), "tile/entries/003.p/232", 5 * ENTRY_BYTES + 3)
    assert refused(verify, spoilt).parameters["index"] == 768 + 5


def test_a_wrong_hash_is_told_from_a_wrong_entry(files, verify, refused):
    for path, leaf in (("tile/0/001", 256 + 9), ("tile/0/003.p/232", 768 + 9)):
        error = refused(verify, flip(files, path, 9 * HASH_BYTES))
        assert (error.code, error.where, error.parameters) == ("tlog.leaf_hash", path, {"index": leaf})
    error = refused(verify, flip(files, "tile/1/000.p/3", 2 * HASH_BYTES))
    assert (error.code, error.parameters) == ("tlog.hash", {"first": 512, "last": 767})


def test_a_spoilt_tile_whose_neighbours_are_lost_is_named_all_the_same(files, verify, refused):
    spoilt = flip({**files, "tile/entries/001": None}, "tile/0/001", 0)
    assert (refused(verify, spoilt).code, refused(verify, spoilt).where) == ("tlog.tile", "tile/0/001")
    spoilt = flip(flip(files, "tile/1/000.p/3", 0), "tile/0/000", 0)
    error = refused(verify, spoilt)
    assert (error.code, error.where) == ("tlog.hash_or_below", "tile/1/000.p/3")


def test_full_tiles_of_higher_levels_are_verified_as_well(published, verify, refused):
    files = published(entries(65_536 + 10))
    error = refused(verify, flip(files, "tile/1/000", 200 * HASH_BYTES))
    assert (error.code, error.where) == ("tlog.hash", "tile/1/000")
    assert error.parameters == {"first": 200 * 256, "last": 201 * 256 - 1}
    assert refused(verify, flip(files, "tile/2/000.p/1", 0)).where == "tile/2/000.p/1"


def test_the_log_of_another_zone_is_refused(files, verify, refused, other_side):
    error = refused(verify, files, key=other_side.log_key)
    assert error.code == "tlog.other_key"
    assert "zone.example/east/log" in error.text()
    assert "zone.example/west/log" in error.text()


def test_a_log_that_another_key_of_the_same_name_signed_is_refused(files, verify, refused, log):
    forger = Signer(log.name, Ed25519PrivateKey.from_private_bytes(b"f" * 32))
    assert refused(verify, files, key=forger.log_key).code == "tlog.other_key"
    del files["vkey"]
    assert refused(verify, files, key=forger.log_key).code == "tlog.not_signed_by"
    assert verify(files, key=log.log_key)
    assert refused(verify, files).where == "vkey"


def test_without_the_other_sides_key_its_line_says_nothing(files, other_side):
    verified = verify_log(files.get)
    assert [one.name for one in verified.signed.unknown] == [other_side.name]
    assert verified.signed.cosigned == {}


def test_a_file_that_never_ends_is_refused(files, verify, refused):
    for path in files:
        assert refused(verify, {**files, path: bytes(30_000_000)}).where == path


def test_entries_that_are_too_long_are_refused(files, verify, refused):
    assert verify(files, most_entry_bytes=32)
    assert refused(verify, files, most_entry_bytes=31).code == "tlog.bundle_size"


def test_verifying_holds_little_in_memory_however_long_the_log_is(published, verify):
    files = published(entries(40_000))
    tracemalloc.start()
    verify(files)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 1_500_000  # bytes; the files have 2.6 million


# What else can be read from a published log


def test_tiles_give_the_proofs_that_memory_gives(files, root, tiled):
    tree = memory_tree(files.get, SIZE, root)
    for index in (0, 1, 255, 256, 600, 767, 768, 999):
        proof = tiled.inclusion_proof(index)
        leaf = leaf_hash(entry(index))
        assert tiled.leaf_hash(index) == leaf
        verify_inclusion(leaf=leaf, index=index, size=SIZE, proof=proof, root=root)
        earlier = index + 1
        verify_inclusion(
            leaf=leaf, index=index, size=earlier, proof=tiled.inclusion_proof(index, earlier), root=tree.root(earlier)
        )
        assert tiled.root(index) == tree.root(index)
        if index:
            proof = tiled.consistency_proof(index)
            verify_consistency(
                first=index, second=SIZE, first_root=tree.root(index), second_root=root, proof=proof
            )  # fmt: skip
    assert tiled.compact_range().root() == root
    assert tiled.entries(3) == entries(SIZE)[768:]


def test_a_proof_reads_a_tile_of_each_level_and_no_more(files, root):
    read = []
    tiled = TiledTree(lambda path: read.append(path) or files.get(path), SIZE, root)
    tiled.inclusion_proof(300)
    tiled.inclusion_proof(301)
    assert read == ["tile/0/003.p/232", "tile/1/000.p/3", "tile/0/001"]


def test_no_hash_is_given_that_was_not_signed(files, root, tiled, refused):
    assert refused(TiledTree(flip(files, "tile/0/001", 5).get, SIZE, root).inclusion_proof, 300).where == "tile/0/001"
    assert refused(TiledTree, flip(files, "tile/0/003.p/232", 5).get, SIZE, root).code == "tlog.edge"
    assert refused(TiledTree, files.get, 2**63, root).code == "tlog.size"
    assert refused(tiled.inclusion_proof, SIZE).code == "tlog.index"
    assert refused(tiled.inclusion_proof, 5, SIZE + 1).code == "tlog.size"
    assert refused(tiled.root, SIZE + 1).code == "tlog.size"
    assert refused(tiled.entries, 4).code == "tlog.no_tile"
    for level, index in [(0, SIZE), (3, 125), (0, -1)]:
        with pytest.raises(IndexError):
            tiled.hash_at(level, index)


def test_an_empty_log_has_a_root_and_no_tiles(published, verify):
    files = published([])
    assert sorted(files) == ["checkpoint", "vkey"]
    assert verify(files).signed.checkpoint.root == EMPTY_ROOT
    assert not list(tiles_of(0))


def test_a_log_is_verified_with_nothing_but_what_it_publishes(files):
    key = parse_vkey(files["vkey"].decode().strip())
    assert open_checkpoint(files["checkpoint"], key).checkpoint.size == SIZE
