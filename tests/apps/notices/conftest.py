"""Two nodes and the way between them: see channels.py."""

import pytest

from riverloop.apps.nodes import calling
from riverloop.apps.notices import receiving
from riverloop.apps.notices.messages import on_message
from tests.apps.notices.channels import Way


@pytest.fixture
def heard(monkeypatch):
    """What side hk's node has taken, by its body."""
    found = []
    monkeypatch.setattr(receiving, "_handlers", {})
    on_message("side.decided", lambda _, bodies: found.extend(bodies))
    return found


@pytest.fixture
def way(nodes, monkeypatch, heard):
    nodes.introduce()
    made = Way(nodes)
    monkeypatch.setattr(calling, "_over_https", made)
    with nodes.at("cn"):
        yield made


@pytest.fixture
def impatient(monkeypatch):
    """Try again at once, however often it was in vain."""
    monkeypatch.setattr(calling, "why_not_now", lambda _: None)
