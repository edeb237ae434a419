"""``riverloop log``: the logs of the sides, written out, verified, and a proof checked."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from riverloop.cli.options import json_option
from riverloop.cli.printing import print_json
from riverloop.core.kernel.letters import shown

if TYPE_CHECKING:
    from riverloop.apps.record.proofs import Checked
    from riverloop.core.tlog import VerifiedLog, VerifierKey

_STEP = 25_600  # entries between two words of progress
_JOINTS = 2  # plus signs in a verifier key


_vkeys_option = click.option(
    "--vkey",
    "vkeys",
    multiple=True,
    metavar="FILE|TEXT",
    help="A verifier key from where you trust it: its one line, or a file of it. May be given for each log and each "
    "side that countersigns.",
)


@click.group("log")
def log_app() -> None:
    """The logs that prove what happened: write them out, verify them, check a proof."""


@log_app.command("export")
@click.argument("directory", type=click.Path(path_type=Path))
@json_option
def log_export(*, directory: Path, as_json: bool) -> None:
    """Write the published logs to DIRECTORY/<side>/: checkpoint, vkey, cosigner_vkey and tile/.

    Of a side that lives elsewhere, the mirror that is kept of it here.
    """
    from riverloop.web.server import prepare

    prepare(node=True)
    from riverloop.apps.record.exporting import logs_export

    done = logs_export(directory)
    if as_json:
        print_json({one.side: {"folder": str(one.folder), "size": one.size, "mirror": one.is_mirror} for one in done})
        return
    for one in done:
        print(f"{one.folder}: {one.size:,} entries{', from the mirror kept here' if one.is_mirror else ''}")


@log_app.command("fetch")
@click.argument("address")
@click.argument("directory", type=click.Path(path_type=Path))
@_vkeys_option
@click.option("--most", type=click.IntRange(1), help="Entries of the longest log that is fetched.  [default: 20000000]")
def log_fetch(*, address: str, directory: Path, vkeys: tuple[str, ...], most: int | None) -> None:
    """Fetch a published log from ADDRESS, such as https://riverloop.example/log/SIDE, into DIRECTORY.

    Its checkpoint has to be signed, by the key of --vkey or else by the one at the address. Verify the rest then:
    riverloop log verify DIRECTORY

    Cut off, run the same again: it goes on where it ended.
    """
    _settings()
    from riverloop.apps.record import fetching

    done = fetching.log_fetch(
        address,
        directory,
        trusted=_keys_given(vkeys),
        most_entries=most or fetching.MOST_ENTRIES,
        progress=_progress if sys.stderr.isatty() else None,
    )
    print(f"{directory}: {done.size:,} entries. Verify them: riverloop log verify {directory}")
    if not done.countersigned:
        print("Nobody's countersignature was checked: it has none yet, or the address gives no key for it")


@log_app.command("verify")
@click.argument("directory", type=click.Path(path_type=Path))
@_vkeys_option
@json_option
def log_verify(*, directory: Path, vkeys: tuple[str, ...], as_json: bool) -> None:
    """Verify every byte of the logs in DIRECTORY, or of the one log that it is.

    The first entry or file that is wrong is named. A log whose key was not given is verified by the key in its own
    folder, and the answer says so. A folder in DIRECTORY that holds any file of a log, or has the name of a side,
    counts as a log; others are passed over and named.
    """
    _settings()
    from riverloop.apps.record.exporting import logs_verify, passed_over

    given = _keys_given(vkeys)
    done = logs_verify(directory, trusted=given, progress=_progress if sys.stderr.isatty() else None)
    if others := passed_over(directory):
        print(shown(f"Passed over, since they are no logs: {', '.join(others)}"), file=sys.stderr)
    if as_json:
        print_json({side: {**_log_json(one), "vkey_given": one.key in given} for side, one in done.items()})
        return
    for side, one in done.items():
        print(f"{side}: {one.signed.checkpoint.size:,} entries, and each is what was signed")
        print(f"  signed by {one.key.line}{_whose(one.key, given)}")
        for key, seconds in one.signed.cosigned.items():
            print(f"  countersigned by {key.line} at {_instant(seconds)}{_whose(key, given)}")
        if not one.signed.cosigned:
            print(f"  {_not_countersigned(len(one.signed.unknown))}")
    if not all(key in given for one in done.values() for key in (one.key, *one.signed.cosigned)):
        print("Compare the folder's own keys with those that the sides publish, or give those that you trust: --vkey")


@log_app.command("check")
@click.argument("proof", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--vkey", default="", metavar="FILE|TEXT", help="The verifier key of the log, from where you trust it.")
@json_option
def log_check(*, proof: Path, vkey: str, as_json: bool) -> None:
    """Check the proof of one record, without a network and without a database."""
    _settings()
    from riverloop.apps.record.proofs import check_proof
    from riverloop.cli.inputs import read_text
    from riverloop.core.kernel.canonical import read_json

    key = _key_given(vkey) if vkey else None
    told = read_json(read_text(str(proof)), where=str(proof))
    done = check_proof(told, log_key=key, where=str(proof))
    if as_json:
        print_json({"index": done.index, "opened": done.opened, "kind": told["kind"], **_signed_json(done)})
        return
    print(f"Entry {done.index} of {done.signed.checkpoint.size:,} of {done.key.name} is what the proof says")
    print(f"  {told['kind']}, recorded at {told['recorded_at']}: kind and instant stand in no log, the side says them")
    print("  its payload is what was recorded" if done.opened else "  its payload is not in the proof any more")
    print(f"  signed by {done.key.line}")
    for cosigner, seconds in done.signed.cosigned.items():
        print(f"  countersigned by {cosigner.line} at {_instant(seconds)}")
    if key is None:
        print("Compare the keys with those that the sides publish, or give the one you trust: --vkey")
    elif done.signed.cosigned:
        print("Compare the key that countersigned with the one that its side publishes: the proof brought it along")


def _settings() -> None:
    from riverloop.web.server import set_up_passing

    set_up_passing()


def _keys_given(texts: tuple[str, ...]) -> list[VerifierKey]:
    return [_key_given(one) for one in texts]


def _key_given(text: str) -> VerifierKey:
    """Return a key by its line, or by the name of its file."""
    from riverloop.cli.inputs import read_text
    from riverloop.core.tlog import parse_vkey

    if text.count("+") >= _JOINTS:
        return parse_vkey(text.strip(), where="--vkey")
    return parse_vkey(read_text(text).strip(), where=text)


def _whose(key: VerifierKey, given: list[VerifierKey]) -> str:
    return ", which you gave" if key in given else ", the folder's own key"


def _not_countersigned(unknown: int) -> str:
    if not unknown:
        return "countersigned by nobody yet"
    return "countersignatures NOT checked: no key of who countersigned is here. Give it: --vkey"


def _progress(done: int, whole: int) -> None:
    if done % _STEP == 0 or done == whole:
        print(f"\r{done:,} of {whole:,} entries", end="\n" if done == whole else "", file=sys.stderr, flush=True)


def _log_json(one: VerifiedLog) -> dict[str, object]:
    checkpoint = one.signed.checkpoint
    return {"origin": checkpoint.origin, "size": checkpoint.size, "root": checkpoint.root.hex(), **_signed_json(one)}


def _signed_json(one: VerifiedLog | Checked) -> dict[str, object]:
    cosigned = [{"vkey": key.line, "at": _instant(seconds)} for key, seconds in one.signed.cosigned.items()]
    return {"vkey": one.key.line, "countersigned": cosigned, "signatures_not_checked": len(one.signed.unknown)}


def _instant(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()
