"""The bundled scenario files: which there are, their text, and the file read."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

from riverloop.core.kernel.errors import did_you_mean
from riverloop.core.kernel.words import N_
from riverloop.core.queueing.designs import Case, Design, ScenarioFile, Text, open_scenario_file
from riverloop.core.queueing.refusals import ScenarioError

_FOLDER = resources.files("riverloop.scenarios")
_ENDING = ".yaml"
_ORDER = ("hetao-west-bridge", "lok-ma-chau-spur-line", "shenzhen-bay", "qingmao", "new-huanggang")
"""The open question first, then what can be checked against counted days, then what was claimed elsewhere."""


@dataclass(frozen=True, slots=True)
class Bundled:
    """What a list of scenario files shows of one.

    Args:
        key: its name, as `riverloop simulate` takes it.
        title: for people.
        note: likewise.
        designs: of the hall.
        cases: that set its parameters.
    """

    key: str
    title: Text
    note: Text
    designs: tuple[Design, ...]
    cases: tuple[Case, ...]


def keys() -> tuple[str, ...]:
    """Return the names of the bundled files, in the order in which they are shown."""
    found = {file.name.removesuffix(_ENDING) for file in _FOLDER.iterdir() if file.name.endswith(_ENDING)}
    return tuple(sorted(found, key=lambda key: (_ORDER.index(key) if key in _ORDER else len(_ORDER), key)))


def bundled() -> tuple[Bundled, ...]:
    """Return all bundled files, in the order in which they are shown."""
    files = ((key, open_bundled(key)) for key in keys())
    return tuple(Bundled(key, file.title, file.note, file.designs, file.cases) for key, file in files)


def text_of(key: str) -> str:
    """Return the text of a bundled file, to be read, copied and changed.

    Raises:
        ScenarioError: there is none of that name.
    """
    known = keys()
    if key not in known:
        raise ScenarioError(
            "scenario.unknown_bundled",
            N_('No scenario file "{name}" is bundled.{hint} There are {known}.'),
            name=key,
            hint=did_you_mean(key, known),
            known=", ".join(known),
        )
    return _FOLDER.joinpath(key + _ENDING).read_text("utf-8")


@lru_cache(maxsize=16)
def open_bundled(key: str) -> ScenarioFile:
    """Read a bundled file.

    Raises:
        ScenarioError: there is none of that name.
    """
    return open_scenario_file(text_of(key), name=key + _ENDING)
