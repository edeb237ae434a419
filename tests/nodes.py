"""Two nodes of one zone within one process, each over a data folder of its own: what one shows, the other trusts."""

from django.test import override_settings

from riverloop.apps.nodes import trusting


class Nodes:
    """The settings of two nodes, to be either in turn: `with nodes.at("hk"): …`."""

    def __init__(self, folder):
        self.folder, self.urls = folder, {}

    def at(self, side):
        """Be the node of a side for as long as the body runs."""
        return override_settings(
            RIVERLOOP_DATA=self.folder / side, RIVERLOOP_SIDE=side, RIVERLOOP_PEER_URL=self.urls.get(side, "")
        )

    def shown(self, side):
        with self.at(side):
            return trusting.own_peer().as_json().encode()

    def introduce(self):
        for side, other in (("hk", "cn"), ("cn", "hk")):
            shown = self.shown(other)
            with self.at(side):
                trusting.peer_trust(shown, replace=True)
