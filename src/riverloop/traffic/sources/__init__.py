"""Who counts passengers, and how they write it down: one YAML file a source.

Code knows no control point by name; the names, the columns and the words all stand in these files.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any

from riverloop.core.kernel.errors import did_you_mean
from riverloop.core.kernel.sides import Text
from riverloop.core.kernel.sources import check_schema, read_yaml
from riverloop.core.kernel.words import N_
from riverloop.traffic.refusals import TrafficError

NO_SOURCE = N_('There is no source "{key}".{hint} There are {known}.')
NO_CONTROL_POINT = N_('There is no control point "{key}".{hint} There are {known}.')
NO_DIRECTION = N_('There is no direction "{key}".{hint} There are {known}.')
NO_CLASS = N_('There is no class "{key}".{hint} There are {known}.')

_FOLDER = resources.files("riverloop.traffic.sources")


@dataclass(frozen=True, slots=True)
class ControlPoint:
    """A control point as a source knows it.

    Args:
        key: its name in scenario files, such as ``new_bridge``.
        title: in three languages.
        names: every name that the source has given it, the present one first.
    """

    key: str
    title: Text
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Source:
    """A publisher's table of passengers by day.

    Args:
        id: of the source, and of its files.
        title: of the table, in three languages.
        publisher: in three languages.
        attribution: what has to stand where its numbers are shown, in three languages.
        licence: what may be done with them, in three languages.
        url: where newer files are.
        note: what a reader has to know, in three languages; or nothing.
        columns: heads of the columns ``date``, ``control_point``, ``direction`` and ``total``.
        date_format: as ``strftime`` writes it.
        directions: their words in the file, by key; two.
        direction_titles: in three languages, by key.
        classes: the heads of their columns, by key.
        class_titles: in three languages, by key.
        control_points: by key.
    """

    id: str
    title: Text
    publisher: Text
    attribution: Text
    licence: Text
    url: str
    note: Text
    columns: Mapping[str, str]
    date_format: str
    directions: Mapping[str, str]
    direction_titles: Mapping[str, Text]
    classes: Mapping[str, str]
    class_titles: Mapping[str, Text]
    control_points: Mapping[str, ControlPoint]

    def control_point(self, key: str) -> ControlPoint:
        """Return a control point.

        Raises:
            TrafficError: the source has none of this key.
        """
        check_key(key, self.control_points, NO_CONTROL_POINT, where="control_point")
        return self.control_points[key]


def check_key(key: str, known: Iterable[str], message: str, *, where: str = "") -> None:
    """Refuse a key that a source does not have.

    Args:
        key: what was asked for.
        known: those that there are.
        message: one of those below.
        where: of the mistake.

    Raises:
        TrafficError: with the nearest one.
    """
    known = list(known)
    if key not in known:
        raise TrafficError(
            "traffic.unknown",
            message,
            where=where,
            key=key[:60],
            hint=did_you_mean(key, known),
            known=", ".join(known),
        )


def source_names() -> tuple[str, ...]:
    """Return the names of the bundled sources, in alphabetical order."""
    files = (file.name for file in _FOLDER.iterdir())
    return tuple(sorted(name.removesuffix(".yaml") for name in files if name.endswith(".yaml")))


@lru_cache(maxsize=1)
def source_schema() -> dict[str, Any]:
    """Return the JSON Schema of these files, for checks and editors."""
    read: dict[str, Any] = json.loads(_FOLDER.joinpath("source.schema.json").read_text("utf-8"))
    return read


@lru_cache(maxsize=4)
def load_source(name: str = "") -> Source:
    """Load a bundled source; without a name, the first.

    Raises:
        TrafficError: there is none of this name.
    """
    name = name or source_names()[0]
    check_key(name, source_names(), NO_SOURCE)
    return read_source(_FOLDER.joinpath(f"{name}.yaml").read_text("utf-8"), name=f"{name}.yaml")


def read_source(text: str, *, name: str) -> Source:
    """Read a source from the text of its file.

    Args:
        text: YAML.
        name: of the file, for messages.

    Raises:
        InputError: not YAML, not of the schema, or one name stands for two things.
    """
    document = read_yaml(text, name=name)
    check_schema(document, source_schema())
    raw = document.value
    control_points = {
        key: ControlPoint(key, one["title"], tuple(one["names"])) for key, one in raw["control_points"].items()
    }
    heads = [*raw["columns"].values(), *(one["column"] for one in raw["classes"].values())]
    words = [one["word"] for one in raw["directions"].values()]
    for given in (heads, words, [one for point in control_points.values() for one in point.names]):
        _check_once(given, name)
    return Source(
        id=raw["id"],
        title=raw["title"],
        publisher=raw["publisher"],
        attribution=raw["attribution"],
        licence=raw["licence"],
        url=raw["url"],
        note=raw.get("note", {}),
        columns=raw["columns"],
        date_format=raw["date_format"],
        directions={key: one["word"] for key, one in raw["directions"].items()},
        direction_titles={key: one["title"] for key, one in raw["directions"].items()},
        classes={key: one["column"] for key, one in raw["classes"].items()},
        class_titles={key: one["title"] for key, one in raw["classes"].items()},
        control_points=control_points,
    )


def _check_once(given: list[str], where: str) -> None:
    for one in given:
        if given.count(one) > 1:
            raise TrafficError(
                "traffic.twice", N_('"{name}" stands for two things. Keep one of them.'), where=where, name=one
            )
