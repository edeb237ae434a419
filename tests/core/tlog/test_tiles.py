import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from riverloop.core.tlog import (
    ENTRIES,
    MOST_NOTE_BYTES,
    CompactRange,
    Growth,
    Tile,
    Tree,
    decode_bundle,
    encode_bundle,
    most_bytes,
    parse_path,
    tile_at,
    tiles_of,
    tiles_of_growth,
)
from riverloop.core.tlog.tiles import read_bundle, read_tile
from tests.core.tlog.leaves import entries

NO_PATHS = [
    "tile",
    "tile/",
    "tile/0/",
    "tile/0/0",
    "tile/0/00",
    "tile/0/0000",
    "tile/00/000",
    "tile/64/000",
    "tile/-1/000",
    "tile/0/x000/000",
    "tile/0/001/000",
    "tile/0/x1/000",
    "tile/0/000.p/0",
    "tile/0/000.p/256",
    "tile/0/000.p/01",
    "tile/0/000.p/",
    "tile/0/000/",
    "/tile/0/000",
    "tile/entry/000",
    "tile/0/../000",
    "tile/8/0/000",
    "checkpoint.txt",
    "tile/0/٠٠٠",
    "tile/0/000%00",
]
LOG_SIZES = st.integers(0, 200_000)


@pytest.mark.parametrize(
    ("tile", "path"),
    [
        (Tile(0, 0), "tile/0/000"),
        (Tile(0, 1067, 12), "tile/0/x001/067.p/12"),
        (Tile(3, 1_234_067), "tile/3/x001/x234/067"),
        (Tile(ENTRIES, 67, 255), "tile/entries/067.p/255"),
        (Tile(63, 0, 1), "tile/63/000.p/1"),
        (Tile(0, 2**55 - 1), "tile/0/x036/x028/x797/x018/x963/967"),
    ],
)
def test_a_tile_has_one_path(tile, path):
    assert tile.path == path
    assert parse_path(path) == tile


@pytest.mark.parametrize("path", NO_PATHS)
def test_a_path_that_no_tile_has_is_refused(path, refused):
    assert refused(parse_path, path).code == "tlog.path"


def test_a_path_that_never_ends_is_refused_and_not_repeated(refused):
    assert len(refused(parse_path, "tile/0/" + "x001/" * 1_000_000 + "001").where) == 64


def test_the_example_of_the_specification_has_its_tiles():
    tiles = list(tiles_of(70_000))
    widths = {level: [tile.width for tile in tiles if tile.level == level] for level in range(4)}
    assert widths == {0: [256] * 273 + [112], 1: [256, 17], 2: [1], 3: []}
    assert [tile.path for tile in tiles_of(256)] == ["tile/entries/000", "tile/0/000", "tile/1/000.p/1"]
    assert not list(tiles_of(0))


@example(0, 256)
@example(255, 257)
@example(65_535, 65_536)
@given(LOG_SIZES, LOG_SIZES)
def test_growth_makes_just_the_tiles_that_were_not_there(one, other):
    old, new = sorted((one, other))
    before, after, made = set(tiles_of(old)), list(tiles_of(new)), list(tiles_of_growth(old, new))
    assert set(made) == set(after) - before
    assert len(made) == len(set(made))
    assert [tile for tile in after if tile in set(made)] == made
    assert all(tile_at(tile.level, tile.number, new) == tile for tile in after)


def test_a_tile_knows_the_leaves_that_it_spans():
    assert Tile(0, 3, 10).leaves == (768, 778)
    assert Tile(ENTRIES, 3).leaves == (768, 1024)
    assert Tile(1, 1, 2).leaves == (65_536, 66_048)


def test_a_tile_that_a_log_has_not_is_refused(refused):
    for level, index in [(0, 4), (1, 1), (2, 0), (ENTRIES, 4), (0, -1)]:
        assert refused(tile_at, level, index, 1000).code == "tlog.no_tile"


@given(st.lists(st.binary(max_size=300), max_size=20))
def test_a_bundle_is_read_as_it_was_written(given_entries):
    tile = Tile(ENTRIES, 0, len(given_entries))
    assert decode_bundle(encode_bundle(given_entries), tile) == given_entries


def test_a_bundle_names_lengths_with_the_most_significant_byte_first():
    assert encode_bundle([b"ab", b"", b"x" * 258]) == b"\0\2ab\0\0\1\2" + b"x" * 258


def test_a_bundle_that_ends_early_or_late_is_refused_with_its_leaf(refused):
    tile, content = Tile(ENTRIES, 2, 3), encode_bundle([b"ab", b"cd", b"ef"])
    for cut, leaf in [(0, 512), (1, 512), (3, 512), (5, 513), (11, 514)]:
        error = refused(decode_bundle, content[:cut], tile)
        assert (error.code, error.parameters["index"]) == ("tlog.bundle_short", leaf)
        assert error.where == "tile/entries/002.p/3"
    assert refused(decode_bundle, content + b"\0", tile).parameters == {"bytes": 1, "last": 514}


def test_an_entry_that_two_bytes_cannot_count_is_refused(refused):
    assert decode_bundle(encode_bundle([bytes(65_535)]), Tile(ENTRIES, 0, 1)) == [bytes(65_535)]
    assert refused(encode_bundle, [b"", bytes(65_536)]).parameters["place"] == 1


def test_how_long_a_file_may_be_is_known_before_it_is_read(refused):
    assert most_bytes("checkpoint") == MOST_NOTE_BYTES
    assert most_bytes("vkey") < 4096
    assert most_bytes("tile/0/000") == 8192
    assert most_bytes("tile/1/000.p/3") == 96
    assert most_bytes("tile/entries/000.p/2", most_entry_bytes=32) == 68
    assert most_bytes("tile/entries/000") == 256 * 65_537
    assert refused(most_bytes, "passwords").code == "tlog.path"


def test_a_file_that_is_too_long_is_refused(refused):
    endless = bytes(40_000_000)
    assert refused(read_tile, lambda _: endless, Tile(0, 0), where="hk").where == "hk/tile/0/000"
    assert refused(read_bundle, lambda _: endless, Tile(ENTRIES, 0)).code == "tlog.bundle_size"
    short = encode_bundle(entries(4))
    assert refused(read_bundle, lambda _: short, Tile(ENTRIES, 0, 4), most_entry_bytes=31).code == "tlog.bundle_size"


def test_where_a_partial_tile_was_dropped_the_full_one_serves(refused):
    growth = Growth()
    files = dict(growth.extend(entries(256)))
    tile, bundle = Tile(0, 0, 5), Tile(ENTRIES, 0, 5)
    assert read_tile(files.get, tile) == files["tile/0/000"][:160]
    assert read_bundle(files.get, bundle) == entries(5)
    assert refused(read_tile, {}.get, tile).where == "tile/0/000.p/5"


# How the files grow


def published(size):
    growth = Growth()
    files = dict(growth.extend(entries(size)))
    return files | dict(growth.partials()), growth


@pytest.mark.parametrize("size", [0, 1, 255, 256, 257, 1000, 65_536, 65_537])
def test_the_files_of_a_log_are_those_of_its_size_and_give_its_root(size):
    files, growth = published(size)
    assert list(files.keys() - {tile.path for tile in tiles_of(size)}) == []
    assert len(files) == len(list(tiles_of(size)))
    assert growth.root() == CompactRange.of(entries(size)).root()
    assert all(len(content) <= most_bytes(path, most_entry_bytes=32) for path, content in files.items())


@given(st.lists(st.integers(0, 700), max_size=8))
def test_a_log_that_grows_step_by_step_has_the_files_of_one_that_grew_at_once(steps):
    everything, files, size = entries(sum(steps)), {}, 0
    tree = Tree(everything)
    for step in steps:
        growth = Growth(size, files.get)
        assert growth.root() == tree.root(size)
        made = dict(growth.extend(everything[size : size + step])) | dict(growth.partials())
        size += step
        assert not made.keys() & files.keys()  # what is published never changes
        files |= made
        assert growth.root() == tree.root(size)
    whole, _ = published(size)
    assert {path: files[path] for path in whole} == whole


def test_one_growth_can_make_partial_tiles_at_several_sizes():
    growth, files = Growth(), {}
    for start in range(0, 1000, 100):
        files |= dict(growth.extend(entries(1000)[start : start + 100])) | dict(growth.partials())
        whole, _ = published(growth.size)
        assert {path: files[path] for path in whole} == whole


def test_a_log_does_not_grow_without_the_files_that_it_has(refused):
    files, _ = published(300)
    assert refused(Growth, 300).code == "tlog.no_files"
    del files["tile/1/000.p/1"]
    assert refused(Growth, 300, files.get).where == "tile/1/000.p/1"
