"""``riverloop demo``: the demo zone."""

from __future__ import annotations

import click

from riverloop.cli.inputs import data_folder


@click.group("demo")
def demo_app() -> None:
    """The demo zone."""


@demo_app.command("load")
def demo_load() -> None:
    """Fill the data directory with the demo zone, its cast and a made-up day, without a server."""
    from riverloop.web.server import load_demo

    accounts, filed = load_demo()
    print(f"The demo zone, with {accounts} accounts, is in {data_folder().resolve()}")
    print(f"Filed {filed} synthetic movements" if filed else "Its movements are there already")
    print("RIVERLOOP_DEMO=1 riverloop serve shows them on the sign-in page")
