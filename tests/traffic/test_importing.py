"""A newer file is taken whole or not at all, whatever happens meanwhile."""

import errno
import json
import multiprocessing
import os
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from riverloop.traffic import DailyTraffic, TrafficError, WrongRowsError, stored, traffic_import, traffic_package
from riverloop.traffic.reading import read_csv
from riverloop.traffic.sources import load_source
from tests.traffic.files import AT, PUBLISHED, read, row, told

SOURCE = load_source()


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "traffic"


def of(folder, day, point="lo_wu"):
    """Give what is counted of a day, both ways."""
    frame = DailyTraffic.load(folder).frame.filter((pl.col("date") == day) & (pl.col("control_point") == point))
    return dict(frame.select("direction", "total").rows())


def take(folder, *rows, **named):
    return traffic_import(folder, read(*rows), at=AT, **named)


def files(folder):
    return sorted(path.name for path in folder.iterdir() if path.suffix != ".lock")


# Newer rows


def test_newer_rows_are_counted_with_those_that_came_with_the_program(folder):
    done = take(folder, row(), row(way="Departure", counts=(4, 5, 6)))
    assert (done.added, done.replaced, done.known, done.left_out) == (2, 0, 0, ())
    assert (done.first, done.last) == (date(2026, 3, 9), date(2026, 3, 9))
    assert of(folder, date(2026, 3, 9)) == {"arrival": 6, "departure": 15}
    assert DailyTraffic.load(folder).frame.height == DailyTraffic.load().frame.height + 2
    assert of(None, date(2026, 3, 9)) == {}


def test_where_a_row_came_from_is_kept_beside_it(folder):
    imported = read(row(), name="march.csv")
    traffic_import(folder, imported, at=AT)
    take(folder, row("10-03-2026"))
    first, second = DailyTraffic.load(folder).origins
    assert (first.name, first.sha256, first.imported_at) == ("march.csv", imported.sha256, "2026-11-22T12:00:00+00:00")
    assert (first.added, second.added) == (1, 1)


def test_a_file_that_only_repeats_what_is_known_changes_nothing(folder):
    imported = read_csv(PUBLISHED.read_bytes(), name="published.csv")
    done = traffic_import(folder, imported, at=AT)
    assert (done.added, done.replaced, done.known) == (0, 0, imported.rows.height)
    assert files(folder) == []
    take(folder, row())
    before = (folder / f"{SOURCE.id}.parquet").read_bytes()
    assert take(folder, row()).known == 1
    assert (folder / f"{SOURCE.id}.parquet").read_bytes() == before


def test_days_of_which_nothing_is_known_are_told(folder):
    done = take(folder, row("12-03-2026"), row("15-03-2026"))
    assert done.gaps == ((date(2026, 3, 9), date(2026, 3, 11)), (date(2026, 3, 13), date(2026, 3, 14)))
    assert take(folder, row("09-03-2026"), row("10-03-2026"), row("11-03-2026")).gaps == done.gaps[1:]


# Rows that are wrong, or say otherwise


def test_where_a_row_is_wrong_nothing_is_imported_and_each_is_told(folder):
    with pytest.raises(WrongRowsError) as refused:
        take(folder, row(), row("10-03-2026", total=7), row("11-03-2026", point="Nowhere"))
    assert [line.partition(": ")[0] for line in told(refused.value.problems)] == ["new.csv:3", "new.csv:4"]
    assert str(refused.value).startswith("new.csv: 2 rows cannot be taken as they are, so nothing was imported;")
    assert files(folder) == []


def test_wrong_rows_are_left_out_when_that_is_asked_for_and_told_all_the_same(folder):
    done = take(folder, row(), row("10-03-2026", total=7), skip_wrong=True)
    assert done.added == 1
    assert told(done.left_out)[0].startswith("new.csv:3: The row does not add up")
    assert of(folder, date(2026, 3, 10)) == {}


@pytest.mark.parametrize("skip", [False, True])
def test_a_row_that_contradicts_a_kept_one_is_never_taken_without_a_word(folder, skip):
    before = of(folder, date(2026, 3, 8))
    other = row("08-03-2026", counts=(1, 2, 3))
    if skip:
        done = take(folder, other, row(), skip_wrong=True)
        problems, added = done.left_out, done.added
    else:
        with pytest.raises(WrongRowsError) as refused:
            take(folder, other, row())
        problems, added = refused.value.problems, 0
    (said,) = told(problems)
    assert said.startswith("new.csv:2: The row says 1 + 2 + 3, and 119706 + 16257 + 1103 are kept of that day,")
    assert "(--replace)" in said
    assert of(folder, date(2026, 3, 8)) == before
    assert len(of(folder, date(2026, 3, 9))) == added


def test_a_row_takes_the_place_of_a_kept_one_when_that_is_asked_for(folder):
    before = of(folder, date(2026, 3, 8))
    done = take(folder, row("08-03-2026", counts=(1, 2, 3)), row(), replace=True)
    assert (done.added, done.replaced, done.known) == (1, 1, 0)
    assert of(folder, date(2026, 3, 8)) == before | {"arrival": 6}
    again = take(folder, row("08-03-2026", counts=(1, 2, 4)), replace=True)
    assert again.replaced == 1
    assert of(folder, date(2026, 3, 8)) == before | {"arrival": 7}
    assert DailyTraffic.load(folder).frame.height == DailyTraffic.load().frame.height + 1


def test_taking_newer_rows_does_not_take_wrong_ones(folder):
    with pytest.raises(WrongRowsError):
        take(folder, row("08-03-2026"), row(total=7), replace=True)
    assert files(folder) == []


# Whatever happens meanwhile


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_wherever_an_import_ends_the_rows_of_before_are_whole(folder, monkeypatch, call):
    take(folder, row())
    kept = (folder / f"{SOURCE.id}.parquet").read_bytes()

    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(*((stored.os, "fsync") if call == "fsync" else (Path, "replace")), full)
    with pytest.raises(TrafficError) as refused:
        take(folder, row("10-03-2026"))
    assert "It cannot be written (No space left on device)" in str(refused.value)
    monkeypatch.undo()
    assert (folder / f"{SOURCE.id}.parquet").read_bytes() == kept
    assert files(folder) == [f"{SOURCE.id}.parquet"]


def test_a_process_that_is_killed_while_it_writes_leaves_the_rows_of_before(folder):
    take(folder, row())
    kept = (folder / f"{SOURCE.id}.parquet").read_bytes()
    process = multiprocessing.get_context("spawn").Process(target=_die_while_writing, args=(folder,))
    process.start()
    process.join()
    assert process.exitcode == 9
    assert (folder / f"{SOURCE.id}.parquet").read_bytes() == kept
    assert take(folder, row("10-03-2026")).added == 1
    assert files(folder) == [f"{SOURCE.id}.parquet"]


def _die_while_writing(folder):
    stored.os.fsync = lambda _: os._exit(9) if list(folder.glob("*.new")) else None
    take(folder, row("10-03-2026"))


def test_of_two_imports_at_once_none_is_lost(folder):
    folder.mkdir()
    days = [f"{day:02}-04-2026" for day in range(1, 7)]
    pool = [multiprocessing.get_context("spawn").Process(target=_take_day, args=(folder, day)) for day in days]
    for process in pool:
        process.start()
    for process in pool:
        process.join()
    assert [process.exitcode for process in pool] == [0] * len(days)
    assert DailyTraffic.load(folder).frame.height == DailyTraffic.load().frame.height + len(days)
    assert len(DailyTraffic.load(folder).origins) == len(days)


def _take_day(folder, day):
    take(folder, row(day))


@pytest.mark.parametrize("how", ["empty", "cut", "flipped", "other columns", "other file"])
def test_imported_rows_that_cannot_be_read_are_told_and_never_overwritten(folder, how):
    take(folder, row())
    path = folder / f"{SOURCE.id}.parquet"
    whole = bytearray(path.read_bytes())
    flipped = bytes(whole[:-40]) + bytes(255 - one for one in whole[-40:])
    if how == "other columns":
        pl.DataFrame({"date": [1]}).write_parquet(
            path, metadata={"riverloop": json.dumps({"format": 1, "origins": []})}
        )
    else:
        path.write_bytes({"empty": b"", "cut": bytes(whole[:-100]), "flipped": flipped, "other file": b"x" * 900}[how])
    damaged = path.read_bytes()
    for ask in (lambda: DailyTraffic.load(folder), lambda: take(folder, row("10-03-2026"))):
        with pytest.raises(TrafficError, match="The imported rows cannot be read. Restore the file from a backup"):
            ask()
    assert path.read_bytes() == damaged


def test_a_folder_that_cannot_be_written_is_told_in_one_line(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(TrafficError, match="cannot be written"):
        take(tmp_path / "file" / "traffic", row())


def test_no_day_of_a_partial_import_comes_twice(folder):
    take(folder, row(), skip_wrong=True)
    take(folder, row(way="Departure"))
    frame = DailyTraffic.load(folder).frame
    assert frame.height == frame.unique(["date", "control_point", "direction"]).height
    assert frame.equals(frame.sort("date", "control_point", "direction"))


# The rows of the package


def test_the_package_is_made_by_the_same_reading_and_can_be_made_again(tmp_path):
    imported = read_csv(PUBLISHED.read_bytes(), name="published.csv")
    done = traffic_package(tmp_path, imported, at=AT)
    assert done.added == imported.rows.height
    first = (tmp_path / f"{SOURCE.id}.parquet").read_bytes()
    traffic_package(tmp_path, imported, at=AT)
    assert (tmp_path / f"{SOURCE.id}.parquet").read_bytes() == first
    days = imported.rows["date"].unique()
    of_the_package = stored.packaged(SOURCE).rows.filter(pl.col("date").is_in(days.implode()))
    assert of_the_package.equals(stored.read_stored(tmp_path, SOURCE).rows)


def test_the_package_is_made_of_right_rows_alone(tmp_path):
    with pytest.raises(WrongRowsError):
        traffic_package(tmp_path, read(row(), row("10-03-2026", total=7)), at=AT)
    assert list(tmp_path.iterdir()) == []
