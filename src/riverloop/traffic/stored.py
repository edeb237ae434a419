"""Rows on disk: those that the package holds, and those that were imported into the data folder.

Imported rows lie in one file a source, which holds beside them where each came from. It appears whole or not at all: it
is written beside its place, brought to the disk and renamed, and so is the folder that names it.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import polars as pl

from riverloop.core.kernel.words import N_
from riverloop.traffic.reading import schema_of
from riverloop.traffic.refusals import TrafficError
from riverloop.traffic.sources import Source

FOLDER_NAME = "traffic"
"""Of the folder with imported rows, in the data folder."""

_PACKAGED = Path(__file__).parent / "data"
_FORMAT = 1
_ABOUT = "riverloop"
_BESIDE = ".new"  # what ends so was never finished; backups leave it out, and the lock
_LOCK = "import.lock"


@dataclass(frozen=True, slots=True)
class Origin:
    """A file from which rows were taken.

    Args:
        name: of the file.
        sha256: of its bytes, in hexadecimal.
        imported_at: when, as an RFC 3339 instant.
        added: rows that were new.
        replaced: rows that took the place of others.
    """

    name: str
    sha256: str
    imported_at: str
    added: int
    replaced: int


@dataclass(frozen=True, slots=True)
class Stored:
    """Rows as they lie on disk.

    Args:
        rows: see ``reading.frame_of``.
        origins: the files they came from, in the order of their import.
    """

    rows: pl.DataFrame
    origins: tuple[Origin, ...] = ()


def path_of(folder: Path, source: Source) -> Path:
    """Return the file of a source in a folder."""
    return folder / f"{source.id}.parquet"


def packaged(source: Source) -> Stored:
    """Return the rows that came with Riverloop."""
    return read_stored(_PACKAGED, source)


def read_stored(folder: Path, source: Source) -> Stored:
    """Return the rows of a folder; none if nothing was ever kept there.

    Raises:
        TrafficError: they cannot be read.
    """
    path = path_of(folder, source)
    try:
        about = json.loads(pl.read_parquet_metadata(path).get(_ABOUT, "{}"))
        if about.get("format") == _FORMAT:
            rows = pl.read_parquet(path, glob=False).select(*schema_of(source))
            rows = rows.cast(pl.Schema(schema_of(source)))
            return Stored(rows, tuple(Origin(**one) for one in about["origins"]))
    except FileNotFoundError:
        return Stored(pl.DataFrame(schema=schema_of(source)))
    except (pl.exceptions.PolarsError, OSError, ValueError, TypeError, KeyError, AttributeError):
        pass
    raise TrafficError(
        "traffic.stored",
        N_("The imported rows cannot be read. Restore the file from a backup, or remove it and import again."),
        where=str(path),
    )


def write_stored(folder: Path, source: Source, stored: Stored) -> None:
    """Keep rows, in the place of those that were kept there.

    Raises:
        TrafficError: they cannot be written. What was there before is as it was.
    """
    about = {
        "format": _FORMAT,
        "source": source.id,
        "attribution": source.attribution["en"],
        "licence": source.licence["en"],
        "origins": [asdict(one) for one in stored.origins],
    }
    path = path_of(folder, source)
    beside = path.with_name(path.name + _BESIDE)
    with _told_of_the_disk(path):
        try:
            with beside.open("wb") as file:
                stored.rows.write_parquet(
                    file,
                    compression="zstd",
                    compression_level=19,
                    statistics=False,
                    metadata={_ABOUT: json.dumps(about)},
                )
                file.flush()
                os.fsync(file.fileno())
            beside.replace(path)
            _bring_to_disk(folder)
        finally:
            beside.unlink(missing_ok=True)


@contextlib.contextmanager
def one_at_a_time(folder: Path) -> Iterator[None]:
    """Let one process at a time import into a folder, which is made if it is not there.

    Raises:
        TrafficError: nothing can be written there.
    """
    with _told_of_the_disk(folder):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _bring_to_disk(folder.parent)
        handle = os.open(folder / _LOCK, os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)  # which lets go of it


def merged(parts: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """Return all rows; of those of one day, control point and direction, the last."""
    key = ["date", "control_point", "direction"]
    return pl.concat(parts).unique(key, keep="last", maintain_order=True).sort(key)


def _bring_to_disk(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextlib.contextmanager
def _told_of_the_disk(path: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, pl.exceptions.PolarsError) as error:
        raise TrafficError(
            "traffic.disk",
            N_("It cannot be written ({why}), and nothing was changed. Mend that, and import again."),
            where=str(path),
            why=getattr(error, "strerror", None) or "no reason given",
        ) from None
