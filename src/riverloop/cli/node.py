"""``riverloop node``: this node and the other side's, made known to each other."""

from __future__ import annotations

import sys

import click

from riverloop.cli.inputs import read_text
from riverloop.cli.options import side_here_option
from riverloop.core.kernel.errors import InputError

_MOST_DIGITS = 18


@click.group("node")
def node_app() -> None:
    """This node and the other side's."""


@node_app.command("show")
@side_here_option
@click.option("--renew", is_flag=True, help="Make a new key and certificate for TLS first.")
def node_show(*, renew: bool) -> None:
    """Print what the other side's node has to know of this one: hand it over as a file. Nothing in it is secret."""
    from riverloop.web.data_folder import is_named
    from riverloop.web.server import prepare

    prepare(node=not is_named())
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
    from riverloop.web.data_folder import is_named
    from riverloop.web.server import prepare

    prepare(node=not is_named())
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
    print("Compare it with what the other side's operator reads out. If it differs, stop Riverloop here at once, have")
    print("the file brought by another way, and trust that before the next start: riverloop node trust FILE --replace")


@node_app.command("gap")
@side_here_option
@click.option("--agree", metavar="FIRST-LAST", help="Go on without these messages. It is recorded, and stays so.")
def node_gap(*, agree: str | None) -> None:
    """Show the messages that one node asks for again and the other keeps no longer; agree to go on without them.

    That happens to a node that was restored from a backup older than messages are kept. What follows waits until the
    operators of both nodes have agreed.
    """
    from riverloop.web.server import prepare

    prepare(node=True)
    from riverloop.apps.nodes.trusting import lone_side
    from riverloop.apps.notices.gaps import gap_agree, gaps

    side = lone_side()
    if agree is not None:
        first, last = _places(agree)
        gap_agree(side, first=first, last=last)
    found = list(gaps(side))
    for one in found:
        print(f"{one.from_side} -> {one.to_side}: messages {one.first}-{one.last} ({one.following - one.first})")
        if one.agreed_at:
            print(f"  left out, as was agreed here at {one.agreed_at.isoformat(timespec='seconds')}")
        else:
            print("  kept no longer where they were sent; ask the other side's operator, by another channel")
            print(f"  to go on without them, at both nodes: riverloop node gap --agree {one.first}-{one.last}")
    if not found:
        print("Nothing is missing: no messages were asked for that are kept no longer.")


def _places(text: str) -> tuple[int, int]:
    first, dash, last = text.partition("-")
    if not (dash and first.isdecimal() and last.isdecimal() and max(len(first), len(last)) < _MOST_DIGITS):
        raise InputError(
            "cli.places",
            "{text} names no messages. Give them as riverloop node gap shows them.",
            where="--agree",
            text=text,
        )
    return int(first), int(last)
