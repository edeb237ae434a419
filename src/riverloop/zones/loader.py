"""Zone files: read, checked, built. Every refusal names file, line and remedy."""

from __future__ import annotations

import json
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any

from riverloop.core.kernel.errors import ZoneError, did_you_mean
from riverloop.core.kernel.sources import Source, check_schema, read_yaml
from riverloop.zones.builder import build_zone
from riverloop.zones.zone import Zone

_FOLDER = resources.files("riverloop.zones")
_ENDINGS = (".yaml", ".yml")


def zone_names() -> tuple[str, ...]:
    """Return the names of the bundled zones, in alphabetical order."""
    files = (file.name for file in _FOLDER.iterdir())
    return tuple(sorted(name.removesuffix(".yaml") for name in files if name.endswith(".yaml")))


def zone_source(name: str = "hetao") -> tuple[str, str]:
    """Return file name and text of a zone, for a cache that asks whether it has changed.

    Args:
        name: a bundled zone, or the path of a YAML file.

    Raises:
        ZoneError: there is no such zone, or the file cannot be read.
    """
    if name in zone_names():
        return f"{name}.yaml", _FOLDER.joinpath(f"{name}.yaml").read_text("utf-8")
    if not name.endswith(_ENDINGS):
        raise ZoneError(
            "zone.unknown",
            'There is no zone "{name}".{hint} Give one of {known}, or the path of a YAML file.',
            name=name,
            hint=did_you_mean(name, zone_names()),
            known=", ".join(zone_names()),
        )
    return name, _read_file(Path(name))


def _read_file(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except UnicodeDecodeError:
        raise ZoneError("zone.encoding", "The file is not UTF-8 text. Save it as UTF-8.", where=str(path)) from None
    except OSError as error:
        raise ZoneError(
            "zone.file",
            "The zone file cannot be read ({detail}). Check the path.",
            where=str(path),
            detail=error.strerror or "no reason given",
        ) from None


@lru_cache(maxsize=1)
def schema() -> dict[str, Any]:
    """Return the JSON Schema of zone files, for checks and editors."""
    read: dict[str, Any] = json.loads(_FOLDER.joinpath("zone.schema.json").read_text("utf-8"))
    return read


def check_source(source: Source) -> Zone:
    """Check a zone file against its schema and in itself, and build it.

    Raises:
        InputError: not of the schema.
        ZoneError: it contradicts itself.
    """
    from riverloop.zones.checks import check_sides, check_zone  # noqa: PLC0415 - a cached zone was checked before

    if not isinstance(source.value, dict):
        raise ZoneError(
            "zone.empty",
            "The file holds no zone. Begin with id: and title:, as in hetao.yaml.",
            where=f"{source.name}:1",
        )
    check_schema(source, schema())
    check_sides(source)
    zone = build_zone(source)
    check_zone(zone, source)
    return zone


def read_zone(text: str, *, name: str, check: bool = True) -> Zone:
    """Read a zone from the text of its file.

    Args:
        text: strict YAML.
        name: file name for messages.
        check: whether to check it; only a text that was checked before may do without.

    Raises:
        InputError: not YAML, or not of the schema.
        ZoneError: it contradicts itself.
    """
    source = read_yaml(text, name=name)
    return check_source(source) if check else build_zone(source)


def load_zone(name: str = "hetao", *, check: bool = True) -> Zone:
    """Load a zone.

    Args:
        name: a bundled zone, or the path of a YAML file.
        check: whether to check it.

    Raises:
        InputError: the file is not YAML, or not of the schema.
        ZoneError: there is no such zone, or it contradicts itself.
    """
    file_name, text = zone_source(name)
    return _read_once(text, name=file_name, check=check)


_read_once = lru_cache(maxsize=8)(read_zone)
