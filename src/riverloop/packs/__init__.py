"""The law as data, and the reading of it from disk.

A pack set that was checked once is kept in a cache, by the hash of its text: later starts neither parse SQL nor
look for dead rules.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from riverloop import __version__
from riverloop.core.kernel.errors import PackError, RiverloopError
from riverloop.core.kernel.sources import Source
from riverloop.core.rules.facts import Fact, Value
from riverloop.core.rules.loader import load, parse_text, read_sources
from riverloop.core.rules.packs import PackSet
from riverloop.core.rules.predicates import Predicate, from_json, to_json

if TYPE_CHECKING:
    from riverloop.core.rules.dead import Idle

FOLDER = Path(__file__).parent
_CACHE_FORMAT = 2


def read_texts(directory: Path) -> dict[str, str]:
    """Return the text of every YAML file below a folder, by its path there.

    Raises:
        PackError: the folder does not exist, holds no pack, or a file is not UTF-8.
    """
    if not directory.is_dir():
        raise PackError(
            "packs.folder", "There is no such folder. Give one that holds rule packs.", where=str(directory)
        )
    texts = {}
    for path in sorted([*directory.rglob("*.yaml"), *directory.rglob("*.yml")]):
        name = path.relative_to(directory).as_posix()
        try:
            texts[name] = path.read_text("utf-8")
        except (OSError, UnicodeDecodeError):
            raise PackError(
                "packs.unreadable",
                "The file cannot be read as UTF-8 text. Save it as UTF-8.",
                where=str(path),
            ) from None
    if not texts:
        raise PackError("packs.folder", "The folder holds no .yaml file. Add a measure file.", where=str(directory))
    return texts


def load_packs(directory: Path | None = None, *, cache: Path | None = None) -> PackSet:
    """Load and check the packs of a folder.

    Args:
        directory: the folder; the bundled packs if None. A folder without ``facts/`` uses the bundled dictionary.
        cache: folder for what was checked before; None checks afresh.

    Raises:
        InputError: anything that may not be loaded, with file and line.
    """
    texts = _with_facts(directory)
    return _kept(texts, cache) or _check(texts, cache)[0]


def check_packs(directory: Path | None = None) -> tuple[PackSet, list[Idle]]:
    """Load and check the packs of a folder afresh.

    Args:
        directory: the folder; the bundled packs if None.

    Returns:
        The packs, and what is not wrong but worth knowing.

    Raises:
        InputError: anything that may not be loaded, with file and line.
    """
    return _check(_with_facts(directory), None)


def _with_facts(directory: Path | None) -> dict[str, str]:
    texts = read_texts(directory or FOLDER)
    if any(name.startswith("facts/") or "/facts/" in name for name in texts):
        return texts
    return {**{name: text for name, text in read_texts(FOLDER).items() if name.startswith("facts/")}, **texts}


def _check(texts: Mapping[str, str], cache: Path | None) -> tuple[PackSet, list[Idle]]:
    from riverloop.core.rules.dead import refuse_dead_rules  # noqa: PLC0415 - z3 is slow to import

    parsed: dict[str, Any] = {}

    def remember(
        flow: str, sql: str, facts: Mapping[str, Fact], parameters: Mapping[str, Value], where: str
    ) -> Predicate:
        predicate = parse_text(flow, sql, facts, parameters, where)
        parsed[f"{flow}:{sql}"] = to_json(predicate)
        return predicate

    sources = read_sources(texts)
    packs = load(sources, parse_predicate=remember)
    remarks = refuse_dead_rules(packs)
    if cache is not None:
        _keep(cache, _key(texts), sources, parsed)
    return packs, remarks


# The cache -------------------------------------------------------------------------------------------------------


class _Kept:
    """What an earlier check left: plain values and parsed predicates."""

    def __init__(self, raw: dict[str, Any]) -> None:
        self.sources = [Source(name, value, {}, sha256) for name, value, sha256 in raw["sources"]]
        self.predicates = raw["predicates"]

    def parse(
        self, flow: str, sql: str, facts: Mapping[str, Fact], parameters: Mapping[str, Value], where: str
    ) -> Predicate:
        del facts, parameters, where
        predicate: Predicate = from_json(self.predicates[f"{flow}:{sql}"])
        return predicate


def _key(texts: Mapping[str, str]) -> str:
    digest = hashlib.sha256(f"{_CACHE_FORMAT} {__version__} {_code_hash()}".encode())
    for name in sorted(texts):
        digest.update(f"\0{name}\0{texts[name]}".encode())
    return digest.hexdigest()


def _code_hash() -> str:
    """Hash the checking code by size and date, so that a changed checker checks again."""
    core = FOLDER.parent / "core"
    paths = [path for folder in ("kernel", "rules") for path in sorted((core / folder).glob("*.py"))]
    stats = [(path.name, path.stat().st_size, path.stat().st_mtime_ns) for path in paths]
    return hashlib.sha256(repr(stats).encode()).hexdigest()


def _kept(texts: Mapping[str, str], cache: Path | None) -> PackSet | None:
    """Return the packs as they were checked before; None if they were not, or if the cache is damaged."""
    if cache is None:
        return None
    try:
        kept = _Kept(json.loads((cache / f"packs-{_key(texts)}.json").read_text("utf-8")))
        return load(kept.sources, parse_predicate=kept.parse)
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RiverloopError):
        return None


def _keep(cache: Path, key: str, sources: list[Source], parsed: Mapping[str, Any]) -> None:
    """Write the cache file in one step; a folder that cannot be written is no error, only slower."""
    raw = {"sources": [[one.name, one.value, one.sha256] for one in sources], "predicates": parsed}
    try:
        cache.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=cache, suffix=".part")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(raw, file, ensure_ascii=False, separators=(",", ":"))
        Path(temporary).replace(cache / f"packs-{key}.json")
    except OSError:
        return
