"""Letters that nobody sees, and those that a terminal or a page would obey instead of showing them."""

from __future__ import annotations

import re
import unicodedata

JOINERS = "\u200c\u200d"
"""Unseen, and part of how some names are written."""

_BLANKS = frozenset("\u115f\u1160\u2800\u3164\uffa0")  # letters and a sign by name, and nothing to look at
_DIRECTING = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # turn the writing: what is read is not what is written
_OBEYED = re.compile(rf"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff{_DIRECTING}]")
_OBEYED_IN_FILES = re.compile(rf"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff{_DIRECTING}]")


def looks_empty(text: str) -> bool:
    """Return whether nothing of a text can be seen: no letter, number or sign."""
    return not any(unicodedata.category(one)[0] in "LNPS" and one not in _BLANKS for one in text)


def holds_unseen(text: str) -> bool:
    """Return whether a text of one line holds what cannot be seen, such as a letter that turns the writing.

    What joins letters of some scripts is let through.
    """
    return any(not one.isprintable() and one not in JOINERS for one in text)


def obeyed(text: str, *, file: bool = False) -> re.Match[str] | None:
    """Return the first letter that a terminal or a page obeys; None in nearly every text.

    Lines and tabs are let through; letters that are only unknown here, or rare, are too.

    Args:
        text: of several lines or one.
        file: whether its lines may end in a carriage return as well.
    """
    return (_OBEYED_IN_FILES if file else _OBEYED).search(text)


def shown(text: str, *, escape: str = "\\x{:02x}") -> str:
    r"""Return a text for a terminal: each letter that it would obey stands as an escape such as ``\x1b``.

    Args:
        text: from anywhere.
        escape: what stands for a letter, by its number.
    """
    return _OBEYED.sub(lambda found: escape.format(ord(found[0])), text)
