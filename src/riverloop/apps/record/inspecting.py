"""A side's own log looked through: its leaves and the files that they are published as, held to what was signed.

Disks lose and change what nobody reads for years. The leaves of the database make every file of the folder again, step
by step, and lead to the root that was signed: then each file that differs is written again from them. If they do not,
it is leaves that were changed: they are named, and nothing is signed over them.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

import structlog

from riverloop.apps.nodes import keys
from riverloop.apps.nodes.models import error_as_json
from riverloop.apps.record.folders import files_write, folder_of, one_at_a_time, reader_of
from riverloop.apps.record.models import Leaf, LogState
from riverloop.apps.record.published import key_of, tree_of
from riverloop.apps.record.words import N_
from riverloop.core.kernel.errors import ConflictError, RiverloopError
from riverloop.core.tlog import (
    ENTRIES,
    HASH_BYTES,
    VKEY,
    WIDTH,
    Growth,
    LogError,
    Read,
    leaf_hashes,
    parse_path,
    vkey_file,
)

STEP = 4_096
"""Leaves that are looked at between two calls of ``step``: some ten milliseconds."""

Step = Callable[[int], object]
"""Told after each step how many leaves were looked at; it may wait, so that others go on, or raise to end it."""

NOT_SIGNED_OVER = frozenset({"record.leaf_spoilt", "record.leaves_spoilt"})
"""Codes of what keeps a log from being signed until it is mended."""

_MOST_HELD = 1_024  # files that are made again at once: 8 MB; what is more, in another pass
_MOST_PASSES = 100_000  # more than a log has files, by far
_MOST_NAMED = 1_000  # bundles that are looked into for spoilt leaves
_PARTIAL = re.compile(r"[1-9][0-9]{0,2}", re.ASCII)
_ENTRY_BYTES = 2 + HASH_BYTES

_logger: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Inspected:
    """What was found.

    Attributes:
        size: leaves that were looked at.
        spoilt: leaves and files that were not what was signed.
        mistake: the first of them, and what came of it; None if there was none.
    """

    size: int = 0
    spoilt: int = 0
    mistake: RiverloopError | None = None


def log_inspect(side: str, step: Step = lambda _: None) -> Inspected:
    """Look through a side's own log, make files again that are lost or spoilt, and keep what was found.

    Args:
        side: whose log.
        step: see ``Step``.
    """
    found = Inspected()
    for _ in range(_MOST_PASSES):
        one = _inspect(side, step)
        if one is None:  # it was replaced meanwhile
            return found
        mistake = one.found.mistake or found.mistake
        found = Inspected(one.found.size, found.spoilt + one.found.spoilt, mistake)
        if not one.has_more:
            break
    _keep(side, found)
    return found


@dataclass(frozen=True, slots=True)
class _Pass:
    found: Inspected
    has_more: bool = False


def _inspect(side: str, step: Step) -> _Pass | None:
    state = LogState.objects.filter(pk=side).first()
    if state is None or not state.published_size:
        return None
    files, growth = _Files(reader_of(folder_of(side))), Growth()
    while (end := _end_of_whole(side)) - growth.size >= WIDTH:
        first = growth.size
        files.compare(growth.extend(leaves_of(side, first, min(first + STEP, end))))
        step(growth.size - first)
    with one_at_a_time(side):
        state = LogState.objects.filter(pk=side).first()
        if state is None or state.published_size < growth.size:
            return None
        files.compare(growth.extend(leaves_of(side, growth.size, state.published_size)))
        for path, content in growth.partials():
            files.compare([(path, content), *_shorter(side, path, content)])
        if growth.root() != bytes(state.published_root):
            return _Pass(_spoilt_leaves(state, files))
        with contextlib.suppress(RiverloopError):  # what there is to say about the checkpoint is said elsewhere
            files.compare([(VKEY, vkey_file(key_of(state.note.encode(), keys.log_verifiers(side))))])
        return _Pass(*_made_again(side, growth.size, files))


def _end_of_whole(side: str) -> int:
    """Return how many published leaves fill whole bundles; what stands after them changes as the log grows."""
    size = LogState.objects.filter(pk=side).values_list("published_size", flat=True).first() or 0
    return size - size % WIDTH


def leaves_of(side: str, first: int, end: int) -> list[bytes]:
    """Return entries of a side's own log; nothing in the place of one that is missing or has no form."""
    rows = Leaf.objects.filter(owner_side=side, index__gte=first, index__lt=end)
    held = dict(rows.values_list("index", "commitment"))
    return [entry_of(held.get(index)) for index in range(first, end)]


def entry_of(kept: object) -> bytes:
    """Return a commitment as the database has it, or nothing if it has no form."""
    entry = bytes(kept) if isinstance(kept, bytes | memoryview) else b""
    return entry if len(entry) == HASH_BYTES else b""


@dataclass(slots=True)
class _Files:
    """The files of a folder beside what they should be."""

    read: Read
    count: int = 0
    first: str = ""
    held: dict[str, bytes] = field(default_factory=dict)  # what some of those that differ should be
    bundles: list[int] = field(default_factory=list)  # whose entries or leaf hashes differ

    def compare(self, files: Iterable[tuple[str, bytes]]) -> None:
        for path, content in files:
            if self._has(path, content):
                continue
            self.count, self.first = self.count + 1, self.first or path
            if len(self.held) < _MOST_HELD:
                self.held[path] = content
            if path != VKEY and (tile := parse_path(path)).level <= 0 and len(self.bundles) < _MOST_NAMED:
                self.bundles.append(tile.number)

    def _has(self, path: str, content: bytes) -> bool:
        try:
            there = self.read(path)
            if there is None and path != VKEY:  # a partial tile goes when the full one comes
                there = (self.read(parse_path(path).full.path) or b"")[: len(content)]
        except LogError:
            return False
        return there == content


def _shorter(side: str, path: str, content: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield the partial tiles of smaller trees that lie beside one, as they should be."""
    tile = parse_path(path)
    width = _ENTRY_BYTES if tile.level == ENTRIES else HASH_BYTES
    with contextlib.suppress(OSError):
        names = [beside.name for beside in (folder_of(side) / path).parent.iterdir()]
        for number in sorted(int(name) for name in names if _PARTIAL.fullmatch(name)):
            if number < tile.width:
                yield tile._replace(width=number).path, content[: number * width]


def _made_again(side: str, size: int, files: _Files) -> tuple[Inspected, bool]:
    """Write the files that differ, whose content leads to the root that was signed; say whether there are more."""
    if not files.count:
        return Inspected(size), False
    try:
        for path in files.held:
            _clear(side, path)
        files_write(folder_of(side), files.held.items())
    except (ConflictError, OSError) as error:
        why = error if isinstance(error, RiverloopError) else (error.strerror or type(error).__name__)
        mistake = ConflictError(
            "record.file_spoilt",
            N_(
                "A file of the log of {side}, {path}, is lost or not what was signed ({count} files in all), and "
                "cannot be written again: {why}"
            ),
            side=side,
            path=files.first,
            count=files.count,
            why=why,
        )
        return Inspected(size, files.count, mistake), False
    mistake = ConflictError(
        "record.file_mended",
        N_(
            "A file of the log of {side}, {path}, was lost or not what was signed ({count} files in all). The database "
            "holds what was signed, and it was made again. Look after the disk of this node."
        ),
        side=side,
        path=files.first,
        count=len(files.held),
    )
    return Inspected(size, len(files.held), mistake), files.count > len(files.held)


def _clear(side: str, path: str) -> None:
    """Remove an empty folder that stands in a file's place; anything else is replaced, or refused."""
    with contextlib.suppress(OSError):
        (folder_of(side) / path).rmdir()


def _spoilt_leaves(state: LogState, files: _Files) -> Inspected:
    """Return which leaves are not what was signed: the published tiles say it, where they hold."""
    side, size = state.owner_side, state.published_size
    bundles = sorted(set(files.bundles))
    spoilt: list[int] = []
    with contextlib.suppress(LogError):
        tree = tree_of(side, size, bytes(state.published_root))
        for bundle in bundles:
            with contextlib.suppress(LogError):
                spoilt += _apart(
                    leaves_of(side, bundle * WIDTH, min((bundle + 1) * WIDTH, size)), tree.tile(0, bundle), bundle
                )
    if spoilt:
        return Inspected(size, len(spoilt), _leaf_spoilt(side, spoilt))
    first, last = (bundles[0] * WIDTH, min((bundles[-1] + 1) * WIDTH, size) - 1) if bundles else (0, size - 1)
    mistake = ConflictError(
        "record.leaves_spoilt",
        N_(
            "The entries {first} to {last} of the log of {side} do not lead to what was signed, and neither do its "
            "published tiles. Nothing is signed over them. Restore the newest backup; what is newer is taken back from "
            "the mirror."
        ),
        side=side,
        first=first,
        last=last,
    )
    return Inspected(size, max(1, len(bundles)), mistake)


def _apart(entries: list[bytes], hashes: bytes, bundle: int) -> list[int]:
    return [
        bundle * WIDTH + place
        for place, one in enumerate(leaf_hashes(entries))
        if one != hashes[place * HASH_BYTES : (place + 1) * HASH_BYTES]
    ]


def _leaf_spoilt(side: str, spoilt: list[int]) -> ConflictError:
    return ConflictError(
        "record.leaf_spoilt",
        N_(
            "Entry {index} of the log of {side} is lost in the database, or not what was signed ({count} entries in "
            "all). Nothing is signed over it. Restore the newest backup; what is newer is taken back from the "
            "published tiles or the mirror."
        ),
        side=side,
        index=spoilt[0],
        count=len(spoilt),
    )


def _keep(side: str, found: Inspected) -> None:
    LogState.objects.filter(pk=side).update(**kept(found))
    if found.mistake:
        _logger.error("a log was not what was signed", side=side, why=found.mistake)


def kept(found: Inspected) -> dict[str, object]:
    """Return what is kept of what was found, by column."""
    return {
        "inspected_at": datetime.now(UTC),
        "spoilt": found.spoilt,
        "spoilt_mistake": error_as_json(found.mistake) if found.mistake else "",
    }
