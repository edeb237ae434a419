"""From the text of a scenario file to what can be run, where nobody asks which design or case."""

from __future__ import annotations

from riverloop.core.queueing.designs import open_scenario_file
from riverloop.core.queueing.network import Scenario
from riverloop.core.queueing.schemas import scenario_schema

__all__ = ["read_scenario", "scenario_schema"]


def read_scenario(text: str, *, name: str) -> Scenario:
    """Read the first design and the first case of a scenario file.

    Args:
        text: YAML.
        name: of the file, for messages.

    Raises:
        InputError: not YAML, not of the schema, or it says something that cannot be simulated.
    """
    return open_scenario_file(text, name=name).scenario()
