"""Tables as people's spreadsheets write them, and those that no spreadsheet would."""

import io
import zipfile
from contextlib import suppress
from datetime import date, datetime

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from riverloop.apps.clearance.importing import reading
from riverloop.apps.clearance.importing.reading import decode, read_table
from riverloop.core.kernel.errors import InputError

TRADITIONAL = "movement,reference\n一,深圳灣口岸的人體血液樣本須領許可證\n"
SIMPLIFIED = "movement,reference\n一,深圳湾口岸的人体血液样本须领许可证\n"


def workbook(*rows, sheets=1):
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    for _ in range(sheets - 1):
        book.create_sheet()
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def refusal(data, **named):
    with pytest.raises(InputError) as caught:
        read_table(data, **named)
    return caught.value.code, str(caught.value)


def test_a_csv_is_read_with_the_rows_numbered_as_a_spreadsheet_does():
    table = read_table(b"direction,crossing_at\n# a note\nhk-cn,2026-12-01 09:00\n\n cn-hk ,x\n")
    assert (table.kind, table.encoding, table.header) == ("csv", "UTF-8", ("direction", "crossing_at"))
    assert [(line.number, line.cells) for line in table.lines] == [
        (3, ("hk-cn", "2026-12-01 09:00")),
        (5, ("cn-hk", "x")),
    ]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_cells_may_be_parted_by_comma_semicolon_or_tab(separator):
    table = read_table(f'a{separator}b\n1{separator}"2{separator}3"\n'.encode())
    assert table.lines[0].cells == ("1", f"2{separator}3")


@pytest.mark.parametrize(
    ("text", "codec", "named"),
    [
        (SIMPLIFIED, "utf-8", "utf-8"),
        (TRADITIONAL, "utf-8-sig", "utf-8"),
        (TRADITIONAL, "utf-16", "utf-16"),
        (SIMPLIFIED, "gb18030", "gb18030"),
        (TRADITIONAL, "big5hkscs", "big5"),
        ("movement,reference\n1,plain\n", "ascii", "utf-8"),
    ],
)
def test_the_encodings_of_both_sides_are_found_out(text, codec, named):
    assert decode(text.encode(codec)) == (text, named)


def test_an_encoding_may_be_named_and_then_no_other_is_tried():
    assert decode(SIMPLIFIED.encode("gb18030"), "gb18030")[0] == SIMPLIFIED
    code, said = refusal(SIMPLIFIED.encode("gb18030"), encoding="utf-8")
    assert code == "import.encoding"
    assert "as UTF-8. Save it as CSV UTF-8" in said


def test_a_workbook_is_read_as_if_its_cells_had_been_typed():
    table = read_table(
        workbook(
            ["a", "b", "c", "d", "e", "f"],
            [True, 3.0, 2.5, date(2026, 12, 1), datetime.fromisoformat("2026-12-01T09:30"), None],
            [None] * 6,
            [False, 10**12, "text ", "", 1e300, "x"],
        )
    )
    assert (table.kind, table.encoding) == ("xlsx", "")
    assert [line.cells for line in table.lines] == [
        ("yes", "3", "2.5", "2026-12-01", "2026-12-01 09:30", ""),
        ("no", "1000000000000", "text", "", "1e+300", "x"),
    ]
    assert [line.number for line in table.lines] == [2, 4]


def test_only_the_first_sheet_is_read():
    assert len(read_table(workbook(["a"], ["1"], sheets=3)).lines) == 1


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "import.empty"),
        (b"\n\n", "import.no_header"),
        (b"a,b\n", "import.no_rows"),
        (b"a\n1,2\n", "import.ragged"),
        (b"\x00\x01\x02\x03" * 100, "import.kind"),
        (b"a\n\x01\n", "import.kind"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1rest", "import.old_office"),
        (b"a\n" + b"x" * 1_001 + b"\n", "import.long_cell"),
        (b",".join([b"a"] * 301) + b"\n1\n", "import.columns"),
        (b"a\n" + b"1\n" * 10_001, "import.rows"),
        (b"x" * (reading.MOST_BYTES + 1), "import.size"),
        (workbook(["a"], ["=1+1"]), "import.formula"),
        (workbook(["a"], ["#REF!"]), "import.error_value"),
    ],
)
def test_what_is_no_table_is_refused_in_a_line_that_says_how_to_mend_it(data, code):
    found, said = refusal(data)
    assert found == code
    assert said.endswith(".")


def test_ten_thousand_rows_are_taken():
    assert len(read_table(b"a\n" + b"1\n" * reading.MOST_ROWS).lines) == reading.MOST_ROWS


def test_a_bomb_is_refused_before_it_opens():
    out, original = io.BytesIO(), zipfile.ZipFile(io.BytesIO(BOOK))
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in original.namelist():
            content = original.read(name)
            if name.endswith("sheet1.xml"):
                content = content.replace(b"</sheetData>", b" " * 200_000_000 + b"</sheetData>")
            archive.writestr(name, content)
    code, said = refusal(out.getvalue())
    assert code == "documents.file.complex_workbook"
    assert "CSV" in said
    assert "PDF" not in said, "a table is no table once it is printed"


def test_a_locked_or_broken_workbook_is_refused():
    whole = workbook(["a"], ["1"])
    assert refusal(whole[:-40])[0].endswith("damaged")
    assert refusal(b"PK\x03\x04" + b"\0" * 100)[0].endswith("damaged")


@given(st.binary(max_size=400))
def test_no_bytes_do_more_than_be_refused(data):
    with suppress(InputError):
        read_table(data)


@given(st.binary(max_size=60), st.integers(0, 5_000))
def test_no_change_of_a_workbook_does_more_than_be_refused(bytes_, place):
    whole = bytearray(BOOK)
    whole[place % len(whole) : place % len(whole) + len(bytes_)] = bytes_
    with suppress(InputError):
        read_table(bytes(whole))


BOOK = workbook(["direction", "crossing_at"], ["hk-cn", "2026-12-01 09:00"])
