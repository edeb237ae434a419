"""Scenario files, bundled and kept: found, opened, and named in the reader's language.

The simulator is slow to import (Numba), so that only pages that need it pay for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from django.http import Http404

from riverloop.apps.lab import selectors
from riverloop.apps.lab.models import SavedScenario
from riverloop.apps.parties.here import active_language

if TYPE_CHECKING:
    from riverloop.core.queueing.designs import ScenarioFile
    from riverloop.core.queueing.network import Scenario
    from riverloop.traffic.daily import DailyTraffic

MOST_CHARACTERS = 200_000
"""Of a scenario's text."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A scenario as a page finds it: bundled, or one that a planner keeps.

    Args:
        key: of the bundled one, or id of the saved one.
        title: in the reader's language.
        text: YAML.
        based_on: key of the bundled scenario that it began from; empty for none.
        saved: the row; None of a bundled one.
    """

    key: str
    title: str
    text: str
    based_on: str = ""
    saved: SavedScenario | None = None


def find(key: str, *, visible_to: Any) -> Kept:
    """Return a scenario that an account may see.

    Raises:
        Http404: there is none of this key for it.
    """
    from riverloop.scenarios import library  # noqa: PLC0415 - see above

    own = next((one for one in library.bundled() if one.key == key), None)
    if own is not None:
        return Kept(key, said(own.title), library.text_of(key), key)
    saved = selectors.scenarios(visible_to=visible_to).filter(pk=key).first()
    if saved is None:
        raise Http404
    return Kept(saved.id, saved.title, saved.text, saved.based_on, saved)


def bundled() -> list[Kept]:
    """Return the bundled scenarios in their order."""
    from riverloop.scenarios import library  # noqa: PLC0415 - see above

    return [Kept(one.key, said(one.title), library.text_of(one.key), one.key) for one in library.bundled()]


def opened(text: str, name: str = "") -> ScenarioFile:
    """Return the scenario file of a text; that of the same text is opened once.

    Raises:
        InputError: it says something that a scenario may not say; the message has the line.
    """
    return _opened(text, name)


@lru_cache(maxsize=32)
def _opened(text: str, name: str) -> ScenarioFile:
    from riverloop.core.queueing.designs import open_scenario_file  # noqa: PLC0415 - see above

    return open_scenario_file(text, name=name)


def scenario_of(text: str, design: str, case: str) -> Scenario:
    """Return what is simulated of a design in a case.

    Raises:
        InputError: the text says something that cannot be simulated.
    """
    return opened(text).scenario(design, case, traffic=daily_traffic())


def daily_traffic() -> DailyTraffic:
    """Return the real daily traffic, what was imported here included."""
    from django.conf import settings  # noqa: PLC0415 - as below

    from riverloop.traffic import FOLDER_NAME, DailyTraffic  # noqa: PLC0415 - Polars, which few pages need

    return DailyTraffic.load(settings.RIVERLOOP_DATA / FOLDER_NAME)


def control_points() -> Mapping[str, Any]:
    """Return the control points whose traffic is counted, by key."""
    return {one.key: one for one in daily_traffic().control_points()}


def scenario_of_days(control_point: str) -> str:
    """Return the key of a bundled scenario of real days: that of a control point, else any; empty if none is."""
    with_days = [one for one in bundled() if "traffic:" in one.text]
    own = [one for one in with_days if f"control_point: {control_point}," in one.text]
    return next((one.key for one in own or with_days), "")


def said(text: Mapping[str, str] | str | None, otherwise: str = "") -> str:
    """Return a text of a scenario file in the reader's language, or as it was written.

    Args:
        text: by language; under "" as it was written in none.
        otherwise: what is said where there is none.
    """
    if isinstance(text, str):
        return text or otherwise
    if not text:
        return otherwise
    return text.get(active_language()) or text.get("") or text.get("en") or next(iter(text.values()))
