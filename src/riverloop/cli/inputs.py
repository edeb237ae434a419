"""What commands work on: the data folder, packs, a zone, files."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from riverloop.core.kernel.errors import InputError

if TYPE_CHECKING:
    from riverloop.core.rules.packs import PackSet
    from riverloop.zones import Zone

_MAX_BYTES = 50_000_000


def data_folder() -> Path:
    """Return ``$RIVERLOOP_DATA``, or ``./var``."""
    return Path(os.environ.get("RIVERLOOP_DATA") or "var")


def packs_of(directory: Path | None = None) -> PackSet:
    """Return the packs of a folder, or the bundled ones."""
    from riverloop.packs import load_packs

    return load_packs(directory, cache=data_folder() / "cache")


def zone_named(name: str) -> Zone:
    """Return a bundled zone, or the one of a file."""
    from riverloop.zones import load_zone, zone_names

    return load_zone(name, check=name not in zone_names())  # the tests check those that are bundled


def check_zone(name: str) -> None:
    """Refuse a zone that is not there; a bundled one is known to open.

    Raises:
        InputError: it is not bundled, and no zone file either.
    """
    from riverloop.zones import zone_names

    if name not in zone_names():
        zone_named(name)


def read_text(file: str) -> str:
    """Return the text of a file, or of standard input for ``-``: UTF-8, of at most 50 MB."""
    try:
        return read_bytes(file).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError("cli.encoding", "The file is not UTF-8 text. Save it as UTF-8.", where=file) from None


def read_bytes(file: str) -> bytes:
    """Return the bytes of a file, or of standard input for ``-``: at most 50 MB."""
    data = sys.stdin.buffer.read(_MAX_BYTES + 1) if file == "-" else _read_file(Path(file))
    if len(data) > _MAX_BYTES:
        raise InputError("cli.size", "The file is larger than 50 MB. Split it.", where=file)
    return data


def _read_file(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_MAX_BYTES + 1)
    except OSError as error:
        raise InputError(
            "cli.file",
            "The file cannot be read ({detail}). Check its name.",
            where=str(path),
            detail=error.strerror,
        ) from None
