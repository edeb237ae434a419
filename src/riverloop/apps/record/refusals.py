"""Why a mirror refuses what is pushed to it, by code: the other node knows each by it, and says it in its own words."""

from __future__ import annotations

import re
from string import Formatter
from typing import Any

from riverloop.apps.record.words import N_
from riverloop.core.kernel.errors import RiverloopError

UNKNOWN_KEY, UNKNOWN_COSIGNER = "record.unknown_key", "record.unknown_cosigner"

REFUSALS = {
    "record.push_size": N_("A push of {bytes} bytes is more than {most}. Push fewer entries at a time."),
    "record.push_form": N_("This is no push of a log: a line of JSON, then entries. Push it again."),
    "record.push_cut": N_(
        "The push was cut or changed on its way: its entries are not those that were sent. Push it again."
    ),
    "record.push_entries": N_(
        "The push begins at entry {first} and does not hold the entries up to {size}. Push it again."
    ),
    "record.push_entry": N_("An entry of the push is no commitment of 32 bytes. This is not a log of Riverloop."),
    "record.other_log": N_(
        "This is the log {origin}, and the mirror is of {wanted}. Trust the node of the right zone and side."
    ),
    "record.stale": N_(
        "The checkpoint of {of_side} is of {size} entries, and one of {held} is held already. If its database was "
        "restored, it takes back what is missing from here."
    ),
    "record.fork": N_(
        "The log of {of_side} forked: its checkpoint of {size} entries is not of the tree whose first {held} "
        "entries are held here. It is not countersigned; both checkpoints are kept as evidence. Tell the auditors "
        "of both sides."
    ),
    "record.unknown_key": N_(
        "The checkpoint of the log of {of_side} is signed by a key that its mirror does not trust ({key}), so it is "
        "not countersigned. If the operators of {of_side} made new keys, hand over what riverloop node show prints "
        "there, and run at the mirror: riverloop node trust FILE --replace"
    ),
}

_CODE = re.compile(r"[a-z][a-z0-9_]{0,30}\.[a-z0-9_]{1,40}", re.ASCII)
_MOST_PARAMETER = 200


def refusal_told(told: object, words: str) -> RiverloopError | str:
    """Return why a mirror at another node refused: in the words that are known here, or else in those of that node.

    Args:
        told: the error as that node wrote it down, if it did; whatever is in it comes from there.
        words: the line that it gave.
    """
    code = told.get("code") if isinstance(told, dict) else None
    if not isinstance(told, dict) or not isinstance(code, str) or not _CODE.fullmatch(code):
        return words
    if code in REFUSALS and (parameters := _parameters(REFUSALS[code], told.get("params"))) is not None:
        return RiverloopError(code, REFUSALS[code], **parameters)
    return RiverloopError(code, "{reason}: {words}", reason=code, words=words)


def _parameters(template: str, told: object) -> dict[str, Any] | None:
    """Return what fills a sentence, if all of it is there and is a number or a short text."""
    names = {name for _, name, _, _ in Formatter().parse(template) if name}
    if not isinstance(told, dict) or not names <= set(told):
        return None
    found = {name: told[name] for name in names}
    if any(type(value) not in (int, str) or len(str(value)) > _MOST_PARAMETER for value in found.values()):
        return None
    return {name: value if isinstance(value, int) else _printable(value) for name, value in found.items()}


def _printable(text: str) -> str:
    return "".join(letter for letter in text if letter.isprintable())
