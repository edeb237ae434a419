"""Two nodes of one zone, each over a data folder of its own: what one shows, the other trusts."""

from contextlib import contextmanager

import pytest

from riverloop.apps.nodes import trusting


class Nodes:
    """The settings of two nodes, to be either in turn: `with nodes.at("hk"): …`."""

    def __init__(self, settings, folder):
        self.settings, self.folder = settings, folder
        self.urls = {}

    @contextmanager
    def at(self, side):
        names = ("RIVERLOOP_DATA", "RIVERLOOP_SIDE", "RIVERLOOP_PEER_URL")
        before = [getattr(self.settings, name) for name in names]
        values = (self.folder / side, side, self.urls.get(side, ""))
        for name, value in zip(names, values, strict=True):
            setattr(self.settings, name, value)
        try:
            yield
        finally:
            for name, value in zip(names, before, strict=True):
                setattr(self.settings, name, value)

    def shown(self, side):
        with self.at(side):
            return trusting.own_peer().as_json().encode()

    def introduce(self):
        for side, other in (("hk", "cn"), ("cn", "hk")):
            shown = self.shown(other)
            with self.at(side):
                trusting.peer_trust(shown, replace=True)


@pytest.fixture
def nodes(settings, tmp_path):
    return Nodes(settings, tmp_path)
