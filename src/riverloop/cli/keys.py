"""``riverloop keys``: what seals and signs for a side."""

from __future__ import annotations

import sys

import click


@click.group("keys")
def keys_app() -> None:
    """Keys of a side: seal with a new one, drop old ones."""


def _key_owner(side: str) -> str:
    """Return a side, or ``accounts``, whose keys are those of second factors."""
    from riverloop.web.server import prepare

    prepare(node=True)
    from riverloop.apps.nodes.here import check_hosted
    from riverloop.apps.parties.sealing import ACCOUNTS

    return side if side == ACCOUNTS else check_hosted(side)


@keys_app.command("rotate")
@click.argument("side")
def keys_rotate(*, side: str) -> None:
    """Seal and sign with new keys from now on, and seal again all that the old one sealed.

    SIDE is a side's code, or accounts for the secrets of second factors. Stopped half way, run it again: it goes on.
    """
    owner = _key_owner(side)
    from riverloop.apps.parties import sealing

    for name, count in sealing.rotate_all(owner).items():
        print(f"{name}: {count}")
    print(f"All is sealed by the newest key. The old ones can go once backups are made: riverloop keys drop {owner}")
    _say_who_has_to_know(owner)


@keys_app.command("rotate-log")
@click.argument("side")
def keys_rotate_log(*, side: str) -> None:
    """Sign the log of SIDE, and countersign the other's, with new keys from now on.

    What the old keys signed stays verifiable. Whoever keeps the log's vkey needs the new one.
    """
    owner = _key_owner(side)
    from riverloop.apps.nodes import keys
    from riverloop.apps.parties import sealing

    if owner == sealing.ACCOUNTS:
        raise click.UsageError("The accounts of a node have no log. Name a side.")
    sealing.rotate_log(owner)
    for verifier in (keys.log_verifiers(owner)[0], keys.cosigner_verifiers(owner)[0]):
        print(verifier.line)
    _say_who_has_to_know(owner)


@keys_app.command("check")
@click.argument("side")
def keys_check(*, side: str) -> None:
    """Open everything that is sealed for SIDE, and say what still needs an older key."""
    owner = _key_owner(side)
    from riverloop.apps.parties import sealing

    for name, count in sealing.waiting(owner).items():
        print(f"{name}: {count} need an older key")
    print("Everything opens.")


@keys_app.command("drop")
@click.argument("side")
def keys_drop(*, side: str) -> None:
    """Drop all sealing keys of SIDE but the newest; refused while anything needs them. Older backups stay sealed."""
    owner = _key_owner(side)
    from riverloop.apps.parties import sealing

    print(f"{sealing.drop_old_keys(owner)} dropped")


def _say_who_has_to_know(owner: str) -> None:
    print("No backup holds the new keys yet. Take both now: riverloop backup FILE --keys FILE", file=sys.stderr)
    from riverloop.apps.nodes.here import hosts_both
    from riverloop.apps.parties.sealing import ACCOUNTS

    if owner != ACCOUNTS and not hosts_both():
        print(
            "The other node takes nothing from this one until it trusts the new keys: riverloop node show > FILE here,"
        )
        print("riverloop node trust FILE --replace there. What happens meanwhile waits and is lost nowhere.")
