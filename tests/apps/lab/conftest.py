"""Small scenarios in place of the bundled ones, so that these tests are quick and do not change with those."""

from dataclasses import dataclass, field

import pytest

from tests.apps.lab.bridges import BRIDGE, MINIMAL, OVERFULL, REAL_DAYS

TEXTS = {"bridge": BRIDGE, "real-days": REAL_DAYS, "minimal": MINIMAL, "overfull": OVERFULL}


@dataclass
class One:
    key: str
    title: dict = field(default_factory=dict)


@pytest.fixture
def scenarios(monkeypatch):
    """Give the texts by key, and let the lab find them as if they were bundled."""
    from riverloop.core.queueing.designs import open_scenario_file
    from riverloop.scenarios import library

    def bundled():
        return tuple(One(key, open_scenario_file(text, name=key).title or {"": key}) for key, text in TEXTS.items())

    monkeypatch.setattr(library, "bundled", bundled)
    monkeypatch.setattr(library, "text_of", TEXTS.__getitem__)
    return TEXTS
