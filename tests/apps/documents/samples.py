"""Small files of each kind, whole, for tests to hand in or to spoil."""

import io
import struct
import zipfile
import zlib

import openpyxl


def pdf(*objects: bytes, trailer: bytes = b"/Root 1 0 R") -> bytes:
    """Return a PDF of one empty page, with further objects in it."""
    body = bytearray(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
    plain = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 200] >>",
    )
    for number, one in enumerate((*plain, *objects), 1):
        body += b"%d 0 obj\n%s\nendobj\n" % (number, one)
    place = len(body)
    return bytes(body) + b"xref\n0 1\n0000000000 65535 f \ntrailer\n<< %s >>\nstartxref\n%d\n%%%%EOF\n" % (
        trailer,
        place,
    )


def packed(about: bytes, content: bytes) -> bytes:
    """Return a stream that is packed."""
    data = zlib.compress(content)
    return b"<< %s /Filter /FlateDecode /Length %d >>\nstream\n%s\nendstream" % (about, len(data), data)


def objects(content: bytes) -> bytes:
    """Return an object stream that holds this object."""
    return packed(b"/Type /ObjStm /N 1 /First 5", b"9 0  " + content)


def png(width: int = 2, height: int = 2, *more: bytes) -> bytes:
    rows = b"".join(b"\0" + b"\xff" * 3 * width for _ in range(height)) if width * height < 10_000 else b""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        [_chunk(b"IHDR", head), *more, _chunk(b"IDAT", zlib.compress(rows)), _chunk(b"IEND", b"")]
    )


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def jpeg(width: int = 8, height: int = 8) -> bytes:
    frame = struct.pack(">BHHB", 8, height, width, 1) + b"\x01\x11\x00"
    return (
        b"\xff\xd8"
        + _segment(0xE0, b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0")
        + _segment(0xDB, b"\0" + b"\x01" * 64)
        + _segment(0xC0, frame)
        + _segment(0xC4, b"\0" + b"\x01" + b"\0" * 15 + b"\0")
        + _segment(0xDA, b"\x01\x01\0\0\x3f\0")
        + b"\x7f\xff\x00\x7f"
        + b"\xff\xd9"
    )


def _segment(marker: int, data: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", len(data) + 2) + data


def xlsx() -> bytes:
    book = openpyxl.Workbook()
    book.active.append(["sample", "quantity"])
    book.active.append(["A-1", 2.5])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def xlsx_with(**parts: bytes) -> bytes:
    """Return a workbook with parts added or replaced; a name's double underline stands for a slash."""
    return rezipped(xlsx(), {name.replace("__", "/"): text for name, text in parts.items()})


def rezipped(archive: bytes, parts: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.infolist():
            if part.filename not in parts:
                new.writestr(part.filename, old.read(part))
        for name, text in parts.items():
            new.writestr(name, text)
    return out.getvalue()


CSV = b"sample,quantity\r\nA-1,2.5\r\n"
EXECUTABLE = b"MZ\x90\0\x03\0\0\0\x04\0\0\0\xff\xff\0\0\xb8\0\0\0" + b"\0" * 40 + b"PE\0\0" + b"\0" * 400
