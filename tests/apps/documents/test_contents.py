"""A file is what its content says; what runs, hides, swells or is two things at once is refused in one line."""

import tracemalloc
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from riverloop.apps.documents.contents import CSV, JPEG, PDF, PNG, XLSX, harmless_name, media_type_of, pdf
from riverloop.core.kernel.errors import InputError
from tests.apps.documents import samples

WHOLE = {PDF: samples.pdf(), PNG: samples.png(), JPEG: samples.jpeg(), CSV: samples.CSV, XLSX: samples.xlsx()}


def refusal_of(data: bytes) -> str:
    with pytest.raises(InputError) as error:
        media_type_of(data)
    assert "\n" not in str(error.value)
    return error.value.code.removeprefix("documents.file.")


@pytest.mark.parametrize("media_type", WHOLE)
def test_each_kind_is_known_by_its_content(media_type):
    assert media_type_of(WHOLE[media_type]) == media_type


def test_a_program_is_refused_whatever_its_name_and_said_to_be_one():
    with pytest.raises(InputError, match="none of PDF, PNG, JPEG, CSV and XLSX"):
        media_type_of(samples.EXECUTABLE)


@pytest.mark.parametrize(
    "data",
    [b"\x7fELF\x02\x01\x01" + b"\0" * 50, b"#!/bin/sh\nrm -rf /\n", b"<html><script>alert(1)</script>", b"<svg/>",
     b"GIF89a" + b"\0" * 20, b"\xca\xfe\xba\xbe" + b"\0" * 20, b"@echo off\r\n", b"{\\rtf1 x}", b"\xff\xfeM\0Z\0"],
)  # fmt: skip
def test_what_is_of_another_kind_is_refused(data):
    assert refusal_of(data) == "kind"


def test_an_empty_file_is_refused():
    assert refusal_of(b"") == "empty"


# PDF

ACTS = {
    "runs_pdf": [
        b"<< /S /JavaScript /JS (app.alert(1)) >>",
        b"<< /S/J#61vaScript /JS (app.alert(1)) >>",
        b"<< /S /#4A#61#76#61#53#63#72#69#70#74 /JS (x) >>",
        b"<< /S /Launch /F (cmd.exe) >>",
        b"<< /Type /Annot /Subtype /RichMedia >>",
        b"<< /AcroForm << /XFA 9 0 R >> >>",
        b"<< /S /SubmitForm /F (https://example.org) >>",
    ],
    "hides": [
        b"<< /Names << /EmbeddedFiles 9 0 R >> >>",
        b"<< /Type /EmbeddedFile >>",
        b"<< /Type /Annot /Subtype /FileAttachment >>",
        b"<< /Collection << >> >>",
    ],
}


@pytest.mark.parametrize(("code", "act"), [(code, act) for code, acts in ACTS.items() for act in acts])
def test_a_pdf_that_acts_or_hides_is_refused_even_in_a_packed_object(code, act):
    assert refusal_of(samples.pdf(act)) == code
    assert refusal_of(samples.pdf(samples.objects(act))) == code


def test_a_locked_pdf_is_refused():
    assert refusal_of(samples.pdf(trailer=b"/Root 1 0 R /Encrypt 9 0 R")) == "locked_pdf"


def test_names_that_only_resemble_are_no_reason():
    assert media_type_of(samples.pdf(b"<< /JavaScripts 1 /LaunchPad 2 /Encrypted 3 >>")) == PDF


def test_pictures_and_text_in_a_pdf_are_no_reason():
    page = samples.packed(b"", b"1 0 0 1 72 720 cm BT (JavaScript, Launch) Tj ET")
    assert media_type_of(samples.pdf(page, samples.packed(b"/Subtype /Image", bytes(range(256)) * 400))) == PDF


def test_an_object_stream_that_cannot_be_read_is_refused():
    hidden = b"<< /Type /ObjStm /N 1 /First 5 /Filter /ASCIIHexDecode /Length 9 >>\nstream\n392030>\nendstream"
    assert refusal_of(samples.pdf(hidden)) == "complex"
    twisted = samples.packed(b"/Type /ObjStm /N 1 /First 5 /DecodeParms << /Predictor 12 >>", b"9 0 << >>")
    assert refusal_of(samples.pdf(twisted)) == "complex"


def test_a_pdf_that_swells_is_given_up_at_the_bound(monkeypatch):
    bomb = samples.pdf(samples.packed(b"/Type /ObjStm /N 1 /First 5", b"9 0 " + b" " * 120_000_000))
    assert refusal_of(bomb) == "complex"
    monkeypatch.setattr(pdf, "MOST_INFLATED_BYTES", 1_000_000)
    tracemalloc.start()
    try:
        assert refusal_of(bomb) == "complex"
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak_bytes < 10_000_000


@pytest.mark.parametrize("cut", [0.3, 0.9])
def test_a_cut_pdf_is_refused(cut):
    assert refusal_of(WHOLE[PDF][: int(len(WHOLE[PDF]) * cut)]) == "damaged"


def test_a_pdf_with_something_behind_its_end_is_refused():
    assert refusal_of(WHOLE[PDF] + b"<script>") == "followed_pdf"


# Two kinds at once


@pytest.mark.parametrize("media_type", [PDF, PNG, JPEG, CSV])
def test_an_archive_behind_another_file_is_refused(media_type):
    archive = samples.xlsx() if media_type != CSV else samples.xlsx().replace(b"\0", b"\0")
    assert refusal_of(WHOLE[media_type] + archive) in ("two_kinds", "kind")


def test_a_pdf_within_the_head_of_another_file_is_refused():
    text = samples._chunk(b"tEXt", b"Comment\0%PDF-1.4")
    assert refusal_of(samples.png(2, 2, text)) == "two_kinds"
    assert refusal_of(b"sample,%PDF-1.7\n") == "two_kinds"


# Pictures


def test_a_picture_that_is_cut_changed_or_followed_is_refused():
    png, jpeg = WHOLE[PNG], WHOLE[JPEG]
    assert {refusal_of(png[:-1]), refusal_of(png[:20] + b"\x01" + png[21:]), refusal_of(jpeg[:-1])} == {"damaged"}
    assert {refusal_of(png + b"x"), refusal_of(jpeg + b"<?php")} == {"followed"}
    assert refusal_of(samples.png(0, 2)) == "damaged"


def test_a_picture_with_far_too_many_pixels_is_refused():
    assert refusal_of(samples.png(60_000, 60_000)) == "pixels"
    assert refusal_of(samples.jpeg(60_000, 60_000)) == "pixels"


def test_a_phones_picture_with_a_second_one_behind_it_is_taken():
    assert media_type_of(WHOLE[JPEG] + WHOLE[JPEG] + b"\0\0\0") == JPEG


# Tables


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "big5hkscs"])
def test_a_table_in_an_encoding_of_either_side_is_taken(encoding):
    assert media_type_of("樣本,數量\r\n甲,2.5\r\n".encode(encoding)) == CSV


@pytest.mark.parametrize(
    "cell", ["=1+1", "=cmd|' /C calc'!A0", " @SUM(A1)", "+cmd|x", '"=HYPERLINK(""x"")"', "-2+3+cmd|x"]
)
def test_a_table_with_a_formula_is_refused_and_its_row_named(cell):
    with pytest.raises(InputError, match="Row 2 holds a formula"):
        media_type_of(f"a,b\n1,{cell}\n".encode())


@pytest.mark.parametrize("cell", ["-5", "+852 2345 6789", "-1.5", "a=b", "user@example.org"])
def test_numbers_with_a_sign_are_no_formulas(cell):
    assert media_type_of(f"a;b\n1;{cell}\n".encode()) == CSV


# Workbooks


@pytest.mark.parametrize(
    ("part", "text", "code"),
    [
        ("xl__vbaProject.bin", b"x", "runs"),
        ("xl__macrosheets__sheet1.xml", b"<x/>", "runs"),
        ("xl__embeddings__oleObject1.bin", b"x", "runs"),
        ("xl__externalLinks__externalLink1.xml", b"<x/>", "runs"),
        ("xl__connections.xml", b"<x/>", "runs"),
        ("evil.exe", b"MZ", "runs"),
        ("xl__extra.xml", b'<!DOCTYPE x [<!ENTITY y SYSTEM "file:///etc/passwd">]><x>&y;</x>', "entities"),
        ("xl__extra.xml", '<?xml version="1.0"?><!DOCTYPE x>'.encode("utf-16"), "damaged"),
        ("xl__extra.xml", b'<?xml version="1.0" encoding="UTF-7"?>+ADwAIQ-DOCTYPE', "damaged"),
        (
            "_rels__x.rels",
            b'<Relationship Type="a/attachedTemplate" Target="http://x/" TargetMode="External"/>',
            "runs",
        ),
        ("..__x.xml", b"<x/>", "damaged"),
        ("xl__big.xml", b" " * 60_000_000, "complex_workbook"),
    ],
)
def test_a_workbook_that_runs_reaches_out_or_swells_is_refused(part, text, code):
    assert refusal_of(samples.xlsx_with(**{part: text})) == code


def test_a_workbook_with_a_link_to_a_page_and_printer_settings_is_taken():
    link = b'<Relationship Type="http://x/relationships/hyperlink" Target="https://x/" TargetMode="External"/>'
    parts = {"xl__worksheets___rels__s.rels": link, "xl__printerSettings__printerSettings1.bin": b"x"}
    assert media_type_of(samples.xlsx_with(**parts)) == XLSX


def test_an_archive_that_is_no_workbook_a_locked_one_and_one_behind_a_program_are_refused():
    import io
    import zipfile

    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a.txt", "x")
    assert refusal_of(out.getvalue()) == "no_workbook"
    assert refusal_of(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600) == "old_office"
    assert refusal_of(b"PK\x03\x04" + b"MZ" * 40 + samples.xlsx()) == "damaged"


def test_parts_that_share_bytes_are_refused():
    """As in the bombs of David Fifield (2019): many entries of the list lead to the same packed bytes."""
    whole = samples.xlsx()
    place = whole.rfind(b"PK\x05\x06")
    size, start = (
        int.from_bytes(whole[place + 12 : place + 16], "little"),
        int.from_bytes(whole[place + 16 : place + 20], "little"),
    )
    entries, name_at = whole[start : start + size], whole.find(b"PK\x01\x02", start)
    length = int.from_bytes(whole[name_at + 28 : name_at + 30], "little")
    entry = bytearray(whole[name_at : name_at + 46 + length])
    entry[46] ^= 1  # another name, the same bytes
    count = int.from_bytes(whole[place + 8 : place + 10], "little") + 1
    end = bytearray(whole[place:])
    end[8:12] = count.to_bytes(2, "little") * 2
    end[12:16] = (size + len(entry)).to_bytes(4, "little")
    assert refusal_of(whole[:start] + entries + bytes(entry) + bytes(end)) == "damaged"


# Anything


@given(st.sampled_from(sorted(WHOLE)), st.data())
def test_a_spoilt_file_is_taken_or_refused_and_never_breaks_the_check(media_type, data):
    whole = bytearray(WHOLE[media_type])
    for place in data.draw(st.lists(st.integers(0, len(whole) - 1), max_size=6)):
        whole[place] = data.draw(st.integers(0, 255))
    try:
        media_type_of(bytes(whole[data.draw(st.integers(0, 3)) :]))
    except InputError as error:
        assert str(error)  # noqa: PT017 - either is right


@given(st.binary(max_size=200))
def test_any_bytes_are_taken_or_refused(data):
    for start in (b"", b"%PDF-", b"PK\x03\x04", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"):
        try:
            media_type_of(start + data)
        except InputError as error:
            assert str(error)  # noqa: PT017


@pytest.mark.parametrize(
    ("given_name", "kept"),
    [
        ("../../etc/passwd", "passwd.pdf"),
        ("C:\\temp\\permit.exe", "permit.pdf"),
        ("permit\u202efdp.exe", "permitfdp.pdf"),
        ("衞生署 許可證.pdf", "衞生署 許可證.pdf"),
        ("", "file.pdf"),
        ("a" * 300 + ".pdf", "a" * 116 + ".pdf"),
        ('x"\r\nSet-Cookie: a=b.pdf', "x Set-Cookie a=b.pdf"),
    ],
)
def test_a_name_is_made_harmless_and_ends_as_the_content_says(given_name, kept):
    assert harmless_name(given_name, PDF) == kept


def test_a_full_pdf_and_a_full_table_are_taken():
    noise = zlib.compress(b"".join(i.to_bytes(4, "big") for i in range(500_000)), 0)
    large = samples.pdf(*[b"<< /Length %d >>\nstream\n%s\nendstream" % (len(noise), noise) for _ in range(9)])
    table = b"sample,quantity\n" + b"A-1,2.5\n" * 2_000_000
    assert (media_type_of(large), media_type_of(table)) == (PDF, CSV)
