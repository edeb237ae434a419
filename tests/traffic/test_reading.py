"""Published files with all their traps are read; what is wrong is told with its line, and nothing is guessed."""

import gzip
from datetime import date

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from riverloop.traffic import TrafficError, read_csv, reading
from tests.traffic.files import HEAD, PUBLISHED, read, row, text_of, told

# As published


def test_a_published_file_is_read_with_all_its_traps():
    data = PUBLISHED.read_bytes()
    assert data.startswith(b"\xef\xbb\xbf")
    imported = read_csv(data, name="published.csv")
    assert imported.problems == ()
    assert imported.rows.height == data.count(b"\n") - 1
    assert set(imported.rows["date"]) == {
        date(2021, 1, 1), date(2022, 2, 7), date(2022, 2, 8), date(2025, 12, 31), date(2026, 1, 1), date(2026, 3, 8),
    }  # fmt: skip
    counted = imported.rows.row(by_predicate=_of(date(2026, 3, 8), "macao_ferry_terminal", "departure"), named=True)
    assert (counted["hong_kong_residents"], counted["mainland_visitors"], counted["other_visitors"]) == (
        4713, 1226, 3152,
    )  # fmt: skip


def test_a_control_point_that_was_renamed_stays_one():
    rows = read_csv(PUBLISHED.read_bytes(), name="published.csv").rows
    days = rows.filter(pl.col("control_point") == "macao_ferry_terminal")["date"].unique().sort().to_list()
    assert days[0] == date(2021, 1, 1)
    assert days[-1] == date(2026, 3, 8)
    assert rows["control_point"].n_unique() == 16


def test_control_points_that_stop_are_no_mistake():
    rows = read_csv(PUBLISHED.read_bytes(), name="published.csv").rows
    points = {day: set(rows.filter(pl.col("date") == day)["control_point"]) for day in rows["date"].unique()}
    assert "tuen_mun_ferry_terminal" in points[date(2022, 2, 7)] - points[date(2022, 2, 8)]
    assert "hung_hom" in points[date(2022, 2, 8)] - points[date(2025, 12, 31)]


def test_a_packed_file_is_known_by_its_content():
    plain, packed = PUBLISHED.read_bytes(), gzip.compress(PUBLISHED.read_bytes())
    one, other = read_csv(plain, name="a.csv"), read_csv(packed + gzip.compress(b""), name="a.csv")
    assert one.rows.equals(other.rows)
    assert one.sha256 != other.sha256


def test_columns_may_stand_in_another_order_and_lines_may_end_otherwise():
    lines = [line.split(",") for line in (HEAD, row())]
    turned = "\n".join(",".join(reversed(cells)) for cells in lines)
    assert read_csv(turned.encode(), name="turned.csv").rows.equals(read(row()).rows)


def _of(day, point, way):
    return (pl.col("date") == day) & (pl.col("control_point") == point) & (pl.col("direction") == way)


# Rows that are wrong


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (row(total=7), "The row does not add up: 1 + 2 + 3 make 6, and Total says 7. Ask the publisher."),
        (row(point="Lo Woo"), 'There is no control point "Lo Woo". Did you mean "Lo Wu"?'),
        (row(way="Arival"), '"Arival" is no direction. Did you mean "Arrival"? Give Arrival or Departure.'),
        (row(date="31-02-2026"), '"31-02-2026" is no date of the form DD-MM-YYYY.'),
        (row(date="2026-03-09"), '"2026-03-09" is no date of the form DD-MM-YYYY.'),
        (row(date="9-3-2026"), '"9-3-2026" is no date of the form DD-MM-YYYY.'),
        (row(date="09/03/2026"), '"09/03/2026" is no date of the form DD-MM-YYYY.'),
        (row(date="٠٩-03-2026"), "is no date of the form DD-MM-YYYY."),
        (row(date="09-03-1926"), "1926-03-09 is not a day that can have been counted."),
        (row(date="09-03-2027"), "2027-03-09 is not a day that can have been counted."),
        (row(counts=(-1, 2, 3), total=4), 'Hong Kong Residents is "-1". Give a whole number of passengers'),
        (row(counts=(1, "many", 3), total=6), 'Mainland Visitors is "many".'),
        (row(counts=(1, "", 3), total=4), 'Mainland Visitors is "".'),
        (row(counts=("1e3", 2, 3), total=6), 'Hong Kong Residents is "1e3".'),
        (row(counts=("1.0", 2, 3), total=6), 'Hong Kong Residents is "1.0".'),
        (row(counts=("１", 2, 3), total=6), 'Hong Kong Residents is "１".'),
        (row(counts=('"1,000"', 2, 3), total=1005), 'Hong Kong Residents is "1,000".'),
        (row(counts=(10**9, 2, 3)), 'Hong Kong Residents is "1000000000".'),
        (row(total="nan"), 'Total is "nan".'),
        ("09-03-2026,Lo Wu,Arrival,1,2", "The row has 5 cells of 8. Complete it."),
        (row() + "x", '"x" stands under no head. Take it out.'),
        (row() + ",x", '"x" stands under no head. Take it out.'),
    ],
)
def test_a_wrong_row_is_told_with_its_file_and_line_and_the_others_are_read(wrong, said):
    right = [row("10-03-2026"), row("11-03-2026")]
    imported = read(right[0], wrong, right[1], today=date(2026, 11, 22))
    (problem,) = told(imported.problems)
    assert problem.startswith(f"new.csv:3: {said}" if said[0] != "i" else "new.csv:3: ")
    assert said in problem
    assert imported.rows.equals(read(*right).rows)


def test_a_row_that_stands_there_twice_is_told_and_kept_once():
    imported = read(row(), row("10-03-2026"), row())
    assert told(imported.problems) == ["new.csv:4: The row repeats line 2. Take one out."]
    assert imported.rows.height == 2


def test_of_two_rows_that_contradict_each_other_neither_is_kept():
    imported = read(row(), row(counts=(1, 2, 4)), row("10-03-2026"), row())
    assert "new.csv:3: The row is of the same day" in told(imported.problems)[0]
    assert imported.rows["date"].to_list() == [date(2026, 3, 10)]
    assert list(imported.lines.values()) == [4]


def test_the_old_and_the_new_name_of_a_control_point_on_one_day_are_the_same_row_twice():
    imported = read(row(point="Macau Ferry Terminal"), row(point="Macao Ferry Terminal", counts=(4, 5, 6)))
    assert len(imported.problems) == 1
    assert imported.rows.is_empty()


def test_blank_lines_and_an_empty_column_are_nothing_to_tell():
    imported = read(row(), "", ",,,,,,,", "  ", row("10-03-2026"))
    assert imported.problems == ()
    assert imported.rows.height == 2
    assert sorted(imported.lines.values()) == [2, 6]


def test_a_line_is_counted_from_where_its_row_begins():
    quoted = read('09-03-2026,"Lo\r\nWu",Arrival,1,2,3,6,', row("10-03-2026", total=9))
    assert [problem.where for problem in quoted.problems] == ["new.csv:2", "new.csv:4"]


# Files that are wrong as a whole


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", 'f.csv:1: The column "Date" is lacking. Take a file of "Statistics on Daily Passenger Traffic"'),
        (text_of(), "f.csv:1: It has a head and no rows."),
        (text_of(row(), head=HEAD.replace("Total", "Sum")), 'f.csv:1: This table has no column "Sum".'),
        (text_of(row(), head=HEAD + "Date"), 'f.csv:1: The column "Date" stands there twice.'),
        (text_of(row(), head=HEAD.replace(",Total", "")), 'f.csv:1: The column "Total" is lacking.'),
        (text_of(row(), head=HEAD.lower()), 'f.csv:1: This table has no column "date". Did you mean "Date"?'),
        (text_of(row(date="03-13-2026")), 'f.csv:2: "03-13-2026" is a date only with the month first'),
        (text_of(row()).decode().encode("utf-16"), "f.csv:1: This is not UTF-8 text."),
        (text_of(row(), row(point="Lo W\xfc")).decode().encode("latin-1", "replace"), "f.csv:3: This is not UTF-8"),
        (b"PK\3\4\xff a spreadsheet", "f.csv:1: This is not UTF-8 text."),
        (text_of(row(), '"09-03-2026,Lo Wu'), "f.csv:3: From here on it is no CSV"),
        (text_of(row(), '"09"-03-2026,Lo Wu'), "f.csv:3: From here on it is no CSV"),
        (text_of("x" * 200_000), "f.csv:2: From here on it is no CSV"),
        (gzip.compress(text_of(row()))[:-9], "f.csv: It is packed by gzip, and damaged or cut off."),
        (b"\x1f\x8b" + b"rubbish" * 9, "f.csv: It is packed by gzip, and damaged or cut off."),
        (gzip.compress(text_of(row())) + b"rubbish", "f.csv: It is packed by gzip, and damaged or cut off."),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_read_is_refused_in_one_line(data, said):
    with pytest.raises(TrafficError) as refused:
        read_csv(data, name="f.csv")
    assert str(refused.value).startswith(said)
    assert "\n" not in str(refused.value)


def test_a_file_that_unpacks_without_end_is_refused_before_it_fills_the_memory(monkeypatch):
    monkeypatch.setattr(reading, "MOST_BYTES", 1_000_000)
    bomb = gzip.compress(b"0" * 50_000_000, 9)
    asked = []
    whole = gzip.GzipFile.read
    monkeypatch.setattr(gzip.GzipFile, "read", lambda self, size=-1: asked.append(size) or whole(self, size))
    with pytest.raises(TrafficError, match="It holds more than 1 MB. Split it by years."):
        read_csv(bomb, name="f.csv")
    assert asked == [1_000_001]
    with pytest.raises(TrafficError, match="It holds more than 1 MB."):
        read_csv(b"0" * 1_000_001, name="f.csv")


def test_a_file_in_which_hardly_a_row_is_right_is_refused_as_a_whole():
    rows = [row(total=7)] * (reading.MOST_PROBLEMS + 5)
    with pytest.raises(TrafficError) as refused:
        read(*rows)
    assert str(refused.value).startswith(
        "new.csv:1002: More than 1000 rows are wrong; the first is that of line 2: The"
    )


@given(st.binary(max_size=300), st.integers(0, 400))
def test_spoilt_bytes_are_read_or_refused_and_never_anything_else(junk, place):
    whole = text_of(row(), row("10-03-2026"))
    for data in (whole[:place] + junk + whole[place:], junk, gzip.compress(whole)[:place] + junk):
        said = []
        try:
            imported = read_csv(data, name="f.csv")
            said = told(imported.problems)
            assert imported.rows.height + len(said) > 0
        except TrafficError as error:
            said = [str(error)]
        assert all(len(line.splitlines()) == 1 for line in said)


@given(
    st.dictionaries(
        st.tuples(
            st.dates(date(2021, 1, 1), date(2030, 1, 1)),
            st.sampled_from(["Lo Wu", "Shenzhen Bay", "Macao Ferry Terminal"]),
            st.sampled_from(["Arrival", "Departure"]),
        ),
        st.tuples(*[st.integers(0, 10**9 - 1)] * 3),
        min_size=1,
        max_size=20,
    )
)
def test_what_was_written_is_what_is_read(counted):
    rows = [row(day.strftime("%d-%m-%Y"), point, way, counts) for (day, point, way), counts in counted.items()]
    rows = [line for line, counts in zip(rows, counted.values(), strict=True) if sum(counts) < 10**9]
    if not rows:
        return
    imported = read(*rows)
    assert imported.problems == ()
    assert imported.rows.height == len(rows)
    kept = imported.rows.select("hong_kong_residents", "mainland_visitors", "other_visitors").rows()
    assert sorted(kept) == sorted(counts for counts in counted.values() if sum(counts) < 10**9)


def test_an_archive_of_which_a_byte_is_flipped_is_refused():
    data = bytearray(gzip.compress(text_of(*[row(f"{day:02}-03-2026") for day in range(1, 29)])))
    data[len(data) // 2] ^= 255
    with pytest.raises(TrafficError) as refused:
        read_csv(bytes(data), name="f.csv")
    assert refused.value.code == "traffic.gzip"


def test_what_a_terminal_would_obey_is_shown_as_a_mark():
    assert 'There is no control point "�[31mLo Wu".' in told(read(row(point="\x1b[31mLo Wu")).problems)[0]
