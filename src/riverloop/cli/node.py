"""``riverloop node``: this node and the other side's, made known to each other."""

from __future__ import annotations

import sys

import click

from riverloop.cli.inputs import read_text
from riverloop.cli.options import side_here_option


@click.group("node")
def node_app() -> None:
    """This node and the other side's."""


@node_app.command("show")
@side_here_option
@click.option("--renew", is_flag=True, help="Make a new key and certificate for TLS first.")
def node_show(*, renew: bool) -> None:
    """Print what the other side's node has to know of this one: hand it over as a file. Nothing in it is secret."""
    from riverloop.web.server import prepare

    prepare()
    from riverloop.apps.nodes.trusting import fingerprint_of, own_peer

    shown = own_peer(renew=renew)
    print(shown.as_json(), end="")
    print(f"Fingerprint: {fingerprint_of(shown)}", file=sys.stderr)
    print("Read it out to the other side's operator, by another channel than the file goes.", file=sys.stderr)


@node_app.command("trust")
@click.argument("file")
@side_here_option
@click.option("--replace", is_flag=True, help="Take other keys, or another certificate, than those trusted so far.")
def node_trust(*, file: str, replace: bool) -> None:
    """Trust the other side's node from now on, as `riverloop node show` printed it there into FILE (- for input)."""
    from riverloop.web.server import prepare

    prepare()
    from django.db import transaction

    from riverloop.apps.nodes.trusting import fingerprint_of, lone_side, peer_trust
    from riverloop.apps.record.services import record_append

    trusted = peer_trust(read_text(file).encode(), replace=replace, where=file)
    fingerprint = fingerprint_of(trusted)
    with transaction.atomic():
        payload = {"side": trusted.side, "sha256": fingerprint.replace(" ", "")}
        record_append(side=lone_side(), kind="node.trusted", payload=payload)
    print(f"Trusted: side {trusted.side} at {trusted.url}")
    print(f"Fingerprint: {fingerprint}")
    print("Compare it with what the other side's operator reads out. If it differs, delete peers/ in the data folder.")
